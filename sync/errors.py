"""Every way a database or a peer can fail, named by who can act on it."""

from __future__ import annotations


class SyncError(Exception):
    """The root of all errors of this package. `str(error)` is a sentence for the person who can act."""


class PeerUnreachable(SyncError):
    """No answer, or one that says "later": wait and try again. `retry_after_s` when the peer named a time, `status`
    when it answered at all.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.status = status


class PeerRefused(SyncError):
    """The peer understood and said no: a person must act (sign in again, ask for a grant, free space)."""

    def __init__(self, message: str, *, status: int, error: str, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.reason = reason


class PeerMisbehaved(SyncError):
    """The peer broke the protocol, or something between us and it did (a captive portal's page)."""


class StoreCorrupt(SyncError):
    """The file is not what we wrote: stop, keep the file, tell the person."""


class StoreFull(SyncError):
    """No space left on the device: nothing of this write was kept; free space and repeat it."""


class DatabaseError(SyncError):
    """A request refused in CouchDB's own words: HTTP `status`, `error` and `reason` as CouchDB gives them."""

    status = 500
    error = "internal_server_error"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadRequest(DatabaseError):
    """The request itself is wrong (JSON, a revision's form, an id, a parameter)."""

    status = 400
    error = "bad_request"


class DocumentInvalid(BadRequest):
    """A document's members that begin with `_` are not what CouchDB knows."""

    error = "doc_validation"


class IllegalDocumentId(BadRequest):
    """A document's id is no text, empty, or begins with `_`."""

    error = "illegal_docid"


class IllegalDatabaseName(BadRequest):
    """A name that CouchDB would not give to a database."""

    error = "illegal_database_name"


class Unauthorized(DatabaseError):
    """Who asks is not known, or no longer."""

    status = 401
    error = "unauthorized"


class Forbidden(DatabaseError):
    """Who asks is known and may not. The reason names field and rule."""

    status = 403
    error = "forbidden"


class NotFound(DatabaseError):
    """No such database, document, revision or attachment. The reason is `missing` or `deleted` for documents."""

    status = 404
    error = "not_found"


class Conflict(DatabaseError):
    """The parent revision given is not a leaf."""

    status = 409
    error = "conflict"

    def __init__(self, reason: str = "Document update conflict.") -> None:
        super().__init__(reason)


class FileExists(DatabaseError):
    """The database to be created is there already."""

    status = 412
    error = "file_exists"


class MissingStub(DatabaseError):
    """An attachment was sent as a stub whose bytes this database does not hold."""

    status = 412
    error = "missing_stub"


class TooLarge(DatabaseError):
    """The body is over a named limit, which the reason states."""

    status = 413
    error = "too_large"


class DocumentTooLarge(TooLarge):
    """One document is."""

    error = "document_too_large"


class NotImplementedHere(DatabaseError):
    """A part of CouchDB's API this peer leaves out; the reason says which."""

    status = 501
    error = "not_implemented"
