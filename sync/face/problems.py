"""Errors of the wire in CouchDB's words: `{"error", "reason"}` and a status. They say nothing a caller may not know."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException

from sync.errors import (
    DatabaseError,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    StoreFull,
    SyncError,
)

# What a document's entry in a batch means when the document was asked for alone.
_STATUS_OF_WORD = {
    "bad_request": 400,
    "illegal_docid": 400,
    "doc_validation": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "missing_stub": 412,
    "too_large": 413,
    "document_too_large": 413,
}


class WireError(DatabaseError):
    """A refusal that only HTTP knows: a method, a content type, a parameter."""

    def __init__(self, status: int, error: str, reason: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.error = error
        self.headers = headers or {}


def left_out(what: str) -> WireError:
    """A part of CouchDB's API this peer does not serve. `what` is a whole sentence."""
    return WireError(501, "not_implemented", what)


def method_not_allowed(*methods: str) -> WireError:
    allowed = ",".join(methods)
    return WireError(405, "method_not_allowed", f"Only {allowed} allowed", headers={"Allow": allowed})


def bad_parameter(name: str, expected: str) -> WireError:
    return WireError(400, "query_parse_error", f"Invalid value for `{name}`: {expected} expected.")


def of_entry(entry: dict[str, Any]) -> WireError:
    """The error a batch reported for the one document it held."""
    word = str(entry.get("error", "internal_server_error"))
    return WireError(_STATUS_OF_WORD.get(word, 500), word, str(entry.get("reason", "")))


def describe(error: Exception) -> tuple[int, dict[str, str], dict[str, str]] | None:
    """Status, body and headers for `error`, or None when it is a defect of ours and must be seen as one."""
    headers: dict[str, str] = {}
    if isinstance(error, WireError):
        return error.status, {"error": error.error, "reason": error.reason}, error.headers
    if isinstance(error, DatabaseError):
        return error.status, {"error": error.error, "reason": error.reason}, headers
    if isinstance(error, RecursionError):
        return 400, {"error": "bad_request", "reason": "The document is nested too deeply."}, headers
    if isinstance(error, HTTPException):
        word = (error.name or "error").lower().replace(" ", "_")
        return error.code or 500, {"error": word, "reason": error.description or ""}, headers
    if isinstance(error, SyncError):
        return _describe_behind(error)
    return None


def _describe_behind(error: SyncError) -> tuple[int, dict[str, str], dict[str, str]] | None:
    """Failures of what stands behind the face: its disk, or the CouchDB of a cluster. Its words stay with us."""
    if isinstance(error, PeerUnreachable):
        seconds = max(1, round(error.retry_after_s or 10))
        body = {"error": "service_unavailable", "reason": "The database behind this server does not answer; try again."}
        return 503, body, {"Retry-After": str(seconds)}
    if isinstance(error, (PeerRefused, PeerMisbehaved)):
        reason = "The database behind this server refused; its operator must act."
        return 502, {"error": "bad_gateway", "reason": reason}, {}
    if isinstance(error, StoreFull):
        return 507, {"error": "insufficient_storage", "reason": "The server's disk is full; nothing was written."}, {}
    return None
