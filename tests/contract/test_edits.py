"""Ordinary writes: one author at a time, conflicts refused."""

from __future__ import annotations

import pytest

from sync.database import Database
from sync.errors import BadRequest, Conflict, NotFound


def test_a_document_is_read_as_it_was_written(database: Database) -> None:
    body = {"title": "Cụm thi đua", "points": "132.5", "nested": {"list": [1, None, True, "…"]}, "empty": {}}
    rev = database.put({"_id": "a", **body})
    assert database.get("a") == {"_id": "a", "_rev": rev, **body}
    assert rev.startswith("1-")


def test_an_edit_needs_the_current_revision(database: Database) -> None:
    first = database.put({"_id": "a", "n": 1})
    with pytest.raises(Conflict, match="Document update conflict"):
        database.put({"_id": "a", "n": 2})
    second = database.put({"_id": "a", "_rev": first, "n": 2})
    with pytest.raises(Conflict):
        database.put({"_id": "a", "_rev": first, "n": 3})
    assert database.get("a") == {"_id": "a", "_rev": second, "n": 2}
    assert second.startswith("2-")


def test_a_revision_of_a_document_that_is_not_there_is_a_conflict(database: Database) -> None:
    with pytest.raises(Conflict):
        database.put({"_id": "a", "_rev": "1-0123456789abcdef0123456789abcdef"})


def test_what_is_not_there_is_missing_and_what_was_deleted_is_deleted(database: Database) -> None:
    with pytest.raises(NotFound) as missing:
        database.get("a")
    assert missing.value.reason == "missing"
    first = database.put({"_id": "a"})
    second = database.put({"_id": "a", "_rev": first, "_deleted": True})
    with pytest.raises(NotFound) as deleted:
        database.get("a")
    assert deleted.value.reason == "deleted"
    assert database.get("a", rev=second) == {"_id": "a", "_rev": second, "_deleted": True}
    with pytest.raises(NotFound) as unknown:
        database.get("a", rev="9-0123456789abcdef0123456789abcdef")
    assert unknown.value.reason == "missing"


def test_a_tombstone_keeps_its_body(database: Database) -> None:
    first = database.put({"_id": "a", "n": 1})
    second = database.put({"_id": "a", "_rev": first, "_deleted": True, "why": "withheld"})
    assert database.get("a", rev=second) == {"_id": "a", "_rev": second, "_deleted": True, "why": "withheld"}


def test_a_deleted_document_returns_on_top_of_its_tombstone(database: Database) -> None:
    first = database.put({"_id": "a", "n": 1})
    database.put({"_id": "a", "_rev": first, "_deleted": True})
    third = database.put({"_id": "a", "n": 3})
    assert third.startswith("3-")
    assert database.get("a", revs=True)["_revisions"]["start"] == 3
    with pytest.raises(Conflict):
        database.put({"_id": "a", "n": 4})


def test_what_is_deleted_can_only_return(database: Database) -> None:
    first = database.put({"_id": "a"})
    tombstone = database.put({"_id": "a", "_rev": first, "_deleted": True})
    for attempt in ({"_deleted": True}, {"_rev": tombstone}, {"_rev": tombstone, "_deleted": True}, {"_rev": first}):
        (answer,) = database.bulk_docs([{"_id": "a", **attempt}])
        assert answer["error"] == "conflict"


def test_a_batch_answers_each_document_in_order(database: Database) -> None:
    rev = database.put({"_id": "b"})
    answers = database.bulk_docs(
        [{"_id": "a", "n": 1}, {"_id": "b", "n": 2}, {"_id": "b", "_rev": rev, "n": 3}, {"n": 4}]
    )
    assert [answer.get("ok", False) for answer in answers] == [True, False, True, True]
    assert answers[1] == {"id": "b", "error": "conflict", "reason": "Document update conflict."}
    assert answers[2]["rev"].startswith("2-")
    given = answers[3]["id"]
    assert given
    assert database.get(given)["n"] == 4


def test_one_refused_document_does_not_stop_its_neighbours(database: Database) -> None:
    database.put({"_id": "taken"})
    answers = database.bulk_docs([{"_id": "before"}, {"_id": "taken"}, {"_id": "after"}])
    assert ["error" in answer for answer in answers] == [False, True, False]
    assert database.get("before")
    assert database.get("after")


@pytest.mark.parametrize(
    "doc_id",
    ["Nghệ An", "a/b", "a%2Fb", "a+b c?d&e=f#g", "đ" * 60, "😀", "a:b:c", "_design/x", "ẫ̃", '"', "\\", "a\tb"],
)
def test_an_id_may_be_any_unicode_text(database: Database, doc_id: str) -> None:
    rev = database.put({"_id": doc_id, "n": 1})
    assert database.get(doc_id)["_id"] == doc_id
    assert database.all_docs(keys=[doc_id])["rows"][0]["value"] == {"rev": rev}
    assert database.bulk_get([{"id": doc_id, "rev": rev}])[0]["docs"][0]["ok"]["_id"] == doc_id
    assert database.revs_diff({doc_id: [rev]}) == {}
    assert database.changes(doc_ids=[doc_id]).results[0]["id"] == doc_id


@pytest.mark.parametrize("doc_id", ["_secret", "", 7])
def test_an_id_that_couchdb_would_not_take_is_refused(database: Database, doc_id: object) -> None:
    with pytest.raises(BadRequest):
        database.put({"_id": doc_id})


def test_members_that_begin_with_an_underscore_are_couchdbs_alone(database: Database) -> None:
    with pytest.raises(BadRequest, match="Bad special document member: _foo"):
        database.put({"_id": "a", "_foo": 1})
    with pytest.raises(NotFound):
        database.get("a")


def test_a_malformed_revision_is_refused(database: Database) -> None:
    with pytest.raises(BadRequest):
        database.put({"_id": "a", "_rev": "not-a-revision"})


def test_the_counts_of_info_follow_the_documents(database: Database) -> None:
    before = database.info()
    assert (before["doc_count"], before["doc_del_count"]) == (0, 0)
    rev = database.put({"_id": "a"})
    database.put({"_id": "b"})
    database.put({"_id": "a", "_rev": rev, "_deleted": True})
    after = database.info()
    assert (after["doc_count"], after["doc_del_count"]) == (1, 1)
    assert after["update_seq"] != before["update_seq"]
    # CouchDB's replicator begins anew when this changes: it may say anything, and goes on saying it.
    assert isinstance(after["instance_start_time"], str)
    assert after["instance_start_time"] == before["instance_start_time"]
