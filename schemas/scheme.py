"""A scoring scheme: sections, criteria, bonus, penalty and awards, as documents write it and as scoring reads it.

Everything a ministry may change every year stands in the document; what a kind of criterion means stands in
`schemas.kinds`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from typing import Any, Final

from schemas.document import Document
from schemas.fields import Bool, Decimal, Fault, Form, Inner, ListOf, Names, OneOf, Whole, Word
from schemas.organisation import FUNCTIONS

KINDS: Final = ("judged", "quantitative", "pass_fail", "per_occurrence", "bands")

SHIPPED: Final = ("cum-1000", "khoi-100")


class BandForm(Form):
    to = Decimal(signed=True, nullable=True)
    points = Decimal()


class CriterionForm(Form):
    id = Word()
    names = Inner(Names)
    max = Decimal(positive=True)
    kind = OneOf(*KINDS)
    function = OneOf(*FUNCTIONS, nullable=True)
    evidence_required = Bool()
    step = Decimal(positive=True, nullable=True)
    target = Decimal(nullable=True)
    points_each = Decimal(positive=True, nullable=True)
    bands = ListOf(Inner(BandForm), most=30, least=1, nullable=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if (body["kind"] == "per_occurrence") != (body["points_each"] is not None):
            yield "points_each", Fault("scheme-member-of-kind", {"kind": "per_occurrence"})
        if (body["kind"] == "bands") != (body["bands"] is not None):
            yield "bands", Fault("scheme-member-of-kind", {"kind": "bands"})
        if body["step"] is not None and body["kind"] != "judged":
            yield "step", Fault("scheme-member-of-kind", {"kind": "judged"})
        if body["target"] is not None and body["kind"] != "quantitative":
            yield "target", Fault("scheme-member-of-kind", {"kind": "quantitative"})
        before: Fraction | None = None
        for at, band in enumerate(body["bands"] or ()):
            bound = None if band["to"] is None else Fraction(band["to"])
            last = at == len(body["bands"]) - 1
            if (bound is None) != last or (bound is not None and before is not None and bound <= before):
                yield f"bands.{at}.to", Fault("scheme-bands-order")
            if Fraction(band["points"]) > Fraction(body["max"]):
                yield f"bands.{at}.points", Fault("scheme-band-over-max", {"max": body["max"]})
            before = bound if bound is not None else before


class SectionForm(Form):
    id = Word()
    names = Inner(Names)
    max = Decimal(positive=True)
    criteria = ListOf(Inner(CriterionForm), most=100, least=1)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        added = sum(Fraction(criterion["max"]) for criterion in body["criteria"])
        if added != Fraction(body["max"]):
            yield "max", Fault("scheme-sum", {"max": body["max"], "sum": str(added)})


class ItemForm(Form):
    id = Word()
    names = Inner(Names)
    points = Decimal(positive=True)
    max = Decimal(positive=True, nullable=True)


class ItemsForm(Form):
    max = Decimal()
    items = ListOf(Inner(ItemForm), most=50)


class AwardForm(Form):
    id = OneOf("flag", "merit")
    names = Inner(Names)
    base_percent = Decimal()
    section_percent = Decimal(nullable=True)


class WeightsForm(Form):
    self = Decimal()
    cross = Decimal()
    cluster = Decimal()


class SchemeForm(Document):
    type_name = "scheme"

    scheme = Word()
    version = Whole(1, 999_999)  # type: ignore[assignment]  # the scheme's own version, not the form's
    names = Inner(Names)
    total = Decimal(positive=True)
    step = Decimal(positive=True)
    mode = OneOf("precedence", "weighted")
    weights = Inner(WeightsForm, nullable=True)
    discrepancy_percent = Decimal()
    applicable_percent = Decimal()
    sections = ListOf(Inner(SectionForm), most=30, least=1)
    bonus = Inner(ItemsForm)
    penalty = Inner(ItemsForm)
    awards = ListOf(Inner(AwardForm), most=10)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        added = sum(Fraction(section["max"]) for section in body["sections"])
        if added != Fraction(body["total"]):
            yield "total", Fault("scheme-sum", {"max": body["total"], "sum": str(added)})
        named = [criterion["id"] for section in body["sections"] for criterion in section["criteria"]]
        named += [section["id"] for section in body["sections"]]
        named += [item["id"] for side in ("bonus", "penalty") for item in body[side]["items"]]
        for twice in sorted({name for name in named if named.count(name) > 1}):
            yield "sections", Fault("scheme-id-twice", {"id": twice})
        if (body["mode"] == "weighted") != (body["weights"] is not None):
            yield "weights", Fault("scheme-weights-mode")
        elif body["weights"] and sum(Fraction(share) for share in body["weights"].values()) != 1:
            yield "weights", Fault("scheme-weights-sum")


@dataclass(frozen=True, slots=True)
class Band:
    """`to` is an inclusive upper bound; the last band has none."""

    to: Fraction | None
    points: Fraction


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    section: str
    names: Mapping[str, str]
    max: Fraction
    kind: str
    function: str | None
    evidence_required: bool
    step: Fraction
    target: Fraction | None
    points_each: Fraction | None
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    names: Mapping[str, str]
    max: Fraction
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that earns a bonus or costs a penalty, each time; `max` caps it alone."""

    id: str
    names: Mapping[str, str]
    points: Fraction
    max: Fraction | None


@dataclass(frozen=True, slots=True)
class Items:
    max: Fraction
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Award:
    id: str
    names: Mapping[str, str]
    base_percent: Fraction
    section_percent: Fraction | None


@dataclass(frozen=True)
class Scheme:
    """A scheme as scoring reads it: points are exact fractions, order is the document's."""

    id: str
    scheme: str
    version: int
    names: Mapping[str, str]
    total: Fraction
    mode: str
    weights: Mapping[str, Fraction] | None
    discrepancy_percent: Fraction
    applicable_percent: Fraction
    sections: tuple[Section, ...]
    bonus: Items
    penalty: Items
    awards: tuple[Award, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Scheme:
        """Read a document that passed `check`."""
        weights = document["weights"]
        return cls(
            id=document["_id"],
            scheme=document["scheme"],
            version=document["version"],
            names=document["names"],
            total=Fraction(document["total"]),
            mode=document["mode"],
            weights=None if weights is None else {stage: Fraction(share) for stage, share in weights.items()},
            discrepancy_percent=Fraction(document["discrepancy_percent"]),
            applicable_percent=Fraction(document["applicable_percent"]),
            sections=tuple(_section(section, document["step"]) for section in document["sections"]),
            bonus=_items(document["bonus"]),
            penalty=_items(document["penalty"]),
            awards=tuple(
                Award(award["id"], award["names"], Fraction(award["base_percent"]), _maybe(award["section_percent"]))
                for award in document["awards"]
            ),
        )

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria, in the order of the paper form."""
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    @cached_property
    def _by_id(self) -> Mapping[str, Criterion]:
        return {criterion.id: criterion for criterion in self.criteria}

    def criterion(self, criterion_id: str) -> Criterion | None:
        """The criterion, or None where this scheme has none of that id."""
        return self._by_id.get(criterion_id)

    def section(self, section_id: str) -> Section | None:
        return next((section for section in self.sections if section.id == section_id), None)

    def bonus_item(self, item_id: str) -> Item | None:
        return next((item for item in self.bonus.items if item.id == item_id), None)

    @cached_property
    def item_names(self) -> Mapping[str, Mapping[str, str]]:
        """What each item of bonus and penalty is called, by its id."""
        return {item.id: item.names for item in (*self.bonus.items, *self.penalty.items)}

    def penalty_item(self, item_id: str) -> Item | None:
        return next((item for item in self.penalty.items if item.id == item_id), None)


def shipped(name: str) -> dict[str, Any]:
    """The document of a scheme that comes with the product (one of SHIPPED)."""
    if name not in SHIPPED:
        raise KeyError(name)
    document: dict[str, Any] = json.loads((files("schemas") / "schemes" / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _maybe(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _section(section: Mapping[str, Any], step: str) -> Section:
    return Section(
        id=section["id"],
        names=section["names"],
        max=Fraction(section["max"]),
        criteria=tuple(
            Criterion(
                id=criterion["id"],
                section=section["id"],
                names=criterion["names"],
                max=Fraction(criterion["max"]),
                kind=criterion["kind"],
                function=criterion["function"],
                evidence_required=criterion["evidence_required"],
                step=Fraction(criterion["step"] or step),
                target=_maybe(criterion["target"]),
                points_each=_maybe(criterion["points_each"]),
                bands=tuple(Band(_maybe(band["to"]), Fraction(band["points"])) for band in criterion["bands"] or ()),
            )
            for criterion in section["criteria"]
        ),
    )


def _items(side: Mapping[str, Any]) -> Items:
    return Items(
        max=Fraction(side["max"]),
        items=tuple(
            Item(item["id"], item["names"], Fraction(item["points"]), _maybe(item["max"])) for item in side["items"]
        ),
    )
