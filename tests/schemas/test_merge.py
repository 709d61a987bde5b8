from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import canonical_bytes, check
from schemas.checklist import answer, answer_of, choose, disputed, entries_of, new_draft, set_answer
from schemas.merge import dominates, merge_drafts
from tests.schemas.support import STAMP

DRAFT = new_draft(group="cum-1", year=2024, unit="ha-noi", stage="self", scheme="scheme:cum-1000:1")


def points(value: str) -> dict:
    return answer(by="lan", at=STAMP, points=value)


def test_answers_to_different_criteria_merge_without_a_dispute() -> None:
    one = set_answer(DRAFT, "i-1", points("5"), "may-1")
    two = set_answer(DRAFT, "i-2", points("6"), "may-2")
    merged = merge_drafts([one, two])
    assert not disputed(merged)
    assert (answer_of(merged, "i-1")["points"], answer_of(merged, "i-2")["points"]) == ("5", "6")
    check(merged)


def test_concurrent_answers_stay_disputed_until_a_person_chooses() -> None:
    one = set_answer(DRAFT, "i-1", points("5"), "may-1")
    two = set_answer(DRAFT, "i-1", points("6"), "may-2")
    merged = merge_drafts([one, two])
    assert disputed(merged) == ["i-1"]
    assert answer_of(merged, "i-1") is None
    settled = choose(merged, "i-1", 1, "may-2")
    assert entries_of(settled, "i-1")[0]["vector"] == {"may-1": 1, "may-2": 2}
    assert not disputed(merge_drafts([settled, one, two]))
    check(merged)


def test_a_later_answer_of_one_line_replaces_the_earlier() -> None:
    one = set_answer(DRAFT, "i-1", points("5"), "may-1")
    two = set_answer(one, "i-1", {}, "may-2")
    merged = merge_drafts([two, one])
    assert answer_of(merged, "i-1") is None
    assert not disputed(merged)


def test_drafts_of_different_checklists_do_not_merge() -> None:
    other = new_draft(group="cum-1", year=2024, unit="bac-ninh", stage="self", scheme="scheme:cum-1000:1")
    with pytest.raises(ValueError, match="one checklist"):
        merge_drafts([DRAFT, other])


@st.composite
def histories(draw) -> list[dict]:
    """Drafts as three devices leave them that answer, and sometimes merge what they have of each other."""
    held = dict.fromkeys(("may-1", "may-2", "may-3"), DRAFT)
    for _ in range(draw(st.integers(0, 10))):
        device = draw(st.sampled_from(sorted(held)))
        if draw(st.booleans()):
            held[device] = merge_drafts([held[device], held[draw(st.sampled_from(sorted(held)))]])
        else:
            given_points = points(str(draw(st.integers(0, 3))))
            held[device] = set_answer(held[device], draw(st.sampled_from(["i-1", "i-2"])), given_points, device)
    return list(held.values())


@settings(max_examples=150, deadline=None)
@given(histories())
def test_merging_is_commutative_associative_and_idempotent(leaves) -> None:
    one, two, three = leaves
    whole = canonical_bytes(merge_drafts(leaves))
    assert canonical_bytes(merge_drafts([three, one, two])) == whole
    assert canonical_bytes(merge_drafts([merge_drafts([one, two]), three])) == whole
    assert canonical_bytes(merge_drafts([one, merge_drafts([two, three])])) == whole
    assert canonical_bytes(merge_drafts([merge_drafts(leaves), merge_drafts(leaves), two])) == whole


@settings(max_examples=100, deadline=None)
@given(histories())
def test_no_answer_is_lost_that_no_one_replaced(leaves) -> None:
    merged = merge_drafts(leaves)
    for leaf in leaves:
        for criterion, entries in leaf["answers"].items():
            for entry in entries:
                kept = merged["answers"][criterion]
                assert entry in kept or any(dominates(other["vector"], entry["vector"]) for other in kept)
