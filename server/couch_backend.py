"""Databases in a CouchDB, one machine or a cluster: the same gateway, follower and board over `RemoteDatabase`.

Phones never reach the CouchDB itself: it stands behind the service, with one account of its own. Hints come from
`_db_updates`; where a peer has none, sequences are compared every few seconds. It must never know what a database is
for, nor show the account's password.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

from schemas import ids
from sync.database import Database
from sync.errors import DatabaseError, FileExists, NotFound, PeerMisbehaved, SyncError
from sync.remote import RemoteDatabase
from sync.transport import Transport

UPDATES_WAIT_S: Final = 20.0
"""A longpoll held this long costs three requests a minute, and ends before any proxy cuts it."""

SHARDS: Final = 1
"""Ours are many and small: a thousand databases of one shard each are fine, and their changes stand in one order."""

POLL_S: Final = 2.0
"""Between two comparisons where there is no `_db_updates`, and before trying again a CouchDB that did not answer."""


class CouchBackend:
    """The databases of one CouchDB that are ours by their names. For any number of threads.

    With `prefix`, there every name begins so, and what does not is another installation's.
    """

    def __init__(self, url: str, *, prefix: str = "") -> None:
        self._url = url.rstrip("/")
        self._prefix = prefix
        self._local = threading.local()
        self._known: set[str] = set()
        self._listeners: list[Callable[[str], None]] = []
        self._stopping = threading.Event()
        self._watching: threading.Thread | None = None
        self._lock = threading.Lock()

    def open(self, name: str) -> Database:
        if not self.exists(name):
            raise NotFound("Database does not exist.")
        return self._remote(name)

    def create(self, name: str) -> Database:
        remote = self._remote(name)
        with contextlib.suppress(FileExists):
            remote.create(shards=SHARDS)
        self._known.add(name)
        return remote

    def exists(self, name: str) -> bool:
        if name not in self._known:
            try:
                self._remote(name).info()
            except NotFound:
                return False
            self._known.add(name)
        return True

    def names(self) -> Sequence[str]:
        answer = self._server().json("GET", "/_all_dbs")
        if not isinstance(answer, list):
            raise PeerMisbehaved("The CouchDB does not list its databases as CouchDB does.")
        return sorted(ours for name in answer if (ours := self._ours(name)) is not None)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)
            if self._watching is None:
                self._watching = threading.Thread(target=self._watch, name="couch-updates", daemon=True)
                self._watching.start()
        return lambda: self._listeners.remove(listener)

    def compact(self, name: str) -> None:
        # CouchDB does it in its own time; an answer of 202 is its promise.
        self._server().json("POST", f"/{quote(name, safe='')}/_compact", body={})

    def reclaim(self, name: str) -> int:  # noqa: ARG002
        """CouchDB's own compaction daemon judges that, and compacts."""
        return 0

    def close(self) -> None:
        """No more hints. The thread ends with its longpoll."""
        self._stopping.set()

    def _remote(self, name: str) -> RemoteDatabase:
        # A session is for one thread: its connections are kept there.
        kept: dict[str, RemoteDatabase] = self._local.__dict__.setdefault("databases", {})
        if name not in kept:
            kept[name] = RemoteDatabase(f"{self._url}/{quote(self._prefix + name, safe='')}")
        return kept[name]

    def _server(self) -> Transport:
        kept: Transport = self._local.__dict__.setdefault("server", Transport(self._url))
        return kept

    def _ours(self, name: object) -> str | None:
        """What we call the CouchDB's database `name`; None where it is not ours."""
        if not isinstance(name, str) or not name.startswith(self._prefix):
            return None
        ours = name.removeprefix(self._prefix)
        return ours if _is_ours(ours) else None

    def _tell(self, name: str) -> None:
        for listener in tuple(self._listeners):
            listener(name)

    def _watch(self) -> None:
        since: Any = "now"
        sequences: dict[str, Any] = {}
        has_feed = True
        while not self._stopping.is_set():
            try:
                if has_feed:
                    since = self._await_updates(since)
                    continue
                self._compare(sequences)
            except DatabaseError:
                has_feed = False  # this peer has no such feed
            except SyncError:
                pass  # not reachable now: hints may be lost, the follower's sweep is the guarantee
            self._stopping.wait(POLL_S)

    def _await_updates(self, since: Any) -> Any:
        params = {"feed": "longpoll", "since": since, "timeout": round(UPDATES_WAIT_S * 1000)}
        answer = self._server().json("GET", "/_db_updates", params=params, extra_wait_s=UPDATES_WAIT_S)
        if not isinstance(answer, dict) or "last_seq" not in answer:
            raise PeerMisbehaved("The CouchDB answers _db_updates in a form of its own.")
        for name in {self._ours(row.get("db_name")) for row in answer.get("results", ())}:
            if name is not None:
                self._tell(name)
        return answer["last_seq"]

    def _compare(self, sequences: dict[str, Any]) -> None:
        for name in self.names():
            newest = self._remote(name).info()["update_seq"]
            if sequences.get(name) != newest:
                sequences[name] = newest
                self._tell(name)


def _is_ours(name: str) -> bool:
    try:
        ids.parse_database(name)
    except ids.NotAnId:
        return False
    return True
