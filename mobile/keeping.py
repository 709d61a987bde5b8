"""How long a photo's original stays on the phone after the server confirmed it.

Days are the server's, and only those between two times that its receipt was seen there: a phone whose clock is wrong,
or a server whose clock jumps, lets nothing go early. Pure; it must never know a file or a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

KEEP_DAYS = 30
"""Long enough for a server's loss to be noticed: until then its photos come again from the phones."""

DAYS_AT_ONCE_MAX = 7
"""What two sightings far apart count for at most: a clock that jumps ten years gains a week, and the receipt must have
been seen on five further days at least before its original goes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The receipt was there on `on` (the server's day), and has been for `days` that count."""

    on: date
    days: int


def seen(before: Seen | None, on: date) -> Seen:
    """The receipt is there today. A day that lies before the last one counts nothing."""
    if before is None:
        return Seen(on, 0)
    return Seen(on, before.days + min(max(0, (on - before.on).days), DAYS_AT_ONCE_MAX))


def may_go(kept: Seen) -> bool:
    """May the original leave this phone? To be asked only while its receipt has just been seen."""
    return kept.days >= KEEP_DAYS


def read(kept: Mapping[str, Any]) -> Seen | None:
    """What a device's note of a photo says; None where its receipt has not been seen since it was confirmed."""
    told = kept.get("seen")
    return None if told is None else Seen(date.fromisoformat(told["on"]), int(told["days"]))


def written(kept: Seen) -> dict[str, Any]:
    """The same as a member of the device's note."""
    return {"on": kept.on.isoformat(), "days": kept.days}
