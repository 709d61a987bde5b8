"""What a unit's head is asked to approve: a prepared self-score beside what counts until now. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.figures import added, corrected
from schemas.scoring import CriterionResult, Scorecard
from server.board.figures import answer_trace, section_figure, waiting_for_head
from server.board.models.answer import AnswerTrace
from server.board.models.prepared import Prepared, PreparedClaim, PreparedRow, PreparedSection
from server.board.view import GroupView
from sync.database import Document


def prepared(view: GroupView, card: Scorecard, photo_states: Mapping[str, str]) -> tuple[Prepared, ...]:
    """The self-scores of a unit that wait for its head, newest last."""
    return tuple(
        _prepared(view, card, view.documents[name], view.documents.get(checklist.counted or ""), photo_states)
        for checklist in card.checklists
        for name in waiting_for_head(view, checklist)
    )


def _prepared(
    view: GroupView, card: Scorecard, asked: Document, counted: Document | None, photo_states: Mapping[str, str]
) -> Prepared:
    def row(result: CriterionResult) -> PreparedRow:
        def said(submission: Document | None) -> AnswerTrace | None:
            if submission is None or result.criterion.id not in submission["answers"]:
                return None
            return answer_trace(view, card, result, submission, photo_states)

        now, before = said(asked), said(counted)
        return PreparedRow(
            criterion=result.criterion.id,
            names=result.criterion.names,
            max=result.criterion.max,
            kind=result.criterion.kind,
            excluded=result.state == "excluded",
            na=result.state == "na",
            evidence_required=result.criterion.evidence_required,
            answer=now,
            before=before,
            changes=() if counted is None else _changes(now, before),
        )

    sections = tuple(
        PreparedSection(section_figure(section), tuple(row(it) for it in section.criteria)) for section in card.sections
    )
    rows = [it for section in sections for it in section.rows if not it.excluded]
    claims = _claims(view, asked, counted, photo_states)
    return Prepared(
        submission=asked["_id"],
        by=view.person(asked["by"]),
        at=corrected(asked["made"]),
        note=view.text(asked["note"]),
        sections=sections,
        claims=claims,
        counted=None if counted is None else counted["_id"],
        counted_at=None if counted is None else corrected(counted["made"]),
        counted_by=None if counted is None else view.person(counted["by"]),
        applicable=len(rows),
        answered=sum(it.answer is not None for it in rows),
        earned=added(it.answer.points for it in rows if it.answer is not None and it.answer.points is not None),
        earning=sum(it.answer is not None and it.answer.points is not None for it in rows),
        changes=sum(it.changes != () for it in rows) + sum(it.change != "" for it in claims),
    )


def _changes(now: AnswerTrace | None, before: AnswerTrace | None) -> tuple[str, ...]:
    """By what a reader sees: a text keeps its meaning when it is written down under another salt."""

    def told(answer: AnswerTrace | None) -> dict[str, object]:
        if answer is None:
            return {"value": None, "note": None, "evidence": set()}
        cited = {card.cited for card in answer.evidence}
        return {"value": (answer.raw_kind, answer.raw), "note": answer.note, "evidence": cited}

    ours, theirs = told(now), told(before)
    return tuple(name for name in ours if ours[name] != theirs[name])


def _claims(
    view: GroupView, asked: Document, counted: Document | None, photo_states: Mapping[str, str]
) -> tuple[PreparedClaim, ...]:
    def told(submission: Document | None) -> dict[tuple[object, ...], PreparedClaim]:
        claims = [
            PreparedClaim(
                item=claim["item"],
                subject=view.text(claim["subject"]),
                number=claim["number"],
                evidence=tuple(
                    view.evidence(view.documents[each], photo_states)
                    for each in claim["evidence"]
                    if each in view.documents
                ),
                change="",
            )
            for claim in (() if submission is None else submission["claims"])
        ]
        return {(it.item, it.subject, it.number): it for it in claims}

    now, before = told(asked), told(counted)
    return (
        *(it.marked("new") if counted is not None and key not in before else it for key, it in now.items()),
        *(it.marked("dropped") for key, it in before.items() if key not in now),
    )
