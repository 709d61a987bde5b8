"""The minutes of a visit as they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from server.board.models.head import GroupHead
from server.board.models.refs import Names, PersonRef
from server.board.models.sheet import ValueCell
from server.board.models.visits import VisitCard


@dataclass(frozen=True, slots=True)
class MinutesLine:
    """One criterion in the result of a visit: what the unit gave itself, what the team gave."""

    criterion: str
    names: Names
    max: Fraction
    kind: str
    own: ValueCell | None
    cross: ValueCell | None
    note: str | None
    discrepant: bool


@dataclass(frozen=True, slots=True)
class MinutesSection:
    """`own` and `cross` add up the lines that are points, before any scaling; None where none is."""

    section: str
    names: Names
    max: Fraction
    lines: tuple[MinutesLine, ...]
    own: Fraction | None
    cross: Fraction | None


@dataclass(frozen=True, slots=True)
class AgreedName:
    """Somebody of the team or of the unit who agreed to the minutes, and when (UTC). None: withheld."""

    side: str
    name: str | None
    at: str


@dataclass(frozen=True, slots=True)
class MinutesSheet:
    """Minutes as they were sent. A text is None where none was written, or (then in `withheld`) it was erased."""

    minutes: str
    sha256: str
    on: str
    began: str
    ended: str | None
    place: str | None
    team: str | None
    unit: str | None
    differences: str | None
    recommendations: str | None
    withheld: frozenset[str]
    agreed: tuple[AgreedName, ...]
    by: PersonRef
    made_at: str
    submission: str
    here: bool
    """The submission they name is here."""
    later: bool
    """The team has submitted again since."""
    replaces: int
    sections: tuple[MinutesSection, ...]


@dataclass(frozen=True, slots=True)
class MinutesPage:
    """`minutes` that stand: one, or several side by side, or none yet."""

    head: GroupHead
    visit: VisitCard
    minutes: tuple[MinutesSheet, ...]
