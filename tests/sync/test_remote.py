"""A database across the wire: what is asked, what is sent, and how each failure is named."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest

from sync.errors import (
    BadRequest,
    Conflict,
    DatabaseError,
    FileExists,
    Forbidden,
    MissingStub,
    NotFound,
    NotImplementedHere,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    TooLarge,
)
from sync.face import Limits
from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served

Answer = tuple[int, dict[str, str], bytes]


class Scripted:
    """A server of one's own making: each request is answered by the next of `answers`, byte for byte."""

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = list(answers)
        self.requests: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/db"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                while self._answers and self._answer(connection, lines):
                    pass

    def _answer(self, connection: socket.socket, lines: Any) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = lines.readline()
            if not line:
                return False
            head += line
        length = next(
            (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0
        )
        self.requests.append((head, lines.read(length)))
        answer = self._answers.pop(0)
        if answer is None:  # hang up without a word
            return False
        connection.sendall(answer)
        return b"Connection: close" not in answer

    def close(self) -> None:
        self._listener.close()


def http(status: int, body: Any, *, content_type: str = "application/json", **headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def told(error: str, reason: str = "because") -> dict[str, str]:
    return {"error": error, "reason": reason}


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*answers: bytes | None) -> Scripted:
        made.append(Scripted(*answers))
        return made[-1]

    yield make
    for server in made:
        server.close()


INFO = {"db_name": "db", "update_seq": "7-x", "instance_start_time": "1", "uuid": "u"}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (http(401, told("unauthorized", "Sign in again.")), PeerRefused, "Sign in again."),
        (http(403, told("forbidden", "Not your unit.")), PeerRefused, "Not your unit."),
        (http(404, told("not_found", "Database does not exist.")), NotFound, "Database does not exist."),
        (http(400, told("bad_request")), BadRequest, "because"),
        (http(409, told("conflict")), Conflict, "because"),
        (http(412, told("file_exists")), FileExists, "because"),
        (http(412, told("missing_stub")), MissingStub, "because"),
        (http(413, told("too_large")), TooLarge, "because"),
        (http(413, b"<html>", content_type="text/html"), TooLarge, "no body this large"),
        (http(501, told("not_implemented")), NotImplementedHere, "because"),
        (http(500, told("odd")), PeerUnreachable, "cannot answer now"),
        (http(502, b"<html>", content_type="text/html"), PeerUnreachable, "502"),
        (http(202, INFO), PeerUnreachable, "fewer copies"),
        (http(429, told("too_many_requests")), PeerUnreachable, "429"),
        (http(200, b"<html>Sign in</html>", content_type="text/html"), PeerMisbehaved, "sign in"),
        (http(302, b"", Location="http://portal.example/"), PeerMisbehaved, "sign in"),
        (http(404, b"<html>", content_type="text/html"), PeerMisbehaved, "something else"),
        (http(401, b"<html>", content_type="text/html"), PeerMisbehaved, "something else"),
        (http(418, told("teapot")), PeerMisbehaved, "418"),
        (http(200, [1]), PeerMisbehaved, "JSON"),
        (http(200, {"hello": 1}), PeerMisbehaved, "JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{", PeerUnreachable, "broke off"),
        (b"rubbish\r\n\r\nConnection: close", PeerUnreachable, "cannot be reached"),
    ],
)
def test_each_failure_is_named_by_who_can_act_on_it(
    scripted: Any, answer: bytes, error: type[Exception], message: str
) -> None:
    server = scripted(answer, answer)
    with pytest.raises(error, match=message) as caught:
        RemoteDatabase(server.url).info()
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("name", "stub"), [("", {"data": "a"}), ("p", {"length": "many"}), ("p", {"revpos": {}}), ("p", {"length": None})]
)
def test_an_attachment_that_a_peer_describes_as_none_is_the_peers_fault(scripted: Any, name: str, stub: Any) -> None:
    document = {"_id": "a", "_rev": "1-" + "0" * 32, "_attachments": {name: {"content_type": "x", **stub}}}
    with pytest.raises(PeerMisbehaved, match="attachment of a"):
        RemoteDatabase(scripted(http(200, document)).url).attachment("a", name)


def test_a_refusal_of_ours_is_never_passed_on_as_one_of_the_callers() -> None:
    """A server over a CouchDB must not tell its phones that *they* are forbidden when its own password is wrong."""
    assert not issubclass(PeerRefused, DatabaseError)
    with Served() as served:
        remote = served.remote("db", GuardedDatabase(MemoryDatabase(), Rules(listing=lambda *_: "not yours")))
        with pytest.raises(PeerRefused, match="not yours") as caught:
            remote.changes()
    assert (caught.value.status, caught.value.error, caught.value.reason) == (403, Forbidden.error, "not yours")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "42"}, 42),
        ({"Retry_After": "Wed, 21 Oct 2015 07:30:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 120),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_time_a_peer_names_is_handed_on(scripted: Any, headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(PeerUnreachable) as caught:
        RemoteDatabase(scripted(http(503, told("busy"), **headers)).url).info()
    assert caught.value.retry_after_s == seconds


def test_nobody_there_and_nobody_answering_are_both_unreachable(scripted: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        silent = RemoteDatabase(f"http://127.0.0.1:{port}/db", read_timeout_s=0.1)
        with pytest.raises(PeerUnreachable, match="does not answer"):
            silent.info()
    with pytest.raises(PeerUnreachable, match="cannot be reached"):
        RemoteDatabase(f"http://127.0.0.1:{port}/db").info()


def test_a_kept_connection_that_was_gone_costs_nothing_but_a_second_request(scripted: Any) -> None:
    server = scripted(http(200, INFO), None, http(200, []))
    remote = RemoteDatabase(server.url)
    remote.info()
    assert remote.bulk_docs([revision("a", "1-a")], new_edits=False) == []
    assert server.connections == 2


def test_an_edit_is_not_sent_twice_when_its_answer_is_lost(scripted: Any) -> None:
    server = scripted(http(200, INFO), None, http(201, {"ok": True, "id": "a", "rev": "1-a"}))
    remote = RemoteDatabase(server.url)
    remote.info()
    with pytest.raises(PeerUnreachable):
        remote.put({"_id": "a"})
    assert len(server.requests) == 2


def test_one_connection_serves_a_whole_session() -> None:
    with Served() as served:
        ports: set[Any] = set()
        remote = served.remote("db", MemoryDatabase())

        @served.app.before_request
        def note() -> None:
            import flask

            ports.add(flask.request.environ["REMOTE_PORT"])

        for n in range(5):
            remote.put({"_id": f"d{n}"})
            remote.changes()
    assert len(ports) == 1


def test_a_token_goes_with_every_request_and_into_no_name_or_message(scripted: Any) -> None:
    server = scripted(http(200, INFO), http(403, told("forbidden")))
    remote = RemoteDatabase(server.url, token="s3cret")
    remote.info()
    with pytest.raises(PeerRefused) as caught:
        remote.info()
    assert all(b"Authorization: Bearer s3cret\r\n" in head for head, _ in server.requests)
    assert "s3cret" not in remote.name + str(caught.value)


def test_credentials_of_the_address_are_sent_and_not_shown(scripted: Any) -> None:
    server = scripted(http(200, INFO))
    remote = RemoteDatabase(server.url.replace("http://", "http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@"))
    remote.info()
    assert b"Authorization: Basic YW46beG6rXQga2jhuql1\r\n" in server.requests[0][0]
    assert remote.name == server.url


def test_a_redirection_is_not_followed_with_our_token(scripted: Any) -> None:
    elsewhere = scripted(http(200, INFO))
    server = scripted(http(307, b"", Location=elsewhere.url))
    with pytest.raises(PeerMisbehaved):
        RemoteDatabase(server.url, token="s3cret").info()
    assert elsewhere.requests == []


def test_a_proxy_of_the_environment_is_asked_for_the_peer(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = scripted(http(200, INFO))
    monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/db"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    RemoteDatabase("http://peer.example/db").info()
    assert proxy.requests[0][0].startswith(b"GET http://peer.example/db HTTP/1.1\r\n")
    direct = scripted(http(200, INFO))
    RemoteDatabase(direct.url).info()
    assert direct.requests[0][0].startswith(b"GET /db HTTP/1.1\r\n")


@pytest.mark.parametrize("host", [".example", "*.example", "a b", "peer.example:99999"])
def test_an_address_that_no_peer_can_have_is_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(BadRequest):
        RemoteDatabase(f"http://{host}/db").info()


def test_large_bodies_are_gzipped_and_small_ones_are_not(scripted: Any) -> None:
    server = scripted(http(201, []), http(201, []))
    remote = RemoteDatabase(server.url)
    small, large = [revision("a", "1-a")], [revision(f"d{n}", "1-a", text="điểm " * 20) for n in range(20)]
    remote.bulk_docs(small, new_edits=False)
    remote.bulk_docs(large, new_edits=False)
    (plain_head, plain), (packed_head, packed) = server.requests
    assert b"Content-Encoding" not in plain_head
    assert json.loads(plain) == {"docs": small, "new_edits": False}
    assert b"Content-Encoding: gzip\r\n" in packed_head
    assert json.loads(gzip.decompress(packed)) == {"docs": large, "new_edits": False}


def test_a_couchdb_without_a_uuid_of_its_own_is_known_by_its_server_and_its_birth(scripted: Any) -> None:
    plain = {"db_name": "db", "update_seq": 1, "instance_start_time": "1730000000"}
    server = scripted(http(200, plain), http(200, {"couchdb": "Welcome", "uuid": "server"}), http(200, plain))
    remote = RemoteDatabase(server.url)
    assert remote.info()["uuid"] == remote.info()["uuid"] == "server/db/1730000000"
    hidden = scripted(http(200, plain), http(403, told("forbidden")))
    assert RemoteDatabase(hidden.url).info()["uuid"].endswith("/db/1730000000")


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"id": "b", "docs": []}, {"id": "a", "docs": []}],
        [{"id": "a", "docs": [{}]}, {"id": "b", "docs": []}],
        [{"id": "a", "docs": None}, {"id": "b", "docs": []}],
        ["a", "b"],
    ],
)
def test_a_bulk_get_that_does_not_answer_what_was_asked_is_misbehaviour(scripted: Any, results: Any) -> None:
    with pytest.raises(PeerMisbehaved):
        RemoteDatabase(scripted(http(200, {"results": results})).url).bulk_get([{"id": "a"}, {"id": "b"}])


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda remote: remote.changes(), {"results": {}, "last_seq": 1}),
        (lambda remote: remote.changes(), {"results": []}),
        (lambda remote: remote.revs_diff({"a": ["1-a"]}), {"b": {"missing": ["1-a"]}}),
        (lambda remote: remote.revs_diff({"a": ["1-a"]}), {"a": {}}),
        (lambda remote: remote.bulk_docs([{"_id": "a"}]), []),
        (lambda remote: remote.put({"_id": "a"}), {"ok": True}),
        (lambda remote: remote.put_local("a", {}), {"rev": 1}),
        (lambda remote: remote.get("a"), {"_id": "a"}),
        (lambda remote: remote.all_docs(), {"rows": 1}),
    ],
)
def test_json_of_the_wrong_shape_is_misbehaviour(scripted: Any, call: Any, answer: Any) -> None:
    with pytest.raises(PeerMisbehaved):
        call(RemoteDatabase(scripted(http(200, answer)).url))


def test_a_missing_checkpoint_is_none_and_a_missing_database_is_not() -> None:
    with Served() as served:
        remote = served.remote("db", MemoryDatabase())
        assert remote.get_local("x") is None
        served.databases.clear()
        with pytest.raises(NotFound, match="Database does not exist"):
            remote.get_local("x")


def test_a_wait_for_changes_outlasts_the_time_out_of_one_read() -> None:
    with Served(limits=Limits(feed_hold_s=50.0)) as served:
        inner = MemoryDatabase()
        remote = served.remote("db", inner, read_timeout_s=0.3)
        threading.Timer(0.8, lambda: graft(inner, revision("late", "1-a"))).start()
        assert [row["id"] for row in remote.changes(wait_s=50.0).results] == ["late"]


@pytest.mark.parametrize("url", ["", "db", "ftp://host/db", "http://", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadRequest, match="address"):
        RemoteDatabase(url)


def test_an_id_no_url_can_carry_is_refused_before_it_is_sent() -> None:
    remote = RemoteDatabase("http://127.0.0.1:9/db")
    for doc_id in (".", "..", "\ud800"):
        with pytest.raises(BadRequest):
            remote.get(doc_id)


@pytest.mark.parametrize(
    ("status", "word", "said"),
    [(400, "doc_validation", "forbidden"), (400, "bad_request", "forbidden"), (412, "missing_stub", "missing_stub")],
)
def test_a_batch_refused_for_one_document_lands_without_it(scripted: Any, status: int, word: str, said: str) -> None:
    refused, landed = http(status, told(word)), http(201, [])
    # a b c d e with d to blame: all; none; a b; c d e; c; d e; d; e
    server = scripted(refused, landed, landed, refused, landed, refused, refused, landed)
    failures = RemoteDatabase(server.url).bulk_docs([revision(doc_id, "1-a") for doc_id in "abcde"], new_edits=False)
    assert failures == [{"id": "d", "rev": "1-a", "error": said, "reason": "because"}]
    sent = [[document["_id"] for document in json.loads(body)["docs"]] for _, body in server.requests]
    assert sent == [list("abcde"), [], ["a", "b"], ["c", "d", "e"], ["c"], ["d", "e"], ["d"], ["e"]]


def test_a_peer_that_refuses_every_request_refuses_no_document(scripted: Any) -> None:
    server = scripted(http(400, told("bad_request")), http(400, told("bad_request")))
    with pytest.raises(BadRequest):
        RemoteDatabase(server.url).bulk_docs([revision("a", "1-a"), revision("b", "1-a")], new_edits=False)


def test_edits_refused_together_are_not_sent_again(scripted: Any) -> None:
    server = scripted(http(412, told("missing_stub")))
    with pytest.raises(MissingStub):
        RemoteDatabase(server.url).bulk_docs([{"_id": "a"}, {"_id": "b"}])
    assert len(server.requests) == 1


def test_parts_sent_side_by_side_are_told_as_one_and_what_fails_fails_for_all() -> None:
    with Served() as served:
        url = served.add("many", MemoryDatabase("many"))
        remote = RemoteDatabase(url, connections=3)
        documents = [revision(f"d{number:03}", "1-a", n=number) for number in range(350)]
        assert remote.bulk_docs([*documents, {"_id": "_bad", "_rev": "1-a"}], new_edits=False)[0]["id"] == "_bad"
        assert [path for method, path, _ in served.seen if method == "POST"] == ["/many/_bulk_docs"] * 3
        assert sorted(row["id"] for row in remote.changes().results) == [each["_id"] for each in documents]
        del served.databases["many"]
        with pytest.raises(NotFound):
            remote.bulk_docs(documents, new_edits=False)


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as made:
        yield made


def test_a_feed_that_is_read_to_be_copied_spells_no_sequence_but_its_last(served: Served) -> None:
    engine = MemoryDatabase("engine")
    graft(engine, *(revision(f"d{n}", "1-a") for n in range(5)), revision("d0", "1-b"))
    remote = served.remote("engine", engine)
    page = remote.changes_to_replicate(0, limit=3, doc_ids=None, wait_s=0.0)
    assert [row["seq"] for row in page.results].count(None) == 2
    rest = remote.changes_to_replicate(page.last_seq, limit=3, doc_ids=None, wait_s=0.0)
    assert [row["id"] for row in page.results + rest.results] == ["d1", "d2", "d3", "d4", "d0"]
    assert len(rest.results[-1]["changes"]) == 2


ASKED = [{"id": "a", "rev": "2-a"}, {"id": "gone"}, {"id": "a", "rev": "9-x"}]


@pytest.mark.parametrize("reads_all", [True, False])
def test_what_a_database_behind_a_server_answers_passes_it_unchanged(served: Served, reads_all: bool) -> None:
    engine = MemoryDatabase("engine")
    graft(engine, revision("a", "2-a", "1-a", n=2), revision("gone", "1-g", deleted=True))
    before = GuardedDatabase(served.remote("engine", engine, gzip=False), Rules(reads_all=reads_all))
    how = {"revs": True, "latest": True, "attachments": True}
    assert served.remote("before", before).bulk_get(ASKED, **how) == engine.bulk_get(ASKED, **how)


def test_what_may_not_all_be_read_is_not_passed_on_unread(served: Served) -> None:
    engine = MemoryDatabase("engine")
    graft(engine, revision("a", "1-a"), revision("b", "1-b"))
    rules = Rules(read=lambda doc_id: "not yours" if doc_id == "b" else None)
    before = served.remote("before", GuardedDatabase(served.remote("engine", engine), rules))
    mine, theirs = before.bulk_get([{"id": "a"}, {"id": "b"}], revs=True)
    assert mine["docs"][0]["ok"]["_id"] == "a"
    assert theirs["docs"] == [{"error": {"id": "b", "rev": None, "error": "forbidden", "reason": "not yours"}}]


@pytest.mark.parametrize(
    "answer",
    [
        http(200, b"<html>Sign in</html>", content_type="text/html"),
        http(200, b'{"results":[' + b'{"id":"a","docs":[]},' * 100).replace(b"Content-Length: ", b"Content-Length: 9"),
        http(503, told("odd")),
    ],
    ids=["no database", "cut off", "not now"],
)
def test_an_answer_that_is_none_does_not_pass_for_one(served: Served, scripted: Any, answer: bytes) -> None:
    engine = RemoteDatabase(scripted(answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)).url)
    before = served.remote("before", GuardedDatabase(engine, Rules(reads_all=True)))
    with pytest.raises((PeerUnreachable, PeerMisbehaved)):
        before.bulk_get([{"id": "a"}])
