"""Taking documents apart, and giving them the revision they have everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.documents import ATTACHMENT_BYTES_MAX, DOCUMENT_BYTES_MAX, check_id, take_apart, with_revision
from sync.errors import BadRequest, DocumentInvalid, IllegalDocumentId, TooLarge
from sync.revisions import parse_rev
from sync.store import Store
from tests.support.memory import MemoryDatabase

DOCUMENT = {"_id": "a", "n": 1, "_attachments": {"x": {"content_type": "text/plain", "data": b"bytes"}}}


def test_a_document_gets_beforehand_the_revision_that_a_write_gives_it(tmp_path: Path) -> None:
    store, memory = Store(tmp_path / "a.sqlite"), MemoryDatabase()
    first = with_revision(DOCUMENT)
    assert first["_rev"] == store.put(DOCUMENT) == memory.put(DOCUMENT)
    second = with_revision({"_id": "a", "_deleted": True}, parent=first["_rev"])
    assert second["_revisions"] == {"start": 2, "ids": [second["_rev"][2:], first["_rev"][2:]]}
    assert second["_rev"] == store.put({"_id": "a", "_rev": first["_rev"], "_deleted": True})


def test_the_revision_follows_content_and_nothing_else() -> None:
    rev = with_revision(DOCUMENT)["_rev"]
    assert with_revision(dict(reversed(DOCUMENT.items())))["_rev"] == rev
    assert with_revision({**DOCUMENT, "_id": "b"})["_rev"] == rev
    assert with_revision({**DOCUMENT, "_rev": "9-z", "_conflicts": ["1-q"]})["_rev"] == rev
    inline = {"x": {"content_type": "text/plain", "data": "Ynl0ZXM=", "revpos": 7}}
    assert with_revision({**DOCUMENT, "_attachments": inline})["_rev"] == rev
    for change in (
        {"n": 2},
        {"_deleted": True},
        {"_attachments": {}},
        {"_attachments": {"x": {"content_type": "text/html", "data": b"bytes"}}},
        {"_attachments": {"x": {"content_type": "text/plain", "data": b"other"}}},
        {"_attachments": {"y": {"content_type": "text/plain", "data": b"bytes"}}},
    ):
        assert with_revision({**DOCUMENT, **change})["_rev"] != rev
    assert parse_rev(rev).generation == 1


def test_a_stub_gives_no_revision() -> None:
    with pytest.raises(BadRequest, match="must come with its bytes"):
        with_revision({"_id": "a", "_attachments": {"x": {"stub": True}}})


def test_what_couchdb_adds_on_reading_is_ignored_on_writing() -> None:
    draft = take_apart({"_id": "a", "_conflicts": ["1-a"], "_revs_info": [], "_local_seq": 3, "_deleted_conflicts": []})
    assert draft.body == b"{}"


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, IllegalDocumentId),
        ({"_id": None}, IllegalDocumentId),
        ({"_id": "_x"}, IllegalDocumentId),
        ({"_id": "_design/"}, IllegalDocumentId),
        ({"_id": "\ud800"}, IllegalDocumentId),
        ({"_id": "x" * 8_000}, IllegalDocumentId),
        ({"_id": "a", "_x": 1}, DocumentInvalid),
        ({"_id": "a", "_revisions": {"ids": ["a"]}}, BadRequest),
        ({"_id": "a", "_attachments": []}, DocumentInvalid),
        ({"_id": "a", "_attachments": {"x": "y"}}, DocumentInvalid),
        ({"_id": "a", "_attachments": {"x": {}}}, BadRequest),
        ({"_id": "a", "_attachments": {"x": {"follows": True}}}, BadRequest),
        ({"_id": "a", "_attachments": {"x": {"data": b"", "content_type": "a\r\nb"}}}, DocumentInvalid),
        ({"_id": "a", "_attachments": {"x": {"data": "ä"}}}, BadRequest),
        ({"_id": "a", "_attachments": {1: {"data": b""}}}, BadRequest),
        ({"_id": "a", "_attachments": {"_x": {"data": b""}}}, BadRequest),
        ({"_id": "a", 1: 2}, BadRequest),
        ({"_id": "a", "n": float("nan")}, BadRequest),
        ([], BadRequest),
    ],
)
def test_what_is_malformed_is_refused_with_a_reason(document: Any, error: type[BadRequest]) -> None:
    with pytest.raises(error) as refusal:
        take_apart(document)
    assert refusal.value.reason


def test_documents_and_attachments_beyond_the_limits_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge, match=str(DOCUMENT_BYTES_MAX)):
        take_apart({"_id": "a", "text": "x" * DOCUMENT_BYTES_MAX})
    monkeypatch.setattr("sync.documents.ATTACHMENT_BYTES_MAX", 10)
    with pytest.raises(TooLarge, match="over 10 bytes"):
        take_apart({"_id": "a", "_attachments": {"x": {"data": b"x" * 11}}})
    assert ATTACHMENT_BYTES_MAX > 10


def test_design_and_local_documents_have_ids_too() -> None:
    assert check_id("_design/x") == "_design/x"
    assert check_id("_local/x") == "_local/x"
