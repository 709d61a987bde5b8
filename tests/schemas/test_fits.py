"""What is judged quickly is judged alike: `Form.fits` says yes exactly where marshmallow finds nothing.

Documents of every type, made from their forms, and well-formed ones of a group year; most of them bent somewhere.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import ValidationError

from schemas import fields as f
from schemas.base import part
from schemas.catalogue import FORMS
from schemas.evidence import cite
from tests.schemas.test_base import EVIDENCE, HASH, ULID
from tests.schemas.test_nonsense import Odd

TEXTS = ("", " ", "a", "so-hd", "Nhà văn hóa", "Nha\u0300", "a\x00", "x" * 400, "-1", "1.50", "true", "null", HASH)
DAYS = ("2024-02-29", "2023-02-29", "2024-10-08", "0000-01-01", "2024-10-08T02:14:05Z", "2024-10-08T24:00:00Z")
OTHERS = (None, True, False, 0, 1, -1, 2024, 10**30, 1.0, float("nan"), float("inf"), [], {}, [None], {"a": 1})
BENT = (*TEXTS, *DAYS, *OTHERS, ["a", "a"], ["b", "a"], {"so hd": None}, b"a")

REFS = {
    "evidence": EVIDENCE["_id"], "cited": f"cited:{HASH}", "scheme": "scheme:cum-1000:1",
    "submission": f"submission:cum-1:ha-noi:self:{ULID}",
}  # fmt: skip


IDS = {
    **REFS, "draft": "draft:cum-1:ha-noi:self", "arrival": f"arrival:{REFS['submission']}:s1",
    "reply": f"reply:ha-noi:i-1:{ULID}", "minutes": f"minutes:ha-noi:v1:{ULID}",
}  # fmt: skip


def held_by(member: Any, dice: random.Random) -> Any:
    """A value that the member mostly accepts."""
    if member.allow_none and dice.random() < 0.3:
        return None
    match member:
        case f.Word() | f.AnyText():
            return "ha-noi"
        case f.Hash():
            return HASH
        case f.Ref():
            return REFS.get(dice.choice(member.types), f"part:{HASH}")
        case f.Hex():
            return "0123456789abcdef" * dice.choice((1, 2))
        case f.Day() | f.Time():
            return dice.choice(DAYS)
        case f.Text():
            return dice.choice(TEXTS)
        case f.Decimal() | f.Exact():
            return dice.choice(("0", "7.5", "-1", "12"))
        case f.Whole():
            return dice.choice((member.least, member.most, member.least - 1))
        case f.Bool():
            return dice.random() < 0.5
        case f.OneOf():
            return dice.choice(member.choices)
        case f.Inner():
            return made_from(member.form, dice)
        case f.ListOf():
            return [held_by(member.member, dice) for _ in range(dice.choice((0, 1, 1, 2)))]
        case f.MapOf():
            return {dice.choice(("i-1", "i-2")): held_by(member.member, dice) for _ in range(2)}
    return dice.choice(BENT)


def made_from(form: f.Form, dice: random.Random) -> dict[str, Any]:
    """An object of the form, a few of its members wrong, absent or undeclared."""
    found = {
        name: dice.choice(BENT) if dice.random() < 0.02 else held_by(member, dice)
        for name, member in form.fields.items()
        if dice.random() > (0.01 if member.required else 0.5)
    }
    return {**found, "colour": "red"} if dice.random() < 0.02 else found


def bent(value: Any, dice: random.Random) -> Any:
    """The same with one place of it, at any depth, replaced or taken out; an id is looked at before any form is."""
    inside = (
        [name for name in value if name != "_id"]
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else ()
    )
    if not inside or dice.random() < 0.2:
        return dice.choice(BENT)
    at = dice.choice(inside)
    if isinstance(value, dict) and dice.random() < 0.1:
        return {name: held for name, held in value.items() if name != at}
    value = copy.copy(value)
    value[at] = bent(value[at], dice)
    return value


def well_formed(dice: random.Random) -> Iterator[dict[str, Any]]:
    yield from (EVIDENCE, cite(EVIDENCE), part("Thư viện xã", "0" * 32), part({"name": "Sở", "lat": None,
                "lon": None, "accuracy_m": None}, "1" * 32))  # fmt: skip
    yield from Odd(dice).documents()


def finds_nothing(form: f.Form, value: Any) -> bool:
    """Marshmallow's own word, in every form inside as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f.Form, "fits", lambda inner, held: isinstance(held, dict) and not inner.validate(held))
        try:
            return bool(form.fits(value))
        except (TypeError, ValidationError):
            return False


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_an_object_made_from_its_form_is_judged_quickly_as_it_is_judged_slowly(kind: str) -> None:
    form, dice = FORMS[kind], random.Random(kind)
    for _ in range(150):
        value = {**made_from(form, dice), "_id": IDS.get(kind, "ha-noi")}
        assert form.fits(value) == finds_nothing(form, value), value


def test_a_well_formed_document_bent_anywhere_is_judged_quickly_as_it_is_judged_slowly() -> None:
    dice, said = random.Random(7), {True: set(), False: set()}
    for _ in range(12):
        for document in well_formed(dice):
            form = FORMS[document["type"]]
            whole = {name: held for name, held in document.items() if name != "_rev"}
            assert form.fits(whole), whole
            for _ in range(6):
                value = bent(whole, dice)
                fits = form.fits(value)
                assert fits == finds_nothing(form, value), value
                said[fits].add(document["type"])
    assert said[False] >= {"evidence", "cited", "part", "submission", "decision", "arrival", "scheme", "groupyear"}
    assert said[True]  # some changes are none
