"""The machines of a simulation: phones and servers whose processes die and come back over the same files.

Everything above the files is abandoned at a death and made anew; nothing is closed politely before it is known dead.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from mobile.phone import Phone
from mobile.worker import THOROUGH_EVERY, SyncStatus, SyncWorker
from server.app import create_app
from server.backends import Backend
from server.config import Config, load
from server.service import Service
from tests.simulation.disk import Disk, Killed
from tests.simulation.link import Wire
from tests.simulation.screen import Screen

APP_VERSION = "0.1.0"
URL = "http://thidua.test"
TODAY = datetime(2024, 10, 8, 5, 0, tzinfo=UTC)


class Clock:
    """Time that passes a second at each look; `jump` sets the clock wrong, `right` puts it right again."""

    def __init__(self) -> None:
        self.time = TODAY

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def jump(self, days: int) -> None:
        self.time += timedelta(days=days)

    def right(self, other: Clock) -> None:
        self.time = other.time


class Stopwatch:
    """What a link's speed is measured by: each look takes a hundredth of a second, and waiting no real time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.01
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


class Dice:
    """Random bytes that are the same for the same name."""

    def __init__(self, name: str) -> None:
        self._name, self._thrown = name, itertools.count()

    def __call__(self, count: int) -> bytes:
        return hashlib.shake_128(f"{self._name} {next(self._thrown)}".encode()).digest(count)


class EitherFirst(Executor):
    """What a server does beside a request comes before the rest of it or after, as the dice fall; never at once."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        if self._dice(1)[0] % 2:
            done: Future[Any] = Future()
            done.set_result(work(*arguments, **options))
            return done
        return _Later(lambda: work(*arguments, **options))


class _Later(Future[Any]):
    """Done when it is asked for, unless the process that would do it has died meanwhile."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work = work

    def result(self, timeout: float | None = None) -> Any:
        del timeout
        return None if isinstance(sys.exc_info()[1], Killed) else self._work()


_apps: dict[str, Any] = {}


def app_of(name: str, config: Config, service: Service) -> Any:
    """One application a server's name and process: making it takes as long as a third of a seed's life."""
    if name not in _apps:
        _apps[name] = create_app(config, service=service)
    for limiter in _apps[name].extensions["limiter"]:
        limiter.reset()
    return _apps[name]


class Machine:
    """A folder, its disk, its clock, and copies of the folder made as backups."""

    def __init__(self, folder: Path, disk: Disk, seed: str) -> None:
        self.folder, self.disk = folder, disk
        self.clock, self.dice = Clock(), Dice(f"{seed} {folder.name}")
        self.backups = 0

    @property
    def name(self) -> str:
        return self.folder.name

    def backup(self) -> Path:
        """A copy of all files; the process must be down, or its files at rest."""
        self.backups += 1
        there = self.folder.with_name(f"{self.name}.backup-{self.backups}")
        shutil.copytree(self.folder, there, symlinks=True, ignore=shutil.ignore_patterns(".*"))
        return there

    def put_back(self, backup: Path) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(backup, self.folder, symlinks=True)
        self.disk.at_risk.clear()


class PhoneMachine(Machine):
    """One person's phone."""

    def __init__(
        self,
        folder: Path,
        disk: Disk,
        seed: str,
        *,
        who: str,
        wire: Wire,
    ) -> None:
        super().__init__(folder, disk, seed)
        self.who = who
        self._wire = wire
        self.started = 0
        self.stopwatch = Stopwatch()
        self.phone: Phone = self._new()
        self.worker: SyncWorker | None = None
        self.screen = Screen()
        self.thorough = self.disturbed = False

    def _new(self) -> Phone:
        self.started += 1
        return Phone(self.folder, now=self.clock, random_bytes=self.dice, app_version=APP_VERSION)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", self._wire)
        return session

    def sync(self) -> SyncStatus:
        """One round; what a restarted app begins with is a thorough one."""
        if self.worker is None:
            self.worker = SyncWorker(
                self.phone, session_factory=self.session, clock=self.stopwatch, pause=self.stopwatch.wait
            )
        self.thorough, self.disturbed = self.worker._rounds % THOROUGH_EVERY == 0, False
        return self.worker.sync_once()

    def die(self, *, power_cut: bool) -> None:
        """The process is gone and starts again."""
        self.phone.close()
        if power_cut:
            self.disk.lose_unsynced()
        else:
            self.disk.keep_all()
        self.start()

    def start(self) -> None:
        self.phone, self.worker = self._new(), None

    def restore(self, backup: Path) -> None:
        """The phone's folder is put back to an older copy of it."""
        self.phone.close()
        self.put_back(backup)
        self.start()


class ServerMachine(Machine):
    """One `thidua serve`; several may stand before the same databases."""

    def __init__(self, folder: Path, disk: Disk, seed: str, *, backend: Callable[[], Backend] | None = None) -> None:
        super().__init__(folder, disk, seed)
        self._backend = backend
        self._beside = EitherFirst(Dice(f"{seed} {folder.name} beside"))
        self.service: Service | None = None
        self.app: Any = None

    def start(self) -> None:
        if self.service is not None:
            return
        config: Config = load(self.folder, environment={})
        backend = None if self._backend is None else self._backend()
        self.service = Service.open(
            config, backend=backend, now=self.clock, random_bytes=self.dice, beside=self._beside
        )
        if self.app is None:
            self.app = app_of(self.name, config, self.service)
        self.app.extensions["thidua"] = self.service

    def stop(self) -> None:
        service, self.service = self.service, None
        if service is not None:
            service.close()

    def die(self) -> None:
        self.stop()
        self.disk.keep_all()
