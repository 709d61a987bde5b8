"""When an act may be done: the conditions that `schemas.acts.ACTS` names, judged against the record as it stands.

A refusal names its rule, and with it what must be decided first. Who may act is `schemas.access`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from schemas.acts import ACTS, subject_of
from schemas.problem import Refused
from schemas.record import Record

Condition = Callable[[Record, Mapping[str, Any]], Refused | None]


def untimely(record: Record, act: str, value: Mapping[str, Any], *, settles: Sequence[str] = ()) -> Refused | None:
    """None, or the rule that says why the act cannot be done now.

    Settling what two branches left contested is always in time: nothing can be frozen or published before it.
    `nothing-hinders` (`schemas.freezing.obstacles`) and an act's own figures are judged with the ranking at hand.
    """
    if settles and subject_of(act, value) in record.folded.contested:
        return None
    for name in ACTS[act].when:
        refused = CONDITIONS[name](record, value)
        if refused is not None:
            return refused
    return None


def _scheme_open(record: Record, _value: Mapping[str, Any]) -> Refused | None:
    lock = record.folded.on("scheme", "lock-scheme")
    return None if lock is None else Refused("scheme-locked-already", {"n": lock["n"]})


def _scores_open(record: Record, _value: Mapping[str, Any]) -> Refused | None:
    lock = record.score_lock
    return None if lock is None else Refused("scores-locked-already", {"n": lock["n"]})


def _unpublished(record: Record, _value: Mapping[str, Any]) -> Refused | None:
    published = record.folded.on("published", "publish")
    return None if published is None else Refused("published-final", {"n": published["n"]})


def _frozen(record: Record, value: Mapping[str, Any]) -> Refused | None:
    freeze = record.folded.on("ranking", "freeze")
    if freeze is None:
        contested = "ranking" in record.folded.contested
        return Refused("frozen-contested" if contested else "not-frozen")
    if "frozen" in value and value["frozen"] != freeze["_id"]:
        return Refused("frozen-other", {"n": freeze["n"]})
    return None


def _judged_with_the_ranking(_record: Record, _value: Mapping[str, Any]) -> None:
    return None


CONDITIONS: Final[Mapping[str, Condition]] = {
    "scheme-open": _scheme_open,
    "scores-open": _scores_open,
    "unpublished": _unpublished,
    "frozen": _frozen,
    "nothing-hinders": _judged_with_the_ranking,
}
