"""What people did and saw, remembered outside of every machine: the measure of what may not be lost.

Of drafts it keeps every answer somebody saved, and which answers its writer had before his eyes when he replaced them:
only what somebody saw and replaced may be gone. It must never ask a machine what it believes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.hashing import body_of, canonical_bytes
from sync.database import Database, Document

Place = tuple[str, str, str]
"""Database, draft, criterion."""

Entries = dict[Place, frozenset[bytes]]

KEPT = ("submission:", "evidence:", "cited:", "part:", "reply:")
"""Documents that people write and that may never be gone once they were saved."""


class Wrong(AssertionError):
    """The product broke a promise."""


@dataclass
class Replica:
    """What one machine holds of what people wrote."""

    entries: Entries
    documents: Mapping[tuple[str, str], bytes]
    """(database, id) → the body; of evidence only that it is there, because it may be added to."""


@dataclass
class Witness:
    replaced_by: dict[tuple[Place, bytes], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    saved: set[tuple[Place, bytes]] = field(default_factory=set)
    documents: dict[tuple[str, str], bytes] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)
    decisions: dict[str, bytes] = field(default_factory=dict)
    excused: set[tuple[Place, bytes]] = field(default_factory=set)

    def acted(self, before: Replica, after: Replica) -> None:
        """A person did something on a phone that held `before` and holds `after`."""
        for place, found in after.entries.items():
            earlier = before.entries.get(place, frozenset())
            for entry in found - earlier:
                self.saved.add((place, entry))
                for gone in earlier - found:
                    self.replaced_by[place, gone].add(entry)
        for name, body in after.documents.items():
            if name not in before.documents:
                self.documents.setdefault(name, body)

    def standing(self) -> set[tuple[Place, bytes]]:
        """The answers that nobody replaced."""
        return {
            (place, entry)
            for place, entry in self.saved - self.excused
            if not {it for it in self.replaced_by[place, entry] if (place, it) not in self.excused}
        }

    def missing(self, replicas: Iterable[Replica]) -> tuple[set[tuple[Place, bytes]], set[tuple[str, str]]]:
        """What no replica holds of all that must be somewhere."""
        entries: set[tuple[Place, bytes]] = set()
        documents: set[tuple[str, str]] = set()
        for replica in replicas:
            entries |= {(place, entry) for place, found in replica.entries.items() for entry in found}
            documents |= replica.documents.keys()
        return self.standing() - entries, self.documents.keys() - documents

    def excuse(self, replicas: Iterable[Replica]) -> int:
        """A folder was put back to an older copy: what only it held is gone, and nobody can be blamed for it."""
        count = 0
        everywhere = list(replicas)
        while True:
            # An answer that is gone gives back what it had replaced: that must be somewhere, or is gone as well.
            entries, documents = self.missing(everywhere)
            if not entries and not documents:
                return count
            count += len(entries) + len(documents)
            self.excused |= entries
            for name in documents:
                del self.documents[name]

    def present(self, replicas: Iterable[Replica], when: str) -> None:
        """Raises Wrong where something that was saved is on no machine any more."""
        entries, documents = self.missing(replicas)
        if entries or documents:
            raise Wrong(f"{when}: lost {sorted(entries)[:3]} {sorted(documents)[:3]}")


OWN = ("submission:", "evidence:", "reply:")
"""What its author alone may send."""


def held(
    name: str, database: Database, *, conflicts: bool = True, passes: Callable[[Document], bool] = lambda _: True
) -> Replica:
    """What a `u-` or `v-` database holds of what `passes`, all leaves of drafts taken together."""
    entries: dict[Place, set[bytes]] = defaultdict(set)
    documents: dict[tuple[str, str], bytes] = {}
    rows = database.all_docs(include_docs=True, conflicts=conflicts)["rows"]
    for row in rows:
        document: Document = row["doc"]
        if row["id"].startswith("draft:"):
            leaves = [document, *(database.get(row["id"], rev=rev) for rev in document.get("_conflicts", ()))]
            for place, found in _entries(name, leaves).items():
                entries[place] |= found
        elif row["id"].startswith(KEPT) and passes(document):
            documents[name, row["id"]] = b"" if row["id"].startswith("evidence:") else body(document)
    return Replica({place: frozenset(found) for place, found in entries.items()}, documents)


def _entries(name: str, leaves: Iterable[Mapping[str, Any]]) -> dict[Place, set[bytes]]:
    found: dict[Place, set[bytes]] = defaultdict(set)
    for leaf in leaves:
        for criterion, entries in leaf["answers"].items():
            found[name, leaf["_id"], criterion] |= {canonical_bytes(entry) for entry in entries}
    return found


def joined(replicas: Iterable[Replica]) -> Replica:
    """Several databases of one machine as one."""
    entries: Entries = {}
    documents: dict[tuple[str, str], bytes] = {}
    for replica in replicas:
        entries |= replica.entries
        documents |= replica.documents
    return Replica(entries, documents)


def body(document: Mapping[str, Any]) -> bytes:
    return canonical_bytes(body_of(document))
