"""How a figure came about, line by line: what was given, what was done with it, under which rule.

    Line(level, reason, value, rule, documents)      reason says it in words, in either language

Nothing is computed a second way: lines show the operands of `schemas.scoring` and its results, and a test adds them up
again. Rules are numbered as in docs/rules.md. It must never know who reads, or names of people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from schemas.claims import ClaimResult, Side
from schemas.figures import exact_string
from schemas.kinds import HALF
from schemas.merging import Column
from schemas.messages import say
from schemas.problem import Reason
from schemas.scheme import Criterion, Scheme
from schemas.scoring import CriterionResult, SectionResult
from schemas.standings import Eligibility, Row, Standings

BALLOTS: Final = "5.9-ballots"
ELECTIONS: Final = "5.9-elections"

SECTIONS: Final = "5.4-sections"

RULES: Final = ("4", "5.1", "5.2", "5.3", "5.4", SECTIONS, "5.5", "5.6", "5.7", "5.8", "5.9", BALLOTS, ELECTIONS, "6")
"""The rules a line may name; each has a sentence of its own, `rule-<number with a dash>`."""


@dataclass(frozen=True, slots=True)
class Line:
    """`value` is the figure the line ends in, None where it ends in none; `documents` are what it rests on, by id."""

    level: int
    reason: Reason
    value: Fraction | None = None
    rule: str | None = None
    documents: tuple[str, ...] = ()

    def to_json(self, ranking: Standings) -> dict[str, Any]:
        """Code and operands for programs, with the sentence in both languages."""
        return {
            "level": self.level,
            **self.reason.to_json(),
            "value": None if self.value is None else exact_string(self.value),
            "rule": self.rule,
            "documents": list(self.documents),
            "sentence": {locale: ranking.sentence(self.reason, locale) for locale in ("vi", "en")},
            "rule_sentence": None
            if self.rule is None
            else {locale: rule_sentence(self.rule, locale) for locale in ("vi", "en")},
        }


def rule_sentence(rule: str, locale: str) -> str:
    """What a rule is called, with its number."""
    return say(f"rule-{rule.replace('.', '-')}", locale)


def explain_total(ranking: Standings, unit: str) -> tuple[Line, ...]:
    """A unit's total and place, from its sections down to every claim; empty where the unit is not listed."""
    row = ranking.row(unit)
    if row is None or ranking.scheme is None:
        return ()
    return tuple(_total(ranking, row))


def explain_criterion(ranking: Standings, unit: str, criterion: str) -> tuple[Line, ...]:
    """One criterion's points, down to every answer; empty where unit or criterion is not here."""
    row = ranking.row(unit)
    result = None if row is None else row.card.criterion(criterion)
    if result is None or ranking.scheme is None:
        return ()
    return tuple(_criterion(ranking.scheme, result, 0))


# A criterion


def _criterion(scheme: Scheme, result: CriterionResult, level: int) -> Iterator[Line]:
    criterion = result.criterion
    head = {"criterion": criterion.id, "max": criterion.max}
    if result.points is None:
        yield Line(level, Reason("explain-no-points", head), None, None, result.decisions)
    else:
        yield Line(level, Reason("explain-points", {**head, "points": result.points}), result.points, "4")
    if result.state in ("excluded", "na"):
        yield from (Line(level + 1, reason, None, "5.4", result.decisions) for reason in result.reasons)
        return
    cross = result.columns.get("cross")
    for stage in ("self", "cross", "cluster"):
        column = result.columns.get(stage)
        if column is not None:
            told = column is not cross and cross is not None and column.sources == cross.sources
            yield from _column(criterion, column, level + 1, mean_told=told)
    if result.value is not None:
        yield from _value(scheme, result, level + 1)
    if result.points is not None:
        yield from _formula(scheme, result, level + 1)
    yield from (Line(level + 1, reason, None, _rule_of(reason), result.decisions) for reason in result.reasons)


def _column(criterion: Criterion, column: Column, level: int, *, mean_told: bool) -> Iterator[Line]:
    """`mean_told`: it is the mean of the very answers of another stage, and stands there already."""
    answered = [source for source in column.sources if source.value is not None]
    for source in column.sources:
        if source.value is None:
            yield Line(level, Reason(f"explain-na-{column.stage}"), None, "5.1", (source.submission,))
        elif column.stage != "cluster":
            said = _passed(criterion, f"explain-{column.stage}", source.value)
            given = Reason(said, {"given": source.value})
            yield Line(level, given, source.value, "5.2", (source.submission,))
    if len(answered) > 1 and column.value is not None and not mean_told:
        terms = tuple(source.value for source in answered if source.value is not None)
        mean = Reason("explain-mean", {"terms": terms, "count": Fraction(len(terms)), "value": column.value})
        yield Line(level, mean, column.value, "5.2")
    if column.decision is not None and column.value is not None:
        said = "explain-accepted" if column.sources else _passed(criterion, "explain-adjusted", column.value)
        yield Line(level, Reason(said, {"value": column.value}), column.value, "5.2", (column.decision,))


def _passed(criterion: Criterion, code: str, value: Fraction) -> str:
    """A pass or a fail is said as such; only a mean of them is a number."""
    if criterion.kind != "pass_fail":
        return code
    return f"{code}-pass" if value else f"{code}-fail"


def _value(scheme: Scheme, result: CriterionResult, level: int) -> Iterator[Line]:
    value = result.value
    if result.stage == "carried":
        yield Line(level, Reason("explain-carried", {"value": value}), value, "6", result.decisions)
        return
    if result.stage == "weighted" and scheme.weights is not None:
        if result.criterion.kind == "judged":
            return  # its values are points, and they are weighed in the next line
        params: dict[str, Any] = {}
        own: Fraction | None = Fraction(0)
        for stage, share in scheme.weights.items():
            said = result.columns[stage].value or Fraction(0)
            params |= {f"{stage}_share": share, f"{stage}_value": said}
            own = (own or 0) + share * said
        yield Line(level, Reason("explain-weighted-value", {**params, "value": own}), own, "5.2")
    else:
        column = result.columns.get(result.stage or "")
        own = value if column is None or column.value is None else column.value
        yield Line(level, Reason("explain-stage", {"stages": [result.stage], "value": own}), own, "5.2")
    added = None if value is None or own is None else value - own
    if added:
        yield Line(level, Reason("explain-carried-added", {"given": added, "value": value}), value, "6")


def _formula(scheme: Scheme, result: CriterionResult, level: int) -> Iterator[Line]:
    yield from _best(result, level)
    if scheme.weights is not None and result.stage == "weighted":
        params: dict[str, Any] = {"points": result.points}
        for stage, share in scheme.weights.items():
            points = result.points_by_stage.get(stage)
            params |= {f"{stage}_share": share, f"{stage}_points": points}
        yield Line(level, Reason("explain-weighted", params), result.points, "5.2")
        return
    yield Line(level, _formula_of(result.criterion, result), result.points, "4")


def _best(result: CriterionResult, level: int) -> Iterator[Line]:
    """L, where points depend on it, and whether it may still change."""
    values = [result.value] if result.stage != "weighted" else [column.value for column in result.columns.values()]
    beyond = any(value is not None and result.target is not None and value > result.target for value in values)
    if result.criterion.kind == "quantitative" and result.best is not None and beyond:
        said = "explain-l-open" if result.fixed_by is None else "explain-l-fixed"
        fixed_by = () if result.fixed_by is None else (result.fixed_by,)
        yield Line(level, Reason(said, {"best": result.best}), result.best, "4", fixed_by)


def _formula_of(criterion: Criterion, result: CriterionResult) -> Reason:
    most, value = criterion.max, result.value
    params: dict[str, Any] = {"max": most, "value": value, "points": result.points}
    if criterion.kind == "per_occurrence":
        return Reason("explain-per-occurrence", {**params, "each": criterion.points_each})
    if criterion.kind != "quantitative" or value is None or result.target is None:
        return Reason(f"explain-{criterion.kind.replace('_', '-')}", params)
    params |= {"target": result.target, "half": HALF * most, "best": result.best}
    if value < 0:
        return Reason("explain-below-zero", params)
    if value < result.target:
        return Reason("explain-below-target", params)
    if value == result.target:
        return Reason("explain-at-target", params)
    return Reason("explain-best" if result.best is None or value >= result.best else "explain-above-target", params)


# A section, a side, the whole


def _section(section: SectionResult, level: int) -> Iterator[Line]:
    name = {"section": section.section.id, "max": section.section.max}
    if section.points is None:
        yield Line(level, Reason("explain-section-none", name))
        for reason in section.reasons:
            yield from _hinders(section, reason, level + 1)
        return
    yield Line(level, Reason("explain-section", {**name, "points": section.points}), section.points, "5.5")
    if section.decision is not None:
        yield from (Line(level + 1, it, section.exact, "5.4", (section.decision,)) for it in section.reasons)
        return
    counted = tuple(it.points for it in section.criteria if it.points is not None)
    terms = {"terms": counted, "sum": section.earned}
    yield Line(level + 1, Reason("explain-section-sum", terms), section.earned, SECTIONS)
    if section.applicable != section.section.max:
        for it in section.criteria:
            if it.state in ("excluded", "na"):
                params = {"criterion": it.criterion.id, "max": it.criterion.max}
                yield Line(level + 1, Reason(f"explain-left-{it.state}", params), None, "5.4", it.decisions)
        params = {**name, "sum": section.earned, "applicable": section.applicable, "value": section.exact}
        yield Line(level + 1, Reason("explain-scaled", params), section.exact, "5.4")
    if section.exact != section.points:
        params = {"value": section.exact, "points": section.points}
        yield Line(level + 1, Reason("explain-rounded", params), section.points, "5.5")


def _hinders(section: SectionResult, reason: Reason, level: int) -> Iterator[Line]:
    """Why a section is no number: a criterion by its number, and what keeps it, unless no stage has said anything."""
    rule = _rule_of(reason) or "5.8"
    result = next((it for it in section.criteria if it.criterion.id == reason.params.get("criterion")), None)
    if result is None:
        yield Line(level, reason, None, rule)
        return
    head = {"criterion": result.criterion.id, "max": result.criterion.max}
    yield Line(level, Reason("explain-no-points", head), None, rule, result.decisions)
    if reason.code != "missing":
        yield Line(level + 1, reason, None, rule, result.decisions)
        return
    for why in result.reasons:
        if why.code in ("stage-missing", "na-not-approved"):
            yield Line(level + 1, why, None, _rule_of(why), result.decisions)


def _side(name: str, side: Side, level: int) -> Iterator[Line]:
    if not any(item.claims for item in side.items):
        yield Line(level, Reason(f"explain-no-{name}"), Fraction(0), "5.6")
        return
    yield Line(level, Reason(f"explain-{name}", {"points": side.points}), side.points, "5.6")
    for item in side.items:
        for claim in item.claims:
            yield from _claim(claim, dict(item.item.names), item.item.points, level + 1)
        raw = sum((claim.points for claim in item.claims), Fraction(0))
        if item.points < raw:
            params = {"item": dict(item.item.names), "sum": raw, "points": item.points}
            yield Line(level + 1, Reason("explain-item-capped", params), item.points, "5.6")
    added = sum((item.points for item in side.items), Fraction(0))
    if side.points < added:
        yield Line(level + 1, Reason("explain-side-capped", {"sum": added, "points": side.points}), side.points, "5.6")


def _claim(claim: ClaimResult, item: Any, each: Fraction | None, level: int) -> Iterator[Line]:
    """`item` is its name, or the id of one that the scheme lacks; `each` what it is worth."""
    decided = () if claim.decision is None else (claim.decision,)
    params = {"item": item, "times": claim.occurrences, "each": each, "points": claim.points}
    said = "explain-claim" if claim.points else "explain-claim-none"
    if claim.number is not None:
        params["number"] = claim.number
        said += "-numbered"
    yield Line(level, Reason(said, params), claim.points, "5.6", decided)
    yield from (Line(level + 1, reason, None, "5.6", decided) for reason in claim.reasons)


def _total(ranking: Standings, row: Row) -> Iterator[Line]:
    card = row.card
    if card.total is None or card.base is None:
        yield Line(0, Reason("explain-total-none", {"unit": row.unit}), None, "5.8")
    else:
        yield Line(0, Reason("explain-total", {"unit": row.unit, "total": card.total}), card.total, "5.6")
    for section in card.sections:
        yield from _section(section, 1)
    if card.base is not None:
        terms = tuple(section.points for section in card.sections if section.points is not None)
        yield Line(1, Reason("explain-base", {"terms": terms, "base": card.base}), card.base, "5.5")
    yield from _side("bonus", card.bonus, 1)
    yield from _side("penalty", card.penalty, 1)
    names = {} if ranking.scheme is None else ranking.scheme.item_names
    for claim in card.astray:
        yield from _claim(claim, dict(names.get(claim.item, {})) or claim.item, None, 1)
    if card.base is not None and card.total is not None:
        params = {"base": card.base, "bonus": card.bonus.points, "penalty": card.penalty.points, "total": card.total}
        raw = card.base + card.bonus.points - card.penalty.points
        yield Line(1, Reason("explain-sum" if raw >= 0 else "explain-sum-floor", params), card.total, "5.6")
    yield from _place(row)
    yield from _beside(ranking, row, 1, "ballot:")
    for award in row.awards:
        said = Reason(
            "explain-eligible" if award.eligible else "explain-not-eligible", {"item": dict(award.award.names)}
        )
        yield Line(1, said, None, "5.7")
        yield from (Line(2, failed, None, "5.7") for failed in award.failed)
        yield from _vote(award)
        yield from _departs(award, row, ranking)
        yield from _beside(ranking, row, 2, f"honour:{award.award.id}", f"departure:{award.award.id}")
    for it in ranking.elected:
        if it.vote.unit == row.unit:
            told = {"office": ranking.office(it.role), "next": (ranking.year or 0) + 1}
            told |= {"votes": it.vote.votes, "count": it.vote.present}
            yield Line(1, Reason("explain-elected", told), None, ELECTIONS, (it.vote.decision,))
    yield from _beside(ranking, row, 1, "elected:")


def _beside(ranking: Standings, row: Row, level: int, *matters: str) -> Iterator[Line]:
    """Records of the meeting that name the unit and count for nothing, having been written side by side."""
    for it in ranking.beside:
        if row.unit in it.units and it.subject.startswith(matters):
            rule = "5.9" if it.subject.startswith("ballot:") else BALLOTS
            rule = ELECTIONS if it.subject.startswith("elected:") else rule
            said = "explain-beside" if it.struck is None else "explain-struck"
            decided = () if it.struck is None else (it.struck,)
            yield Line(level, Reason(said, {"matter": ranking.matter(it.subject)}), None, rule, decided)


def _vote(award: Eligibility) -> Iterator[Line]:
    if award.vote is not None:
        said = "explain-honoured" if award.vote.chosen else "explain-not-honoured"
        params = {"votes": award.vote.votes, "count": award.vote.present}
        yield Line(2, Reason(said, params), None, BALLOTS, (award.vote.decision,))


def _departs(award: Eligibility, row: Row, ranking: Standings) -> Iterator[Line]:
    """Where score order would have it otherwise, said at those it concerns, on both sides."""
    for it in ranking.departures:
        if it.award == award.award.id and row.unit in (*it.units, *it.over):
            said = "explain-departs" if it.decision is not None else "explain-departs-silently"
            decided = () if it.decision is None else (it.decision,)
            yield Line(2, Reason(said, {"units": list(it.units), "over": list(it.over)}), None, BALLOTS, decided)


def _place(row: Row) -> Iterator[Line]:
    if row.place is None:
        yield Line(1, Reason("explain-no-place"), None, "5.8")
        # What keeps a single criterion stands with its section, above.
        own = (reason for reason in row.reasons if "criterion" not in reason.params)
        yield from (Line(2, reason, None, _rule_of(reason) or "5.8") for reason in own)
        return
    place = {"place": row.place}
    decided = () if row.ballot is None else (row.ballot,)
    if row.ballot is not None:
        yield Line(1, Reason("explain-place-ballot", place), None, "5.9", decided)
    else:
        yield Line(1, Reason("explain-place-shared" if row.shared else "explain-place", place), None, "5.9")


_RULE_OF: Final[Mapping[str, str]] = {
    "missing": "5.1",
    "na-not-approved": "5.1",
    "answer-unfit": "5.1",
    "stage-missing": "5.2",
    "returned": "5.2",
    "later": "5.2",
    "accept-waits": "5.2",
    "adjust-unfit": "5.2",
    "excluded": "5.4",
    "na-approved": "5.4",
    "under-half": "5.4",
    "section-decided": "5.4",
    "no-target": "4",
    "pact-unsigned": "5.8",
    "membership-ended": "5.8",
    "left-out": "5.8",
    "no-number": "5.8",
    "carried": "6",
    "carried-not-needed": "6",
    "carry-without-event": "6",
    "unit-merged": "6",
    "unit-dissolved": "6",
}


def _rule_of(reason: Reason) -> str | None:
    return _RULE_OF.get(reason.code)
