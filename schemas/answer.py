"""One answer to one criterion: its members, and whether it fits the scheme.

A checklist's life (drafts, merging, submitting) is `schemas.checklist`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from schemas.fields import Bool, Day, Decimal, Fault, Form, Hash, Inner, ListOf, Ref, Stamp, Word
from schemas.figures import decimal_string
from schemas.problem import Problem
from schemas.scheme import Criterion, Scheme

EVIDENCE_MAX: Final = 50
"""Beside one answer; nobody looks through more."""

VALUES: Final = ("points", "actual", "count", "passed", "na")
_VALUES: Final = frozenset(VALUES)

MEMBER_OF_KIND: Final = {
    "judged": "points",
    "quantitative": "actual",
    "bands": "actual",
    "per_occurrence": "count",
    "pass_fail": "passed",
}


class ValueForm(Form):
    """What was answered, without who and when: also what an adjusting decision sets."""

    points = Decimal(optional=True)
    actual = Decimal(signed=True, optional=True)
    count = Decimal(whole=True, optional=True)
    passed = Bool(optional=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if len(body) != 1:
            yield "", Fault("answer-one-value")


class Paper(Form):
    """An answer typed in from a paper checklist: when it was scored, and by whom (a part). `by` is who typed it."""

    on = Day()
    scored_by = Hash()


class AnswerForm(Form):
    """An answer of a submission."""

    points = Decimal(optional=True)
    actual = Decimal(signed=True, optional=True)
    count = Decimal(whole=True, optional=True)
    passed = Bool(optional=True)
    na = Bool(optional=True)
    note = Hash(optional=True, nullable=True)
    evidence = ListOf(Ref("cited"), most=EVIDENCE_MAX, unique=True, optional=True)
    paper = Inner(Paper, optional=True)
    by = Word()
    at = Inner(Stamp)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if body.get("na") is False:
            yield "na", Fault("answer-na-true")
        if sum(name in body for name in VALUES) != 1:
            yield "", Fault("answer-one-value")


class DraftAnswerForm(AnswerForm):
    """An answer still being made: cleared (`{}`), or with a note or photos before its value."""

    by = Word(optional=True)
    at = Inner(Stamp, optional=True)
    evidence = ListOf(Ref("evidence"), most=EVIDENCE_MAX, unique=True, optional=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if body.get("na") is False:
            yield "na", Fault("answer-na-true")
        if sum(name in body for name in VALUES) > 1:
            yield "", Fault("answer-one-value")
        if body:
            for name in ("by", "at"):
                if name not in body:
                    yield name, Fault("required")


def answer(
    *,
    by: str,
    at: Mapping[str, Any],
    points: str | None = None,
    actual: str | None = None,
    count: str | None = None,
    passed: bool | None = None,
    na: bool | None = None,
    note: str | None = None,
    evidence: Sequence[str] = (),
) -> dict[str, Any]:
    """An answer as documents hold it; members without a value are left out. `note` is a part's hash."""
    given = {"points": points, "actual": actual, "count": count, "passed": passed, "na": na, "note": note}
    made: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if evidence:
        made["evidence"] = list(evidence)
    return {**made, "by": by, "at": dict(at)}


def has_value(given: Mapping[str, Any] | None) -> bool:
    """Does it answer, if only by N/A? A cleared answer and a note alone do not."""
    return given is not None and not _VALUES.isdisjoint(given)


def check_answer(scheme: Scheme, criterion_id: str, given: Mapping[str, Any]) -> list[Problem]:
    """What keeps this answer from counting under this scheme: kind, range and step. Empty when it fits."""
    criterion = scheme.criterion(criterion_id)
    path = f"answers.{criterion_id}"
    if criterion is None:
        return [Problem(path, "criterion-unknown", {"criterion": criterion_id, "scheme": scheme.scheme})]
    if not has_value(given) or given.get("na") is True:
        return []
    found = misfit(criterion, given)
    return [Problem(path, found.code, {"criterion": criterion_id, **found.params})] if found else []


def misfit(criterion: Criterion, given: Mapping[str, Any]) -> Fault | None:
    """Why a value does not fit its criterion, or None."""
    wanted = MEMBER_OF_KIND[criterion.kind]
    named = [name for name in VALUES if name in given]
    if named != [wanted]:
        return Fault("answer-of-other-kind", {"kind": criterion.kind, "wanted": wanted})
    if criterion.kind == "judged":
        points = Fraction(given["points"])
        if not 0 <= points <= criterion.max:
            return Fault("points-out-of-range", {"max": decimal_string(criterion.max), "given": given["points"]})
        if points % criterion.step:
            return Fault("points-not-in-step", {"step": decimal_string(criterion.step), "given": given["points"]})
    return None


def value_of(criterion: Criterion, given: Mapping[str, Any] | None) -> Fraction | None:
    """The number answered, exact (a pass is 1); None where nothing, N/A, or something that does not fit stands."""
    if given is None or not has_value(given) or "na" in given:
        return None
    try:
        if misfit(criterion, given):
            return None
        raw = given[MEMBER_OF_KIND[criterion.kind]]
        return Fraction(int(raw)) if isinstance(raw, bool) else Fraction(raw)
    except (TypeError, ValueError):
        # A promoted document is well-formed; one written by a later version may hold what we cannot read.
        return None
