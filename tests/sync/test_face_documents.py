"""What the face tells of documents beside their bodies, and how it lists them: shapes and words as CouchDB's."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.errors import NotFound
from sync.face import Limits
from sync.guarded import GuardedDatabase
from sync.multipart import read_document, split
from sync.store import Store
from tests.support.curl import Curl
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served


@pytest.fixture(params=["here", "behind a second hop"])
def curl(request: pytest.FixtureRequest) -> Iterator[Curl]:
    if request.param == "here":
        yield Curl()
        return
    with Served() as served:
        yield Curl(database=served.remote("db", MemoryDatabase("db")))


def rows(told: dict[str, Any]) -> list[str]:
    return [row.get("id", row.get("key")) for row in told["rows"]]


# One document


def test_meta_tells_conflicts_history_and_what_was_deleted(curl: Curl) -> None:
    graft(curl.db, revision("a", "2-b", "1-a"), revision("a", "2-c", "1-a"))
    graft(curl.db, revision("a", "2-d", "1-a", _deleted=True), revision("a", "3-e", "2-x", _deleted=True))
    told = curl("GET", "/db/a?meta=true")[1]
    assert (told["_rev"], told["_conflicts"], told["_deleted_conflicts"]) == ("2-c", ["2-b"], ["3-e", "2-d"])
    assert told["_revs_info"] == [{"rev": "2-c", "status": "available"}, {"rev": "1-a", "status": "missing"}]
    assert "_revisions" not in told


@pytest.mark.parametrize("rev", ["2-b", "2-c"])
def test_who_names_a_revision_is_told_of_no_others(curl: Curl, rev: str) -> None:
    graft(curl.db, revision("a", "2-b", "1-a"), revision("a", "2-c", "1-a"), revision("a", "2-d", _deleted=True))
    named = curl.raw("GET", f"/db/a?rev={rev}&meta=true&local_seq=true")
    assert (set(named.get_json()), named.headers["ETag"]) == ({"_id", "_rev"}, f'"{rev}"')
    assert curl("GET", f"/db/a?rev={rev}&conflicts=true&latest=true")[1]["_conflicts"] == ["2-b"]


def test_a_document_tells_where_in_the_feed_it_stands(curl: Curl) -> None:
    curl.db.put({"_id": "other"})
    curl.db.put({"_id": "a"})
    row = curl("GET", "/db/_changes")[1]["results"][-1]
    assert curl("GET", "/db/a?local_seq=true")[1]["_local_seq"] == row["seq"]


def test_a_tombstone_is_read_by_who_asks_for_deleted_ones(curl: Curl) -> None:
    rev = curl.db.put({"_id": "a"})
    gone = curl.db.put({"_id": "a", "_rev": rev, "_deleted": True})
    assert curl("GET", "/db/a") == (404, {"error": "not_found", "reason": "deleted"})
    assert curl("GET", "/db/a?deleted=true")[1] == {"_id": "a", "_rev": gone, "_deleted": True}


def test_revisions_that_led_to_one_leaf_bring_it_once(curl: Curl) -> None:
    graft(curl.db, revision("a", "1-a"), revision("a", "2-b", "1-a"))
    told = curl("GET", '/db/a?open_revs=["1-a","2-b"]&latest=true')[1]
    assert [entry["ok"]["_rev"] for entry in told] == ["2-b"]


def test_old_revisions_stay_until_the_database_is_compacted(tmp_path: Path) -> None:
    store = Store(tmp_path / "db.sqlite", keep_history=True)
    curl = Curl(database=store)
    photo = {"x": {"content_type": "text/plain", "data": "aGVsbG8="}}
    first = store.put({"_id": "a", "n": 1, "_attachments": photo})
    second = store.put({"_id": "a", "_rev": first, "n": 2})
    assert curl("GET", f"/db/a?rev={first}")[1]["n"] == 1
    assert curl.raw("GET", f"/db/a/x?rev={first}").data == b"hello"
    available = [{"rev": second, "status": "available"}, {"rev": first, "status": "available"}]
    assert curl("GET", "/db/a?revs_info=true")[1]["_revs_info"] == available
    assert curl("GET", f'/db/a?open_revs=["{first}"]&latest=true')[1][0]["ok"]["_rev"] == second
    assert curl("POST", "/db/_compact", {}) == (202, {"ok": True})
    assert curl("GET", f"/db/a?rev={first}")[0] == 404
    assert curl.raw("GET", f"/db/a/x?rev={first}").status_code == 404
    assert curl("GET", "/db/a?revs_info=true")[1]["_revs_info"][1]["status"] == "missing"
    assert curl("GET", "/db/a")[1]["n"] == 2


def test_a_revision_that_was_stemmed_away_is_gone_though_its_body_is_still_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "db.sqlite", keep_history=True)
    store.set_revs_limit(2)
    first = rev = store.put({"_id": "a"})
    for n in range(3):
        rev = store.put({"_id": "a", "_rev": rev, "n": n})
    with pytest.raises(NotFound):
        store.get("a", rev=first, revs=True)


def test_what_the_caller_has_is_not_sent_again(curl: Curl) -> None:
    curl.db.put({"_id": "a"})
    etag = curl.raw("GET", "/db/a").headers["ETag"]
    for has in (etag, "*", f'"1-x", {etag}', f"W/{etag}"):
        assert curl("GET", "/db/a", If_None_Match=has) == (304, None)
    assert curl("GET", "/db/a", If_None_Match='"1-x"')[0] == 200
    # What is not of the revision alone has none; where there is nothing beside it, it is.
    assert curl.raw("GET", "/db/a?conflicts=true").headers["ETag"] == etag
    assert "ETag" not in curl.raw("GET", "/db/a?local_seq=true").headers


def test_what_was_written_says_where_it_is(curl: Curl) -> None:
    put = curl.raw("PUT", "/db/a%2Fb", data="{}")
    assert put.headers["Location"].endswith("/prefix/db/a%2Fb")
    assert curl.raw("PUT", "/b%2Fc").headers["Location"].endswith("/prefix/b%2Fc")
    gone = curl.raw("DELETE", "/db/a%2Fb", query_string={"rev": put.json["rev"]})  # type: ignore[index]
    assert (gone.status_code, "Location" in gone.headers) == (200, False)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("mysite.vn", "http://mysite.vn/"), ("mysite.vn:81", "http://mysite.vn:81/"), ("x/y?", "http://localhost/")],
)
def test_where_it_is_is_said_as_a_proxy_was_asked_for_it(curl: Curl, host: str, shown: str) -> None:
    put = curl.raw("PUT", "/db/a", data="{}", headers={"X-Forwarded-Host": host})
    assert put.headers["Location"] == f"{shown}prefix/db/a"


@pytest.mark.parametrize(
    ("told", "scheme"),
    [
        ({"Proto": "https"}, "https"),
        ({"Ssl": "on"}, "https"),
        ({"Ssl": "on", "Proto": "http"}, "https"),
        ({"Ssl": "off"}, "http"),
    ],
)
def test_where_it_is_is_said_with_the_scheme_a_proxy_was_asked_in(
    curl: Curl, told: dict[str, str], scheme: str
) -> None:
    put = curl.raw("PUT", "/db/a", data="{}", headers={f"X-Forwarded-{name}": told[name] for name in told})
    assert put.headers["Location"] == f"{scheme}://localhost/prefix/db/a"


def test_a_document_in_parts_says_its_length_where_it_is_short(curl: Curl) -> None:
    for doc_id, data in (("a", b"short"), ("b", bytes(300_000))):
        curl("PUT", f"/db/{doc_id}", {"_attachments": {"x": {"data": b64encode(data).decode()}}})
    accept = {"Accept": "multipart/related"}
    short, long = (curl.raw("GET", f"/db/{doc_id}?attachments=true", headers=accept) for doc_id in "ab")
    assert short.headers["Content-Length"] == str(len(short.data))
    assert ("Content-Length" in long.headers, len(long.data) > 300_000) == (False, True)


def test_who_does_not_wait_for_a_batch_is_not_told_how_it_went(curl: Curl) -> None:
    for n in (1, 2):
        assert curl("PUT", "/db/c?batch=ok", {"n": n}) == (202, {"ok": True, "id": "c"})
    held = curl("GET", "/db/c")[1]
    assert held["n"] == 1
    assert "rev" in curl("PUT", "/db/c?batch=ok", {"_rev": held["_rev"], "_deleted": True})[1]


def test_what_is_unchanged_has_no_length(curl: Curl) -> None:
    etag = curl.raw("PUT", "/db/a", data="{}").headers["ETag"]
    had = curl.raw("GET", "/db/a", headers={"If-None-Match": etag})
    assert (had.status_code, had.headers["Content-Length"], had.data) == (304, "0", b"")


@pytest.mark.parametrize(
    ("path", "headers", "reason"),
    [
        ("/db/a?rev=1-b", {}, "Document rev from request body and query string have different values"),
        ("/db/a", {"If_Match": "1-b"}, "Document rev and etag have different values"),
        ("/db/a?rev=1-a", {"If_Match": '"1-b"'}, "Document rev and etag have different values"),
    ],
)
def test_revisions_that_contradict_each_other_are_refused(
    curl: Curl, path: str, headers: dict[str, str], reason: str
) -> None:
    assert curl("PUT", path, {"_rev": "1-a"}, **headers) == (400, {"error": "bad_request", "reason": reason})


@pytest.mark.parametrize(
    ("doc_id", "reason"),
    [
        (1, "Document id must be a string"),
        (None, "Document id must be a string"),
        ("", "Document id must not be empty"),
        ("_invalid", "Only reserved document ids may start with underscore."),
    ],
)
def test_a_document_that_is_posted_under_no_id_at_all_is_given_one_and_under_a_wrong_one_is_refused(
    curl: Curl, doc_id: Any, reason: str
) -> None:
    assert curl("POST", "/db", {"n": 1})[0] == 201
    assert curl("POST", "/db", {"_id": doc_id}) == (400, {"error": "illegal_docid", "reason": reason})


@pytest.mark.parametrize("path", ["_local", "_local/", "_local%2F", "_local/a/b"])
def test_a_local_document_without_an_id_of_its_own_is_a_bad_request(curl: Curl, path: str) -> None:
    status, told = curl("PUT", f"/db/{path}", {})
    assert (status, told["error"]) == (400, "bad_request")


def test_a_stub_of_another_generation_stands_for_nothing(curl: Curl) -> None:
    put = curl("PUT", "/db/a", {"_attachments": {"x": {"content_type": "image/png", "data": "aGVsbG8="}}})[1]
    missing = {"_rev": put["rev"], "_attachments": {"x": {"stub": True, "revpos": 10}}}
    told = {"error": "missing_stub", "reason": "Invalid attachment stub in a for x"}
    assert curl("PUT", "/db/a", missing) == (412, told)
    kept = {"_rev": put["rev"], "_attachments": {"x": {"stub": True, "revpos": 1}}}
    assert curl("PUT", "/db/a", kept)[0] == 201


def test_an_attachment_that_was_garbled_on_its_way_is_refused(curl: Curl) -> None:
    wrong = {"Content_MD5": "XrY7u+Ae7tCTyyK7j1rNww=="}
    assert curl("PUT", "/db/a/x", b"hello", **wrong)[1]["error"] == "content_md5_mismatch"
    assert curl("PUT", "/db/a/x", b"hello", Content_MD5="XUFAKrxLKna5cZ2REBfFkg==")[0] == 201


def test_a_document_comes_with_its_attachments_behind_it_to_who_takes_parts(curl: Curl) -> None:
    photo = {"x": {"content_type": "text/plain", "data": "aGVsbG8="}}
    curl.db.put({"_id": "a", "_attachments": photo})
    response = curl.raw("GET", "/db/a?attachments=true", headers={"Accept": "multipart/related"})
    told = read_document(response.data, response.headers["Content-Type"], inflated_bytes_max=99)
    assert told["_attachments"]["x"]["data"] == b"hello"
    assert curl("GET", "/db/a?attachments=true")[1]["_attachments"]["x"]["data"] == "aGVsbG8="
    asked = {"docs": [{"id": "a"}, {"id": "no"}]}
    bulk = curl.raw("POST", "/db/_bulk_get", json=asked, headers={"Accept": "multipart/mixed"})
    found, missing = split(bulk.data, bulk.headers["Content-Type"].split('"')[1])
    document = read_document(found.body, found.headers["content-type"], inflated_bytes_max=99)
    assert document["_attachments"]["x"]["data"] == b"hello"
    assert missing.headers["content-type"] == 'application/json; error="true"'


def test_a_batch_that_holds_what_is_no_document_is_refused_whole(curl: Curl) -> None:
    for bad in ({"_id": "_x"}, {"_id": 7}, {"_zing": 1}, {"_rev": "x"}, {"_attachments": {"_x": {}}}):
        status, _ = curl("POST", "/db/_bulk_docs", {"docs": [{"_id": "good"}, bad]})
        assert (status, curl("GET", "/db/good")[0]) == (400, 404), bad


def test_a_batch_in_which_nothing_names_a_revision_is_no_replication(curl: Curl) -> None:
    nameless = {"_id": "a"}
    assert curl("POST", "/db/_bulk_docs", {"docs": [nameless], "new_edits": False})[0] == 400
    status, told = curl("POST", "/db/_bulk_docs", {"docs": [nameless, revision("b", "1-a")], "new_edits": False})
    assert (status, [each["id"] for each in told], curl("GET", "/db/b")[0]) == (201, ["a"], 200)


def test_an_unsound_request_for_a_document_is_answered_in_its_place(curl: Curl) -> None:
    curl.db.put({"_id": "a"})
    asked = [1, {"id": "a"}, {"rev": "1-a"}, {"id": "a", "rev": 1}, {"id": "a", "atts_since": 1}, {"id": "a"}]
    status, told = curl("POST", "/db/_bulk_get", {"docs": asked})
    entries = [each["docs"][0] for each in told["results"]]
    assert (status, [entry.get("error", {}).get("error") for entry in entries]) == (
        200,
        ["bad_request", None, "bad_request", "bad_request", "bad_request", None],
    )


# Listings


def test_listings_of_design_documents_count_these_alone(curl: Curl) -> None:
    for doc_id in ("a", "_design/x", "_design/y", "_design/z"):
        curl.db.put({"_id": doc_id})
    status, told = curl("GET", "/db/_design_docs?skip=1&limit=1&include_docs=true")
    assert (status, told["total_rows"], told["offset"], rows(told)) == (200, 3, 1, ["_design/y"])
    assert told["rows"][0]["doc"]["_id"] == "_design/y"
    assert rows(curl("GET", '/db/_design_docs?descending=true&startkey="_design/y"')[1]) == ["_design/y", "_design/x"]
    told = curl("POST", "/db/_design_docs", {"keys": ["a", "_design/z", "_design/no"]})[1]
    assert [(row["key"], row.get("error")) for row in told["rows"]] == [
        ("_design/z", None),
        ("_design/no", "not_found"),
    ]


def test_local_documents_are_listed(curl: Curl) -> None:
    for name in ("b", "a", "c"):
        curl.db.put_local(name, {"n": name})
    told = curl("GET", "/db/_local_docs?include_docs=true&limit=2")[1]
    assert (told["total_rows"], rows(told)) == (None, ["_local/a", "_local/b"])
    assert told["rows"][0]["doc"] == {"_id": "_local/a", "_rev": "0-1", "n": "a"}
    told = curl("POST", "/db/_local_docs", {"keys": ["_local/c", "_local/no", "x"]})[1]
    assert [row.get("error") for row in told["rows"]] == [None, "not_found"]
    assert rows(curl("GET", "/db/_local_docs?descending=true&skip=2")[1]) == ["_local/a"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abc"),
        ("startkey=1", "abc"),
        ("endkey=1", ""),
        ("startkey={}", "abc"),
        ("endkey=[]", ""),
        ("startkey=1&descending=true", ""),
        ("startkey={}&descending=true", ""),
        ('key="b"', "b"),
        ('key="b"&startkey="a"', "ab"),
        ('startkey="c"&endkey="a"', ""),
        ('startkey="c"&endkey="a"&descending=true', "cba"),
        ('startkey="a"&endkey="c"&inclusive_end=false', "ab"),
        ('start_key="b"&skip=1&limit=1', "c"),
        ("limit=0", ""),
    ],
)
def test_a_listing_begins_and_ends_where_it_was_asked_to(curl: Curl, query: str, expected: str) -> None:
    for doc_id in "abc":
        curl.db.put({"_id": doc_id})
    status, told = curl("GET", f"/db/_all_docs?{query}")
    assert (status, "".join(rows(told))) == (200, expected)


def test_a_listing_has_nothing_to_reduce_or_group(curl: Curl) -> None:
    for bad in ("reduce=true", "group=true", "group_level=1", "group_level=x", "reduce=x"):
        assert curl("GET", f"/db/_all_docs?{bad}")[0] == 400, bad
    assert curl("GET", "/db/_all_docs?reduce=false&group=false&group_level=0")[0] == 200
    assert curl("POST", "/db/_all_docs", {"group": True})[0] == 400


@pytest.mark.parametrize("path", ["/db/_all_docs", "/db/_changes"])
def test_a_question_that_is_posted_is_json(curl: Curl, path: str) -> None:
    assert curl.raw("POST", path).status_code == 415
    assert curl("POST", path, {})[0] == 200


def test_several_listings_come_in_one_answer(curl: Curl) -> None:
    for doc_id in "abc":
        curl.db.put({"_id": doc_id})
    queries = [{"keys": ["b", 7]}, {"limit": 1, "descending": True}, {"start_key": "b", "update_seq": True}]
    told = curl("POST", "/db/_all_docs/queries", {"queries": queries})[1]["results"]
    assert [rows(each) for each in told] == [["b", 7], ["c"], ["b", "c"]]
    assert told[2]["update_seq"] == curl("GET", "/db")[1]["update_seq"]
    assert curl("POST", "/db/_all_docs/queries", {})[0] == 400
    assert curl("POST", "/db/_all_docs/queries", {"queries": 1})[1]["reason"] == "`queries` member must be an array."
    assert curl("GET", '/db/_all_docs?keys=["a","b"]&key="a"')[0] == 400


# The feed


def changes(curl: Curl, query: str, body: Any = None) -> list[str]:
    status, told = curl("GET" if body is None else "POST", f"/db/_changes?{query}", body)
    assert status == 200, told
    return [row["id"] for row in told["results"]]


def test_a_selector_lets_through_what_matches_page_after_page(curl: Curl) -> None:
    graft(curl.db, *(revision(f"d{n:03}", "1-a", n=n) for n in range(350)))
    wanted = {"selector": {"n": {"$mod": [100, 7]}}}
    assert changes(curl, "filter=_selector", wanted) == ["d007", "d107", "d207", "d307"]
    status, told = curl("POST", "/db/_changes?filter=_selector&limit=2", wanted)
    assert (status, [row["id"] for row in told["results"]]) == (200, ["d007", "d107"])
    assert told["last_seq"] == told["results"][-1]["seq"]
    assert changes(curl, f"filter=_selector&limit=2&since={told['last_seq']}", wanted) == ["d207", "d307"]
    assert "doc" not in told["results"][0]
    assert changes(curl, "filter=_selector&descending=true&limit=1", wanted) == ["d307"]
    assert changes(curl, "filter=_selector&feed=longpoll&timeout=100", wanted)[0] == "d007"
    told = curl("POST", "/db/_changes?filter=_selector&include_docs=true&limit=1", wanted)[1]
    assert told["results"][0]["doc"]["n"] == 7


@pytest.mark.parametrize("query", ["", "&limit=7", "&limit=100", "&include_docs=true", "&feed=longpoll&since=3"])
def test_a_feed_read_backwards_comes_whole_page_after_page(query: str) -> None:
    curl = Curl(limits=Limits(page_rows=3, page_docs=2))
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(9)))
    told = curl("GET", f"/db/_changes?descending=true{query}")[1]
    expected = [f"d{n}" for n in reversed(range(9))][: 7 if query == "&limit=7" else 9]  # wherever its reader was
    assert [row["id"] for row in told["results"]] == expected
    assert told["pending"] == (2 if query == "&limit=7" else 0)
    assert told["last_seq"] == told["results"][-1]["seq"]


def test_a_feed_read_backwards_ends_with_its_oldest_row_also_where_it_would_go_on() -> None:
    curl = Curl(limits=Limits(page_rows=2))
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(5)))
    lines = curl.raw("GET", "/db/_changes?feed=continuous&descending=true").data.splitlines()
    assert [json.loads(line).get("id") for line in lines] == ["d4", "d3", "d2", "d1", "d0", None]


def test_a_feed_that_cannot_be_read_backwards_by_pages_is_refused_beyond_the_first() -> None:
    """As of a CouchDB behind the face: it would give all at once."""
    backwards = Curl(limits=Limits(page_rows=3), database=_OnlyForwards("db"))
    graft(backwards.db, *(revision(f"d{n}", "1-a", n=n) for n in range(9)))
    assert changes(backwards, "descending=true&limit=3") == ["d8", "d7", "d6"]
    for query in ("descending=true", "descending=true&limit=4", "descending=true&feed=continuous"):
        status, told = backwards("GET", f"/db/_changes?{query}")
        assert (status, told["error"]) == (400, "bad_request"), query
        assert "3 changes back" in told["reason"]


class _OnlyForwards(MemoryDatabase):
    changes_before = None  # type: ignore[assignment]


@pytest.mark.parametrize("gone", ["d2", "d3", "d5"])
def test_a_row_deleted_between_two_pages_takes_no_neighbour_with_it(gone: str) -> None:
    database = _Changing("db", gone)
    curl = Curl(limits=Limits(page_rows=3), database=database)
    graft(curl.db, *(revision(f"d{n}", "1-a") for n in range(9)))
    told = rows(curl("GET", "/db/_all_docs")[1])
    assert sorted({*told, gone}) == [f"d{n}" for n in range(9)]
    assert len(set(told)) == len(told)


class _Changing(MemoryDatabase):
    """Somebody deletes a document after the first page of a listing."""

    def __init__(self, name: str, gone: str) -> None:
        super().__init__(name)
        self._gone: str | None = gone

    def all_docs(self, **how: Any) -> dict[str, Any]:
        answer = super().all_docs(**how)
        if self._gone is not None and how.get("start_key") is None:
            gone, self._gone = self._gone, None
            self.put({"_id": gone, "_rev": self.get(gone)["_rev"], "_deleted": True})
        return answer


@pytest.mark.parametrize("query", ["", "descending=true", "skip=2", "limit=5", "skip=1&limit=6&descending=true"])
def test_pages_behind_a_long_listing_do_not_show(query: str) -> None:
    paged, whole = (Curl(limits=limits) for limits in (Limits(page_rows=2, page_docs=2), Limits()))
    for curl in (paged, whole):
        for doc_id in ("a", "_design/x", "b", "_design/y", "c", "_design/z", "d", "_design/w", "e"):
            curl.db.put({"_id": doc_id})
    named = [*"eda", "no", 7, "_design/x", "b"]
    for path in ("_all_docs", "_design_docs"):
        for docs in ("", "&include_docs=true"):
            for body in (None, {"keys": named}):
                asked = ("GET" if body is None else "POST", f"/db/{path}?{query}{docs}", body)
                assert paged(*asked) == whole(*asked), asked


def test_a_limit_below_nothing_limits_no_feed(curl: Curl) -> None:
    for doc_id in ("a", "b"):
        curl.db.put({"_id": doc_id})
    assert changes(curl, "limit=-1") == ["a", "b"]
    assert changes(curl, "limit=-5&descending=true") == ["b", "a"]


def test_a_feed_of_design_documents_holds_these_alone(curl: Curl) -> None:
    for doc_id in ("a", "_design/x", "b"):
        curl.db.put({"_id": doc_id})
    assert changes(curl, "filter=_design") == ["_design/x"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("filter=_selector", {}, 400),
        ("filter=_selector", {"selector": {"a": {"$foo": 1}}}, 400),
        ("filter=_selector", None, 400),
        ("filter=_selector", {"selector": {"a": {"$regex": "a"}}}, 501),
        ("filter=_nothing", None, 400),
        ("filter=nothing", None, 400),
        ("filter=_view", None, 400),
        ("filter=no/such", None, 404),
        ("filter=app/none", None, 404),
        ("filter=_view&view=app/none", None, 404),
        ("filter=_doc_ids", None, 400),
        ("filter=app/mine", None, 501),
        ("seq_interval=0", None, 400),
    ],
)
def test_a_filter_that_cannot_be_is_told_as_couchdb_tells_it(curl: Curl, query: str, body: Any, status: int) -> None:
    curl.db.put({"_id": "_design/app", "filters": {"mine": "function(doc) { return true; }"}})
    assert curl("GET" if body is None else "POST", f"/db/_changes?{query}", body)[0] == status


def test_every_so_manieth_row_tells_its_sequence(curl: Curl) -> None:
    for doc_id in "abcde":
        curl.db.put({"_id": doc_id})
    told = curl("GET", "/db/_changes?seq_interval=2")[1]["results"]
    assert [row["seq"] is None for row in told] == [False, True, False, True, False]
    told = curl("GET", "/db/_changes?seq_interval=3&limit=4")[1]["results"]  # counted from the limit down
    assert [row["seq"] is None for row in told] == [True, False, True, True]


def test_browsers_get_the_feed_as_events_and_go_on_from_the_last(curl: Curl) -> None:
    for doc_id in "ab":
        curl.db.put({"_id": doc_id})
    response = curl.raw("GET", "/db/_changes?feed=eventsource&timeout=50")
    assert response.mimetype == "text/event-stream"
    first, second = response.data.decode().split("\n\n")[:2]
    data, event_id = first.split("\n")
    assert json.loads(data.removeprefix("data: "))["id"] == "a"
    again = curl.raw(
        "GET",
        "/db/_changes?feed=eventsource&timeout=50",
        headers={"Last-Event-ID": event_id.removeprefix("id: ")},
    )
    assert again.data.decode() == second + "\n\n\n"


# Behind a policy


def test_what_is_withheld_matches_no_selector_and_local_ids_are_for_who_may_list() -> None:
    inner = MemoryDatabase()
    inner.put({"_id": "mine", "secret": 1})
    inner.put({"_id": "theirs", "secret": 1})
    inner.put_local("checkpoint", {})
    rules = Rules(read=lambda doc_id: "Not yours." if doc_id == "theirs" else None)
    curl = Curl(database=GuardedDatabase(inner, rules))
    assert changes(curl, "filter=_selector", {"selector": {"secret": 1}}) == ["mine"]
    assert curl("GET", "/db/theirs?meta=true&deleted=true")[0] == 403
    assert curl("GET", "/db/theirs?open_revs=all")[0] == 403
    assert rows(curl("GET", "/db/_local_docs")[1]) == ["_local/checkpoint"]
    locked = Curl(database=GuardedDatabase(inner, Rules(listing=lambda *_: "Not yours to list.")))
    for path in ("_local_docs", "_design_docs", "_all_docs", "_changes?filter=_design"):
        assert locked("GET", f"/db/{path}")[0] == 403, path
    assert locked("POST", "/db/_local_docs", {"keys": ["_local/checkpoint"]})[0] == 403
    assert locked("POST", "/db/_changes?filter=_selector", {"selector": {}})[0] == 403
