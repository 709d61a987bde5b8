"""A self-score that waits for its unit's head: all that it says, and what it would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from server.board.models.answer import AnswerTrace
from server.board.models.evidence import EvidenceCard
from server.board.models.refs import Names, PersonRef
from server.board.models.standings import SectionFigure


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """One criterion. `answer` is what the head is asked to approve, `before` what counts until now; None: nothing."""

    criterion: str
    names: Names
    max: Fraction
    kind: str
    excluded: bool
    na: bool
    """The group has approved that it does not apply."""
    evidence_required: bool
    answer: AnswerTrace | None
    before: AnswerTrace | None
    changes: tuple[str, ...]
    """What differs from what counts until now, of "value", "note" and "evidence"."""


@dataclass(frozen=True, slots=True)
class PreparedSection:
    figure: SectionFigure
    rows: tuple[PreparedRow, ...]


@dataclass(frozen=True, slots=True)
class PreparedClaim:
    item: str
    subject: str | None
    number: str | None
    evidence: tuple[EvidenceCard, ...]
    change: Literal["", "new", "dropped"]
    """Beside what counts until now, where something does."""

    def marked(self, change: Literal["new", "dropped"]) -> PreparedClaim:
        return replace(self, change=change)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Who prepared it and when; `earned` adds up the points of the `earning` criteria whose points are known."""

    submission: str
    by: PersonRef
    at: str
    note: str | None
    sections: tuple[PreparedSection, ...]
    claims: tuple[PreparedClaim, ...]
    counted: str | None
    """The submission that counts until now, None where none does."""
    counted_at: str | None
    counted_by: PersonRef | None
    applicable: int
    answered: int
    earned: Fraction
    earning: int
    changes: int
    """Criteria and claims that differ from what counts until now."""
