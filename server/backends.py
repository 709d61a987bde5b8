"""Where databases live: a folder of Stores on one machine, or a CouchDB (`server.couch_backend`).

`Backend` is the whole of what the gateway, the follower and the board ask. It must never know what a database is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

from sync.database import Database, Document
from sync.documents import with_revision
from sync.errors import FileExists, SyncError
from sync.store_folder import StoreFolder

RECLAIM_BYTES_MIN: Final = 32 * 2**20
"""A file is compacted once as much of it is unused: below, what arrives next fills it again (the receipts of some
hundred photos), and the disk's other users would gain little."""


class Backend(Protocol):
    """Databases by name."""

    def open(self, name: str) -> Database:
        """Raises NotFound."""

    def create(self, name: str) -> Database:
        """The database, made if it is not there; safe to repeat."""

    def exists(self, name: str) -> bool:
        """Is it there?"""

    def names(self) -> Sequence[str]:
        """All of them, sorted."""

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Hint that a database changed; answers how to stop. Hints may be lost, and come on any thread."""

    def look_anew(self, name: str) -> None:
        """Forget what was kept of a database's state: the next question sees what another server wrote."""

    def compact(self, name: str) -> None:
        """Give the space of what was deleted back to the disk, and its bytes with it."""

    def reclaim(self, name: str) -> int:
        """Compact where `RECLAIM_BYTES_MIN` would be gained at least; answers how many bytes were. Cheap to ask."""

    def close(self) -> None:
        """Let go of files and connections."""


class StoreBackend:
    """A folder of SQLite files in this process."""

    def __init__(self, path: Path) -> None:
        self.folder = StoreFolder(path)

    def open(self, name: str) -> Database:
        return self.folder.open(name)

    def create(self, name: str) -> Database:
        try:
            return self.folder.create(name)
        except FileExists:
            return self.folder.open(name)

    def exists(self, name: str) -> bool:
        return name in self.folder

    def names(self) -> Sequence[str]:
        return self.folder.names()

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        return self.folder.subscribe(listener)

    def look_anew(self, name: str) -> None:
        """Nothing is kept: a file is asked every time."""

    def compact(self, name: str) -> None:
        self.folder.open(name).compact()

    def reclaim(self, name: str) -> int:
        store = self.folder.open(name)
        return store.compact() if store.free_bytes() >= RECLAIM_BYTES_MIN else 0

    def close(self) -> None:
        self.folder.close()


class NotWritten(SyncError):
    """A database turned down a document of ours: a defect, or a disk that needs somebody."""


def write_once(database: Database, documents: Iterable[Document]) -> None:
    """Write documents that never change, in one durable transaction, under revisions made from their content.

    Writing them again, or from two servers at once, makes the same one document. Raises NotWritten.
    """
    batch = [with_revision({key: value for key, value in each.items() if key != "_rev"}) for each in documents]
    if not batch:
        return
    failures = database.bulk_docs(batch, new_edits=False)
    if failures:
        first = failures[0]
        raise NotWritten(f"{database.name}: {first.get('id')} was not written: {first.get('reason')}")
