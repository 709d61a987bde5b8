"""Endpoints of one document: read it, its revisions and its conflicts; write it, delete it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from flask import Response

from sync import jsonwire, multipart
from sync.database import Database, Document
from sync.documents import check_form, check_id, claimed_path
from sync.errors import BadRequest, Conflict, NotFound, TooLarge
from sync.face.answer import json_answer, parts_answer, stream_answer, unchanged
from sync.face.call import Call
from sync.face.forms import posted
from sync.face.problems import left_out, method_not_allowed, of_entry
from sync.revisions import parse_rev


def document(call: Call, doc_id: str) -> Response:
    """GET, PUT and DELETE `/{db}/{id}`, and POST of a form."""
    if call.method == "GET":
        return _get(call, doc_id)
    if call.method == "PUT":
        return _put(call, doc_id)
    if call.method == "DELETE":
        return _delete(call, doc_id)
    if call.method == "POST":
        return posted(call, doc_id)
    if call.method == "COPY":
        raise left_out("COPY is not served: read the document and write it under its new id.")
    raise method_not_allowed("DELETE", "GET", "HEAD", "POST", "PUT", "COPY")


def post(call: Call) -> Response:
    """POST `/{db}`: the document names itself, or is given a name."""
    body = call.json_object(what="Document")
    check_form(body)
    doc_id = check_id(body.setdefault("_id", secrets.token_hex(16)))
    return _edited(call, doc_id, body)


# Reading


def _get(call: Call, doc_id: str) -> Response:
    if wanted := call.open_revs():  # CouchDB takes an empty list for none
        return _open_revs(call, doc_id, wanted)
    asked = _Asked.of(call)
    with_bytes = call.option("attachments") or call.text("atts_since") is not None
    in_parts = with_bytes and call.accepts("multipart/related")
    found = _one(call, doc_id, asked, with_bytes=with_bytes and not in_parts)
    headers: dict[str, str] = {}
    if found.keys().isdisjoint(_BESIDE):
        headers["ETag"] = etag = f'"{found["_rev"]}"'
        if (had := unchanged(call, etag)) is not None:
            return had
    if in_parts and (names := _newer_than_known(call, found, call.known_revs())):
        content_type, body = _as_related(call, found, names, secrets.token_hex(16))
        return parts_answer(call, body, content_type=content_type, headers=headers)
    if not call.option("revs"):
        found.pop("_revisions", None)
    return json_answer(call, found, headers=headers)


# What may be told beside a document: none of it is of the revision alone, so with any of it there is no ETag.
_BESIDE = frozenset({"_revs_info", "_conflicts", "_deleted_conflicts", "_local_seq"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a reader wants to know beside the document.

    As in CouchDB, who names a revision gets that, and is told nothing beside it.
    """

    revs_info: bool
    conflicts: bool
    deleted_conflicts: bool
    local_seq: bool

    @classmethod
    def of(cls, call: Call) -> _Asked:
        if call.text("rev") is not None and not call.option("latest"):
            return cls(revs_info=False, conflicts=False, deleted_conflicts=False, local_seq=False)
        meta = call.option("meta")
        return cls(
            revs_info=meta or call.option("revs_info"),
            conflicts=meta or call.option("conflicts"),
            deleted_conflicts=meta or call.option("deleted_conflicts"),
            local_seq=call.option("local_seq"),
        )


def _one(call: Call, doc_id: str, asked: _Asked, *, with_bytes: bool) -> Document:
    since = call.known_revs()
    revs = call.option("revs") or asked.revs_info or bool(since)
    # With `latest` CouchDB opens the winner, whatever revision was named.
    rev = None if call.option("latest") else call.text("rev")
    try:
        found = call.database.get(
            doc_id, rev=rev, revs=revs, conflicts=asked.conflicts, attachments=with_bytes and not since
        )
    except NotFound as error:
        if error.reason != "deleted" or not call.option("deleted"):
            raise
        found = _winner_of(call.database, doc_id, revs=revs)
    if with_bytes and since and "_attachments" in found:
        request = {"id": doc_id, "rev": found["_rev"], "atts_since": since}
        for entry in call.database.bulk_get([request], attachments=True)[0]["docs"]:
            if "ok" in entry:
                found["_attachments"] = entry["ok"].get("_attachments", found["_attachments"])
    return {**found, **_beside(call, doc_id, found, asked)}


def _beside(call: Call, doc_id: str, found: Document, asked: _Asked) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if asked.revs_info:
        told["_revs_info"] = _revs_info(call.database, found)
    if asked.deleted_conflicts:
        leaves = [entry["ok"] for entry in call.database.bulk_get([{"id": doc_id}])[0]["docs"] if "ok" in entry]
        gone = [leaf["_rev"] for leaf in leaves if leaf.get("_deleted") and leaf["_rev"] != found["_rev"]]
        if gone:
            told["_deleted_conflicts"] = sorted(gone, key=parse_rev, reverse=True)
    if asked.local_seq:
        rows = call.database.changes(doc_ids=[doc_id]).results
        if rows:
            told["_local_seq"] = rows[0]["seq"]
    return told


def _winner_of(database: Database, doc_id: str, *, revs: bool) -> Document:
    """The winning revision of a document that is deleted."""
    leaves = [entry["ok"] for entry in database.bulk_get([{"id": doc_id}], revs=revs)[0]["docs"] if "ok" in entry]
    if not leaves:
        raise NotFound("missing")
    return max(leaves, key=lambda leaf: (not leaf.get("_deleted"), parse_rev(leaf["_rev"])))


def _revs_info(database: Database, found: Document) -> list[dict[str, str]]:
    """The history, each revision with what is left of it: `available`, `deleted` (a tombstone) or `missing`."""
    path = found["_revisions"]
    revs = [f"{path['start'] - back}-{name}" for back, name in enumerate(path["ids"])]
    older = revs[1:]
    answers = database.bulk_get([{"id": found["_id"], "rev": rev} for rev in older]) if older else []
    documents = [next((entry["ok"] for entry in answer["docs"] if "ok" in entry), None) for answer in answers]
    return [{"rev": rev, "status": _status(left)} for rev, left in zip(revs, [found, *documents], strict=True)]


def _status(left: Document | None) -> str:
    if left is None:
        return "missing"
    return "deleted" if left.get("_deleted") else "available"


def _open_revs(call: Call, doc_id: str, wanted: Literal["all"] | list[str]) -> Response:
    """Several revisions at once, or all leaves: `[{"ok": doc} | {"missing": rev}…]`, in JSON or as multipart/mixed.

    CouchDB's replicator fetches every document with attachments like this.
    """
    want_parts = call.accepts("multipart/mixed")
    since = call.known_revs()
    inline = (call.option("attachments") or bool(since)) and not want_parts
    how: dict[str, Any] = {"revs": call.option("revs"), "latest": call.option("latest"), "attachments": inline}
    more = {"atts_since": since} if since and inline else {}
    if wanted == "all":
        # All leaves, asked for as such: their revisions need not be listed before.
        answers = call.database.bulk_get([{"id": doc_id, **more}], **how)
        if all("error" in entry and entry["error"].get("error") == "not_found" for entry in answers[0]["docs"]):
            raise NotFound("missing")
    else:
        answers = call.database.bulk_get([{"id": doc_id, "rev": rev, **more} for rev in wanted], **how)
    entries = [entry for answer in answers for entry in answer["docs"]]
    if how["latest"]:
        # Two of the revisions asked for may have led to one.
        entries = list({_rev_of_entry(entry): entry for entry in entries}.values())
    for entry in entries:
        # A withheld revision must not look like one that is gone: replicators would pass it for good.
        if "error" in entry and entry["error"].get("error") != "not_found":
            raise of_entry(entry["error"])
    entries.sort(key=_as_couchdb_orders)
    return open_revs_told(call, entries)


def open_revs_told(call: Call, entries: list[dict[str, Any]]) -> Response:
    """The answer of `open_revs`, from entries as `bulk_get` has them."""
    if not call.accepts("multipart/mixed"):
        return json_answer(call, [_as_open_rev(entry) for entry in entries])
    outer, inner = secrets.token_hex(16), secrets.token_hex(16)
    parts = (_as_part(call, entry, inner) for entry in entries)
    # Not compressed: the bytes are photos, and CouchDB's replicator does not ask for it.
    return stream_answer(multipart.write_mixed(parts, outer), content_type=f'multipart/mixed; boundary="{outer}"')


def _as_couchdb_orders(entry: dict[str, Any]) -> tuple[bool, Any]:
    """What is there from the oldest revision on, then what is missing."""
    return "ok" not in entry, parse_rev(_rev_of_entry(entry)) if "ok" in entry else str(_rev_of_entry(entry))


def _rev_of_entry(entry: dict[str, Any]) -> Any:
    return entry["ok"]["_rev"] if "ok" in entry else entry["error"].get("rev")


def _as_open_rev(entry: dict[str, Any]) -> dict[str, Any]:
    return {"ok": entry["ok"]} if "ok" in entry else {"missing": entry["error"].get("rev")}


Part = tuple[dict[str, str], Iterator[bytes]]


def _as_part(call: Call, entry: dict[str, Any], boundary: str) -> Part:
    if "ok" not in entry:
        return as_failed_part(_as_open_rev(entry))
    return as_part(call, entry["ok"], boundary, known=call.known_revs())


def as_failed_part(told: dict[str, Any]) -> Part:
    """What is said of a document instead of it, as a part of its own."""
    return {"Content-Type": 'application/json; error="true"'}, iter([jsonwire.dumps(told)])


def as_part(call: Call, found: Document, boundary: str, *, known: list[str], named: bool = False) -> Part:
    """A document as a part of its own: JSON, or with its attachments behind it and then, if `named`, a name before."""
    names = _newer_than_known(call, found, known)
    if not names:
        return {"Content-Type": "application/json"}, iter([jsonwire.dumps(found)])
    content_type, body = _as_related(call, found, names, boundary)
    name = {"X-Doc-Id": found["_id"], "X-Rev-Id": found["_rev"]} if named else {}
    return {**name, "Content-Type": content_type}, body


def _newer_than_known(call: Call, found: Document, known: list[str]) -> list[str]:
    if known and "_revisions" not in found:
        found = call.database.get(found["_id"], rev=found["_rev"], revs=True)
    return _newer_attachments(found, known)


def _as_related(call: Call, found: Document, names: list[str], boundary: str) -> tuple[str, Iterator[bytes]]:
    """A document and behind it the bytes of the attachments named."""
    attachments = {
        # Without its digest: of what a CouchDB behind us compressed, that is not of the bytes which follow.
        name: {**{key: value for key, value in stub.items() if key not in ("stub", "digest")}, "follows": True}
        if name in names
        else stub
        for name, stub in found["_attachments"].items()
    }
    shown = {**found, "_attachments": attachments}
    if not call.option("revs"):
        shown.pop("_revisions", None)
    body = multipart.write_document(
        shown, _following(call, found["_id"], found["_rev"], [name for name in attachments if name in names]), boundary
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
                parts_max=call.limits.parts_max + 1,
            )
        except multipart.TooManyParts as error:
            raise TooLarge(str(error)) from error
        except multipart.Malformed as error:
            raise BadRequest(str(error)) from error
    else:
        body = call.json_object(strict_type=False, what="Document")
    if "_id" in body:  # the path's counts, but another must be one
        check_id(body["_id"])
    body["_id"] = doc_id
    rev = call.rev(body)
    if rev is not None:
        body["_rev"] = rev
    # CouchDB says 201 of what it made, and no tombstone is.
    status = 200 if body.get("_deleted") is True else 201
    if call.text("new_edits") != "false":
        check_form(body)
        return _edited(call, doc_id, body, status=status)
    if "_rev" not in body and "_revisions" not in body:
        raise BadRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
    failures = call.database.bulk_docs([body], new_edits=False)
    if failures:
        raise of_entry(failures[0])
    return _written(call, doc_id, str(claimed_path(body).leaf), status=status)


def _delete(call: Call, doc_id: str) -> Response:
    rev = call.rev()
    call.database.get(doc_id)  # 404 before 409, as CouchDB
    if rev is None:
        raise Conflict
    return _written(call, doc_id, call.database.put({"_id": doc_id, "_rev": rev, "_deleted": True}), status=200)


def _edited(call: Call, doc_id: str, body: Document, *, status: int = 201) -> Response:
    """An edit, written. Who asks for `batch=ok` is told neither the revision nor of a conflict, as by CouchDB."""
    if call.text("batch") == "ok" and status == 201:
        with contextlib.suppress(Conflict):
            call.database.put(body)
        return json_answer(call, {"ok": True, "id": doc_id}, status=202)
    return _written(call, doc_id, call.database.put(body), status=status)


def _written(call: Call, doc_id: str, rev: str, *, status: int) -> Response:
    headers = {} if call.method == "POST" else {"ETag": f'"{rev}"'}
    if call.method != "DELETE":
        headers |= call.location(doc_id)
    return json_answer(call, {"ok": True, "id": doc_id, "rev": rev}, status=status, headers=headers)
