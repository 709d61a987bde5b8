"""Endpoints of one document: read it, its revisions and its conflicts; write it, delete it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from flask import Response

from sync import jsonwire, multipart
from sync.database import Document
from sync.errors import BadRequest, Conflict, NotFound
from sync.face.answer import json_answer, stream_answer
from sync.face.call import Call, strings
from sync.face.problems import left_out, method_not_allowed, of_entry

_LEFT_OUT_OPTIONS = ("revs_info", "local_seq", "deleted_conflicts", "meta")


def document(call: Call, doc_id: str) -> Response:
    """GET, PUT and DELETE `/{db}/{id}`."""
    if call.method == "GET":
        return _get(call, doc_id)
    if call.method == "PUT":
        return _put(call, doc_id)
    if call.method == "DELETE":
        return _delete(call, doc_id)
    if call.method == "COPY":
        raise left_out("COPY is not served: read the document and write it under its new id.")
    raise method_not_allowed("DELETE", "GET", "HEAD", "PUT")


def post(call: Call) -> Response:
    """POST `/{db}`: the document names itself, or is given a name."""
    body = call.json_object()
    doc_id = body.setdefault("_id", secrets.token_hex(16))
    if not isinstance(doc_id, str):
        raise BadRequest("Document id must be a string")
    return _written(call, doc_id, call.database.put(body))


# Reading


def _get(call: Call, doc_id: str) -> Response:
    asked = next((name for name in _LEFT_OUT_OPTIONS if call.flag(name)), None)
    if asked:
        raise left_out(f"{asked} is not served; use revs, conflicts or open_revs.")
    if call.text("open_revs") is not None:
        return _open_revs(call, doc_id)
    found = _one(call, doc_id)
    headers: dict[str, str] = {}
    if not any(call.flag(name) for name in ("revs", "conflicts")):
        headers["ETag"] = etag = f'"{found["_rev"]}"'
        if etag in call.request.headers.get("If-None-Match", "") and not call.flag("attachments"):
            return Response(status=304, headers=headers)
    return json_answer(call, found, headers=headers)


def _one(call: Call, doc_id: str) -> Document:
    revs, conflicts = call.flag("revs"), call.flag("conflicts")
    # With `latest` CouchDB opens the winner, whatever revision was named.
    rev = None if call.flag("latest") else call.text("rev")
    since = call.json("atts_since")
    if since is None:
        return call.database.get(doc_id, rev=rev, revs=revs, conflicts=conflicts, attachments=call.flag("attachments"))
    stubs = call.database.get(doc_id, rev=rev, revs=revs, conflicts=conflicts)
    request = {"id": doc_id, "rev": stubs["_rev"], "atts_since": strings(since, "atts_since")}
    for entry in call.database.bulk_get([request], attachments=True)[0]["docs"]:
        if "ok" in entry:
            return {**stubs, "_attachments": entry["ok"]["_attachments"]} if "_attachments" in stubs else stubs
    raise NotFound("missing")


def _open_revs(call: Call, doc_id: str) -> Response:
    """Several revisions at once, `[{"ok": doc} | {"missing": rev}…]`, in JSON or as multipart/mixed.

    CouchDB's replicator fetches every document with attachments like this.
    """
    requests = [{"id": doc_id, "rev": rev} for rev in _asked_revs(call, doc_id)]
    want_parts = call.accepts("multipart/mixed")
    inline = call.flag("attachments") and not want_parts
    answers = call.database.bulk_get(requests, revs=call.flag("revs"), latest=call.flag("latest"), attachments=inline)
    entries = [entry for answer in answers for entry in answer["docs"]]
    for entry in entries:
        # A withheld revision must not look like one that is gone: replicators would pass it for good.
        if "error" in entry and entry["error"].get("error") != "not_found":
            raise of_entry(entry["error"])
    if not want_parts:
        return json_answer(call, [_as_open_rev(entry) for entry in entries])
    outer, inner = secrets.token_hex(16), secrets.token_hex(16)
    since = call.json("atts_since")
    known = strings(since, "atts_since") if since is not None else []
    parts = (_as_part(call, doc_id, entry, known, inner) for entry in entries)
    # Not compressed: the bytes are photos, and CouchDB's replicator does not ask for it.
    return stream_answer(multipart.write_mixed(parts, outer), content_type=f'multipart/mixed; boundary="{outer}"')


def _asked_revs(call: Call, doc_id: str) -> list[str]:
    if call.text("open_revs") == "all":
        rows = call.database.changes(style="all_docs", doc_ids=[doc_id]).results
        if not rows:
            raise NotFound("missing")
        return [leaf["rev"] for leaf in rows[0]["changes"]]
    revs = strings(call.json("open_revs"), "open_revs")
    if len(revs) > call.limits.bulk_get_max:
        raise BadRequest(f"open_revs takes at most {call.limits.bulk_get_max} revisions.")
    return revs


def _as_open_rev(entry: dict[str, Any]) -> dict[str, Any]:
    return {"ok": entry["ok"]} if "ok" in entry else {"missing": entry["error"].get("rev")}


def _as_part(
    call: Call, doc_id: str, entry: dict[str, Any], known: list[str], boundary: str
) -> tuple[str, Iterator[bytes]]:
    if "ok" not in entry:
        return 'application/json; error="true"', iter([jsonwire.dumps(_as_open_rev(entry))])
    found: Document = entry["ok"]
    names = _newer_attachments(found, known)
    if not names:
        return "application/json", iter([jsonwire.dumps(found)])
    attachments = {
        # Without its digest: of what a CouchDB behind us compressed, that is not of the bytes which follow.
        name: {**{key: value for key, value in stub.items() if key not in ("stub", "digest")}, "follows": True}
        if name in names
        else stub
        for name, stub in found["_attachments"].items()
    }
    body = multipart.write_document(
        {**found, "_attachments": attachments}, _following(call, doc_id, found["_rev"], names), boundary
    )
    return f'multipart/related; boundary="{boundary}"', body


def _newer_attachments(found: Document, known: list[str]) -> list[str]:
    """Names of attachments changed since the youngest of the revisions the peer says it has of this branch."""
    path = found.get("_revisions", {})
    generations = {
        f"{path['start'] - offset}-{rev_hash}": path["start"] - offset
        for offset, rev_hash in enumerate(path.get("ids", []))
    }
    has_up_to = max((generations[rev] for rev in known if rev in generations), default=0)
    # A CouchDB behind us says 0 of what it was given without a generation: nobody knows who has it.
    return [name for name, stub in found.get("_attachments", {}).items() if not 0 < stub.get("revpos", 0) <= has_up_to]


def _following(call: Call, doc_id: str, rev: str, names: list[str]) -> Iterator[multipart.Following]:
    """One attachment open at a time."""
    for name in names:
        attachment = call.database.attachment(doc_id, name, rev=rev)
        yield multipart.Following(name, attachment.content_type, attachment.length, attachment.chunks)


# Writing


def _put(call: Call, doc_id: str) -> Response:
    if call.request.mimetype == "multipart/related":
        try:
            body = multipart.read_document(
                call.body(),
                call.request.headers["Content-Type"],
                inflated_bytes_max=call.limits.inflated_bytes_max,
            )
        except multipart.Malformed as error:
            raise BadRequest(str(error)) from error
    else:
        body = call.json_object(strict_type=False)
    body["_id"] = doc_id
    rev = call.rev(body)
    if rev is not None:
        body["_rev"] = rev
    # CouchDB says 201 of what it made, and no tombstone is.
    status = 200 if body.get("_deleted") is True else 201
    if call.flag("new_edits", default=True):
        return _written(call, doc_id, call.database.put(body), status=status)
    if "_rev" not in body and "_revisions" not in body:
        raise BadRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
    failures = call.database.bulk_docs([body], new_edits=False)
    if failures:
        raise of_entry(failures[0])
    return _written(call, doc_id, _rev_of(body), status=status)


def _rev_of(body: Document) -> str:
    if "_rev" in body:
        return str(body["_rev"])
    path = body["_revisions"]
    return f"{path['start']}-{path['ids'][0]}"


def _delete(call: Call, doc_id: str) -> Response:
    rev = call.rev()
    if rev is None:
        call.database.get(doc_id)  # 404 before 409, as CouchDB
        raise Conflict
    return _written(call, doc_id, call.database.put({"_id": doc_id, "_rev": rev, "_deleted": True}), status=200)


def _written(call: Call, doc_id: str, rev: str, *, status: int = 201) -> Response:
    return json_answer(call, {"ok": True, "id": doc_id, "rev": rev}, status=status, headers={"ETag": f'"{rev}"'})
