"""PouchDB as the other end: each errand is one Node process, its databases are LevelDB files of the test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.store import Store
from sync.store_folder import StoreFolder
from tests.peers.couchdb import CouchDB

HERE = Path(__file__).parent
ERRAND_S_MAX = 300

Errand = Callable[..., dict[str, Any]]


@pytest.fixture
def start_pouch(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    def start(errand: str, **order: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["node", str(HERE / "peer.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        order = {"errand": errand, "dir": str(tmp_path), "name": "pouch", **order}
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        process.stdin = None
        return process

    return start


@pytest.fixture
def pouch(start_pouch: Callable[..., subprocess.Popen[bytes]]) -> Errand:
    """Run one errand of peer.js to its end."""

    def run(errand: str, **order: Any) -> dict[str, Any]:
        return told_by(start_pouch(errand, **order))

    return run


def told_by(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    told, trouble = process.communicate(timeout=ERRAND_S_MAX)
    assert process.returncode == 0, trouble.decode()
    return json.loads(told)


class Couch:
    """`thidua couch` in this process: its folder of Stores, and its address."""

    def __init__(self, folder: Path) -> None:
        self.folder = StoreFolder(folder)
        self.app = make_app(self.folder)
        self.server = BackgroundServer(self.app)

    def url(self, name: str = "db") -> str:
        return f"{self.server.url}/{name}"

    def store(self, name: str = "db") -> Store:
        return self.folder.ensure(name)


@pytest.fixture
def couch(tmp_path: Path) -> Iterator[Couch]:
    served = Couch(tmp_path / "couch")
    with served.server:
        yield served
    served.folder.close()


@pytest.fixture
def couchdb() -> Iterator[CouchDB]:
    """The real one."""
    peer = CouchDB(os.environ["COUCHDB_URL"])
    yield peer
    peer.clean()
