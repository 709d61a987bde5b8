"""The ranking as a page or a program reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from schemas.explaining import Line
from schemas.standings import Standings
from server.board.models.head import Coverage, GroupHead
from server.board.models.refs import Names, UnitRef
from server.board.models.said import Said
from server.board.models.year_told import AwardGiven, Milestone


@dataclass(frozen=True, slots=True)
class SectionFigure:
    """`points` is None when the section is no number; `state` then says which: undecided, error or missing."""

    section: str
    names: Names
    max: Fraction
    points: Fraction | None
    state: str


@dataclass(frozen=True, slots=True)
class AwardFigure:
    """`votes` of those `present` honoured the unit; None while the meeting was not asked. `proposed` is who is both."""

    award: str
    names: Names
    eligible: bool
    failed: tuple[Said, ...]
    proposed: bool = False
    votes: int | None = None
    present: int | None = None
    departs: bool = False
    """Put forward ahead of a unit with a better place."""


@dataclass(frozen=True, slots=True)
class StandingRow:
    place: int | None
    unit: UnitRef
    ranked: bool
    sections: tuple[SectionFigure, ...]
    base: Fraction | None
    bonus: Fraction
    penalty: Fraction
    total: Fraction | None
    awards: tuple[AwardFigure, ...]
    reasons: tuple[Said, ...]
    """Why there is no place, or why it is provisional."""
    answered: int
    applicable: int
    visits_done: int
    visits: int
    contested: tuple[str, ...] = ()
    """The stage of each of its checklists that has submissions side by side: none of them counts."""
    shared: bool = False
    """The place is held together with others."""
    ballot: bool = False
    """A ballot of the meeting broke its tie."""

    @property
    def held(self) -> Said | None:
        """The open flag that holds its awards, where there is one."""
        return next((it for award in self.awards for it in award.failed if it.code == "open-flag"), None)


@dataclass(frozen=True, slots=True)
class StandingsPage:
    """`document` is exactly what `thidua standings GROUP YEAR --json` prints; `rows` say the same for a page."""

    head: GroupHead
    coverage: Coverage
    provisional: bool
    rows: tuple[StandingRow, ...]
    sections: tuple[SectionFigure, ...]
    """The scheme's sections in order (points None): the table's columns."""
    total_max: Fraction
    contested: tuple[Said, ...]
    decision_heads: tuple[str, ...]
    document: Mapping[str, Any]
    milestones: tuple[Milestone, ...] = ()
    awards_given: tuple[AwardGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """How one figure came about. Say a line with `ranking.sentence(line.reason, locale)`."""

    head: GroupHead
    unit: UnitRef
    criterion: str | None
    ranking: Standings
    lines: tuple[Line, ...]
