"""`_replicate`: a server that is told to replicate, and `_active_tasks`: what it is at.

Whoever may ask makes this server speak to others in its own name. So an end is a database of the folder, or an address
that `may_reach` allows; without a folder there is neither. How a replication works is known to `sync.replicate` alone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, cast
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import requests
from flask import Response

from sync.backoff import Backoff
from sync.checkpoints import REPLICATION_ID_VERSION
from sync.database import Database, Seq
from sync.errors import (
    BadRequest,
    DatabaseError,
    FileExists,
    Forbidden,
    IllegalDatabaseName,
    NotFound,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    SyncError,
)
from sync.face.answer import json_answer
from sync.face.call import Call, strings
from sync.face.folder import DatabaseFolder
from sync.face.problems import WireError, left_out, method_not_allowed
from sync.remote import RemoteDatabase
from sync.replicate import Progress, Result, replicate
from sync.selected import Selected
from sync.selector import matcher

_log = logging.getLogger(__name__)

# How long a continuous replication waits for changes before it looks whether it was cancelled.
_LOOK_S = 2.0

# What CouchDB tells of a replication of named documents beside its history.
_TOLD_BESIDE = ("start_time", "end_time", "docs_read", "docs_written", "doc_write_failures")


@dataclass(slots=True)
class Job:
    """One replication under way."""

    job_id: str
    source: str
    target: str
    continuous: bool
    started: datetime
    updated: datetime
    doc_ids: list[str] | None = None
    # Where to begin; once it has run, it goes on from where it was.
    since: Seq | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None


class Replications:
    """The replications this server was told to run. For any number of threads."""

    def __init__(
        self,
        folder: DatabaseFolder,
        *,
        may_reach: Callable[[str], bool],
        jobs_max: int,
        new_uuid: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._may_reach = may_reach
        self._jobs_max = jobs_max
        self._new_uuid = new_uuid
        self._now = now
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def replicate(self, call: Call) -> Response:
        """POST `/_replicate`: run it and tell what it did; 202 for one that goes on; or cancel one."""
        if call.method != "POST":
            raise method_not_allowed("POST")
        asked = call.json_object()
        for name in ("continuous", "cancel", "create_target"):
            if not isinstance(asked.get(name, False), bool):
                raise BadRequest(f"parameter `{name}` must be a boolean")
        job_id = _job_id(asked)
        if asked.get("cancel") is True:
            return self._cancel(call, asked, job_id)
        if sum(asked.get(name) is not None for name in ("doc_ids", "filter", "selector")) > 1:
            raise BadRequest("`doc_ids`,`filter`,`selector` are mutually exclusive")
        for name in ("filter", "view", "winning_revs_only"):
            if asked.get(name):
                raise left_out(f"{name} is not served in replications; use doc_ids or selector.")
        if asked.get("use_checkpoints") is False:
            raise left_out("Replications without checkpoints are not served.")
        if not isinstance(asked.get("doc_ids"), list | None):
            raise BadRequest("parameter `doc_ids` must be an array")
        if not isinstance(asked.get("selector"), dict | None):
            raise BadRequest("parameter `selector` must be a JSON object")
        doc_ids = None
        if asked.get("doc_ids") is not None:  # CouchDB takes them as they stand in a URL
            doc_ids = [unquote_plus(doc_id) for doc_id in strings(asked["doc_ids"], "doc_ids")]
        since = asked.get("since_seq")
        if since is not None and (isinstance(since, bool) or not isinstance(since, int | str)):
            raise BadRequest("`since_seq` must be a sequence of the source.")
        source = self._end(asked, "source", create=False)
        if asked.get("selector") is not None:
            passes = matcher(asked["selector"])
            source = cast(
                "Database",
                Selected(
                    source,
                    lambda row: row.get("doc") is not None and passes(row["doc"]),
                    identity=json.dumps(asked["selector"], sort_keys=True),
                ),
            )
        target = self._end(asked, "target", create=asked.get("create_target") is True)
        continuous = asked.get("continuous") is True
        now = self._now()
        job = Job(job_id, _shown(asked, "source"), _shown(asked, "target"), continuous, now, now, doc_ids, since)
        with self._lock:
            running = self._jobs.get(job_id)
            if running is not None and continuous:
                return _accepted(call, running)
            if len(self._jobs) >= self._jobs_max:
                headers = {"Retry-After": str(call.limits.feed_retry_after_s)}
                reason = "Too many replications are running; ask again later."
                raise WireError(503, "service_unavailable", reason, headers=headers)
            self._jobs[job_id] = job
        if not continuous:
            with self._removed_at_end(job):
                return json_answer(call, self._told(job, self._run(job, source, target)))
        thread = threading.Thread(target=self._keep_running, args=(job, source, target), daemon=True)
        thread.start()
        return _accepted(call, job)

    def tasks(self, call: Call) -> Response:
        """GET `/_active_tasks`."""
        if call.method != "GET":
            raise method_not_allowed("GET", "HEAD")
        with self._lock:
            jobs = list(self._jobs.values())
        return json_answer(call, [_task(job) for job in jobs])

    def stop(self) -> None:
        """Ask all to end."""
        with self._lock:
            for job in self._jobs.values():
                job.cancel.set()

    def _cancel(self, call: Call, asked: dict[str, Any], job_id: str) -> Response:
        named = next((asked[name] for name in ("replication_id", "_local_id", "id") if name in asked), job_id)
        with self._lock:
            job = self._jobs.get(named) if isinstance(named, str) else None
        if job is None:
            raise NotFound("missing")
        job.cancel.set()
        with self._lock:
            self._jobs.pop(job.job_id, None)
        return json_answer(call, {"ok": True, "_local_id": job.job_id})

    def _run(self, job: Job, source: Database, target: Database) -> Result:
        def note(progress: Progress) -> None:
            job.progress, job.updated, job.since = progress, self._now(), None

        try:
            return replicate(
                source,
                target,
                new_session_id=self._new_uuid,
                now=lambda: format_datetime(self._now(), usegmt=True),
                doc_ids=job.doc_ids,
                since=job.since,
                on_progress=note,
                cancelled=job.cancel.is_set,
                continuous=job.continuous,
                wait_s=_LOOK_S,
                durable=True,
            )
        except (PeerUnreachable, PeerRefused, PeerMisbehaved) as error:
            if job.continuous:
                raise
            raise _as_answer(error, f"{job.source} or {job.target}") from error

    def _keep_running(self, job: Job, source: Database, target: Database) -> None:
        """Until it is cancelled; what only needs waiting is waited for."""
        failures = 0
        with self._removed_at_end(job):
            while not job.cancel.is_set():
                try:
                    self._run(job, source, target)
                    failures = 0
                except PeerUnreachable as error:
                    failures += 1
                    job.cancel.wait(_wait_s(failures, error))
                except SyncError as error:
                    _log.warning("The replication of %s to %s ended: %s", job.source, job.target, error)
                    return

    @contextlib.contextmanager
    def _removed_at_end(self, job: Job) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                if self._jobs.get(job.job_id) is job:
                    del self._jobs[job.job_id]

    def _told(self, job: Job, result: Result) -> dict[str, Any]:
        """What CouchDB says of a replication that is done."""
        history = result.history
        nothing: dict[str, Any] = {"no_changes": True}
        if job.doc_ids is not None:
            if not result.revs_checked:
                return {"ok": True, **nothing}
            told = {name: history[0][name] for name in _TOLD_BESIDE}
        elif result.docs_read or result.checkpoint_written:
            told = {}
        else:
            # It leaves no trace, so that what is told is the last one that did.
            told, history = nothing, history[1:] or history
        return {
            "ok": True,
            **told,
            "session_id": history[0]["session_id"],
            "source_last_seq": result.last_seq,
            "replication_id_version": REPLICATION_ID_VERSION,
            "history": history,
        }

    def _end(self, asked: dict[str, Any], side: str, *, create: bool) -> Database:
        """The database at one end. Raises Forbidden for an address this server may not be sent to."""
        end = asked.get(side)
        address = end.get("url") if isinstance(end, dict) else end
        if not isinstance(address, str) or not address:
            if isinstance(end, dict):
                raise WireError(400, "invalid_replication", "endpoint has an invalid url")
            raise BadRequest(f"`{side}` must be the name of a database, its URL, or an object with its `url`.")
        try:
            if not address.startswith(("http://", "https://")):
                return self._local(address, create=create)
            if not self._may_reach(address):
                raise Forbidden("This server replicates with addresses that its operator has allowed, and no others.")
            remote = _remote(address, end if isinstance(end, dict) else {})
            if create:
                with contextlib.suppress(FileExists):
                    remote.create()
            remote.info()
        except (NotFound, IllegalDatabaseName) as error:
            raise WireError(404, "db_not_found", f"could not open {_without_secrets(address)}") from error
        except (PeerUnreachable, PeerRefused, PeerMisbehaved, requests.RequestException, ValueError) as error:
            raise _as_answer(error, _without_secrets(address)) from error
        return remote

    def _local(self, name: str, *, create: bool) -> Database:
        if create:
            with contextlib.suppress(FileExists):
                self._folder.create(name)
        return cast("Database", self._folder.open(name))


def _remote(url: str, end: dict[str, Any]) -> RemoteDatabase:
    session = requests.Session()
    headers = end.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise BadRequest("`headers` must be an object of strings.")
    session.headers.update(headers)
    basic = end.get("auth", {})
    basic = basic.get("basic") if isinstance(basic, dict) else None
    if basic is not None:
        if not isinstance(basic, dict) or not all(isinstance(basic.get(n), str) for n in ("username", "password")):
            raise BadRequest("`auth.basic` must hold `username` and `password`.")
        pair = f"{basic['username']}:{basic['password']}".encode()
        session.headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    return RemoteDatabase(url.rstrip("/"), session=session)


def _as_answer(error: Exception, address: str) -> DatabaseError:
    """What went wrong at the other end, as CouchDB's replicator says it: the caller chose that end."""
    if isinstance(error, PeerRefused) and error.status in (401, 403):
        return WireError(error.status, "unauthorized" if error.status == 401 else "forbidden", f"{address} refused.")
    if isinstance(error, DatabaseError):
        return error
    return WireError(404, "db_not_found", f"could not open {address}")


def _wait_s(failures: int, error: PeerUnreachable) -> float:
    return Backoff().delay_s(failures - 1, random=random.random, retry_after_s=error.retry_after_s)


def _job_id(asked: dict[str, Any]) -> str:
    """The same for the same replication, however it is spelled: with it a second request finds the first."""
    names = ("source", "target", "doc_ids", "selector", "continuous", "create_target")
    said = [_shown(asked, name) if name in ("source", "target") else asked.get(name) for name in names[:-1]]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return digest + ("+continuous" if asked.get("continuous") is True else "")


def _shown(asked: dict[str, Any], side: str) -> str:
    end = asked.get(side)
    return _without_secrets(str(end.get("url") if isinstance(end, dict) else end))


def _without_secrets(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.scheme else address


def _accepted(call: Call, job: Job) -> Response:
    return json_answer(call, {"ok": True, "_local_id": job.job_id}, status=202)


def _task(job: Job) -> dict[str, Any]:
    progress = job.progress
    return {
        "type": "replication",
        "replication_id": job.job_id,
        "doc_id": None,
        "source": job.source,
        "target": job.target,
        "continuous": job.continuous,
        "started_on": int(job.started.timestamp()),
        "updated_on": int(job.updated.timestamp()),
        "docs_read": 0 if progress is None else progress.docs_read,
        "docs_written": 0 if progress is None else progress.docs_written,
        "doc_write_failures": 0 if progress is None else progress.docs_refused,
        "revisions_checked": 0 if progress is None else progress.revs_checked,
        "missing_revisions_found": 0 if progress is None else progress.revs_missing,
        "changes_pending": None if progress is None else progress.pending,
        "through_seq": 0 if progress is None else progress.last_seq,
        "checkpointed_source_seq": 0 if progress is None else progress.last_seq,
    }
