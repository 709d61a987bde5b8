"""From an election to the next year's offices: who was elected, beside who holds the office. Pure (rules 5.9, 6).

An election fills what a group year leaves open; where the group year names somebody else, that stands, and both are
said. The seat of a unit that was merged is its successor's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.problem import Reason
from schemas.succession import ended_by

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seat:
    """One office of a year: the unit `elected` (or what it was merged into), and who holds it as the year begins."""

    role: str
    elected: str
    holder: str | None

    @property
    def agreed(self) -> bool:
        return self.elected == self.holder


def seats(elected: Mapping[str, str], groupyear: Body, events: Sequence[Body]) -> tuple[Seat, ...]:
    """The offices that the year before elected, role → unit, as this group year has them."""
    return tuple(
        Seat(role, _heir(unit, groupyear, events), _first_holder(groupyear, role)) for role, unit in elected.items()
    )


def filled(elected: Mapping[str, str], groupyear: Body, events: Sequence[Body]) -> dict[str, Any]:
    """The group year with a term from New Year's Day for each elected member whose office nobody holds."""
    members = {it["unit"] for it in groupyear["members"]}
    begin = f"{groupyear['year']}-01-01"
    terms = [
        {"unit": it.elected, "role": it.role, "from": begin, "to": None}
        for it in seats(elected, groupyear, events)
        if it.holder is None and it.elected in members
    ]
    return {**groupyear, "leaders": [*groupyear["leaders"], *terms]}


def told(seat: Seat, groupyear: Body) -> Reason:
    """What to say of an office: who took it by the election, or that the year has it otherwise."""
    params = {"office": f"{groupyear['kind']}-{seat.role}", "next": groupyear["year"], "unit": seat.elected}
    if seat.agreed:
        return Reason("seat-taken", params)
    if seat.holder is None:
        return Reason("seat-open", params)
    return Reason("seat-other", {**params, "holder": seat.holder})


def _heir(unit: str, groupyear: Body, events: Iterable[Body]) -> str:
    """The unit itself where it is a member, else what it was merged into, however often."""
    members = {it["unit"] for it in groupyear["members"]}
    seen: set[str] = set()
    while unit not in members and unit not in seen:
        seen.add(unit)
        event = ended_by(events, unit)
        if event is None or event["to"] is None:
            break
        unit = event["to"]
    return unit


def _first_holder(groupyear: Body, role: str) -> str | None:
    terms = [(it["from"], it["unit"]) for it in groupyear["leaders"] if it["role"] == role]
    return min(terms)[1] if terms else None
