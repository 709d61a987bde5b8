"""The phone's folder: the device's own store, one Store a database of the server, and the photos' files.

        <folder>/device.sqlite      never leaves this phone
        <folder>/stores/u-….sqlite  …replicated
        <folder>/photos/<sha256>.jpg

It must never know what is in them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sync.database import Document
from sync.errors import Conflict, NotFound, StoreFull
from sync.store import Store
from sync.store_folder import StoreFolder

EDIT_ATTEMPTS_MAX = 20
"""Two threads write the device's store; twenty losses in a row is a bug, not bad luck."""


class Local:
    """All that is kept in `folder`, made if it is not there. For any number of threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.photos = folder / "photos"
        self.photos.mkdir(exist_ok=True)
        self.device = Store(folder / "device.sqlite", name="device")
        self.stores = StoreFolder(folder / "stores")

    def close(self) -> None:
        self.stores.close()
        self.device.close()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener()` after any change, on the thread that made it; answers how to stop that."""
        stops = [self.device.subscribe(lambda _: listener()), self.stores.subscribe(lambda _: listener())]

        def stop() -> None:
            for each in stops:
                each()

        return stop

    # The device's own documents

    def read(self, doc_id: str) -> Document | None:
        """A document of the device's store."""
        return found(self.device, doc_id)

    def edit(self, doc_id: str, change: Callable[[Document], Document | None]) -> Document | None:
        """Write what `change` makes of the body there (without `_id`, `_rev`; {} at first); None deletes it.

        `change` may be called again when another thread was faster, so it must do nothing else.
        """
        for _ in range(EDIT_ATTEMPTS_MAX):
            before = self.read(doc_id)
            rev = {} if before is None else {"_rev": before["_rev"]}
            body = {} if before is None else bare(before)
            after = change(dict(body))
            if after == body and before is not None:
                return before
            if after is None and before is None:
                return None
            written: Document = {"_deleted": True} if after is None else after
            try:
                self.device.put({"_id": doc_id, **rev, **written})
            except Conflict:
                continue
            return None if after is None else self.read(doc_id)
        raise Conflict

    def list(self, prefix: str) -> list[Document]:
        """The device's documents whose ids begin with `prefix`, by id."""
        return listed(self.device, prefix)

    # Photos' files

    def photo_file(self, sha256: str) -> Path:
        return self.photos / f"{sha256}.jpg"

    def thumbnail_file(self, sha256: str) -> Path:
        return self.photos / f"{sha256}.thumb.jpg"

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free


def write_file(path: Path, data: bytes) -> None:
    """The file appears whole or not at all, and stays after a power cut. Raises StoreFull where no space is left."""
    write_pieces(path, [data])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """As `write_file`, for what must not be in memory at once."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"There is no space left for {path.name}.") from error
        raise
    finally:
        aside.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # some file systems of memory cards cannot sync a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def found(store: Store, doc_id: str) -> Document | None:
    """The document, or None where there is none (or no longer)."""
    try:
        return store.get(doc_id)
    except NotFound:
        return None


def listed(store: Store, prefix: str) -> list[Document]:
    """The documents whose ids begin with `prefix`, by id; deleted ones are not among them."""
    rows = store.all_docs(start_key=prefix, end_key=prefix + "\U0010ffff", include_docs=True)["rows"]
    return [row["doc"] for row in rows]


def leaves(store: Store, doc_id: str) -> list[Document]:
    """Every leaf that is not deleted, the winner first; empty where there is none."""
    try:
        winner = store.get(doc_id, conflicts=True)
    except NotFound:
        return []
    others = winner.pop("_conflicts", [])
    return [winner, *(store.get(doc_id, rev=rev) for rev in others)]


def bare(document: Document) -> dict[str, Any]:
    """The body without the members that belong to the database."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


def each_database(local: Local, letter: str) -> Iterator[str]:
    """Names of the stores of one kind: `u`, `v`, `g` or `m`."""
    return (name for name in local.stores.names() if name.startswith(f"{letter}-"))
