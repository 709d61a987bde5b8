"""The face answers as CouchDB does: statuses, error words, reasons and shapes, endpoint by endpoint."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Forbidden, PeerMisbehaved, PeerUnreachable, StoreFull, Unauthorized
from sync.face import Limits
from sync.guarded import GuardedDatabase
from sync.multipart import read_document, related_body, split
from sync.store import Store
from tests.support.curl import Curl
from tests.support.faults import Faulty, sound
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served

PHOTO = bytes(range(256)) * 40


@pytest.fixture(params=["here", "behind a second hop"])
def curl(request: pytest.FixtureRequest) -> Iterator[Curl]:
    """A face over a database of this process; and, as on a cluster, over one across the wire."""
    if request.param == "here":
        yield Curl()
        return
    with Served() as served:
        yield Curl(database=served.remote("db", MemoryDatabase("db")))


def with_photo(*path: str, **more: Any) -> dict[str, Any]:
    data = {"content_type": "image/jpeg", "data": base64.b64encode(PHOTO).decode()}
    return revision("photo", *path, _attachments={"ảnh/1.jpg": data}, **more)


# The server


def test_the_welcome_names_the_server_by_an_identity_that_stays(curl: Curl) -> None:
    status, welcome = curl("GET", "/")
    assert (status, welcome["couchdb"]) == (200, "Welcome")
    assert welcome["uuid"] == curl("GET", "/")[1]["uuid"]
    assert curl("GET", "")[1] == welcome


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/_all_dbs", ["db"]),
        ("/_up", {"status": "ok", "seeds": {}}),
        ("/_session", {"ok": True, "userCtx": {"name": None, "roles": []}, "info": {"authentication_handlers": []}}),
        ("/db/_revs_limit", 1000),
        ("/db/_security", {}),
    ],
)
def test_what_clients_ask_before_they_begin_is_answered(curl: Curl, path: str, expected: Any) -> None:
    assert curl("GET", path) == (200, expected)


def test_uuids_are_made_as_many_as_asked_for_up_to_the_limit(curl: Curl) -> None:
    assert len(set(curl("GET", "/_uuids?count=5")[1]["uuids"])) == 5
    assert curl("GET", "/_uuids?count=1001")[0] == 400
    asked = curl.raw("GET", "/_uuids").headers
    assert "no-cache" in asked["Cache-Control"]
    assert asked["Pragma"] == "no-cache"
    assert asked["ETag"] != curl.raw("GET", "/_uuids").headers["ETag"]


def test_every_answer_bears_the_name_of_its_request_and_the_one_its_caller_gave(curl: Curl) -> None:
    first, second = (curl.raw("GET", path).headers for path in ("/", "/nobody/here"))
    assert first["X-Couch-Request-ID"] != second["X-Couch-Request-ID"]
    assert second["X-CouchDB-Body-Time"].isdigit()
    named = curl.raw("GET", "/db", headers={"X-Couch-Request-ID": "E7498DE1-B661"}).headers
    assert named["X-Couch-Request-ID"] == "E7498DE1-B661"
    for odd in ("a b", "<x>", "a" * 65):
        assert curl.raw("GET", "/db", headers={"X-Couch-Request-ID": odd}).headers["X-Couch-Request-ID"] != odd


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/db", "/db/a"])
def test_a_method_nobody_serves_is_refused_in_couchdbs_words(curl: Curl, method: str, path: str) -> None:
    assert curl(method, path) == (405, {"error": "method_not_allowed", "reason": curl(method, path)[1]["reason"]})


def test_signing_in_by_cookie_is_not_found_so_that_replicators_go_on_without(curl: Curl) -> None:
    assert curl("POST", "/_session", b"name=a&password=b")[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_node/_local/_config"), ("GET", "/_scheduler/jobs"), ("GET", "/_users"),
        ("POST", "/db/_find"), ("POST", "/db/_purge"), ("GET", "/db/_design/x/_view/y"), ("COPY", "/db/a"),
        ("GET", "/db/_partition/x"),
    ],
)  # fmt: skip
def test_what_is_left_out_says_so_in_a_sentence(curl: Curl, method: str, path: str) -> None:
    curl.db.put({"_id": "_design/x"})
    status, told = curl(method, path, {})
    assert (status, told["error"]) == (501, "not_implemented")
    assert told["reason"].endswith(".")


# Databases


def test_a_database_is_created_told_of_and_deleted(curl: Curl) -> None:
    assert curl("PUT", "/new%2Fone") == (201, {"ok": True})
    assert curl("PUT", "/new%2Fone")[0:1] == (412,)
    status, info = curl("GET", "/new%2Fone/")
    assert (status, info["db_name"], info["update_seq"]) == (200, "new/one", 0)
    assert curl("DELETE", "/new%2Fone") == (200, {"ok": True})
    assert curl("GET", "/new%2Fone") == (404, {"error": "not_found", "reason": "Database does not exist."})


@pytest.mark.parametrize("name", ["Upper", "1digit", "a b", "a*", "%C4%91"])
def test_a_name_that_couchdb_would_not_give_is_refused(curl: Curl, name: str) -> None:
    status, told = curl("PUT", f"/{name}")
    assert (status, told["error"]) == (400, "illegal_database_name")
    assert curl("GET", f"/{name}")[0] == 404


def test_a_delete_with_a_revision_does_not_delete_the_database(curl: Curl) -> None:
    assert curl("DELETE", "/db?rev=1-a")[0] == 400
    assert curl("GET", "/db")[0] == 200


def test_a_full_commit_answers_with_the_start_time_of_the_database(curl: Curl) -> None:
    started = curl("GET", "/db")[1]["instance_start_time"]
    assert curl("POST", "/db/_ensure_full_commit", b"") == (201, {"ok": True, "instance_start_time": started})
    assert curl("POST", "/db/_ensure_full_commit")[0] == 415


# Documents


@pytest.mark.parametrize(
    "path", ["plain", "a%2Fb", "Ngh%E1%BB%87%20An", "a%2Bb", "a+b", "%252F", "_design/x", "x.", "/slashes//"]
)
def test_an_id_is_taken_from_the_path_as_it_was_sent(curl: Curl, path: str) -> None:
    status, told = curl("PUT", f"/db/{path}", {"n": 1})
    assert status == 201
    ids = {
        "a%2Bb": "a+b",
        "a+b": "a b",
        "a%2Fb": "a/b",
        "Ngh%E1%BB%87%20An": "Nghệ An",
        "%252F": "%2F",
        "/slashes//": "slashes",
    }
    assert told["id"] == ids.get(path, path)
    assert curl("GET", f"/db/{path}")[1] == {"_id": told["id"], "_rev": told["rev"], "n": 1}


def test_writing_needs_the_current_revision(curl: Curl) -> None:
    rev = curl("PUT", "/db/a", {"n": 1})[1]["rev"]
    conflict = (409, {"error": "conflict", "reason": "Document update conflict."})
    assert curl("PUT", "/db/a", {"n": 2}) == conflict
    assert curl("PUT", "/db/a", {"n": 2, "_rev": "1-ffffffffffffffffffffffffffffffff"}) == conflict
    second = curl("PUT", f"/db/a?rev={rev}", {"n": 2})[1]["rev"]
    third = curl("PUT", "/db/a", {"n": 3}, If_Match=f'"{second}"')[1]["rev"]
    assert curl("PUT", f"/db/a?rev={rev}", {"n": 4, "_rev": third})[0] == 400
    assert curl("DELETE", "/db/a")[0] == 409
    assert curl("DELETE", f"/db/a?rev={third}")[0] == 200
    assert curl("GET", "/db/a") == (404, {"error": "not_found", "reason": "deleted"})
    assert curl("DELETE", "/db/nowhere") == (404, {"error": "not_found", "reason": "missing"})


def test_a_posted_document_is_given_a_name(curl: Curl) -> None:
    status, told = curl("POST", "/db", {"n": 1})
    assert status == 201
    assert curl("GET", f"/db/{told['id']}")[1]["n"] == 1
    assert curl("POST", "/db", {"_id": "mine"})[1]["id"] == "mine"


def test_a_document_that_is_known_need_not_be_sent_again(curl: Curl) -> None:
    rev = curl("PUT", "/db/a", {"n": 1})[1]["rev"]
    assert curl("GET", "/db/a", If_None_Match=f'"{rev}"') == (304, None)


def test_one_revision_its_history_and_its_conflicts_are_read(curl: Curl) -> None:
    graft(curl.db, revision("a", "2-b", "1-a", n="loses"), revision("a", "2-c", "1-a", n="wins"))
    assert curl("GET", "/db/a?rev=2-b")[1]["n"] == "loses"
    assert curl("GET", "/db/a?rev=2-b&latest=true")[1]["n"] == "wins"
    assert curl("GET", "/db/a?rev=2-9")[0] == 404
    found = curl("GET", "/db/a?conflicts=true&revs=true")[1]
    assert found["_conflicts"] == ["2-b"]
    assert found["_revisions"] == {"start": 2, "ids": ["c", "a"]}


def test_open_revs_answers_each_revision_or_says_it_is_missing(curl: Curl) -> None:
    graft(curl.db, revision("a", "2-b", "1-a"), revision("a", "3-d", "2-c", "1-a", deleted=True))
    told = curl("GET", '/db/a?open_revs=["2-b","9-9"]&revs=true')[1]
    assert told[0]["ok"]["_revisions"]["ids"] == ["b", "a"]
    assert told[1] == {"missing": "9-9"}
    everyone = curl("GET", "/db/a?open_revs=all")[1]
    assert sorted(entry["ok"]["_rev"] for entry in everyone) == ["2-b", "3-d"]
    assert curl("GET", "/db/nowhere?open_revs=all")[0] == 404


@pytest.mark.parametrize("accept", ["application/json", "multipart/mixed"])
def test_a_withheld_revision_does_not_look_like_one_that_is_gone(accept: str) -> None:
    """A replicator passes for good what it is told is missing."""
    inner = MemoryDatabase("db")
    graft(inner, revision("a", "1-a"))
    curl = Curl(database=GuardedDatabase(inner, Rules(read=lambda _: "not yours")))
    status, told = curl("GET", '/db/a?open_revs=["1-a"]', Accept=accept)
    assert (status, told) == (403, {"error": "forbidden", "reason": "not yours"})
    assert curl("GET", "/db/a?open_revs=all", Accept=accept)[0] == 403


def test_a_replicated_document_is_grafted_as_it_is(curl: Curl) -> None:
    body = revision("a", "3-c", "2-b", "1-a", n=1)
    assert curl("PUT", "/db/a?new_edits=false", body) == (201, {"ok": True, "id": "a", "rev": "3-c"})
    assert curl.db.get("a", revs=True)["_revisions"]["ids"] == ["c", "b", "a"]
    assert curl("PUT", "/db/a?new_edits=false", {"n": 1})[0] == 400


def test_a_tombstone_written_is_200_and_anything_else_201(curl: Curl) -> None:
    status, first = curl("PUT", "/db/a", {"n": 1})
    assert status == 201
    assert curl("PUT", f"/db/a?rev={first['rev']}", {"_deleted": True})[0] == 200
    assert curl("PUT", "/db/b?new_edits=false", {"_rev": "1-a", "_deleted": True})[0] == 200
    assert curl("PUT", "/db/c?new_edits=false", {"_rev": "1-a"})[0] == 201


# Multipart, as CouchDB's replicator pulls and pushes documents with attachments


def test_open_revs_in_parts_brings_each_attachment_behind_its_document(curl: Curl) -> None:
    graft(curl.db, with_photo("2-b", "1-a"), revision("photo", "2-c", "1-a", n="plain"))
    response = curl.raw(
        "GET", '/db/photo?open_revs=["2-b","2-c","7-7"]&revs=true', headers={"Accept": "multipart/mixed"}
    )
    outer = response.headers["Content-Type"]
    assert outer.startswith("multipart/mixed; boundary=")
    first, second, third = split(response.data, outer.split('"')[1])
    photo = read_document(first.body, first.headers["content-type"], inflated_bytes_max=10**6)
    assert photo["_attachments"]["ảnh/1.jpg"]["data"] == PHOTO
    assert json.loads(second.body)["n"] == "plain"
    assert third.headers["content-type"] == 'application/json; error="true"'
    assert json.loads(third.body) == {"missing": "7-7"}


def test_attachments_the_peer_has_already_are_not_sent_again(curl: Curl) -> None:
    graft(curl.db, with_photo("1-a"))
    document = curl.db.get("photo")
    document["_attachments"]["new"] = {"content_type": "text/plain", "data": "bmV3"}
    rev = curl.db.put(document)
    query = f'open_revs=["{rev}"]&revs=true&atts_since=["1-a"]'
    response = curl.raw("GET", f"/db/photo?{query}", headers={"Accept": "multipart/mixed"})
    (part,) = split(response.data, response.headers["Content-Type"].split('"')[1])
    sent = read_document(part.body, part.headers["content-type"], inflated_bytes_max=10**6)["_attachments"]
    assert sent["new"]["data"] == b"new"
    assert sent["ảnh/1.jpg"]["stub"] is True


class Compressing(MemoryDatabase):
    """A CouchDB behind the face: it tells the digest of what it keeps compressed, and no generation it was not told."""

    def bulk_get(self, *asked: Any, **how: Any) -> list[dict[str, Any]]:
        answers = super().bulk_get(*asked, **how)
        for answer in answers:
            for entry in answer["docs"]:
                for stub in entry["ok"]["_attachments"].values():
                    stub |= {"revpos": 0, "digest": "md5-YARKxpnJHhto5bAW4Wg9zw=="}
        return answers


@pytest.mark.parametrize("since", ["", '&atts_since=["1-a"]'])
def test_what_a_couchdb_behind_keeps_compressed_is_sent_as_it_is_and_without_its_digest(since: str) -> None:
    curl = Curl(database=Compressing())
    graft(curl.db, with_photo("2-b", "1-a"))
    query = f'open_revs=["2-b"]&revs=true{since}'
    response = curl.raw("GET", f"/db/photo?{query}", headers={"Accept": "multipart/mixed"})
    (part,) = split(response.data, response.headers["Content-Type"].split('"')[1])
    sent = read_document(part.body, part.headers["content-type"], inflated_bytes_max=10**6)["_attachments"]
    assert sent == {"ảnh/1.jpg": {"content_type": "image/jpeg", "revpos": 0, "length": len(PHOTO), "data": PHOTO}}


@pytest.mark.parametrize("compress", [False, True])
def test_a_document_in_parts_is_written_with_its_attachments(curl: Curl, compress: bool) -> None:
    document = revision("p", "2-b", "1-a", _attachments={"x": {"content_type": "text/plain", "revpos": 1}})
    body = related_body(document, {"x": PHOTO}, "abc", compress=compress)
    status, told = curl("PUT", "/db/p?new_edits=false", body, Content_Type="multipart/related; boundary=abc")
    assert (status, told["rev"]) == (201, "2-b")
    assert curl.db.attachment("p", "x").read() == PHOTO
    assert curl("PUT", "/db/q", b"garbage", Content_Type="multipart/related; boundary=abc")[0] == 400


# Attachments


def test_an_attachment_is_written_read_and_deleted(curl: Curl) -> None:
    path = "/db/a/th%C6%B0%2Fm%E1%BB%A5c/%E1%BA%A3nh.jpg"
    status, told = curl("PUT", path, PHOTO, Content_Type="image/jpeg")
    assert status == 201
    assert curl("PUT", path, b"other", Content_Type="image/jpeg")[0] == 409
    response = curl.raw("GET", path)
    assert (response.data, response.headers["Content-Type"]) == (PHOTO, "image/jpeg")
    assert (response.headers["X-Content-Type-Options"], response.headers["Content-Security-Policy"]) == (
        "nosniff",
        "sandbox",
    )
    etag = response.headers["ETag"]
    assert curl("GET", path, If_None_Match=etag) == (304, None)
    assert curl("GET", "/db/a/nothing")[0] == 404
    assert list(curl("GET", "/db/a")[1]["_attachments"]) == ["thư/mục/ảnh.jpg"]
    assert curl("DELETE", path)[0] == 409
    assert curl("DELETE", f"{path}?rev={told['rev']}")[0] == 200
    assert curl("GET", path)[0] == 404
    assert curl("PUT", "/db/a/_x", b"x")[0] == 400


@pytest.mark.parametrize(
    ("header", "status", "expected"),
    [
        ("bytes=0-9", 206, PHOTO[:10]),
        ("bytes=10230-", 206, PHOTO[10230:]),
        ("bytes=-7", 206, PHOTO[-7:]),
        ("bytes=10000-99999", 206, PHOTO[10000:]),
        ("bytes=0-", 200, PHOTO),
        ("bytes=0-1,4-5", 200, PHOTO),
        ("lines=1-2", 200, PHOTO),
        ("bytes=-", 200, PHOTO),
    ],
)
def test_an_attachment_resumes_from_where_the_link_broke(curl: Curl, header: str, status: int, expected: bytes) -> None:
    graft(curl.db, with_photo("1-a"))
    response = curl.raw("GET", "/db/photo/%E1%BA%A3nh%2F1.jpg", headers={"Range": header})
    assert (response.status_code, response.data) == (status, expected)
    assert int(response.headers["Content-Length"]) == len(expected)


def test_a_range_beyond_the_end_says_where_the_end_is(curl: Curl) -> None:
    graft(curl.db, with_photo("1-a"))
    for beyond in ("bytes=10240-", "bytes=20000-20009", "bytes=5-1"):
        response = curl.raw("GET", "/db/photo/%E1%BA%A3nh%2F1.jpg", headers={"Range": beyond})
        assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */10240")


# Bulk


def test_bulk_get_answers_in_the_order_it_was_asked_and_nothing_else(curl: Curl) -> None:
    graft(curl.db, *(revision(f"d{n}", "1-a", n=n) for n in range(120)))
    asked = [{"id": f"d{n}", "rev": "1-a"} for n in (7, 3, 7)] + [{"id": "nowhere", "rev": "1-a"}]
    asked += [{"id": f"d{n}", "rev": "1-a"} for n in range(120)]
    status, told = curl("POST", "/db/_bulk_get?revs=true", {"docs": asked})
    assert (status, list(told)) == (200, ["results"])
    assert [result["id"] for result in told["results"]] == [one["id"] for one in asked]
    assert told["results"][3]["docs"] == [
        {"error": {"id": "nowhere", "rev": "1-a", "error": "not_found", "reason": "missing"}}
    ]
    assert all(list(entry) == ["ok"] for result in told["results"][4:] for entry in result["docs"])


def test_bulk_docs_answers_for_each_edit_or_for_the_failures_alone(curl: Curl) -> None:
    status, told = curl("POST", "/db/_bulk_docs", {"docs": [{"_id": "a"}, {"_id": "a"}]})
    assert (status, told[0]["ok"], told[1]["error"]) == (201, True, "conflict")
    replicated = {"docs": [revision("a", "2-b", "1-a"), revision("b", "1-b")], "new_edits": False}
    assert curl("POST", "/db/_bulk_docs", replicated) == (201, [])


def test_revs_diff_tells_what_is_missing(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"))
    asked = {"a": ["1-a", "2-b"], "new": ["1-c"]}
    assert curl("POST", "/db/_revs_diff", asked)[1] == {
        "a": {"missing": ["2-b"], "possible_ancestors": ["1-a"]},
        "new": {"missing": ["1-c"]},
    }
    assert curl("POST", "/db/_missing_revs", asked)[1] == {"missing_revs": {"a": ["2-b"], "new": ["1-c"]}}


def test_a_local_document_is_kept_and_a_miss_says_not_found(curl: Curl) -> None:
    assert curl("GET", "/db/_local/x%2Fy") == (404, {"error": "not_found", "reason": "missing"})
    rev = curl("PUT", "/db/_local/x%2Fy", {"seq": 1})[1]["rev"]
    assert curl("GET", "/db/_local%2Fx%2Fy")[1] == {"_id": "_local/x/y", "_rev": rev, "seq": 1}
    assert curl("PUT", "/db/_local/x%2Fy", {"seq": 2})[0] == 409
    second = curl("PUT", "/db/_local/x%2Fy", {"seq": 2, "_rev": rev})[1]["rev"]
    assert curl("DELETE", f"/db/_local/x%2Fy?rev={rev}")[0] == 409
    assert curl("DELETE", f"/db/_local/x%2Fy?rev={second}")[0] == 200
    assert curl("GET", "/db/_local/x%2Fy")[0] == curl("DELETE", f"/db/_local/x%2Fy?rev={second}")[0] == 404
    assert curl("GET", "/db/_changes")[1]["results"] == []


# _all_docs and _changes


def test_ids_are_listed_by_range_by_key_and_in_both_directions(curl: Curl) -> None:
    graft(curl.db, *(revision(name, "1-a") for name in "abcde"))

    def ids(query: str, body: Any = None) -> list[Any]:
        rows = curl("POST" if body else "GET", f"/db/_all_docs?{query}", body)[1]["rows"]
        return [row.get("id", row.get("error")) for row in rows]

    assert ids('startkey="b"&endkey="d"') == ["b", "c", "d"]
    assert ids('start_key="b"&end_key="d"&inclusive_end=false') == ["b", "c"]
    assert ids("descending=true&limit=2&skip=1") == ["d", "c"]
    assert ids('key="c"') == ["c"]
    assert ids("", {"keys": ["e", "x", "a"]}) == ["e", "not_found", "a"]
    assert ids("", {"startkey": "d", "include_docs": True}) == ["d", "e"]


def test_rows_by_name_stand_at_no_offset(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"), revision("b", "1-a"))
    assert curl("GET", '/db/_all_docs?startkey="b"')[1]["offset"] == 1
    assert curl("POST", "/db/_all_docs", {"keys": ["b"]})[1]["offset"] is None


def test_changes_are_told_with_limits_styles_and_documents(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"), revision("a", "1-b"), revision("gone", "1-a", deleted=True))
    told = curl("GET", "/db/_changes?style=all_docs&include_docs=true")[1]
    assert told["results"][0]["changes"] == [{"rev": "1-b"}, {"rev": "1-a"}]
    assert told["results"][0]["doc"]["_rev"] == "1-b"
    assert told["results"][1]["deleted"] is True
    assert (told["last_seq"], told["pending"]) == (3, 0)
    nothing = curl("GET", "/db/_changes?limit=0")[1]
    assert (nothing["results"], nothing["last_seq"], nothing["pending"]) == ([], 0, 2)
    page = curl("GET", "/db/_changes?limit=1")[1]
    assert (len(page["results"]), page["pending"]) == (1, 1)
    assert curl("GET", f"/db/_changes?since={page['last_seq']}")[1]["results"][0]["id"] == "gone"
    assert curl("GET", "/db/_changes?since=now")[1] == {"results": [], "last_seq": 3, "pending": 0}
    assert [row["id"] for row in curl("GET", "/db/_changes?descending=true")[1]["results"]] == ["gone", "a"]


def test_changes_of_the_documents_named_alone(curl: Curl) -> None:
    graft(curl.db, *(revision(name, "1-a") for name in "abc"))
    told = curl("POST", "/db/_changes?filter=_doc_ids", {"doc_ids": ["c", "x"]})[1]
    assert [row["id"] for row in told["results"]] == ["c"]
    assert curl("GET", '/db/_changes?filter=_doc_ids&doc_ids=["a"]')[1]["results"][0]["id"] == "a"
    assert curl("POST", "/db/_changes?filter=_doc_ids", {})[0] == 400


@pytest.mark.parametrize("limit", ["", "&limit=7", "&limit=9", "&limit=100"])
def test_pages_behind_a_long_answer_do_not_show(limit: str) -> None:
    curl = Curl(limits=Limits(page_rows=3))
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(9)))
    told = curl("GET", f"/db/_changes?since=0{limit}")[1]
    expected = min(9, int(limit.removeprefix("&limit=") or 9))
    assert [row["id"] for row in told["results"]] == [f"d{n}" for n in range(expected)]
    assert (told["last_seq"], told["pending"]) == (expected, 9 - expected)


def test_a_feed_that_waits_in_vain_ends_with_where_to_come_back(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"))
    assert curl("GET", "/db/_changes?feed=longpoll&since=1&timeout=50")[1] == {
        "results": [], "last_seq": 1, "pending": 0,
    }  # fmt: skip
    response = curl.raw("GET", "/db/_changes?feed=longpoll&since=1&heartbeat=100")
    assert response.data.startswith(b'{"results":[\n\n\n')
    assert json.loads(response.data)["results"] == []


def test_a_continuous_feed_tells_a_line_a_change(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"), revision("b", "1-b"), revision("c", "1-c"))
    lines = [json.loads(line) for line in curl.raw("GET", "/db/_changes?feed=continuous&timeout=50").data.splitlines()]
    assert [line.get("id") for line in lines] == ["a", "b", "c", None]
    assert lines[-1]["last_seq"] == 3
    lines = curl.raw("GET", "/db/_changes?feed=continuous&limit=2&heartbeat=100").data.splitlines()
    assert [json.loads(line).get("id") for line in lines] == ["a", "b", None]


def test_feeds_beyond_the_limit_are_told_to_come_back() -> None:
    curl = Curl(limits=Limits(feeds_waiting_max=1, feed_hold_s=5, feed_retry_after_s=7))
    waiting = curl.raw("GET", "/db/_changes?feed=longpoll&heartbeat=100")
    refused = curl.raw("GET", "/db/_changes?feed=longpoll")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
    waiting.close()
    graft(curl.db, revision("a", "1-a"))
    assert curl("GET", "/db/_changes?feed=longpoll&since=1&timeout=10")[0] == 200


# Borders


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/db/_bulk_docs", b"{", 400, "bad_request"),
        ("POST", "/db/_bulk_docs", b'{"docs":[{"_id":"a","n":NaN}]}', 400, "bad_request"),
        ("POST", "/db/_bulk_docs", b'{"docs":[{"_id":"\\ud800"}]}', 400, "bad_request"),
        ("POST", "/db/_bulk_docs", b"\xff", 400, "bad_request"),
        ("POST", "/db/_bulk_docs", b"[" * 100_000, 400, "bad_request"),
        ("POST", "/db/_bulk_docs", [], 400, "bad_request"),
        ("POST", "/db/_bulk_docs", {}, 400, "bad_request"),
        ("POST", "/db/_bulk_docs", {"docs": [1]}, 400, "bad_request"),
        ("POST", "/db/_bulk_docs", {"docs": [], "new_edits": "no"}, 400, "bad_request"),
        ("POST", "/db/_bulk_get", {}, 400, "bad_request"),
        ("POST", "/db/_revs_diff", {"a": "1-a"}, 400, "bad_request"),
        ("POST", "/db/_revs_diff", {"a": ["rubbish"]}, 400, "bad_request"),
        ("GET", "/db/_revs_diff", None, 405, "method_not_allowed"),
        ("PATCH", "/db/a", {}, 405, "method_not_allowed"),
        ("GET", "/db/_changes?limit=-x", None, 400, "query_parse_error"),
        ("GET", "/db/_changes?style=odd", None, 400, "query_parse_error"),
        ("GET", "/db/_changes?feed=odd", None, 400, "bad_request"),
        ("GET", "/db/_changes?heartbeat=0", None, 400, "bad_request"),
        ("GET", "/db/_changes?since=rubbish", None, 400, "bad_request"),
        ("GET", "/db/_all_docs?startkey=x", None, 400, "bad_request"),
        ("GET", "/db/a?open_revs=[", None, 400, "bad_request"),
        ("GET", "/db/a?open_revs=3", None, 400, "bad_request"),
        ("GET", "/db/a?rev=rubbish", None, 400, "bad_request"),
        ("PUT", "/db/_odd", {}, 400, "illegal_docid"),
        ("GET", "/db/_odd", None, 404, "not_found"),
        ("PUT", "/db/a", [], 400, "bad_request"),
        ("PUT", "/db/a", {"_odd": 1}, 400, "doc_validation"),
        ("GET", "/db/%ff", None, 404, "not_found"),
        ("GET", "/db/%zz", None, 400, "bad_request"),
        ("GET", "/nowhere/a", None, 404, "not_found"),
        ("GET", "/db/_local", None, 400, "bad_request"),
        ("GET", "/db/_local/a/b", None, 400, "bad_request"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    curl: Curl, method: str, path: str, body: Any, status: int, error: str
) -> None:
    answered, told = curl(method, path, body)
    assert (answered, told["error"]) == (status, error)
    assert told["reason"]


def test_json_is_asked_for_by_its_name_where_couchdb_does(curl: Curl) -> None:
    for path in ("_bulk_docs", "_bulk_get", "_revs_diff"):
        assert curl("POST", f"/db/{path}", b"{}", Content_Type="text/plain")[0] == 415
    assert curl("PUT", "/db/a", b"{}", Content_Type="text/plain")[0] == 201


def test_a_gzip_body_is_read_and_a_bomb_is_not() -> None:
    curl = Curl(limits=Limits(body_bytes_max=10_000, inflated_bytes_max=50_000))
    packed = gzip.compress(json.dumps({"n": "x" * 20_000}).encode())
    assert curl("PUT", "/db/a", packed, Content_Encoding="gzip")[0] == 201
    bomb = gzip.compress(b'{"n":"' + b"x" * 5_000_000 + b'"}')
    assert len(bomb) < 10_000
    assert curl("PUT", "/db/b", bomb, Content_Encoding="gzip")[0] == 413
    for cut in (4, 9, len(packed) - 3):  # of a body cut in its checksum everything else is there
        assert curl("PUT", "/db/b", packed[:-cut], Content_Encoding="gzip")[0] == 400
    assert curl("PUT", "/db/b", b"plain", Content_Encoding="gzip")[0] == 400
    assert curl("PUT", "/db/b", b"{}", Content_Encoding="br")[0] == 415
    status, told = curl("PUT", "/db/b", {"n": "x" * 20_000})
    assert (status, told["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/db/_changes", None),
        ("GET", "/db/_all_docs", None),
        ("POST", "/db/_bulk_get?revs=true", {"docs": [{"id": f"d{n}", "rev": "1-a"} for n in range(120)]}),
    ],
)
def test_long_answers_are_gzipped_for_who_accepts_it(curl: Curl, method: str, path: str, body: Any) -> None:
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(120)))
    plain = curl.raw(method, path, json=body)
    packed = curl.raw(method, path, json=body, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3


def test_a_face_on_a_line_that_costs_nothing_packs_no_answer() -> None:
    curl = Curl(gzip=False)
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(120)))
    response = curl.raw("GET", "/db/_changes", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert len(response.get_json()["results"]) == 120


def test_an_answer_of_a_batch_has_a_length_and_a_longer_one_leaves_in_pieces() -> None:
    curl = Curl(limits=Limits(whole_bytes=4_000))
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(120)))
    assert "Content-Length" in curl.raw("GET", "/db/_changes?limit=20").headers
    longer = curl.raw("GET", "/db/_changes")
    assert "Content-Length" not in longer.headers
    assert len(longer.get_json()["results"]) == 120


def test_a_checkpoint_does_not_wait_for_the_disk_and_anything_else_does(tmp_path: Path) -> None:
    waited: list[bool] = []

    class Watched(Store):
        def _writing(self, *, durable: bool) -> Any:
            waited.append(durable)
            return super()._writing(durable=durable)

    curl = Curl(database=Watched(tmp_path / "db.sqlite"))
    checkpoint = {"session_id": "s", "history": [], "last_seq": 1, "replicator": "pouchdb", "version": 1}
    for body in (checkpoint, {"draft": "of a person"}):
        assert curl("PUT", "/db/_local/a" + str(len(waited)), body)[0] == 201
    assert curl("POST", "/db/_bulk_docs", {"docs": [revision("a", "1-a")], "new_edits": False})[0] == 201
    assert waited == [False, True, True]
    assert curl("GET", "/db/_local/a0")[1]["session_id"] == "s"


def test_short_answers_are_sent_whole_and_plain(curl: Curl) -> None:
    for path in ("/db", "/db/_changes", "/db/_all_docs"):
        response = curl.raw("GET", path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in response.headers
        assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (Unauthorized("Sign in again."), 401, "unauthorized"),
        (Forbidden("Not yours."), 403, "forbidden"),
        (PeerUnreachable("down", retry_after_s=42), 503, "service_unavailable"),
        (PeerMisbehaved("odd"), 502, "bad_gateway"),
        (StoreFull("full"), 507, "insufficient_storage"),
        (RuntimeError("a secret"), 500, "internal_server_error"),
    ],
)
def test_a_failure_behind_the_face_is_said_in_couchdbs_form(error: Exception, status: int, word: str) -> None:
    class Failing(Faulty):
        def info(self) -> Any:
            raise error

    answered, told = Curl(database=Failing(MemoryDatabase(), sound))("GET", "/db")
    assert (answered, told["error"]) == (status, word)
    assert "secret" not in told["reason"]


def test_head_answers_as_get_without_a_body(curl: Curl) -> None:
    rev = curl("PUT", "/db/a", {"n": 1})[1]["rev"]
    response = curl.raw("HEAD", "/db/a")
    assert (response.status_code, response.data, response.headers["ETag"]) == (200, b"", f'"{rev}"')
    assert curl.raw("HEAD", "/db/nowhere").status_code == 404
