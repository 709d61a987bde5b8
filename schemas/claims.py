"""Bonus and penalty: what decided claims add and take away, with each item's cap and each side's (rule 5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from schemas.decision import Folded
from schemas.problem import Reason
from schemas.record import Body
from schemas.scheme import Item, Items, Scheme


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """One claim: `points` before any cap, 0 with the reason where it does not count.

    `subject` is what its decision decides on: unit, item, key and number, so that no claim takes another's place; it is
    empty where nothing was decided.
    """

    subject: str

    item: str
    key: str
    occurrences: Fraction
    number: str | None
    decision: str | None
    points: Fraction
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemResult:
    item: Item
    claims: tuple[ClaimResult, ...]
    points: Fraction


@dataclass(frozen=True, slots=True)
class Side:
    """Bonus or penalty of one unit: `points` after the item caps and the total cap."""

    points: Fraction
    items: tuple[ItemResult, ...]
    capped: bool


def sides(scheme: Scheme, folded: Folded, unit: str) -> tuple[Side, Side]:
    """Bonus and penalty of a unit, as the decisions on its claims say."""
    claims = [_claim(scheme, folded, subject) for subject in folded.subjects(f"claim:{unit}:")]
    bonus = _once_each(scheme, [claim for claim in claims if scheme.bonus_item(claim.item)])
    penalty = [claim for claim in claims if scheme.penalty_item(claim.item)]
    return _side(scheme.bonus, bonus), _side(scheme.penalty, penalty)


def astray(scheme: Scheme, folded: Folded, unit: str, claimed: Iterable[Body]) -> tuple[ClaimResult, ...]:
    """Claims that no side has: under an item that the scheme lacks, and of those `claimed` in a checklist also the ones
    of which nothing was decided. They count for nothing, and are told all the same.
    """
    subjects = folded.subjects(f"claim:{unit}:")
    found = [
        replace(claim, reasons=(*(it for it in claim.reasons if it.code != "claim-item-unknown"), _unknown(claim.item)))
        for claim in (_claim(scheme, folded, subject) for subject in subjects)
        if _item(scheme, claim.item) is None
    ]
    decided: list[Body] = [folded.history[subject][-1]["value"] for subject in subjects]
    own = {(it["item"], it["subject"], it["number"]): it for it in claimed}.values()
    for each in own:
        if not any(_decides(value, each, own) for value in decided):
            why = Reason("claim-undecided") if _item(scheme, each["item"]) else _unknown(each["item"])
            none, once = Fraction(0), Fraction(1)
            found.append(ClaimResult("", each["item"], each["subject"], once, each["number"], None, none, (why,)))
    return tuple(found)


def _decides(value: Body, claim: Body, own: Iterable[Body]) -> bool:
    """Does a decision speak of this claim? It names an achievement by the beginning of its subject's hash; where one
    subject is claimed under several items, each has a hash of its own, and the decision may name another's. What it
    names under this very item is another achievement, though one number may tell both.
    """
    if value["item"] != claim["item"]:
        return False
    if claim["subject"].startswith(value["key"]):
        return claim["number"] is None or same_number(value["number"], claim["number"])
    named = {it["item"] for it in own if it["subject"].startswith(value["key"])}
    if claim["item"] in named:
        return False
    return bool(named) if claim["number"] is None else same_number(value["number"], claim["number"])


def _item(scheme: Scheme, item: str) -> Item | None:
    return scheme.bonus_item(item) or scheme.penalty_item(item)


def _unknown(item: str) -> Reason:
    return Reason("claim-item-unknown", {"item": item})


def _claim(scheme: Scheme, folded: Folded, subject: str) -> ClaimResult:
    standing = folded.standing.get(subject)
    latest = folded.history[subject][-1]
    value: Body = latest["value"]
    item = _item(scheme, value["item"])
    occurrences = Fraction(value["occurrences"])
    result = ClaimResult(
        subject=subject,
        item=value["item"],
        key=value["key"],
        occurrences=occurrences,
        number=value["number"],
        decision=None if standing is None else standing["_id"],
        points=Fraction(0),
    )
    if standing is None:
        return replace(result, reasons=(Reason("contested-decision", {"subject": subject}),))
    if standing["act"] != "count-claim":
        return replace(result, reasons=(Reason("claim-refused"),))
    if item is None:
        return replace(result, reasons=(_unknown(value["item"]),))
    if occurrences != 1 and scheme.bonus_item(value["item"]) is not None:
        # An achievement counts once however often it is said to have been reached; penalties are per occurrence.
        once = Reason("claim-counts-once")
        return replace(result, occurrences=Fraction(1), points=item.points, reasons=(once,))
    return replace(result, points=occurrences * item.points)


def _once_each(scheme: Scheme, claims: list[ClaimResult]) -> list[ClaimResult]:
    """An achievement (subject and decision number) counts under the item worth most, at equality the first."""
    order = {item.id: (-item.points, position) for position, item in enumerate(scheme.bonus.items)}
    best: dict[tuple[str, str], ClaimResult] = {}
    for claim in sorted(claims, key=lambda it: order[it.item]):
        if claim.points and claim.number is not None:
            best.setdefault((claim.key, plain_number(claim.number)), claim)
    judged = []
    for claim in claims:
        if not claim.points:
            judged.append(claim)
        elif claim.number is None:
            judged.append(replace(claim, points=Fraction(0), reasons=(*claim.reasons, Reason("claim-no-number"))))
        elif (counted := best[claim.key, plain_number(claim.number)]) is not claim:
            elsewhere = Reason("claim-counted-elsewhere", {"item": counted.item})
            judged.append(replace(claim, points=Fraction(0), reasons=(*claim.reasons, elsewhere)))
        else:
            judged.append(claim)
    return judged


def plain_number(number: str) -> str:
    """A decision's number as it is compared: typed with another space or in capitals, it is the same decision."""
    return "".join(number.split()).casefold()


def same_number(one: str | None, other: str | None) -> bool:
    """Do these tell one decision?"""
    return one is not None and other is not None and plain_number(one) == plain_number(other)


def _side(items: Items, claims: list[ClaimResult]) -> Side:
    by_item: Mapping[str, list[ClaimResult]] = {item.id: [] for item in items.items}
    for claim in claims:
        by_item[claim.item].append(claim)
    results = []
    for item in items.items:
        raw = sum((claim.points for claim in by_item[item.id]), Fraction(0))
        points = raw if item.max is None else min(raw, item.max)
        results.append(ItemResult(item, tuple(by_item[item.id]), points))
    added = sum((result.points for result in results), Fraction(0))
    total = min(added, items.max)
    raw_total = sum((claim.points for claim in claims), Fraction(0))
    return Side(points=total, items=tuple(results), capped=total < raw_total)
