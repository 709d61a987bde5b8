"""Answers: JSON whole or in pieces, gzipped where that pays. CouchDB gzips neither `_changes` nor `_bulk_get`; on a
phone's link they are most of the bytes (100 score documents: 35.9 → 8.3 KB).
"""

from __future__ import annotations

import gzip
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from flask import Response, stream_with_context

from sync import jsonwire
from sync.face.call import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers

# Pulling from the face, packing is half of its work: level 4 takes two thirds of level 5's time for 3 % more bytes.
_LEVEL = 4
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_NO_CACHE = {"Cache-Control": "must-revalidate", "X-Content-Type-Options": "nosniff"}


class _Unchanged(Response):
    """304 with the length of its body, which is none: CouchDB's clients look for it."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Content-Length"] = "0"
        return headers


def json_answer(call: Call, value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as CouchDB sends JSON: with a newline at the end, for people with curl."""
    response = Response(status=status, mimetype="application/json", headers={**_NO_CACHE, **(headers or {})})
    return _whole(call, response, jsonwire.dumps(value) + b"\n")


def request_id(asked: Headers) -> str:
    """What an answer calls its request, `asked` being that one's headers. A caller may name it, to find it in logs."""
    named = asked.get("X-Couch-Request-ID", "")
    return named if _REQUEST_ID.fullmatch(named) else secrets.token_hex(5)


# What CouchDB keeps for who prefers little, and what the body cannot be read or shown safely without.
_MINIMAL = frozenset({
    "cache-control", "content-length", "content-range", "content-type", "etag", "transfer-encoding", "vary",
    "content-encoding", "content-security-policy", "x-content-type-options", "x-accel-buffering", "retry-after",
    "www-authenticate", "set-cookie",
})  # fmt: skip


def minimise(response: Response) -> None:
    """Take out of `response` the headers that its reader said he can do without."""
    for name in {name for name, _ in response.headers if name.lower() not in _MINIMAL}:
        del response.headers[name]


def unchanged(call: Call, etag: str) -> Response | None:
    """304, where the caller has what `etag` names already."""
    had = [each.strip().removeprefix("W/") for each in call.request.headers.get("If-None-Match", "").split(",")]
    return _Unchanged(status=304, headers={"ETag": etag}) if etag in had or "*" in had else None


def json_pieces(call: Call, pieces: Iterator[bytes]) -> Response:
    """JSON of any length, made while it is sent; a short one is sent whole, with its length."""
    response = Response(mimetype="application/json", headers=_NO_CACHE)
    begun, is_all = _begun(call, pieces)
    if is_all:
        return _whole(call, response, begun)
    pieces = chain([begun], pieces)
    response.headers.add("Vary", "Accept-Encoding")
    if _accepts_gzip(call):
        pieces = _gzip(pieces)
        response.headers["Content-Encoding"] = "gzip"
    response.response = stream_with_context(pieces)
    return response


def parts_answer(call: Call, pieces: Iterator[bytes], *, content_type: str, headers: Mapping[str, str]) -> Response:
    """A document and its attachments, as they come; a short one is sent whole, with its length."""
    begun, is_all = _begun(call, pieces)
    if is_all:
        return Response(begun, content_type=content_type, headers={**_NO_CACHE, **headers})
    return stream_answer(chain([begun], pieces), content_type=content_type, headers=headers)


def stream_answer(
    pieces: Iterable[bytes],
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Pieces as they come, each sent at once; the request's context stays open until the last."""
    response = Response(content_type=content_type, headers={**_NO_CACHE, **(headers or {})})
    # One flow of bytes from generator to socket: proxies must not collect it (nginx reads this header).
    response.headers["X-Accel-Buffering"] = "no"
    response.response = stream_with_context(iter(pieces))
    return response


def _begun(call: Call, pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first of `pieces`, and whether there are no more."""
    begun: list[bytes] = []
    begun_bytes = 0
    while begun_bytes < call.limits.whole_bytes:
        piece = next(pieces, None)
        if piece is None:
            return b"".join(begun), True
        begun.append(piece)
        begun_bytes += len(piece)
    return b"".join(begun), False


def _whole(call: Call, response: Response, body: bytes) -> Response:
    if len(body) >= call.limits.gzip_from_bytes:
        response.headers.add("Vary", "Accept-Encoding")
        if _accepts_gzip(call):
            body = gzip.compress(body, _LEVEL, mtime=0)
            response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    return response


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL, wbits=31)
    for piece in pieces:
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()


def _accepts_gzip(call: Call) -> bool:
    return call.packs and call.request.accept_encodings["gzip"] > 0
