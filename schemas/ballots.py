"""Ballots: when one counts, whom it puts first among the tied, whom it honours or elects (rule 5.9).

    tie-ballot           two thirds of the members present; more votes is the better place
    award-ballot, elect  more than half of those present is chosen; invalid papers and empty chairs choose nobody
    strike               of the records that branches wrote side by side, none counts

They are held in the room: counts and minutes are recorded, never who voted for whom. What is chosen counts once: a
later ballot takes nothing back. What a ballot means for a place or an award is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Final

from schemas.acts import STRUCK, units_of
from schemas.problem import Problem
from schemas.record import Body, Record

ELECTED: Final = ("leader", "deputy")
"""The offices of the next year, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one ballot said of one unit: `votes` of those `present`; `chosen` with more than half of them."""

    decision: str
    unit: str
    votes: int
    present: int

    @property
    def chosen(self) -> bool:
        return 2 * self.votes > self.present


@dataclass(frozen=True, slots=True)
class Elected:
    """Who leads, or is the deputy, next year."""

    role: str
    vote: Vote


@dataclass(frozen=True, slots=True)
class Beside:
    """Records on one matter of the meeting that branches wrote side by side: none counts. `units` are all they name.

    `struck` is the decision that says so for good, None while nobody has settled them.
    """

    subject: str
    units: tuple[str, ...]
    struck: str | None


def honours(record: Record, award: str) -> dict[str, Vote]:
    """What the meeting said of each unit voted on for an award: the ballot that chose it, else the last one."""
    found: dict[str, Vote] = {}
    for vote in _votes(record, f"honour:{award}", "award-ballot"):
        if vote.unit not in found or not found[vote.unit].chosen:
            found[vote.unit] = vote
    return found


def elected(record: Record) -> tuple[Elected, ...]:
    """Who was elected for the next year, the leader first; nobody while no unit has more than half."""
    found = []
    for role in ELECTED:
        vote = next((it for it in _votes(record, f"elected:{role}", "elect") if it.chosen), None)
        found += [] if vote is None else [Elected(role, vote)]
    return tuple(found)


def tie_ballot(record: Record, units: Sequence[str]) -> Body | None:
    """The decision on the ballot among exactly these units that counts, or None.

    It needs a quorum of two thirds of the units active on its day, one vote each. The first with a quorum counts; a
    second is refused. A contested ballot counts for nothing yet; once settled, what settled it stands for both sides.
    """
    subject = "ballot:" + ":".join(sorted(units))
    if subject in record.folded.contested:
        return None
    acts = record.folded.history.get(subject, ())
    held = [act for act in acts if act["act"] == "tie-ballot"]
    settled = {side for act in acts for side in _sides(record, act)}
    return next((ballot for ballot in held if ballot["_id"] not in settled and _counts(record, ballot)), None)


def contested_ties(record: Record) -> tuple[tuple[str, ...], ...]:
    """The units of every tie ballot that branches which had not met left contested, sorted."""
    named = (subject.partition(":") for subject in sorted(record.folded.contested))
    return tuple(tuple(units.split(":")) for kind, _, units in named if kind == "ballot")


def beside(record: Record) -> tuple[Beside, ...]:
    """What of the meeting is contested, or was struck and not held again since; by subject."""
    folded, found = record.folded, []
    for subject in (it for prefix in sorted(STRUCK) for it in folded.subjects(prefix)):
        strike = folded.on(subject, "strike")
        if subject in folded.contested:
            found.append(Beside(subject, named_beside(record, subject), None))
        elif strike is not None and _sides(record, strike):
            found.append(Beside(subject, tuple(strike["value"]["units"]), strike["_id"]))
    return tuple(found)


def named_beside(record: Record, subject: str) -> tuple[str, ...]:
    """The units that the contested records on a subject name, sorted; none where nothing is contested."""
    contested = record.folded.contested.get(subject)
    sides = () if contested is None else contested.sides
    return tuple(sorted({unit for it in sides for unit in units_of(it["act"], it["value"])}))


def strike_problems(record: Record, value: Mapping[str, Any], settles: Collection[str]) -> list[Problem]:
    """Why striking would strike nothing, or not all that stands side by side."""
    contested = record.folded.contested.get(value["subject"])
    if contested is None:
        open_ = [it.subject for it in beside(record) if it.struck is None]
        return [Problem("value.subject", "strike-nothing", {"given": value["subject"], "subjects": open_ or ["–"]})]
    found = []
    sides = {it["_id"] for it in contested.sides}
    if set(settles) != sides:
        found.append(Problem("settles", "strike-other-sides", {"decisions": sorted(sides)}))
    units = named_beside(record, value["subject"])
    if tuple(value["units"]) != units:
        found.append(Problem("value.units", "strike-other-units", {"units": list(units)}))
    return found


def ballot_problems(record: Record, value: Mapping[str, Any], *, tied: Collection[tuple[str, ...]]) -> list[Problem]:
    """Why a well-formed ballot could never count. `tied` are the units that share a place, sorted, by place.

    One without a quorum may be written down: it was held, and another may follow. A contested one may be settled though
    its units are tied no more: nothing is frozen before it is.
    """
    found = _voters_problems(record, value)
    units = tuple(sorted(value["units"]))
    if tie_ballot(record, units) is not None:
        found.append(Problem("value.units", "ballot-second"))
    elif units not in tied and units not in contested_ties(record):
        found.append(Problem("value.units", "ballot-not-tied"))
    return found


def award_problems(record: Record, value: Mapping[str, Any], *, eligible: Collection[str]) -> list[Problem]:
    """Why a well-formed ballot on an award could never count. `eligible` are the units that may be proposed for it.

    Whom contested records name was eligible when it was held: which record is right may be said although the unit no
    longer is. It is honoured then, and not proposed.
    """
    before = honours(record, value["award"])
    found = _voters_problems(record, value)
    may = {*eligible, *named_beside(record, f"honour:{value['award']}")}
    found += [Problem("value.units", "ballot-not-eligible", {"unit": it}) for it in value["units"] if it not in may]
    found += [
        Problem("value.units", "ballot-chosen-already", {"unit": unit})
        for unit in value["units"]
        if unit in before and before[unit].chosen
    ]
    return found


def election_problems(record: Record, value: Mapping[str, Any]) -> list[Problem]:
    """Why a well-formed election could never count."""
    found = _voters_problems(record, value)
    members = {it.unit for it in record.listed(date.fromisoformat(value["held"])) if it.active}
    found += [Problem("value.units", "elect-no-member", {"unit": it}) for it in value["units"] if it not in members]
    for standing in elected(record):
        if standing.role == value["role"]:
            found.append(Problem("value.role", "elect-second", {"unit": standing.vote.unit}))
        elif standing.vote.unit in value["units"]:
            found.append(Problem("value.units", "elect-both", {"unit": standing.vote.unit}))
    return found


def by_votes(ballot: Body) -> list[list[str]]:
    """Units in order of votes, those with equal votes together."""
    votes = ballot["value"]["votes"]
    return [
        sorted(unit for unit in votes if votes[unit] == given) for given in sorted(set(votes.values()), reverse=True)
    ]


def _votes(record: Record, subject: str, act: str) -> Iterator[Vote]:
    """The votes of every ballot on a subject that counts, the earliest first; none while it is contested."""
    if subject in record.folded.contested:
        return
    acts = record.folded.history.get(subject, ())
    held = [it for it in acts if it["act"] == act]
    settled = {side for it in acts for side in _sides(record, it)}
    for ballot in held:
        value = ballot["value"]
        if ballot["_id"] not in settled and value["voters"] == _voters(record, value):
            yield from (Vote(ballot["_id"], unit, value["votes"][unit], value["present"]) for unit in value["units"])


def _voters(record: Record, value: Mapping[str, Any]) -> int:
    """One vote for each unit that was a member on the day of the ballot."""
    return sum(member.active for member in record.listed(date.fromisoformat(value["held"])))


def _voters_problems(record: Record, value: Mapping[str, Any]) -> list[Problem]:
    voters = _voters(record, value)
    if value["voters"] == voters:
        return []
    return [Problem("value.voters", "ballot-voters", {"count": voters, "given": value["voters"]})]


def _sides(record: Record, act: Body) -> set[str]:
    """Those an act settles that had not met: in one line the first stands, whatever a later one says of it."""
    folded = record.folded
    return {
        side
        for one, other in combinations(act["settles"], 2)
        if not folded.precedes(one, other) and not folded.precedes(other, one)
        for side in (one, other)
    }


def _counts(record: Record, ballot: Body) -> bool:
    value = ballot["value"]
    voters = _voters(record, value)
    return bool(
        value["voters"] == voters
        and 2 * voters <= 3 * value["present"]
        and value["present"] <= voters
        and sum(value["votes"].values()) <= value["present"]
    )
