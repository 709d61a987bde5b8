"""Endpoints of the server itself: the welcome, the names, and the few things clients ask before they begin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response

from sync import jsonwire
from sync.errors import BadRequest, IllegalDatabaseName, NotFound
from sync.face import lifecycle
from sync.face.answer import json_answer, unchanged
from sync.face.call import Call
from sync.face.folder import DatabaseFolder
from sync.face.problems import WireError, left_out, method_not_allowed

# What CouchDB's clients look at to learn which endpoints they may use: ours are those of 3.x.
_API_VERSION = "3.5.0"
_NODE = "nonode@nohost"


def welcome(call: Call, *, uuid: str, version: str) -> Response:
    """GET `/`. PouchDB builds its replication id from `uuid`."""
    _only(call, "GET")
    return json_answer(
        call,
        {
            "couchdb": "Welcome",
            "version": _API_VERSION,
            "uuid": uuid,
            "features": [],
            "vendor": {"name": "Thidua", "version": version},
        },
    )


def all_dbs(call: Call, folder: DatabaseFolder | None) -> Response:
    """GET `/_all_dbs`, with the options of a listing."""
    _only(call, "GET")
    if folder is None:
        raise left_out("This server does not list its databases.")
    return _with_etag(call, _asked_names(call, folder))


def _with_etag(call: Call, told: list[Any]) -> Response:
    etag = f'"{hashlib.md5(jsonwire.dumps(told), usedforsecurity=False).hexdigest()}"'
    return unchanged(call, etag) or json_answer(call, told, headers={"ETag": etag})


def _asked_names(call: Call, folder: DatabaseFolder) -> list[str]:
    descending, inclusive = call.flag("descending"), call.flag("inclusive_end", default=True)
    names = sorted(folder.names(), reverse=descending)
    key, keys = call.json("key"), call.json("keys")
    if isinstance(keys, list):
        names = [name for name in keys if name in names]
    start, end = call.json("startkey", "start_key"), call.json("endkey", "end_key")
    low, high = (end, start) if descending else (start, end)
    if isinstance(key, str):
        low = high = key
    if isinstance(low, str):
        names = [name for name in names if name >= low]
    if isinstance(high, str):
        names = [name for name in names if name <= high]
    if not inclusive:
        names = [name for name in names if name != (end if key is None else key)]
    names = names[call.whole("skip") or 0 :]
    limit = call.whole("limit")
    return names if limit is None else names[:limit]


def dbs_info(call: Call, folder: DatabaseFolder | None) -> Response:
    """GET `/_dbs_info`, or POST with the names asked for."""
    _only(call, "GET", "POST")
    if folder is None:
        raise left_out("This server does not list its databases.")
    if call.method == "GET":
        answers = [_info(folder, name) for name in _asked_names(call, folder)]
        return _with_etag(call, [answer for answer in answers if "info" in answer])
    body = call.json_object()
    keys = body.get("keys")
    if "keys" not in body:
        raise BadRequest("`keys` member must exist.")
    if not isinstance(keys, list):
        raise BadRequest("`keys` member must be an array.")
    if len(keys) > call.limits.databases_asked_max:
        raise BadRequest("too_many_keys")
    return json_answer(call, [_info(folder, name) for name in keys])


def _info(folder: DatabaseFolder, name: Any) -> dict[str, Any]:
    absent = {"key": name, "error": "not_found"}
    if not isinstance(name, str):
        return absent
    try:
        return {"key": name, "info": lifecycle.described(folder.open(name).info(), name)}
    except (NotFound, IllegalDatabaseName):
        return absent


def membership(call: Call) -> Response:
    """One node, which is all of this server."""
    if call.method != "GET":
        raise method_not_allowed("GET")
    return json_answer(call, {"all_nodes": [_NODE], "cluster_nodes": [_NODE]})


def up(call: Call) -> Response:
    _only(call, "GET")
    return json_answer(call, {"status": "ok", "seeds": {}})


def uuids(call: Call, *, new_uuid: Callable[[], str]) -> Response:
    if call.method != "GET":
        raise method_not_allowed("GET")
    given = call.text("count")
    given = "1" if given is None else given
    if not call.is_whole(given):
        raise BadRequest("count must be a positive integer")
    count = int(given)
    if count > call.limits.uuids_max:
        raise BadRequest("count parameter too large")
    fresh = [new_uuid() for _ in range(count)]
    etag = hashlib.md5("".join(fresh).encode(), usedforsecurity=False).hexdigest()
    headers = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache", "ETag": f'"{etag}"'}
    return json_answer(call, {"uuids": fresh}, headers=headers)


def session(call: Call) -> Response:
    """As CouchDB without authentication. Who signs in is the business of whoever mounts the face: a POST gets 404,
    on which CouchDB's replicator goes on with the credentials it sends in every request anyway.
    """
    if call.method == "POST":
        raise WireError(404, "not_found", "No cookie sessions here: send Authorization with every request.")
    if call.method == "DELETE":
        return json_answer(call, {"ok": True})
    if call.method != "GET":
        raise method_not_allowed("GET", "HEAD", "POST", "DELETE")
    context: dict[str, Any] = {"name": None, "roles": []}
    return json_answer(call, {"ok": True, "userCtx": context, "info": {"authentication_handlers": []}})


def _only(call: Call, *methods: str) -> None:
    if call.method not in methods:
        raise method_not_allowed(*(name for each in methods for name in ((each, "HEAD") if each == "GET" else (each,))))
