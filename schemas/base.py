"""The border: everything that is written passes `check` once, and is trusted afterwards.

Also the one door to what goes with it – hashes, NFC, parts. What a document means is not known here.
"""

from __future__ import annotations

from typing import Any

from schemas import ids
from schemas.catalogue import FORMS
from schemas.fields import PROBLEMS_MAX, flatten
from schemas.hashing import body_of, body_sha256, canonical_bytes, nfc, part, part_hash
from schemas.problem import InvalidDocument, Problem, Refused

__all__ = [
    "InvalidDocument",
    "Problem",
    "Refused",
    "body_of",
    "body_sha256",
    "canonical_bytes",
    "check",
    "nfc",
    "part",
    "part_hash",
    "problems_of",
]

# What CouchDB says of a document, and takes out of one that is written.
_OF_THE_DATABASE = frozenset(
    {"_id", "_rev", "_revisions", "_deleted", "_conflicts", "_deleted_conflicts", "_revs_info", "_local_seq"}
)


def check(document: Any, *, locale: str = "vi") -> None:
    """Refuse what is not exactly a document of its type and version. Raises InvalidDocument with every problem.

    Members that begin with `_` belong to the database and are not judged, but for `_id`, `_attachments` (no document
    here has any) and those that a database would keep with the body. A deletion is well-formed when it says nothing
    else; who may delete is `schemas.access`'s to say.
    """
    found = problems_of(document)
    if found:
        raise InvalidDocument(found, locale=locale)


def problems_of(document: Any) -> list[Problem]:
    """What `check` would refuse, at most PROBLEMS_MAX of it."""
    if not isinstance(document, dict):
        return [Problem("", "not-object")]
    document_id = document.get("_id")
    if not isinstance(document_id, str):
        return [Problem("_id", "required" if document_id is None else "not-text")]
    form = FORMS.get(ids.type_of(document_id))
    if form is None:
        return [Problem("_id", "unknown-type", {"given": ids.type_of(document_id)[:40]})]
    try:
        ids.parse(document_id)
    except ids.NotAnId:
        return [Problem("_id", "not-id")]
    if "_attachments" in document:
        return [Problem("_attachments", "attachments-refused")]
    strange = [name for name in document if name[:1] == "_" and name not in _OF_THE_DATABASE]
    if strange:
        return [Problem(name[:80], "unknown-member") for name in strange][:PROBLEMS_MAX]
    if document.get("_deleted") is True:
        return [Problem(name[:80], "deletion-with-body") for name in body_of(document)][:PROBLEMS_MAX]
    if document.get("type") != form.type_name:
        return [Problem("type", "type-differs", {"expected": form.type_name})]
    version = document.get("v")
    if isinstance(version, int) and not isinstance(version, bool) and version > form.version:
        return [Problem("v", "version-newer", {"given": version, "known": form.version})]
    whole = {name: held for name, held in document.items() if name[:1] != "_" or name == "_id"}
    return [] if form.fits(whole) else list(flatten(form.validate(whole)))[:PROBLEMS_MAX]
