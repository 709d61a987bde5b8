"""One answer in one submission, with all that made it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from server.board.models.evidence import EvidenceCard
from server.board.models.refs import PersonRef


@dataclass(frozen=True, slots=True)
class PaperTrace:
    """The paper an answer was typed in from: who scored it (None once withheld), on which day."""

    scored_by: str | None
    on: str


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """One answer in one submission, with all that made it."""

    submission: str
    sha256: str
    """The submission's body hash, as a decision's inputs name it."""
    stage: str
    visit: str | None
    state: str
    """counted, superseded, contested, set_aside (late after revocation, cancelled visit) …"""
    raw_kind: str
    """points, actual, count, passed or na."""
    raw: str
    points: Fraction | None
    note: str | None
    evidence: tuple[EvidenceCard, ...]
    by: PersonRef
    submitted_by: PersonRef
    approved_by: PersonRef | None
    answered_at: str
    arrived_at: str | None
    flags: tuple[str, ...]
    discrepant: bool
    paper: PaperTrace | None = None
