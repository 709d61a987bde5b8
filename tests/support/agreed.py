"""Odd requests and what CouchDB 3.5.0 says to them: our face is asked the same, and so is a CouchDB where there is one.

They are asked of a database `db` with documents `a`, `b` and `d`.
"""

from __future__ import annotations

from typing import Any

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
    ("GET", "/db/b?open_revs=1", None, "bad_request", "Invalid list of revisions"),
    ("GET", '/db/b?open_revs="all"', None, "bad_request", "Invalid list of revisions"),
    ("GET", "/db/b?open_revs=[1]", None, "bad_request", "Invalid rev format"),
    ("GET", "/db/d?atts_since=null", None, "bad_request", "Invalid list of revisions"),
    ("GET", '/db/d?atts_since=["x"]', None, "bad_request", "Invalid rev format"),
    ("GET", "/db/%zz", None, "bad_request", "invalid_url_encoding"),
    ("PUT", "/db/p", {"_id": 1}, "illegal_docid", "Document id must be a string"),
    ("PUT", "/db/p", {"_id": ""}, "illegal_docid", "Document id must not be empty"),
    ("PUT", "/db/p", {"_rev": None}, "bad_request", "Invalid rev format"),
    ("PUT", "/db/p", {"_deleted": "x"}, "doc_validation", "Bad special document member: _deleted"),
    ("PUT", "/db/p", {"_attachments": None}, "doc_validation", "Bad special document member: _attachments"),
    ("PUT", "/db/p", {"_attachments": {"x": {}}}, "bad_request", "Invalid attachment data for x"),
    ("POST", "/db", {"_attachments": {"x": {"data": "!"}}}, "bad_request", "Invalid attachment data for x"),
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
