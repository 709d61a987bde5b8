"""Canonical JSON: one spelling for one value."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import canonical
from sync.canonical import INTEGER_MAX, INTEGER_MIN, canonical_json, parse_json
from sync.errors import BadRequest

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(INTEGER_MIN, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_what_is_spelled_reads_back_as_it_was(value: object) -> None:
    assert parse_json(canonical_json(value)) == value
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9)))
def test_the_order_of_members_does_not_matter(members: dict[str, int]) -> None:
    assert canonical_json(members) == canonical_json(dict(reversed(members.items())))


def test_members_are_sorted_without_spaces_and_text_stays_utf8() -> None:
    assert canonical_json({"b": [1, "Nghệ An"], "a": {"d": None, "c": True}}) == (
        '{"a":{"c":true,"d":null},"b":[1,"Nghệ An"]}'.encode()
    )


@pytest.mark.parametrize("number", [INTEGER_MIN, INTEGER_MAX, 0, -1])
def test_integers_of_64_bits_are_kept(number: int) -> None:
    assert parse_json(canonical_json({"n": number})) == {"n": number}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "NaN"),
        ([float("inf")], "NaN"),
        ({"n": INTEGER_MAX + 1}, "64 bits"),
        ({"n": [INTEGER_MIN - 1]}, "64 bits"),
        ({"n": 10**5000}, "64 bits"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({"n": object()}, "Not JSON"),
    ],
)
def test_what_libraries_read_differently_is_refused(value: object, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        canonical_json(value)


@given(json_values)
def test_the_spelling_is_the_same_with_and_without_orjson(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick = canonical_json(value)
        patch.setattr(canonical, "orjson", None)
        assert canonical_json(value) == quick


@pytest.mark.parametrize(
    "value",
    [1e16, 1e-5, -0.0, 5e-324, 1.7976931348623157e308, (1, 2), {1: "a"}, uuid.UUID(int=1), dt.datetime.min,
     {"n": [float("nan")]}, float("-inf"), 2**63, 2**64 - 1, "\ud800", {"\udfff": 1}, Path(), b"bytes",
     '\x00\x1f\x7f\u2028"\\/', {"ﬀ": 1, "\U0001f600": 2, "é": 3}],
)  # fmt: skip
def test_what_the_two_libraries_see_differently_is_spelled_or_refused_alike(value: object) -> None:
    def spelled() -> object:
        try:
            return canonical_json(value)
        except BadRequest as refusal:
            return refusal.reason

    with pytest.MonkeyPatch.context() as patch:
        quick = spelled()
        patch.setattr(canonical, "orjson", None)
        assert spelled() == quick


def test_a_value_that_holds_itself_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["a"] = [circle]
    with pytest.raises(BadRequest, match="deeply"):
        canonical_json(circle)


def test_json_nested_beyond_reason_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadRequest, match="deeply"):
        canonical_json(deep)


def test_long_digits_in_text_are_no_integers() -> None:
    assert canonical_json({"sha": "1" * 64}) == b'{"sha":"' + b"1" * 64 + b'"}'
