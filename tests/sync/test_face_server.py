"""What concerns databases as a whole: lists, news of them, replications on request, and who may not have any of it."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.face import Limits, make_face
from sync.store_folder import StoreFolder
from tests.support.agreed import EVENTS, REFUSED_UPDATES
from tests.support.curl import Curl


class Peer:
    """`thidua couch` over a folder, asked in this process."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.folder = StoreFolder(path, keep_history=True)
        self.app = make_app(self.folder, limits=Limits(feed_hold_s=2.0, replications_max=2), **options)
        self.client = self.app.test_client()

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        response = self.client.open(path, method=method, json=body, **options)
        return response.status_code, response.json


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path)
    for name in ("a", "b", "c"):
        made.folder.create(name)
    yield made
    made.folder.close()


def until(holds: Any) -> Any:
    ends = time.monotonic() + 240
    while not (found := holds()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    return found


# Lists


def test_databases_are_listed_by_range_and_told_of_by_name(peer: Peer) -> None:
    assert peer("GET", "/_all_dbs?descending=true&limit=2")[1] == ["c", "b"]
    assert peer("GET", '/_all_dbs?startkey="b"&skip=1')[1] == ["c"]
    assert [each["key"] for each in peer("GET", '/_dbs_info?endkey="b"')[1]] == ["a", "b"]
    told = peer("POST", "/_dbs_info", {"keys": ["b", "no", "No Name"]})[1]
    assert (told[0]["info"]["db_name"], told[1], told[2]["error"]) == (
        "b",
        {"key": "no", "error": "not_found"},
        "not_found",
    )
    assert peer("POST", "/_dbs_info", {"keys": ["a"] * 101})[0] == 400
    assert peer("POST", "/_dbs_info", {})[0] == 400
    nodes = peer("GET", "/_membership")[1]
    assert nodes["all_nodes"] == nodes["cluster_nodes"]


def test_a_keeper_sets_what_is_kept(peer: Peer) -> None:
    assert peer("PUT", "/a/_revs_limit", 5) == (200, {"ok": True})
    assert peer("GET", "/a/_revs_limit") == (200, 5)
    rev = None
    for n in range(9):
        rev = peer("PUT", "/a/x", {"n": n, **({"_rev": rev} if rev else {})})[1]["rev"]
    assert len(peer("GET", "/a/x?revs=true")[1]["_revisions"]["ids"]) == 5
    for wrong in (0, -1, "x", True, 1.5, None, 10**12):
        assert peer("PUT", "/a/_revs_limit", wrong)[0] == 400
    rights = {"admins": {"names": ["an"]}, "members": {"roles": ["cụm 1"]}}
    assert peer("GET", "/a/_security") == (200, {})
    assert peer("PUT", "/a/_security", rights) == (200, {"ok": True})
    assert peer("GET", "/a/_security") == (200, rights)
    for wrong in ({"admins": 1}, {"members": {"names": "an"}}, {"members": {"roles": [1]}}, []):
        assert peer("PUT", "/a/_security", wrong)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/new"), ("DELETE", "/a"), ("GET", "/_all_dbs"), ("GET", "/_dbs_info"), ("GET", "/_db_updates"),
        ("POST", "/_replicate"), ("GET", "/_active_tasks"), ("PUT", "/a/_security"), ("PUT", "/a/_revs_limit"),
        ("POST", "/a/_compact"),
    ],
)  # fmt: skip
def test_a_face_without_a_folder_changes_and_tells_nothing_of_databases(peer: Peer, method: str, path: str) -> None:
    app = flask.Flask("guarded")
    app.register_blueprint(make_face(peer.folder.open))
    response = app.test_client().open(path, method=method, json={})
    assert (response.status_code, response.json["error"]) == (501, "not_implemented")


# News


@pytest.mark.parametrize(("query", "reason"), REFUSED_UPDATES)
def test_news_asked_for_oddly_are_refused_in_couchdbs_words(peer: Peer, query: str, reason: str) -> None:
    assert peer("GET", f"/_db_updates?{query}") == (400, {"error": "bad_request", "reason": reason})


def test_each_kind_of_news_of_a_database_is_told_at_its_latest(peer: Peer) -> None:
    start = peer("GET", "/_db_updates?since=now")[1]["last_seq"]
    for method, path, kinds in EVENTS:
        assert peer(method, f"/new{path}", {} if path else None)[0] in (200, 201)
        told = peer("GET", f"/_db_updates?since={start}")[1]["results"]
        assert [(row["db_name"], row["type"]) for row in told] == [("new", kind) for kind in kinds]


def test_news_read_backwards_begin_with_the_latest_wherever_their_reader_was(peer: Peer) -> None:
    peer("PUT", "/d")
    last = peer("GET", "/_db_updates")[1]["results"][-1]
    for query in ("", "&since=now", "&feed=longpoll&since=now"):
        told = peer("GET", f"/_db_updates?descending=true{query}")[1]
        assert [row["db_name"] for row in told["results"]] == ["d", "c", "b", "a"]
        assert told["last_seq"] == told["results"][-1]["seq"]
    assert peer("GET", "/_db_updates?descending=true&limit=0")[1] == {"results": [], "last_seq": last["seq"]}
    lines = peer.client.get("/_db_updates?descending=true&limit=1&feed=continuous").data.splitlines()
    assert [json.loads(line) for line in lines] == [last, {"last_seq": last["seq"]}]
    assert [row["db_name"] for row in peer("GET", "/_db_updates?descending=TRUE&limit=%2B1")[1]["results"]] == ["a"]


def test_a_sequence_that_no_news_had_yet_leads_back_to_the_last(peer: Peer) -> None:
    last = peer("GET", "/_db_updates")[1]["last_seq"]
    assert peer("GET", f"/_db_updates?since=9{last}")[1] == {"results": [], "last_seq": last}
    assert peer("GET", "/_db_updates?since=0&limit=0")[1]["results"] == []


def test_news_of_databases_come_in_order(peer: Peer) -> None:
    start = peer("GET", "/_db_updates?since=now")[1]["last_seq"]
    assert peer("GET", f"/_db_updates?since={start}")[1] == {"results": [], "last_seq": start}
    peer("PUT", "/a/x", {})
    peer("PUT", "/d")
    peer("PUT", "/a/y", {})
    peer("DELETE", "/b")
    told = peer("GET", f"/_db_updates?since={start}")[1]
    assert [(row["db_name"], row["type"]) for row in told["results"]] == [
        ("d", "created"),
        ("a", "updated"),
        ("b", "deleted"),
    ]
    assert peer("GET", f"/_db_updates?since={start}&limit=1")[1]["last_seq"] == told["results"][0]["seq"]
    lines = peer.client.get(f"/_db_updates?feed=continuous&timeout=10&since={start}").data.splitlines()
    assert [json.loads(line).get("db_name") for line in lines] == ["d", "a", "b", None]
    assert peer("GET", "/_db_updates?since=rubbish")[0] == 400
    assert peer("GET", "/_db_updates?feed=odd")[0] == 400


def test_who_waits_for_news_of_databases_is_told_at_once(peer: Peer) -> None:
    start = peer("GET", "/_db_updates?since=now")[1]["last_seq"]
    told: list[Any] = []
    waiting = threading.Thread(
        target=lambda: told.append(peer("GET", f"/_db_updates?feed=longpoll&since={start}&timeout=60000"))
    )
    waiting.start()
    peer("PUT", "/c/x", {})
    waiting.join()
    assert [row["db_name"] for row in told[0][1]["results"]] == ["c"]
    assert peer("GET", f"/_db_updates?feed=longpoll&timeout=10&since={told[0][1]['last_seq']}")[1]["results"] == []


def test_a_server_started_anew_tells_all_databases_once_more(peer: Peer, tmp_path: Path) -> None:
    last = peer("GET", "/_db_updates")[1]["last_seq"]
    told = Peer(tmp_path)("GET", f"/_db_updates?since={last}")[1]
    assert [row["db_name"] for row in told["results"]] == ["a", "b", "c"]


# Replications


def test_a_server_replicates_when_told_and_tells_what_it_did(peer: Peer) -> None:
    for n in range(5):
        peer("PUT", f"/a/d{n}", {"n": n})
    status, told = peer("POST", "/_replicate", {"source": "a", "target": "made", "create_target": True})
    assert (status, told["ok"], told["history"][0]["docs_written"]) == (200, True, 5)
    assert told["source_last_seq"] == 5
    assert peer("GET", "/made")[1]["doc_count"] == 5
    again = peer("POST", "/_replicate", {"source": "a", "target": "made"})[1]
    assert again["no_changes"] is True
    peer("POST", "/_replicate", {"source": "a", "target": "b", "doc_ids": ["d1", "no"]})
    peer("POST", "/_replicate", {"source": "a", "target": "c", "selector": {"n": {"$gte": 3}}})
    assert [row["id"] for row in peer("GET", "/b/_all_docs")[1]["rows"]] == ["d1"]
    assert [row["id"] for row in peer("GET", "/c/_all_docs")[1]["rows"]] == ["d3", "d4"]
    # Another question is another replication: its checkpoint is its own.
    peer("POST", "/_replicate", {"source": "a", "target": "c", "selector": {"n": 0}})
    assert len(peer("GET", "/c/_all_docs")[1]["rows"]) == 3
    assert peer("GET", "/_active_tasks") == (200, [])


def test_a_replication_tells_of_the_sessions_before_it_and_what_it_asked_the_target(peer: Peer) -> None:
    asked = {"source": "a", "target": "b"}
    sessions = []
    for n in range(3):
        peer("PUT", f"/a/d{n}", {"n": n})
        sessions.append(peer("POST", "/_replicate", asked)[1])
    told = sessions[-1]["history"]
    assert [each["session_id"] for each in told] == [each["session_id"] for each in reversed(sessions)]
    assert [(each["start_last_seq"], each["end_last_seq"]) for each in told] == [(2, 3), (1, 2), (0, 1)]
    counts = ("missing_checked", "missing_found", "docs_read", "docs_written")
    assert [tuple(each[name] for name in counts) for each in told] == [(3, 3, 3, 3), (2, 2, 2, 2), (1, 1, 1, 1)]
    # What finds nothing new leaves no trace.
    nothing = peer("POST", "/_replicate", asked)[1]
    assert nothing == {**sessions[-1], "no_changes": True}


def test_a_replication_of_named_documents_tells_its_counts_beside_its_history(peer: Peer) -> None:
    for n in range(3):
        peer("PUT", f"/a/d{n}", {"n": n})
    asked = {"source": "a", "target": "b"}
    told = peer("POST", "/_replicate", {**asked, "doc_ids": ["d0", "d2", "no"]})[1]
    assert (told["docs_read"], told["docs_written"], told["doc_write_failures"]) == (2, 2, 0)
    assert told["start_time"] == told["history"][0]["start_time"]
    held = peer("POST", "/_replicate", {**asked, "doc_ids": ["d0"]})[1]
    assert (held["docs_read"], "no_changes" in held) == (0, False)
    for nobody in (["no"], []):
        assert peer("POST", "/_replicate", {**asked, "doc_ids": nobody})[1] == {"ok": True, "no_changes": True}


def test_a_replication_takes_the_ids_of_documents_as_they_stand_in_a_url(peer: Peer) -> None:
    for doc_id in ("_design/d", "x%2Fy", "a b", "50%", "a+b"):
        peer("POST", "/a", {"_id": doc_id})
    ids = ["_design%2Fd", "x%252Fy", "a+b", "50%", "%zz", "%E4"]
    told = peer("POST", "/_replicate", {"source": "a", "target": "b", "doc_ids": ids})[1]
    assert (told["docs_read"], told["docs_written"]) == (4, 4)
    assert [row["id"] for row in peer("GET", "/b/_all_docs")[1]["rows"]] == ["50%", "_design/d", "a b", "x%2Fy"]


def test_a_replication_begins_where_its_caller_says_once(peer: Peer) -> None:
    for n in range(4):
        peer("PUT", f"/a/d{n}", {"n": n})
    asked = {"source": "a", "target": "b"}
    told = peer("POST", "/_replicate", {**asked, "since_seq": 2})[1]
    assert (told["history"][0]["start_last_seq"], told["history"][0]["docs_written"]) == (2, 2)
    assert [row["id"] for row in peer("GET", "/b/_all_docs")[1]["rows"]] == ["d2", "d3"]
    assert peer("POST", "/_replicate", asked)[1]["no_changes"] is True
    peer("POST", "/_replicate", {**asked, "since_seq": 0})
    assert len(peer("GET", "/b/_all_docs")[1]["rows"]) == 4


def test_a_replication_that_goes_on_is_seen_and_cancelled(peer: Peer) -> None:
    asked = {"source": "a", "target": "b", "continuous": True}
    status, told = peer("POST", "/_replicate", asked)
    assert status == 202
    assert peer("POST", "/_replicate", asked) == (202, told)
    peer("PUT", "/a/x", {})
    until(lambda: peer("GET", "/b/x")[0] == 200)
    (task,) = peer("GET", "/_active_tasks")[1]
    assert (task["type"], task["source"], task["replication_id"]) == ("replication", "a", told["_local_id"])
    (task,) = until(lambda: [each for each in peer("GET", "/_active_tasks")[1] if each["docs_written"]])
    assert (task["revisions_checked"], task["missing_revisions_found"], task["through_seq"]) == (1, 1, 1)
    peer("POST", "/_replicate", {**asked, "target": "c"})
    assert peer("POST", "/_replicate", {"source": "b", "target": "c"})[0] == 503
    assert peer("POST", "/_replicate", {**asked, "cancel": True}) == (200, {"ok": True, **told})
    assert peer("POST", "/_replicate", {**asked, "cancel": True})[0] == 404
    assert peer("POST", "/_replicate", {**asked, "target": "c", "cancel": True})[0] == 200
    assert peer("GET", "/_active_tasks")[1] == []


def test_a_server_speaks_only_to_whom_its_operator_allows(peer: Peer, tmp_path: Path) -> None:
    peer("PUT", "/a/x", {})
    secret = Peer(tmp_path / "other", user="an:mật khẩu")
    with BackgroundServer(secret.app) as server:
        address = f"{server.url}/copy"
        end = {"url": address, "auth": {"basic": {"username": "an", "password": "mật khẩu"}}}
        asked = {"source": "a", "target": end, "create_target": True}
        status, told = peer("POST", "/_replicate", asked)
        assert (status, told["error"]) == (403, "forbidden")
        for allowed, expected in (((server.url,), 200), (("loopback",), 200), (("http://example.org",), 403)):
            free = Peer(tmp_path, replicate_with=allowed)
            assert free("POST", "/_replicate", asked)[0] == expected
        assert "x" in [row["id"] for row in secret.folder.open("copy").all_docs()["rows"]]
        free = Peer(tmp_path, replicate_with=["loopback"])
        assert free("POST", "/_replicate", {"source": "a", "target": address})[0] == 401
        absent = {**end, "url": f"{server.url}/absent"}
        assert free("POST", "/_replicate", {"source": absent, "target": "a"})[1]["error"] == "db_not_found"
    assert free("POST", "/_replicate", {"source": address, "target": "a"})[1]["error"] == "db_not_found"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"source": "a"}, 400),
        ({"source": "no", "target": "a"}, 404),
        ({"source": "a", "target": "no"}, 404),
        ({"source": "a", "target": "No Name"}, 404),
        ({"source": {"url": 1}, "target": "a"}, 400),
        ({"source": "http://[", "target": "a"}, 403),
        ({"source": "a", "target": "b", "filter": "app/mine"}, 501),
        ({"source": "a", "target": "b", "selector": 1}, 400),
        ({"source": "a", "target": "b", "doc_ids": "x"}, 400),
        ({"source": "a", "target": "b", "cancel": True}, 404),
        ({"source": "a", "target": "b", "cancel": "x"}, 400),
        ({"source": "a", "target": "b", "continuous": 1}, 400),
        ({"source": "a", "target": "b", "since_seq": []}, 400),
        ({"source": "a", "target": "b", "doc_ids": [], "selector": {}}, 400),
        ({"source": "a", "target": "b", "use_checkpoints": False}, 501),
    ],
)
def test_a_replication_that_cannot_be_is_refused(peer: Peer, body: dict[str, Any], status: int) -> None:
    assert peer("POST", "/_replicate", body)[0] == status


# Signing in


def test_who_signs_in_is_known_by_a_cookie_for_ten_minutes(tmp_path: Path) -> None:
    clock = [1_000.0]
    peer = Peer(tmp_path, user="an:bí mật", now=lambda: clock[0])
    assert peer("GET", "/_up")[0] == 200
    assert peer("GET", "/_all_dbs")[0] == 401
    assert peer("GET", "/_session")[1]["userCtx"] == {"name": None, "roles": []}
    assert peer("POST", "/_session", {"name": "an", "password": "sai"})[0] == 401
    assert peer("POST", "/_session", {"name": ["an"]})[0] == 401
    assert peer.client.post("/_session", data="{", content_type="application/json").status_code == 400
    for nobody in ([1], {}, {"password": "bí mật"}):
        assert peer("POST", "/_session", nobody)[1]["reason"] == "request body must contain a username"
    assert peer("POST", "/_session", {"name": "an", "password": "bí mật"})[1]["name"] == "an"
    assert peer("GET", "/_all_dbs")[0] == 200
    told = peer("GET", "/_session")[1]
    assert (told["userCtx"]["roles"], told["info"]["authenticated"]) == (["_admin"], "cookie")
    clock[0] += 601
    assert peer("GET", "/_all_dbs")[0] == 401
    form = peer.client.post("/_session", data={"name": "an", "password": "bí mật"})
    assert form.status_code == 200
    assert peer("DELETE", "/_session") == (200, {"ok": True})
    assert peer("GET", "/_all_dbs")[0] == 401
    for cookie in ("ffffffff:x", "x", "ffffffff:" + "0" * 64, "đ:đ"):
        peer.client.set_cookie("AuthSession", cookie)
        assert peer("GET", "/_all_dbs")[0] == 401


def test_who_signs_in_by_a_form_is_sent_on_within_this_server(tmp_path: Path) -> None:
    peer = Peer(tmp_path, user="an:bí mật")
    right, wrong = ({"username": "an", "password": word} for word in ("bí mật", "sai"))

    def sent_on(path: str, form: dict[str, str] | None, method: str = "POST") -> tuple[int, str | None, bool]:
        answer = peer.client.open(path, method=method, data=form)
        return answer.status_code, answer.headers.get("Location"), "Set-Cookie" in answer.headers

    assert sent_on("/_session?next=/_up", right) == (302, "http://localhost/_up", True)
    assert sent_on("/_session?fail=/_up", right) == (200, None, True)
    assert sent_on("/_session?fail=/_up", wrong) == (302, "http://localhost/_up", True)
    assert sent_on("/_session?next=/_up", wrong) == (401, None, True)
    assert sent_on("/_session?next=/_up", None, "DELETE") == (302, "http://localhost/_up", True)
    assert sent_on("/_session?next=//evil.vn/a%0D%0Ab", right)[1] == "http://localhost//evil.vn/a%0D%0Ab"
    for elsewhere in ("http://evil.vn/", "_up", ""):
        assert sent_on(f"/_session?next={elsewhere}", right) == (400, None, False)


def test_who_brings_a_cookie_is_known_by_it_whatever_basic_says(tmp_path: Path) -> None:
    peer = Peer(tmp_path, user="an:bí mật")
    basic = {"Authorization": "Basic " + b64encode("an:bí mật".encode()).decode()}
    other = {"Authorization": "Basic " + b64encode(b"khac:sai").decode()}
    assert peer("GET", "/_session", headers=basic)[1]["info"]["authenticated"] == "default"
    assert peer("GET", "/_session", headers=other)[0] == 401
    for path in ("/_session", "/_all_dbs"):
        assert peer("GET", path, headers=other)[1]["reason"] == "Name or password is incorrect."
        status, told = peer("GET", path, headers={"Authorization": "Basic !!"})
        assert (status, told["reason"]) == (400, "Authorization header has invalid base64 value")
    assert peer("GET", "/_session", headers={"Authorization": "Bearer x"})[1]["userCtx"]["name"] is None
    assert peer("GET", "/_session?basic=true")[1]["reason"] == "Please login."
    peer("POST", "/_session", {"name": "an", "password": "bí mật"})
    for path in ("/_session", "/_up", "/_all_dbs"):
        headers = peer.app.test_client().get(path, headers={"X-Couch-Request-ID": "mine"}).headers
        assert (headers["X-Couch-Request-ID"], headers["Cache-Control"]) == ("mine", "must-revalidate")
    for sent in (basic, other, {}):
        assert peer("GET", "/_session", headers=sent)[1]["info"]["authenticated"] == "cookie"


def test_couchdbs_replicator_signs_in_by_a_session_as_it_does_at_a_couchdb(tmp_path: Path) -> None:
    """The exchange of its couch_replicator_auth_session, request by request."""
    clock = [1_000.0]
    peer = Peer(tmp_path, user="an:mật khẩu", now=lambda: clock[0])
    peer.folder.create("db")
    client = peer.app.test_client(use_cookies=False)

    def sign_in(password: str, **how: Any) -> Any:
        # It posts a form, without Basic, to the root of the server's address.
        return client.post("/_session", data={"name": "an", "password": password}, **how)

    wrong = sign_in("sai")
    assert (wrong.status_code, wrong.json) == (
        401,
        {"error": "unauthorized", "reason": "Name or password is incorrect."},
    )
    assert "WWW-Authenticate" not in wrong.headers, "it would try again with Basic"
    assert wrong.headers["Set-Cookie"].startswith("AuthSession=;")

    opened = sign_in("mật khẩu")
    assert (opened.status_code, opened.json) == (200, {"ok": True, "name": "an", "roles": ["_admin"]})
    given, options = cookie_of(opened)
    assert {"max-age": "600", "path": "/", "httponly": ""}.items() <= options.items()
    assert client.get("/db").status_code == 401

    def asked(cookie: str) -> Any:
        return client.get("/db", headers={"Cookie": f"AuthSession={cookie}"})

    fresh = asked(given)
    assert (fresh.status_code, fresh.json["db_name"]) == (200, "db")
    assert "Set-Cookie" not in fresh.headers
    # A tenth of its life later each answer brings another one, which it takes up.
    clock[0] += 61
    renewed, _ = cookie_of(asked(given))
    clock[0] += 541
    assert asked(renewed).status_code == 200
    # What has run out is refused, and it signs in anew.
    late = asked(given)
    assert (late.status_code, late.json["error"]) == (401, "unauthorized")
    again, _ = cookie_of(sign_in("mật khẩu"))
    assert asked(again).status_code == 200
    # Where somebody's server demands Basic of all, it sends both.
    both = sign_in("mật khẩu", headers={"Authorization": "Basic " + b64encode("an:mật khẩu".encode()).decode()})
    assert both.status_code == 200

    assert client.post("/_session", json={"name": "an", "password": "mật khẩu"}).status_code == 200
    for kind in ("text/plain", "multipart/form-data"):
        refused = client.post("/_session", data=b"name=an", content_type=kind)
        assert (refused.status_code, refused.json["error"]) == (415, "bad_content_type")


def cookie_of(response: Any) -> tuple[str, dict[str, str]]:
    """The AuthSession that an answer gives, and its attributes in lower case."""
    first, *rest = response.headers["Set-Cookie"].split("; ")
    name, _, value = first.partition("=")
    assert name == "AuthSession"
    assert value
    return value, {key.lower(): told for key, _, told in (each.partition("=") for each in rest)}


def test_a_method_that_a_proxy_forbids_travels_in_a_header(peer: Peer) -> None:
    rev = peer("PUT", "/a/x", {})[1]["rev"]
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert peer("POST", f"/a/x?rev={rev}", headers=headers)[0] == 200
    assert peer("GET", "/a/x")[0] == 404


def test_a_database_that_another_server_keeps_is_not_compacted_here() -> None:
    curl = Curl(database=_NotOurs())
    assert curl("POST", "/db/_compact", {})[0] == 501
    assert curl("GET", "/db/_revs_limit") == (200, 1000)


class _NotOurs:
    """As much of a database as is asked here, without a keeper's verbs."""

    def info(self) -> dict[str, Any]:
        return {"update_seq": 0}
