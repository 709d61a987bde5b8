"""The same service with its databases in a CouchDB: our own peer, with credentials, and a real one where it is."""

from __future__ import annotations

import os
import time

import pytest
import requests

from server.couch_backend import CouchBackend
from server.couch_peer import make_app
from server.service import Service
from server.wsgi import BackgroundServer
from sync.errors import NotFound
from sync.store_folder import StoreFolder
from tests.peers.couchdb import eventually
from tests.server.world import HY, Clock, Phone, evidence_of, full_marks, make_world, served, submission_of

G, U_HY = "g-cum-1-2024", "u-so-hy-2024"


def names_of_ours(url):
    return CouchBackend(url).names()


@pytest.fixture
def real_couch():
    """Only one without a database of this name or that: what is there already is somebody's."""
    url = os.environ["COUCHDB_URL"].rstrip("/")
    assert names_of_ours(url) == []
    yield url
    for name in (*names_of_ours(url), "other-things"):
        requests.delete(f"{url}/{name}", timeout=10)
    # It has answered before they are gone; one made anew within the second would go with them.
    eventually(lambda: names_of_ours(url), [])
    time.sleep(1.1)


@pytest.fixture
def our_couch(tmp_path):
    folder = StoreFolder(tmp_path / "couch")
    with BackgroundServer(make_app(folder, user="thidua:bí-mật")) as server:
        yield f"http://thidua:b%C3%AD-m%E1%BA%ADt@127.0.0.1:{server.port}"
    folder.close()


@pytest.fixture(
    params=[
        "our_couch",
        # Its databases have fixed names: one test at a time.
        pytest.param("real_couch", marks=[pytest.mark.couchdb, pytest.mark.xdist_group("real_couch")]),
    ]
)
def couch(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def backend(couch):
    made = CouchBackend(couch)
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


def test_changes_are_hinted_even_by_a_peer_without_a_feed(backend, couch):
    hinted = []
    stop = backend.subscribe(hinted.append)
    backend.create(U_HY)
    CouchBackend(couch).open(U_HY).put({"_id": "x"})
    deadline = time.monotonic() + 15
    while U_HY not in hinted and time.monotonic() < deadline:
        time.sleep(0.05)
    stop()
    assert U_HY in hinted


def test_a_phones_work_becomes_a_place_over_a_couchdb_too(tmp_path, couch):
    world = make_world(tmp_path / "data", clock=Clock(), backend=CouchBackend(couch))
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
    with Service.open(config, backend=CouchBackend(couch), now=world.clock, random_bytes=world.dice) as again:
        assert again.board.standings(None, "cum-1", 2024).decision_heads == heads
    assert "bí-mật" not in repr(config)
    assert "bí" not in again.backend.open(G).name
