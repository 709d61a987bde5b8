"""Where a cross score and the self score it names lie far apart, and until when the unit may reply (DOMAIN 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from schemas.answer import value_of
from schemas.counting import Checklist
from schemas.figures import local_day
from schemas.kinds import points_for
from schemas.record import Body, Record
from schemas.scheme import Criterion, Scheme

REPLY_DAYS: Final = 5
"""Working days to reply, from the server's receipt."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A criterion on which a cross submission differs from a self version by more than the scheme allows.

    Without a comment it is a task for the team, never a refusal. `reply_until` is None while no arrival is known.
    """

    criterion: str
    submission: str
    self_version: str
    cross_points: Fraction
    self_points: Fraction
    commented: bool
    reply_until: date | None
    replies: tuple[str, ...]


def discrepancies(
    record: Record,
    scheme: Scheme,
    unit: str,
    held: Iterable[Checklist],
    limits: Mapping[str, tuple[Fraction | None, Fraction | None]],
) -> tuple[Discrepancy, ...]:
    """Those of a unit's counted cross submissions, in the scheme's order. `limits`: target and best by criterion.

    Criteria not in `limits` do not concern the unit.
    """
    crosses = [record.submissions[it.counted] for it in held if it.stage == "cross" and it.counted is not None]
    found = []
    for criterion in scheme.criteria:
        if criterion.id not in limits:
            continue
        target, best = limits[criterion.id]
        for cross in crosses:
            compared = self_version(record, unit, cross)
            if compared is None:
                continue
            ours = _points(criterion, cross, target, best)
            theirs = _points(criterion, compared, target, best)
            if ours is None or theirs is None:
                continue
            # Exactly the share is not more.
            if abs(ours - theirs) * 100 > criterion.max * scheme.discrepancy_percent:
                found.append(_discrepancy(record, unit, criterion, (cross, ours), (compared, theirs)))
    return tuple(found)


def self_version(record: Record, unit: str, cross: Body) -> Body | None:
    """The self submission a cross one is compared with: the one it names, else the unit's first."""
    named = cross.get("self_version")
    if named is not None:
        return record.submissions.get(named)
    own = [body for body in record.submissions.values() if body["unit"] == unit and body["stage"] == "self"]
    return min(own, key=lambda body: (_arrived(record, body), body["_id"]), default=None)


def working_days_after(start: date, days: int, holidays: Collection[str]) -> date:
    """The last of `days` working days after `start`; Saturdays, Sundays and the year's holidays are none."""
    day = start
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5 and day.isoformat() not in holidays:
            days -= 1
    return day


def _discrepancy(
    record: Record, unit: str, criterion: Criterion, cross: tuple[Body, Fraction], own: tuple[Body, Fraction]
) -> Discrepancy:
    body, points = cross
    arrival = record.arrivals.get(body["_id"])
    holidays = frozenset(record.groupyear["holidays"]) if record.groupyear else frozenset()
    return Discrepancy(
        criterion=criterion.id,
        submission=body["_id"],
        self_version=own[0]["_id"],
        cross_points=points,
        self_points=own[1],
        commented=bool(body["answers"][criterion.id].get("note")),
        reply_until=None if arrival is None else working_days_after(local_day(arrival["at"]), REPLY_DAYS, holidays),
        replies=tuple(
            reply["_id"]
            for reply in record.replies
            if (reply["unit"], reply["criterion"], reply["answers"]) == (unit, criterion.id, body["_id"])
        ),
    )


def _points(criterion: Criterion, body: Body, target: Fraction | None, best: Fraction | None) -> Fraction | None:
    # Without L a quantitative criterion is not compared, even where its points would not depend on it.
    if criterion.kind == "quantitative" and best is None:
        return None
    value = value_of(criterion, body["answers"].get(criterion.id))
    return None if value is None else points_for(criterion, value, target=target, best=best)


def _arrived(record: Record, body: Body) -> str:
    arrival = record.arrivals.get(body["_id"])
    return "~" if arrival is None else str(arrival["at"])
