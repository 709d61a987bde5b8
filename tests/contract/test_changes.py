"""The feed: every document once, at its latest sequence; nothing missed, whoever waits is woken."""

from __future__ import annotations

import threading
import time

import pytest

from sync.database import ChangesPage, Database, Seq, changes_before
from sync.errors import BadRequest
from sync.remote import RemoteDatabase
from tests.support.histories import graft, leaves, revision

FOR_EVER_S = 50.0
"""Longer than a busy machine needs for anything here; no reader may wait so long."""


def ids(database: Database, since: object = 0, **how: object) -> list[str]:
    return [row["id"] for row in database.changes(since, **how).results]  # type: ignore[arg-type]


def test_an_empty_database_has_no_changes(database: Database) -> None:
    page = database.changes()
    assert page.results == []
    assert page.pending in (0, None)
    assert database.changes(page.last_seq).results == []


def test_each_document_stands_once_at_its_last_change(database: Database) -> None:
    rev = database.put({"_id": "a", "n": 1})
    database.put({"_id": "b"})
    assert ids(database) == ["a", "b"]
    rev = database.put({"_id": "a", "_rev": rev, "n": 2})
    assert ids(database) == ["b", "a"]
    assert database.changes().results[-1]["changes"] == [{"rev": rev}]


def test_pages_follow_one_another_without_gap_or_repeat(database: Database) -> None:
    database.bulk_docs([{"_id": f"d{i}"} for i in range(7)])
    seen: list[str] = []
    page = database.changes(limit=3)
    pending = []
    while page.results:
        seen += [row["id"] for row in page.results]
        pending.append(page.pending)
        assert page.results[-1]["seq"] == page.last_seq or len(seen) == 7
        page = database.changes(page.last_seq, limit=3)
    assert sorted(seen) == [f"d{i}" for i in range(7)]
    assert len(set(seen)) == 7
    assert pending in ([4, 1, 0], [None, None, None])


def test_any_rows_sequence_is_a_place_to_go_on_from(database: Database) -> None:
    database.bulk_docs([{"_id": f"d{i}"} for i in range(4)])
    rows = database.changes().results
    assert ids(database, rows[1]["seq"]) == [rows[2]["id"], rows[3]["id"]]


def test_a_page_of_nothing_tells_what_is_left_and_moves_nothing(database: Database) -> None:
    database.bulk_docs([{"_id": f"d{i}"} for i in range(4)])
    place = database.changes(limit=1).last_seq
    page = database.changes(place, limit=0)
    assert (page.results, page.pending) == ([], 3)
    assert len(ids(database, page.last_seq)) == 3


def test_now_is_the_end(database: Database) -> None:
    database.put({"_id": "a"})
    page = database.changes("now")
    assert page.results == []
    database.put({"_id": "b"})
    assert ids(database, page.last_seq) == ["b"]


def test_descending_begins_with_the_latest(database: Database) -> None:
    for doc_id in "abc":
        database.put({"_id": doc_id})
    assert ids(database, descending=True, limit=2) == ["c", "b"]


@pytest.mark.parametrize("doc_ids", [None, ["d1", "d5", "d0", "absent"]])
def test_the_feed_is_read_backwards_page_by_page_or_not_at_all(database: Database, doc_ids: list[str] | None) -> None:
    database.bulk_docs([{"_id": f"d{i}", "n": i} for i in range(7)])
    since = database.changes(limit=1).last_seq
    forwards = database.changes(since, doc_ids=doc_ids, include_docs=True).results

    def before(seq: Seq | None) -> ChangesPage | None:
        return changes_before(
            database,
            seq,
            since=since,
            limit=2,
            style="all_docs",
            include_docs=True,
            conflicts=False,
            attachments=False,
            doc_ids=doc_ids,
        )

    page = before(None)
    if page is None:
        assert isinstance(database, RemoteDatabase)
        return
    seen, pending = [], []
    while page.results:
        seen += page.results
        pending.append(page.pending)
        page = before(page.last_seq)
        assert page is not None
    assert seen == forwards[::-1]
    assert pending == ([4, 2, 0] if doc_ids is None else [0])
    assert before(forwards[0]["seq"]) == ChangesPage([], forwards[0]["seq"], 0)


def test_a_deleted_document_is_marked(database: Database) -> None:
    rev = database.put({"_id": "a"})
    rev = database.put({"_id": "a", "_rev": rev, "_deleted": True})
    (row,) = database.changes().results
    assert (row["deleted"], row["changes"]) == (True, [{"rev": rev}])


def test_main_only_tells_the_winner_and_all_docs_every_leaf(database: Database) -> None:
    graft(
        database,
        revision("a", "2-b", "1-a"),
        revision("a", "2-c", "1-a"),
        revision("a", "3-d", "2-x", "1-a", deleted=True),
    )
    (row,) = database.changes().results
    assert row["changes"] == [{"rev": "2-c"}]
    assert "deleted" not in row
    assert leaves(database, "a") == ["2-c", "2-b", "3-d"]


def test_documents_come_along_when_asked(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", n=1), revision("a", "2-c", "1-a", n=2))
    graft(database, revision("z", "2-b", "1-a", deleted=True, why="x"))
    first, second = database.changes(include_docs=True, conflicts=True).results
    assert first["doc"] == {"_id": "a", "_rev": "2-c", "n": 2, "_conflicts": ["2-b"]}
    assert second["doc"] == {"_id": "z", "_rev": "2-b", "_deleted": True, "why": "x"}


def test_only_the_documents_named_are_told(database: Database) -> None:
    database.bulk_docs([{"_id": f"d{i}"} for i in range(6)])
    page = database.changes(doc_ids=["d4", "d1", "absent"])
    assert sorted(row["id"] for row in page.results) == ["d1", "d4"]
    assert ids(database, page.last_seq, doc_ids=["d1", "d4"]) == []
    assert ids(database, doc_ids=[]) == []


def test_a_waiting_reader_is_woken_by_a_write(database: Database) -> None:
    since = database.changes("now").last_seq
    writer = threading.Timer(0.2, lambda: database.put({"_id": "a"}))
    writer.start()
    started = time.monotonic()
    page = database.changes(since, wait_s=FOR_EVER_S)
    assert time.monotonic() - started < FOR_EVER_S
    writer.join()
    assert [row["id"] for row in page.results] == ["a"]


def test_a_reader_who_waits_from_now_on_misses_nothing(database: Database) -> None:
    database.put({"_id": "before"})
    writer = threading.Timer(0.2, lambda: database.put({"_id": "after"}))
    writer.start()
    page = database.changes("now", wait_s=FOR_EVER_S)
    writer.join()
    assert [row["id"] for row in page.results] == ["after"]


def test_a_waiting_reader_sleeps_through_documents_it_did_not_name(database: Database) -> None:
    since = database.changes("now").last_seq
    writers = [threading.Timer(at, lambda i=i: database.put({"_id": i})) for at, i in ((0.1, "other"), (0.3, "mine"))]
    for writer in writers:
        writer.start()
    page = database.changes(since, doc_ids=["mine"], wait_s=FOR_EVER_S)
    for writer in writers:
        writer.join()
    assert [row["id"] for row in page.results] == ["mine"]


def test_a_reader_who_waits_in_vain_gets_an_empty_page_in_time(database: Database) -> None:
    database.put({"_id": "a"})
    since = database.changes("now").last_seq
    started = time.monotonic()
    page = database.changes(since, wait_s=0.3)
    assert time.monotonic() - started > 0.25
    assert page.results == []
    database.put({"_id": "b"})
    assert ids(database, page.last_seq) == ["b"]


def test_there_is_no_waiting_where_there_is_news(database: Database) -> None:
    database.put({"_id": "a"})
    started = time.monotonic()
    assert ids(database, 0, wait_s=FOR_EVER_S) == ["a"]
    assert time.monotonic() - started < FOR_EVER_S


def test_a_sequence_that_is_none_is_refused(database: Database) -> None:
    with pytest.raises(BadRequest):
        database.changes("nonsense")
