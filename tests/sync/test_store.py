"""What a store promises beyond the port: its file, its identity, many hands at once, whole transactions."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync import jsonwire, store_writing
from sync.errors import BadRequest, Conflict, NotFound, StoreCorrupt, StoreFull
from sync.store import Store
from tests.support.histories import graft, revision

FOR_EVER_S = 50.0
"""Longer than a busy machine needs for anything here; no reader may wait so long."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "store.sqlite"


def test_what_was_written_is_there_when_the_store_is_opened_again(path: Path) -> None:
    first = Store(path)
    graft(first, revision("a", "2-b", "1-a", _attachments={"x": {"data": b"bytes", "content_type": "a/b"}}))
    first.put_local("c", {"n": 1})
    before = first.info()
    first.close()
    again = Store(path)
    assert again.get("a", revs=True)["_revisions"]["ids"] == ["b", "a"]
    assert again.attachment("a", "x").read() == b"bytes"
    assert again.get_local("c") is not None
    assert {**again.info(), "sizes": 0} == {**before, "sizes": 0}
    again.close()
    assert [each.name for each in path.parent.iterdir()] == ["store.sqlite"]


def test_a_reminted_store_is_another_one_with_the_same_documents(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "a"})
    before = store.info()
    assert store.remint_uuid() == store.info()["uuid"] != before["uuid"]
    assert store.info()["instance_start_time"] != before["instance_start_time"]
    assert store.get("a")


@pytest.mark.parametrize("keep_history", [False, True])
def test_what_is_forgotten_leaves_no_trace_and_its_readers_see_that_something_changed(
    path: Path, keep_history: bool
) -> None:
    store = Store(path, keep_history=keep_history)
    picture = {"x": {"content_type": "image/jpeg", "data": b"only here"}}
    store.put({"_id": "stays", "n": 1})
    lost = store.put({"_id": "lost", "_attachments": picture})
    store.put({"_id": "lost", "_rev": lost, "n": 2})
    graft(store, revision("conflict", "1-aa"), revision("conflict", "1-bb"))
    before = store.info()
    assert store.put_right(["lost", "conflict", "never was"], [revision("conflict", "1-cc")]) == []

    after = store.info()
    assert after["update_seq"] > before["update_seq"]
    assert (after["doc_count"], after["doc_del_count"]) == (2, 0)
    assert {row["id"] for row in store.changes(before["update_seq"]).results}
    assert store.revs_diff({"lost": [lost], "conflict": ["1-aa", "1-bb", "1-cc"]}) == {
        "lost": {"missing": [lost]},
        "conflict": {"missing": ["1-aa", "1-bb"]},
    }
    store.put_right(["conflict"], [])
    assert store.info()["update_seq"] > after["update_seq"]
    store.put({"_id": "next"})
    assert [row["id"] for row in store.all_docs()["rows"]] == ["next", "stays"]
    store.check()
    store.close()
    assert b"only here" not in sqlite_bytes(path)


def sqlite_bytes(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        return b"".join(data for (data,) in connection.execute("SELECT data FROM blob"))


def test_ids_come_from_the_source_that_was_given(path: Path) -> None:
    numbers = iter(range(100))
    store = Store(path, new_uuid=lambda: f"id-{next(numbers)}")
    assert store.info()["uuid"] == "id-0"
    assert store.bulk_docs([{"n": 1}])[0]["id"] == "id-1"


def test_the_same_edits_make_the_same_revisions_everywhere(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one.sqlite"), Store(tmp_path / "other.sqlite")
    for store in (one, other):
        rev = store.put({"_id": "a", "x": 1, "y": 2})
        store.put({"y": 3, "x": 1, "_rev": rev, "_id": "a"})
    assert one.get("a", revs=True) == other.get("a", revs=True)


def test_all_of_a_transaction_is_kept_or_nothing(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "taken"})
    seq = store.info()["update_seq"]
    with pytest.raises(Conflict):
        store.put_all([{"_id": "a"}, {"_id": "_local/x"}, {"_id": "taken"}])
    assert store.info()["update_seq"] == seq
    assert store.get_local("x") is None
    with pytest.raises(NotFound):
        store.get("a")
    assert len(store.put_all([{"_id": "a"}, {"_id": "_local/x"}])) == 2


def test_a_checkpoint_can_travel_in_the_batch_it_speaks_of(path: Path) -> None:
    store = Store(path)
    graft(store, revision("a", "1-a"), {"_id": "_local/checkpoint", "seq": 7})
    assert (store.get_local("checkpoint") or {})["seq"] == 7


def test_only_the_newest_thousand_revisions_are_remembered(path: Path) -> None:
    store = Store(path, revs_limit=5)
    rev = store.put({"_id": "a", "n": 0})
    first = rev
    for n in range(1, 9):
        rev = store.put({"_id": "a", "_rev": rev, "n": n})
    assert len(store.get("a", revs=True)["_revisions"]["ids"]) == 5
    assert store.revs_diff({"a": [first, rev]}) == {"a": {"missing": [first]}}
    graft(store, revision("b", "9-i", *(f"{n}-x" for n in range(8, 0, -1))))
    assert len(store.get("b", revs=True)["_revisions"]["ids"]) == 5


def test_a_lower_limit_forgets_at_once_and_tells_nobody(path: Path) -> None:
    store = Store(path)
    graft(store, revision("a", "9-i", *(f"{n}-x" for n in range(8, 0, -1))), revision("b", "2-b", "1-a"))
    graft(store, revision("c", "3-c", "2-b", "1-a"), revision("c", "4-z", "3-y", "2-b", "1-a"))
    before = store.changes(style="all_docs")
    store.set_revs_limit(3)
    assert store.get("a", revs=True)["_revisions"] == {"start": 9, "ids": ["i", "x", "x"]}
    assert store.get("b", revs=True)["_revisions"]["ids"] == ["b", "a"]
    assert store.get("c", rev="3-c", revs=True)["_revisions"]["ids"] == ["c", "b", "a"]
    assert store.revs_diff({"a": ["6-x", "7-x"]}) == {"a": {"missing": ["6-x"]}}
    assert store.changes(style="all_docs") == before


def test_a_lower_limit_holds_for_every_document(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_writing, "STEMMED_AT_ONCE", 2)
    store = Store(path)
    graft(store, *(revision(f"d{n}", "4-d", "3-c", "2-b", "1-a") for n in range(5)))
    store.set_revs_limit(2)
    assert {len(store.get(f"d{n}", revs=True)["_revisions"]["ids"]) for n in range(5)} == {2}
    store.put({"_id": "d0", "_rev": "4-d"})
    assert (len(store.get("d0", revs=True)["_revisions"]["ids"]), store.revs_limit()) == (2, 2)


def test_bodies_that_were_built_on_are_not_kept(path: Path) -> None:
    store = Store(path)
    first = store.put({"_id": "a", "secret": "…"})
    store.put({"_id": "a", "_rev": first})
    with pytest.raises(NotFound, match="missing"):
        store.get("a", rev=first)
    assert store.revs_diff({"a": [first]}) == {}


def test_learning_only_older_ancestors_is_no_news(path: Path) -> None:
    store = Store(path)
    graft(store, revision("a", "3-c", "2-b"))
    seq = store.info()["update_seq"]
    graft(store, revision("a", "3-c", "2-b", "1-a"))
    assert store.info()["update_seq"] == seq
    assert store.get("a", revs=True)["_revisions"]["ids"] == ["c", "b", "a"]


def test_other_bytes_with_the_same_md5_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.documents.digest_of", lambda _: "md5-collision")
    store = Store(path)
    store.put({"_id": "a", "_attachments": {"x": {"data": b"mine"}}})
    (answer,) = store.bulk_docs([{"_id": "b", "_attachments": {"x": {"data": b"other"}}}])
    assert answer["error"] == "forbidden"
    assert store.bulk_docs([{"_id": "c", "_attachments": {"x": {"data": b"mine"}}}])[0]["ok"]


def test_bytes_go_with_the_last_leaf_that_names_them(path: Path) -> None:
    store = Store(path)

    def kept() -> int:
        with store._file.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM blob").fetchone()[0])

    photo = {"data": b"the same bytes", "content_type": "image/jpeg"}
    first = store.put({"_id": "a", "_attachments": {"x": photo, "y": photo, "z": {"data": b"z"}}})
    other = store.put({"_id": "b", "_attachments": {"x": photo}})
    assert kept() == 2
    second = store.put({"_id": "a", "_rev": first, "_attachments": {"x": {"stub": True}}})
    assert kept() == 1
    store.put({"_id": "b", "_rev": other, "_deleted": True})
    assert store.attachment("a", "x").read() == b"the same bytes"
    graft(store, revision("a", "2-0", _attachments={"x": photo}))
    store.put({"_id": "a", "_rev": second, "_deleted": True})
    assert store.attachment("a", "x").read() == b"the same bytes"
    store.put({"_id": "a", "_rev": "2-0"})
    assert kept() == 0


def test_compaction_gives_space_back_to_the_disk(path: Path) -> None:
    store = Store(path)
    kept = store.put({"_id": "kept", "_attachments": {"x": {"data": b"k" * 1000}}})
    rev = store.put({"_id": "a", "_attachments": {"x": {"data": b"x" * 2_000_000}}})
    store.put({"_id": "a", "_rev": rev, "_deleted": True})
    before = store.info()["sizes"]
    assert before["active"] < before["file"] - 2_000_000
    assert store.compact() > 2_000_000
    after = store.info()["sizes"]
    assert after["file"] < before["file"] - 2_000_000
    assert 0 < after["active"] < after["file"] < after["active"] + 100_000
    assert store.attachment("kept", "x", rev=kept).read() == b"k" * 1000
    assert store.compact() == 0
    store.check()


def test_a_large_attachment_is_read_in_pieces(path: Path) -> None:
    store = Store(path)
    data = bytes(range(256)) * 10_000
    store.put({"_id": "a", "_attachments": {"x": {"data": data}}})
    pieces = list(store.attachment("a", "x").chunks)
    assert len(pieces) == 3
    assert b"".join(pieces) == data


def test_a_copy_is_whole_and_never_overwrites(path: Path, tmp_path: Path) -> None:
    store = Store(path)
    store.put({"_id": "a"})
    store.copy_to(tmp_path / "copy.sqlite")
    copy = Store(tmp_path / "copy.sqlite")
    assert copy.get("a") == store.get("a")
    copy.check()
    with pytest.raises(FileExistsError):
        store.copy_to(tmp_path / "copy.sqlite")


def test_a_resting_store_wakes_by_itself(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "a"})
    store.rest()
    assert not path.with_name("store.sqlite-wal").exists()
    assert store.get("a")
    store.rest()
    store.put({"_id": "b"})


def test_a_closed_store_refuses_and_lets_its_waiters_go(path: Path) -> None:
    store = Store(path)
    closer = threading.Timer(0.2, store.close)
    closer.start()
    started = time.monotonic()
    assert store.changes(wait_s=FOR_EVER_S).results == []
    assert time.monotonic() - started < FOR_EVER_S
    closer.join()
    with pytest.raises(NotFound, match="closed"):
        store.info()


def test_listeners_hear_of_documents_and_of_nothing_else(path: Path) -> None:
    store = Store(path, name="mine")
    heard: list[str] = []
    stop = store.subscribe(heard.append)
    store.put_local("c", {})
    store.bulk_docs([])
    graft(store, revision("a", "1-a"))
    assert heard == ["mine"]
    graft(store, revision("a", "1-a"))
    assert heard == ["mine"]
    stop()
    store.put({"_id": "b"})
    assert heard == ["mine"]


def test_threads_may_write_and_read_at_once(path: Path) -> None:
    store = Store(path)
    failures: list[BaseException] = []

    def work(hand: int) -> None:
        try:
            for n in range(25):
                store.put({"_id": f"{hand}-{n}"})
                store.changes(limit=5)
                store.all_docs(limit=5, include_docs=True)
        except BaseException as error:  # noqa: BLE001 - carried to the test's thread
            failures.append(error)

    hands = [threading.Thread(target=work, args=(hand,)) for hand in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert failures == []
    rows = store.changes().results
    assert sorted(row["seq"] for row in rows) == list(range(1, 201))


def test_two_processes_may_write_at_once(path: Path) -> None:
    store = Store(path)
    script = (
        "import sys; from sync.store import Store; s = Store(sys.argv[1])\n"
        "for n in range(50): s.put({'_id': f'other-{n}'})"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(path)])
    mine = 0
    while other.poll() is None:
        store.put({"_id": f"mine-{mine}"})
        mine += 1
        time.sleep(0.002)  # SQLite has no queue: who never pauses may keep the other out for longer than it waits
    assert other.returncode == 0
    assert store.info()["doc_count"] == 50 + mine
    assert len({row["seq"] for row in store.changes().results}) == 50 + mine


def test_a_write_of_another_process_is_noticed_while_waiting(path: Path) -> None:
    store = Store(path)
    other = Store(path)  # its commits do not wake the first
    writer = threading.Timer(0.2, lambda: other.put({"_id": "a"}))
    writer.start()
    started = time.monotonic()
    assert [row["id"] for row in store.changes(wait_s=FOR_EVER_S).results] == ["a"]
    assert time.monotonic() - started < FOR_EVER_S
    writer.join()


def test_a_write_of_this_process_wakes_without_looking(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.store.WAIT_SLICE_S", FOR_EVER_S)
    store = Store(path)
    writer = threading.Timer(0.2, lambda: store.put({"_id": "a"}))
    writer.start()
    started = time.monotonic()
    assert [row["id"] for row in store.changes(wait_s=FOR_EVER_S).results] == ["a"]
    assert time.monotonic() - started < FOR_EVER_S
    writer.join()


def test_a_process_killed_in_the_middle_leaves_whole_transactions(path: Path) -> None:
    Store(path).close()
    script = (
        "import sys; from sync.store import Store; s = Store(sys.argv[1])\n"
        "n = 0\n"
        "while True:\n"
        "    s.bulk_docs([{'_id': f'{n}-{i}'} for i in range(10)]); n += 1\n"
        "    if n == 1: print('ready', flush=True)"
    )
    victim = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(0.3)
    victim.kill()
    victim.wait()
    victim.stdout.close()
    store = Store(path)
    store.check()
    count = store.info()["doc_count"]
    assert count > 0
    assert count % 10 == 0


def test_a_full_disk_keeps_nothing_of_the_write_and_all_before_it(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "before"})
    with store._file.maintaining() as connection:
        connection.execute("PRAGMA max_page_count = 30").fetchall()
    with pytest.raises(StoreFull, match="No space"):
        store.bulk_docs([{"_id": "small"}, {"_id": "big", "_attachments": {"x": {"data": b"x" * 500_000}}}])
    assert store.get("before")
    with pytest.raises(NotFound):
        store.get("small")
    store.put({"_id": "after"})


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_kept_and_named(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"store\.sqlite"):
        Store(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE doc (id)")
    other.close()
    with pytest.raises(StoreCorrupt, match="is not a store"):
        Store(path)


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreCorrupt, match="later version"):
        Store(path)


def test_a_file_of_an_earlier_version_is_brought_along_with_everything_in_it(path: Path) -> None:
    written = Store(path)
    graft(written, revision("a", "2-b", "1-a", _attachments={"x": {"data": b"bytes", "content_type": "a/b"}}))
    graft(written, revision("a", "2-c", "1-a"), revision("b", "1-a", _deleted=True))
    before = [written.changes(style="all_docs", include_docs=True), written.info()["uuid"]]
    written.close()
    made = sqlite3.connect(path)  # as version 1 had it
    made.executescript("""
        ALTER TABLE rev RENAME TO rev_2;
        CREATE TABLE rev (n INTEGER NOT NULL, rev TEXT NOT NULL, deleted INTEGER NOT NULL, atts BLOB,
            body BLOB NOT NULL, PRIMARY KEY (n, rev)) WITHOUT ROWID;
        INSERT INTO rev SELECT * FROM rev_2;
        DROP TABLE rev_2;
        CREATE INDEX doc_by_deleted ON doc (deleted);
        DELETE FROM meta WHERE name IN ('live', 'gone');
        PRAGMA user_version = 1;
    """)
    made.close()
    store = Store(path)
    assert [store.changes(style="all_docs", include_docs=True), store.info()["uuid"]] == before
    assert (store.info()["doc_count"], store.info()["doc_del_count"]) == (1, 1)
    assert store.attachment("a", "x", rev="2-b").read() == b"bytes"
    store.put({"_id": "c"})
    assert store.info()["doc_count"] == 2
    store.check()


def test_a_document_may_stand_in_one_batch_several_times(path: Path) -> None:
    store = Store(path)
    graft(store, revision("a", "1-a"), revision("a", "2-b", "1-a"), revision("a", "2-c", "1-a"), revision("a", "1-a"))
    assert [leaf["rev"] for leaf in store.changes(style="all_docs").results[0]["changes"]] == ["2-c", "2-b"]
    first, second = store.bulk_docs([{"_id": "e", "n": 1}, {"_id": "e", "n": 2}])
    assert (first["ok"], second["error"]) == (True, "conflict")
    assert store.info()["doc_count"] == 2


def test_the_count_of_documents_follows_every_turn_of_their_lives(path: Path) -> None:
    store = Store(path)
    rev = store.put({"_id": "a"})
    store.put({"_id": "b"})
    gone = store.put({"_id": "a", "_rev": rev, "_deleted": True})
    assert (store.info()["doc_count"], store.info()["doc_del_count"]) == (1, 1)
    store.put({"_id": "a"})
    graft(store, revision("b", "5-x", _deleted=True))  # a losing leaf changes nothing
    graft(store, revision("c", "1-x", _deleted=True))
    assert (store.info()["doc_count"], store.info()["doc_del_count"]) == (2, 1)
    assert gone != rev


def test_what_is_passed_on_says_the_same_as_what_is_read(path: Path) -> None:
    store = Store(path)
    graft(
        store,
        revision("a", "3-c", "2-b", "1-a", text='Nghệ "An"', n={"x": [1, None]}),
        revision('b"\\\n', "1-a"),
        revision("gone", "2-b", "1-a", _deleted=True),
        revision("two", "2-b", "1-a", side=1),
        revision("two", "2-c", "1-a", side=2),
        revision("bytes", "1-a", _attachments={"x": {"data": b"bytes", "content_type": "a/b"}}),
    )
    listed = store.changes(style="all_docs").results
    asked: list[dict[str, Any]] = [{"id": row["id"], "rev": leaf["rev"]} for row in listed for leaf in row["changes"]]
    asked += [{"id": "a", "rev": "2-b"}, {"id": "a", "rev": "9-z"}, {"id": "none", "rev": "1-a"}, {"id": "two"}]
    for latest in (True, False):
        how = {"revs": True, "latest": latest, "attachments": True}
        passed_on = store.bulk_get_to_pass_on(asked, **how)
        assert json.loads(jsonwire.dumps(passed_on)) == store.bulk_get(asked, **how)
        assert passed_on == store.bulk_get(asked, **how)


def test_a_page_damaged_on_the_disk_is_found(path: Path) -> None:
    store = Store(path)
    store.bulk_docs([{"_id": f"{n:04}", "text": "x" * 500} for n in range(200)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 10 : 4096 * 12] = b"\xa5" * 8192
    path.write_bytes(content)
    damaged = Store(path)
    with pytest.raises(StoreCorrupt, match="damaged"):
        damaged.check()


def test_an_old_log_never_reaches_a_new_store_of_the_same_name(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "old"})
    log = path.with_name("store.sqlite-wal")
    left = log.read_bytes()
    store.close()
    path.unlink()
    log.write_bytes(left)
    new = Store(path)
    assert new.info()["doc_count"] == 0
    new.check()


def test_numbers_and_texts_that_sqlite_cannot_hold_are_no_crash(path: Path) -> None:
    store = Store(path)
    store.put({"_id": "a"})
    assert store.changes(10**30).results == []
    assert len(store.changes(limit=10**30).results) == 1
    assert len(store.all_docs(limit=10**30)["rows"]) == 1
    assert store.all_docs(skip=10**30)["rows"] == []
    for ask in (
        lambda: store.get("\ud800"),
        lambda: store.get_local("\ud800"),
        lambda: store.all_docs(start_key="\ud800"),
        lambda: store.revs_diff({"a": ["1-\ud800"]}),
        lambda: store.put({"_id": "x", "text": "\ud800"}),
    ):
        with pytest.raises(BadRequest):
            ask()
    (answer,) = store.bulk_get([{"id": "\ud800", "rev": "1-a"}])
    assert answer["docs"][0]["error"]["error"] == "not_found"
    assert store.all_docs(keys=["\ud800"])["rows"] == [{"key": "\ud800", "error": "not_found"}]
    assert store.changes(doc_ids=["\ud800"]).results == []
    assert store.revs_diff({"\ud800": ["1-a"]}) == {"\ud800": {"missing": ["1-a"]}}
