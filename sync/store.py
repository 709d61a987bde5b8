"""The embedded document store: one SQLite file that keeps every promise of `sync.database.Database`.

                  Store ── the port, one transaction a call, wakes who waits
      ┌─────────────┼────────────────┐
    store_file   store_pages    store_writing     connections · feed and listing · what a write does to the tables
                 store_reading       │            queries
                      └──────┬───────┘
                  edits · documents · revisions   the rules, pure

A phone holds one store for each of its databases, the embedded server a folder of them (`sync.store_folder`). Only
bodies of leaves are kept, unless asked for more. `_all_docs` is in the order of UTF-8 bytes. It must never know what a
document means.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sync.canonical import INTEGER_MAX, canonical_json, parse_json
from sync.database import Attachment, ChangesPage, Document, Seq, Style
from sync.documents import LOCAL_PREFIX, Blob, check_id
from sync.errors import BadRequest, NotFound
from sync.revisions import REVS_LIMIT, parse_rev
from sync.store_file import StoreFile, appear, check_pages, named_error
from sync.store_pages import NO_LIMIT, changes_page, id_bounds, listed, rows_of_keys, sequence_number, whole
from sync.store_reading import Reader, is_text
from sync.store_writing import Writer, prepare_edit, prepare_graft

WAIT_SLICE_S = 1.0
"""How often a longpoll looks by itself: commits of this process wake it, those of another process do not."""

PIECE_BYTES = 2**20
"""Attachments are read a mebibyte at a time, so that a slow reader of a large one holds little memory."""


def random_id() -> str:
    return uuid.uuid4().hex


class Store:
    """A database in one file, made if it is not there. For any number of threads; several processes take turns.

    Raises StoreCorrupt where the file is not a store or is damaged: keep the file, tell the person. Writes raise
    StoreFull where no space is left, with nothing of the write kept. With `keep_history`, bodies of revisions that were
    built on stay readable until `compact`, as in CouchDB; without, they go at once.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        name: str | None = None,
        new_uuid: Callable[[], str] = random_id,
        revs_limit: int = REVS_LIMIT,
        keep_history: bool = False,
    ) -> None:
        self._path = Path(path)
        self._name = self._path.stem if name is None else name
        self._new_uuid = new_uuid
        self._revs_limit = revs_limit
        self._keep_history = keep_history
        self._file = StoreFile(self._path, new_uuid=new_uuid)
        self._changed = threading.Condition()
        self._commits = 0
        self._listeners: list[Callable[[str], None]] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> Path:
        return self._path

    # What replication asks

    def info(self) -> dict[str, Any]:
        with self._reading() as reader:
            live, deleted = reader.counts()
            uuid_ = reader.meta("uuid")
            return {
                "db_name": self._name,
                "update_seq": reader.last_seq(),
                "instance_start_time": _birth(uuid_),
                "doc_count": live,
                "doc_del_count": deleted,
                "uuid": uuid_,
                "sizes": {"file": self._file.size_bytes(), "active": reader.bytes_in_use()},
            }

    def changes(
        self,
        since: Seq = 0,
        *,
        limit: int | None = None,
        style: Style = "main_only",
        descending: bool = False,
        include_docs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
        doc_ids: Sequence[str] | None = None,
        wait_s: float = 0.0,
    ) -> ChangesPage:
        deadline = time.monotonic() + wait_s
        while True:
            commits = self._commits  # before looking: what is committed meanwhile must wake us
            with self._reading() as reader:
                after = reader.last_seq() if since == "now" else sequence_number(since)
                page = changes_page(
                    reader,
                    after,
                    limit=NO_LIMIT if limit is None else whole(limit),
                    style=style,
                    descending=descending,
                    doc_ids=doc_ids,
                    with_docs={"conflicts": conflicts, "attachments": attachments} if include_docs else None,
                )
            if page.results or limit == 0 or not self._wait(commits, deadline):
                return page
            since = after

    def changes_before(
        self,
        before: Seq | None,
        *,
        since: Seq,
        limit: int,
        style: Style,
        include_docs: bool,
        conflicts: bool,
        attachments: bool,
        doc_ids: Sequence[str] | None,
    ) -> ChangesPage:
        with self._reading() as reader:
            return changes_page(
                reader,
                reader.last_seq() if since == "now" else sequence_number(since),
                INTEGER_MAX if before is None else sequence_number(before),
                limit=whole(limit),
                style=style,
                descending=True,
                doc_ids=doc_ids,
                with_docs={"conflicts": conflicts, "attachments": attachments} if include_docs else None,
            )

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        with self._reading() as reader:
            rows = reader.rows(filter(is_text, revisions))
            found = {doc_id: reader.missing(rows.get(doc_id), revs) for doc_id, revs in revisions.items()}
        return {doc_id: answer for doc_id, answer in found.items() if answer}

    def bulk_get(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool = False,
        latest: bool = False,
        attachments: bool = False,
    ) -> list[dict[str, Any]]:
        with self._reading() as reader:
            return reader.requested(requests, revs=revs, latest=latest, attachments=attachments)

    def bulk_get_to_pass_on(
        self, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
    ) -> list[dict[str, Any]]:
        """See `sync.database.bulk_get_to_pass_on`."""
        with self._reading() as reader:
            return reader.requested(requests, revs=revs, latest=latest, attachments=attachments, spelled=True)

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        batch = list(documents)  # before the lock: it may be a generator that reads this very store
        if not set(map(type, batch)) <= {dict} and not all(isinstance(document, Mapping) for document in batch):
            raise BadRequest("Document must be a JSON object")
        if new_edits:
            named = [document if "_id" in document else {**document, "_id": self._new_uuid()} for document in batch]
            edits = list(map(prepare_edit, named))  # what needs no lock is done before it
            with self._writing(durable=durable) as writer:
                return writer.edit_entries(edits)
        grafts = list(map(prepare_graft, batch))
        with self._writing(durable=durable) as writer:
            return writer.graft_entries(grafts)

    def put_right(self, forgotten: Iterable[str], documents: Iterable[Document]) -> list[dict[str, Any]]:
        """Forget documents as if they had never come here, then write revisions as they are; answers the failures.

        One durable transaction, for a copy that holds what the database it was copied from no longer has. Whoever
        copied from this store is not told, as after CouchDB's `_purge`.
        """
        grafts = list(map(prepare_graft, documents))
        with self._writing(durable=True) as writer:
            writer.forget(forgotten)
            return writer.graft_entries(grafts)

    def get_local(self, local_id: str) -> Document | None:
        check_id(LOCAL_PREFIX + local_id)
        with self._reading() as reader:
            found = reader.local(local_id)
        return None if found is None else {**found[1], "_id": LOCAL_PREFIX + local_id, "_rev": f"0-{found[0]}"}

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        with self._writing(durable=True) as writer:
            return writer.put_local(local_id, body)

    def put_checkpoint(self, local_id: str, body: Mapping[str, Any]) -> str:
        """See `sync.database.put_checkpoint`."""
        with self._writing(durable=False) as writer:
            return writer.put_local(local_id, body)

    # For use at home

    def local_ids(self) -> list[str]:
        with self._reading() as reader:
            return reader.local_ids()

    def get(
        self,
        doc_id: str,
        *,
        rev: str | None = None,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> Document:
        if check_id(doc_id).startswith(LOCAL_PREFIX):
            local = self.get_local(doc_id.removeprefix(LOCAL_PREFIX))
            if local is None:
                raise NotFound("missing")
            return local
        wanted = None if rev is None else str(parse_rev(rev))
        with self._reading() as reader:
            row, stored = reader.existing_leaf(doc_id, wanted)
            return reader.document(row, stored, revs=revs, conflicts=conflicts, attachments=attachments)

    def put(self, document: Document) -> str:
        return self.put_all([document])[0]

    def put_all(self, documents: Iterable[Document]) -> list[str]:
        """Write several documents durably, all of them or none; answers their revisions.

        Raises what `put` raises for the first that cannot be written. An entry for `_local/…` may be among them.
        """
        batch = list(documents)
        edits = list(map(prepare_edit, batch))
        with self._writing(durable=True) as writer:
            return writer.edits(edits)

    def all_docs(
        self,
        *,
        keys: Sequence[str] | None = None,
        start_key: str | None = None,
        end_key: str | None = None,
        inclusive_end: bool = True,
        descending: bool = False,
        skip: int = 0,
        limit: int | None = None,
        include_docs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> dict[str, Any]:
        with_docs = {"conflicts": conflicts, "attachments": attachments} if include_docs else None
        most = NO_LIMIT if limit is None else whole(limit)
        skip = whole(skip)
        with self._reading() as reader:
            total, _ = reader.counts()
            if keys is not None:
                wanted = list(reversed(keys)) if descending else list(keys)
                wanted = wanted[skip:] if limit is None else wanted[skip : skip + most]
                return {"total_rows": total, "offset": 0, "rows": rows_of_keys(reader, wanted, with_docs)}
            bounds, values = id_bounds(start_key, end_key, inclusive_end=inclusive_end, descending=descending)
            live = reader.live_rows(bounds=bounds, values=values, descending=descending, skip=skip, limit=most)
            rows = listed(reader, list(live), with_docs)
            passed = 0
            if start_key is not None:
                before = " AND id > ?" if descending else " AND id < ?"
                passed = reader.count_live(bounds=before, values=[start_key])
            return {"total_rows": total, "offset": min(passed + skip, total), "rows": rows}

    def attachment(self, doc_id: str, attachment_name: str, *, rev: str | None = None) -> Attachment:
        wanted = None if rev is None else str(parse_rev(rev))
        with self._reading() as reader:
            _, stored = reader.existing_leaf(check_id(doc_id), wanted)
        blob = stored.attachments.get(attachment_name)
        if blob is None:
            raise NotFound("Document is missing attachment")
        return Attachment(blob.content_type, blob.length, blob.digest, blob.revpos, self._pieces(blob))

    # For its keeper

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener(name)` after every commit that changed a document; answers how to stop that.

        It runs on the writing thread, after the lock is released: it should set an event and return.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def remint_uuid(self) -> str:
        """Give the store a new identity, so that no peer trusts an old checkpoint. For a restored backup."""
        fresh = self._new_uuid()
        with self._writing(durable=True) as writer:
            writer.set_meta("uuid", fresh)
        return fresh

    def revs_limit(self) -> int:
        """How many revisions below each leaf are kept."""
        with self._reading() as reader:
            return self._limit_of(reader)

    def set_revs_limit(self, limit: int) -> None:
        """Keep `limit` revisions (at least 1) below each leaf. What is beyond it is forgotten at once."""
        with self._writing(durable=True) as writer:
            writer.set_meta("revs_limit", str(limit))
            writer.stem(limit)

    def security(self) -> dict[str, Any]:
        """What `set_security` was given last; the store itself asks nobody who they are."""
        with self._reading() as reader:
            return dict(parse_json(reader.setting("security") or "{}"))

    def set_security(self, members: Mapping[str, Any]) -> None:
        """Keep CouchDB's `_security` object beside the documents."""
        with self._writing(durable=True) as writer:
            writer.set_meta("security", canonical_json(members).decode())

    def compact(self) -> int:
        """Give unused space back to the disk; answers by how many bytes the file shrank.

        Bodies and attachments go with the last leaf that names them, and their space is used again: this is for the
        disk's other users.
        """
        before = self._file.size_bytes()
        with self._writing(durable=False) as writer:
            writer.drop_history()
            writer.drop_unused_blobs()
        with self._file.maintaining() as connection:
            # As a script: `execute` takes one step of this pragma, and each step frees one page.
            connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
        return max(before - self._file.size_bytes(), 0)

    def free_bytes(self) -> int:
        """What lies in the file unused: compaction would give it back to the disk."""
        with self._file.reading() as connection:
            (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(page_bytes)

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy while others read and write; it appears by rename. Raises FileExistsError."""
        if path.exists():
            raise FileExistsError(path)
        unfinished = path.with_name(f".{path.name[:100]}.{random_id()}.new")
        try:
            copy = sqlite3.connect(unfinished)
            try:
                with self._file.maintaining() as connection:
                    connection.backup(copy)
            finally:
                copy.close()
            appear(unfinished, path)
        except sqlite3.Error as error:
            raise named_error(error, path) from error
        finally:
            unfinished.unlink(missing_ok=True)

    def check(self) -> None:
        """Read the whole file. Raises StoreCorrupt with the first fault."""
        with self._file.reading() as connection:
            check_pages(connection, self._path, "integrity_check")

    def rest(self) -> None:
        """Close idle connections; the store stays usable. For a keeper of many stores."""
        self._file.rest()

    def close(self, *, why: str = "The store is closed.") -> None:
        """End all use. Who waits for changes gets an empty page; later calls raise NotFound saying `why`."""
        self._file.close(why=why)
        with self._changed:
            self._commits += 1
            self._changed.notify_all()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Reader]:
        with self._file.reading() as connection:
            yield Reader(connection)

    @contextlib.contextmanager
    def _writing(self, *, durable: bool) -> Iterator[Writer]:
        with self._file.writing(durable=durable) as connection:
            limit = self._limit_of(Reader(connection))
            writer = Writer(connection, revs_limit=limit, keep_history=self._keep_history)
            yield writer
            writer.finish()
        if writer.changed:
            with self._changed:
                self._commits += 1
                self._changed.notify_all()
            for listener in tuple(self._listeners):
                listener(self._name)

    def _limit_of(self, reader: Reader) -> int:
        set_here = reader.setting("revs_limit")
        return self._revs_limit if set_here is None else int(set_here)

    def _wait(self, commits: int, deadline: float) -> bool:
        """Sleep until a commit, a slice or the deadline; answers whether to look again."""
        left_s = deadline - time.monotonic()
        if left_s <= 0 or self._file.gone:
            return False
        with self._changed:
            self._changed.wait_for(lambda: self._commits != commits, min(left_s, WAIT_SLICE_S))
        return not self._file.gone

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        for start in range(0, blob.length, PIECE_BYTES):
            with self._reading() as reader:
                piece = reader.blob_piece(blob.digest, start, PIECE_BYTES)
            yield piece


def _birth(uuid_: str) -> str:
    """CouchDB's replicator asks for the time a database was made and compares it, nothing else: a continuous run over
    a database made anew, or put back from a copy, must not go on from where it was. The uuid tells the same.
    """
    return str(zlib.crc32(uuid_.encode()))
