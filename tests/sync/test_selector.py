"""Mango selectors: each operator as CouchDB answers it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import BadRequest, NotImplementedHere
from sync.selector import SELECTOR_TERMS_MAX, collate, matcher

DOCUMENT = {
    "_id": "a", "n": 5, "t": "xã", "l": [1, 82, "x"], "o": {"in": {"ner": None}, "k": 1}, "b": False, "a.b": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        ({"n": 5}, True),
        ({"n": 5.0}, True),
        ({"n": 6}, False),
        ({"n": {"$gt": 4, "$lt": 6}}, True),
        ({"n": {"$gt": 5}}, False),
        ({"n": {"$gte": 5, "$lte": 5}}, True),
        ({"n": {"$ne": 5}}, False),
        ({"t": {"$gt": 1e300}}, True),
        ({"b": {"$lt": 0}}, True),
        ({"b": 0}, False),
        ({"o.in.ner": None}, True),
        ({"o": {"in": {"ner": None}}}, True),
        ({"o": {"$eq": {"in": {"ner": None}}}}, False),
        ({"a\\.b": 1}, True),
        ({"a.b": 1}, False),
        ({"l.1": 82}, True),
        ({"l.9": {"$exists": False}}, False),
        ({"gone": {"$exists": False}}, True),
        ({"gone": {"$exists": True}}, False),
        ({"gone": {"$not": {"$exists": True}}}, True),
        ({"gone": {"$ne": 1}}, False),
        ({"$not": {"gone": 1}}, False),
        ({"$not": {"n": 1}}, True),
        ({"$nor": [{"n": 1}, {"n": 2}]}, True),
        ({"$nor": [{"n": 5}, {"n": 2}]}, False),
        ({"$or": [{"n": 1}, {"n": 5}]}, True),
        ({"$and": [{"n": 5}, {"t": "x"}]}, False),
        ({"$not": {"$and": [{"n": 5}, {"t": "x"}]}}, True),
        ({"$or": []}, True),
        ({"n": {"$in": [1, 5]}}, True),
        ({"n": {"$in": []}}, False),
        ({"l": {"$in": [82]}}, True),
        ({"n": {"$nin": [1]}}, True),
        ({"l": {"$nin": [82]}}, False),
        ({"l": {"$all": [1, "x"]}}, True),
        ({"l": {"$all": []}}, False),
        ({"l": {"$size": 3}}, True),
        ({"l": {"$elemMatch": {"$gte": 80, "$lt": 85}}}, True),
        ({"l": {"$allMatch": {"$type": "number"}}}, False),
        ({"o": {"$keyMapMatch": {"$eq": "k"}}}, True),
        ({"n": {"$type": "number"}, "b": {"$type": "boolean"}, "l": {"$type": "array"}}, True),
        ({"n": {"$mod": [3, 2]}}, True),
        ({"t": {"$beginsWith": "x"}}, True),
        ({"n": {"$beginsWith": "x"}}, False),
        ({"l": {"$not": {"$size": 3}}}, False),
    ],
)
def test_a_selector_answers_as_couchdb_does(selector: dict[str, Any], matches: bool) -> None:
    assert matcher(selector)(DOCUMENT) is matches


@pytest.mark.parametrize(
    "selector",
    [
        None, [], "x", {"n": {"$foo": 1}}, {"$or": 1}, {"n": {"$in": 1}}, {"n": {"$mod": [0, 1]}},
        {"n": {"$size": -1}}, {"$not": 1}, {"n": {"$exists": 1}}, {"a..b": 1}, {"n": {"$elemMatch": 1}},
        {"$or": [{"n": n} for n in range(SELECTOR_TERMS_MAX)]},
    ],
)  # fmt: skip
def test_what_is_no_selector_is_refused(selector: Any) -> None:
    with pytest.raises(BadRequest):
        matcher(selector)


def test_patterns_are_left_out_because_one_could_hold_the_server() -> None:
    with pytest.raises(NotImplementedHere):
        matcher({"t": {"$regex": "(x+)+$"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, JSON)
def test_the_order_of_values_is_an_order(one: Any, two: Any, three: Any) -> None:
    assert collate(one, two) == -collate(two, one)
    if collate(one, two) <= 0 and collate(two, three) <= 0:
        assert collate(one, three) <= 0


@given(value=JSON, document=JSON, operator=st.sampled_from(["$eq", "$lt", "$in", "$all", "$size", "$not", "$mod", "f"]))
def test_any_selector_is_answered_or_refused(value: Any, document: Any, operator: str) -> None:
    try:
        answer = matcher({"f": {operator: value}})({"f": document})
    except (BadRequest, NotImplementedHere):
        return
    assert answer in (True, False)
