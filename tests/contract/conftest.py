"""Every implementation of the port, each as a fresh, empty database.

A real CouchDB joins where COUCHDB_URL names one (`http://user:password@127.0.0.1:5984`); it answers for what the suite
demands of the others.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.database import Database
from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from sync.store import Store
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served


def memory(_: Path) -> Iterator[Database]:
    yield MemoryDatabase("contract")


def store(folder: Path) -> Iterator[Database]:
    opened = Store(folder / "contract.sqlite")
    yield opened
    opened.close()


def guarded(_: Path) -> Iterator[Database]:
    yield GuardedDatabase(MemoryDatabase("contract"), Rules())


def over_http(folder: Path) -> Iterator[Database]:
    """A store seen from the other end of the wire: RemoteDatabase, HTTP, face, Store."""
    opened = Store(folder / "contract.sqlite")
    with Served() as served:
        yield served.remote("contract", opened)
    opened.close()


def couchdb(_: Path) -> Iterator[Database]:
    url = f"{os.environ['COUCHDB_URL'].rstrip('/')}/contract-{uuid.uuid4().hex}"
    # One shard: with more, CouchDB promises no order of changes between them.
    requests.put(url, params={"q": 1}, timeout=10).raise_for_status()
    try:
        yield RemoteDatabase(url)
    finally:
        requests.delete(url, timeout=10).raise_for_status()


KINDS: dict[str, Any] = {
    "memory": memory,
    "store": store,
    "guarded": guarded,
    "over_http": over_http,
    "couchdb": couchdb,
}

# What CouchDB does instead is stated in tests/peers/test_couchdb_differs.py.
COUCHDB_DIFFERS = {
    "test_a_leaf_told_again_keeps_the_body_it_had": "CouchDB takes the body told last where a path joins two roots",
    "test_what_couchdb_would_let_pass_is_forbidden_alone_too": "CouchDB takes a history that belies its revision",
    "test_a_local_document_is_not_written_over_by_who_has_not_read_it": "CouchDB lets the last writer win",
    "test_an_ancestor_that_comes_after_its_leaf_is_no_change": "CouchDB counts the body it had lacked as a change",
}


@pytest.fixture(
    params=[pytest.param(kind, id=kind, marks=[pytest.mark.couchdb] if kind == "couchdb" else []) for kind in KINDS]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    differs = COUCHDB_DIFFERS.get(request.function.__name__)
    if request.param == "couchdb" and differs is not None:
        pytest.skip(differs)
    yield from KINDS[request.param](tmp_path)
