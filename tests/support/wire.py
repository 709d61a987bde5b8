"""Two real ends joined over loopback HTTP: databases of this process behind the server we ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import flask

from server.wsgi import BackgroundServer
from sync.database import Database
from sync.errors import NotFound
from sync.face import Limits, make_face
from sync.guarded import Refusal
from sync.remote import RemoteDatabase

# Short holds: a test that stops its server must not wait for feeds.
TEST_LIMITS = Limits(feed_hold_s=3.0)


class Served:
    """Databases by name behind a running server."""

    def __init__(self, *, limits: Limits = TEST_LIMITS, **options: Any) -> None:
        self.databases: dict[str, Database] = {}
        self.seen: list[tuple[str, str, int]] = []
        app = flask.Flask("served")
        app.register_blueprint(make_face(self._open, limits=limits, url_prefix="/db", **options))
        app.after_request(self._note)
        self.app = app
        self.server = BackgroundServer(app)

    def _open(self, name: str) -> Database:
        if name not in self.databases:
            raise NotFound("Database does not exist.")
        return self.databases[name]

    def _note(self, response: flask.Response) -> flask.Response:
        request = flask.request
        self.seen.append((request.method, request.path.removeprefix("/db"), response.status_code))
        return response

    def add(self, name: str, database: Database) -> str:
        self.databases[name] = database
        return self.url(name)

    def url(self, name: str) -> str:
        return f"{self.server.url}/db/{name}"

    def remote(self, name: str, database: Database, **options: Any) -> RemoteDatabase:
        """`database` as it is seen from the other end of the wire."""
        return RemoteDatabase(self.add(name, database), **options)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


class Rules:
    """A policy from three functions; what is not given is allowed."""

    def __init__(
        self,
        *,
        listing: Callable[[str | None, str | None], str | None] = lambda *_: None,
        read: Callable[[str], str | None] = lambda _: None,
        write: Callable[[dict[str, Any]], str | None] = lambda _: None,
        reads_all: bool = False,
    ) -> None:
        self._reads_all = reads_all
        self._listing, self._read, self._write = listing, read, write
        self.beside: list[list[str]] = []

    def refuse_listing(self, start_key: str | None, end_key: str | None) -> Refusal | None:
        return _refusal(self._listing(start_key, end_key))

    def refuse_read(self, doc_id: str) -> Refusal | None:
        return _refusal(self._read(doc_id))

    def reads_all(self) -> bool:
        return self._reads_all

    def refuse_writes(self, documents: Any) -> list[Refusal | None]:
        return [_refusal(self._write(document)) for document in documents]

    @contextmanager
    def writing(self, documents: Any) -> Iterator[None]:
        self.beside.append([document.get("_id") for document in documents])
        yield


def _refusal(reason: str | None) -> Refusal | None:
    return None if reason is None else Refusal("forbidden", reason)
