"""Replicated documents that can never be accepted: `forbidden`, one by one, so that a peer passes them and goes on."""

from __future__ import annotations

from typing import Any

import pytest

from sync.database import Database
from sync.errors import NotFound
from tests.support.histories import revision


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"_id": "bad", "_rev": "b-1"}, id="malformed revision"),
        pytest.param({"_id": "bad"}, id="no revision"),
        pytest.param({"_id": "_bad", "_rev": "1-a"}, id="reserved id"),
        pytest.param({"_id": "bad", "_rev": "1-a", "_foo": 1}, id="unknown special member"),
        pytest.param({"_id": "bad", "_rev": "1-a", "_attachments": {"x": {"data": "***"}}}, id="not base64"),
    ],
)
def test_a_document_that_can_never_be_accepted_is_forbidden_alone(database: Database, bad: dict[str, Any]) -> None:
    _is_forbidden_alone(database, bad)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"_id": "bad", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["x", "a"]}}, id="two names"),
        pytest.param({"_id": "bad", "_rev": "1-b", "_revisions": {"start": 1, "ids": ["b", "a"]}}, id="too long"),
        pytest.param({"_id": "bad", "_rev": "1-a", "n": 2**64}, id="wide integer"),
    ],
)
def test_what_couchdb_would_let_pass_is_forbidden_alone_too(database: Database, bad: dict[str, Any]) -> None:
    _is_forbidden_alone(database, bad)


def test_a_history_cut_at_an_older_namesake_is_that_of_the_revision_named(database: Database) -> None:
    """As PouchDB tells of `3-c` on top of `2-c`: it looks for its revisions by their hashes."""
    database.bulk_docs([revision("a", "2-c", "1-a"), revision("b", "1-a")], new_edits=False)
    cut_a = {"_id": "a", "_rev": "3-c", "_revisions": {"start": 2, "ids": ["c", "a"]}}
    cut_b = {"_id": "b", "_rev": "4-a", "_revisions": {"start": 1, "ids": ["a"]}}
    assert database.bulk_docs([cut_a, cut_b], new_edits=False) == []
    assert [row["changes"] for row in database.changes(style="all_docs").results] == [
        [{"rev": "3-c"}],  # nothing can lie between it and its namesake
        [{"rev": "4-a"}, {"rev": "1-a"}],  # what does is not told, so it stands alone
    ]


def _is_forbidden_alone(database: Database, bad: dict[str, Any]) -> None:
    answers = database.bulk_docs([revision("before", "1-a"), bad, revision("after", "1-a")], new_edits=False)
    assert [(answer["id"], answer["error"]) for answer in answers] == [(bad["_id"], "forbidden")]
    assert answers[0]["reason"]
    assert database.get("before")
    assert database.get("after")
    with pytest.raises(NotFound):
        database.get("bad")


def test_a_stub_whose_bytes_are_not_here_is_a_missing_stub(database: Database) -> None:
    stub = {"content_type": "text/plain", "digest": "md5-XUFAKrxLKna5cZ2REBfFkg==", "length": 5, "stub": True}
    answers = database.bulk_docs([revision("bad", "1-a", _attachments={"x": {**stub, "revpos": 1}})], new_edits=False)
    assert [(answer["id"], answer["rev"], answer["error"]) for answer in answers] == [("bad", "1-a", "missing_stub")]
