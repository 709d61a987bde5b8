"""The SQLite file of one store: made whole, opened safely, shared by threads and processes, its failures named.

Many readers and one writer: readers take connections from a small pool, the writer holds a lock and starts every
transaction with BEGIN IMMEDIATE, so two processes take turns too. It must never know what the tables mean; their
form is here because a file that has another form is not ours.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from sync.errors import NotFound, PeerUnreachable, StoreCorrupt, StoreFull, SyncError

if sys.platform != "win32":
    import fcntl

BUSY_WAIT_S = 10.0
"""How long a writer waits for another process. A batch of 500 documents takes a tenth of a second."""

IDLE_READERS_MAX = 4
"""Readers kept open between uses: each holds three file descriptors and its page cache."""

QUICK_CHECK_BYTES_MAX = 64 * 2**20
"""Larger files are not read through when they were not closed cleanly: half a second is what a person accepts."""

NEARLY_FULL_BYTES = 2**20
"""With less than this free, an I/O error is taken for a full disk: SQLite's shared memory fails so."""

APPLICATION_ID = 0x54484453  # "THDS" in the file's header, for `file` and for us
SCHEMA_VERSION = 2

# Bodies lie in a table with row numbers: SQLite keeps up to 4,000 bytes of such a row on its page, but in a table
# WITHOUT ROWID only 1,000, and sends the rest to a page of its own: a document of 1 KB took 5 KB of disk.
_REV = """
CREATE TABLE rev (           -- bodies of leaves
    n INTEGER NOT NULL,
    rev TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    atts BLOB,
    body BLOB NOT NULL
);
"""
_REV_BY_N = "CREATE INDEX rev_by_n ON rev (n);"  # small and written in order: a document has few leaves

# Bodies of revisions that were built on, where a store keeps them: apart, so that reading leaves is as fast as ever.
OLD = """
CREATE TABLE IF NOT EXISTS old (
    n INTEGER NOT NULL,
    rev TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    atts BLOB,
    body BLOB NOT NULL,
    PRIMARY KEY (n, rev)
)
"""

_SCHEMA = f"""
CREATE TABLE doc (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL UNIQUE,
    winner TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    others TEXT,               -- the leaves that lost, joined by commas, so that _changes need not read the tree
    tree BLOB NOT NULL         -- last: long, and read only where history is asked for
);
{_REV}
{_REV_BY_N}
CREATE TABLE blob (digest TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE blob_use (     -- which leaf names which bytes, so that the last to go takes them along
    digest TEXT NOT NULL,
    n INTEGER NOT NULL,
    rev TEXT NOT NULL,
    PRIMARY KEY (digest, n, rev)
) WITHOUT ROWID;
CREATE TABLE local (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('live', 0), ('gone', 0);   -- how many documents, so that nobody has to count them
"""  # noqa: S608 - constants only

_FROM_1_TO_2 = f"""
BEGIN IMMEDIATE;
ALTER TABLE rev RENAME TO rev_1;
{_REV}
INSERT INTO rev SELECT n, rev, deleted, atts, body FROM rev_1 ORDER BY n;
DROP TABLE rev_1;
{_REV_BY_N}
DROP INDEX doc_by_deleted;
INSERT OR REPLACE INTO meta SELECT 'live', count(*) FROM doc WHERE NOT deleted;
INSERT OR REPLACE INTO meta SELECT 'gone', count(*) FROM doc WHERE deleted;
PRAGMA user_version = 2;
COMMIT;
"""  # noqa: S608 - constants only


class StoreFile:
    """Connections to one file. Made on first use, so that a handle may outlive its turn among the open ones."""

    def __init__(self, path: Path, *, new_uuid: Callable[[], str]) -> None:
        self.path = path
        self._write_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._writer_durable: bool | None = None
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._gone: str | None = None
        if not path.exists():
            create_file(path, new_uuid=new_uuid)
        self._check_on_open()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the file."""
        with self._named_errors():
            connection = self._take_reader()
            try:
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.rollback()
            finally:
                self._give_back(connection)

    @contextlib.contextmanager
    def writing(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing. `durable` waits for the disk."""
        with self._write_lock, self._named_errors():
            connection = self._writer_connection()
            if durable is not self._writer_durable:
                connection.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
                self._writer_durable = durable
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    connection.rollback()
                raise

    @contextlib.contextmanager
    def maintaining(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection outside of a transaction, for checkpoints, vacuum and copies."""
        with self._write_lock, self._named_errors():
            yield self._writer_connection()

    def rest(self, *, wait: bool = False) -> None:
        """Give up idle connections and their file descriptors; the next use opens new ones.

        With `wait`, a write that is under way is awaited, else its connection stays.
        """
        with self._readers_lock:
            idle, self._readers = self._readers, []
        for connection in idle:
            connection.close()
        if self._write_lock.acquire(blocking=wait):
            try:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
            finally:
                self._write_lock.release()

    def close(self, *, why: str = "The store is closed.") -> None:
        """No use after this: NotFound says `why`."""
        self._gone = why
        self.rest(wait=True)

    @property
    def gone(self) -> bool:
        return self._gone is not None

    def size_bytes(self) -> int:
        """What the file and its log take on the disk."""
        size = 0
        for path in (str(self.path), f"{self.path}-wal"):
            with contextlib.suppress(FileNotFoundError):
                size += os.stat(path).st_size  # noqa: PTH116 - asked at every request, and paths take longer than the disk
        return size

    def _take_reader(self) -> sqlite3.Connection:
        self._refuse_if_gone()
        with self._readers_lock:
            if self._readers:
                return self._readers.pop()
        return _connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._readers_lock:
            if not self.gone and len(self._readers) < IDLE_READERS_MAX:
                self._readers.append(connection)
                return
        connection.close()

    def _writer_connection(self) -> sqlite3.Connection:
        self._refuse_if_gone()
        if self._writer is None:
            self._writer, self._writer_durable = _connect(self.path), None
        return self._writer

    def _refuse_if_gone(self) -> None:
        if self._gone is not None:
            raise NotFound(self._gone)

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise named_error(error, self.path) from error

    def _check_on_open(self) -> None:
        log = self.path.with_name(self.path.name + "-wal")
        unclean = log.exists() and log.stat().st_size > 0  # SQLite removes the log when the last user leaves
        with self.reading() as connection:
            version = check_form(connection, self.path)
            if unclean and self.size_bytes() <= QUICK_CHECK_BYTES_MAX:
                check_pages(connection, self.path, "quick_check")
        if version < SCHEMA_VERSION:
            self._upgrade()

    def _upgrade(self) -> None:
        """Bring a file of an earlier version to today's form: all of it, or it stays as it was."""
        with alone_in(self.path.parent), self.maintaining() as connection:
            if check_form(connection, self.path) == SCHEMA_VERSION:
                return  # another process was first
            try:
                connection.executescript(_FROM_1_TO_2)
            except BaseException:
                if connection.in_transaction:
                    connection.rollback()
                raise


def create_file(path: Path, *, new_uuid: Callable[[], str]) -> None:
    """Make an empty store. The file appears by rename once it is whole and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}.new")
    try:
        connection = sqlite3.connect(unfinished, isolation_level=None)
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # lets compaction give space back piece by piece
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN; {_SCHEMA}")
            connection.execute("INSERT INTO meta VALUES ('uuid', ?)", (new_uuid(),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        finally:
            connection.close()
        appear(unfinished, path)
    except sqlite3.Error as error:
        raise named_error(error, path) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"No space is left to make {path}. Free space and repeat it.") from error
        raise
    finally:
        drop_logs(unfinished)
        unfinished.unlink(missing_ok=True)


def drop_logs(path: Path) -> None:
    """Remove what a store that is gone, or going, left beside its file.

    SQLite would play an old log into a new file of the same name.
    """
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def appear(unfinished: Path, path: Path) -> None:
    """Give a finished file its name, unless another thread or process was first: then theirs stands."""
    _flush(unfinished)
    with alone_in(path.parent):
        if not path.exists():
            drop_logs(path)
            unfinished.rename(path)
            _flush(path.parent)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While files of this folder come and go, no other thread or process makes or removes one.

    Without it, somebody could take the log of a store that was made a moment ago for one that was left behind.
    """
    if sys.platform == "win32":  # no such lock there, and one process at a time
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def check_form(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file's form. Raises StoreCorrupt where another program, or a later version, wrote it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreCorrupt(f"{path} is not a store of documents. It was left as it is.")
    if version > SCHEMA_VERSION:
        raise StoreCorrupt(f"{path} was written by a later version. Update this program; the file was left as it is.")
    return int(version)


def check_pages(connection: sqlite3.Connection, path: Path, how: str) -> None:
    """Read the file through, by `quick_check` or `integrity_check`. Raises StoreCorrupt with the first fault."""
    (verdict,) = connection.execute(f"PRAGMA {how}(1)").fetchone()
    if verdict != "ok":
        raise StoreCorrupt(f"{path} is damaged ({verdict}). Keep the file: what is readable in it can be exported.")


def named_error(error: sqlite3.Error, path: Path) -> SyncError:
    """What SQLite's failure means for the person who can act on it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte: the primary code
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreCorrupt(f"{path} is damaged ({error}). Keep the file: what is readable in it can be exported.")
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _nearly_full(path)):
        return StoreFull(f"No space is left for {path}: nothing of this write was kept. Free space and repeat it.")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return PeerUnreachable(f"Another process has been writing {path} for {BUSY_WAIT_S:g} s. Try again later.")
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return NotFound("Database does not exist.")
    return SyncError(f"{path} could not be used: {error}.")


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a store whose file was deleted must not come back empty under its old handle.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_WAIT_S,
        isolation_level=None,
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    # Deleted bytes are overwritten where a page is written anyway; whole free pages go when the file is compacted.
    connection.execute("PRAGMA secure_delete = FAST")
    return connection


def _nearly_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES
    except OSError:
        return False


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
