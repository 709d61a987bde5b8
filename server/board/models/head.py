"""What every page of one group year opens with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.board.models.refs import Names, UnitRef

YearState = Literal["open", "frozen", "published"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what should be counted has come: said beside every place. `as_of` is the last change's time (UTC)."""

    visits_done: int
    visits: int
    self_done: int
    units: int
    photos_verified: int
    photos: int
    waiting: int
    as_of: str | None


@dataclass(frozen=True, slots=True)
class GroupHead:
    """What every page of one group year opens with."""

    group: str
    year: int
    kind: str
    names: Names
    theme: Names
    sample: bool
    my_roles: tuple[str, ...]
    """Of leader, deputy, member, council: what the reader is in this group year today."""
    leader: UnitRef | None
    deputy: UnitRef | None
    state: YearState = "open"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A group year somebody may read, as a menu names it."""

    group: str
    year: int
    names: Names


@dataclass(frozen=True, slots=True)
class GroupCard:
    head: GroupHead
    units: int
    coverage: Coverage
    tasks: int
