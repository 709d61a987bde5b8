"""The phone's copy of a group's database after the server's was put back to an older copy: made to hold the same.

Only the server writes there, so nobody's work is lost by forgetting what it no longer has. Decisions are kept apart:
the phone is their witness, and says loudly that the server lost them. It must never know when to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mobile.local import Local, bare, found
from schemas import ids
from sync.database import Database
from sync.store import Store

PAGE_CHANGES: Final = 1_000
"""Asked for at once: some 100 KB before gzip."""

FETCH_AT_ONCE: Final = 100


def reconcile(local: Local, store: Store, remote: Database) -> None:
    """Make `store` hold the leaves of `remote`, no more and no less. Call it after a pull; safe to repeat."""
    theirs, mine = leaves_of(remote), leaves_of(store)
    stale = [doc_id for doc_id, revs in mine.items() if revs - theirs.get(doc_id, frozenset())]
    again = set(stale)
    wanted = [
        {"id": doc_id, "rev": rev}
        for doc_id, revs in theirs.items()
        for rev in sorted(revs)
        if doc_id in again or rev not in mine.get(doc_id, frozenset())
    ]
    if not stale and not wanted:
        return
    documents = []
    for start in range(0, len(wanted), FETCH_AT_ONCE):
        answers = remote.bulk_get(wanted[start : start + FETCH_AT_ONCE], revs=True, attachments=True)
        documents += [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry]
    # First: a phone that dies in between bears witness twice, not never.
    _bear_witness(local, store, [doc_id for doc_id in stale if doc_id.startswith("decision:") and doc_id not in theirs])
    store.put_right(stale, documents)


def lost_decisions(local: Local, store: Store) -> list[str]:
    """Ids of decisions the server had, and no longer has."""
    return [doc_id for doc_id in witnessed(local, store.name) if found(store, doc_id) is None]


def witnessed(local: Local, database: str) -> Mapping[str, Any]:
    """Decisions that a server lost, by id: `{"decision": body, "reason": the part that says why}`."""
    kept = local.read(f"lost:{database}") or {}
    return dict(kept.get("decisions", {}))


def leaves_of(database: Database) -> dict[str, frozenset[str]]:
    """Every document's leaves, the deleted ones too."""
    leaves: dict[str, frozenset[str]] = {}
    since: Any = 0
    while True:
        page = database.changes(since, limit=PAGE_CHANGES, style="all_docs")
        for row in page.results:
            leaves[row["id"]] = frozenset(leaf["rev"] for leaf in row["changes"])
        if len(page.results) < PAGE_CHANGES:
            return leaves
        since = page.last_seq


def _bear_witness(local: Local, store: Store, doc_ids: list[str]) -> None:
    told: dict[str, Any] = {}
    for doc_id in doc_ids:
        decision = found(store, doc_id)
        if decision is not None:
            reason = decision.get("reason")
            part = None if reason is None else found(store, ids.part_id(reason))
            told[doc_id] = {"decision": bare(decision), "reason": None if part is None else bare(part)}
    if told:
        local.edit(f"lost:{store.name}", lambda before: {"decisions": {**before.get("decisions", {}), **told}})
