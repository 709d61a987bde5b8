"""Checkpoints: resume from what both ends remember, and only from that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.checkpoints import HISTORY_MAX, Session, checkpoint, common_ancestry, replication_id


def written(*sessions: tuple[str, Any]) -> dict[str, Any]:
    """A checkpoint after these sessions, oldest first."""
    document: dict[str, Any] | None = None
    for session_id, seq in sessions:
        document = checkpoint(document, Session(session_id, "start", 0), last_seq=seq, end_time="end")
    assert document is not None
    return document


def test_both_ends_of_one_session_resume_where_it_ended() -> None:
    assert common_ancestry(written(("a", 7)), written(("a", 7))) == 7


def test_an_end_that_forgot_starts_over() -> None:
    assert common_ancestry(written(("a", 7)), None) == 0
    assert common_ancestry(None, written(("a", 7))) == 0


def test_an_end_put_back_from_a_copy_resumes_from_the_last_session_both_know() -> None:
    source = written(("a", 3), ("b", 9), ("c", 12))
    target = written(("a", 3), ("b", 9))
    assert common_ancestry(source, target) == 9
    assert common_ancestry(target, source) == 9


def test_strangers_have_nothing_in_common() -> None:
    assert common_ancestry(written(("a", 3)), written(("b", 9))) == 0


def test_a_session_that_broke_between_the_two_ends_resumes_from_the_lower() -> None:
    # The target is written first.
    assert common_ancestry(written(("a", 5)), written(("a", 8))) == 5


def test_opaque_sequences_are_handed_back_as_they_were() -> None:
    seq = "23-g1AAAACTeJzLYWBg"
    assert common_ancestry(written(("a", seq)), written(("a", seq))) == seq


def test_the_history_of_pouchdb_is_understood() -> None:
    pouch = {
        "session_id": "x",
        "last_seq": 41,
        "replicator": "pouchdb",
        "history": [{"session_id": "x", "last_seq": 41}],
    }
    assert common_ancestry(pouch, pouch) == 41
    assert common_ancestry({**pouch, "session_id": "y"}, pouch) == 41


@pytest.mark.parametrize(
    "garbage",
    [{}, {"history": None}, {"history": [3, None]}, {"session_id": None}, {"session_id": "a", "source_last_seq": [1]},
     {"session_id": "a", "source_last_seq": True, "history": [{"session_id": "a", "recorded_seq": {}}]}],
)  # fmt: skip
def test_a_spoilt_checkpoint_only_costs_time(garbage: dict[str, Any]) -> None:
    assert common_ancestry(garbage, garbage) == 0
    assert common_ancestry(garbage, written(("a", 3))) == 0


def test_a_checkpoint_holds_what_the_protocol_pages_name() -> None:
    session = Session(
        "s", "Mon", 2, docs_read=3, docs_written=2, doc_write_failures=1, missing_checked=5, missing_found=3
    )
    document = checkpoint({"_rev": "0-4", "history": []}, session, last_seq=9, end_time="Tue")
    assert document == {
        "_rev": "0-4",
        "replication_id_version": 3,
        "session_id": "s",
        "source_last_seq": 9,
        "history": [
            {
                "session_id": "s",
                "start_time": "Mon",
                "end_time": "Tue",
                "start_last_seq": 2,
                "end_last_seq": 9,
                "recorded_seq": 9,
                "missing_checked": 5,
                "missing_found": 3,
                "docs_read": 3,
                "docs_written": 2,
                "doc_write_failures": 1,
            }
        ],
    }


@pytest.mark.parametrize(
    "before", [{}, {"docs_read": None, "docs_written": "2"}, {"docs_read": -1}, {"docs_read": True}]
)
def test_counts_go_on_from_those_of_the_session_before(before: dict[str, Any]) -> None:
    document = checkpoint({"history": [before]}, Session("a", "Mon", 0, docs_read=3), last_seq=3, end_time="Tue")
    for _ in range(2):  # a session that writes its checkpoint twice counts once
        document = checkpoint(document, Session("b", "Wed", 3, docs_read=2, docs_written=2), last_seq=5, end_time="Thu")
    told = [(entry["docs_read"], entry["docs_written"]) for entry in document["history"][:2]]
    assert told == [(5, 2), (3, 0)]


@given(st.lists(st.sampled_from("abcdef"), max_size=200))
def test_a_history_names_each_session_once_and_stays_short(names: list[str]) -> None:
    document = written(("first", 0), *((name, n) for n, name in enumerate(names)), *((f"s{n}", n) for n in range(60)))
    told = [entry["session_id"] for entry in document["history"]]
    assert len(told) == len(set(told)) == HISTORY_MAX


def test_the_id_is_of_both_ends_their_direction_and_the_documents_asked_for() -> None:
    ids = {
        replication_id("a", "b"),
        replication_id("b", "a"),
        replication_id("a", "c"),
        replication_id("a", "b", doc_ids=[]),
        replication_id("a", "b", doc_ids=["x"]),
    }
    assert len(ids) == 5
    assert replication_id("a", "b", doc_ids=["y", "x", "x"]) == replication_id("a", "b", doc_ids=["x", "y"])
