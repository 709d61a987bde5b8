"""Databases in a CouchDB, one machine or a cluster: the same gateway, follower and board over `RemoteDatabase`.

Phones never reach the CouchDB itself: it stands behind the service, with one account of its own. What this process
writes is hinted at once; what others write, by `_db_updates`, or where a peer has none, by comparing sequences every
few seconds. It must never know what a database is for, nor show the account's password.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from schemas import ids
from sync.database import Database, Document
from sync.errors import DatabaseError, FileExists, NotFound, PeerMisbehaved, PeerUnreachable, SyncError
from sync.remote import RemoteDatabase
from sync.transport import Transport

UPDATES_WAIT_S: Final = 20.0
"""A longpoll held this long costs three requests a minute, and ends before any proxy cuts it."""

SHARDS: Final = 1
"""Ours are many and small: a thousand databases of one shard each are fine, and their changes stand in one order."""

FRESH_S: Final = 1.0
"""How long what a database said of itself is passed on: one request of a phone asks a dozen times whether anything is
new. What this process writes is known at once, what another writes after this."""

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
        self._listed: _Said[Sequence[str]] = _Said()
        self._said: dict[str, _Said[dict[str, Any]]] = {}
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
        self._listed.forget()
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
        return list(self._listed.get(self._list))

    def _list(self) -> Sequence[str]:
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

    def look_anew(self, name: str) -> None:
        said = self._said.get(name)
        if said is not None:
            said.forget()

    def compact(self, name: str) -> None:
        try:
            self._server().json("POST", f"/{quote(self._prefix + name, safe='')}/_compact", body={})
        except PeerUnreachable as error:
            # CouchDB does it in its own time; here an answer of 202 is its promise.
            if error.status != HTTPStatus.ACCEPTED:
                raise

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
            said = self._said.setdefault(name, _Said())
            address = f"{self._url}/{quote(self._prefix + name, safe='')}"
            kept[name] = _OwnDatabase(address, said, wrote=lambda: self._tell(name))
        return kept[name]

    def _server(self) -> Transport:
        kept: Transport = self._local.__dict__.setdefault("server", Transport(self._url, gzip=False))
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


Answer = TypeVar("Answer")


class _Said(Generic[Answer]):
    """What was last answered to one question, shared by the threads that ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writes = 0
        self._answer: Answer | None = None
        self._until = 0.0

    def get(self, ask: Callable[[], Answer]) -> Answer:
        with self._lock:
            if self._answer is not None and time.monotonic() < self._until:
                return self._answer
            writes, asked_at = self._writes, time.monotonic()
        answer = ask()
        with self._lock:
            if writes == self._writes:  # else it may have been said before the write
                self._answer, self._until = answer, asked_at + FRESH_S
        return answer

    def forget(self) -> None:
        with self._lock:
            self._writes += 1
            self._answer = None


class _OwnDatabase(RemoteDatabase):
    """A database of ours: written by us, mostly, so we know when it changes before it says so."""

    def __init__(self, url: str, said: _Said[dict[str, Any]], *, wrote: Callable[[], None]) -> None:
        super().__init__(url, gzip=False)  # it is near: packing would take longer than sending
        self._said = said
        self._wrote = wrote

    def info(self) -> dict[str, Any]:
        return dict(self._said.get(super().info))

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        with self._writing():
            return super().bulk_docs(documents, new_edits=new_edits, durable=durable)

    def put(self, document: Document) -> str:
        with self._writing():
            return super().put(document)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        finally:
            # After a failure too: only its answer may have been lost.
            self._said.forget()
            self._wrote()


def _is_ours(name: str) -> bool:
    try:
        ids.parse_database(name)
    except ids.NotAnId:
        return False
    return True
