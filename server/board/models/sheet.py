"""One unit's scoresheet, criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from server.board.models.head import Coverage, GroupHead
from server.board.models.matter import OpenMatter
from server.board.models.prepared import Prepared
from server.board.models.refs import Names, UnitRef
from server.board.models.standings import SectionFigure, StandingRow


@dataclass(frozen=True, slots=True)
class ValueCell:
    """One stage's merged value for a criterion: what was answered, and the points it comes to, if it does."""

    points: Fraction | None
    raw: str | None
    """The answer as written where it is not points: "12", "3", "true", "na"."""
    submissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrossCell:
    visit: str
    submission: str
    points: Fraction | None
    raw: str | None
    discrepant: bool


@dataclass(frozen=True, slots=True)
class CriterionRow:
    criterion: str
    names: Names
    max: Fraction
    kind: str
    self: ValueCell | None
    cross: tuple[CrossCell, ...]
    cross_merged: ValueCell | None
    cluster: ValueCell | None
    value: Fraction | None
    """The verified points that count, None while missing, undecided, excluded or N/A."""
    stage: str | None
    """Which stage `value` comes from: self, cross or cluster."""
    state: str
    """counted, missing, na, excluded, returned, contested, error …, as `schemas.scoring` names it."""
    evidence: int
    notes: int
    carried: bool = False
    """Something of a merged unit is part of `value`, by decision."""
    lacking: tuple[str, ...] = ()
    """Under a scheme that weighs three stages: those without which there is no value yet."""


@dataclass(frozen=True, slots=True)
class SheetSection:
    figure: SectionFigure
    criteria: tuple[CriterionRow, ...]


@dataclass(frozen=True, slots=True)
class UnitSheet:
    head: GroupHead
    unit: UnitRef
    standing: StandingRow
    sections: tuple[SheetSection, ...]
    coverage: Coverage
    is_own_unit: bool
    prepared: tuple[Prepared, ...] = ()
    unanswered: tuple[tuple[str, OpenMatter], ...] = ()
    """By criterion, what the unit may still reply to and has not."""
