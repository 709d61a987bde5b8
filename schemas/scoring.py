"""The scorecard of each unit: every criterion with its points, state and trace; sections, base, bonus, penalty, total.

Everything is exact; each section is rounded once (rule 5.5). A figure that cannot be known is None with its reasons,
never zero. Places are `schemas.standings`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from schemas.claims import ClaimResult, Side, astray, sides
from schemas.counting import Checklist, checklists
from schemas.discrepancy import Apart, Discrepancy, discrepancies, self_version
from schemas.evidence import evidence_named, photos_of
from schemas.figures import added, decimal_string, exact_string, round_half_up
from schemas.kinds import Scale, scale
from schemas.merging import BLOCKED, Column, Merged, merge
from schemas.problem import Reason
from schemas.record import Body, Record
from schemas.scheme import Criterion, Scheme, Section

__all__ = [
    "Coverage",
    "CriterionResult",
    "Scorecard",
    "SectionResult",
    "Tally",
    "best_actuals",
    "best_text",
    "scorecards",
    "tally",
]


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion's points and how they came about.

    `state` is counted, missing, excluded, na, contested, returned, undecided or error. `columns` holds what each stage
    (self, cross, cluster) says with every answer behind it, `points_by_stage` the points that alone would come to.
    `best` is L; `fixed_by` the decision that fixed it, None while it may still change.
    """

    criterion: Criterion
    state: str
    points: Fraction | None
    value: Fraction | None
    stage: str | None
    columns: Mapping[str, Column]
    points_by_stage: Mapping[str, Fraction | None]
    decisions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    target: Fraction | None = None
    best: Fraction | None = None
    fixed_by: str | None = None


@dataclass(frozen=True, slots=True)
class SectionResult:
    """One section: `points` rounded to 2 places, `exact` before; both None unless `state` is scored.

    Otherwise `state` is undecided, error or missing. `earned` of `applicable` is what was scaled to the section's max;
    `decision` is set where the group decided the points.
    """

    section: Section
    state: str
    points: Fraction | None
    exact: Fraction | None
    earned: Fraction
    applicable: Fraction
    excluded: Fraction
    criteria: tuple[CriterionResult, ...]
    decision: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what should be counted has come. `photos` are the SHA-256 of all photos cited, `cited` the copies."""

    visits_done: int
    visits_planned: int
    answered: int
    applicable: int
    self_done: bool
    cited: tuple[str, ...]
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All of one unit's figures. `base` and `total` are None while any section is no number.

    `apart` are the discrepancies by criterion, `astray` the claims that no side has.
    """

    unit: str
    sections: tuple[SectionResult, ...]
    base: Fraction | None
    bonus: Side
    penalty: Side
    total: Fraction | None
    coverage: Coverage
    checklists: tuple[Checklist, ...]
    apart: Apart
    astray: tuple[ClaimResult, ...] = ()

    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """All of them, in the scheme's order."""
        return tuple(
            it
            for section in self.sections
            for result in section.criteria
            for it in self.apart.get(result.criterion.id, ())
        )

    def criterion(self, criterion_id: str) -> CriterionResult | None:
        return next(
            (it for section in self.sections for it in section.criteria if it.criterion.id == criterion_id), None
        )

    def section(self, section_id: str) -> SectionResult | None:
        return next((it for it in self.sections if it.section.id == section_id), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """The scorecards of one record, and what they were worked out from, so that the next record costs what changed."""

    record: Record
    cards: Mapping[str, Scorecard]
    merged: Mapping[str, Mapping[str, Merged]]
    best: Mapping[str, Fraction | None]


def scorecards(record: Record, as_of: date) -> Mapping[str, Scorecard]:
    """The scorecard of every listed member, by unit; empty while the group year or its scheme is not here."""
    return tally(record, as_of).cards


def tally(record: Record, as_of: date, previous: Tally | None = None) -> Tally:
    """`scorecards`, with `previous` sparing the work on units and criteria that nothing new concerns.

    The result does not depend on `previous`; it pays where `record` came by `Record.updated` from its record.
    """
    scheme = record.scheme
    if scheme is None:
        return Tally(record, {}, {}, {})
    units = [member.unit for member in record.listed(as_of)]
    known = previous if previous is not None and _same_rules(record, previous.record) else None
    same = {unit for unit in units if known and unit in known.cards and _same_inputs(record, known, unit)}
    held: dict[str, list[Checklist]] = {unit: [] for unit in units}
    for unit in units:
        if known and unit in same:
            held[unit] = list(known.cards[unit].checklists)
        else:
            held[unit] = list(checklists(record, record.of_unit.get(unit, ())).values())
    merged = {
        unit: known.merged[unit]
        if known and unit in same
        else {it.id: merge(record, scheme, unit, it, held[unit]) for it in scheme.criteria}
        for unit in units
    }
    best = _best_of_all(record, scheme, [merged[unit] for unit in units])
    moved = {name for name, value in best.items() if known is None or known.best[name] != value}
    cards = {}
    for unit in units:
        if known and unit in same:
            before = known.cards[unit]
            cards[unit] = (
                _moved(record, scheme, before, merged[unit], {it: best[it] for it in moved}) if moved else before
            )
        else:
            settled = _settled(record, known, unit) if known and unit in known.cards else ()
            apart = known.cards[unit].apart if known and settled else {}
            standing = {name: it for name, it in apart.items() if name not in moved}
            cards[unit] = _scorecard(
                record, scheme, unit, merged=merged[unit], best=best, held=held[unit], known=standing, settled=settled
            )
    return Tally(record, cards, merged, best)


def best_actuals(record: Record, as_of: date) -> dict[str, Fraction]:
    """L of each quantitative criterion, as `tally` finds it, without the work on all the others.

    Who shows one checklist's provisional points needs no more; a criterion that nobody answered is left out.
    """
    scheme = record.scheme
    if scheme is None:
        return {}
    measured = [it for it in scheme.criteria if it.kind == "quantitative"]
    merged = []
    for unit in (member.unit for member in record.listed(as_of) if measured):
        held = list(checklists(record, record.of_unit.get(unit, ())).values())
        merged.append({it.id: merge(record, scheme, unit, it, held) for it in measured})
    found = _best_of_all(record, scheme, merged)
    return {name: value for name, value in found.items() if value is not None}


def _same_rules(record: Record, other: Record) -> bool:
    """Do both stand under one scheme, group year, pact, log and list of units and their events?"""
    return (
        record.scheme is other.scheme
        and record.groupyear is other.groupyear
        and record.pact is other.pact
        and record.folded is other.folded
        and _identical(record.units.values(), other.units.values())
        and _identical(record.events, other.events)
    )


def _same_inputs(record: Record, known: Tally, unit: str) -> bool:
    """Is all that a unit's card is made of, besides rules and other units' actuals, the very same?"""
    cited = known.cards[unit].coverage.cited
    return all(
        _identical(inputs(record), inputs(known.record))
        for inputs in (
            lambda it: it.of_unit.get(unit, ()),
            lambda it: [it.arrivals.get(body["_id"]) for body in it.of_unit.get(unit, ())],
            lambda it: [reply for reply in it.replies if reply["unit"] == unit],
            lambda it: [it.cited.get(name) for name in cited],
        )
    )


def _settled(record: Record, known: Tally, unit: str) -> set[str]:
    """What was compared before and is the same now: the cross submissions counted then of which nothing is new."""
    other = known.record
    if not _identical(*([it for it in each.replies if it["unit"] == unit] for each in (record, other))):
        return set()
    found = set()
    for checklist in known.cards[unit].checklists:
        name = checklist.counted
        if checklist.stage != "cross" or name is None or name not in record.submissions:
            continue
        cross = record.submissions[name]
        if (
            cross is other.submissions[name]
            and record.arrivals.get(name) is other.arrivals.get(name)
            and self_version(record, unit, cross) is self_version(other, unit, cross)
        ):
            found.add(name)
    return found


def _identical(ours: Collection[Body | None], theirs: Collection[Body | None]) -> bool:
    return len(ours) == len(theirs) and all(one is other for one, other in zip(ours, theirs, strict=True))


def _best_of_all(record: Record, scheme: Scheme, merged: Sequence[Mapping[str, Merged]]) -> dict[str, Fraction | None]:
    """L of each quantitative criterion: what the score lock fixed, else what all say now."""
    lock = record.score_lock
    fixed: Mapping[str, str] = {} if lock is None else lock["value"].get("best", {})
    return {
        it.id: Fraction(fixed[it.id]) if it.id in fixed else _best(units[it.id] for units in merged)
        for it in scheme.criteria
        if it.kind == "quantitative"
    }


def best_text(best: Mapping[str, Fraction | None]) -> dict[str, str]:
    """L as a score lock says it. A criterion that nobody answered has none yet, and is left open."""
    return {name: exact_string(value) for name, value in sorted(best.items()) if value is not None}


def _best(merged: Iterable[Merged]) -> Fraction | None:
    """L: the largest merged actual among all listed members to whom the criterion applies (rule 4)."""
    return max((it.value for it in merged if it.state == "merged" and it.value is not None), default=None)


def _scorecard(
    record: Record,
    scheme: Scheme,
    unit: str,
    *,
    merged: Mapping[str, Merged],
    best: Mapping[str, Fraction | None],
    held: list[Checklist],
    known: Apart,
    settled: Collection[str],
) -> Scorecard:
    """One unit's card. `known` and `settled`: see `discrepancies`."""
    results = {it.id: _criterion_result(record, scheme, unit, merged[it.id], best.get(it.id)) for it in scheme.criteria}
    sections = tuple(
        _section_result(record, scheme, unit, section, tuple(results[it.id] for it in section.criteria))
        for section in scheme.sections
    )
    bonus, penalty = sides(scheme, record.folded, unit)
    base = _base(sections)
    return Scorecard(
        unit=unit,
        sections=sections,
        base=base,
        bonus=bonus,
        penalty=penalty,
        total=_total(base, bonus, penalty),
        coverage=_coverage(record, unit, results, held),
        checklists=tuple(held),
        apart=discrepancies(record, scheme, unit, held, _limits(results.values()), known=known, settled=settled),
        astray=astray(scheme, record.folded, unit, _claimed(record, held)),
    )


def _moved(
    record: Record,
    scheme: Scheme,
    before: Scorecard,
    merged: Mapping[str, Merged],
    moved: Mapping[str, Fraction | None],
) -> Scorecard:
    """A card of which nothing is new but the L of some criteria: they are worked out anew, and what they touch."""
    unit = before.unit
    results = {name: _criterion_result(record, scheme, unit, merged[name], best) for name, best in moved.items()}
    sections = tuple(
        _section_result(
            record, scheme, unit, it.section, tuple(results.get(old.criterion.id, old) for old in it.criteria)
        )
        if any(old.criterion.id in moved for old in it.criteria)
        else it
        for it in before.sections
    )
    base = _base(sections)
    anew = discrepancies(record, scheme, unit, before.checklists, _limits(results.values()))
    return replace(
        before,
        sections=sections,
        base=base,
        total=_total(base, before.bonus, before.penalty),
        apart={**before.apart, **anew},
    )


def _base(sections: Sequence[SectionResult]) -> Fraction | None:
    points = [section.points for section in sections if section.points is not None]
    return added(points) if len(points) == len(sections) else None


def _total(base: Fraction | None, bonus: Side, penalty: Side) -> Fraction | None:
    return None if base is None else max(Fraction(0), base + bonus.points - penalty.points)


def _limits(results: Iterable[CriterionResult]) -> dict[str, tuple[Fraction | None, Fraction | None]]:
    """Target and best of what is compared: of what does not apply, by function or by decision, nothing that a checklist
    says is points.
    """
    return {it.criterion.id: (it.target, it.best) for it in results if it.state not in ("excluded", "na")}


def _claimed(record: Record, held: Iterable[Checklist]) -> list[Body]:
    """What the counted checklists claim."""
    return [claim for it in held if it.counted is not None for claim in record.submissions[it.counted]["claims"]]


def _criterion_result(
    record: Record, scheme: Scheme, unit: str, merged: Merged, best: Fraction | None
) -> CriterionResult:
    criterion = merged.criterion
    target: Fraction | None = None
    if criterion.kind == "quantitative":
        own = record.target(unit, criterion.id)
        target = criterion.target if own is None else Fraction(own)
    # Weighed stages bear what was carried over themselves; else a stage stays what was said there.
    joins = merged.carried if scheme.weights is not None else Fraction(0)
    points_of = scale(criterion, target=target, best=best)
    by_stage = {
        stage: None if column.value is None else points_of(column.value + joins)
        for stage, column in merged.columns.items()
    }
    state, points, reasons = merged.state, None, merged.reasons
    if state in ("merged", "missing") and criterion.kind == "quantitative" and (target is None or target <= 0):
        state, reasons = "error", (Reason("no-target", {"criterion": criterion.id}), *reasons)
    elif state == "merged" and merged.value is not None:
        points = _points(scheme, merged, by_stage, points_of)
        state = "counted"
    return CriterionResult(
        criterion=criterion,
        state=state,
        points=points,
        value=merged.value,
        stage=merged.stage,
        columns=merged.columns,
        points_by_stage=by_stage,
        decisions=merged.decisions,
        reasons=reasons,
        target=target,
        best=best,
        fixed_by=_fixed_by(record, criterion),
    )


def _fixed_by(record: Record, criterion: Criterion) -> str | None:
    lock = record.score_lock
    return str(lock["_id"]) if lock is not None and criterion.id in lock["value"].get("best", {}) else None


def _points(
    scheme: Scheme, merged: Merged, by_stage: Mapping[str, Fraction | None], points_of: Scale
) -> Fraction | None:
    """Points are computed once from the merged value; in weighted mode per stage, then weighted (rule 5.2)."""
    if scheme.weights is None or merged.stage == "carried":
        if merged.stage is not None and merged.stage in by_stage and not merged.carried:
            return by_stage[merged.stage]  # of the very value
        return None if merged.value is None else points_of(merged.value)
    return sum((share * (by_stage[stage] or 0) for stage, share in scheme.weights.items()), Fraction(0))


def _section_result(
    record: Record, scheme: Scheme, unit: str, section: Section, criteria: tuple[CriterionResult, ...]
) -> SectionResult:
    def maxima(*states: str) -> Fraction:
        return added(it.criterion.max for it in criteria if it.state in states)

    excluded = maxima("excluded")
    applicable = section.max - excluded - maxima("na")
    earned = added(it.points for it in criteria if it.points is not None)
    states = {it.state for it in criteria}
    subject = f"section:{unit}:{section.id}"
    decision: str | None = None
    exact: Fraction | None = None
    reasons: tuple[Reason, ...] = ()
    # Exactly the share computes; nothing left at all never does.
    if applicable <= 0 or applicable * 100 < scheme.applicable_percent * (section.max - excluded):
        state, exact, decision, reasons = _decided(record, subject, scheme, section)
    elif states & set(BLOCKED):
        state = "undecided"
    elif "error" in states:
        state = "error"
    elif "missing" in states or any(it.state == "counted" and it.points is None for it in criteria):
        state = "missing"
    else:
        state, exact = "scored", earned * section.max / applicable
    if state in ("undecided", "error", "missing") and not reasons:
        wanted = {"undecided": BLOCKED, "error": ("error",), "missing": ("missing",)}[state]
        reasons = tuple(_named(it) for it in criteria if it.state in wanted)
    return SectionResult(
        section=section,
        state=state,
        points=None if exact is None else round_half_up(exact),
        exact=exact,
        earned=earned,
        applicable=applicable,
        excluded=excluded,
        criteria=criteria,
        decision=decision,
        reasons=reasons,
    )


def _named(result: CriterionResult) -> Reason:
    """A criterion's first reason, telling which criterion."""
    first = result.reasons[0] if result.reasons else Reason(result.state)
    return Reason(first.code, {"criterion": result.criterion.id, **first.params})


def _decided(
    record: Record, subject: str, scheme: Scheme, section: Section
) -> tuple[str, Fraction | None, str | None, tuple[Reason, ...]]:
    """A section of which too little applies: the group's points, else undecided."""
    under = Reason("under-half", {"percent": decimal_string(scheme.applicable_percent), "section": section.id})
    if subject in record.folded.contested:
        return "undecided", None, None, (under, Reason("contested-decision", {"subject": subject}))
    decision = record.folded.on(subject, "decide-section")
    if decision is None:
        return "undecided", None, None, (under,)
    points = Fraction(decision["value"]["points"])
    if not 0 <= points <= section.max:
        wrong = Reason("section-decision-out-of-range", {"max": decimal_string(section.max)})
        return "undecided", None, decision["_id"], (under, wrong)
    return "scored", points, decision["_id"], (under, Reason("section-decided"))


def _coverage(record: Record, unit: str, results: Mapping[str, CriterionResult], held: list[Checklist]) -> Coverage:
    planned = {name for name, it in record.visits.items() if it.inspected == unit and it.state != "cancelled"}
    done = {it.visit for it in held if it.stage == "cross" and it.heads} & planned
    applicable = [it for it in results.values() if it.state not in ("excluded", "na")]
    counted = [record.submissions[it.counted] for it in held if it.counted is not None]
    cited = sorted({name for body in counted for name in evidence_named(body)})
    photos = sorted({photo for name in cited if name in record.cited for photo in photos_of(record.cited[name])})
    return Coverage(
        visits_done=len(done),
        visits_planned=len(planned),
        answered=sum(any(column.value is not None for column in it.columns.values()) for it in applicable),
        applicable=len(applicable),
        self_done=any(it.stage == "self" and it.counted is not None for it in held),
        cited=tuple(cited),
        photos=tuple(photos),
    )
