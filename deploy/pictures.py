"""Takes the pictures of the README: the app and the pages over the demonstration's data.

    .venv/bin/python deploy/pictures.py        (after `make run` has played the demonstration once, or it plays it now)

Writes docs/pictures/*.png. Needs Chromium and software OpenGL, as the tests do.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import window  # noqa: E402
from tests.support.browser import browser, page_of  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
START_S = 60
PHOTO = "Kiểm tra thực tế thiết chế văn hóa cơ sở"
"""What an inspector photographs beside the first criterion."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT / "var" / "demo")
    told = options.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "server.cli", "demo", "--data", str(told.data), "--port", str(port)]
    with subprocess.Popen([*command, "--no-browser", "--json"], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            said = json.loads(server.stdout.readline())
            _await(url)
            PICTURES.mkdir(parents=True, exist_ok=True)
            pages(url, said["password"])
            app(
                url,
                said["code"],
                behind=timedelta(seconds=json.loads((told.data / "demo.json").read_text())["behind_s"]),
            )
        finally:
            server.terminate()


def pages(url: str, password: str) -> None:
    """The ranking wide and small, a unit's scoresheet, the trace of a number."""
    with browser() as chromium:
        for size, suffix in ((DESK, ""), (PHONE, "-small")):
            with page_of(chromium, size=size) as page:
                page.goto(f"{url}/sign-in")
                page.fill("input[name=login]", "hong")
                page.fill("input[name=password]", password)
                page.press("input[name=password]", "Enter")
                page.wait_for_url(f"{url}/")
                for path, name in (
                    ("/cum-1/2024", "standings"),
                    ("/cum-1/2024/units/so-vhttdl-hung-yen", "scoresheet"),
                    ("/cum-1/2024/units/so-vhttdl-hung-yen/i-3", "trace"),
                ):
                    page.goto(url + path)
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=PICTURES / f"{name}{suffix}.png")


def app(url: str, code: str, *, behind: timedelta) -> None:
    """An inspector's phone on the demonstration's day: home, a checklist being scored with a photo, the ranking."""
    window.prepare(density=2.0, pictures=True)
    from mobile import drawing
    from mobile.app import ThiduaApp
    from mobile.phone import Phone

    folder = Path(tempfile.mkdtemp())
    phone = Phone(folder, now=lambda: datetime.now(UTC) - behind, random_bytes=os.urandom, app_version="0.1.0")
    with window.Driver(ThiduaApp(phone, default_server=url), size=(824, 1784)) as screen:
        screen.type("enrol:code", code)
        screen.picture(PICTURES / "app-enrol.png")
        screen.tap("enrol:submit")
        screen.until(phone.last_sync, what="the first exchange is over", seconds=60)
        screen.frames(80)
        key = screen.until(lambda: _todo(screen), what="the visits are on the phone", seconds=60)
        screen.picture(PICTURES / "app-home.png")
        screen.tap(key)
        screen.until(lambda: screen.has("submit"), what="the checklist opens")
        for criterion, points in (("i-1", "55"), ("i-2", "54,5"), ("i-3", "36")):
            screen.type(f"{criterion}:value", points)
        shown = drawing.draw(PHOTO, "pictures")
        card = phone.capture(shown, title=PHOTO, checklist=key.removeprefix("checklist:"))
        phone.attach(key.removeprefix("checklist:"), "i-1", card.id)
        screen.app.current.refresh()
        screen.app.current.go_to("i-1")
        screen.frames(60)
        screen.picture(PICTURES / "app-checklist.png")
        screen.back()
        screen.tap("nav:standings")
        screen.frames(40)
        screen.picture(PICTURES / "app-standings.png")
    phone.close()


def _todo(screen: window.Driver) -> str | None:
    """The first visit's checklist on the home page: the one still to be made stands first."""
    return next((tag for tag in screen.tags() if tag.startswith("checklist:") and ":cross:" in tag), None)


def _await(url: str) -> None:
    for _ in range(START_S * 5):
        try:
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise SystemExit(f"{url} did not answer.")


if __name__ == "__main__":
    main()
