"""`_local` documents: where replicators keep their checkpoints."""

from __future__ import annotations

import re

from flask import Response

from sync.database import Document, put_checkpoint
from sync.documents import check_form
from sync.errors import BadRequest, NotFound
from sync.face.answer import json_answer, unchanged
from sync.face.call import Call
from sync.face.problems import method_not_allowed

_REV = re.compile(r"\d+-[^-].*", re.ASCII)

# What every replicator's checkpoint has, whatever else it notes (replication protocol §2.4.2.3).
_CHECKPOINT = frozenset({"session_id", "history"})


def local(call: Call) -> Response:
    """GET, PUT and DELETE `/{db}/_local/{id}`. A miss says `not_found`, as CouchDB's replicator expects."""
    local_id = _local_id(call)
    if call.method == "GET":
        document = call.database.get_local(local_id)
        if document is None:
            raise NotFound("missing")
        etag = f'"{document["_rev"]}"'
        had = unchanged(call, etag)
        return had or json_answer(call, {**document, "_id": f"_local/{local_id}"}, headers={"ETag": etag})
    if call.method not in ("PUT", "DELETE"):
        raise method_not_allowed("DELETE", "GET", "HEAD", "POST", "PUT", "COPY")
    if call.method == "DELETE" and call.database.get_local(local_id) is None:
        raise NotFound("missing")
    body: Document = (
        {"_deleted": True} if call.method == "DELETE" else call.json_object(strict_type=False, what="Document")
    )
    check_form({**body, "_id": f"_local/{local_id}"})
    rev = call.rev(body)
    if rev is not None and not _REV.fullmatch(str(rev)):
        raise BadRequest("Invalid rev format")
    if rev is not None:
        body["_rev"] = rev
    body["_id"] = f"_local/{local_id}"
    if body.keys() >= _CHECKPOINT:
        new_rev = put_checkpoint(call.database, local_id, body)
    else:
        new_rev = call.database.put_local(local_id, body)
    if call.method == "PUT" and call.text("batch") == "ok":
        return json_answer(call, {"ok": True, "id": f"_local/{local_id}"}, status=202)
    status = 200 if call.method == "DELETE" else 201
    headers = {"ETag": f'"{new_rev}"'} | ({} if status == 200 else call.location(f"_local/{local_id}"))
    return json_answer(call, {"ok": True, "id": f"_local/{local_id}", "rev": new_rev}, status=status, headers=headers)


def _local_id(call: Call) -> str:
    if call.segments[0] == "_local":
        if len(call.segments) == 1 or not call.segments[1]:
            raise BadRequest("Invalid _local document id.")
        if len(call.segments) > 2:
            raise BadRequest("_local documents do not accept attachments.")
        return call.segments[1]
    if len(call.segments) > 1:
        raise BadRequest("_local documents do not accept attachments.")
    if call.segments[0] == "_local/":
        raise BadRequest("Invalid _local document id.")
    return call.segments[0].removeprefix("_local/")
