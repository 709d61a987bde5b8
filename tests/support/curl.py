"""A face in this process, asked as curl would ask it: for tests of one request and its answer."""

from __future__ import annotations

import json
from typing import Any

import flask
from werkzeug.test import TestResponse

from sync.database import Database
from sync.errors import FileExists, NotFound
from sync.face import Limits, make_face
from tests.support.memory import MemoryDatabase

SHORT = Limits(feed_hold_s=0.5)


class MemoryFolder:
    """Databases in memory by name."""

    def __init__(self) -> None:
        self.databases: dict[str, Database] = {}
        self.listeners: list[Any] = []

    def create(self, name: str) -> Database:
        if name in self.databases:
            raise FileExists("The database could not be created, the file already exists.")
        self.databases[name] = MemoryDatabase(name)
        return self.databases[name]

    def delete(self, name: str) -> None:
        self.open(name)
        del self.databases[name]

    def names(self) -> list[str]:
        return sorted(self.databases)

    def __contains__(self, name: str) -> bool:
        return name in self.databases

    def subscribe(self, listener: Any) -> Any:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def open(self, name: str) -> Database:
        if name not in self.databases:
            raise NotFound("Database does not exist.")
        return self.databases[name]


class Curl:
    """`curl(method, path, body)` with the database `db` in place."""

    def __init__(self, *, limits: Limits = SHORT, database: Database | None = None, gzip: bool = True) -> None:
        self.folder = MemoryFolder()
        self.db = database or MemoryDatabase("db")
        self.folder.databases["db"] = self.db
        app = flask.Flask("face")
        face = make_face(self.folder.open, databases=self.folder, limits=limits, gzip=gzip, url_prefix="/prefix")
        app.register_blueprint(face)
        self._client = app.test_client()

    def raw(self, method: str, path: str, **options: Any) -> TestResponse:
        """`path` goes as it stands, percent-encoding and all."""
        target = "/prefix" + path
        environ = {"RAW_URI": target, "REQUEST_URI": target}
        return self._client.open(target, method=method, environ_overrides=environ, **options)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Accept", "application/json")
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options["data"] = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        response = self.raw(method, path, **options)
        return response.status_code, json.loads(response.data) if response.data else None
