"""What a CouchDB answered once, held against RemoteDatabase and against our face, without a CouchDB.

A change of shape on either side shows here; where COUCHDB_URL names one, a change of CouchDB's shows too.
Made by tests/peers/recording.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.store_folder import StoreFolder
from tests.peers.couchdb import CouchDB
from tests.peers.recording import RECORDED, Exchange, play, record, record_couchdb, shape, target
from tests.peers.scenarios import COUCHDB_ALONE, SCENES

RECORDINGS = sorted(RECORDED.glob("*/*.json"))

# What CouchDB says beyond what its protocol asks of a peer, and what ours says beyond CouchDB, by request.
MORE = {
    "GET /DB": {
        "cluster", "compact_running", "disk_format_version", "props", "purge_seq", "sizes",  # CouchDB's house
        "uuid",  # ours: a database made anew is another one
    },
}  # fmt: skip


@pytest.fixture(params=RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def kept(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(request.param.read_text())


def shapes(exchanges: list[Exchange]) -> list[Any]:
    """Without the welcome, which only a database that has no uuid makes us ask for."""
    return [(target(exchange), _answer(exchange)) for exchange in exchanges if target(exchange) != "GET /"]


def _answer(exchange: Exchange) -> Any:
    told = exchange["response"]
    body = told.get("json")
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in MORE.get(target(exchange), ())}
    return [told["status"], told["headers"].get("Content-Type"), shape(body)]


def test_every_scene_is_recorded() -> None:
    assert {path.stem for path in RECORDINGS} == set(SCENES)


def test_what_couchdb_answered_is_understood(kept: dict[str, Any]) -> None:
    assert play(kept) == kept["understood"]


def test_our_face_answers_in_the_shapes_of_couchdb(kept: dict[str, Any], tmp_path: Path) -> None:
    if kept["scene"] in COUCHDB_ALONE:
        return
    folder = StoreFolder(tmp_path)
    if kept["scene"] != "life":
        folder.create(kept["database"])
    with BackgroundServer(make_app(folder)) as server:
        exchanges, _ = record(kept["scene"], f"{server.url}/{kept['database']}")
    folder.close()
    for ours, theirs in zip(shapes(exchanges), shapes(kept["exchanges"]), strict=True):
        assert ours == theirs


@pytest.mark.couchdb
def test_couchdb_answers_as_it_did(kept: dict[str, Any], couchdb: CouchDB) -> None:
    now = record_couchdb(kept["scene"], couchdb)
    assert shapes(now["exchanges"]) == shapes(kept["exchanges"])
    assert shape(now["understood"]) == shape(kept["understood"])
