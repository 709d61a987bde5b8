"""Attachments: kept by digest, sent inline or named by stubs, never swapped for another document's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sync.database import Database
from sync.errors import MissingStub, NotFound
from tests.support.histories import graft, revision

HELLO = b"hello"
HELLO_DIGEST = "md5-XUFAKrxLKna5cZ2REBfFkg=="


def bytes_of(data: bytes, content_type: str = "image/jpeg", **more: Any) -> dict[str, Any]:
    return {"content_type": content_type, "data": base64.b64encode(data).decode(), **more}


def test_bytes_come_back_as_they_went_in(database: Database) -> None:
    database.put({"_id": "a", "_attachments": {"x.jpg": bytes_of(HELLO)}})
    found = database.attachment("a", "x.jpg")
    assert (found.content_type, found.length, found.digest, found.revpos) == ("image/jpeg", 5, HELLO_DIGEST, 1)
    assert found.read() == HELLO


@pytest.mark.parametrize("length", [0, 1, 65_536, 3 * 2**20 + 1])
def test_an_attachment_of_any_length_comes_back_whole(database: Database, length: int) -> None:
    data = bytes(range(256)) * (length // 256 + 1)
    database.put({"_id": "a", "_attachments": {"x": bytes_of(data[:length])}})
    assert database.attachment("a", "x").read() == data[:length]


@pytest.mark.parametrize("name", ["ảnh 1.jpg", "a/b.txt", "a%2Fb", "x?y#z", ""])
def test_an_attachment_name_may_be_any_text(database: Database, name: str) -> None:
    database.put({"_id": "a", "_attachments": {name: bytes_of(HELLO)}})
    assert database.attachment("a", name).read() == HELLO
    assert list(database.get("a")["_attachments"]) == [name]


def test_a_document_names_its_attachments_by_stubs_or_brings_them(database: Database) -> None:
    rev = database.put({"_id": "a", "_attachments": {"x": bytes_of(HELLO)}})
    stub = {"content_type": "image/jpeg", "revpos": 1, "digest": HELLO_DIGEST, "length": 5, "stub": True}
    assert database.get("a")["_attachments"] == {"x": stub}
    brought = database.get("a", attachments=True)["_attachments"]["x"]
    assert base64.b64decode(brought["data"]) == HELLO
    assert brought["digest"] == HELLO_DIGEST
    (answer,) = database.bulk_get([{"id": "a", "rev": rev}], attachments=True)
    assert base64.b64decode(answer["docs"][0]["ok"]["_attachments"]["x"]["data"]) == HELLO
    (answer,) = database.bulk_get([{"id": "a", "rev": rev}])
    assert answer["docs"][0]["ok"]["_attachments"] == {"x": stub}


def test_an_edit_keeps_what_its_stubs_name_and_drops_the_rest(database: Database) -> None:
    first = database.put({"_id": "a", "_attachments": {"x": bytes_of(HELLO), "y": bytes_of(b"y")}})
    stub = database.get("a")["_attachments"]["x"]
    second = database.put({"_id": "a", "_rev": first, "_attachments": {"x": stub, "z": bytes_of(b"z")}})
    kept = database.get("a")["_attachments"]
    assert {name: each["revpos"] for name, each in kept.items()} == {"x": 1, "z": 2}
    assert database.attachment("a", "x", rev=second).read() == HELLO
    with pytest.raises(NotFound):
        database.attachment("a", "y")
    database.put({"_id": "a", "_rev": second})
    assert "_attachments" not in database.get("a")


def test_a_stub_of_nothing_is_refused(database: Database) -> None:
    with pytest.raises(MissingStub):
        database.put({"_id": "a", "_attachments": {"x": {"stub": True, "digest": HELLO_DIGEST, "length": 5}}})
    rev = database.put({"_id": "a", "_attachments": {"y": bytes_of(b"y")}})
    with pytest.raises(MissingStub):
        database.put({"_id": "a", "_rev": rev, "_attachments": {"x": {"stub": True}}})


def test_a_stub_does_not_open_what_another_document_keeps(database: Database) -> None:
    database.put({"_id": "secret", "_attachments": {"x": bytes_of(HELLO)}})
    stub = {"stub": True, "digest": HELLO_DIGEST, "length": 5, "revpos": 1, "content_type": "image/jpeg"}
    with pytest.raises(MissingStub):
        database.put({"_id": "mine", "_attachments": {"x": stub}})
    answers = database.bulk_docs([revision("mine", "1-a", _attachments={"x": stub})], new_edits=False)
    assert [answer["error"] for answer in answers] == ["missing_stub"]


def test_replicated_attachments_keep_the_generation_they_came_with(database: Database) -> None:
    graft(database, revision("a", "3-c", "2-b", "1-a", _attachments={"x": bytes_of(HELLO, revpos=2)}))
    assert database.get("a")["_attachments"]["x"]["revpos"] == 2


def test_replicated_attachments_without_a_generation_are_of_their_revision(database: Database) -> None:
    graft(database, revision("a", "3-c", "2-b", _attachments={"x": bytes_of(HELLO), "y": bytes_of(HELLO, revpos=2)}))
    assert {name: stub["revpos"] for name, stub in database.get("a")["_attachments"].items()} == {"x": 3, "y": 2}


def test_replicated_stubs_stand_for_what_the_same_document_holds(database: Database) -> None:
    graft(database, revision("a", "1-a", _attachments={"x": bytes_of(HELLO, revpos=1)}))
    graft(database, revision("b", "1-a", _attachments={"x": bytes_of(HELLO), "y": bytes_of(b"y")}))
    for doc_id, name, data in (("a", "x", HELLO), ("b", "y", b"y")):
        stub = database.get(doc_id)["_attachments"][name]
        graft(database, revision(doc_id, "2-b", "1-a", _attachments={name: stub}))
        assert database.attachment(doc_id, name, rev="2-b").read() == data


def test_conflicting_leaves_keep_each_its_own_attachments(database: Database) -> None:
    graft(
        database,
        revision("a", "2-b", "1-a", _attachments={"x": bytes_of(b"of b")}),
        revision("a", "2-c", "1-a", _attachments={"x": bytes_of(b"of c")}),
    )
    assert database.attachment("a", "x").read() == b"of c"
    assert database.attachment("a", "x", rev="2-b").read() == b"of b"
    database.put({"_id": "a", "_rev": "2-c", "_deleted": True})
    assert database.attachment("a", "x").read() == b"of b"


def test_a_reader_who_has_an_ancestor_gets_only_newer_bytes(database: Database) -> None:
    graft(
        database,
        revision(
            "a",
            "3-c",
            "2-b",
            "1-a",
            _attachments={"old": bytes_of(b"old", revpos=2), "new": bytes_of(b"new", revpos=3)},
        ),
    )
    request = {"id": "a", "rev": "3-c", "atts_since": ["2-b", "2-unknown", "1-a"]}
    (answer,) = database.bulk_get([request], attachments=True)
    brought = answer["docs"][0]["ok"]["_attachments"]
    assert brought["old"]["stub"] is True
    assert base64.b64decode(brought["new"]["data"]) == b"new"


def test_attachments_come_along_in_feed_and_listing_when_asked(database: Database) -> None:
    database.put({"_id": "a", "_attachments": {"x": bytes_of(HELLO)}})
    (change,) = database.changes(include_docs=True, attachments=True).results
    (row,) = database.all_docs(include_docs=True, attachments=True)["rows"]
    for document in (change["doc"], row["doc"]):
        assert base64.b64decode(document["_attachments"]["x"]["data"]) == HELLO
    (change,) = database.changes(include_docs=True).results
    assert change["doc"]["_attachments"]["x"]["stub"] is True


def test_what_is_not_attached_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        database.attachment("a", "x")
    rev = database.put({"_id": "a", "_attachments": {"x": bytes_of(HELLO)}})
    with pytest.raises(NotFound):
        database.attachment("a", "y")
    database.put({"_id": "a", "_rev": rev, "_deleted": True})
    with pytest.raises(NotFound):
        database.attachment("a", "x")


def test_bytes_that_come_with_an_edit_are_of_that_edit(database: Database) -> None:
    rev = database.put({"_id": "a", "_attachments": {"x": {"content_type": "text/plain", "data": "b25l"}}})
    stub = database.get("a")["_attachments"]["x"]
    changed = {"content_type": "text/plain", "revpos": stub["revpos"], "data": "b25lLWNoYW5nZWQ="}
    database.put({"_id": "a", "_rev": rev, "_attachments": {"x": changed}})
    assert database.get("a")["_attachments"]["x"]["revpos"] == 2
