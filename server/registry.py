"""The registry at hand: units, groups, persons, accounts, devices, schemes – small, asked at every request.

A copy in memory that follows the database's changes, so that asking costs one look at its sequence. It must never
know who asks; `accounts` and `setup` write through it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.base import check
from sync.database import Database, Document, Seq
from sync.errors import Conflict, NotFound


class Registry:
    """The newest revision of each document, by id. For any number of threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        self._seen: Seq = 0
        self._documents: dict[str, Document] = {}

    def find(self, doc_id: str) -> Document | None:
        """The document with its `_rev`, or None."""
        return self.now().get(doc_id)

    def now(self) -> Mapping[str, Document]:
        """All documents of this moment, by id: for who asks for several of them at once."""
        return self._current()

    def all(self, kind: str) -> Iterator[Document]:
        """All documents of one type, by id."""
        current = self._current()
        prefix = f"{kind}:"
        return iter([current[doc_id] for doc_id in sorted(current) if doc_id.startswith(prefix)])

    def write(self, document: Mapping[str, Any]) -> Document:
        """Check and write one document. Raises InvalidDocument, and Conflict when its `_rev` is not the newest."""
        checked = {name: value for name, value in document.items() if name not in ("_rev", "_conflicts")}
        check(checked)
        rev = self.database.put(dict(document))
        return {**document, "_rev": rev}

    def put(self, document: Mapping[str, Any]) -> Document:
        """Write over whatever stands under its id; writing what stands there already changes nothing."""
        while True:
            standing = self._stored(str(document["_id"]))
            if standing is not None and _body(standing) == _body(document):
                return standing
            carried = {} if standing is None else {"_rev": standing["_rev"]}
            try:
                return self.write({**document, **carried})
            except Conflict:
                continue  # another writer was first: look again

    def writing(self) -> threading.RLock:
        """Held while a check and the write that depends on it must not be parted (a login's being free)."""
        return self._writing

    def put_all(self, documents: Iterable[Mapping[str, Any]]) -> None:
        for document in documents:
            self.put(document)

    def _stored(self, doc_id: str) -> Document | None:
        try:
            return self.database.get(doc_id)
        except NotFound:
            return None

    def _current(self) -> Mapping[str, Document]:
        with self._lock:
            if self.database.info()["update_seq"] != self._seen:
                page = self.database.changes(self._seen, include_docs=True)
                changed = dict(self._documents)
                for row in page.results:
                    if row.get("deleted"):
                        changed.pop(row["id"], None)
                    else:
                        changed[row["id"]] = row["doc"]
                # Readers hold the old mapping: it is replaced, never changed.
                self._documents = changed
                self._seen = page.last_seq
            return self._documents


def _body(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if not name.startswith("_")}
