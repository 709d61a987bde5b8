"""Odd requests and what CouchDB 3.5.0 says to them: our face is asked the same, and so is a CouchDB where there is one.

They are asked of a database `db` that holds `DOCUMENTS`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from tests.support.histories import revision

A, B, C = "a" * 32, "b" * 32, "c" * 32
PHOTO = {"x": {"content_type": "image/png", "data": "AAEC", "revpos": 1}}
DOCUMENTS = [
    revision("a", f"1-{A}", n=1),
    revision("b", f"1-{A}"),
    revision("b", f"1-{B}"),
    revision("d", f"1-{A}", _attachments=PHOTO),
]

# Method, target, body (bytes as they are), and of the answer, whose status is 400: error and reason.
REFUSALS: list[tuple[str, str, Any, str, str]] = [
    ("GET", "/db/_changes?since=", None, "bad_request", "Malformed sequence supplied in 'since' parameter."),
    ("GET", "/db/_changes?since=-1", None, "bad_request", "Malformed sequence supplied in 'since' parameter."),
    ("GET", f"/db/_changes?since={10**30}", None, "bad_request", "Malformed sequence supplied in 'since' parameter."),
    (
        "GET", "/db/_changes?feed=", None, "bad_request",
        "Supported `feed` types: normal, continuous, live, longpoll, eventsource",
    ),
    (
        "GET", "/db/_changes?heartbeat=false", None, "bad_request",
        "Invalid heartbeat value. Expecting a positive integer value (in milliseconds).",
    ),
    (
        "GET", "/db/_changes?filter=x/y/z", None, "bad_request",
        "`filter` must be of the form `designname/filtername`",
    ),
    (
        "POST", '/db/_changes?filter=_doc_ids&doc_ids=["b"]', {}, "bad_request",
        "`doc_ids` filter parameter is not a list of doc ids.",
    ),
    ("POST", "/db/_changes?filter=_doc_ids", b"", "bad_request", "invalid UTF-8 JSON"),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {"n": {"$in": "xy"}}}, "bad_request",
        "Bad argument for operator $in: <<120,121>>",
    ),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {"$or": {"a": [1, None, True]}}}, "bad_request",
        "Bad argument for operator $or: {[{<<97>>,[1,null,true]}]}",
    ),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {"n": {"$beginsWith": 1}}}, "bad_request",
        "Invalid operator: $beginsWith",
    ),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {}, "fields": "n"}, "bad_request",
        "Selector error: fields must be JSON array",
    ),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {}, "fields": [1]}, "bad_request",
        "Invalid JSON for field spec: 1",
    ),
    ("GET", "/db/_all_docs?limit=", None, "query_parse_error", "Invalid value for integer: []"),
    ("GET", '/db/_all_docs?limit="2"', None, "query_parse_error", r'Invalid value for integer: "\"2\""'),
    ("GET", "/db/_all_docs?skip=-2", None, "query_parse_error", 'Invalid value for positive integer: "-2"'),
    (
        "GET", f"/db/_all_docs?limit={10**20}", None, "query_parse_error",
        "Limit is too large, must not exceed 576460752303423487",
    ),
    ("GET", "/db/_all_docs?descending=", None, "query_parse_error", "Invalid boolean parameter: []"),
    ("GET", "/db/_all_docs?sorted=x", None, "query_parse_error", 'Invalid boolean parameter: "x"'),
    ("GET", "/db/_all_docs?att_encoding_info=1", None, "query_parse_error", 'Invalid boolean parameter: "1"'),
    ("GET", "/db/_all_docs?stable=TRUE", None, "query_parse_error", "Invalid value for `stable`."),
    ("GET", "/db/_all_docs?update=x", None, "query_parse_error", "Invalid value for `update`."),
    ("GET", "/db/_all_docs?stale=x", None, "query_parse_error", "Invalid value for `stale`."),
    (
        "GET", "/db/_all_docs?partition=x", None, "query_parse_error",
        "`partition` parameter is not supported on this db",
    ),
    ("POST", "/db/_all_docs", {"limit": "1"}, "query_parse_error", 'Invalid value for integer: <<"1">>'),
    ("POST", "/db/_all_docs", {"limit": None}, "query_parse_error", "Invalid value for integer: null"),
    ("POST", "/db/_all_docs", {"limit": -1}, "query_parse_error", "Invalid value for positive integer: -1"),
    ("POST", "/db/_all_docs", {"descending": 1}, "query_parse_error", "Invalid boolean parameter: 1"),
    ("POST", "/db/_all_docs", {"descending": "x"}, "query_parse_error", 'Invalid boolean parameter: "x"'),
    ("POST", "/db/_all_docs", {"keys": None}, "bad_request", "`keys` body member must be an array."),
    ("POST", "/db/_all_docs", b"", "bad_request", "invalid UTF-8 JSON"),
    ("POST", "/db/_all_docs", {"stable": 1}, "query_parse_error", "Invalid value for `stable`."),
    ("POST", "/db/_all_docs", {"update": 1}, "query_parse_error", "Invalid value for `update`."),
    *(
        (
            "POST", f"/db/_all_docs?{query}", {"keys": ["b"]}, "query_parse_error",
            "`keys` is incompatible with `key`, `start_key` and `end_key`",
        )
        for query in ('keys=["a"]', 'keys=["a","b"]', 'key="a"', 'startkey="a"', 'end_key="a"')
    ),
    *(
        (
            "POST", "/db/_all_docs/queries", {"queries": [{"keys": keys}]}, "query_parse_error",
            "`keys` must be an array of strings.",
        )
        for keys in (1, "a", {}, None)
    ),
    ("POST", "/db/_all_docs?keys={}", {}, "query_parse_error", "`keys` must be an array of strings."),
    ("POST", "/db/_all_docs/queries", {"queries": None}, "bad_request", "`queries` member must be an array."),
    *(
        (
            "POST", f"/db/_bulk_get?{name}=1", {"docs": [{"id": "a"}]}, "bad_request",
            f'"{name}" query parameter is not acceptable',
        )
        for name in ("rev", "open_revs", "atts_since", "w", "new_edits")
    ),
    ("GET", "/db/b?open_revs=1", None, "bad_request", "Invalid list of revisions"),
    ("GET", '/db/b?open_revs="all"', None, "bad_request", "Invalid list of revisions"),
    ("GET", "/db/b?open_revs=[1]", None, "bad_request", "Invalid rev format"),
    ("GET", "/db/d?atts_since=null", None, "bad_request", "Invalid list of revisions"),
    ("GET", '/db/d?atts_since=["x"]', None, "bad_request", "Invalid rev format"),
    ("GET", "/db/%zz", None, "bad_request", "invalid_url_encoding"),
    ("GET", "/db/a?x=%zz", None, "bad_request", "invalid_url_encoding"),
    ("GET", "/db/_all_docs?key=%22%E4%22", None, "bad_request", "invalid UTF-8 JSON"),
    ("PUT", "/db/p", {"_id": 1}, "illegal_docid", "Document id must be a string"),
    ("PUT", "/db/p", {"_id": ""}, "illegal_docid", "Document id must not be empty"),
    ("PUT", "/db/p", {"_rev": None}, "bad_request", "Invalid rev format"),
    ("PUT", "/db/p", {"_deleted": "x"}, "doc_validation", "Bad special document member: _deleted"),
    ("PUT", "/db/p", {"_attachments": None}, "doc_validation", "Bad special document member: _attachments"),
    ("PUT", "/db/p", {"_attachments": {"x": {}}}, "bad_request", "Invalid attachment data for x"),
    *(
        ("POST", "/db", {"_attachments": {"x": {"data": data}}}, "bad_request", "Invalid attachment data for x")
        for data in ("!", "YQ", "YQ=", "YWJj=", "YWJjY=", "YWJj====", "=", "====", "YQ==YQ==", "\vYQ==", "YQ\u00a0==")
    ),
    ("POST", "/db", {"_revisions": 1}, "doc_validation", "Bad special document member: _revisions"),
    ("POST", "/db", {"_revisions": {"start": 1, "ids": "x"}}, "doc_validation", "_revisions.ids isn't a array."),
    ("POST", "/db", {"_revisions": {"ids": []}}, "doc_validation", "_revisions.start isn't an integer."),
    ("POST", "/db", {"_revisions": {"start": 1, "ids": [1]}}, "doc_validation", "RevId isn't a string"),
    (
        "POST", "/db/_bulk_docs", {"docs": [{"_id": "fine"}, {"_attachments": {"x": {"data": "!"}}}]}, "bad_request",
        "Invalid attachment data for x",
    ),
    ("POST", "/db/_bulk_docs", {"docs": [{"_deleted": 1}]}, "doc_validation", "Bad special document member: _deleted"),
    ("POST", "/db/_bulk_docs", {"docs": [{"_id": "_design/"}]}, "illegal_docid", "Illegal document id `_design/`"),
    ("GET", "/_uuids?count=", None, "bad_request", "count must be a positive integer"),
    ("POST", "/_dbs_info", {"keys": 1}, "bad_request", "`keys` member must be an array."),
    (
        "PUT", "/_new", None, "illegal_database_name",
        (
            "Name: '_new'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -,"
            " and / are allowed. Must begin with a letter."
        ),
    ),
    ("PUT", "/new?q=0", None, "bad_request", "The `q` value should be a positive integer."),
    ("PUT", "/new?n=x", None, "bad_request", "The `n` value should be a positive integer."),
    ("PUT", "/new?partitioned=x", None, "bad_request", "Invalid `partitioned` parameter"),
    ("PUT", "/new?partitioned=", None, "bad_request", "Invalid `partitioned` parameter"),
    ("PUT", "/new?engine=x", None, "bad_request", "invalid_engine_extension"),
    *(
        (
            "PUT", f"/new?placement={value}", None, "bad_request",
            "The `placement` value should be in a format `zone:n`.",
        )
        for value in ("x", "", ":1", "a:")
    ),
    ("PUT", "/db/_design", {}, "illegal_docid", "Only reserved document ids may start with underscore."),
    ("PUT", "/db/%E4", {}, "illegal_docid", "Document id must be valid UTF-8"),
    ("PUT", "/db/a/%FF", b"x", "bad_request", "Attachment name is not UTF-8 encoded"),
    ("POST", "/_dbs_info", {"keys": None}, "bad_request", "`keys` member must be an array."),
    (
        "POST", "/db/_changes?filter=_selector", {"selector": {"": 1}}, "bad_request",
        "One or more conditions is missing a field name.",
    ),
    ("POST", "/_replicate", {"source": "x", "target": "y", "doc_ids": {}}, "bad_request",
     "parameter `doc_ids` must be an array"),
    ("POST", "/_replicate", {"source": "x", "target": "y", "selector": []}, "bad_request",
     "parameter `selector` must be a JSON object"),
    (
        "PUT", "/" + "w" * 239, None, "database_name_too_long",
        f"At least one path segment of `{'w' * 239}` is too long.",
    ),
    ("POST", "/_replicate", {"source": {}, "target": "x"}, "invalid_replication", "endpoint has an invalid url"),
    ("POST", "/_replicate", {"source": "x", "target": "y", "doc_ids": "z"}, "bad_request",
     "parameter `doc_ids` must be an array"),
    ("POST", "/_replicate", {"source": "x", "target": "y", "selector": 1}, "bad_request",
     "parameter `selector` must be a JSON object"),
    ("POST", "/_replicate", {"source": "x", "target": "y", "doc_ids": [], "filter": "a/b"}, "bad_request",
     "`doc_ids`,`filter`,`selector` are mutually exclusive"),
]  # fmt: skip

_MALFORMED = "Malformed sequence supplied in 'since' parameter."
_FEEDS = "Supported `feed` types: normal, continuous, longpoll, eventsource"

# Of `_db_updates` the query, and the reason (of a `bad_request`). A CouchDB must have a database `_global_changes`.
REFUSED_UPDATES: list[tuple[str, str]] = [
    *((f"since={since}", _MALFORMED) for since in ("", "x", "-1", "1", "null", "[]", "NOW", "0-x", "99999-x")),
    *((f"feed={feed}", _FEEDS) for feed in ("", "x", "live", "Normal")),
    *(
        (f"{name}={value}", "invalid_integer")
        for name in ("limit", "timeout", "heartbeat")
        for value in ("", "x", "-1", "1.5")
    ),
]

# What happens to a database, and the news of it that `_db_updates` has afterwards, since before it was.
EVENTS: list[tuple[str, str, list[str]]] = [
    ("PUT", "", ["created"]),
    ("PUT", "/x", ["created", "updated"]),
    ("DELETE", "", ["created", "updated", "deleted"]),
    ("PUT", "", ["updated", "deleted", "created"]),
]

# A document asked for in `_bulk_get`, and its entry.
UNSOUND: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"id": None, "rev": None, "error": "bad_request", "reason": "document must be a JSON object"}),
    ({"rev": "1-a"}, {"id": None, "rev": None, "error": "bad_request", "reason": "document id missed"}),
    ({"id": ""}, {"id": "", "rev": None, "error": "illegal_docid", "reason": "Document id must not be empty"}),
    ({"id": "b", "rev": None}, {"id": "b", "rev": None, "error": "bad_request", "reason": "Invalid rev format"}),
    ({"id": "b", "rev": "x"}, {"id": "b", "rev": "x", "error": "bad_request", "reason": "Invalid rev format"}),
    (
        {"id": "d", "atts_since": 1},
        {"id": "d", "rev": 1, "error": "bad_request", "reason": "att_since value must be array of revs."},
    ),
    ({"id": "d", "atts_since": ["x"]}, {"id": "d", "rev": "x", "error": "bad_request", "reason": "Invalid rev format"}),
    ({"id": "nope"}, {"id": "nope", "rev": "undefined", "error": "not_found", "reason": "missing"}),
]


class Step(NamedTuple):
    """One request of an exchange, and its answer as `plainly` has it."""

    method: str
    target: str
    body: Any
    status: int
    told: Any
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes into it


_KNOWN = {A, B, C, "d" * 32}
_SEQUENCES = frozenset({"seq", "last_seq", "update_seq"})


def plainly(told: Any) -> Any:
    """`told` without what every server makes up for itself: hashes of revisions, and sequences."""
    if isinstance(told, dict):
        return {name: plainly(value) for name, value in told.items() if name not in _SEQUENCES}
    if isinstance(told, list):
        return [plainly(each) for each in told]
    if isinstance(told, str):
        return re.sub(r"[0-9a-f]{32}", lambda match: match[0] if match[0] in _KNOWN else "…", told)
    return told


def _missing(*revs: str) -> list[dict[str, str]]:
    return [{"missing": rev} for rev in revs]


def _row(doc_id: str, rev: str) -> dict[str, Any]:
    return {"id": doc_id, "key": doc_id, "value": {"rev": rev}}


_GONE = {"error": "not_found", "reason": "missing"}
_CONFLICT = {"error": "conflict", "reason": "Document update conflict."}
_NO_REV = {"error": "bad_request", "reason": "Invalid rev format"}
_NO_LIST = {"error": "bad_request", "reason": "Invalid list of revisions"}

_FORM = {
    "Host": "x.example:1",
    "Referer": "http://x.example:1/_utils",
    "Content-Type": "multipart/form-data; boundary=----F",
}


def _form(*parts: tuple[str, str]) -> bytes:
    """Fields of a form by name, or by name and file."""
    return (
        "".join(
            f"------F\r\nContent-Disposition: form-data; name={name}\r\n"
            + ("Content-Type: image/svg; odd=1\r\n" if "filename" in name else "")
            + f"\r\n{value}\r\n"
            for name, value in parts
        ).encode()
        + b"------F--\r\n"
    )


_FILE = ('"_attachments"; filename="f"', "hello")

# One exchange is asked of a database of its own, step by step.
EXCHANGES: dict[str, list[Step]] = {
    **{
        f"a revision of the form {rev}": [
            Step("GET", f"/db/a?rev={rev}", None, 404, _GONE),
            Step("GET", f'/db/a?open_revs=["{rev}"]', None, 200, _missing(rev)),
            Step("PUT", "/db/a", {"_rev": rev}, 409, _CONFLICT),
            Step("PUT", f"/db/a?rev={rev}", {}, 409, _CONFLICT),
            Step("PUT", "/db/a", {}, 409, _CONFLICT, {"If-Match": f'"{rev}"'}),
            Step("DELETE", f"/db/a?rev={rev}", None, 409, _CONFLICT),
            Step("POST", "/db/_revs_diff", {"a": [rev]}, 200, {"a": {"missing": [rev]}}),
            Step("POST", "/db/_missing_revs", {"a": [rev]}, 200, {"missing_revs": {"a": [rev]}}),
            Step("POST", "/db/_bulk_docs", {"docs": [{"_id": "a", "_rev": rev}]}, 201, [{"id": "a", **_CONFLICT}]),
            Step(
                "POST", "/db/_bulk_get", {"docs": [{"id": "a", "rev": rev}]}, 200,
                {"results": [{"id": "a", "docs": [{"error": {"id": "a", "rev": rev, **_GONE}}]}]},
            ),
        ]
        for rev in ("1-", "0-x", "0-1", "1-x/y", "1-a,b")
    },
    "a revision in capitals": [
        Step("GET", f"/db/a?rev=1-{A.upper()}", None, 200, {"_id": "a", "_rev": f"1-{A}", "n": 1}),
        Step("POST", "/db/_revs_diff", {"a": [f"1-{A.upper()}"]}, 200, {}),
        Step("PUT", "/db/a", {"_rev": f"1-{A.upper()}"}, 201, {"ok": True, "id": "a", "rev": "2-…"}),
        Step("PUT", "/db/c?new_edits=false", {"_rev": f"1-{C.upper()}"}, 201, {"ok": True, "id": "c", "rev": f"1-{C}"}),
        Step(
            "PUT", "/db/c?new_edits=false", {"_revisions": {"start": 2, "ids": [B.upper(), C.upper()]}}, 201,
            {"ok": True, "id": "c", "rev": f"2-{B}"},
        ),
        Step("GET", "/db/c?revs=true", None, 200,
             {"_id": "c", "_rev": f"2-{B}", "_revisions": {"start": 2, "ids": [B, C]}}),
    ],
    "an empty If-Match": [Step("PUT", "/db/a", {}, 400, _NO_REV, {"If-Match": '""'})],
    "a local document asked for by revision": [
        Step("PUT", "/db/_local/l", {"n": 1}, 201, {"ok": True, "id": "_local/l", "rev": "0-1"}),
        Step("GET", "/db/_local/l?rev=0-1", None, 404, _GONE),
        Step("GET", "/db/_local/l?rev=x", None, 400, _NO_REV),
        Step("GET", "/db/_local/none?rev=", None, 400, _NO_REV),
        Step("GET", "/db/_local/l?rev=0-9&latest=true", None, 200, {"_id": "_local/l", "_rev": "0-1", "n": 1}),
        Step("GET", "/db/_local/l?open_revs=all", None, 404, _GONE),
        Step("GET", '/db/_local/l?open_revs=["0-1"]', None, 200, _missing("0-1")),
        Step("GET", '/db/_local/none?open_revs=["1-a","0-1"]', None, 200, _missing("0-1", "1-a")),
        Step("GET", "/db/_local/l?open_revs=[]", None, 200, {"_id": "_local/l", "_rev": "0-1", "n": 1}),
        Step("GET", "/db/_local/l?open_revs=1", None, 400, _NO_LIST),
        Step("GET", '/db/_local/l?open_revs=["x"]', None, 400, _NO_REV),
        Step("GET", "/db/_local/l?atts_since=x", None, 400, {"error": "bad_request", "reason": "invalid UTF-8 JSON"}),
        Step(
            "GET", "/db/_local/l?revs=true", None, 200,
            {"_id": "_local/l", "_rev": "0-1", "n": 1, "_revisions": {"start": 0, "ids": ["1"]}},
        ),
        Step("POST", "/db/_revs_diff", {"_local/l": ["0-1"]}, 200, {"_local/l": {"missing": ["0-1"]}}),
    ],
    "a local document written oddly": [
        Step("PUT", "/db/_local/l", {"_deleted": True}, 200, {"ok": True, "id": "_local/l", "rev": "0-0"}),
        Step(
            "PUT", "/db/_local/l?new_edits=false", {}, 400,
            {
                "error": "bad_request",
                "reason": "When `new_edits: false`, the document needs `_rev` or `_revisions` specified",
            },
        ),
        Step("PUT", "/db/_local/l", {"_access": ["x"]}, 201, {"ok": True, "id": "_local/l", "rev": "0-1"}),
        Step("GET", "/db/_local/l", None, 200, {"_id": "_local/l", "_rev": "0-1", "_access": ["x"]}),
    ],
    "the member _access": [
        Step("PUT", "/db/p", {"_access": ["x"]}, 201, {"ok": True, "id": "p", "rev": "1-…"}),
        Step("GET", "/db/p", None, 200, {"_id": "p", "_rev": "1-…", "_access": ["x"]}),
        Step("POST", "/db", {"_id": "q", "_access": None}, 201, {"ok": True, "id": "q", "rev": "1-…"}),
        Step(
            "POST", "/db/_bulk_docs", {"docs": [{"_id": "r", "_rev": "1-a", "_access": 1}], "new_edits": False}, 201, []
        ),
        Step("GET", "/db/r", None, 200, {"_id": "r", "_rev": "1-a", "_access": 1}),
    ],
    "an attachment packed oddly, or whose checksum follows": [
        *(
            Step("PUT", "/db/p/x", b"abc", 415,
                 {"error": "bad_content_type", "reason": "Only gzip and identity content-encodings are supported"},
                 {"Content-Encoding": packed, "Content-Type": "image/png"})
            for packed in ("deflate", "compress", "br")
        ),
        Step("PUT", "/db/p/x", b"abc", 201, {"ok": True, "id": "p", "rev": "1-…"},
             {"Content-MD5": "trailer", "Content-Encoding": "Identity", "Content-Type": "image/png"}),
    ],
    "a form of no page of this server": [
        Step("POST", "/db/a", {}, 400, {"error": "bad_request", "reason": "Referer header required."}),
        Step("POST", "/db/a", {}, 400, {"error": "bad_request", "reason": "Referer header must match host."},
             {**_FORM, "Referer": "http://y.example/"}),
        Step("POST", "/db/a", {}, 415,
             {"error": "bad_content_type", "reason": "Content-Type must be multipart/form-data"},
             {**_FORM, "Content-Type": "application/x-www-form-urlencoded"}),
    ],
    "files put to a document by a form": [
        Step("POST", "/db/d", _form(('"_rev"', f"1-{A}"), _FILE), 201, {"ok": True, "id": "d", "rev": "2-…"}, _FORM),
        Step(
            "GET", "/db/d", None, 200,
            {
                "_id": "d",
                "_rev": "2-…",
                "_attachments": {
                    "f": {
                        "content_type": "image/svg",
                        "revpos": 2,
                        "digest": "md5-XUFAKrxLKna5cZ2REBfFkg==",
                        "length": 5,
                        "stub": True,
                    },
                    "x": {
                        "content_type": "image/png",
                        "revpos": 1,
                        "digest": "md5-uV9n9h67A2GWIteY9F/C0w==",
                        "length": 3,
                        "stub": True,
                    },
                },
            },
        ),
        Step("POST", "/db/d", _form(('"_rev"', f"1-{A}"), _FILE), 409, _CONFLICT, _FORM),
        Step("POST", "/db/d", _form(('"_rev"', "x"), _FILE), 400, _NO_REV, _FORM),
    ],
    "a document written by a form": [
        Step("POST", "/db/a", _form(('"_doc"', f'{{"_rev": "1-{A}", "m": 2}}')), 201,
             {"ok": True, "id": "a", "rev": "2-…"}, _FORM),
        Step("GET", "/db/a", None, 200, {"_id": "a", "_rev": "2-…", "m": 2}),
        Step("POST", "/db/p", _form(('"_doc"', "{}"), _FILE, _FILE), 400,
             {"error": "bad_request", "reason": "Duplicate attachments"}, _FORM),
        Step("POST", "/db/p", _form(('"_doc"', '{"')), 400,
             {"error": "bad_request", "reason": "invalid UTF-8 JSON"}, _FORM),
        Step("POST", "/db/p", _form(('"_doc"', "[]")), 400,
             {"error": "bad_request", "reason": "Document must be a JSON object"}, _FORM),
        Step("POST", "/db/p", _form(('"_doc"', "{}"), ('"_attachments"; filename="_x"', "")), 400,
             {"error": "bad_request", "reason": "Attachment name '_x' starts with prohibited character '_'"}, _FORM),
        Step("POST", "/db/p", _form(('"_doc"', "{}"), ('"_attachments"', "no file")), 201,
             {"ok": True, "id": "p", "rev": "1-…"}, _FORM),
        Step("GET", "/db/p", None, 200, {"_id": "p", "_rev": "1-…"}),
    ],
    "an attachment without a name": [
        Step("PUT", "/db/p", {"_attachments": {"": {"data": "YQ=="}}}, 201, {"ok": True, "id": "p", "rev": "1-…"}),
        Step(
            "GET", "/db/p?attachments=true", None, 200,
            {
                "_id": "p",
                "_rev": "1-…",
                "_attachments": {
                    "": {
                        "content_type": "application/octet-stream",
                        "revpos": 1,
                        "digest": "md5-DMF1ucDxtqgxw5niaXcmYQ==",
                        "data": "YQ==",
                    }
                },
            },
        ),
        Step(
            "PUT", "/db/q", {"_attachments": {"": {"stub": True}}}, 412,
            {"error": "missing_stub", "reason": "Invalid attachment stub in q for "},
        ),
    ],
    "where design documents stand": [
        *(
            Step("PUT", f"/db/_design/{name}?new_edits=false", {"_rev": f"1-{A}"}, 201,
                 {"ok": True, "id": f"_design/{name}", "rev": f"1-{A}"})
            for name in "pqrs"
        ),
        *(
            Step("GET", f"/db/_design_docs?{query}", None, 200,
                 {"total_rows": 4, "offset": offset, "rows": [_row(f"_design/{name}", f"1-{A}") for name in names]})
            for query, offset, names in [
                ("", 0, "pqrs"),
                ("skip=1", 1, "qrs"),
                ('startkey="_design/r"', 2, "rs"),
                ("descending=true", 3, "srqp"),
                ("descending=true&skip=1", 4, "rqp"),
                ('descending=true&startkey="A"', 4, ""),
                ("descending=true&startkey=1", 4, ""),
                ("endkey_docid=_design/q", 0, "pq"),
            ]
        ),
        Step("GET", "/db/_all_docs?descending=true&startkey=1", None, 200,
             {"total_rows": 7, "offset": 7, "rows": []}),
    ],
    "a listing from one id to another": [
        *(
            Step("GET", f"/db/_all_docs?{query}", None, 200,
                 {"total_rows": 3, "offset": offset, "rows": [_row(id_, f"1-{B if id_ == 'b' else A}") for id_ in ids]})
            for query, offset, ids in [
                ("startkey_docid=b", 1, "bd"),
                ("start_key_doc_id=b", 1, "bd"),
                ("endkey_docid=b", 0, "ab"),
                ("end_key_doc_id=b&inclusive_end=false", 0, "a"),
                ("startkey_docid=b&descending=true", 1, "ba"),
                ('startkey="a"&startkey_docid=b', 0, "abd"),
                ('key="a"&startkey_docid=b', 0, "a"),
                ("startkey_docid=a&startkey_docid=d", 2, "d"),
                ("startkey_docid=d&endkey_docid=b", 2, ""),
                ("endkey_docid=", 0, ""),
                ("start_key_docid=b", 0, "abd"),
            ]
        ),
        Step("POST", "/db/_all_docs", {"startkey_docid": "c"}, 200,
             {"total_rows": 3, "offset": 2, "rows": [_row("d", f"1-{A}")]}),
        Step("POST", "/db/_all_docs", {"startkey_docid": None}, 200, {"total_rows": 3, "offset": 3, "rows": []}),
    ],
    "keys that are told beside the body": [
        *(
            Step("POST", f"/db/_all_docs?{query}", body, 200, {"total_rows": 3, "offset": offset, "rows": rows})
            for query, body, offset, rows in [
                ('keys=["a"]', {}, 0, [_row("a", f"1-{A}")]),
                ('keys=["nope"]', {}, 3, []),
                ('keys=["a","nope"]', {}, None, [_row("a", f"1-{A}"), {"key": "nope", "error": "not_found"}]),
                ('keys=["a"]', {"key": "b"}, 0, [_row("a", f"1-{A}")]),
                ('key="a"', {"key": "b"}, 0, [_row("a", f"1-{A}")]),
            ]
        ),
        *(
            Step("POST", "/db/_all_docs/queries", {"queries": [query]}, 200,
                 {"results": [{"total_rows": 3, "offset": offset, "rows": rows}]})
            for query, offset, rows in [
                ({"keys": ["a"]}, 0, [_row("a", f"1-{A}")]),
                ({"keys": ["nope"]}, 3, []),
                ({"keys": ["a"], "key": "b"}, 1, [_row("b", f"1-{B}")]),
                ({"key": "b", "keys": ["a"]}, 0, [_row("a", f"1-{A}")]),
                ({"keys": ["nope", "a"]}, None, [{"key": "nope", "error": "not_found"}, _row("a", f"1-{A}")]),
            ]
        ),
        Step(
            "POST", "/db/_all_docs/queries?limit=1", {"queries": [{}, {"limit": 2}]}, 200,
            {
                "results": [
                    {"total_rows": 3, "offset": 0, "rows": rows}
                    for rows in ([_row("a", f"1-{A}")], [_row("a", f"1-{A}"), _row("b", f"1-{B}")])
                ]
            },
        ),
        Step("GET", "/db/_all_docs?limit=%2B1", None, 200,
             {"total_rows": 3, "offset": 0, "rows": [_row("a", f"1-{A}")]}),
    ],
    "an edit of what was read with its history": [
        Step("PUT", "/db/a", {"_revisions": {"start": 1, "ids": [A]}}, 201, {"ok": True, "id": "a", "rev": "2-…"}),
        Step("PUT", "/db/a", {"_revisions": {"start": 1, "ids": [A]}}, 409, _CONFLICT),
    ],
    "base64 in lines": [
        Step("PUT", "/db/p", {"_attachments": {"x": {"data": " YQ\r\n=\t=\n"}}}, 201,
             {"ok": True, "id": "p", "rev": "1-…"}),
        Step("PUT", "/db/q", {"_attachments": {"x": {"data": "Y.Q=="}}}, 400,
             {"error": "bad_request", "reason": "Invalid attachment data for x"}),
    ],
    "paths that are no UTF-8": [
        Step("GET", "/db/%E4", None, 404, _GONE),
        Step("DELETE", "/db/%E4", None, 404, _GONE),
        Step("GET", "/db/d/%FF", None, 404, {"error": "not_found", "reason": "Document is missing attachment"}),
        Step("GET", "/%E4", None, 404, {"error": "not_found", "reason": "Database does not exist."}),
    ],
    "a method that nobody knows": [
        Step("FOO", "/db/a", None, 405,
             {"error": "method_not_allowed", "reason": "Only DELETE,GET,HEAD,POST,PUT,COPY allowed"}),
    ],
    "a range that begins beyond all that can be counted": [
        Step(
            "GET", "/db/d/x", None, 416,
            {"error": "requested_range_not_satisfiable", "reason": "Requested range not satisfiable"},
            {"Range": f"bytes={'9' * 30}-"},
        ),
    ],
    "who accepts nothing is sent JSON": [
        Step("GET", f'/db/a?open_revs=["1-{A}"]', None, 200, [{"ok": {"_id": "a", "_rev": f"1-{A}", "n": 1}}],
             {"Accept": ""}),
    ],
    "what is missing of a document is told from the oldest on": [
        Step("POST", "/db/_revs_diff", {"a": ["10-x", "2-y", "2-x", f"1-{A}", "1-z"]}, 200,
             {"a": {"missing": ["1-z", "2-x", "2-y", "10-x"], "possible_ancestors": [f"1-{A}"]}}),
        Step("POST", "/db/_revs_diff", {"nope": ["2-y", "10-x", "1-z"]}, 200,
             {"nope": {"missing": ["2-y", "10-x", "1-z"]}}),
    ],
    "an option that is on and off": [
        Step("GET", f"/db/a?{query}", None, 200,
             {"_id": "a", "_rev": f"1-{A}", "n": 1, "_revisions": {"start": 1, "ids": [A]}})
        for query in ("revs=true&revs=false", "revs=false&revs=true")
    ],
    "a batch of nothing": [Step("POST", "/db/_bulk_docs", {"docs": [], "all_or_nothing": True}, 201, [])],
    "signing out": [Step("DELETE", "/_session", None, 200, {"ok": True})],
    "the difference to ids that cannot be": [
        Step("POST", "/db/_revs_diff", {doc_id: ["1-a"]}, 200, {doc_id: {"missing": ["1-a"]}})
        for doc_id in ("_bad", "", "_design/", "_local/", "_design", "x" * 8_000)
    ]
    + [
        Step("POST", "/db/_revs_diff", {"_bad": []}, 200, {}),
        Step("POST", "/db/_missing_revs", {"_bad": ["1-a"]}, 200, {"missing_revs": {"_bad": ["1-a"]}}),
    ],
}  # fmt: skip
