"""What is made to hurt: bombs, endless nesting, cut and garbled bodies. Each is refused with a 4xx in CouchDB's form,
and costs no more memory than the limits allow.
"""

from __future__ import annotations

import gzip
import http.client
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.face import Limits
from sync.multipart import related_body
from sync.store_folder import StoreFolder
from tests.support.histories import revision

MIB = 2**20
TIGHT = Limits(body_bytes_max=MIB, inflated_bytes_max=2 * MIB, feed_hold_s=0.2, parts_max=50)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    folder = StoreFolder(tmp_path_factory.mktemp("bombs"), keep_history=True)
    folder.create("db")
    return make_app(folder, limits=TIGHT)


@pytest.fixture(scope="module")
def server(app: flask.Flask) -> Iterator[str]:
    with BackgroundServer(app) as running:
        yield running.url


def refused(response: Any) -> tuple[int, str]:
    assert 400 <= response.status_code < 500, response.data
    told = json.loads(response.data)
    assert set(told) == {"error", "reason"}
    return response.status_code, told["error"]


POSTS = ["_bulk_docs", "_bulk_get", "_revs_diff", "_changes?filter=_selector", "_all_docs", "_all_docs/queries", ""]


@pytest.mark.parametrize("path", ["_bulk_docs", "_revs_diff", ""])
def test_a_gzip_bomb_is_refused_before_it_unfolds(app: flask.Flask, path: str) -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeeze.compress(bytes(MIB)) for _ in range(300)) + squeeze.flush()
    assert len(bomb) < TIGHT.body_bytes_max
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    client = app.test_client()
    tracemalloc.start()
    try:
        assert refused(client.post(f"/db/{path}", data=bomb, headers=headers))[0] == 413
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The bomb itself, what the limit lets unfold of it, and pieces of both being joined.
    assert peak < len(bomb) + 3 * TIGHT.inflated_bytes_max


def test_a_bomb_inside_a_part_is_refused_before_it_unfolds(app: flask.Flask) -> None:
    document = revision("a", "1-a", _attachments={"x": {"content_type": "text/plain"}})
    body = related_body(document, {"x": bytes(100 * MIB)}, "abc", compress=True)
    headers = {"Content-Type": "multipart/related; boundary=abc"}
    tracemalloc.start()
    try:
        refused(app.test_client().put("/db/a?new_edits=false", data=body, headers=headers))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * TIGHT.inflated_bytes_max


@pytest.mark.parametrize("cut", [1, 9, 10, 50, -1, -4, -8])
def test_a_body_whose_end_was_lost_is_refused(app: flask.Flask, cut: int) -> None:
    body = gzip.compress(json.dumps({"docs": [{"_id": f"d{n}"} for n in range(50)]}).encode(), mtime=0)[:cut]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert refused(app.test_client().post("/db/_bulk_docs", data=body, headers=headers))[0] == 400


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000, b'{"a":' * 100_000, b"[" * 500 + b"]" * 500, b'"\\ud800"', b'{"\\udfff":1}', b"9" * 5_000,
        b'{"docs":[{"_id":"x","n":1e999}]}', b'{"docs":[{"_id":"x","n":NaN}]}', b"\xff\xfe", b"\x00", b"nul", b"",
        b'{"docs":' + b"[" * 90_000, b'{"docs":[{"_id":"deep","a":' + b"[" * 3_000 + b"]" * 3_000 + b"}]}",
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)  # fmt: skip
def test_json_that_no_peer_could_keep_is_refused(app: flask.Flask, path: str, body: bytes) -> None:
    response = app.test_client().post(f"/db/{path}", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code < 500, response.data
    assert response.status_code < 300 or set(json.loads(response.data)) == {"error", "reason"}


def test_what_would_take_too_long_to_answer_is_refused(app: flask.Flask) -> None:
    client = app.test_client()
    many = {f"d{n}": ["1-a"] for n in range(Limits().bulk_get_max + 1)}
    for path, body in (
        ("_revs_diff", many),
        ("_missing_revs", many),
        ("_all_docs", {"keys": list(many)}),
        ("_changes?filter=_doc_ids", {"doc_ids": list(many)}),
        ("_all_docs/queries", {"queries": [{}] * 101}),
        ("_bulk_docs", {"docs": [{}] * (Limits().bulk_docs_max + 1)}),
        ("_bulk_get", {"docs": [{}] * (Limits().bulk_get_max + 1)}),
    ):
        assert refused(client.post(f"/db/{path}", json=body))[0] == 413, path


PART = st.binary(max_size=40) | st.sampled_from(
    [
        b"\r\n--a\r\n", b"\r\n--a--", b"--a\r\n\r\n", b"Content-Type: application/json\r\n\r\n", b"\r\n\r\n", b"\r\n",
        b'{"_id":"x","_attachments":{"x":{"follows":true,"length":1}}}', b"{}", b'{"_attachments":{"x":1}}', b":",
    ]
)  # fmt: skip


@given(parts=st.lists(PART, max_size=8), boundary=st.sampled_from(["a", '"a"', "", "a" * 300, "é"]))
def test_any_parts_are_read_or_refused(app: flask.Flask, parts: list[bytes], boundary: str) -> None:
    headers = {"Content-Type": f"multipart/related; boundary={boundary}"}
    response = app.test_client().put("/db/parts?new_edits=false", data=b"--a" + b"".join(parts), headers=headers)
    assert response.status_code == 201 or refused(response)


def test_more_parts_than_anybody_sends_are_refused(app: flask.Flask) -> None:
    names = {f"x{n}": b"" for n in range(TIGHT.parts_max + 1)}
    document = revision("a", "1-a", _attachments={name: {"content_type": "text/plain"} for name in names})
    body = related_body(document, names, "abc")
    headers = {"Content-Type": "multipart/related; boundary=abc"}
    assert refused(app.test_client().put("/db/a?new_edits=false", data=body, headers=headers))[0] == 413


HEADER = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)


@given(
    name=st.sampled_from(
        [
            "Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "If-None-Match", "If-Match", "Range",
            "Content-MD5", "Last-Event-ID", "X-HTTP-Method-Override", "Host", "Cookie", "Authorization",
        ]
    ),
    value=HEADER | st.sampled_from(["*", "bytes=-", "bytes=0-18446744073709551616", '"', "W/", "gzip;q=x", "COPY"]),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    path=st.sampled_from(["", "/db", "/db/x", "/db/x/y", "/db/_changes", "/db/_all_docs", "/_db_updates", "/_session"]),
)  # fmt: skip
def test_any_header_is_understood_or_refused(app: flask.Flask, name: str, value: str, method: str, path: str) -> None:
    if (method, path) == ("DELETE", "/db"):
        path = "/db/x"
    if name == "X-HTTP-Method-Override" and path == "/db":
        return  # it may well say DELETE
    response = app.test_client().open(path or "/", method=method, headers={name: value}, data=b"{}")
    assert response.status_code < 500 or response.status_code == 501, (response.status_code, response.data)


@given(
    path=st.sampled_from(["_all_dbs", "_dbs_info", "_db_updates", "_uuids", "_active_tasks", "_membership", "_up"]),
    query=st.dictionaries(
        st.sampled_from(["since", "limit", "feed", "timeout", "count", "startkey", "descending", "skip", "heartbeat"]),
        st.text(max_size=6) | st.sampled_from(["-1", "1e9", "9" * 40, "[", "null", "longpoll", "continuous", "0", "1"]),
        max_size=3,
    ),
)
def test_any_query_of_the_server_is_answered(app: flask.Flask, path: str, query: dict[str, str]) -> None:
    response = app.test_client().get("/" + path, query_string=query)
    assert response.status_code == 200 or refused(response)


@given(
    body=st.dictionaries(
        st.sampled_from(["source", "target", "doc_ids", "selector", "continuous", "cancel", "create_target"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("db") | st.just({"url": "db"})
        | st.lists(st.text(max_size=3), max_size=2) | st.just("http://127.0.0.1:1/x") | st.just({"a": {"$gt": None}}),
    )
)  # fmt: skip
def test_any_replication_is_run_or_refused(app: flask.Flask, body: dict[str, Any]) -> None:
    response = app.test_client().post("/_replicate", json={**body, "continuous": False})
    assert response.status_code in (200, 501) or refused(response)


@given(name=st.text(max_size=8), value=st.text(max_size=8) | st.integers().map(str) | st.just("null"))
def test_any_security_and_any_limit_is_kept_or_refused(app: flask.Flask, name: str, value: str) -> None:
    client = app.test_client()
    for path, body in (("_security", json.dumps({name: value})), ("_revs_limit", value), ("_security", value)):
        response = client.put(f"/db/{path}", data=body.encode(errors="replace"))
        assert response.status_code == 200 or refused(response)


# Over a real connection


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b'7\r\n{"a":1}\r\n0\r\n\r\n', {201}),
        (b"zz\r\n{}\r\n0\r\n\r\n", {400}),
        (b"-1\r\n{}\r\n0\r\n\r\n", {400}),
        (b"ffffffffffffffff\r\n{}\r\n", {400, 413}),
    ],
)
def test_a_body_in_chunks_is_read_or_refused(server: str, sent: bytes, statuses: set[int]) -> None:
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=240)
    connection.putrequest("PUT", "/db/" + quote("chunks " + sent[:2].hex()))
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    connection.send(sent)
    connection.sock.shutdown(1)
    assert connection.getresponse().status in statuses


def test_a_chunked_body_without_end_is_refused_at_its_limit(server: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=240)
    connection.putrequest("POST", "/db/_bulk_docs")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    try:
        for _ in range(10 * MIB // 0x10000):
            connection.send(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up on us, as it may
    try:
        status = connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        return
    assert status == 413
