"""The same service with its databases in a CouchDB: our own peer, with credentials, and a real one where it is."""

from __future__ import annotations

import os
import threading
import time
import uuid
from http import HTTPStatus

import pytest
from flask import request

from server.couch_backend import CouchBackend
from server.couch_peer import make_app
from server.service import Service
from server.wsgi import BackgroundServer
from sync.errors import FileExists, NotFound, PeerUnreachable
from sync.remote import RemoteDatabase
from sync.store_folder import StoreFolder
from tests.server.world import HY, Clock, Phone, evidence_of, full_marks, make_world, served, submission_of
from tests.support.backends import placed

HINTED_WITHIN_S = 240
"""A longpoll that is let go of once its feed was deleted, on a machine that has much else to do."""

G, U_HY = "g-cum-1-2024", "u-so-hy-2024"


@pytest.fixture
def real_couch():
    with placed("couchdb") as where:
        yield where.backend


@pytest.fixture
def our_couch(tmp_path):
    folder = StoreFolder(tmp_path / "couch")
    with BackgroundServer(make_app(folder, user="thidua:bí-mật")) as server:
        url = f"http://thidua:b%C3%AD-m%E1%BA%ADt@127.0.0.1:{server.port}"
        yield lambda: CouchBackend(url, prefix="ours-")
    folder.close()


@pytest.fixture(params=["our_couch", pytest.param("real_couch", marks=[pytest.mark.couchdb])])
def couch(request):
    """Makes a backend over one and the same CouchDB."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def backend(couch):
    made = couch()
    yield made
    made.close()


def test_databases_are_opened_by_name_and_created_once(backend):
    assert not backend.exists(U_HY)
    with pytest.raises(NotFound):
        backend.open(U_HY)
    for _ in range(2):
        assert backend.create(U_HY).info()["doc_count"] == 0
    backend.create("other-things")
    assert backend.names() == [U_HY]


def test_a_promise_to_compact_is_taken_for_one(backend):
    rev = backend.create(U_HY).put({"_id": "x"})
    backend.compact(U_HY)
    assert backend.open(U_HY).get("x")["_rev"] == rev


def test_what_another_installation_keeps_there_is_not_ours(our_couch, tmp_path):
    ours, backend = our_couch(), CouchBackend(our_couch()._url)
    backend.create(U_HY)
    assert ours.names() == []
    assert not ours.exists(U_HY)
    ours.create(U_HY).put({"_id": "x"})
    assert backend.names() == [U_HY]
    assert backend.open(U_HY).info()["doc_count"] == 0


def test_changes_are_hinted_even_by_a_peer_without_a_feed(backend, couch):
    hinted = []
    stop = backend.subscribe(hinted.append)
    backend.create(U_HY)
    couch().open(U_HY).put({"_id": "x"})
    deadline = time.monotonic() + 120
    while U_HY not in hinted and time.monotonic() < deadline:
        time.sleep(0.05)
    stop()
    assert U_HY in hinted


@pytest.mark.couchdb
def test_a_real_couchdbs_feed_hints_and_when_it_goes_sequences_are_compared(real_couch, monkeypatch):
    compared = threading.Event()
    compare = CouchBackend._compare
    monkeypatch.setattr(CouchBackend, "_compare", lambda *given: (compared.set(), compare(*given)))
    feed = RemoteDatabase(f"{os.environ['COUCHDB_URL'].rstrip('/')}/_global_changes")
    try:
        feed.create(shards=1)
    except FileExists:
        pytest.skip("this CouchDB has a feed of its own, which no test may take away")
    try:
        backend, another, hinted = real_couch(), real_couch(), []
        another.create(U_HY)
        backend.subscribe(hinted.append)
        _write_until(lambda: U_HY in hinted, another)
        assert not compared.is_set()
    finally:
        feed.delete()
    assert compared.wait(HINTED_WITHIN_S)
    hinted.clear()
    _write_until(lambda: U_HY in hinted, another)
    for each in (backend, another):
        each.close()


def _write_until(hinted, backend):
    """A hint may be lost, so one write need not bring one; the next does."""
    ends = time.monotonic() + HINTED_WITHIN_S
    while not hinted():
        assert time.monotonic() < ends
        backend.open(U_HY).put({"_id": uuid.uuid4().hex})
        time.sleep(0.2)


def test_a_phones_work_becomes_a_place_over_a_couchdb_too(tmp_path, couch):
    world = make_world(tmp_path / "data", clock=Clock(), backend=couch())
    with served(world) as url:
        lan = Phone(url, tmp_path / "phone", world, "lan")
        lan.write(U_HY, submission_of(lan.account, lan.device, HY, full_marks(90)))
        thu = Phone(url, tmp_path / "phone-2", world, "thu")
        thu.write(U_HY, *evidence_of(thu.account, thu.device, title="Đêm chèo"))
        assert not lan.push(U_HY).refused
        assert not thu.push(U_HY).refused
        world.settle()
        first = world.service.board.standings(None, "cum-1", 2024)
        assert (first.rows[0].unit.unit, first.rows[0].total) == (HY, 900)
        world.act("huong", "approve-na", {"unit": HY, "criterion": "i-1"}, "Lý do")
        pulled = lan.pull(G)
        assert not pulled.refused
        lan.close()
        thu.close()
    heads = world.service.board.standings(None, "cum-1", 2024).decision_heads
    world.service.close()
    config = world.service.config
    with Service.open(config, backend=couch(), now=world.clock, random_bytes=world.dice) as again:
        assert again.board.standings(None, "cum-1", 2024).decision_heads == heads
    assert "bí-mật" not in repr(config)
    assert "bí" not in again.backend.open(G).name


def test_a_phone_reads_from_a_couchdb_what_it_may_and_is_told_what_not(tmp_path, couch):
    world = make_world(tmp_path / "data", clock=Clock(), backend=couch())
    with served(world) as url:
        lan, thu = Phone(url, tmp_path / "phone", world, "lan"), Phone(url, tmp_path / "phone-2", world, "thu")
        checklist = submission_of(lan.account, lan.device, HY, full_marks(90))
        lan.write(U_HY, checklist)
        assert not lan.push(U_HY).refused
        asked = [{"id": checklist["_id"]}, {"id": f"evidence:{HY}:x"}]
        (found,), (absent,) = (each["docs"] for each in lan.remote(U_HY).bulk_get(asked, revs=True))
        assert found["ok"]["answers"] == checklist["answers"]
        assert absent["error"]["error"] == "not_found"
        for (withheld,) in (each["docs"] for each in thu.remote(U_HY).bulk_get(asked, revs=True)):
            assert withheld["error"]["error"] == "forbidden"
        world.service.accounts.set_device_state("lan", lan.device, "revoked")
        for (withheld,) in (each["docs"] for each in lan.remote(U_HY).bulk_get(asked)):
            assert withheld["error"]["error"] == "forbidden"
        lan.close()
        thu.close()
    world.service.close()


def test_what_less_than_a_majority_has_written_is_not_yet_accepted(tmp_path):
    """A cluster answers 202 then, and has written all the same: the phone keeps its own and sends it again."""
    folder = StoreFolder(tmp_path / "couch")
    peer, degraded = make_app(folder), []

    @peer.after_request
    def few_copies(response):
        if degraded and response.status_code == HTTPStatus.CREATED:
            degraded.append(f"{request.method} {request.path}")
            response.status_code = HTTPStatus.ACCEPTED
        return response

    with BackgroundServer(peer) as couchdb:
        world = make_world(tmp_path / "data", clock=Clock(), backend=CouchBackend(couchdb.url))
        with served(world) as url:
            lan = Phone(url, tmp_path / "phone", world, "lan")
            lan.write(U_HY, submission_of(lan.account, lan.device, HY, full_marks(90)))
            degraded.append("from here on")
            with pytest.raises(PeerUnreachable):
                lan.push(U_HY)
            assert any(asked.endswith("_bulk_docs") for asked in degraded)
            assert world.ids_of("submission") == []
            degraded.clear()
            assert not lan.push(U_HY).refused
            assert lan.push(U_HY).docs_read == 0
            lan.close()
        world.settle()
        assert len(world.ids_of("submission")) == len(world.ids_of("arrival")) == 1
        assert world.service.board.standings(None, "cum-1", 2024).rows[0].total == 900
        world.service.close()
    folder.close()
