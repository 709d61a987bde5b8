from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids

ULID = "01j9gq8k4w8z2b4m6n8p0r2t4v"
HASH = "0123456789abcdef" * 4

EVERY = [
    ids.unit_id("ha-noi"),
    ids.draft_id("cum-1", "ha-noi", "self"),
    ids.draft_id("cum-1", "ha-noi", "cross", "v1"),
    ids.submission_id("cum-1", "ha-noi", "self", None, ULID),
    ids.submission_id("cum-1", "ha-noi", "cross", "v1", ULID),
    ids.evidence_id("ha-noi", ULID),
    ids.cited_id(HASH),
    ids.part_id(HASH),
    ids.decision_id(12, HASH),
    ids.arrival_id(ids.submission_id("cum-1", "ha-noi", "cross", "v1", ULID), "may-chu"),
    ids.reply_id("ha-noi", "i-1", ULID),
    ids.scheme_id("cum-1000", 2),
    ids.groupyear_id("cum-1", 2024),
    ids.pact_id("cum-1", 2024),
]


@pytest.mark.parametrize("document_id", EVERY)
def test_what_is_built_can_be_taken_apart(document_id) -> None:
    parsed = ids.parse(document_id)
    assert ":".join([parsed.type, *parsed.fields.values()]) == document_id


@pytest.mark.parametrize(
    "document_id",
    [
        "",
        "unit",
        "unit:",
        "unit:Hà-Nội",
        "unit:a:b",
        "draft:cum-1:ha-noi:cross",
        "draft:cum-1:ha-noi:self:v1",
        "draft:cum-1:ha-noi:cluster",
        f"submission:cum-1:ha-noi:self:{ULID.upper()}",
        f"submission:cum-1:ha-noi:cross:{ULID}",
        f"cited:{HASH[1:]}",
        f"decision:0:{HASH[:16]}",
        f"decision:01:{HASH[:16]}",
        "unit:" + "a" * 65,
        "unit:a\n",
        f"arrival:evidence:ha-noi:{ULID}:s",
    ],
)
def test_anything_else_is_no_id(document_id) -> None:
    with pytest.raises(ids.NotAnId):
        ids.parse(document_id)


def test_a_wrong_word_stops_where_the_id_is_built() -> None:
    with pytest.raises(ids.NotAnId):
        ids.unit_id("Ha Noi")


@given(st.text(max_size=80))
def test_any_text_is_an_id_or_refused(text) -> None:
    with contextlib.suppress(ids.NotAnId):
        assert ids.parse(text).type in ids.TYPES


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1), st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_ulids_sort_by_time_and_fit_an_id(one_ms, one_random, other_ms, other_random) -> None:
    one, other = ids.ulid(one_ms, one_random), ids.ulid(other_ms, other_random)
    ids.evidence_id("ha-noi", one)
    assert len(one) == 26
    assert (one < other) == ((one_ms, one_random) < (other_ms, other_random))


@given(st.datetimes(datetime(1, 1, 2), datetime(2200, 1, 1)), st.binary(min_size=10, max_size=10))
def test_any_clock_makes_a_ulid_of_its_moment(at, drawn) -> None:
    made = ids.new_ulid(at.replace(tzinfo=UTC), lambda count: drawn[:count])
    since_1970_ms = (at - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    ids.evidence_id("ha-noi", made)
    assert made >= ids.ulid(max(0, since_1970_ms - 1), 0)  # the float between may lose the last millisecond
    assert made <= ids.ulid(max(0, since_1970_ms + 1), 2**80 - 1)
    assert made[10:] == ids.ulid(0, int.from_bytes(drawn))[10:]


@pytest.mark.parametrize(
    ("name", "kind", "subject"),
    [
        (ids.group_database("cum-1", 2024), "group", "cum-1"),
        (ids.media_database("cum-1", 2024), "media", "cum-1"),
        (ids.unit_database("ha-noi", 2024), "unit", "ha-noi"),
        (ids.visit_database("v-2024"), "visit", "v-2024"),
        ("registry", "registry", None),
    ],
)
def test_a_databases_name_says_what_it_holds(name, kind, subject) -> None:
    parsed = ids.parse_database(name)
    assert parsed.kind == kind
    assert subject in (parsed.group, parsed.unit, parsed.visit) or subject is None


@pytest.mark.parametrize(
    "name", ["", "_users", "g-cum-1", "g--2024", "x-cum-1-2024", "v-", "u-ha-noi-1999", "g-A-2024"]
)
def test_other_databases_are_none_of_ours(name) -> None:
    with pytest.raises(ids.NotAnId):
        ids.parse_database(name)


def test_submissions_and_drafts_of_one_checklist_share_its_subject() -> None:
    assert {ids.checklist_of(it) for it in EVERY[1:5]} == {
        "checklist:cum-1:ha-noi:self",
        "checklist:cum-1:ha-noi:cross:v1",
    }
