"""What a submission, a reply or minutes take with them into the group: themselves, the evidence cited, the parts.

Pure: decides from the documents it is given which others are needed, and what is written. By value and unchanged, so
that repeating it, or two servers doing it at once, makes one document. It must never know a database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import ids
from schemas.evidence import evidence_named, parts_named
from schemas.hashing import body_of
from sync.database import Document

PROMOTED_TYPES = ("submission", "reply", "minutes")
"""What people write elsewhere and the group reads. Decisions and the rest are the server's own."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """`documents` are ready to write, what is cited before what cites it. Nothing is written while some are absent."""

    documents: tuple[Document, ...]
    absent: tuple[str, ...]


def group_database(document: Mapping[str, Any]) -> str:
    """Where it is promoted to."""
    return ids.group_database(document["group"], document["year"])


def needed_by(document: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the documents that this one names: its parts and the evidence it cites."""
    return evidence_named(document) | {ids.part_id(each) for each in parts_named(document)}


def promote(document: Document, available: Mapping[str, Document], *, erased: Collection[str] = ()) -> Promotion:
    """Everything that goes, from the documents `available` by id; or what is still absent.

    `erased` are ids of parts that a decision withheld: nobody waits for them.
    """
    gathered: dict[str, Document] = {}
    absent: set[str] = set()
    pending = [document]
    while pending:
        for doc_id in sorted(needed_by(pending.pop())):
            if doc_id in gathered or doc_id in absent or doc_id in erased:
                continue
            found = available.get(doc_id)
            if found is None:
                absent.add(doc_id)
            else:
                gathered[doc_id] = found
                pending.append(found)
    # Parts, then evidence, then what cites both: a reader who sees the last sees all.
    ordered = sorted(gathered, key=lambda doc_id: (not doc_id.startswith("part:"), doc_id))
    chosen = [*(gathered[doc_id] for doc_id in ordered), document]
    return Promotion(tuple(_plain(each) for each in chosen), tuple(sorted(absent)))


def _plain(document: Mapping[str, Any]) -> Document:
    """Body and id alone: the revision is made from them."""
    return {"_id": document["_id"], **body_of(document)}
