"""pouchdb-server against the wire: both ways with everything, and a pair of PouchDB's phones beside a pair of ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from sync.store_folder import StoreFolder
from tests.peers.pouchdb_server import pouchdb_server
from tests.peers.sample import PHOTO, bytes_of, sample
from tests.support.everything import everything
from tests.support.histories import graft
from tests.support.memory import MemoryDatabase

pytestmark = pytest.mark.node

counter = itertools.count(1)


def copy(source: Any, target: Any) -> Any:
    return replicate(source, target, new_session_id=lambda: f"s{next(counter)}", now=lambda: "now")


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pouchdb_server(tmp_path_factory.mktemp("pouchdb-server")) as url:
        yield url


@pytest.fixture
def there(server_url: str) -> Iterator[RemoteDatabase]:
    database = RemoteDatabase(f"{server_url}/db-{next(counter)}")
    database.create()
    yield database
    database.delete()


def test_everything_comes_there_and_back(there: RemoteDatabase) -> None:
    here, back = MemoryDatabase("here"), MemoryDatabase("back")
    graft(here, *sample())
    pushed = copy(here, there)
    assert (pushed.docs_written, pushed.refused) == (len(sample()), [])
    pulled = copy(there, back)
    assert (pulled.docs_written, pulled.refused) == (len(sample()), [])
    assert everything(back) == everything(here)
    assert copy(here, there).docs_read == copy(there, back).docs_read == 0


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_its_own_replicator_signs_in_at_ours(
    server_url: str, there: RemoteDatabase, tmp_path: Any, direction: str
) -> None:
    folder = StoreFolder(tmp_path / "asks")
    ours = folder.create("db")
    graft(ours if direction == "pull" else there, *sample())
    with BackgroundServer(make_app(folder, user="an:mật khẩu")) as server:
        known = f"http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@{server.url.removeprefix('http://')}/db"
        ends = [known, there.name]
        job = {"source": ends[direction == "push"], "target": ends[direction == "pull"]}
        told = requests.post(f"{server_url}/_replicate", json=job, timeout=300)
        assert (told.status_code, told.json().get("ok")) == (200, True), told.text
    # Its list of leaves has no order to tell a winner by: read as a replicator reads it.
    copy(there, found := MemoryDatabase("found"))
    assert everything(found) == everything(ours)
    folder.close()


def test_two_phones_of_pouchdb_and_two_of_ours_end_with_the_same(couch: Any, pouch: Any, there: RemoteDatabase) -> None:
    """The first pair meets at pouchdb-server, the second at ours, and ours carries between the two servers."""
    ours = couch.store()
    phones = [MemoryDatabase(f"phone {n}") for n in (1, 2)]
    theirs = {"pouch-1": there.name, "pouch-2": there.name}

    def meet() -> None:
        for _ in range(2):
            for name, url in theirs.items():
                pouch("push", name=name, url=url)
            for phone in phones:
                copy(phone, RemoteDatabase(couch.url()))
            copy(there, ours)
            copy(ours, there)
            for name, url in theirs.items():
                pouch("pull", name=name, url=url)
            for phone in phones:
                copy(RemoteDatabase(couch.url()), phone)

    def at(phone: Any, number: int) -> None:
        """What one person does: an edit of what all have, a deletion or an edit beside it, a photo of their own."""
        shared, doomed = (phone.get(doc_id) for doc_id in ("shared/ü", "doomed"))
        kept = shared.get("_attachments", {})
        phone.put({**shared, "n": number, "_attachments": {**kept, f"{number}.jpg": bytes_of(PHOTO[: number * 1_000])}})
        phone.put({**doomed, "_deleted": True} if number % 2 else {**doomed, "n": number})
        phone.put({"_id": f"own:{number}", "_attachments": {"p": bytes_of(PHOTO)}})

    first = MemoryDatabase("first")
    first.put({"_id": "shared/ü", "n": 0, "_attachments": {"first": bytes_of(PHOTO)}})
    first.put({"_id": "doomed", "n": 0})
    copy(first, ours)
    meet()
    for number, phone in enumerate(phones, start=1):
        at(phone, number)
    for number, name in enumerate(theirs, start=3):
        pouch("work", name=name, number=number, bytes=bytes_of(PHOTO)["data"])
    meet()
    found = everything(ours)
    assert len(found["shared/ü"]["leaves"]) == 4
    assert len(found) == 6
    assert [everything(phone) for phone in phones] == [found, found]
    # Its list of leaves has no order to tell a winner by: read as a replicator reads it.
    copy(there, last := MemoryDatabase("last"))
    assert everything(last) == found
    assert [pouch("write", name=name, docs=[])["everything"] for name in theirs] == [found, found]
