"""From a ranking to what pages show of it: rows, scoresheets, the trace of one number. Pure.

Every figure is `schemas.standings`'; this module only puts names, people and evidence beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from schemas import ids
from schemas.answer import value_of
from schemas.counting import Checklist
from schemas.figures import corrected, decimal_string
from schemas.hashing import body_sha256
from schemas.kinds import points_for
from schemas.lacking import lacking, lacking_stages
from schemas.merging import Column
from schemas.problem import Reason
from schemas.proposals import Departure
from schemas.scoring import CriterionResult, Scorecard, SectionResult
from schemas.standings import Row, Standings
from server.board.models.answer import AnswerTrace, PaperTrace
from server.board.models.head import Coverage
from server.board.models.matter import OpenMatter
from server.board.models.said import Said
from server.board.models.sheet import CriterionRow, CrossCell, ValueCell
from server.board.models.standings import AwardFigure, SectionFigure, StandingRow
from server.board.models.trace import ReplyEntry
from server.board.view import GroupView, raw_of
from sync.database import Document


def said(reason: Reason) -> Said:
    return Said(reason.code, reason.params)


def standing_row(view: GroupView, row: Row, departures: Iterable[Departure] = ()) -> StandingRow:
    card = row.card
    return StandingRow(
        place=row.place,
        unit=view.unit(row.unit),
        ranked=row.ranked,
        sections=tuple(section_figure(it) for it in card.sections),
        base=card.base,
        bonus=card.bonus.points,
        penalty=card.penalty.points,
        total=card.total,
        awards=tuple(
            AwardFigure(
                it.award.id,
                it.award.names,
                it.eligible,
                tuple(said(each) for each in it.failed),
                proposed=it.proposed,
                votes=None if it.vote is None else it.vote.votes,
                present=None if it.vote is None else it.vote.present,
                departs=any(each.award == it.award.id and row.unit in each.units for each in departures),
            )
            for it in row.awards
        ),
        reasons=tuple(said(it) for it in lacking(row)),
        answered=card.coverage.answered,
        applicable=card.coverage.applicable,
        visits_done=card.coverage.visits_done,
        visits=card.coverage.visits_planned,
        contested=tuple(it.stage for it in card.checklists if it.contested),
        shared=row.shared,
        ballot=row.ballot is not None,
    )


def section_figure(result: SectionResult) -> SectionFigure:
    state = result.state
    if state == "scored":
        state = "number" if result.decision is None else "decided"
    return SectionFigure(result.section.id, result.section.names, result.section.max, result.points, state)


def coverage(view: GroupView, cards: Iterable[Scorecard], photo_states: Mapping[str, str], waiting: int) -> Coverage:
    """How much of what these scorecards should rest on has come."""
    held = [card.coverage for card in cards]
    photos = {photo for each in held for photo in each.photos}
    return Coverage(
        visits_done=sum(each.visits_done for each in held),
        visits=sum(each.visits_planned for each in held),
        self_done=sum(each.self_done for each in held),
        units=len(held),
        photos_verified=sum(photo_states.get(photo) == "verified" for photo in photos),
        photos=len(photos),
        waiting=waiting,
        as_of=view.last_change,
    )


def criterion_row(view: GroupView, card: Scorecard, result: CriterionResult) -> CriterionRow:
    """One line of a scoresheet."""
    criterion = result.criterion
    discrepant = {it.submission for it in card.discrepancies if it.criterion == criterion.id}
    sources = [source for column in result.columns.values() for source in column.sources]
    evidence = {each for source in sources for each in source.answer.get("evidence", ())}
    cross = result.columns.get("cross")
    return CriterionRow(
        criterion=criterion.id,
        names=criterion.names,
        max=criterion.max,
        kind=criterion.kind,
        self=_cell(result, "self"),
        cross=tuple(
            CrossCell(
                visit=str(source.visit),
                submission=source.submission,
                points=_points(result, source.value),
                raw=_shown(criterion.kind, source.answer),
                discrepant=source.submission in discrepant,
            )
            for source in (() if cross is None else cross.sources)
        ),
        cross_merged=_cell(result, "cross"),
        cluster=_cell(result, "cluster"),
        value=result.points,
        stage=result.stage,
        state=_state(view, result),
        evidence=len(evidence),
        notes=sum(source.answer.get("note") is not None for source in sources),
        carried=result.points is not None and any(it.code == "carried" for it in result.reasons),
        lacking=lacking_stages(result),
    )


def answers(
    view: GroupView, card: Scorecard, result: CriterionResult, photo_states: Mapping[str, str]
) -> tuple[AnswerTrace, ...]:
    """Every answer that was ever submitted for the criterion: self before cross, the newest last."""
    found = [
        answer_trace(view, card, result, submission, photo_states)
        for submission in view.all("submission")
        if submission["unit"] == card.unit and result.criterion.id in submission["answers"]
    ]
    return tuple(sorted(found, key=lambda it: (it.stage != "self", it.visit or "", it.arrived_at or "", it.submission)))


def answer_trace(
    view: GroupView, card: Scorecard, result: CriterionResult, submission: Document, photo_states: Mapping[str, str]
) -> AnswerTrace:
    """What a submission says to a criterion. Raises KeyError where it says nothing."""
    criterion = result.criterion
    answer = submission["answers"][criterion.id]
    kind, raw = raw_of(answer)
    arrival = view.arrivals.get(submission["_id"])
    cited = [view.documents[each] for each in answer.get("evidence", ()) if each in view.documents]
    return AnswerTrace(
        submission=submission["_id"],
        sha256=body_sha256(submission),
        stage=submission["stage"],
        visit=submission["visit"],
        state=_submission_state(view, card.checklists, submission["_id"]),
        raw_kind=kind,
        raw=raw,
        points=_points(result, value_of(criterion, answer)),
        note=view.text(answer.get("note")),
        evidence=tuple(view.evidence(each, photo_states) for each in cited),
        by=view.person(answer["by"]),
        submitted_by=view.person(submission["by"]),
        approved_by=None if submission["approved_by"] is None else view.person(submission["approved_by"]),
        answered_at=corrected(answer["at"]),
        arrived_at=None if arrival is None else arrival["at"],
        flags=() if arrival is None else tuple(arrival["flags"]),
        discrepant=any((it.submission, it.criterion) == (submission["_id"], criterion.id) for it in card.discrepancies),
        paper=None
        if answer.get("paper") is None
        else PaperTrace(view.text(answer["paper"]["scored_by"]), answer["paper"]["on"]),
    )


def replies(view: GroupView, unit: str, criterion: str) -> tuple[ReplyEntry, ...]:
    found: list[Document] = [it for it in view.all("reply") if (it["unit"], it["criterion"]) == (unit, criterion)]
    return tuple(
        ReplyEntry(it["_id"], it["answers"], view.text(it["text"]), view.person(it["by"]), corrected(it["made"]))
        for it in sorted(found, key=lambda it: str(it["_id"]))
    )


def columns(standings: Standings) -> tuple[SectionFigure, ...]:
    """The table's heads: the scheme's sections."""
    if standings.scheme is None:
        return ()
    return tuple(SectionFigure(it.id, it.names, it.max, None, "") for it in standings.scheme.sections)


def _cell(result: CriterionResult, stage: str) -> ValueCell | None:
    column: Column | None = result.columns.get(stage)
    if column is None or (column.value is None and not column.sources):
        return None
    if column.value is None:
        raw = "na" if any(source.answer.get("na") for source in column.sources) else None
    else:
        raw = None if result.criterion.kind == "judged" else _value_text(result.criterion.kind, column.value)
    return ValueCell(result.points_by_stage.get(stage), raw, tuple(source.submission for source in column.sources))


def _value_text(kind: str, value: Fraction) -> str:
    if kind == "pass_fail" and value in (0, 1):
        return "true" if value else "false"
    return decimal_string(value)


def _shown(kind: str, answer: Mapping[str, Any]) -> str | None:
    if answer.get("na"):
        return "na"
    return None if kind == "judged" else raw_of(answer)[1]


def _points(result: CriterionResult, value: Fraction | None) -> Fraction | None:
    return None if value is None else points_for(result.criterion, value, target=result.target, best=result.best)


def _state(view: GroupView, result: CriterionResult) -> str:
    """The scoring's state, finer where a page says more: who confirmed it, what is asked for."""
    if result.state == "counted" and result.stage == "cluster" and result.decisions:
        act = view.documents[result.decisions[-1]]["act"]
        return {"accept": "accepted", "adjust": "adjusted"}.get(act, "counted")
    if result.state == "missing" and any(it.code == "na-not-approved" for it in result.reasons):
        return "na_pending"
    return result.state


def matters(view: GroupView, card: Scorecard, criterion: str) -> tuple[OpenMatter, ...]:
    """What the unit may answer at a criterion: a standing return first, then each deduction with its last day."""
    found = []
    result = card.criterion(criterion)
    if result is not None and result.state == "returned":
        decision = view.documents[result.decisions[-1]]
        value = decision["value"]
        found.append(OpenMatter(decision["_id"], "return", ids.parse(value["submission"])["stage"], value["deadline"]))
    found += [
        OpenMatter(it.submission, "difference", "cross", None if it.reply_until is None else it.reply_until.isoformat())
        for it in card.discrepancies
        if it.criterion == criterion
    ]
    return tuple(found)


def unanswered(view: GroupView, card: Scorecard, day: date) -> tuple[tuple[str, OpenMatter], ...]:
    """By criterion, what the unit may still answer on a day and nobody of it has."""
    answered = {(it["criterion"], it["answers"]) for it in view.all("reply") if it["unit"] == card.unit}
    return tuple(
        (it.criterion.id, matter)
        for section in card.sections
        for it in section.criteria
        for matter in matters(view, card, it.criterion.id)
        # What the group has accepted or adjusted waits for no word any more.
        if matter.open_on(day) and "cluster" not in it.columns and (it.criterion.id, matter.answers) not in answered
    )


def waiting_for_head(view: GroupView, checklist: Checklist) -> tuple[str, ...]:
    """What a specialist prepared and no head approved, newest last; none that something later replaced."""
    replaced = {name for body in view.all("submission") for name in body["supersedes"]}
    asked = (name for name, reason in checklist.aside.items() if reason.code == "waiting-head")
    return tuple(sorted(name for name in asked if name not in replaced))


def _submission_state(view: GroupView, checklists: Iterable[Checklist], submission: str) -> str:
    for checklist in checklists:
        if submission == checklist.counted:
            return "counted"
        if submission in checklist.later:
            return "later"
        if submission in checklist.aside:
            if checklist.aside[submission].code != "waiting-head":
                return "set_aside"
            return "waiting_head" if submission in waiting_for_head(view, checklist) else "superseded"
        if submission in checklist.heads:
            return "contested"
    return "superseded"
