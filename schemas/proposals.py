"""Whom the group puts forward for awards, and where that departs from score order (rules 5.7, 5.9).

A ballot honours an eligible unit; it never moves a place. To put one forward while a better placed, eligible unit is
left out departs from score order, and needs a reason in the minutes before the ranking can be frozen. Who is eligible
is `schemas.standings`'s, how votes are counted `schemas.ballots`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.problem import Problem
from schemas.record import Body, Record


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit as one award sees it: its place, whether it may be proposed, whether the meeting honoured it."""

    unit: str
    place: int | None
    eligible: bool
    honoured: bool

    @property
    def proposed(self) -> bool:
        return self.eligible and self.honoured


@dataclass(frozen=True, slots=True)
class Departure:
    """`units` are put forward for the award although `over` are placed better; `decision` minutes why, or is None."""

    award: str
    units: tuple[str, ...]
    over: tuple[str, ...]
    decision: str | None


def departure(
    record: Record, award: str, candidates: Sequence[Candidate], *, higher: Collection[str] = ()
) -> Departure | None:
    """Where the proposals for an award depart from score order; None where they follow it.

    Equal places depart from nothing. Who is put forward for a `higher` award already is not passed over.
    """
    placed = [it for it in candidates if it.place is not None and it.eligible]
    chosen = [it for it in placed if it.proposed]
    left_out = [it for it in placed if not it.proposed and it.unit not in higher]
    last = max((it.place or 0 for it in chosen), default=0)
    over = sorted(it.unit for it in left_out if (it.place or 0) < last)
    if not over:
        return None
    first = min(it.place or 0 for it in left_out)
    units = sorted(it.unit for it in chosen if (it.place or 0) > first)
    return Departure(award, tuple(units), tuple(over), _minuted(record, award, units, over))


def _minuted(record: Record, award: str, units: list[str], over: list[str]) -> str | None:
    """The decision that gives the reason for exactly this departure: after the order moved, another is due."""
    decision: Body | None = record.folded.on(f"departure:{award}", "depart-order")
    if decision is None:
        return None
    said = decision["value"]
    return str(decision["_id"]) if (said["units"], said["over"]) == (units, over) else None


def departure_problems(value: Mapping[str, object], *, found: Collection[Departure]) -> list[Problem]:
    """Why a well-formed reason for a departure fits nothing that departs today."""
    standing = next((it for it in found if it.award == value["award"]), None)
    if standing is None:
        return [Problem("value.award", "departure-none")]
    if (value["units"], value["over"]) != (list(standing.units), list(standing.over)):
        units = {"units": list(standing.units), "over": list(standing.over)}
        return [Problem("value.units", "departure-differs", units)]
    return []
