"""What the journeys share: a prepared data folder, the real `thidua serve` as a process, phones on the real clock."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import requests
from PIL import Image

from mobile.enrol import enrol
from mobile.phone import Phone
from mobile.worker import SyncWorker
from sync.backoff import Backoff
from tests.server.world import BN, Clock, make_world
from tests.support.backends import Place
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]

HERE = Place()
"""In the data folder."""

START_S = 240.0
"""A service that does not answer by then will not, on however busy a machine."""

STOPPED_S = 240.0
"""For a worker's last round on a busy machine: what it still wrote would be judged half-way."""

IMPATIENT = Backoff(base_s=0.02, cap_s=0.1)
"""Phones of a test try again at once, so that most deaths of a server meet a request under way."""


def real_now() -> datetime:
    return datetime.now(UTC)


def prepare_data(folder: Path, *logins: str, place: Place = HERE) -> tuple[str, dict[str, str]]:
    """The small cluster with a visit of minh's to Bắc Ninh; answers the visit and a fresh code for each login."""
    world = make_world(folder, clock=Clock(real_now().isoformat()), backend=place.backend())
    try:
        visit = world.plan_visit(BN, "minh")
        world.settle()
        return visit, {login: world.service.accounts.new_code(world.accounts[login].account).code for login in logins}
    finally:
        world.service.close()


class ServeProcess:
    """`thidua serve` over a data folder in a process of its own, at an address it keeps over its deaths."""

    def __init__(self, data: Path, *, port: int | None = None, place: Place = HERE) -> None:
        self._data, self.port = data, port or free_port()
        self._environment = {**os.environ, **place.environment}
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data.parent / "serve.log"
        self._child: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Begin to start, and do not wait for it."""
        command = "import sys; from server.cli import main; sys.exit(main())"
        options = ["serve", "--data", str(self._data), "--port", str(self.port)]
        with self._log.open("ab") as log:
            # A session of its own: gunicorn is two processes, and a machine that dies takes both.
            self._child = subprocess.Popen(
                [sys.executable, "-c", command, *options],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> None:
        """Wait until it answers."""
        assert self._child is not None
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert self._child.poll() is None, f"the service ended by itself:\n{self.log()[-2000:]}"
            try:
                requests.get(f"{self.url}/db/", timeout=5)
            except requests.RequestException:  # not yet listening, or on a busy machine not yet answering
                time.sleep(0.01)
            else:
                return
        raise AssertionError(f"the service did not answer within {START_S} s:\n{self.log()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL to all of it. Safe to repeat."""
        child, self._child = self._child, None
        if child is not None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def open_phone(folder: Path) -> Phone:
    return Phone(folder, now=real_now, random_bytes=os.urandom, app_version="0.1.0")


def enrolled_phone(folder: Path, url: str, code: str) -> Phone:
    """A phone after its first exchange."""
    phone = open_phone(folder)
    enrol(phone, url, code, folder.name)
    status = SyncWorker(phone).sync_once()
    assert status.state == "idle", status
    return phone


def until(true: Callable[[], object], *, what: Callable[[], str], seconds: float = 240.0) -> None:
    """Wait until `true()` is; `what()` says what was waited for, and how it stood at the end."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"did not happen in {seconds} s: {what()}"
        time.sleep(0.03)


def noise(random: Random) -> bytes:
    """A photo that does not compress: three chunks."""
    size = (480, 360)
    out = io.BytesIO()
    Image.frombytes("RGB", size, random.randbytes(size[0] * size[1] * 3)).save(out, "JPEG", quality=85)
    return out.getvalue()
