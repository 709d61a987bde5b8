"""What was answered for one criterion, merged over stages and submissions, before it becomes points (rules 5.1–5.4).

Mean, precedence and weights apply to what was answered (points, count, actual), exactly; formulas come after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from schemas.answer import has_value, misfit, value_of
from schemas.counting import Checklist, superseders
from schemas.figures import added, decimal_string, format_date
from schemas.problem import Reason
from schemas.record import Body, Record
from schemas.scheme import Criterion, Scheme
from schemas.succession import succeeds

STAGES = ("self", "cross", "cluster")

ADDITIVE = ("quantitative", "per_occurrence")
"""Kinds of which two units' entries add up; of any other an entry carried over stands where there is none."""

BLOCKED = ("contested", "returned", "undecided")
"""States in which a criterion gives no merged value, and its section is undecided."""


@dataclass(frozen=True, slots=True)
class Source:
    """An answer that took part: where it stands and what it says. `value` is None where it is N/A or does not fit."""

    submission: str
    visit: str | None
    answer: Body
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class Column:
    """One stage's value for one criterion, and all answers it comes from."""

    stage: str
    value: Fraction | None
    sources: tuple[Source, ...] = ()
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """One criterion of one unit. `state` is merged, missing, excluded, na, or one of BLOCKED.

    `stage` is the one whose value counts (`weighted` for all three, `carried` for a merged unit's entry that stands
    alone); `decisions` are all that had a say. `carried` is what such entries add to every stage.
    """

    criterion: Criterion
    state: str
    columns: Mapping[str, Column]
    value: Fraction | None = None
    stage: str | None = None
    decisions: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())
    carried: Fraction = Fraction(0)


def merge(record: Record, scheme: Scheme, unit: str, criterion: Criterion, own: Iterable[Checklist]) -> Merged:
    """Merge what a unit's checklists (`own`) and the decisions on it say about a criterion."""
    held = list(own)
    reasons: list[Reason] = []
    columns = {
        stage: _column(record, criterion, stage, [it.counted for it in held if it.stage == stage], reasons)
        for stage in ("self", "cross")
    }
    functions = record.functions(unit)
    if criterion.function is not None and functions is not None and criterion.function not in functions:
        return Merged(criterion, "excluded", columns, reasons=(Reason("excluded"),))

    folded = record.folded
    na_subject, subject = f"na:{unit}:{criterion.id}", f"criterion:{unit}:{criterion.id}"
    # What is not applicable has no value whichever of two acts on its value stands, so N/A goes first.
    approved = folded.on(na_subject, "approve-na")
    if approved is not None:
        return Merged(criterion, "na", columns, decisions=(approved["_id"],), reasons=(Reason("na-approved"),))
    for contested in (na_subject, subject):
        if contested in folded.contested:
            sides = tuple(side["_id"] for side in folded.contested[contested].sides)
            reason = Reason("contested-decision", {"subject": contested})
            return Merged(criterion, "contested", columns, decisions=sides, reasons=(reason, *reasons))

    decision = folded.on(subject)
    decisions = () if decision is None else (decision["_id"],)
    if decision is not None and decision["act"] == "return":
        if not _answered_since(record, decision["value"]["submission"], held):
            deadline = format_date(decision["value"]["deadline"])
            reasons.insert(0, Reason("returned", {"deadline": deadline}))
            return Merged(criterion, "returned", columns, decisions=decisions, reasons=tuple(reasons))
    elif decision is not None:
        cluster = _cluster(record, criterion, decision, held, reasons)
        if cluster is None:
            return Merged(criterion, "undecided", columns, decisions=decisions, reasons=tuple(reasons))
        columns["cluster"] = cluster
    carry_subjects = folded.subjects(f"carry:{unit}:{criterion.id}:")
    if any(it in folded.contested for it in carry_subjects):
        reasons.insert(0, Reason("contested-decision", {"subject": f"carry:{unit}:{criterion.id}"}))
        return Merged(criterion, "contested", columns, decisions=decisions, reasons=tuple(reasons))
    value, stage = _verified(scheme, columns, reasons)
    carried, carries = _carried(record, criterion, carry_subjects, reasons)
    added = Fraction(0)
    if carried is not None and value is None:
        value, stage = carried, "carried"
    elif carried is not None and value is not None and criterion.kind in ADDITIVE:
        added = carried
        value += carried
    elif carried is not None:
        reasons.append(Reason("carried-not-needed"))
    decisions = (*decisions, *carries)
    if any(source.answer.get("na") for column in columns.values() for source in column.sources):
        reasons.append(Reason("na-not-approved"))
    if value is None:
        reasons.insert(0, Reason("missing"))
    return Merged(
        criterion, "missing" if value is None else "merged", columns, value, stage, decisions, tuple(reasons), added
    )


def _carried(
    record: Record, criterion: Criterion, subjects: Iterable[str], reasons: list[Reason]
) -> tuple[Fraction | None, tuple[str, ...]]:
    """What decisions carry over from units that were merged into this one; None where nothing is."""
    total: Fraction | None = None
    named = []
    for subject in subjects:
        decision = record.folded.on(subject, "carry-over")
        if decision is None:
            continue
        said = decision["value"]
        named.append(decision["_id"])
        event = next((it for it in record.events if it["_id"] == said["event"]), None)
        value = value_of(criterion, said["answer"])
        if event is None or not succeeds(event, said["from"], said["unit"]) or value is None:
            reasons.append(Reason("carry-without-event", {"unit": said["from"]}))
            continue
        reasons.append(Reason("carried", {"unit": said["from"], "given": decimal_string(value)}))
        total = value if total is None or criterion.kind not in ADDITIVE else total + value
    return total, tuple(named)


def _verified(
    scheme: Scheme, columns: Mapping[str, Column], reasons: list[Reason]
) -> tuple[Fraction | None, str | None]:
    values = {stage: column.value for stage, column in columns.items() if column.value is not None}
    if scheme.weights is not None:
        lacking = [stage for stage in STAGES if stage not in values]
        if lacking:
            reasons.append(Reason("stage-missing", {"stages": lacking}))
            return None, None
        return sum((scheme.weights[stage] * values[stage] for stage in STAGES), Fraction(0)), "weighted"
    for stage in reversed(STAGES):
        if stage in values:
            return values[stage], stage
    return None, None


def _column(
    record: Record, criterion: Criterion, stage: str, counted: Iterable[str | None], reasons: list[Reason]
) -> Column:
    bodies = [record.submissions[name] for name in counted if name is not None]
    return _mean(record, criterion, stage, bodies, reasons)


def _mean(
    record: Record,
    criterion: Criterion,
    stage: str,
    bodies: Iterable[Body],
    reasons: list[Reason],
    *,
    decision: str | None = None,
) -> Column:
    """The mean of those that answered."""
    sources = []
    for body in bodies:
        given = body["answers"].get(criterion.id)
        if not has_value(given):
            continue
        value = record.value(criterion, body)
        if value is None and not given.get("na"):
            reasons.append(Reason("answer-unfit", {"submission": body["_id"]}))
        sources.append(Source(body["_id"], body.get("visit"), given, value))
    values = [source.value for source in sources if source.value is not None]
    mean = added(values) / len(values) if values else None
    return Column(stage, mean, tuple(sources), decision)


def _cluster(
    record: Record, criterion: Criterion, decision: Body, held: Iterable[Checklist], reasons: list[Reason]
) -> Column | None:
    """What an acceptance or an adjustment sets; None where it cannot be known, with the reason added."""
    if decision["act"] == "adjust":
        given = decision["value"]["answer"]
        if misfit(criterion, given):
            reasons.append(Reason("adjust-unfit"))
            return None
        if _superseded(record, {named["id"] for named in decision["inputs"]}, held):
            reasons.append(Reason("later"))
        return Column("cluster", value_of(criterion, given), (), decision["_id"])
    if decision["act"] != "accept":
        # Written by a later version: what it means is not known here, and guessing would make a silent number.
        reasons.append(Reason("act-unknown", {"act": decision["act"]}))
        return None
    bodies = []
    for named in decision["inputs"]:
        body = record.binds(named["id"], named["sha256"])
        if body is None:
            reasons.append(Reason("accept-waits", {"submission": named["id"]}))
            return None
        if body["stage"] == "cross" and body["unit"] == decision["value"]["unit"]:
            bodies.append(body)
    bound = {body["_id"] for body in bodies}
    if any(it.stage == "cross" and it.counted is not None and it.counted not in bound for it in held):
        reasons.append(Reason("later"))
    return _mean(record, criterion, "cluster", bodies, [], decision=decision["_id"])


def _superseded(record: Record, named: set[str], held: Iterable[Checklist]) -> bool:
    """Did something in force come after what a decision names?"""
    return any(_answered_since(record, name, held) for name in named if name in record.submissions)


def _answered_since(record: Record, returned: str, held: Iterable[Checklist]) -> bool:
    """Has a submission in force superseded the returned one?"""
    for checklist in held:
        in_force = {
            body["_id"]
            for body in record.of_unit.get(checklist.unit, ())
            if body["stage"] == checklist.stage
            and body.get("visit") == checklist.visit
            and body["_id"] not in checklist.aside
        }
        if superseders(record.submissions, returned, among=in_force - {returned}):
            return True
    return False
