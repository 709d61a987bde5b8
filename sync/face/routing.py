"""From the raw request target to segments: pure.

CouchDB's ids may hold `/` (sent as `%2F`) and attachment names any Unicode, and WSGI decodes `%2F` before routing sees
it. So the target is taken as it was sent, split at real slashes, and each segment decoded alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from sync.errors import BadRequest

_DB_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
DB_NAME_CHARS_MAX = 238  # CouchDB's own


def raw_path(environ: Mapping[str, Any]) -> str:
    """The target's path as the client sent it. gunicorn gives RAW_URI, others REQUEST_URI, both sometimes absolute."""
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/"))
    path = target.partition("?")[0].partition("#")[0]
    if "://" in path[: path.find("/", 1) + 2]:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return path


def segments_below(prefix: str, path: str) -> tuple[str, ...]:
    """The decoded segments of `path` below the mount `prefix`. Raises BadRequest if they are not percent-encoded.

    What is no UTF-8 becomes halves of surrogate pairs, which no id or name may hold (`is_text`). Several slashes are
    one and one at the end is none, as to CouchDB. A plus sign is a space, as CouchDB 3 reads it: who means a plus sends
    `%2B`.
    """
    depth = len([part for part in prefix.split("/") if part])
    parts = [part for part in path.split("/") if part][depth:]
    check_escapes(*parts)
    return tuple(unquote_to_bytes(part.replace("+", " ")).decode(errors="surrogateescape") for part in parts)


def check_escapes(*sent: str) -> None:
    """Raises BadRequest where a percent sign begins nothing."""
    if any(map(_BROKEN_ESCAPE.search, sent)):
        raise BadRequest("invalid_url_encoding")


def is_text(segment: str) -> bool:
    """Whether what was sent is UTF-8."""
    return segment.isascii() or segment.encode(errors="replace").decode() == segment


def is_db_name(name: str) -> bool:
    return len(name) <= DB_NAME_CHARS_MAX and _DB_NAME.fullmatch(name) is not None


def document_and_rest(segments: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The document's id, and what stands behind it. `_design` and `_local` ids come with a real slash as well."""
    if segments[0] in ("_design", "_local") and len(segments) > 1:
        return f"{segments[0]}/{segments[1]}", segments[2:]
    return segments[0], segments[1:]
