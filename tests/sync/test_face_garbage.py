"""Garbage is read or refused, and nothing else: never a 5xx, always JSON, and what was there stays."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.store import Store
from tests.support.curl import Curl
from tests.support.everything import everything
from tests.support.histories import graft, revision

# The real thing, with SQLite behind it: what a dictionary takes in silence a database may not.
FOLDER = tempfile.TemporaryDirectory()
CURL = Curl(database=Store(Path(FOLDER.name) / "garbage.sqlite"))
graft(CURL.db, revision("kept", "2-b", "1-a", n=1), revision("kept", "2-c", "1-a", n=2))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
# Members replication knows, holding what they should not.
ODD_DOCUMENT = st.dictionaries(
    st.sampled_from(["_id", "_rev", "_revisions", "_deleted", "_attachments", "_odd", "n"]),
    JSON
    | st.sampled_from(["1-a", "2-b", "0-0", "kept", "_x", "_local/x", "9999999999999999999999-a", "1-"])
    | st.fixed_dictionaries({"start": JSON, "ids": JSON | st.lists(st.sampled_from(["a", "b", ""]), max_size=3)})
    | st.dictionaries(
        st.text(max_size=4), st.dictionaries(st.sampled_from(["data", "stub", "digest", "length"]), JSON)
    ),
    max_size=6,
)
QUERY = st.dictionaries(
    st.sampled_from(
        [
            "rev",
            "revs",
            "open_revs",
            "latest",
            "conflicts",
            "attachments",
            "atts_since",
            "limit",
            "since",
            "style",
            "descending",
            "include_docs",
            "filter",
            "doc_ids",
            "keys",
            "key",
            "startkey",
            "endkey",
            "skip",
            "new_edits",
            "heartbeat",
            "count",
        ]
    ),
    st.text(max_size=6) | JSON.map(json.dumps) | st.sampled_from(["true", "now", "all", '["1-a"]', "_doc_ids"]),
    max_size=4,
)
GETS = ["", "_changes", "_all_docs", "kept", "kept/x", "_local/x", "_design/x", "_session", "%00", "..", "//"]
POSTS = [
    "_bulk_docs",
    "_bulk_get",
    "_revs_diff",
    "_missing_revs",
    "_changes?filter=_doc_ids",
    "_all_docs",
    "_compact",
    "",
]


def ask(method: str, path: str, **options: Any) -> int:
    before = everything(CURL.db)["kept"]
    response = CURL.raw(method, path, **options)
    assert response.status_code < 500 or response.status_code == 501, response.data
    if response.data and not response.headers["Content-Type"].startswith("multipart/"):
        told = json.loads(response.data)
        if response.status_code >= 400:
            assert set(told) == {"error", "reason"}
    after = everything(CURL.db)["kept"]
    assert after["leaves"].items() >= before["leaves"].items() or response.status_code == 201
    return response.status_code


@given(path=st.sampled_from(GETS), query=QUERY, accept=st.sampled_from(["*/*", "multipart/mixed", "application/json"]))
def test_any_query_is_answered(path: str, query: dict[str, str], accept: str) -> None:
    ask("GET", f"/db/{path}", query_string=query, headers={"Accept": accept})


@given(
    path=st.sampled_from(POSTS), body=JSON | st.dictionaries(st.sampled_from(["docs", "keys", "doc_ids", "a"]), JSON)
)
def test_any_json_is_answered(path: str, body: Any) -> None:
    ask("POST", f"/db/{path}", json=body)


@given(documents=st.lists(ODD_DOCUMENT, max_size=3), new_edits=st.booleans())
def test_any_document_lands_or_is_an_entry(documents: list[dict[str, Any]], new_edits: bool) -> None:
    sound = revision("neighbour", "1-a")
    response = CURL.raw("POST", "/db/_bulk_docs", json={"docs": [*documents, sound], "new_edits": new_edits})
    if new_edits:
        # What is no document at all refuses a batch of edits, as in CouchDB; never one of a replicator.
        assert response.status_code in (201, 400), response.data
        return
    assert response.status_code == 201, response.data
    assert "neighbour" not in [entry["id"] for entry in response.json]
    assert CURL.db.revs_diff({"neighbour": ["1-a"]}) == {}
    # Any other word would make PouchDB give up the whole batch.
    assert {entry["error"] for entry in response.json} <= {"forbidden", "unauthorized", "missing_stub", "conflict"}


@given(document=ODD_DOCUMENT, query=QUERY)
def test_any_document_put_alone_lands_or_is_refused(document: dict[str, Any], query: dict[str, str]) -> None:
    ask("PUT", "/db/alone", json=document, query_string=query)


@given(
    body=st.binary(max_size=200),
    content_type=st.sampled_from(["application/json", "multipart/related; boundary=a", "text/plain", ""]),
    encoding=st.sampled_from(["identity", "gzip", "br", "x"]),
)
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "alone"), ("POST", "_bulk_docs"), ("PUT", "alone/x"), ("PUT", "_local/x")]
)
def test_any_bytes_are_read_or_refused(method: str, path: str, body: bytes, content_type: str, encoding: str) -> None:
    ask(method, f"/db/{path}", data=body, headers={"Content-Type": content_type, "Content-Encoding": encoding})


@given(
    path=st.text(st.characters(codec="utf-8"), max_size=30), method=st.sampled_from(["GET", "PUT", "DELETE", "POST"])
)
def test_any_path_is_answered(path: str, method: str) -> None:
    # Not below /db: a garbled path must not happen to be a good one.
    ask(method, "/other/" + quote(path, safe="/%?=&+"))
