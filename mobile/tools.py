"""What every part behind the screens works with: the folder, the clock, chance, and who this phone belongs to.

Time and randomness come in here and nowhere else, so a simulated phone lives in its own year and replays exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mobile import account as accounts
from mobile.cards import Account
from mobile.local import Local
from mobile.problems import NotEnrolled
from schemas import base, figures, ids
from schemas.fields import OFFSET_S_MAX
from sync.database import Document


@dataclass(frozen=True, slots=True)
class Tools:
    """`now` gives aware times; `random_bytes(n)` n unguessable bytes."""

    local: Local
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    app_version: str
    opening: str
    """Random, and new each time the folder is opened."""

    @property
    def account(self) -> Account:
        """Who works here. Raises NotEnrolled."""
        found = accounts.read_account(self.local)
        if found is None:
            raise NotEnrolled
        return found

    def time(self) -> str:
        """Now, as documents have it."""
        return figures.time_string(self.now())

    def stamp(self) -> dict[str, Any]:
        """When and on which device something is made; the offset is the last one learnt from the server.

        One that no document can hold says that a clock is broken, and is noted as unknown: nobody is kept from work.
        """
        known = accounts.read_server(self.local).offset_s
        offset_s = known if known is not None and abs(known) <= OFFSET_S_MAX else None
        return {"at": self.time(), "offset_s": offset_s, "device": self.account.device}

    def writer(self) -> str:
        """Who writes answers, for their version vectors: this device *in this opening of its folder*.

        A folder put back to an older copy, or copied to another phone, bears the device's id and would count on from
        where it was; two lines of answers under one name look like one, and what the other line says would be lost.
        """
        return f"{self.account.device}-{self.opening}"

    def ulid(self) -> str:
        return ids.new_ulid(self.now(), self.random_bytes)

    def part(self, value: str | dict[str, Any]) -> Document:
        """A new document for an erasable text or place, under a salt nobody can guess."""
        return base.part(value, self.random_bytes(16).hex())
