"""What the year-end meeting voted, beside the places it does not move: honours, departures, next year's offices. Pure.

Votes are counted by `schemas.ballots`, departures found by `schemas.proposals`; names and minutes are put beside them
here. It must never know who reads or a form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from schemas.ballots import ELECTED, named_beside
from schemas.handover import seats, told
from schemas.scheme import Award
from schemas.standings import Standings
from server.board.models.decisions import DecisionEntry
from server.board.models.meeting import AwardVotes, Meeting, OfficeVotes, Passed, UnitVote
from server.board.models.said import Said
from server.board.reading import decision_entry
from server.board.view import GroupView

_UNITS: Final = ("unit", "holder")
"""What of an office's sentence is a unit, as the next year calls it."""


def meeting_of(view: GroupView, ranking: Standings, following: GroupView | None = None) -> Meeting:
    """Of a ranking as it stands or was frozen; `view` names units, people and texts as they are called now.

    `following` is the next year, where it is open to the reader.
    """
    awards = () if ranking.scheme is None else ranking.scheme.awards
    return Meeting(
        awards=tuple(_award(view, ranking, it) for it in awards),
        offices=tuple(replace(_office(view, ranking, role), seat=_seat(ranking, role, following)) for role in ELECTED),
    )


def _seat(ranking: Standings, role: str, following: GroupView | None) -> Said | None:
    chosen = {it.role: it.vote.unit for it in ranking.elected if it.role == role}
    if following is None or not chosen:
        return None
    (seat,) = seats(chosen, following.group_year, following.all("unitevent"))
    reason = told(seat, following.group_year)
    names = {name: dict(following.unit(it).short_names) for name, it in reason.params.items() if name in _UNITS}
    return Said(reason.code, {**reason.params, **names})


def _award(view: GroupView, ranking: Standings, award: Award) -> AwardVotes:
    found = [(row, it) for row in ranking.rows for it in row.awards if it.award.id == award.id]
    departs = next((it for it in ranking.departures if it.award == award.id), None)
    # Who was voted on in records that stand side by side was eligible then: which record is right may still be said.
    beside = set(named_beside(view.record, f"honour:{award.id}"))
    return AwardVotes(
        award=award.id,
        names=award.names,
        votes=tuple(
            UnitVote(view.unit(row.unit), row.place, it.vote.votes, it.vote.present, it.vote.chosen, it.proposed)
            for row, it in found
            if it.vote is not None
        ),
        candidates=tuple(
            view.unit(row.unit)
            for row, it in found
            if (it.eligible or row.unit in beside) and not (it.vote is not None and it.vote.chosen)
        ),
        ballots=_entries(view, {it.vote.decision for _row, it in found if it.vote is not None}),
        passed=None
        if departs is None
        else Passed(
            units=tuple(view.unit(unit) for unit in departs.units),
            over=tuple(view.unit(unit) for unit in departs.over),
            reason=next(iter(_entries(view, {departs.decision})), None),
        ),
    )


def _office(view: GroupView, ranking: Standings, role: str) -> OfficeVotes:
    vote = next((it.vote for it in ranking.elected if it.role == role), None)
    taken = {it.vote.unit for it in ranking.elected}
    units = [it.unit for it in view.record.listed(ranking.as_of) if it.active and it.unit not in taken]
    return OfficeVotes(
        role=role,
        vote=None
        if vote is None
        else UnitVote(view.unit(vote.unit), None, vote.votes, vote.present, vote.chosen, vote.chosen),
        candidates=tuple(view.unit(unit) for unit in units) if vote is None else (),
        ballots=_entries(view, {None if vote is None else vote.decision}),
    )


def _entries(view: GroupView, decisions: set[str] | set[str | None]) -> tuple[DecisionEntry, ...]:
    named = sorted(name for name in decisions if name is not None and name in view.documents)
    return tuple(decision_entry(view, view.documents[name]) for name in named)
