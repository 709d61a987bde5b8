"""All that made one criterion of one unit what it is."""

from __future__ import annotations

from dataclasses import dataclass

from server.board.models.answer import AnswerTrace
from server.board.models.decisions import DecisionEntry
from server.board.models.head import GroupHead
from server.board.models.matter import OpenMatter
from server.board.models.refs import PersonRef, UnitRef
from server.board.models.said import Said
from server.board.models.sheet import CriterionRow
from server.board.models.standings import SectionFigure


@dataclass(frozen=True, slots=True)
class ReplyEntry:
    reply: str
    answers: str
    text: str | None
    by: PersonRef
    at: str


@dataclass(frozen=True, slots=True)
class ActOffer:
    """An act on a criterion's page: allowed, or the sentence that says which rule forbids it and who could."""

    act: str
    allowed: bool
    refusal: Said | None


@dataclass(frozen=True, slots=True)
class CriterionTrace:
    head: GroupHead
    unit: UnitRef
    section: SectionFigure
    row: CriterionRow
    answers: tuple[AnswerTrace, ...]
    decisions: tuple[DecisionEntry, ...]
    replies: tuple[ReplyEntry, ...]
    offers: tuple[ActOffer, ...]
    matters: tuple[OpenMatter, ...] = ()
    minuted: frozenset[str] = frozenset()
    """The visits of which there are minutes."""
