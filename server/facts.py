"""What the rules of access need to know, gathered: units above units, members of group years, visits.

Read from the registry and every group's database at the moment of asking; only what changed is read again. Of a group
year no more is kept than the rules ask. It must never decide anything (`schemas.access` does).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas import ids
from schemas.access import Facts, GroupFacts, Identity
from schemas.visit import Visit
from server.accounts import Account, Device
from server.backends import Backend
from server.board.view import GroupView
from server.board.views import Views
from server.problems import Missing
from server.registry import Registry
from sync.database import Seq

FRESH_S: Final = 1.0
"""A batch asks hundreds of times. Changes of this process are told at once, those of a command beside it after this."""


class FactBook:
    """Facts for `schemas.access`. For any number of threads."""

    def __init__(self, backend: Backend, registry: Registry, views: Views) -> None:
        self._backend = backend
        self._registry = registry
        self._views = views
        self._kept: _Kept | None = None
        self._kept_until = 0.0
        self._years: dict[str, _OfYear] = {}
        self._mark: object | None = None
        self._here = threading.local()
        backend.subscribe(self._forget)

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """What this thread writes meanwhile into a group's database moves no fact, and nothing is forgotten for it.

        For what comes with every checklist, arrivals and promotions: each would have all of this gathered anew.
        """
        before = getattr(self._here, "unmoved", False)
        self._here.unmoved = True
        try:
            yield
        finally:
            self._here.unmoved = before

    def _forget(self, database: str) -> None:
        if getattr(self._here, "unmoved", False) and database != ids.REGISTRY:
            return
        if database == ids.REGISTRY or database.startswith("g-"):
            self._kept, self._mark = None, None

    def facts(self) -> Facts:
        """Everything the rules may ask, as it stands now.

        A unit counts as a member through the whole year in which it was one: it reads what it took part in.
        """
        return self._gathered().facts

    def names(self) -> Mapping[tuple[str, int], Mapping[str, str]]:
        """What every group year there is is called, in both languages."""
        return self._gathered().names

    def view(self, group: str, year: int) -> GroupView:
        """A group year as the facts know it: its law, members and visits are of now, what arrived may be newer.

        Raises Missing.
        """
        views = self._gathered().views
        found = views.get((group, year))
        return views.setdefault((group, year), self._views.view(group, year)) if found is None else found

    def _gathered(self) -> _Kept:
        kept = self._kept
        if kept is not None and time.monotonic() < self._kept_until:
            return kept
        # Renewed first and read after: what is written meanwhile makes it stale again.
        mark = self._mark = object()
        found = self._gather()
        if self._mark is mark:
            self._kept, self._kept_until = found, time.monotonic() + FRESH_S
        return found

    def _gather(self) -> _Kept:
        parents = {unit["unit"]: unit["parent"] for unit in self._registry.all("unit")}
        members: dict[tuple[str, int], frozenset[str]] = {}
        visits: dict[str, Visit] = {}
        names: dict[tuple[str, int], Mapping[str, str]] = {}
        withheld: set[tuple[str, str]] = set()
        for group, year in self._group_years():
            try:
                found = self._of_year(group, year)
            except Missing:  # it is being opened, or a crash came between: the others stand
                continue
            members[group, year] = found.members
            visits.update(found.visits)
            withheld |= found.withheld
            names[group, year] = found.names
        people: dict[str, set[str]] = {}
        for account in self._registry.all("account"):
            people.setdefault(account["unit"], set()).add(account["account"])
        facts = Facts(
            parents=parents,
            members=members,
            visits=visits,
            people={unit: frozenset(accounts) for unit, accounts in people.items()},
            withheld=frozenset(withheld),
        )
        return _Kept(facts, names, {})

    def _of_year(self, group: str, year: int) -> _OfYear:
        name = ids.group_database(group, year)
        info = self._backend.open(name).info()
        mark = (info.get("uuid"), info["update_seq"])  # before it is read: what is newer is read once more
        known = self._years.get(name)
        if known is None or known.mark != mark:
            view = self._views.view(group, year)
            known = _OfYear(
                mark,
                frozenset(view.member_units),
                dict(view.visits),
                frozenset(view.withheld),
                view.group_year["names"],
            )
            self._years[name] = known
        return known

    def _group_years(self) -> Iterator[tuple[str, int]]:
        """Every group year that has a database, by name."""
        for name in self._backend.names():
            if name.startswith("g-"):
                parsed = ids.parse_database(name)
                assert parsed.group is not None
                assert parsed.year is not None
                yield parsed.group, parsed.year


@dataclass(frozen=True, slots=True)
class _OfYear:
    """What one group year says, and what its database was then: its uuid and its newest sequence."""

    mark: tuple[str | None, Seq]
    members: frozenset[str]
    visits: Mapping[str, Visit]
    withheld: frozenset[tuple[str, str]]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Of one moment. `views` are those somebody asked for since."""

    facts: Facts
    names: Mapping[tuple[str, int], Mapping[str, str]]
    views: dict[tuple[str, int], GroupView]


def identity_of(account: Account, device: Device | None = None) -> Identity:
    """Who asks, as the rules know them."""
    return Identity(
        account=account.account,
        unit=account.unit,
        roles=frozenset(account.roles),
        device=None if device is None else device.device,
    )


def group_facts(group_year: Mapping[str, object], today: date) -> GroupFacts:
    """Who leads, on a day inside the year: what is decided after it closed is still the leader's of its last day."""
    year = group_year["year"]
    assert isinstance(year, int)
    return GroupFacts.from_document(group_year, min(today, date(year, 12, 31)))
