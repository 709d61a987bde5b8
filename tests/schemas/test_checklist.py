from __future__ import annotations

import pytest

from schemas.base import InvalidDocument, check
from schemas.checklist import (
    answer,
    check_answer,
    missing,
    new_draft,
    problems,
    set_answer,
    submission_from,
)
from schemas.merge import merge_drafts
from schemas.scheme import Scheme, shipped
from tests.schemas.support import FUNCTIONS, STAMP

SCHEME = Scheme.from_document(shipped("cum-1000"))
ULID = "01j9gq8k4w8z2b4m6n8p0r2t4v"
EVIDENCE = f"evidence:ha-noi:{ULID}"
CITED = "cited:" + "b" * 64
NOTE = "c" * 64
DRAFT = new_draft(group="cum-1", year=2024, unit="ha-noi", stage="self", scheme="scheme:cum-1000:1")


def given(**members) -> dict:
    return answer(by="lan", at=STAMP, **members)


def codes(draft, **more) -> list[tuple[str | None, str]]:
    return [(it.criterion, it.code) for it in problems(draft, SCHEME, functions=FUNCTIONS, **more)]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"points": "60"}, None),
        ({"points": "0"}, None),
        ({"points": "0.5"}, None),
        ({"points": "60.5"}, "points-out-of-range"),
        ({"points": "7.25"}, "points-not-in-step"),
        ({"passed": True}, "answer-of-other-kind"),
        ({"count": "3"}, "answer-of-other-kind"),
        ({"na": True}, None),
        ({}, None),
    ],
)
def test_points_are_within_the_criterion_and_in_its_step(members, code) -> None:
    assert [it.code for it in check_answer(SCHEME, "i-1", given(**members))] == ([code] if code else [])


def test_a_criterion_the_scheme_lacks_is_named() -> None:
    (problem,) = check_answer(SCHEME, "x-9", given(points="1"))
    assert (problem.code, problem.criterion) == ("criterion-unknown", "x-9")


def test_submit_waits_for_evidence_reasons_and_choices_each_with_its_criterion() -> None:
    draft = set_answer(DRAFT, "i-1", given(points="60"), "may-1")
    draft = set_answer(draft, "i-2", given(na=True), "may-1")
    one = set_answer(draft, "i-3", given(points="1", evidence=[EVIDENCE]), "may-1")
    two = set_answer(draft, "i-3", given(points="2", evidence=[EVIDENCE]), "may-2")
    assert codes(merge_drafts([one, two])) == [
        ("i-1", "evidence-missing"),
        ("i-2", "na-needs-note"),
        ("i-3", "answer-disputed"),
    ]


def test_an_answer_outside_the_units_functions_asks_for_nothing() -> None:
    draft = set_answer(DRAFT, "i-7", given(points="60"), "may-1")
    draft = set_answer(draft, "iii-5", given(points="30"), "may-1")
    assert problems(draft, SCHEME, functions=["culture"]) == []
    assert "i-7" not in missing(draft, SCHEME, ["culture"])


def test_an_empty_checklist_cannot_be_submitted_and_a_partial_one_can() -> None:
    assert codes(DRAFT) == [(None, "nothing-answered")]
    cleared = set_answer(set_answer(DRAFT, "iii-5", given(points="1"), "may-1"), "iii-5", {}, "may-1")
    assert codes(cleared) == [(None, "nothing-answered")]
    assert codes(set_answer(DRAFT, "iii-5", given(points="1"), "may-1")) == []


def test_a_large_difference_from_the_self_score_needs_a_comment() -> None:
    own = {"iii-5": given(points="30")}
    exact, more = (set_answer(DRAFT, "iii-5", given(points=points), "may-1") for points in ("27", "26.5"))
    assert codes(exact, self_answers=own) == []
    assert codes(more, self_answers=own) == [("iii-5", "difference-needs-note")]
    noted = set_answer(DRAFT, "iii-5", given(points="26.5", note=NOTE), "may-1")
    assert codes(noted, self_answers=own) == []


def submit(draft, **more):
    more.setdefault("cited", {EVIDENCE: CITED})
    return submission_from(draft, SCHEME, ulid=ULID, by="lan", made=STAMP, functions=FUNCTIONS, **more)


def test_a_submission_names_cited_copies_and_leaves_notes_without_a_value_in_the_draft() -> None:
    draft = set_answer(DRAFT, "i-1", given(points="60", evidence=[EVIDENCE]), "may-1")
    draft = set_answer(draft, "i-2", given(note=NOTE), "may-1")
    check(draft)
    made = submit(draft)
    check(made)
    assert made["_id"] == f"submission:cum-1:ha-noi:self:{ULID}"
    assert {name: it.get("evidence") for name, it in made["answers"].items()} == {"i-1": [CITED]}
    assert draft["answers"]["i-1"][0]["answer"]["evidence"] == [EVIDENCE]


def test_a_submission_with_evidence_not_at_hand_is_refused() -> None:
    draft = set_answer(DRAFT, "i-1", given(points="60", evidence=[EVIDENCE]), "may-1")
    with pytest.raises(InvalidDocument) as refused:
        submit(draft, cited={})
    assert [it.code for it in refused.value.problems] == ["evidence-unknown"]
