"""Debian's Chromium, driven by Playwright: for tests of pages and for pictures of them. Loopback only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE_MS = 240_000
"""For anything a page is to do: what takes a moment takes minutes on a machine that has much else to do."""

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own; closed with everything it opened."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS), timeout=PATIENCE_MS)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def page_of(
    opened: Browser, *, size: dict[str, int] = DESK, language: str = "vi", dark: bool = False
) -> Iterator[Page]:
    """A page without history, as a reader with this screen, language and colour scheme sees it."""
    context = opened.new_context(
        viewport=size,
        locale="vi-VN" if language == "vi" else "en-GB",
        timezone_id="Asia/Ho_Chi_Minh",
        color_scheme="dark" if dark else "light",
        has_touch=size["width"] < 720,
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of `app`, served on a free port of loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
