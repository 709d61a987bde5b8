"""Replicated writes and reads: histories grafted as they are, conflicts kept, winners the same everywhere."""

from __future__ import annotations

import pytest

from sync.database import Database
from sync.errors import BadRequest, NotFound
from tests.support.histories import graft, leaves, revision


def test_a_replicated_revision_keeps_its_name_and_history(database: Database) -> None:
    graft(database, revision("a", "3-c", "2-b", "1-a", n=3))
    assert database.get("a", revs=True) == {
        "_id": "a",
        "_rev": "3-c",
        "_revisions": {"start": 3, "ids": ["c", "b", "a"]},
        "n": 3,
    }


def test_writing_a_revision_again_changes_nothing(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", n=2))
    before = database.info()["update_seq"]
    graft(database, revision("a", "2-b", "1-a", n=2))
    assert leaves(database, "a") == ["2-b"]
    assert database.get("a")["n"] == 2
    assert database.info()["update_seq"] == before


def test_an_ancestor_that_comes_after_its_leaf_is_no_change(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", n=2))
    before = database.info()["update_seq"]
    graft(database, revision("a", "1-a", n=1))
    assert leaves(database, "a") == ["2-b"]
    assert database.get("a")["n"] == 2
    assert database.info()["update_seq"] == before


def test_two_branches_are_both_kept_and_the_greater_hash_wins(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", n="b"), revision("a", "2-c", "1-a", n="c"))
    assert leaves(database, "a") == ["2-c", "2-b"]
    assert database.get("a", conflicts=True) == {"_id": "a", "_rev": "2-c", "n": "c", "_conflicts": ["2-b"]}
    assert database.get("a", rev="2-b", conflicts=True) == {"_id": "a", "_rev": "2-b", "n": "b"}


def test_the_longer_branch_wins_and_the_undeleted_one_before_it(database: Database) -> None:
    graft(database, revision("a", "2-z", "1-a"), revision("a", "3-b", "2-b", "1-a"))
    assert database.get("a")["_rev"] == "3-b"
    graft(database, revision("a", "4-c", "3-b", deleted=True))
    assert database.get("a")["_rev"] == "2-z"
    assert leaves(database, "a") == ["2-z", "4-c"]
    assert "_conflicts" not in database.get("a", conflicts=True)


def test_a_conflict_is_resolved_by_deleting_the_losers(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a"), revision("a", "2-c", "1-a"))
    database.put({"_id": "a", "_rev": "2-b", "_deleted": True})
    assert "_conflicts" not in database.get("a", conflicts=True)
    assert database.get("a")["_rev"] == "2-c"
    assert len(leaves(database, "a")) == 2


def test_a_document_with_only_deleted_leaves_is_deleted(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", deleted=True), revision("a", "2-c", "1-a", deleted=True))
    with pytest.raises(NotFound, match="deleted"):
        database.get("a")
    (row,) = database.changes(style="all_docs").results
    assert row["deleted"] is True
    assert [change["rev"] for change in row["changes"]] == ["2-c", "2-b"]


def test_two_roots_are_two_branches(database: Database) -> None:
    graft(database, revision("a", "1-x"), revision("a", "1-y"), revision("a", "5-y"))
    assert leaves(database, "a") == ["5-y", "1-y", "1-x"]


def test_a_path_that_reaches_deeper_extends_a_stemmed_root(database: Database) -> None:
    graft(database, revision("a", "5-e", "4-d"), revision("a", "6-f", "5-e", "4-d", "3-c", "2-b", "1-a"))
    assert leaves(database, "a") == ["6-f"]
    assert database.get("a", revs=True)["_revisions"] == {"start": 6, "ids": ["f", "e", "d", "c", "b", "a"]}
    assert database.revs_diff({"a": ["1-a", "3-c"]}) == {}


def test_a_path_can_join_two_roots(database: Database) -> None:
    graft(database, revision("a", "4-d", "3-c"), revision("a", "6-f", "5-e"))
    graft(database, revision("a", "6-f", "5-e", "4-d", "3-c", "2-b"))
    assert leaves(database, "a") == ["6-f"]


def test_a_leaf_told_again_keeps_the_body_it_had(database: Database) -> None:
    graft(database, revision("a", "4-d", n="d"), revision("a", "6-f", "5-e", n="f"))
    graft(database, revision("a", "6-f", "5-e", "4-d", "3-c", n="forged"))
    assert leaves(database, "a") == ["6-f"]
    assert database.get("a")["n"] == "f"


def test_a_replicated_revision_without_history_stands_alone(database: Database) -> None:
    graft(database, {"_id": "a", "_rev": "7-g", "n": 7})
    assert database.get("a", revs=True)["_revisions"] == {"start": 7, "ids": ["g"]}


def test_the_difference_names_what_is_missing_and_what_may_be_built_on(database: Database) -> None:
    graft(database, revision("a", "3-c", "2-b", "1-a"), revision("b", "1-a"))
    assert database.revs_diff({"a": ["1-a", "2-b", "3-c"], "b": ["1-a"]}) == {}
    answer = database.revs_diff({"a": ["2-b", "4-d", "3-x"], "b": ["1-x"], "new": ["2-n"]})
    assert set(answer) == {"a", "b", "new"}
    assert sorted(answer["a"]["missing"]) == ["3-x", "4-d"]
    assert answer["a"]["possible_ancestors"] == ["3-c"]
    assert answer["b"] == {"missing": ["1-x"]}
    assert answer["new"] == {"missing": ["2-n"]}


def test_asking_for_the_difference_of_nothing_is_answered_with_nothing(database: Database) -> None:
    assert database.revs_diff({}) == {}
    assert database.bulk_get([]) == []
    assert database.bulk_docs([]) == []
    assert database.bulk_docs([], new_edits=False) == []


def test_bulk_get_answers_in_order_and_count(database: Database) -> None:
    graft(database, revision("a", "1-a", n=1), revision("b", "2-b", "1-a", n=2))
    asked = [
        {"id": "b", "rev": "2-b"},
        {"id": "gone", "rev": "1-x"},
        {"id": "a", "rev": "1-a"},
        {"id": "b", "rev": "9-z"},
    ]
    answers = database.bulk_get([*asked, {"id": "b", "rev": "2-b"}])
    assert [answer["id"] for answer in answers] == ["b", "gone", "a", "b", "b"]
    assert all(len(answer["docs"]) == 1 and len(answer["docs"][0]) == 1 for answer in answers)
    assert answers[0]["docs"][0]["ok"] == {"_id": "b", "_rev": "2-b", "n": 2}
    assert answers[2]["docs"][0]["ok"]["n"] == 1
    for index, (doc_id, rev) in {1: ("gone", "1-x"), 3: ("b", "9-z")}.items():
        error = answers[index]["docs"][0]["error"]
        assert (error["id"], error["rev"]) == (doc_id, rev)
        assert (error["error"], error["reason"]) == ("not_found", "missing")


def test_bulk_get_without_a_revision_answers_every_leaf(database: Database) -> None:
    graft(
        database,
        revision("a", "2-b", "1-a"),
        revision("a", "2-c", "1-a", n=3),
        revision("a", "3-d", "2-d", "1-a", deleted=True),
    )
    found, absent = database.bulk_get([{"id": "a"}, {"id": "absent"}], revs=True)
    documents = {entry["ok"]["_rev"]: entry["ok"] for entry in found["docs"]}
    assert set(documents) == {"2-b", "2-c", "3-d"}
    assert documents["2-c"]["_revisions"] == {"start": 2, "ids": ["c", "a"]}
    assert documents["3-d"]["_deleted"] is True
    assert absent["docs"][0]["error"]["reason"] == "missing"


def test_bulk_get_brings_tombstones(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", deleted=True, why="x"))
    (answer,) = database.bulk_get([{"id": "a", "rev": "2-b"}])
    assert answer["docs"] == [{"ok": {"_id": "a", "_rev": "2-b", "_deleted": True, "why": "x"}}]


def test_the_latest_of_a_revision_are_the_leaves_it_led_to(database: Database) -> None:
    graft(
        database,
        revision("a", "3-d", "2-b", "1-a"),
        revision("a", "3-c", "2-b", "1-a"),
        revision("a", "2-x", "1-a"),
    )
    (answer,) = database.bulk_get([{"id": "a", "rev": "2-b"}], latest=True)
    assert sorted(entry["ok"]["_rev"] for entry in answer["docs"]) == ["3-c", "3-d"]
    (answer,) = database.bulk_get([{"id": "a", "rev": "2-x"}], latest=True)
    assert [entry["ok"]["_rev"] for entry in answer["docs"]] == ["2-x"]
    (answer,) = database.bulk_get([{"id": "a", "rev": "2-unknown"}], latest=True)
    assert answer["docs"][0]["error"]["reason"] == "missing"


def test_ordinary_edits_go_on_from_a_replicated_leaf(database: Database) -> None:
    graft(database, revision("a", "3-c", "2-b"), revision("a", "3-b", "2-b"))
    rev = database.put({"_id": "a", "_rev": "3-b", "n": 4})
    assert rev.startswith("4-")
    assert database.get("a")["_rev"] == rev
    assert leaves(database, "a") == [rev, "3-c"]
    assert database.get("a", revs=True)["_revisions"]["ids"][1:] == ["b", "b"]


def test_many_branches_keep_their_bodies(database: Database) -> None:
    graft(database, *(revision("a", f"2-{i:02}", "1-a", n=i) for i in range(20)))
    assert leaves(database, "a") == [f"2-{i:02}" for i in reversed(range(20))]
    answers = database.bulk_get([{"id": "a", "rev": f"2-{i:02}"} for i in range(20)])
    assert [answer["docs"][0]["ok"]["n"] for answer in answers] == list(range(20))


def test_a_malformed_revision_makes_the_question_wrong(database: Database) -> None:
    with pytest.raises(BadRequest):
        database.revs_diff({"a": ["nonsense"]})
