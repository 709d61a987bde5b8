"""What we say to odd requests in CouchDB's words, asked of a real CouchDB: these are its words still."""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.peers.couchdb import CouchDB, eventually
from tests.support.agreed import DOCUMENTS, EVENTS, EXCHANGES, REFUSALS, REFUSED_UPDATES, UNSOUND, plainly
from tests.support.histories import graft

pytestmark = pytest.mark.couchdb


def asked(couchdb: CouchDB, method: str, target: str, body: Any, **more: str) -> tuple[int, Any]:
    """`target` goes as it stands, and no body unless there is one; `more` are headers."""
    at = urlsplit(couchdb.root)
    pair = base64.b64encode(unquote(f"{at.username}:{at.password}").encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Accept": "application/json", **more}
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, target, data, headers)
    response = connection.getresponse()
    told = response.status, json.loads(response.read())
    connection.close()
    return told


@pytest.fixture(scope="module")
def couchdb() -> Iterator[CouchDB]:
    """One for all: these only ask."""
    peer = CouchDB(os.environ["COUCHDB_URL"])
    yield peer
    peer.clean()


@pytest.fixture(scope="module")
def name(couchdb: CouchDB) -> str:
    return filled(couchdb)


def filled(couchdb: CouchDB) -> str:
    name = couchdb.create(shards=1)
    graft(couchdb.remote(name), *DOCUMENTS)
    return name


@pytest.mark.parametrize(("method", "target", "body", "error", "reason"), REFUSALS)
def test_it_refuses_so(
    couchdb: CouchDB, name: str, method: str, target: str, body: Any, error: str, reason: str
) -> None:
    assert asked(couchdb, method, at(name, target), body) == (400, {"error": error, "reason": reason})


def at(name: str, target: str) -> str:
    target = f"/{name}{target.removeprefix('/db')}" if target.startswith("/db") else target
    return target.replace('"', "%22").replace(" ", "%20")


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_it_answers_so(couchdb: CouchDB, exchange: str) -> None:
    name = filled(couchdb)
    for step in EXCHANGES[exchange]:
        status, told = asked(couchdb, step.method, at(name, step.target), step.body, **step.headers)
        assert (status, plainly(told)) == (step.status, step.told), step


@pytest.mark.parametrize(("each", "told"), UNSOUND)
def test_it_tells_such_an_entry(couchdb: CouchDB, name: str, each: dict[str, Any], told: dict[str, Any]) -> None:
    status, answer = asked(couchdb, "POST", f"/{name}/_bulk_get", {"docs": [each]})
    assert (status, answer["results"]) == (200, [{"id": told["id"], "docs": [{"error": told}]}])


@pytest.fixture(scope="module")
def news(couchdb: CouchDB) -> Iterator[None]:
    """A CouchDB notes what becomes of its databases where it has one to note it in."""
    made = couchdb.http.put(f"{couchdb.root}/_global_changes", timeout=30).status_code == 201
    yield
    if made:
        couchdb("DELETE", "_global_changes", expect=200)


@pytest.mark.usefixtures("news")
@pytest.mark.parametrize(("query", "reason"), REFUSED_UPDATES)
def test_it_refuses_to_tell_news_so(couchdb: CouchDB, query: str, reason: str) -> None:
    assert asked(couchdb, "GET", f"/_db_updates?{query}", None) == (400, {"error": "bad_request", "reason": reason})


@pytest.mark.usefixtures("news")
def test_it_tells_each_kind_of_news_of_a_database_at_its_latest(couchdb: CouchDB) -> None:
    name, start = couchdb.reserve(), couchdb("GET", "_db_updates?since=now", expect=200)["last_seq"]

    def kinds() -> list[str]:
        told = couchdb("GET", "_db_updates", params={"since": start}, expect=200)["results"]
        return [row["type"] for row in told if row["db_name"] == name]

    for method, path, expected in EVENTS:
        if method == "PUT" and expected[0] != "created":
            time.sleep(1.1)  # the shards of a database made anew are named by the second of its birth
        assert asked(couchdb, method, f"/{name}{path}", {} if path else None)[0] in (200, 201)
        eventually(kinds, expected)
