"""Where a cross score and the self score it names lie far apart, and until when the unit may reply (rule 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from schemas.counting import Checklist
from schemas.figures import local_day
from schemas.kinds import scale
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


Apart = Mapping[str, tuple[Discrepancy, ...]]
"""By criterion."""


def discrepancies(
    record: Record,
    scheme: Scheme,
    unit: str,
    held: Iterable[Checklist],
    limits: Mapping[str, tuple[Fraction | None, Fraction | None]],
    *,
    known: Apart = MappingProxyType({}),
    settled: Collection[str] = (),
) -> dict[str, tuple[Discrepancy, ...]]:
    """Those of a unit's counted cross submissions, of every criterion of `limits`: target and best by criterion.

    Criteria not in `limits` do not concern the unit. Of the cross submissions `settled`, what is `known` of a criterion
    holds; a criterion of which nothing is known is compared with all of them.
    """
    crosses = [record.submissions[it.counted] for it in held if it.stage == "cross" and it.counted is not None]
    pairs = [(cross, own) for cross in crosses if (own := self_version(record, unit, cross)) is not None]
    place = {cross["_id"]: number for number, (cross, _) in enumerate(pairs)}
    still = {name for name in settled if name in place}
    fresh = [pair for pair in pairs if pair[0]["_id"] not in still]
    found = {}
    for name in limits:
        criterion = scheme.criterion(name)
        assert criterion is not None
        before = known.get(name)
        here = [] if before is None else [it for it in before if it.submission in still]
        allowed = criterion.max * scheme.discrepancy_percent / 100
        here += _apart(record, criterion, pairs if before is None else fresh, limits[name], allowed)
        found[name] = tuple(sorted(here, key=lambda it: place[it.submission]))
    return found


def _apart(
    record: Record,
    criterion: Criterion,
    pairs: Iterable[tuple[Body, Body]],
    limits: tuple[Fraction | None, Fraction | None],
    allowed: Fraction,
) -> Iterator[Discrepancy]:
    """Cross and self submissions that differ on one criterion by more than `allowed`; exactly as much is not more."""
    target, best = limits
    # Without L a quantitative criterion is not compared, even where its points would not depend on it.
    if criterion.kind == "quantitative" and best is None:
        return
    points = scale(criterion, target=target, best=best)

    def points_of(body: Body) -> Fraction | None:
        value = record.value(criterion, body)
        return None if value is None else points(value)

    bounds: dict[str, tuple[Fraction, Fraction, Fraction] | None] = {}
    for cross, own in pairs:
        if own["_id"] not in bounds:
            theirs = points_of(own)
            bounds[own["_id"]] = None if theirs is None else (theirs - allowed, theirs, theirs + allowed)
        around = bounds[own["_id"]]
        ours = None if around is None else points_of(cross)
        if around is not None and ours is not None and not around[0] <= ours <= around[2]:
            yield _discrepancy(record, criterion, (cross, ours), (own, around[1]))


def self_version(record: Record, unit: str, cross: Body) -> Body | None:
    """The self submission a cross one is compared with: the one it names, else the unit's first."""
    named = cross.get("self_version")
    if named is not None:
        return record.submissions.get(named)
    own = [body for body in record.of_unit.get(unit, ()) if body["stage"] == "self" and body["approved_by"] is not None]
    return min(own, key=lambda body: (_arrived(record, body), body["_id"]), default=None)


@lru_cache(maxsize=256)  # a cluster's checklists arrive on some dozens of days, and each differs on several criteria
def working_days_after(start: date, days: int, holidays: frozenset[str]) -> date:
    """The last of `days` working days after `start`; Saturdays, Sundays and the year's holidays are none.

    Where the calendar itself ends before, its last day.
    """
    day = start
    while days and day < date.max:
        day += timedelta(days=1)
        if day.weekday() < 5 and day.isoformat() not in holidays:
            days -= 1
    return day


def _discrepancy(
    record: Record,
    criterion: Criterion,
    cross: tuple[Body, Fraction],
    own: tuple[Body, Fraction],
) -> Discrepancy:
    body, points = cross
    return Discrepancy(
        criterion=criterion.id,
        submission=body["_id"],
        self_version=own[0]["_id"],
        cross_points=points,
        self_points=own[1],
        commented=bool(body["answers"][criterion.id].get("note")),
        reply_until=_reply_until(record, body),
        replies=tuple(
            reply["_id"]
            for reply in record.replies
            if (reply["unit"], reply["criterion"], reply["answers"]) == (body["unit"], criterion.id, body["_id"])
        ),
    )


def _reply_until(record: Record, cross: Body) -> date | None:
    arrival = record.arrivals.get(cross["_id"])
    holidays = frozenset(record.groupyear["holidays"]) if record.groupyear else frozenset()
    return None if arrival is None else working_days_after(local_day(arrival["at"]), REPLY_DAYS, holidays)


def _arrived(record: Record, body: Body) -> str:
    arrival = record.arrivals.get(body["_id"])
    return "~" if arrival is None else str(arrival["at"])
