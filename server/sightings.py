"""Whether two phones ask with one token: a phone's folder that was copied lives on in both.

A phone says which opening of its folder asks: random, and new each time the app starts. An earlier one that comes back
after a later one means that both are alive. Known to this process alone and forgotten with it: two that live are
noticed again within a few of their rounds. No work is lost by it (an opening is a writer of its own in a draft), so
nobody is refused: people are told. It must never know what a phone sends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

RETURNS_MIN: Final = 2
"""One could be a request that was long under way while the app started anew."""

OPENINGS_MAX: Final = 8
"""Remembered of a phone, the latest: more than two folders of one phone are rare."""

TOLD_FOR: Final = timedelta(days=1)
"""After the last return: by then the other is off, or was enrolled anew."""


@dataclass(slots=True)
class _Seen:
    openings: list[str] = field(default_factory=list)
    """The one that asked last stands last."""
    returns: int = 0
    returned_at: datetime | None = None


class Sightings:
    """For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}

    def saw(self, device: str, opening: str, *, now: datetime) -> None:
        """This opening of the phone's folder asked."""
        with self._lock:
            seen = self._seen.setdefault(device, _Seen())
            if seen.openings and seen.openings[-1] == opening:
                return
            if opening in seen.openings:
                seen.openings.remove(opening)
                seen.returns += 1
                seen.returned_at = now
            seen.openings = [*seen.openings[-(OPENINGS_MAX - 1) :], opening]

    def doubled(self, *, now: datetime) -> list[str]:
        """The devices with whose token two phones ask."""
        with self._lock:
            return sorted(
                device
                for device, seen in self._seen.items()
                if seen.returns >= RETURNS_MIN and seen.returned_at is not None and now < seen.returned_at + TOLD_FOR
            )
