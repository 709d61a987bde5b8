"""What is known of every database, in one SQLite file that can be thrown away: rows to read, and how far we followed.

One row for each document of a group, progress of drafts, submissions that wait for what they cite, photos and their
states. Rows and the sequence they stand for are written in one transaction, and nothing is ever counted up, so a crash
anywhere costs nothing but a repetition. A file of another version is left alone; a new one is filled beside it and
renamed into its place. It must never know how documents become standings.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sync.canonical import canonical_json, parse_json
from sync.database import Document, Seq
from sync.store_file import named_error

VERSION: Final = 1
"""Raise it when the tables, or what is put into them, change: the next start fills a new file."""

BUSY_TIMEOUT_S: Final = 20.0
"""Another process (a command beside the service) may be writing a large page of rows."""

_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE checkpoint(database TEXT PRIMARY KEY, seq TEXT NOT NULL, uuid TEXT) WITHOUT ROWID;
CREATE TABLE document(database TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY(database, id));
CREATE TABLE draft(
    database TEXT, id TEXT, answered INTEGER NOT NULL, touched TEXT, PRIMARY KEY(database, id)) WITHOUT ROWID;
CREATE TABLE waiting(
    database TEXT, id TEXT, target TEXT NOT NULL, absent TEXT NOT NULL, PRIMARY KEY(database, id)) WITHOUT ROWID;
CREATE INDEX waiting_for ON waiting(target);
CREATE TABLE naming(photo TEXT, database TEXT, id TEXT, PRIMARY KEY(photo, database, id)) WITHOUT ROWID;
CREATE TABLE photo(database TEXT, photo TEXT, state TEXT NOT NULL, PRIMARY KEY(database, photo)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission that is kept and shown, but not yet promoted."""

    database: str
    document: str
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftProgress:
    """How far a draft is: answers given, and the corrected time of the last one."""

    answered: int
    touched: str | None


class Projection:
    """The file, for any number of threads and for a command beside the service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opened_lock = threading.Lock()
        if _version_of(path) != VERSION:
            _make(path)

    # Reading

    def checkpoint(self, database: str, *, uuid: str | None = None) -> Seq:
        """The last sequence followed; 0 where the database is not the one followed before (`uuid` tells)."""
        row = self._connection().execute("SELECT seq, uuid FROM checkpoint WHERE database = ?", (database,)).fetchone()
        if row is None or (uuid is not None and row[1] is not None and row[1] != uuid):
            return 0
        seq: Seq = json.loads(row[0])
        return seq

    def is_of(self, database: str, uuid: str | None) -> bool:
        """Do its rows speak of the database that bears this `uuid`, and no earlier one of the same name?"""
        row = self._connection().execute("SELECT uuid FROM checkpoint WHERE database = ?", (database,)).fetchone()
        return row is not None and row[0] == uuid

    def documents(self, database: str) -> tuple[Seq, dict[str, Document]]:
        """All documents of a group by id, with the sequence at which they stood so."""
        connection = self._connection()
        connection.execute("BEGIN")  # one snapshot for both questions
        try:
            seq = self.checkpoint(database)
            rows = connection.execute("SELECT id, body FROM document WHERE database = ? ORDER BY id", (database,))
            return seq, {doc_id: parse_json(body) for doc_id, body in rows}
        finally:
            connection.execute("COMMIT")

    def drafts(self, database: str) -> dict[str, DraftProgress]:
        rows = self._connection().execute("SELECT id, answered, touched FROM draft WHERE database = ?", (database,))
        return {doc_id: DraftProgress(answered, touched) for doc_id, answered, touched in rows}

    def waiting(self, *, target: str | None = None, database: str | None = None) -> list[Waiting]:
        """Submissions waiting to enter the group's database `target`, or lying in `database`."""
        rows = self._connection().execute(
            "SELECT database, id, absent FROM waiting WHERE (?1 IS NULL OR target = ?1)"
            " AND (?2 IS NULL OR database = ?2) ORDER BY id",
            (target, database),
        )
        return [Waiting(where, doc_id, tuple(json.loads(absent))) for where, doc_id, absent in rows]

    def photos(self, database: str) -> dict[str, str]:
        """States of the photos of a media database: arriving or verified."""
        rows = self._connection().execute("SELECT photo, state FROM photo WHERE database = ?", (database,))
        return dict(rows.fetchall())

    def naming(self, photo: str) -> list[tuple[str, str]]:
        """The documents, by database and id, that name a photo."""
        rows = self._connection().execute("SELECT database, id FROM naming WHERE photo = ?", (photo,))
        return rows.fetchall()

    # Writing

    @contextlib.contextmanager
    def followed(self, database: str, *, since: Seq, to: Seq, uuid: str | None) -> Iterator[Rows | None]:
        """One transaction of rows and the sequence they stand for.

        None when another follower has moved the checkpoint from `since` meanwhile: its rows stand, ours are dropped.
        """
        with self._writing() as connection:
            if self.checkpoint(database, uuid=uuid) != since:
                yield None
                return
            if since == 0:  # a first time, or a database that was made anew under an old name
                for table in ("document", "draft", "waiting", "photo", "naming"):
                    connection.execute(f"DELETE FROM {table} WHERE database = ?", (database,))  # noqa: S608
            yield Rows(connection, database)
            connection.execute(
                "INSERT OR REPLACE INTO checkpoint(database, seq, uuid) VALUES (?, ?, ?)",
                (database, json.dumps(to), uuid),
            )

    @contextlib.contextmanager
    def rows(self, database: str) -> Iterator[Rows]:
        """A transaction of rows that leaves the checkpoint where it is (a wait that ended)."""
        with self._writing() as connection:
            yield Rows(connection, database)

    def forget_erased(self) -> None:
        """Let go of the log, in which the bytes of dropped rows lie on until it is written over."""
        self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        with self._opened_lock:
            opened, self._opened = self._opened, []
        for connection in opened:
            connection.close()
        self._local = threading.local()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. A full disk is StoreFull here as everywhere: 507 for who asks, no fault of ours."""
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise named_error(error, self._path) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self._path)
            self._local.connection = connection
            with self._opened_lock:
                self._opened.append(connection)
        return connection


class Rows:
    """What may be written inside one transaction, for one database."""

    def __init__(self, connection: sqlite3.Connection, database: str) -> None:
        self._connection = connection
        self._database = database

    def put_document(self, document: Mapping[str, Any]) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO document(database, id, body) VALUES (?, ?, ?)",
            (self._database, document["_id"], canonical_json(dict(document))),
        )

    def drop_document(self, doc_id: str) -> None:
        for table in ("document", "draft"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE database = ? AND id = ?",  # noqa: S608
                (self._database, doc_id),
            )

    def put_draft(self, doc_id: str, progress: DraftProgress) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO draft(database, id, answered, touched) VALUES (?, ?, ?, ?)",
            (self._database, doc_id, progress.answered, progress.touched),
        )

    def put_waiting(self, doc_id: str, target: str, absent: Iterable[str]) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO waiting(database, id, target, absent) VALUES (?, ?, ?, ?)",
            (self._database, doc_id, target, json.dumps(list(absent))),
        )

    def drop_waiting(self, doc_id: str) -> None:
        self._connection.execute("DELETE FROM waiting WHERE database = ? AND id = ?", (self._database, doc_id))

    def put_naming(self, doc_id: str, photos: Iterable[str]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO naming(photo, database, id) VALUES (?, ?, ?)",
            [(photo, self._database, doc_id) for photo in photos],
        )

    def put_photo(self, photo: str, state: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO photo(database, photo, state) VALUES (?, ?, ?)", (self._database, photo, state)
        )


def rebuilt(path: Path, fill: Callable[[Projection], None]) -> Projection:
    """The projection at `path`; one of another version is first filled anew beside it, then renamed into its place."""
    if path.exists() and _version_of(path) != VERSION:
        scratch = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fresh = Projection(scratch)
        try:
            fill(fresh)
            with contextlib.closing(_connect(scratch)) as connection:
                # All into the one file: what is renamed must not lean on a log beside it.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            fresh.close()
        _remove_log(path)
        scratch.replace(path)
    return Projection(path)


def _make(path: Path) -> None:
    """A new, empty file, appearing whole."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    with contextlib.closing(_connect(scratch)) as connection:
        connection.executescript(
            f"BEGIN; {_TABLES} INSERT INTO meta(name, value) VALUES ('version', '{VERSION}'); COMMIT;"  # noqa: S608
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    try:
        # link, unlike rename, does nothing where another process made the file meanwhile.
        os.link(scratch, path)
    except FileExistsError:
        if _version_of(path) != VERSION:
            _remove_log(path)
            scratch.replace(path)
    scratch.unlink(missing_ok=True)


def _remove_log(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _version_of(path: Path) -> int | None:
    """None: there is no file, or it is no projection of any version."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(_connect(path)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
    except sqlite3.DatabaseError:
        return None  # it can be thrown away: that is what makes a damaged one harmless
    return None if row is None else int(row[0])


def _connect(path: Path) -> sqlite3.Connection:
    # close() is called from the thread that ends the service; each connection is used by its own thread until then.
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # Lost with the machine's power, the last rows are followed again.
    connection.execute("PRAGMA synchronous = NORMAL")
    # What a decision erased must not lie on in a page nobody uses.
    connection.execute("PRAGMA secure_delete = ON")
    return connection
