"""`_local` documents: where replicators keep their checkpoints."""

from __future__ import annotations

import hashlib
import json
import re

from flask import Response

from sync.database import Document, put_checkpoint
from sync.documents import check_form, local_body
from sync.errors import BadRequest, NotFound
from sync.face.answer import json_answer, unchanged
from sync.face.call import Call
from sync.face.documents import open_revs_told
from sync.face.problems import left_out, method_not_allowed

_REV = re.compile(r"\d+-[^-].*", re.ASCII)

# What every replicator's checkpoint has, whatever else it notes (replication protocol §2.4.2.3).
_CHECKPOINT = frozenset({"session_id", "history"})


def local(call: Call) -> Response:
    """GET, PUT and DELETE `/{db}/_local/{id}`. A miss says `not_found`, as CouchDB's replicator expects."""
    local_id = _local_id(call)
    if call.method == "GET":
        return _get(call, local_id)
    if call.method in ("POST", "COPY"):
        raise left_out("_local documents are neither written by forms nor copied: PUT them as JSON.")
    if call.method not in ("PUT", "DELETE"):
        raise method_not_allowed("DELETE", "GET", "HEAD", "POST", "PUT", "COPY")
    if call.method == "DELETE" and call.database.get_local(local_id) is None:
        raise NotFound("missing")
    body: Document = (
        {"_deleted": True} if call.method == "DELETE" else call.json_object(strict_type=False, what="Document")
    )
    check_form({**body, "_id": f"_local/{local_id}"})
    if call.text("new_edits") == "false" and body.keys().isdisjoint(("_rev", "_revisions")):
        raise BadRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
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
    # CouchDB says 201 of what it made, and no tombstone is.
    status = 200 if body.get("_deleted") is True else 201
    headers = {"ETag": _etag({**body, "_rev": new_rev})} | (
        {} if call.method == "DELETE" else call.location(f"_local/{local_id}")
    )
    return json_answer(call, {"ok": True, "id": f"_local/{local_id}", "rev": new_rev}, status=status, headers=headers)


def _get(call: Call, local_id: str) -> Response:
    """There are no other revisions, and none that could be asked for by name: it is here, or what is named is not."""
    wanted = call.open_revs()
    call.known_revs()  # looked at, and of no consequence
    if wanted and wanted != "all":
        return open_revs_told(call, [{"error": {"rev": rev, "error": "not_found"}} for rev in sorted(wanted)])
    named = call.rev_named() is not None and not call.option("latest")
    document = call.database.get_local(local_id)
    if document is None or named or wanted:
        raise NotFound("missing")
    etag = _etag(document)
    told = {**document, "_id": f"_local/{local_id}"}
    if call.option("revs"):
        told["_revisions"] = {"start": 0, "ids": [str(document["_rev"]).partition("-")[2]]}
    return unchanged(call, etag) or json_answer(call, told, headers={"ETag": etag})


def _etag(document: Document) -> str:
    """Of what it says, for its revision says less: one that was deleted and written anew begins at `0-1` again."""
    kept = {**local_body(document), "_rev": document["_rev"]}
    spelled = json.dumps(kept, sort_keys=True).encode()  # of whatever a CouchDB behind us keeps
    return f'"{hashlib.md5(spelled, usedforsecurity=False).hexdigest()}"'


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
