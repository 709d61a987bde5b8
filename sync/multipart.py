"""Multipart bodies as CouchDB writes and reads them: pure, bytes in and bytes out.

`multipart/related` is one document: its JSON first, then the bytes of each attachment marked `"follows": true`, in the
order of `_attachments`. `multipart/mixed` is several answers of `open_revs`, each JSON or such a document. It knows no
HTTP and no database.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync import jsonwire

_BOUNDARY_BYTES_MAX = 200  # RFC 2046 allows 70; CouchDB's are 32


class Malformed(ValueError):
    """The bytes are not the multipart body they claim to be."""


class TooManyParts(Malformed):
    """More parts than the reader allows."""


@dataclass(frozen=True, slots=True)
class Part:
    """Headers with lower-case names, and the body."""

    headers: dict[str, str]
    body: bytes


def boundary_of(content_type: str) -> str:
    """The boundary a content type names. Raises Malformed."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "boundary":
            boundary = value.strip().strip('"')
            if 0 < len(boundary) <= _BOUNDARY_BYTES_MAX and boundary.isascii():
                return boundary
    raise Malformed("The content type names no boundary.")


def split(body: bytes, boundary: str, *, parts_max: int | None = None) -> list[Part]:
    """The parts between the boundaries; what stands before the first and after the last is ignored (RFC 2046)."""
    delimiter = b"\r\n--" + boundary.encode()
    whole = b"\r\n" + body
    if parts_max is not None and whole.count(delimiter) > parts_max + 1:
        raise TooManyParts(f"The body has over {parts_max} parts.")
    pieces = whole.split(delimiter)
    if len(pieces) < 2:
        raise Malformed("The body does not hold the boundary its content type names.")
    parts: list[Part] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        # Spaces may follow a boundary; then the line ends.
        line, newline, rest = piece.partition(b"\r\n")
        if not newline or line.strip():
            raise Malformed("A boundary line is not ended.")
        parts.append(_part(rest))
    raise Malformed("The body ends before its last boundary.")


def _part(piece: bytes) -> Part:
    if piece.startswith(b"\r\n"):  # no headers at all
        return Part({}, piece[2:])
    head, found, body = piece.partition(b"\r\n\r\n")
    if not found:
        raise Malformed("A part has no end to its headers.")
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Part(headers, body)


def read_document(
    body: bytes, content_type: str, *, inflated_bytes_max: int, parts_max: int | None = None
) -> dict[str, Any]:
    """The document of a `multipart/related` body, its attachments inline as bytes. Raises Malformed.

    `inflated_bytes_max` is for all of its attachments together.

    A part that CouchDB stored compressed comes with `"encoding": "gzip"`; it is kept as what it decodes to.
    """
    parts = split(body, boundary_of(content_type), parts_max=parts_max)
    if not parts:
        raise Malformed("The body has no parts.")
    try:
        document = jsonwire.loads(parts[0].body)
    except ValueError as error:
        raise Malformed("invalid UTF-8 JSON") from error
    if not isinstance(document, dict):
        raise Malformed("Document must be a JSON object")
    attachments = document.get("_attachments") or {}
    if not isinstance(attachments, dict) or not all(isinstance(entry, dict) for entry in attachments.values()):
        raise Malformed("`_attachments` must be an object of objects.")
    following = [name for name, entry in attachments.items() if entry.get("follows") is True]
    if len(following) > len(parts) - 1:
        raise Malformed("attachment shorter than expected")
    if len(following) < len(parts) - 1:
        raise Malformed(f"{len(following)} attachments follow by name, {len(parts) - 1} by their bytes.")
    left_bytes = inflated_bytes_max
    for name, part in zip(following, parts[1:], strict=True):
        attachments[name] = _inline(attachments[name], part.body, inflated_bytes_max=left_bytes)
        left_bytes -= len(attachments[name]["data"]) if attachments[name]["data"] is not part.body else 0
    return document


def _inline(entry: dict[str, Any], content: bytes, *, inflated_bytes_max: int) -> dict[str, Any]:
    told = entry.get("encoded_length") if "encoding" in entry else entry.get("length")
    if isinstance(told, int) and told != len(content):
        raise Malformed(f"attachment {'shorter' if len(content) < told else 'longer'} than expected")
    kept = {name: value for name, value in entry.items() if name not in ("follows", "encoding", "encoded_length")}
    if entry.get("encoding") == "gzip":
        content = _gunzip(content, inflated_bytes_max)
        kept["length"] = len(content)
        kept.pop("digest", None)  # it was of the compressed bytes
    kept["data"] = content
    return kept


def _gunzip(content: bytes, bytes_max: int) -> bytes:
    gunzip = zlib.decompressobj(wbits=31)
    try:
        plain = gunzip.decompress(content, bytes_max + 1)
    except zlib.error as error:
        raise Malformed("An attachment is not gzip, as its encoding says it is.") from error
    if len(plain) > bytes_max or not gunzip.eof:
        raise Malformed("A compressed attachment is too large or cut off.")
    return plain


@dataclass(frozen=True, slots=True)
class Following:
    """The bytes of one attachment, to be written behind its document."""

    name: str
    content_type: str
    length: int
    chunks: Iterator[bytes]


def write_document(document: dict[str, Any], following: Iterator[Following], boundary: str) -> Iterator[bytes]:
    """A `multipart/related` body. `following` must come in the order of `_attachments`."""
    yield f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + jsonwire.dumps(document)
    for attachment in following:
        name = _one_line(attachment.name.replace("\\", "\\\\").replace('"', '\\"'))
        content_type = _one_line(attachment.content_type)
        yield (
            f'\r\n--{boundary}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            f"Content-Type: {content_type}\r\nContent-Length: {attachment.length}\r\n\r\n"
        ).encode()
        yield from attachment.chunks
    yield f"\r\n--{boundary}--".encode()


def write_mixed(parts: Iterator[tuple[dict[str, str], Iterator[bytes]]], boundary: str) -> Iterator[bytes]:
    """A `multipart/mixed` body of (headers, bytes)."""
    yield f"--{boundary}".encode()
    for headers, chunks in parts:
        for name, value in headers.items():
            yield f"\r\n{name}: {_one_line(value)}".encode()
        yield b"\r\n\r\n"
        yield from chunks
        yield f"\r\n--{boundary}".encode()
    yield b"--"


def _one_line(text: str) -> str:
    """Without what would end a header."""
    return text.replace("\r", "").replace("\n", "")


def related_body(
    document: dict[str, Any], contents: dict[str, bytes], boundary: str, *, compress: bool = False
) -> bytes:
    """A whole `multipart/related` body, as CouchDB's replicator pushes one: for peers that hold the bytes already."""
    entries: dict[str, Any] = {}
    following: list[Following] = []
    for name, entry in document.get("_attachments", {}).items():
        if name not in contents:
            entries[name] = entry
            continue
        sent = gzip.compress(contents[name]) if compress else contents[name]
        kept = {key: value for key, value in entry.items() if key not in ("stub", "data")}
        kept |= {"follows": True, "length": len(contents[name])}
        if compress:
            kept |= {"encoding": "gzip", "encoded_length": len(sent)}
        entries[name] = kept
        following.append(Following(name, str(entry.get("content_type", "")), len(sent), iter([sent])))
    return b"".join(write_document({**document, "_attachments": entries}, iter(following), boundary))
