"""Tie ballots: when one counts, and in what order it puts the tied units (DOMAIN 5.9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

from schemas.problem import Problem
from schemas.record import Body, Record


def tie_ballot(record: Record, units: Sequence[str]) -> Body | None:
    """The decision on the ballot among exactly these units that counts, or None.

    It needs a quorum of two thirds of the units active on its day, one vote each. The first with a quorum counts; a
    second is refused. A contested ballot counts for nothing yet; once settled, what settled it stands for both sides.
    """
    subject = "ballot:" + ":".join(sorted(units))
    if subject in record.folded.contested:
        return None
    held = [act for act in record.folded.history.get(subject, ()) if act["act"] == "tie-ballot"]
    settled = {side for act in held for side in _sides(record, act)}
    return next((ballot for ballot in held if ballot["_id"] not in settled and _counts(record, ballot)), None)


def ballot_problems(record: Record, value: Mapping[str, Any], *, tied: Collection[tuple[str, ...]]) -> list[Problem]:
    """Why a well-formed ballot could never count. `tied` are the units that share a place, sorted, by place.

    One without a quorum may be written down: it was held, and another may follow.
    """
    found = []
    voters = sum(member.active for member in record.listed(date.fromisoformat(value["held"])))
    if value["voters"] != voters:
        found.append(Problem("value.voters", "ballot-voters", {"count": voters, "given": value["voters"]}))
    if tie_ballot(record, value["units"]) is not None:
        found.append(Problem("value.units", "ballot-second"))
    elif tuple(sorted(value["units"])) not in tied:
        found.append(Problem("value.units", "ballot-not-tied"))
    return found


def by_votes(ballot: Body) -> list[list[str]]:
    """Units in order of votes, those with equal votes together."""
    votes = ballot["value"]["votes"]
    return [
        sorted(unit for unit in votes if votes[unit] == given) for given in sorted(set(votes.values()), reverse=True)
    ]


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
    voters = sum(member.active for member in record.listed(date.fromisoformat(value["held"])))
    return bool(
        value["voters"] == voters
        and 2 * voters <= 3 * value["present"]
        and value["present"] <= voters
        and sum(value["votes"].values()) <= value["present"]
    )
