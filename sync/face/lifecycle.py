"""Endpoints of one database as a whole: its life, its info, and what only its keeper may do.

Without a folder, databases are served to callers with different rights: nothing here then changes anything.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Response

from sync.errors import BadRequest, NotFound
from sync.face.answer import json_answer
from sync.face.call import Call
from sync.face.folder import DatabaseFolder, keeper, kept
from sync.face.problems import WireError, left_out, method_not_allowed
from sync.face.routing import DB_NAME_CHARS_MAX, is_db_name
from sync.revisions import REVS_LIMIT

_PLACEMENT = re.compile(r"[^:,]+:[0-9]+(,[^:,]+:[0-9]+)*", re.ASCII)


def database(call: Call, folder: DatabaseFolder | None) -> Response:
    """GET, PUT and DELETE `/{db}`; POST is a document (sync.face.documents)."""
    if call.method == "GET":
        return json_answer(call, described(call.database.info(), call.db_name))
    if call.method not in ("PUT", "DELETE"):
        raise method_not_allowed("DELETE", "GET", "HEAD", "POST")
    if folder is None:
        raise left_out("Databases are not created or deleted over this interface.")
    if call.method == "PUT":
        return _create(call, folder)
    if not is_db_name(call.db_name):
        raise missing_database()
    if call.text("rev") is not None:
        # A script with an empty document id would otherwise delete the database.
        raise BadRequest(
            "You tried to DELETE a database with a ?=rev parameter. Did you mean to DELETE a document instead?"
        )
    folder.delete(call.db_name)
    return json_answer(call, {"ok": True})


def described(info: dict[str, Any], name: str) -> dict[str, Any]:
    """What a database says of itself, with the members that clients of CouchDB look for."""
    absent = {"instance_start_time": "0", "purge_seq": 0, "compact_running": False, "disk_format_version": 8}
    return {**absent, "props": {}, "cluster": {"q": 1, "n": 1, "w": 1, "r": 1}, **info, "db_name": name}


def _create(call: Call, folder: DatabaseFolder) -> Response:
    if not is_db_name(call.db_name):
        raise illegal_name(call.db_name)
    _check_form(call)
    folder.create(call.db_name)
    return json_answer(call, {"ok": True}, status=201, headers=call.location())


def _check_form(call: Call) -> None:
    """Of shards and copies there is one each here, whatever is asked; partitions there are none."""
    for name in ("q", "n"):
        told = call.text(name)
        if told is not None and (not call.is_whole(told) or int(told) == 0):
            raise BadRequest(f"The `{name}` value should be a positive integer.")
    if call.text("placement") is not None and not _PLACEMENT.fullmatch(call.text("placement") or ""):
        raise BadRequest("The `placement` value should be in a format `zone:n`.")
    if call.text("engine") not in (None, "couch"):
        raise BadRequest("invalid_engine_extension")
    partitioned = call.text("partitioned")
    partitioned = "false" if partitioned is None else partitioned
    if partitioned not in ("true", "false"):
        raise BadRequest("Invalid `partitioned` parameter")
    if partitioned == "true":
        raise left_out("Databases are not made in partitions.")


def ensure_full_commit(call: Call) -> Response:
    """Every batch was on disk before its answer; the replicator compares the start time with that of GET `/{db}`."""
    if call.method != "POST":
        raise method_not_allowed("POST")
    call.require_json()
    started = call.database.info().get("instance_start_time", "0")
    return json_answer(call, {"ok": True, "instance_start_time": started}, status=201)


def compact(call: Call, folder: DatabaseFolder | None) -> Response:
    """Bodies go with the last leaf that names them, unasked; this gives their space back to the disk."""
    if call.method != "POST":
        raise method_not_allowed("POST")
    call.require_json()
    call.database.info()
    if folder is None:
        raise left_out("Databases are not compacted over this interface: the server does it by itself.")
    keeper(folder, call.db_name).compact()
    return json_answer(call, {"ok": True}, status=202)


def revs_limit(call: Call, folder: DatabaseFolder | None) -> Response:
    if call.method == "GET":
        call.database.info()
        own = kept(folder, call.db_name)
        return json_answer(call, REVS_LIMIT if own is None else own.revs_limit())
    if call.method != "PUT":
        raise method_not_allowed("PUT", "GET")
    if folder is None:
        raise left_out("The number of revisions kept is not set over this interface.")
    limit = call.json_body(strict_type=False)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= call.limits.revs_limit_max:
        raise BadRequest(f"`revs_limit` must be a whole number from 1 to {call.limits.revs_limit_max}.")
    keeper(folder, call.db_name).set_revs_limit(limit)
    return json_answer(call, {"ok": True})


def security(call: Call, folder: DatabaseFolder | None) -> Response:
    """CouchDB's object of admins and members. It is kept and told; who may do what is decided by whoever opens."""
    if call.method == "GET":
        call.database.info()
        own = kept(folder, call.db_name)
        return json_answer(call, {} if own is None else own.security())
    if call.method != "PUT":
        raise method_not_allowed("PUT", "GET")
    if folder is None:
        raise left_out("Rights are not set over this interface.")
    given = call.json_object(strict_type=False)
    for group in ("admins", "members"):
        _check_group(group, given.get(group, {}))
    keeper(folder, call.db_name).set_security(given)
    return json_answer(call, {"ok": True})


def _check_group(group: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise BadRequest(f"`{group}` must be an object of names and roles.")
    for kind in ("names", "roles"):
        each = value.get(kind, [])
        if not isinstance(each, list) or not all(isinstance(name, str) for name in each):
            raise BadRequest(f"`{kind}` of `{group}` must be an array of strings.")


def illegal_name(name: str) -> WireError:
    if is_db_name(name[:1]) and len(name) > DB_NAME_CHARS_MAX:
        return WireError(400, "database_name_too_long", f"At least one path segment of `{name}` is too long.")
    return WireError(
        400,
        "illegal_database_name",
        f"Name: '{name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -,"
        " and / are allowed. Must begin with a letter.",
    )


def missing_database() -> NotFound:
    return NotFound("Database does not exist.")
