"""A document as CouchDB's JSON has it, taken apart for writing and put together for reading.

Input is checked here, once; behind this border bodies are canonical JSON without members that begin with `_`, and
attachments have digests. It must never know where documents are kept or what they mean.

An attachment comes in as a stub (`"stub": true`), as base64 text in `data`, or as raw `bytes` in `data`: the last is
how this process hands over what arrived outside of JSON (multipart, a camera).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sync.canonical import canonical_json, parse_json
from sync.database import Document
from sync.errors import BadRequest, DocumentInvalid, DocumentTooLarge, IllegalDocumentId, TooLarge
from sync.revisions import Path, Rev, new_revision, parse_path, parse_rev

DOCUMENT_BYTES_MAX = 8_000_000
"""CouchDB's default `max_document_size`: what we would keep beyond it could not be replicated there."""

ATTACHMENT_BYTES_MAX = 256 * 2**20
"""An attachment passes through memory whole, on the phone too; CouchDB's own limit is 1 GiB."""

DOCUMENT_ID_BYTES_MAX = 7_168
"""Longer ids do not fit a request line of 8 KiB, percent-encoding aside."""

LOCAL_PREFIX = "_local/"

# What CouchDB's replicator writes into the documents of its jobs, and who may see one: kept as any other member.
_KEPT_MEMBERS = frozenset(
    ("_access", *(f"_replication_{each}" for each in ("id", "state", "state_time", "state_reason", "stats")))
)

_KNOWN_MEMBERS = frozenset({"_id", "_rev", "_deleted", "_revisions", "_attachments"})
# What CouchDB answers of a document on request, and ignores when a client sends it back.
_IGNORED_MEMBERS = frozenset({"_conflicts", "_deleted_conflicts", "_revs_info", "_local_seq"})


# Lines of base64 may be broken, and CouchDB reads them.
_BLANKS = str.maketrans("", "", " \t\r\n")


@dataclass(frozen=True, slots=True)
class Blob:
    """An attachment that is kept: everything but its bytes, which its digest finds."""

    content_type: str
    digest: str
    length: int
    revpos: int

    @property
    def identity(self) -> list[str]:
        """What makes two attachments of one name the same, for revision ids."""
        return [self.content_type, self.digest]


@dataclass(frozen=True, slots=True)
class Upload:
    """An attachment that comes with its bytes. `revpos` is None unless a replicator named it."""

    content_type: str
    data: bytes
    digest: str
    revpos: int | None

    def blob(self, generation: int, *, told: bool) -> Blob:
        return Blob(self.content_type, self.digest, len(self.data), (told and self.revpos) or generation)


@dataclass(frozen=True, slots=True)
class Stub:
    """An attachment that is said to be here already. `digest` and `revpos` are None where the sender did not say."""

    digest: str | None
    revpos: int | None = None


class Draft(NamedTuple):
    """A document to be written. `rev` is the `_rev` it came with, which an ordinary edit builds on."""

    doc_id: str
    rev: Rev | None
    deleted: bool
    body: bytes
    attachments: dict[str, Upload | Stub]


@dataclass(frozen=True, slots=True)
class Stored:
    """One leaf of a document, as a database keeps it."""

    doc_id: str
    rev: Rev
    deleted: bool
    body: bytes
    attachments: dict[str, Blob]


def check_id(doc_id: object) -> str:
    """`doc_id` as CouchDB allows it. Raises IllegalDocumentId."""
    if not isinstance(doc_id, str):
        raise IllegalDocumentId("Document id must be a string")
    if not doc_id:
        raise IllegalDocumentId("Document id must not be empty")
    if doc_id[0] == "_" and not doc_id.startswith(("_design/", LOCAL_PREFIX)):
        raise IllegalDocumentId("Only reserved document ids may start with underscore.")
    if doc_id in {"_design/", LOCAL_PREFIX}:
        raise IllegalDocumentId(f"Illegal document id `{doc_id}`")
    try:
        length = len(doc_id.encode())
    except UnicodeEncodeError as error:
        raise IllegalDocumentId("Document id holds half of a UTF-16 surrogate pair") from error
    if length > DOCUMENT_ID_BYTES_MAX:
        raise IllegalDocumentId(f"Document id is longer than {DOCUMENT_ID_BYTES_MAX} bytes")
    return doc_id


def take_apart(document: Mapping[str, Any], *, rev: Rev | None = None) -> Draft:
    """Check a document and split it. Raises BadRequest, or TooLarge, with a reason its sender can act on.

    `rev` is the revision of a document whose history has been read (`claimed_path`) already.
    """
    if type(document) is not dict and not isinstance(document, Mapping):  # the first is quick, and the rule
        raise BadRequest("Document must be a JSON object")
    doc_id = check_id(document.get("_id"))
    members = {**document}
    try:
        special = [name for name in members if name[:1] == "_"]
    except TypeError as error:
        raise BadRequest("Names of members must be text.") from error
    for name in special:
        if name in _KEPT_MEMBERS:
            continue
        if name not in _KNOWN_MEMBERS and name not in _IGNORED_MEMBERS:
            raise DocumentInvalid(f"Bad special document member: {name}")
        del members[name]
    body = canonical_json(members)
    if len(body) > DOCUMENT_BYTES_MAX:
        raise DocumentTooLarge(f"The document is over {DOCUMENT_BYTES_MAX} bytes.")
    if rev is None and not doc_id.startswith(LOCAL_PREFIX):
        rev = _built_on(document)
    deleted = _is_deleted(document)
    return Draft(doc_id, rev, deleted, body, _take_attachments(document.get("_attachments")))


def _built_on(document: Mapping[str, Any]) -> Rev | None:
    """The revision that an edit names: by `_rev`, or by the newest of a history it was read with."""
    if document.get("_rev") is not None:
        return parse_rev(document["_rev"])
    told = document.get("_revisions")
    names = told.get("ids") if isinstance(told, Mapping) else None
    return parse_rev(f"{told.get('start')}-{names[0]}") if told and isinstance(names, list) and names else None


def check_form(document: Mapping[str, Any]) -> None:
    """Raises BadRequest where `document` could not be one, whatever it holds: for batches refused as a whole."""
    if "_id" in document:
        check_id(document["_id"])
    for name in document:
        if name.startswith("_") and name not in _KNOWN_MEMBERS | _IGNORED_MEMBERS | _KEPT_MEMBERS:
            raise DocumentInvalid(f"Bad special document member: {name}")
    if "_rev" in document and not str(document.get("_id", "")).startswith(LOCAL_PREFIX):
        parse_rev(document["_rev"])
    _is_deleted(document)
    if "_revisions" in document:
        _check_revisions(document["_revisions"])
    attachments = document.get("_attachments", {})
    if not isinstance(attachments, Mapping):
        raise DocumentInvalid("Bad special document member: _attachments")
    for name, value in attachments.items():
        _attachment_name(name)
        if isinstance(value, Mapping) and "data" in value:
            _bytes_of(name, value["data"])


def _check_revisions(told: object) -> None:
    if not isinstance(told, Mapping):
        raise DocumentInvalid("Bad special document member: _revisions")
    start, ids = told.get("start"), told.get("ids")
    if not isinstance(start, int) or isinstance(start, bool):
        raise DocumentInvalid("_revisions.start isn't an integer.")
    if not isinstance(ids, list):
        raise DocumentInvalid("_revisions.ids isn't a array.")
    if not all(isinstance(each, str) for each in ids):
        raise DocumentInvalid("RevId isn't a string")


def _is_deleted(document: Mapping[str, Any]) -> bool:
    deleted = document.get("_deleted", False)
    if not isinstance(deleted, bool):
        raise DocumentInvalid("Bad special document member: _deleted")
    return deleted


def local_body(document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a `_local` document is kept."""
    return {name: value for name, value in document.items() if not name.startswith("_") or name in _KEPT_MEMBERS}


def claimed_path(document: Mapping[str, Any]) -> Path:
    """The history that a replicated document brings. Raises BadRequest."""
    return parse_path(document.get("_rev"), document.get("_revisions"))


def with_revision(document: Mapping[str, Any], *, parent: str | None = None) -> Document:
    """`document` with the `_rev` and `_revisions` that its content has on top of `parent`, ready for new_edits=false.

    The same content gets the same revision on every machine and in CouchDB too, so that writing it twice, or from two
    servers at once, makes one document. Attachments must come with their bytes.
    """
    draft = take_apart({name: value for name, value in document.items() if name not in {"_rev", "_revisions"}})
    below = None if parent is None else parse_rev(parent)
    identities: dict[str, list[str]] = {}
    for name, upload in draft.attachments.items():
        if isinstance(upload, Stub):
            raise BadRequest(f"The attachment {name} must come with its bytes to give the document a revision.")
        identities[name] = [upload.content_type, upload.digest]
    rev = new_revision(below, deleted=draft.deleted, body=draft.body, attachments=identities)
    path = Path(rev.generation, (rev.hash,) if below is None else (rev.hash, below.hash))
    return {**document, "_rev": str(rev), "_revisions": path.to_revisions()}


def put_together(stored: Stored) -> Document:
    """The document as its readers know it, without attachments."""
    document: Document = {"_id": stored.doc_id, "_rev": str(stored.rev)}
    if stored.deleted:
        document["_deleted"] = True
    document.update(parse_json(stored.body))
    return document


def stub(blob: Blob) -> dict[str, Any]:
    """How an attachment is named where its bytes are not sent."""
    return {
        "content_type": blob.content_type,
        "revpos": blob.revpos,
        "digest": blob.digest,
        "length": blob.length,
        "stub": True,
    }


def inline(blob: Blob, data: bytes) -> dict[str, Any]:
    """How an attachment is sent with its bytes."""
    return {
        "content_type": blob.content_type,
        "revpos": blob.revpos,
        "digest": blob.digest,
        "data": base64.b64encode(data).decode("ascii"),
    }


def digest_of(data: bytes) -> str:
    """CouchDB's name for an attachment's bytes."""
    return "md5-" + base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")


def _take_attachments(member: object) -> dict[str, Upload | Stub]:
    if member is None:
        return {}
    if not isinstance(member, Mapping):
        raise DocumentInvalid("Bad special document member: _attachments")
    return {_attachment_name(name): _take_attachment(name, value) for name, value in member.items()}


def _attachment_name(name: object) -> str:
    if not isinstance(name, str):
        raise BadRequest("Attachment name must be a text")
    if name.startswith("_"):
        raise BadRequest(f"Attachment name '{name}' starts with prohibited character '_'")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("Attachment name is not UTF-8 encoded") from error
    return name


def _bytes_of(name: str, data: object) -> bytes:
    if isinstance(data, str):
        for text in (data, data.translate(_BLANKS)):
            with contextlib.suppress(binascii.Error, ValueError):
                decoded = base64.b64decode(text, validate=True)
                # Python 3.11 takes more padding than the bytes need: such a text was cut, or is none.
                if len(text) == (len(decoded) + 2) // 3 * 4:
                    return decoded
    if not isinstance(data, bytes):
        raise BadRequest(f"Invalid attachment data for {name}")
    return data


def _take_attachment(name: str, value: object) -> Upload | Stub:
    if not isinstance(value, Mapping):
        raise DocumentInvalid(f"The attachment {name} must be a JSON object")
    digest = value.get("digest")
    if value.get("stub") is True:
        revpos = value.get("revpos")
        return Stub(digest if isinstance(digest, str) else None, revpos if isinstance(revpos, int) else None)
    data = _bytes_of(name, value.get("data"))
    if len(data) > ATTACHMENT_BYTES_MAX:
        raise TooLarge(f"The attachment {name} is over {ATTACHMENT_BYTES_MAX} bytes.")
    content_type = value.get("content_type", "application/octet-stream")
    if not isinstance(content_type, str) or not content_type.isprintable():
        raise DocumentInvalid(f"The attachment {name} has a content_type that is no printable text.")
    revpos = value.get("revpos")
    positive = isinstance(revpos, int) and not isinstance(revpos, bool) and revpos > 0
    return Upload(content_type, data, digest_of(data), revpos if positive else None)
