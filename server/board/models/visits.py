"""The visits of a group year, planned or made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.board.models.decisions import DecisionEntry
from server.board.models.head import GroupHead
from server.board.models.refs import PersonRef, UnitRef
from server.board.models.said import Said

VisitState = Literal["planned", "under_way", "submitted", "cancelled", "contested"]


@dataclass(frozen=True, slots=True)
class TeamMember:
    person: PersonRef
    unit: UnitRef | None


@dataclass(frozen=True, slots=True)
class VisitCard:
    visit: str
    inspected: UnitRef
    team: tuple[TeamMember, ...]
    from_date: str
    to_date: str
    place: str | None
    state: VisitState
    answered: int
    applicable: int
    submissions: tuple[str, ...]
    last_seen: str | None
    """When the team's draft or submission last reached the server (UTC)."""
    minutes: bool = False
    """Its minutes are here."""
    sides: tuple[DecisionEntry, ...] = ()
    """The decisions that stand side by side, where it is contested."""


@dataclass(frozen=True, slots=True)
class VisitsPage:
    head: GroupHead
    visits: tuple[VisitCard, ...]
    units: tuple[UnitRef, ...]
    """Members that may be inspected today."""
    people: tuple[TeamMember, ...]
    """Accounts of the group with the inspector's role: who may be on a team."""
    may_plan: bool
    helpers: tuple[TeamMember, ...] = ()
    """Accounts of the group that may join a team: whoever scores for a unit, inspector or not."""
    plannable: frozenset[str] = frozenset()
    """The units whose visits the reader may plan: nobody plans that of the own unit."""


@dataclass(frozen=True, slots=True)
class ProposedVisit:
    round: int
    inspecting: UnitRef
    inspected: UnitRef


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """A fair plan of the visits still lacking; nothing is decided by it. `reasons` say how it was made."""

    head: GroupHead
    teams_per_unit: int
    teams_most: int
    visits: tuple[ProposedVisit, ...]
    reasons: tuple[Said, ...]
    problems: tuple[Said, ...] = ()
    """Why there is none."""
