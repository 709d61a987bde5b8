"""Endpoints of one attachment: read it whole or from where the link broke, write it, delete it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Response

from sync.database import Attachment, Document
from sync.documents import digest_of
from sync.errors import BadRequest, Conflict, NotFound
from sync.face.answer import json_answer, stream_answer, unchanged
from sync.face.call import Call
from sync.face.problems import WireError, method_not_allowed

# Python reads no number of more than 4,300 digits; a range that far out begins beyond the end of anything.
_ONE_RANGE = re.compile(r"bytes=(\d{0,4000})-(\d{0,4000})", re.ASCII)


def attachment(call: Call, doc_id: str, name: str) -> Response:
    """GET, PUT and DELETE `/{db}/{id}/{name}`; the name may hold slashes, sent as they are or as `%2F`."""
    if call.method == "GET":
        return _get(call, doc_id, name)
    if call.method == "PUT":
        return _put(call, doc_id, name)
    if call.method == "DELETE":
        return _delete(call, doc_id, name)
    raise method_not_allowed("DELETE", "GET", "HEAD", "PUT")


def _get(call: Call, doc_id: str, name: str) -> Response:
    found = call.database.attachment(doc_id, name, rev=call.text("rev"))
    # Without the name of the hash, as CouchDB has it.
    etag = f'"{found.digest.removeprefix("md5-")}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        # Whatever a stranger attached must not run as a page of ours.
        "Content-Security-Policy": "sandbox",
    }
    if (had := unchanged(call, etag)) is not None:
        return had
    wanted = byte_range(call.request.headers.get("Range"), found.length)
    if call.request.headers.get("If-Range", etag) != etag:
        wanted = None
    if wanted is None:
        headers["Content-Length"] = str(found.length)
        return _send(found, found.chunks, headers)
    start, end = wanted
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.length}"
    headers["Content-Length"] = str(end - start)
    response = _send(found, _cut(found.chunks, start, end), headers)
    response.status_code = 206
    return response


def _send(found: Attachment, chunks: Iterator[bytes], headers: dict[str, str]) -> Response:
    return stream_answer(chunks, content_type=_header_safe(found.content_type), headers=headers)


def _header_safe(content_type: str) -> str:
    safe = content_type.isascii() and content_type.isprintable() and content_type
    return content_type if safe else "application/octet-stream"


def byte_range(header: str | None, length: int) -> tuple[int, int] | None:
    """[start, end) of the one range asked for; None to send it whole (as RFC 9110 allows for what we do not read).

    Raises 416 when it begins beyond the end.
    """
    match = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:  # the last n bytes
        start, end = max(0, length - int(last)), length
    else:
        start, end = int(first), min(length, int(last) + 1 if last else length)
    if first == "0" and not last:  # all of it: as if nothing had been said
        return None
    if start >= end:
        raise WireError(
            416,
            "requested_range_not_satisfiable",
            "Requested range not satisfiable",
            headers={"Content-Range": f"bytes */{length}"},
        )
    return start, end


def _cut(chunks: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    at = 0
    for chunk in chunks:
        if at + len(chunk) > start:
            yield chunk[max(0, start - at) : end - at]
        at += len(chunk)
        if at >= end:
            return


def _put(call: Call, doc_id: str, name: str) -> Response:
    if name.startswith("_"):
        raise BadRequest(f"Attachment name '{name}' starts with prohibited character '_'")
    if (call.request.headers.get("Content-Encoding") or "identity").strip().lower() not in ("identity", "gzip"):
        raise WireError(415, "bad_content_type", "Only gzip and identity content-encodings are supported")
    content = call.body()
    _check_md5(call.request.headers.get("Content-MD5"), content)
    document = _parent(call, doc_id)
    attachments = dict(document.get("_attachments", {}))
    attachments[name] = {
        "content_type": call.request.headers.get("Content-Type", "application/octet-stream"),
        "data": content,
    }
    rev = call.database.put({**document, "_attachments": attachments})
    told = {"ok": True, "id": doc_id, "rev": rev}
    return json_answer(call, told, status=201, headers=call.location(doc_id, name))


def _check_md5(told: str | None, content: bytes) -> None:
    if told is None or told.strip() == "trailer":  # it comes behind the last chunk, which WSGI does not tell
        return
    if "md5-" + told.strip() != digest_of(content):
        raise WireError(400, "content_md5_mismatch", "Possible message corruption.")


def _delete(call: Call, doc_id: str, name: str) -> Response:
    document = _parent(call, doc_id)
    if "_rev" not in document:
        raise NotFound("missing")
    attachments = dict(document.get("_attachments", {}))
    if attachments.pop(name, None) is None:
        raise NotFound("Document is missing attachment")
    kept = {**document, "_attachments": attachments}
    if not attachments:
        del kept["_attachments"]
    return json_answer(call, {"ok": True, "id": doc_id, "rev": call.database.put(kept)})


def _parent(call: Call, doc_id: str) -> Document:
    """The revision the change builds on: the one named; none for a new document; else a conflict."""
    rev = call.rev()
    if rev is not None:
        try:
            return call.database.get(doc_id, rev=rev)
        except NotFound as error:
            raise WireError(409, "not_found", "missing_rev") from error
    try:
        call.database.get(doc_id)
    except NotFound:
        return {"_id": doc_id}
    raise Conflict
