"""Documents handed over by id, outside a replication: what its checkpoint has passed already can be offered again so.

It must never know what the documents mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobile.local import leaves
from sync.database import Database, Document
from sync.errors import PeerUnreachable
from sync.store import Store

PASSING_TROUBLE = frozenset(
    {"internal_server_error", "error", "timeout", "service_unavailable", "insufficient_storage"}
)
"""Errors of one document that say nothing about it: the peer was in trouble, and asking again may succeed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A document the other end did not take, and why."""

    id: str
    rev: str | None
    error: str
    reason: str


def lacking(store: Store, remote: Database, doc_ids: Sequence[str]) -> list[str]:
    """Those of the documents, in their order, of which `remote` lacks a leaf that lives here."""
    held = {doc_id: [leaf["_rev"] for leaf in leaves(store, doc_id)] for doc_id in doc_ids}
    held = {doc_id: revs for doc_id, revs in held.items() if revs}
    missing = remote.revs_diff(held) if held else {}
    return [doc_id for doc_id in doc_ids if doc_id in missing]


def send(store: Store, remote: Database, doc_ids: Sequence[str]) -> list[Refused]:
    """Hand these documents over with their histories and attachments; answers what was refused.

    Raises PeerUnreachable and its like; repeating it does no harm.
    """
    if not doc_ids:
        return []
    answers = store.bulk_get([{"id": doc_id} for doc_id in doc_ids], revs=True, attachments=True)
    return hand_over(remote, [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry])


def hand_over(remote: Database, documents: Sequence[Document]) -> list[Refused]:
    """Write documents that have their revisions; answers what was refused. Raises PeerUnreachable and its like."""
    failures = remote.bulk_docs(documents, new_edits=False)
    for failure in failures:
        if failure["error"] in PASSING_TROUBLE:
            raise PeerUnreachable(
                f"{remote.name} could not write {failure.get('id')} ({failure['error']}).", status=500
            )
    return [
        Refused(str(each.get("id")), each.get("rev"), str(each["error"]), str(each.get("reason", "")))
        for each in failures
    ]


def fetch(remote: Database, store: Store, doc_ids: Sequence[str]) -> None:
    """Bring these documents here, where this end lacks their leaves."""
    rows = remote.all_docs(keys=list(doc_ids))["rows"] if doc_ids else []
    held = {row["id"]: [row["value"]["rev"]] for row in rows if "error" not in row and not row["value"].get("deleted")}
    missing = store.revs_diff(held) if held else {}
    requests = [{"id": doc_id, "rev": rev} for doc_id, entry in missing.items() for rev in entry["missing"]]
    if requests:
        answers = remote.bulk_get(requests, revs=True, attachments=True)
        documents = [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry]
        store.bulk_docs(documents, new_edits=False, durable=False)
