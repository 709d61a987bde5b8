"""Tie ballots: when one counts, and in what order it puts the tied units (DOMAIN 5.9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from schemas.record import Body, Record


def tie_ballot(record: Record, units: Sequence[str]) -> Body | None:
    """The decision on the ballot among exactly these units that counts, or None.

    It needs a quorum of two thirds of the units active on its day, one vote each. The first with a quorum counts; a
    second is refused. A contested ballot counts for nothing yet.
    """
    subject = "ballot:" + ":".join(sorted(units))
    if subject in record.folded.contested:
        return None
    return next((ballot for ballot in record.folded.history.get(subject, ()) if _counts(record, ballot)), None)


def by_votes(ballot: Body) -> list[list[str]]:
    """Units in order of votes, those with equal votes together."""
    votes = ballot["value"]["votes"]
    return [
        sorted(unit for unit in votes if votes[unit] == given) for given in sorted(set(votes.values()), reverse=True)
    ]


def _counts(record: Record, ballot: Body) -> bool:
    value = ballot["value"]
    voters = sum(member.active for member in record.listed(date.fromisoformat(value["held"])))
    return bool(
        value["voters"] == voters
        and 2 * voters <= 3 * value["present"]
        and value["present"] <= voters
        and sum(value["votes"].values()) <= value["present"]
    )
