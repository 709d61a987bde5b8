"""What a database holds already under the ids that documents name: asked once a batch, however many they are.

One look at the newest revisions; and where evidence is cited that is there, one at its leaves and one at what is still
kept of its past. It must never know what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sync.database import Database, Document

_BEYOND: Final = f"{10**9}-{'0' * 32}"
"""A revision nobody has: whatever stands of a document could be its ancestor, and is named as such."""


class Held:
    """Answers from what was looked up; what was not is looked up when it is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._pasts: dict[str, tuple[list[Document], bool]] = {}

    def look_up(self, newest: Iterable[str], *, pasts: Iterable[str] = ()) -> None:
        """Ask about the newest revisions of some documents, and about the pasts of others."""
        with_past = [doc_id for doc_id in dict.fromkeys(pasts) if doc_id not in self._pasts]
        wanted = [doc_id for doc_id in dict.fromkeys((*newest, *with_past)) if doc_id not in self._rows]
        if wanted:
            # A CouchDB opens each key of a listing alone; what it lacks it tells of all at once, and nearly all is new.
            told = self._database.revs_diff({doc_id: [_BEYOND] for doc_id in wanted})
            self._rows.update({doc_id: {"key": doc_id, "error": "not_found"} for doc_id in wanted})
            there = [doc_id for doc_id in wanted if doc_id not in told or told[doc_id].get("possible_ancestors")]
            rows = self._database.all_docs(keys=there, include_docs=True)["rows"] if there else []
            self._rows.update(zip(there, rows, strict=True))
        if with_past:
            self._look_into(with_past)

    def row(self, doc_id: str) -> Mapping[str, Any]:
        """The row of `_all_docs` for this key, with its document."""
        if doc_id not in self._rows:
            self.look_up([doc_id])
        return self._rows[doc_id]

    def past(self, doc_id: str) -> tuple[list[Document], bool]:
        """All that is still kept of a document, newest first, and whether that is all there ever was."""
        if doc_id not in self._pasts:
            self.look_up([], pasts=[doc_id])
        return self._pasts[doc_id]

    def _look_into(self, doc_ids: list[str]) -> None:
        there = [doc_id for doc_id in doc_ids if self._rows[doc_id].get("doc") is not None]
        # What is not there, or was deleted, has no past that anybody may cite.
        self._pasts.update({doc_id: ([], True) for doc_id in doc_ids if doc_id not in there})
        asked = [{"id": doc_id} for doc_id in there]
        leaves = dict(zip(there, map(_found, self._database.bulk_get(asked, revs=True)), strict=True)) if there else {}
        earlier = {doc_id: _before(_newest(self._rows[doc_id], found)) for doc_id, found in leaves.items()}
        wanted = [{"id": doc_id, "rev": rev} for doc_id, revs in earlier.items() for rev in revs]
        answers = iter(self._database.bulk_get(wanted) if wanted else ())
        for doc_id, found in leaves.items():
            newest = _newest(self._rows[doc_id], found)
            before = [each for _ in earlier[doc_id] for each in _found(next(answers))]
            beside = [each for each in found if each is not newest and not each.get("_deleted")]
            kept = [each for each in (*before, *beside) if not each.get("_deleted")]
            self._pasts[doc_id] = [newest, *kept], not beside and len(before) == len(earlier[doc_id])


def _found(answer: Mapping[str, Any]) -> list[Document]:
    return [entry["ok"] for entry in answer["docs"] if "ok" in entry]


def _newest(row: Mapping[str, Any], leaves: list[Document]) -> Document:
    # Another may have won since the row was read: then it is the first to be listed.
    return next((each for each in leaves if each["_rev"] == row["value"]["rev"]), leaves[0])


def _before(document: Document) -> list[str]:
    path = document["_revisions"]
    return [f"{path['start'] - back}-{name}" for back, name in enumerate(path["ids"][1:], start=1)]
