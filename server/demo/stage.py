"""Where the demonstration takes place: a service, its clock, the folder of its simulated phones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from server.demo.data import Person
from server.service import Service

CODE_VALID_FOR: Final = timedelta(days=400)
"""Codes are made while the demonstration's clock stands in spring and used in autumn."""

Progress = Callable[[str, int, int], None]
"""(what, done, total) – what is a word of `STEPS`."""

STEPS: Final = (
    "setup", "photos-first", "photos", "self-first", "self", "cross-first", "cross", "appraisal", "frozen", "next-year",
    "merged", "next-self", "next-cross", "next-acts",
)  # fmt: skip


class DemoFailed(Exception):
    """A simulated person could not do what the script says; the sentence says which and why."""


class Clock:
    """A clock that is set to days of the demonstration's year and ticks on from there."""

    def __init__(self, at: str) -> None:
        self.set(at)

    def set(self, at: str) -> None:
        self._at = datetime.fromisoformat(at)
        self._since = time.monotonic()

    def __call__(self) -> datetime:
        return self._at.astimezone(UTC) + timedelta(seconds=time.monotonic() - self._since)


@dataclass
class Stage:
    """Where the play takes place."""

    service: Service
    clock: Clock
    url: str
    phones: Path
    password: str
    progress: Progress

    def code(self, person: Person) -> str:
        """A code with which `person` enrols a device."""
        account = self.service.accounts.by_login(person.login)
        assert account is not None
        return self.service.accounts.new_code(account.account, valid_for=CODE_VALID_FOR).code
