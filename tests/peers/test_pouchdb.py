"""PouchDB 9 against the wire: both ways, with conflicts, deletions and attachments, once and live."""

from __future__ import annotations

import base64
import itertools
import time
from typing import Any

import flask
import pytest

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.face import make_face
from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from sync.store_folder import StoreFolder
from tests.peers.checkpoints import checkpoints, hand_on
from tests.peers.conftest import told_by
from tests.peers.sample import PHOTO, bytes_of, sample
from tests.support.everything import everything
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules

pytestmark = pytest.mark.node

counter = itertools.count(1)


def copy(source: Any, target: Any, **options: Any) -> Any:
    return replicate(source, target, new_session_id=lambda: f"s{next(counter)}", now=lambda: "now", **options)


def test_pouchdb_pulls_everything(couch: Any, pouch: Any) -> None:
    store = couch.store()
    graft(store, *sample())
    told = pouch("pull", url=couch.url())
    assert told["ok"]
    assert told["everything"] == everything(store)


def test_pouchdb_pushes_everything(couch: Any, pouch: Any) -> None:
    written = pouch("write", docs=sample(), new_edits=False)
    told = pouch("push", url=couch.url())
    assert told["doc_write_failures"] == 0
    assert everything(couch.store()) == written["everything"]


def test_pouchdb_signs_in_with_each_request_both_ways(tmp_path: Any, pouch: Any) -> None:
    folder = StoreFolder(tmp_path / "asks")
    ours = folder.create("db")
    graft(ours, *sample())
    with BackgroundServer(make_app(folder, user="an:mật khẩu")) as server:
        address = server.url.removeprefix("http://")
        known = f"http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@{address}/db"
        assert pouch("pull", url=known)["everything"] == everything(ours)
        pouch("write", docs=[{"_id": "theirs", "n": 1}])
        assert pouch("push", url=known)["docs_written"] == 1
        assert ours.get("theirs")["n"] == 1
        with pytest.raises(AssertionError, match="401"):
            pouch("push", url=f"http://an:sai@{address}/db")
    folder.close()


def test_pouchdb_repeats_a_replication_without_sending_anything(couch: Any, pouch: Any) -> None:
    graft(couch.store(), *sample())
    assert pouch("pull", url=couch.url())["docs_written"] > 0
    assert pouch("pull", url=couch.url())["docs_read"] == 0
    assert pouch("push", url=couch.url())["docs_written"] == 0


def test_edits_on_both_sides_end_in_the_same_conflict(couch: Any, pouch: Any) -> None:
    store = couch.store()
    first = store.put({"_id": "a", "n": 0, "_attachments": {"p": bytes_of(PHOTO)}})
    pouch("pull", url=couch.url())
    stubs = store.get("a")["_attachments"]
    store.put({"_id": "a", "_rev": first, "n": "here", "_attachments": stubs})
    pouch("write", docs=[{"_id": "a", "_rev": first, "n": "there", "_attachments": stubs}])
    pouch("push", url=couch.url())
    there = pouch("pull", url=couch.url())["everything"]
    assert there == everything(store)
    assert len(there["a"]["leaves"]) == 2


def test_pouchdb_live_hears_of_a_change_while_it_waits(couch: Any, start_pouch: Any) -> None:
    store = couch.store()
    store.put({"_id": "before"})
    process = start_pouch("live", url=couch.url(), until="last")
    assert process.stderr.readline() == b"waiting\n"
    time.sleep(0.7)  # a heartbeat passes
    store.put({"_id": "while waiting"})
    store.put({"_id": "last", "_attachments": {"p": bytes_of(PHOTO)}})
    told = told_by(process)
    assert told["everything"] == everything(store)


@pytest.mark.parametrize("doc_id", ["plain", "a/b", "Nghệ An", "_design/x"])
def test_pouchdb_edits_one_document_over_http(couch: Any, pouch: Any, doc_id: str) -> None:
    couch.store()
    told = pouch(
        "edit", url=couch.url(), id=doc_id, attachment="thư mục/ảnh.jpg", bytes=base64.b64encode(PHOTO).decode()
    )
    assert base64.b64decode(told["bytes"]) == PHOTO
    assert told["conflict"] == 409
    assert told["removed"] is True
    assert told["missing"] == [404, "deleted"]
    assert told["listed"] == [True]


def test_pouchdb_creates_the_database_it_pushes_to(couch: Any, pouch: Any) -> None:
    pouch("write", docs=[{"_id": "a"}])
    pouch("push", url=couch.url("fresh"))
    assert couch.folder.names() == ["fresh"]
    assert everything(couch.store("fresh"))["a"]


def test_what_pouchdb_reads_over_http_is_what_the_store_holds(couch: Any, pouch: Any) -> None:
    store = couch.store()
    graft(store, *sample())
    told = pouch("look", url=couch.url())
    assert told["everything"] == everything(store)
    assert told["info"]["doc_count"] == store.info()["doc_count"]


def test_what_pouchdb_pushed_we_copy_on_and_back(couch: Any, pouch: Any) -> None:
    """PouchDB → server → our replicator over HTTP → another store → back to a second server → PouchDB."""
    written = pouch("write", docs=sample(), new_edits=False)["everything"]
    pouch("push", url=couch.url())
    here = MemoryDatabase("here")
    copy(RemoteDatabase(couch.url()), here)
    assert everything(here) == written
    couch.store("second")
    copy(here, RemoteDatabase(couch.url("second")))
    assert pouch("pull", url=couch.url("second"), name="other")["everything"] == written


def test_pouchdb_does_not_notice_that_the_database_is_behind_a_second_hop(couch: Any, pouch: Any) -> None:
    """As on a cluster: face, guard, RemoteDatabase, and a CouchDB behind."""
    couch.store("behind")
    app = flask.Flask("gateway")
    gateway = GuardedDatabase(RemoteDatabase(couch.url("behind")), Rules())
    app.register_blueprint(make_face(lambda _: gateway, url_prefix="/db"))
    written = pouch("write", docs=sample(), new_edits=False)["everything"]
    with BackgroundServer(app) as server:
        pouch("push", url=f"{server.url}/db/behind")
        assert pouch("pull", url=f"{server.url}/db/behind", name="other")["everything"] == written
    assert everything(couch.store("behind")) == written


def test_a_refused_document_does_not_stop_pouchdb(pouch: Any) -> None:
    inner = MemoryDatabase("inner")
    rules = Rules(write=lambda document: "points: over the maximum" if document["_id"] == "many-0007" else None)
    app = flask.Flask("guarded")
    app.register_blueprint(make_face(lambda _: GuardedDatabase(inner, rules)))
    written = pouch("write", docs=sample(), new_edits=False)["everything"]
    with BackgroundServer(app) as server:
        told = pouch("push", url=f"{server.url}/db", options={"batch_size": 20})
    assert told["doc_write_failures"] == 1
    assert [denied["name"] for denied in told["denied"]] == ["forbidden"]
    del written["many-0007"]
    assert everything(inner) == written


def test_pouchdb_is_told_of_a_database_that_needs_credentials(tmp_path: Any, pouch: Any) -> None:
    folder = StoreFolder(tmp_path / "guarded")
    graft(folder.create("db"), *sample())
    with BackgroundServer(make_app(folder, user="an:mật khẩu")) as server:
        host = server.url.removeprefix("http://")
        told = pouch("pull", url=f"http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@{host}/db")
        assert told["everything"] == everything(folder.open("db"))
        with pytest.raises(AssertionError, match="unauthorized"):
            pouch("pull", url=f"http://an:wrong@{host}/db", name="refused")
    folder.close()


def test_we_go_on_from_a_checkpoint_of_pouchdb(couch: Any, pouch: Any) -> None:
    """Found under our own id: its id is made of what only PouchDB knows of the two ends. (Its form is its own, too: it
    does not read the protocol's.)"""
    source, target = couch.store(), couch.store("other")
    assert copy(source, target).docs_written == 0
    graft(source, revision("a", "1-a"))
    assert pouch("push", dir=couch.server.url, name="db", url=couch.url("other"))["docs_written"] == 1
    assert copy(source, target).start_seq == 0
    (ours,) = [doc_id for doc_id, kept in checkpoints(couch.url()).items() if "source_last_seq" in kept]
    (theirs,) = checkpoints(couch.url()).keys() - {ours}
    graft(source, revision("b", "1-b"))
    pouch("push", dir=couch.server.url, name="db", url=couch.url("other"))
    for url in (couch.url(), couch.url("other")):
        hand_on(url, known_as=theirs, to=ours)
    gone_on = copy(source, target)
    assert (gone_on.start_seq, gone_on.docs_read) == (source.info()["update_seq"], 0)
