"""The simulated servers' databases in a real CouchDB, under names of the simulation's own.

The cluster's databases are copied there for every seed and removed after it. Between any two writes to it a server may
die, as between two writes to a disk.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from server.couch_backend import CouchBackend
from sync.database import Database
from sync.errors import NotFound
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from sync.store_folder import StoreFolder

WRITES: Final = ("bulk_docs", "put", "put_local")


class Couch:
    """A CouchDB's part of one seed."""

    def __init__(self, url: str) -> None:
        self.url, self.prefix = url.rstrip("/"), f"simulated-{secrets.token_hex(4)}-"
        self._backend = CouchBackend(self.url, prefix=self.prefix)

    def fill(self, folder: Path) -> None:
        """Copy every database of a folder of Stores."""
        sessions = itertools.count()
        stores = StoreFolder(folder)
        for name in stores.names():
            replicate(
                stores.open(name),
                self._backend.create(name),
                new_session_id=lambda: f"fill-{next(sessions)}",
                now=lambda: "2024-10-08T05:00:00Z",
            )
        stores.close()

    def backend(self, boundary: Callable[[str], None]) -> CouchBackend:
        """One server's way to it."""
        return _Dying(self.url, self.prefix, boundary)

    def open(self, name: str) -> Database:
        """As it lies there, without anybody's cache."""
        return RemoteDatabase(f"{self.url}/{self.prefix}{name}")

    def names(self) -> list[str]:
        return list(self._backend.names())

    def recreate(self, name: str) -> None:
        database = RemoteDatabase(f"{self.url}/{self.prefix}{name}")
        database.delete()
        database.create()

    def clear(self) -> None:
        for name in self.names():
            with contextlib.suppress(NotFound):
                RemoteDatabase(f"{self.url}/{self.prefix}{name}").delete()
        self._backend.close()


class _Dying(CouchBackend):
    def __init__(self, url: str, prefix: str, boundary: Callable[[str], None]) -> None:
        super().__init__(url, prefix=prefix)
        self._boundary = boundary

    def open(self, name: str) -> Any:
        return _Between(super().open(name), self._boundary)


class _Between:
    """A database, with a boundary before and after every write."""

    def __init__(self, inner: Database, boundary: Callable[[str], None]) -> None:
        self._inner, self._boundary = inner, boundary

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._inner, verb)
        if verb not in WRITES:
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            self._boundary(f"before {verb}")
            answer = found(*arguments, **options)
            self._boundary(f"after {verb}")
            return answer

        return call
