"""POST `/{db}/{id}`: a document written by the form of a page, or files put to one.

A browser sends a form to any server that a page names, with the cookies of that server: so the page must be of this
very server, which `Referer` says. How documents are stored is not known here.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response
from werkzeug.http import parse_options_header

from sync import jsonwire, multipart
from sync.database import Document
from sync.documents import check_form, check_id
from sync.errors import BadRequest, Conflict, NotFound, TooLarge
from sync.face.answer import json_answer
from sync.face.call import Call
from sync.face.problems import WireError
from sync.revisions import parse_rev


def posted(call: Call, doc_id: str) -> Response:
    """The field `_doc` is the document; else `_rev` names the revision that the files of `_attachments` are put to."""
    _require_own_page(call)
    check_id(doc_id)
    if call.request.mimetype != "multipart/form-data":
        raise WireError(415, "bad_content_type", "Content-Type must be multipart/form-data")
    fields, files = _read(call)
    document = _written(call, fields["_doc"]) if "_doc" in fields else _named(call, doc_id, fields.get("_rev"))
    if files:
        document["_attachments"] = {**(document.get("_attachments") or {}), **files}
    rev = call.database.put({**document, "_id": doc_id})
    return json_answer(call, {"ok": True, "id": doc_id, "rev": rev}, status=201, headers={"ETag": f'"{rev}"'})


def _require_own_page(call: Call) -> None:
    referer = call.request.headers.get("Referer")
    if referer is None:
        raise BadRequest("Referer header required.")
    try:
        host = urlsplit(referer).netloc
    except ValueError:
        host = ""
    if host != call.host:
        raise BadRequest("Referer header must match host.")


def _read(call: Call) -> tuple[dict[str, bytes], dict[str, dict[str, Any]]]:
    """The fields of the form, each at its first; and the files among them that are attachments."""
    try:
        boundary = multipart.boundary_of(call.request.headers["Content-Type"])
        parts = multipart.split(call.body(), boundary, parts_max=call.limits.parts_max)
    except multipart.TooManyParts as error:
        raise TooLarge(str(error)) from error
    except multipart.Malformed as error:
        raise BadRequest(str(error)) from error
    fields: dict[str, bytes] = {}
    files: dict[str, dict[str, Any]] = {}
    for part in parts:
        _, said = parse_options_header(part.headers.get("content-disposition"))
        name, filename = said.get("name", ""), said.get("filename")
        if filename is None:
            fields.setdefault(name, part.body)
        elif name == "_attachments":
            if filename in files:
                raise BadRequest("Duplicate attachments")
            content_type = part.headers.get("content-type", "").partition(";")[0].strip()
            files[filename] = {"content_type": content_type or "application/octet-stream", "data": part.body}
    return fields, files


def _written(call: Call, field: bytes) -> Document:
    try:
        document = jsonwire.loads(field)
    except ValueError as error:
        raise BadRequest("invalid UTF-8 JSON") from error
    if not isinstance(document, dict):
        raise BadRequest("Document must be a JSON object")
    check_form(document)
    rev = call.rev(document)
    return document if rev is None else {**document, "_rev": rev}


def _named(call: Call, doc_id: str, field: bytes | None) -> Document:
    rev = str(parse_rev((field or b"").decode(errors="replace")))
    try:
        return call.database.get(doc_id, rev=rev)
    except NotFound as error:
        raise Conflict from error
