"""Odd requests, answered in the words of CouchDB 3.5.0: what each asks was asked of it, and this is what it said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.couch_peer import make_app
from sync.documents import DOCUMENT_BYTES_MAX
from sync.multipart import boundary_of, split
from sync.store_folder import StoreFolder
from tests.support.agreed import DOCUMENTS, EXCHANGES, PHOTO, REFUSALS, UNSOUND, A, B, C, plainly
from tests.support.curl import Curl
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Served


@pytest.fixture(params=["here", "behind a second hop"])
def curl(request: pytest.FixtureRequest) -> Iterator[Curl]:
    if request.param == "here":
        yield filled(Curl())
        return
    with Served() as served:
        yield filled(Curl(database=served.remote("db", MemoryDatabase("db"))))


def filled(curl: Curl) -> Curl:
    graft(curl.db, *DOCUMENTS)
    return curl


@pytest.mark.parametrize(("method", "path", "body", "error", "reason"), REFUSALS)
def test_what_couchdb_refuses_is_refused_in_its_words(
    curl: Curl, method: str, path: str, body: Any, error: str, reason: str
) -> None:
    assert curl(method, path, body) == (400, {"error": error, "reason": reason})
    assert curl("GET", "/db/fine")[0] == 404


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_what_couchdb_answers_is_answered_the_same(curl: Curl, exchange: str) -> None:
    for step in EXCHANGES[exchange]:
        headers = {name.replace("-", "_"): value for name, value in step.headers.items()}
        status, told = curl(step.method, step.target, step.body, **headers)
        assert (status, plainly(told)) == (step.status, step.told), step


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/db", "DELETE,GET,HEAD,POST"),
        ("PATCH", "/db/a", "DELETE,GET,HEAD,POST,PUT,COPY"),
        ("PATCH", "/db/_local/a", "DELETE,GET,HEAD,POST,PUT,COPY"),
        ("PUT", "/db/_changes", "GET,POST,HEAD"),
        ("PUT", "/_uuids", "GET"),
        ("PUT", "/_membership", "GET"),
        ("PUT", "/_active_tasks", "GET,HEAD"),
        ("PUT", "/_session", "GET,HEAD,POST,DELETE"),
    ],
)
def test_the_methods_there_are_are_named_as_couchdb_names_them(
    curl: Curl, method: str, path: str, allowed: str
) -> None:
    answer = curl.raw(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/nowhere"), ("PATCH", "/nowhere"), ("GET", "/_odd/x"), ("GET", "/nowhere/_bulk_docs"),
        ("POST", "/nowhere/_bulk_docs"), ("PUT", "/nowhere/_all_docs"), ("PUT", "/nowhere/a"), ("POST", "/nowhere/a"),
        ("DELETE", "/nowhere/a/x"), ("POST", "/nowhere/_local/a"), ("PUT", "/nowhere/_security"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_before_what_was_sent_is_looked_at(curl: Curl, method: str, path: str) -> None:
    assert curl(method, path) == (404, {"error": "not_found", "reason": "Database does not exist."})


def test_flags_of_a_listing_may_be_shouted_and_those_of_a_document_may_not(curl: Curl) -> None:
    told = curl("GET", "/db/_all_docs?descending=TRUE&include_docs=False")[1]["rows"]
    assert [row["id"] for row in told] == ["d", "b", "a"]
    assert [row["id"] for row in curl("POST", "/db/_all_docs", {"descending": "True"})[1]["rows"]] == ["d", "b", "a"]
    assert "_revisions" not in curl("GET", "/db/a?revs=TRUE")[1]
    told = curl("POST", "/db/_bulk_get?revs=yes", {"docs": [{"id": "a"}]})
    assert told == (200, {"results": [{"id": "a", "docs": [{"ok": {"_id": "a", "_rev": f"1-{A}", "n": 1}}]}]})


def test_of_a_parameter_said_twice_the_last_counts(curl: Curl) -> None:
    assert len(curl("GET", "/db/_changes?limit=1&limit=2")[1]["results"]) == 2
    assert len(curl("GET", "/db/_all_docs?limit=2&limit=1")[1]["rows"]) == 1


def test_a_number_beyond_all_there_is_counts_as_the_greatest(curl: Curl) -> None:
    assert len(curl("GET", f"/db/_changes?limit={10**20}")[1]["results"]) == 3
    told = curl("GET", f"/db/_all_docs?skip={10**20}")[1]
    assert (told["rows"], told["total_rows"]) == ([], 3)


def test_rows_by_name_are_of_no_sequence(curl: Curl) -> None:
    assert curl("GET", "/db/_all_docs?update_seq=true&limit=0")[1]["update_seq"] is not None
    assert curl("POST", "/db/_all_docs", {"keys": ["a"], "update_seq": True})[1]["update_seq"] is None
    assert curl("GET", "/db/_local_docs?update_seq=true")[1]["update_seq"] is None


def test_a_feed_read_backwards_begins_at_its_end(curl: Curl) -> None:
    last = curl("GET", "/db")[1]["update_seq"]
    assert curl("GET", "/db/_changes?descending=true&limit=0")[1] == {"results": [], "last_seq": last, "pending": 3}
    for since in ("now", last, "rubbish"):
        told = curl("GET", f"/db/_changes?descending=true&since={since}")[1]
        assert [row["id"] for row in told["results"]] == ["d", "b", "a"]


@pytest.mark.parametrize("query", ["timeout=0", "timeout=-5", "timeout=1"])
def test_a_feed_that_does_not_wait_tells_what_is_there(curl: Curl, query: str) -> None:
    lines = [json.loads(line) for line in curl.raw("GET", f"/db/_changes?feed=continuous&{query}").data.splitlines()]
    assert [line.get("id") for line in lines] == ["a", "b", "d", None]
    assert lines[-1] == {"last_seq": lines[-2]["seq"], "pending": 0}


def test_a_feed_that_ends_at_its_limit_says_what_is_left(curl: Curl) -> None:
    lines = [json.loads(line) for line in curl.raw("GET", "/db/_changes?feed=continuous&limit=1").data.splitlines()]
    assert lines[1] == {"last_seq": lines[0]["seq"], "pending": 2}
    nothing = {"last_seq": curl("GET", "/db/_changes?limit=0")[1]["last_seq"], "pending": 3}
    assert json.loads(curl.raw("GET", "/db/_changes?feed=continuous&limit=0").data) == nothing
    assert curl("GET", "/db/_changes?feed=longpoll&limit=0")[1] == {"results": [], **nothing}


def test_open_revs_come_from_the_oldest_on_and_the_missing_behind_them(curl: Curl) -> None:
    graft(curl.db, revision("b", f"3-{A}", f"2-{C}"), revision("b", f"2-{A}", _deleted=True))

    def revs(query: str) -> list[str]:
        return [each["ok"]["_rev"] if "ok" in each else each["missing"] for each in curl("GET", f"/db/b?{query}")[1]]

    assert revs("open_revs=all") == [f"1-{A}", f"1-{B}", f"2-{A}", f"3-{A}"]
    asked = json.dumps([f"3-{A}", f"1-{C}", f"1-{B}"])
    assert revs(f"open_revs={asked}") == [f"1-{B}", f"3-{A}", f"1-{C}"]
    assert curl("GET", "/db/b?open_revs=[]")[1]["_rev"] == f"3-{A}"


def test_a_document_without_news_of_attachments_comes_as_json_to_who_takes_parts(curl: Curl) -> None:
    has = curl.raw("GET", f'/db/d?atts_since=["1-{A}"]')
    assert (has.mimetype, has.get_json()["_attachments"]["x"]["stub"]) == ("application/json", True)
    lacks = curl.raw("GET", f'/db/d?atts_since=["1-{B}"]')
    assert lacks.mimetype == "multipart/related"


@pytest.mark.parametrize(("asked", "told"), UNSOUND)
def test_a_request_in_a_batch_that_cannot_be_is_an_entry_in_couchdbs_words(
    curl: Curl, asked: dict[str, Any], told: dict[str, Any]
) -> None:
    results = curl("POST", "/db/_bulk_get", {"docs": [asked, {"id": "a"}]})[1]["results"]
    assert results[0] == {"id": told["id"], "docs": [{"error": told}]}
    assert "ok" in results[1]["docs"][0]


def test_who_says_what_attachments_he_has_is_sent_the_others_and_no_more(curl: Curl) -> None:
    news = {**PHOTO["x"], "data": "AAED", "revpos": 2}
    graft(curl.db, revision("d", f"2-{B}", f"1-{A}", _attachments={**PHOTO, "y": news}))
    asked = [{"id": "d", "atts_since": [f"1-{A}"]}, {"id": "d"}, {"id": "d", "atts_since": [f"1-{C}"]}]
    results = curl("POST", "/db/_bulk_get", {"docs": asked})[1]["results"]
    sent = [[name for name, each in r["docs"][0]["ok"]["_attachments"].items() if "data" in each] for r in results]
    assert sent == [["y"], [], ["x", "y"]]
    for more in ("", "&attachments=true"):
        told = curl("GET", f'/db/d?open_revs=all&atts_since=["1-{A}"]{more}')[1][0]["ok"]["_attachments"]
        assert (told["x"]["stub"], told["y"]["data"]) == (True, "AAED")
    headers = {"Accept": "multipart/mixed", "Content-Type": "application/json"}
    answer = curl.raw("POST", "/db/_bulk_get", data=json.dumps({"docs": asked[:1]}), headers=headers)
    (part,) = split(answer.data, boundary_of(answer.headers["Content-Type"]))
    assert len(split(part.body, boundary_of(part.headers["content-type"]))) == 2


def test_a_batch_in_parts_names_what_has_attachments_and_tells_errors_whole(curl: Curl) -> None:
    asked = json.dumps({"docs": [{"id": "d"}, {"id": "nope"}, {"id": "a"}]})
    headers = {"Accept": "multipart/mixed", "Content-Type": "application/json"}
    answer = curl.raw("POST", "/db/_bulk_get?attachments=true", data=asked, headers=headers)
    photo, missing, plain = split(answer.data, boundary_of(answer.headers["Content-Type"]))
    assert (photo.headers["x-doc-id"], photo.headers["x-rev-id"]) == ("d", f"1-{A}")
    assert json.loads(missing.body) == {"id": "nope", "rev": "undefined", "error": "not_found", "reason": "missing"}
    assert (plain.headers, json.loads(plain.body)["_id"]) == ({"content-type": "application/json"}, "a")


def test_a_design_document_is_sent_on_to_the_slash_of_its_id(curl: Curl) -> None:
    curl.db.put({"_id": "_design/x/y"})
    answer = curl.raw("GET", "/db/_design%2Fx%2Fy?revs=true")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "http://localhost/prefix/db/_design/x%2Fy?revs=true"
    assert curl("GET", "/db/_design/x%2Fy?revs=true")[1]["_id"] == "_design/x/y"
    assert curl("PUT", "/db/_design%2Fz", {})[1]["id"] == "_design/z"


def test_what_a_design_document_does_not_have_is_missing(curl: Curl) -> None:
    curl.db.put({"_id": "_design/x"})
    assert curl("GET", "/db/_design/nope/_view/v") == (404, {"error": "not_found", "reason": "missing"})
    assert curl("GET", "/db/_design/x/_odd") == (
        404,
        {"error": "not_found", "reason": "Document is missing attachment"},
    )


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (["_id", "nope"], {"_id": "s"}),
        (["o.a.b", "n"], {"o": {"a": {"b": 1}}, "n": 1}),
        (["o.a", "o.d"], {"o": {"a": {"b": 1, "c": 2}, "d": 3}}),
        (["o", "o.d"], {"o": {"a": {"b": 1, "c": 2}, "d": 3}}),
        (["l.0.k"], {"l": {"0": {"k": 1}}}),
        (["x\\.y"], {"x.y": 5}),
        (["o.z"], {}),
    ],
)
def test_of_a_document_that_matches_the_fields_asked_for_are_shown(
    curl: Curl, fields: list[str], shown: dict[str, Any]
) -> None:
    body = {"n": 1, "o": {"a": {"b": 1, "c": 2}, "d": 3}, "l": [{"k": 1}], "x.y": 5}
    graft(curl.db, revision("s", f"1-{A}", **body))
    asked = {"selector": {"_id": "s"}, "fields": fields}
    rows = curl("POST", "/db/_changes?filter=_selector&include_docs=true", asked)[1]["results"]
    assert [row["doc"] for row in rows] == [shown]
    assert "doc" not in curl("POST", "/db/_changes?filter=_selector", asked)[1]["results"][0]
    whole = curl("POST", "/db/_changes?filter=_selector&include_docs=true", {**asked, "fields": []})[1]["results"]
    assert whole[0]["doc"] == {"_id": "s", "_rev": f"1-{A}", **body}


def test_below_what_holds_nothing_a_field_is_not_even_missing(curl: Curl) -> None:
    graft(curl.db, revision("s1", f"1-{A}", n=1), revision("s2", f"1-{A}", n={}), revision("s3", f"1-{A}", n=[{}]))

    def matching(selector: dict[str, Any]) -> list[str]:
        told = curl("POST", "/db/_changes?filter=_selector", {"selector": selector})[1]["results"]
        return [row["id"] for row in told if row["id"].startswith("s")]

    assert matching({"n.x": {"$exists": False}}) == ["s2"]
    assert matching({"$not": {"n.x": {"$exists": True}}}) == ["s2"]
    assert matching({"n.7": {"$exists": False}}) == ["s2"]
    assert matching({"n": {"$elemMatch": {}}}) == ["s3"]


def test_a_document_over_its_limit_says_that_it_is_the_document(curl: Curl) -> None:
    body = {"a": "x" * DOCUMENT_BYTES_MAX}
    status, told = curl("PUT", "/db/large", body)
    assert (status, told["error"]) == (413, "document_too_large")
    told = curl("POST", "/db/_bulk_docs", {"docs": [{"_id": "large", **body}, {"_id": "small"}]})[1]
    assert [entry.get("error") for entry in told] == ["document_too_large", None]


def test_a_local_document_is_looked_at_like_any_other(curl: Curl) -> None:
    for body, error in [({"_rev": "x"}, "bad_request"), ({"_rev": 1}, "bad_request"), ({"_foo": 1}, "doc_validation")]:
        status, told = curl("PUT", "/db/_local/x", body)
        assert (status, told["error"]) == (400, error)
    assert curl("PUT", "/db/_local/x?batch=ok", {"n": 1}) == (202, {"ok": True, "id": "_local/x"})
    assert curl("GET", "/db/_local/x")[1]["n"] == 1


def test_a_local_document_written_anew_is_not_taken_for_the_old_one(curl: Curl) -> None:
    assert curl("PUT", "/db/_local/x", {"n": 1})[1]["rev"] == "0-1"
    etag = curl.raw("GET", "/db/_local/x").headers["ETag"]
    assert curl("GET", "/db/_local/x", If_None_Match=etag) == (304, None)
    assert curl("DELETE", "/db/_local/x?rev=0-1")[0] == 200
    written = curl.raw("PUT", "/db/_local/x", data=b'{"n":2}')
    assert written.get_json()["rev"] == "0-1"
    assert curl("GET", "/db/_local/x", If_None_Match=etag)[1]["n"] == 2
    assert curl("GET", "/db/_local/x", If_None_Match=written.headers["ETag"]) == (304, None)


@pytest.mark.parametrize("prefers", ["return=minimal", "Return=Minimal"])
def test_who_prefers_little_is_sent_the_headers_he_needs(curl: Curl, prefers: str) -> None:
    headers = set(curl.raw("PUT", "/db/x", data=b"{}", headers={"Prefer": prefers}).headers.keys())
    assert headers <= {"Cache-Control", "Content-Length", "Content-Type", "ETag", "X-Content-Type-Options"}
    assert "Location" in curl.raw("PUT", "/db/y", data=b"{}", headers={"Prefer": "return=minimal; wait"}).headers
    photo = curl.raw("GET", "/db/d/x", headers={"Prefer": prefers, "Range": "bytes=1-1"})
    assert (photo.data, photo.headers["Content-Range"]) == (b"\1", "bytes 1-1/3")
    assert photo.headers["Content-Security-Policy"] == "sandbox"
    assert "Accept-Ranges" not in photo.headers


def test_a_database_in_partitions_is_not_made(curl: Curl) -> None:
    assert curl("PUT", "/new?partitioned=true")[0] == 501
    assert curl("PUT", "/new?partitioned=false&q=2&n=1")[0] == 201


def test_who_knows_the_list_of_databases_is_not_told_again(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path)
    client = make_app(folder).test_client()
    for name in ("a", "b"):
        folder.create(name)
    for path in ("/_all_dbs", "/_dbs_info"):
        etag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
        assert client.get(f"{path}?limit=1", headers={"If-None-Match": etag}).status_code == 200
    for query, names in [('key="b"', ["b"]), ('keys=["b","c"]', ["b"]), ('endkey="b"&inclusive_end=false', ["a"])]:
        assert client.get(f"/_all_dbs?{query}").json == names
    assert client.post("/_dbs_info", json={"keys": [1]}).json == [{"key": 1, "error": "not_found"}]
    assert client.get("/a").json["cluster"] == {"q": 1, "n": 1, "w": 1, "r": 1}
    folder.close()
