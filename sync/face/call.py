"""One request as the handlers see it: decoded path, typed parameters, a bounded body, the database opened once.

It is the border: what comes from here has been checked. It must never know what an endpoint does.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import quote, unquote_to_bytes

from flask import Request
from werkzeug.exceptions import HTTPException

from sync import jsonwire
from sync.database import Database, Document
from sync.errors import BadRequest, TooLarge
from sync.face.limits import Limits
from sync.face.problems import WireError
from sync.revisions import parse_rev

_PIECE_BYTES = 64 * 1024
# Beyond this many nothing is counted: what is larger means the same.
WHOLE_MAX = 2**53
# What a proxy says it was asked for, and nothing that would be more than a host.
_HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?", re.ASCII)


@dataclass(slots=True)
class Call:
    """The request, the path below the database as decoded segments, and how to open the database."""

    request: Request
    limits: Limits
    db_name: str
    segments: tuple[str, ...]
    open_database: Callable[[str], Database]
    mount: str = ""
    packs: bool = True
    # How long its body was in coming.
    body_s: float = 0.0
    _database: Database | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        """GET for HEAD too: the server drops the body. A POST may stand for a method its sender's proxy forbids."""
        if self.request.method == "POST":
            return self.request.headers.get("X-HTTP-Method-Override", "POST").upper()
        return "GET" if self.request.method == "HEAD" else self.request.method

    @property
    def database(self) -> Database:
        """Opened once a request; raises what the opener raises (NotFound, Unauthorized, Forbidden)."""
        if self._database is None:
            self._database = self.open_database(self.db_name)
        return self._database

    @property
    def has_body(self) -> bool:
        return bool(self.request.content_length) or "Transfer-Encoding" in self.request.headers

    # Parameters

    def text(self, *names: str) -> str | None:
        """The first of `names` that the query holds; of one that it holds several times, the last."""
        for name in names:
            if values := self.request.args.getlist(name):
                return values[-1]
        return None

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise WireError(400, "query_parse_error", f"Invalid boolean parameter: {as_told(value)}")
        return value.lower() == "true"

    def option(self, name: str) -> bool:
        """Whether `name=true` is asked for. Anything else is not, as CouchDB reads the options of documents."""
        return "true" in self.request.args.getlist(name)

    def whole(self, name: str) -> int | None:
        """A whole number of at least 0; one beyond all that is kept counts as the greatest there is."""
        value = self.text(name)
        if value is None:
            return None
        value = value.removeprefix("+")
        if not (value.isascii() and value.isdigit()):
            kind = "positive integer" if value[:1] == "-" and value[1:].isdigit() else "integer"
            raise WireError(400, "query_parse_error", f"Invalid value for {kind}: {as_told(value)}")
        return int(value) if self.is_whole(value) else WHOLE_MAX

    @staticmethod
    def is_whole(value: str) -> bool:
        return value.isascii() and value.isdigit() and len(value) < 16

    def json(self, *names: str) -> Any:
        """A JSON parameter, or None where it is absent."""
        value = self.text(*names)
        if value is None:
            return None
        try:
            unquote_to_bytes(self.request.query_string).decode()  # what is no UTF-8 has been replaced in `value`
            return jsonwire.loads(value.encode())
        except ValueError as error:
            raise BadRequest("invalid UTF-8 JSON") from error

    def rev(self, body: Mapping[str, Any] | None = None) -> str | None:
        """The revision named by `?rev=`, If-Match or the body; they must agree."""
        in_body, in_query = body.get("_rev") if body else None, self.text("rev")
        etag = self.request.headers.get("If-Match") or None
        etag = etag and etag.strip('"')
        if None is not in_body != in_query is not None:
            raise BadRequest("Document rev from request body and query string have different values")
        told = in_query if in_body is None else in_body
        if None is not told != etag is not None:
            raise BadRequest("Document rev and etag have different values")
        return etag if told is None else told

    def rev_named(self) -> str | None:
        """The revision that `rev` names. Raises BadRequest."""
        told = self.text("rev")
        return None if told is None else str(parse_rev(told))

    def revisions(self, name: str) -> list[str]:
        """The revisions that the parameter `name` lists. Raises BadRequest."""
        told = self.json(name)
        if not isinstance(told, list):
            raise BadRequest("Invalid list of revisions")
        return [str(parse_rev(each)) for each in told]

    def open_revs(self) -> Literal["all"] | list[str]:
        """The revisions that `open_revs` asks for, each once; none where it is absent. Raises BadRequest."""
        told = self.text("open_revs")
        if told is None:
            return []
        if told == "all":
            return "all"
        revs = self.revisions("open_revs")
        if len(revs) > self.limits.bulk_get_max:
            raise BadRequest(f"open_revs takes at most {self.limits.bulk_get_max} revisions.")
        return list(dict.fromkeys(revs))

    def known_revs(self) -> list[str]:
        """What the caller has already, by `atts_since`."""
        return [] if self.text("atts_since") is None else self.revisions("atts_since")

    # The body

    def body(self) -> bytes:
        """The whole body, gunzipped if it says so. TooLarge beyond the limits, before more than that is in memory."""
        began = time.monotonic()
        try:
            return self._whole_body()
        finally:
            self.body_s += time.monotonic() - began

    def _whole_body(self) -> bytes:
        encoding = (self.request.headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise WireError(415, "bad_content_type", f"{encoding} is not a supported content encoding.")
        declared = self.request.content_length
        if declared is not None and declared > self.limits.body_bytes_max:
            raise _over(self.limits.body_bytes_max)
        pieces: list[bytes] = []
        received_bytes = inflated_bytes = 0
        gunzip = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        while piece := self._read():
            received_bytes += len(piece)
            if received_bytes > self.limits.body_bytes_max:
                raise _over(self.limits.body_bytes_max)
            if gunzip is not None:
                try:
                    piece = gunzip.decompress(piece, self.limits.inflated_bytes_max - inflated_bytes + 1)
                except zlib.error as error:
                    raise BadRequest("Request body is not properly gzipped.") from error
                inflated_bytes += len(piece)
                if inflated_bytes > self.limits.inflated_bytes_max:
                    raise _over(self.limits.inflated_bytes_max)
            pieces.append(piece)
        if gunzip is not None and received_bytes and not gunzip.eof:
            raise BadRequest("The gzip body ends before its end.")
        return b"".join(pieces)

    def _read(self) -> bytes:
        try:
            return self.request.stream.read(_PIECE_BYTES)
        except HTTPException:
            raise
        except Exception as error:
            # Chunks that are none, or a connection that broke: whichever server reads them for us says it so.
            raise BadRequest("The body breaks off, or its chunks are not what they say.") from error

    def require_json(self) -> None:
        """Raises 415 unless the body is said to be JSON."""
        if self.request.mimetype != "application/json":
            raise WireError(415, "bad_content_type", "Content-Type must be application/json")

    def json_body(self, *, strict_type: bool = True) -> Any:
        """The body as JSON. `strict_type` demands the content type as CouchDB does for POST."""
        if strict_type:
            self.require_json()
        try:
            return jsonwire.loads(self.body())
        except ValueError as error:
            raise BadRequest("invalid UTF-8 JSON") from error

    def json_object(self, *, strict_type: bool = True, what: str = "Request body") -> Document:
        value = self.json_body(strict_type=strict_type)
        if not isinstance(value, dict):
            raise BadRequest(f"{what} must be a JSON object")
        return cast("Document", value)

    def accepts(self, mimetype: str) -> bool:
        """Whether the caller takes `mimetype`, as CouchDB understands it: who does not say takes anything."""
        kind = mimetype.partition("/")[0]
        named = [value.split(";")[0].strip().lower() for value, _ in self.request.accept_mimetypes]
        return "Accept" not in self.request.headers or any(value in (mimetype, f"{kind}/*", "*/*") for value in named)

    def location(self, *path: str) -> dict[str, str]:
        """The header that says where what was written is, `path` below the database."""
        parts = [self.db_name, *path]
        below = "/".join(quote(part, safe="") for part in parts)
        told = self.request.headers
        tls = told.get("X-Forwarded-Ssl") == "on" or told.get("X-Forwarded-Proto") == "https"
        scheme = "https" if tls else self.request.scheme
        return {"Location": f"{scheme}://{self.host}{self.mount}/{below}"}

    @property
    def host(self) -> str:
        """This server's name, as the caller or a proxy before us calls it."""
        host = self.request.headers.get("X-Forwarded-Host", "")
        return host if _HOST.fullmatch(host) else self.request.host


def as_told(value: Any) -> str:
    """A parameter as CouchDB quotes it back, in Erlang's spelling: text of a query as it is, in JSON as `<<"…">>`."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if not isinstance(value, str):
        return str(value)[:80]
    return '"' + value[:80].replace("\\", "\\\\").replace('"', '\\"') + '"' if value else "[]"


def _over(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The body is over {limit_bytes // (1024 * 1024)} MiB; send it in smaller batches.")


def strings(value: Any, name: str) -> list[str]:
    """`value` as a list of strings, or BadRequest."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRequest(f"`{name}` must be an array of strings.")
    return value
