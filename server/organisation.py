"""Units over time, for whoever is signed in: who there was on a day, and what became of them since.

What is told of units is public; who may add to it stands in `schemas.access`. It must never know a form or a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.access import may_tell_of_units
from schemas.organisation import in_circle
from schemas.succession import ended_by, eve, in_order, unit_at
from server.accounts import Account
from server.board.models.refs import Names, UnitRef
from server.facts import identity_of
from server.problems import Refused
from server.registry import Registry
from server.setup import Setup
from sync.database import Document


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit under the names it bore on the day. `became` is None unless it was merged; `end` is what ended it."""

    unit: UnitRef
    kind: str
    parent: UnitRef | None
    functions: tuple[str, ...]
    valid_from: str
    valid_to: str | None
    alive: bool
    end: str | None = None
    became: UnitRef | None = None


@dataclass(frozen=True, slots=True)
class EventLine:
    """What became of units, each under its last name before the day; `named` is a rename's new name."""

    event: str
    kind: str
    date: str
    units: tuple[UnitRef, ...]
    to: UnitRef | None
    named: UnitRef | None
    number: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group and how deep it stands within others."""

    group: str
    names: Names
    kind: str
    parent: str | None
    depth: int


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """`units` are those founded by the day, alive ones first; `events` all that are known, the latest first."""

    as_of: str
    units: tuple[UnitLine, ...]
    events: tuple[EventLine, ...]
    groups: tuple[GroupLine, ...]
    may_tell: bool


class Organisation:
    """Reads the registry's units, and adds events for those who may. For any number of threads."""

    def __init__(self, registry: Registry, setup: Setup) -> None:
        self._registry = registry
        self._setup = setup

    def page(self, account: Account, as_of: str) -> OrganisationPage:
        """The units as they were on a day (`2025-06-30`)."""
        events = in_order(self._registry.all("unitevent"))
        known = {unit["unit"]: unit for unit in self._registry.all("unit")}
        lines = [_unit_line(unit, known, events, as_of) for unit in known.values() if unit["valid_from"] <= as_of]
        return OrganisationPage(
            as_of=as_of,
            units=tuple(sorted(lines, key=lambda it: (not it.alive, it.kind == "grassroots", it.unit.names["vi"]))),
            events=tuple(_event_line(event, known, events) for event in reversed(events)),
            groups=_nested(list(self._registry.all("group"))),
            may_tell=may_tell_of_units(identity_of(account)) is None,
        )

    def tell(
        self,
        account: Account,
        kind: str,
        units: Sequence[str],
        *,
        date: str,
        number: str,
        to: str | None = None,
        named: Mapping[str, Names] | None = None,
    ) -> tuple[Document, list[tuple[str, int]]]:
        """Write an event down; answers it and the group years that followed. Raises Refused, else as `unit_event`."""
        refused = may_tell_of_units(identity_of(account))
        if refused is not None:
            raise Refused(refused.code, refused.params)
        return self._setup.unit_event(kind, units, date=date, number=number, to=to, named=named)


def _unit_line(unit: Document, known: Mapping[str, Document], events: Sequence[Document], day: str) -> UnitLine:
    then = unit_at(unit, events, day)
    ended = then["valid_to"] is not None and then["valid_to"] < day
    end = ended_by([it for it in events if it["date"] <= day], unit["unit"]) if ended else None
    return UnitLine(
        unit=_ref(unit["unit"], known, events, day),
        kind=then["kind"],
        parent=None if then["parent"] is None else _ref(then["parent"], known, events, day),
        functions=tuple(then["functions"]),
        valid_from=then["valid_from"],
        valid_to=then["valid_to"],
        alive=not ended,
        end=None if end is None else end["kind"],
        became=None if end is None or end["to"] is None else _ref(end["to"], known, events, day),
    )


def _event_line(event: Document, known: Mapping[str, Document], events: Sequence[Document]) -> EventLine:
    before = eve(event["date"])
    named = event["named"]
    return EventLine(
        event=event["_id"],
        kind=event["kind"],
        date=event["date"],
        units=tuple(_ref(unit, known, events, before) for unit in event["from"]),
        to=None if event["to"] is None else _ref(event["to"], known, events, event["date"]),
        named=None if named is None else UnitRef(event["from"][0], named["names"], named["short_names"]),
        number=event["number"],
    )


def _ref(unit: str, known: Mapping[str, Document], events: Sequence[Document], day: str) -> UnitRef:
    if unit not in known:
        return UnitRef(unit, {"vi": unit, "en": unit}, {"vi": unit, "en": unit})
    then: Mapping[str, Any] = unit_at(known[unit], events, day)
    return UnitRef(unit, then["names"], then["short_names"])


def _nested(groups: Sequence[Document]) -> tuple[GroupLine, ...]:
    """Each group below the one it stands within. Of a circle two servers made at once every group stands for itself."""
    parents = {group["group"]: group["parent"] for group in groups}
    roots = {it for it, parent in parents.items() if parent not in parents or in_circle(it, parents)}
    found: list[GroupLine] = []

    def below(parent: str | None, depth: int) -> None:
        for it in groups:
            name = it["group"]
            if (name in roots) if parent is None else (name not in roots and it["parent"] == parent):
                found.append(GroupLine(name, it["names"], it["kind"], it["parent"], depth))
                below(name, depth + 1)

    below(None, 0)
    return tuple(found)
