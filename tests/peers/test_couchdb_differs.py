"""What a CouchDB does otherwise than our own databases, stated so that we hear when it changes.

Where the contract suite leaves CouchDB out (tests/contract/conftest.py), the reason is one of these.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sync.errors import MissingStub, NotFound
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from tests.peers.couchdb import CouchDB
from tests.peers.sample import bytes_of
from tests.support.histories import graft, leaves, revision
from tests.support.memory import MemoryDatabase

pytestmark = pytest.mark.couchdb

TEXT = b"text/plain is kept compressed; " * 50


@pytest.fixture
def there(couchdb: CouchDB) -> RemoteDatabase:
    return couchdb.remote(couchdb.create(shards=1))


def bulk_docs(couchdb: CouchDB, name: str, *documents: dict[str, Any]) -> tuple[int, Any]:
    """As sent, without what RemoteDatabase makes of it."""
    body = {"docs": list(documents), "new_edits": False}
    response = couchdb.http.post(f"{couchdb.root}/{name}/_bulk_docs", json=body)
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("bad", "status", "error"),
    [
        ({"_id": "bad", "_rev": "1-a", "_foo": 1}, 400, "doc_validation"),
        ({"_id": "_bad", "_rev": "1-a"}, 400, "illegal_docid"),
        ({"_id": "bad", "_rev": "1-a", "_attachments": {"x": {"data": "***"}}}, 400, "bad_request"),
        ({"_id": "bad", "_rev": "b-1"}, 400, "bad_request"),
        ({"_id": "bad", "_rev": "1-a", "_attachments": {"x": {"stub": True}}}, 412, "missing_stub"),
    ],
)
def test_one_document_refuses_its_whole_batch(couchdb: CouchDB, bad: dict[str, Any], status: int, error: str) -> None:
    name = couchdb.create(shards=1)  # with more, others may have landed
    answered, told = bulk_docs(couchdb, name, revision("good", "1-a"), bad)
    assert (answered, told["error"]) == (status, error)
    with pytest.raises(NotFound):
        couchdb.remote(name).get("good")
    failures = couchdb.remote(name).bulk_docs([revision("good", "1-a"), bad], new_edits=False)
    assert [failure["id"] for failure in failures] == [bad["_id"]]
    assert couchdb.remote(name).get("good")


def test_an_edit_with_a_stub_of_nothing_refuses_its_whole_batch(there: RemoteDatabase) -> None:
    with pytest.raises(MissingStub):
        there.bulk_docs([{"_id": "good"}, {"_id": "bad", "_attachments": {"x": {"stub": True}}}])
    assert there.all_docs()["rows"] == []


@pytest.mark.parametrize(
    "odd",
    [
        {"_id": "a", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["x", "a"]}},
        {"_id": "a", "_rev": "1-b", "_revisions": {"start": 1, "ids": ["b", "a"]}},
        {"_id": "a", "_rev": "1-a", "n": 2**64},
    ],
)
def test_it_takes_a_history_that_belies_its_revision_and_integers_of_any_width(there: Any, odd: Any) -> None:
    graft(there, odd)
    assert there.get("a").get("n") == odd.get("n")


def test_it_keeps_an_older_namesake_in_place_of_the_revision_named(there: RemoteDatabase) -> None:
    graft(there, {"_id": "a", "_rev": "3-c", "_revisions": {"start": 2, "ids": ["c", "a"]}})
    assert leaves(there, "a") == ["2-c"]


def test_a_leaf_takes_the_body_told_last_where_its_path_joins_two_roots(there: RemoteDatabase) -> None:
    graft(there, revision("a", "4-d", n="d"), revision("a", "6-f", "5-e", n="f"))
    graft(there, revision("a", "6-f", "5-e", "4-d", "3-c", n="told last"))
    assert leaves(there, "a") == ["6-f"]
    assert there.get("a")["n"] == "told last"


def test_an_ancestor_that_comes_after_its_leaf_is_a_change(there: RemoteDatabase) -> None:
    graft(there, revision("a", "2-b", "1-a"))
    before = there.changes().last_seq
    graft(there, revision("a", "1-a"))
    assert [row["id"] for row in there.changes(before).results] == ["a"]


def test_a_local_document_is_written_over_by_who_has_not_read_it(there: RemoteDatabase) -> None:
    there.put_local("c", {"n": 1})
    assert there.put_local("c", {"n": 2}) == "0-1"


def test_a_compressed_attachment_has_the_digest_of_its_compressed_form(there: RemoteDatabase) -> None:
    there.put({"_id": "a", "_attachments": {"x": bytes_of(TEXT, "text/plain"), "y": bytes_of(TEXT)}})
    text, photo = (there.attachment("a", name) for name in "xy")
    assert text.read() == photo.read() == TEXT
    assert text.length == photo.length == len(TEXT)
    assert text.digest != photo.digest


def test_an_attachment_without_a_generation_is_of_generation_0_and_kept_back(couchdb: CouchDB) -> None:
    """From every reader with any ancestor: RemoteDatabase names one, and our face sends such bytes."""
    name = couchdb.create()
    bulk_docs(couchdb, name, revision("a", "2-b", "1-a", _attachments={"x": bytes_of(TEXT)}))
    (answer,) = couchdb.remote(name).bulk_get([{"id": "a", "rev": "2-b", "atts_since": ["1-a"]}], attachments=True)
    stub = answer["docs"][0]["ok"]["_attachments"]["x"]
    assert (stub["revpos"], stub["stub"]) == (0, True)


def test_it_keeps_revisions_of_forms_that_we_refuse_alone(couchdb: CouchDB, there: RemoteDatabase) -> None:
    odd = [{"_id": f"odd-{at}", "_rev": rev} for at, rev in enumerate(("1-", "0-x", "1-x/y", f"{10**20}-x"))]
    status, told = bulk_docs(couchdb, there.name.rpartition("/")[2], revision("good", "1-a"), *odd)
    assert (status, told) == (201, [])
    here = MemoryDatabase("here")
    result = replicate(there, here, new_session_id=lambda: uuid.uuid4().hex, now=lambda: "now")
    assert {(each.id, each.error) for each in result.refused} == {(each["_id"], "forbidden") for each in odd}
    assert here.get("good")


def test_its_bulk_get_in_json_is_not_compressed(couchdb: CouchDB, there: RemoteDatabase) -> None:
    graft(there, revision("a", "1-a", text="x" * 10_000))
    body = {"docs": [{"id": "a", "rev": "1-a"}]}
    url = f"{couchdb.root}/{there.name.rpartition('/')[2]}/_bulk_get"
    response = couchdb.http.post(url, json=body, headers={"Accept": "application/json", "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
