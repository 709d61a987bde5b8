"""A folder of stores: found by name, shared, woken, deleted, and never out of file descriptors."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import sync.store_folder
from sync.errors import FileExists, IllegalDatabaseName, NotFound, StoreFull
from sync.store_folder import StoreFolder


@pytest.fixture
def folder(tmp_path: Path) -> StoreFolder:
    return StoreFolder(tmp_path / "databases")


@pytest.mark.parametrize("name", ["registry", "u-so-vhtt-ha-noi-2024", "a/b_c$(d)+e", "_users", "x" * 200])
def test_any_name_of_couchdbs_makes_one_file(folder: StoreFolder, name: str) -> None:
    assert name not in folder
    store = folder.create(name)
    assert store.name == name == store.info()["db_name"]
    assert name in folder
    assert folder.names() == [name]
    assert len([each for each in folder.path.iterdir() if each.suffix == ".sqlite"]) == 1


@pytest.mark.parametrize("name", ["", "A", "1a", "../x", "a.b", "a b", "đ", "_secret", "a" * 201, "a\n"])
def test_any_other_name_is_refused(folder: StoreFolder, name: str) -> None:
    with pytest.raises(IllegalDatabaseName):
        folder.create(name)
    with pytest.raises(IllegalDatabaseName):
        folder.open(name)
    assert name not in folder


def test_a_database_is_created_once_and_opened_as_one_object(folder: StoreFolder) -> None:
    created = folder.create("a")
    with pytest.raises(FileExists):
        folder.create("a")
    assert folder.open("a") is created
    assert folder.ensure("a") is created
    assert folder.ensure("b").info()["doc_count"] == 0


def test_what_is_not_there_is_not_found(folder: StoreFolder) -> None:
    for act in (folder.open, folder.delete):
        with pytest.raises(NotFound, match="Database does not exist"):
            act("a")


def test_a_deleted_database_is_gone_for_those_who_hold_it_too(folder: StoreFolder) -> None:
    store = folder.create("a")
    store.put({"_id": "x"})
    folder.delete("a")
    assert folder.names() == []
    assert list(folder.path.iterdir()) == []
    with pytest.raises(NotFound, match="Database does not exist"):
        store.get("x")
    fresh = folder.create("a")
    assert fresh.info()["doc_count"] == 0
    assert fresh.info()["uuid"] != ""


def test_databases_are_there_for_the_next_process(folder: StoreFolder) -> None:
    folder.create("b").put({"_id": "x"})
    folder.create("a/1")
    folder.close()
    again = StoreFolder(folder.path)
    assert again.names() == ["a/1", "b"]
    assert again.open("b").get("x")


def test_a_file_that_another_process_put_in_its_place_is_opened_anew(folder: StoreFolder, tmp_path: Path) -> None:
    old = folder.create("a")
    old.put({"_id": "old"})
    other = StoreFolder(tmp_path / "other").create("a")
    other.put({"_id": "restored"})
    other.close()
    old.rest()
    other.path.replace(old.path)
    assert [row["id"] for row in folder.open("a").all_docs()["rows"]] == ["restored"]
    assert folder.open("a") is folder.open("a")
    with pytest.raises(NotFound):
        old.put({"_id": "lost"})


def test_two_processes_may_create_one_database_at_once(folder: StoreFolder) -> None:
    script = (
        "import sys; from sync.store_folder import StoreFolder; f = StoreFolder(sys.argv[1])\n"
        "sys.stdin.readline()\n"
        "for n in range(20): f.ensure(f'd{n}').put({'_id': sys.argv[2]})"
    )
    hands = [
        subprocess.Popen([sys.executable, "-c", script, str(folder.path), hand], stdin=subprocess.PIPE)
        for hand in ("one", "two")
    ]
    for hand in hands:
        assert hand.stdin is not None
        hand.stdin.write(b"go\n")
        hand.stdin.close()
    assert [hand.wait() for hand in hands] == [0, 0]
    for n in range(20):
        assert [row["id"] for row in folder.open(f"d{n}").all_docs()["rows"]] == ["one", "two"]


def test_files_that_are_no_stores_are_no_databases(folder: StoreFolder) -> None:
    folder.create("a")
    (folder.path / ".b.sqlite.123.new").write_bytes(b"")
    (folder.path / "notes.txt").write_bytes(b"")
    assert folder.names() == ["a"]


def test_listeners_hear_of_every_database(folder: StoreFolder) -> None:
    heard: list[str] = []
    stop = folder.subscribe(heard.append)
    store = folder.create("a")
    store.put({"_id": "x"})
    folder.create("b")
    folder.delete("a")
    assert heard == ["a", "a", "b", "a"]
    stop()
    folder.create("c")
    assert heard == ["a", "a", "b", "a"]


def test_stores_asked_for_long_ago_rest_and_stay_usable(folder: StoreFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync.store_folder, "OPEN_STORES_MAX", 3)
    stores = [folder.create(f"d{n}") for n in range(6)]
    for store in stores:
        store.put({"_id": "x"})
    for n in range(6):
        folder.open(f"d{n}")
    logs = [each.name for each in folder.path.iterdir() if each.name.endswith("-wal")]
    assert len(logs) <= 3
    assert all(store.get("x") for store in stores)


def test_many_threads_may_ask_for_one_database_at_once(folder: StoreFolder) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(folder.ensure("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(store) for store in found}) == 1


def test_a_full_disk_leaves_no_half_made_database_and_says_so(
    folder: StoreFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(StoreFull):
            folder.create("a")

    assert list(folder.path.iterdir()) == []
    assert folder.create("a").info()["doc_count"] == 0
