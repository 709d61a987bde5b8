"""Endpoints of one database as a whole: its life, its info, and housekeeping that replicators ask for."""

from __future__ import annotations

from flask import Response

from sync.errors import BadRequest, NotFound
from sync.face.answer import json_answer
from sync.face.call import Call
from sync.face.folder import DatabaseFolder
from sync.face.problems import WireError, left_out, method_not_allowed
from sync.face.routing import is_db_name

# What the store keeps of each branch (sync.revisions); a lower limit makes false conflicts.
_REVS_LIMIT = 1000


def database(call: Call, folder: DatabaseFolder | None) -> Response:
    """GET, PUT and DELETE `/{db}`; POST is a document (sync.face.documents)."""
    if call.method == "GET":
        info = dict(call.database.info())
        info["db_name"] = call.db_name
        info.setdefault("instance_start_time", "0")
        return json_answer(call, info)
    if call.method not in ("PUT", "DELETE"):
        raise method_not_allowed("DELETE", "GET", "HEAD", "POST", "PUT")
    if folder is None:
        raise left_out("Databases are not created or deleted over this interface.")
    if call.method == "PUT":
        return _create(call, folder)
    if call.text("rev") is not None:
        # A script with an empty document id would otherwise delete the database.
        raise BadRequest(
            "You tried to DELETE a database with a ?rev= parameter. Did you mean to DELETE a document instead?"
        )
    folder.delete(call.db_name)
    return json_answer(call, {"ok": True})


def _create(call: Call, folder: DatabaseFolder) -> Response:
    if not is_db_name(call.db_name):
        raise WireError(
            400,
            "illegal_database_name",
            f"Name: '{call.db_name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters"
            " _, $, (, ), +, -, and / are allowed. Must begin with a letter.",
        )
    folder.create(call.db_name)
    return json_answer(call, {"ok": True}, status=201, headers={"Location": call.request.base_url})


def ensure_full_commit(call: Call) -> Response:
    """Every batch was on disk before its answer; the replicator compares the start time with that of GET `/{db}`."""
    if call.method != "POST":
        raise method_not_allowed("POST")
    started = call.database.info().get("instance_start_time", "0")
    return json_answer(call, {"ok": True, "instance_start_time": started}, status=201)


def compact(call: Call) -> Response:
    """Accepted and done when the store next finds time: it frees what nobody names without being asked."""
    if call.method != "POST":
        raise method_not_allowed("POST")
    call.json_body()
    call.database.info()
    return json_answer(call, {"ok": True}, status=202)


def revs_limit(call: Call) -> Response:
    if call.method != "GET":
        raise left_out(f"The number of revisions kept is fixed at {_REVS_LIMIT}.")
    call.database.info()
    return json_answer(call, _REVS_LIMIT)


def security(call: Call) -> Response:
    """Rights are not kept in the database; an empty object is what CouchDB says of a database open to its callers."""
    if call.method != "GET":
        raise left_out("Rights are not set over this interface.")
    call.database.info()
    return json_answer(call, {})


def missing_database() -> NotFound:
    return NotFound("Database does not exist.")
