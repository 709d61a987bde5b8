"""A folder of stores: one SQLite file for each database of an embedded server, or of a phone.

A name may hold what CouchDB allows, `/` included; the file's name is the database's, percent-encoded where a file
system minds, with `.sqlite` behind. It must never know what the databases are for.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

from sync.errors import FileExists, IllegalDatabaseName, NotFound
from sync.store import Store, random_id
from sync.store_file import alone_in, create_file, drop_logs

OPEN_STORES_MAX = 100
"""Stores that keep connections open. Busy ones hold up to fifteen file descriptors, most hold four, and a process
usually gets 1,024; a store beyond the limit opens its connections anew, in a millisecond."""

NAME_BYTES_MAX = 200
"""Leaves room for the suffix, for SQLite's own and for percent-encoding in the 255 bytes of a file's name."""

SUFFIX = ".sqlite"

_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]*|_users|_replicator|_global_changes")


class StoreFolder:
    """Stores by name. One object for each name, shared by all who ask; for any number of threads."""

    def __init__(
        self, path: Path | str, *, new_uuid: Callable[[], str] = random_id, keep_history: bool = False
    ) -> None:
        self._path = Path(path)
        self._path.mkdir(parents=True, exist_ok=True)
        self._new_uuid = new_uuid
        self._keep_history = keep_history
        self._lock = threading.RLock()
        self._stores: dict[str, Store] = {}
        self._inodes: dict[str, int] = {}
        self._in_use: OrderedDict[str, None] = OrderedDict()  # the most recently asked for last
        self._listeners: list[Callable[[str], None]] = []

    @property
    def path(self) -> Path:
        return self._path

    def names(self) -> list[str]:
        """All databases, in order."""
        return sorted(unquote(each.name.removesuffix(SUFFIX)) for each in self._path.glob(f"[!.]*{SUFFIX}"))

    def __contains__(self, name: str) -> bool:
        return is_database_name(name) and self.file_of(name).exists()

    def create(self, name: str) -> Store:
        """A new, empty database. Raises FileExists, IllegalDatabaseName."""
        with self._lock:
            path = self.file_of(name)
            if path.exists():
                raise FileExists("The database could not be created, the file already exists.")
            create_file(path, new_uuid=self._new_uuid)
            store = self.open(name)
        self._tell(name)
        return store

    def open(self, name: str) -> Store:
        """The database that is there. Raises NotFound, IllegalDatabaseName, StoreCorrupt."""
        with self._lock:
            path = self.file_of(name)
            try:
                inode = path.stat().st_ino
            except FileNotFoundError as error:
                raise NotFound("Database does not exist.") from error
            store = self._stores.get(name)
            if store is not None and self._inodes[name] != inode:
                # Another process put another file here (a restored backup): what we write to the old one is lost.
                store.close(why="Database does not exist.")
                store = None
            if store is None:
                store = self._stores[name] = Store(
                    path, name=name, new_uuid=self._new_uuid, keep_history=self._keep_history
                )
                self._inodes[name] = inode
                store.subscribe(self._tell)
            self._in_use[name] = None
            self._in_use.move_to_end(name)
            if len(self._in_use) > OPEN_STORES_MAX:
                resting, _ = self._in_use.popitem(last=False)
                self._stores[resting].rest()
            return store

    def ensure(self, name: str) -> Store:
        """The database, made if it is not there. Safe to repeat."""
        try:
            return self.open(name)
        except NotFound:
            pass
        try:
            return self.create(name)
        except FileExists:  # another thread was first
            return self.open(name)

    def delete(self, name: str) -> None:
        """Remove a database and all in it; its open Store answers NotFound from now on. Raises NotFound."""
        with self._lock:
            path = self.file_of(name)
            if not path.exists():
                raise NotFound("Database does not exist.")
            self._in_use.pop(name, None)
            store = self._stores.pop(name, None)
            if store is not None:
                store.close(why="Database does not exist.")
            with alone_in(self._path):
                drop_logs(path)  # first: a crash between the two must not leave a log to the next of this name
                path.unlink(missing_ok=True)
        self._tell(name)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener(name)` when a database changed, came or went; answers how to stop that.

        It runs on the thread that wrote: it should set an event and return. Changes made by other processes are not
        told; a sweep finds them.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Close all stores."""
        with self._lock:
            stores, self._stores = self._stores, {}
            self._in_use.clear()
        for store in stores.values():
            store.close()

    def file_of(self, name: str) -> Path:
        """Where the database's file is, or would be. Raises IllegalDatabaseName."""
        if not is_database_name(name):
            raise IllegalDatabaseName(
                f"Name: '{name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters "
                "_, $, (, ), +, -, and / are allowed. Must begin with a letter."
            )
        return self._path / (quote(name, safe="$()+") + SUFFIX)

    def _tell(self, name: str) -> None:
        for listener in tuple(self._listeners):
            listener(name)


def is_database_name(name: str) -> bool:
    """Whether CouchDB would give this name to a database, and a file system can hold it."""
    return _NAME.fullmatch(name) is not None and len(quote(name, safe="$()+")) <= NAME_BYTES_MAX
