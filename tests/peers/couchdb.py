"""A real CouchDB as the other end: fresh databases of its own, and its replicator told what to do over HTTP."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests

from sync.remote import RemoteDatabase
from tests.support.backends import swept

# The replicator looks at new jobs every few seconds, and tries a crashed one again after five at the earliest.
JOB_S_MAX = 60


class CouchDB:
    """Below `root`, with its credentials. What is made here is deleted by `clean`."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self.http = requests.Session()
        self._made: list[str] = []
        self._jobs: list[dict[str, Any]] = []

    def __call__(self, method: str, path: str, *, expect: int | None = None, **how: Any) -> Any:
        response = self.http.request(method, f"{self.root}/{path}", timeout=JOB_S_MAX, **how)
        if expect is not None:
            assert response.status_code == expect, response.text
        return response.json()

    def create(self, *, shards: int = 2) -> str:
        """The name of a new, empty database."""
        name = self.reserve()
        self("PUT", name, params={"q": shards}, expect=201)
        return name

    def reserve(self) -> str:
        """The name of a database that is yet to be made."""
        self._made.append(f"peer-{uuid.uuid4().hex}")
        return self._made[-1]

    def remote(self, name: str) -> RemoteDatabase:
        return RemoteDatabase(f"{self.root}/{name}")

    def recreate(self, name: str) -> None:
        self("DELETE", name, expect=200)
        # It has answered before its shards are gone; those of the new one are named by the second of its birth.
        time.sleep(1.1)
        eventually(lambda: self.http.put(f"{self.root}/{name}", params={"q": 2}, timeout=JOB_S_MAX).status_code, 201)

    def endpoint(self, name: str) -> dict[str, Any]:
        """`name` as source or target of a job of this CouchDB's own."""
        return with_basic(f"{self.root}/{name}")

    def replicate(self, source: Any, target: Any, **options: Any) -> dict[str, Any]:
        """One run, to its end: the entry of the replicator's history, or `{}` when there was nothing to do."""
        told = self("POST", "_replicate", json={"source": source, "target": target, **options}, expect=200)
        assert told["ok"], told
        return {} if told.get("no_changes") else told["history"][0]

    def follow(self, source: Any, target: Any, **options: Any) -> None:
        """A continuous run, until `clean`."""
        job = {"source": source, "target": target, "continuous": True, **options}
        self("POST", "_replicate", json=job, expect=202)
        self._jobs.append(job)

    def job(self, source: Any, target: Any, **options: Any) -> str:
        """A document in `_replicator`; its id."""
        doc_id = f"peer-{uuid.uuid4().hex}"
        self("PUT", f"_replicator/{doc_id}", json={"source": source, "target": target, **options}, expect=201)
        self._jobs.append({"_id": doc_id})
        return doc_id

    def state(self, job: str) -> dict[str, Any]:
        """`state`, and `info`: what it counts, or why it crashed."""
        told = self("GET", f"_scheduler/docs/_replicator/{job}")
        return {"state": told.get("state"), "info": told.get("info") or {}}

    def clean(self) -> None:
        """Stop its jobs, delete its databases; each, whatever became of the others."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.http.close)
            for name in self._made:
                stack.callback(swept, self.root, name)
            for job in self._jobs:
                stack.callback(self._stop, job)

    def _stop(self, job: dict[str, Any]) -> None:
        if "_id" in job:
            # The replicator writes a job's state into its document: the revision just read may be an old one.
            eventually(lambda: self._forgotten(f"_replicator/{job['_id']}"))
        else:
            self("POST", "_replicate", json={**job, "cancel": True})

    def _forgotten(self, path: str) -> bool:
        rev = self("GET", path).get("_rev")
        return rev is None or "ok" in self("DELETE", path, params={"rev": rev})


def with_basic(url: str) -> dict[str, Any]:
    """An address as the replicator wants one with credentials: apart from it."""
    parts = urlsplit(url)
    plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    if parts.username is None:
        return {"url": plain}
    basic = {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return {"url": plain, "auth": {"basic": basic}}


def eventually(ask: Callable[[], Any], wanted: Any = True, *, within_s: float = JOB_S_MAX) -> None:
    """Insist that `ask()` comes to answer `wanted`."""
    ends = time.monotonic() + within_s
    while (found := ask()) != wanted:
        assert time.monotonic() < ends, found
        time.sleep(0.1)
