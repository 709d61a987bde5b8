"""What a write does to a store's tables, inside one transaction.

It must never commit, and never decide a rule: those are in `sync.edits` and `sync.revisions`. What a document is, is
settled before the lock is taken (`prepare_…`), for many phones wait for it; the lines of documents that are new are
gathered and written together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sync.canonical import canonical_json
from sync.database import Document
from sync.documents import (
    DOCUMENT_BYTES_MAX,
    LOCAL_PREFIX,
    Blob,
    Draft,
    Upload,
    check_id,
    claimed_path,
    local_body,
    take_apart,
)
from sync.edits import carried_by_edit, carried_by_graft, identities, parent_of_edit, refused, refused_graft
from sync.errors import Conflict, DatabaseError, DocumentTooLarge, Forbidden
from sync.revisions import Branch, Path, RevisionTree, new_revision
from sync.store_file import OLD
from sync.store_reading import VARIABLES_MAX, Reader, Row, marks

# Histories in memory at once while they are shortened: those of a large database are more than a phone has.
STEMMED_AT_ONCE = 1_000
ROWS_PER_INSERT = VARIABLES_MAX // 7
"""The wider of the two tables has seven columns."""


@dataclass(slots=True)
class Prepared:
    """A document to be written, checked as far as can be without looking into the store.

    `draft` is None for a `_local` document, and where there is a `refusal`; `path` is of replicated documents.
    """

    document: Document
    path: Path | None = None
    draft: Draft | None = None
    refusal: DatabaseError | None = None


def prepare_edit(document: Document) -> Prepared:
    prepared = Prepared(document)
    try:
        if not _is_local(document.get("_id")):
            prepared.draft = take_apart(document)
    except DatabaseError as refusal:
        prepared.refusal = refusal
    return prepared


def prepare_graft(document: Document) -> Prepared:
    prepared = Prepared(document)
    try:
        if not _is_local(check_id(document.get("_id"))):
            prepared.path = claimed_path(document)
            prepared.draft = take_apart(document, rev=prepared.path.leaf)
    except DatabaseError as refusal:
        prepared.refusal = refusal
    return prepared


class Writer:
    """One transaction's work. `changed` says whether any document got a new sequence; `finish` ends it."""

    def __init__(self, connection: sqlite3.Connection, *, revs_limit: int, keep_history: bool = False) -> None:
        self._connection = connection
        self._reader = Reader(connection)
        self._revs_limit = revs_limit
        self._keep_history = keep_history
        self._first_seq = self._seq = self._reader.last_seq()
        self._n: int | None = None  # the greatest in use, once asked for
        self._live = self._gone = 0  # by how many documents of each kind the store has more
        self._rows: dict[str, Row] = {}  # as they were when the batch began
        self._written: set[str] = set()  # of these the row is to be read again
        self._new_docs: list[tuple[Any, ...]] = []
        self._new_leaves: list[tuple[Any, ...]] = []

    @property
    def changed(self) -> bool:
        return self._seq > self._first_seq

    def finish(self) -> None:
        """Write what was gathered. Before the commit, once."""
        self._flush()
        for name, more in (("live", self._live), ("gone", self._gone)):
            if more:
                self._connection.execute("UPDATE meta SET value = value + ? WHERE name = ?", (more, name))

    def edit_entries(self, batch: Sequence[Prepared]) -> list[dict[str, Any]]:
        """Write ordinary edits; their outcomes as entries of `_bulk_docs`."""
        self._look_up(batch)
        entries = []
        for edit in batch:
            try:
                entries.append({"ok": True, "id": edit.document["_id"], "rev": self._edit(edit)})
            except DatabaseError as refusal:
                entries.append(refused(edit.document, refusal))
        return entries

    def edits(self, batch: Sequence[Prepared]) -> list[str]:
        """Write ordinary edits; answers their revisions. Raises Conflict, MissingStub, BadRequest, TooLarge."""
        self._look_up(batch)
        return [self._edit(edit) for edit in batch]

    def graft_entries(self, batch: Sequence[Prepared]) -> list[dict[str, Any]]:
        """Write replicated revisions; the failures as entries of `_bulk_docs`."""
        self._look_up(batch)
        entries = []
        for graft in batch:
            try:
                self._graft(graft)
            except DatabaseError as refusal:
                entries.append(refused_graft(graft.document, graft.path, refusal))
        return entries

    def _edit(self, edit: Prepared) -> str:
        draft = edit.draft
        if edit.refusal is not None:
            raise edit.refusal
        if draft is None:
            return self.put_local(edit.document["_id"].removeprefix(LOCAL_PREFIX), edit.document)
        row = self._row(draft.doc_id)
        tree = RevisionTree() if row is None else self._reader.tree(row)
        parent = parent_of_edit(tree, draft)
        blobs: dict[str, Blob] = {}
        if draft.attachments:
            below = None if row is None or parent is None else self._reader.leaf(row, str(parent))
            blobs = carried_by_edit(draft, 1 if parent is None else parent.generation + 1, below)
        rev = new_revision(parent, deleted=draft.deleted, body=draft.body, attachments=identities(blobs))
        path = Path(rev.generation, (rev.hash,) if parent is None else (rev.hash, parent.hash))
        if row is None and not blobs:
            self._insert(path, draft)
        else:
            self._merge(row, tree, path, draft, blobs)
        return str(rev)

    def _graft(self, graft: Prepared) -> None:
        draft, path = graft.draft, graft.path
        if graft.refusal is not None:
            raise graft.refusal
        if draft is None or path is None:
            self.put_local(graft.document["_id"].removeprefix(LOCAL_PREFIX), graft.document)
            return
        row = self._row(draft.doc_id)
        if row is None and not draft.attachments:
            self._insert(path, draft)
            return
        if row is not None and row.tree == RevisionTree((Branch(*path, draft.deleted),)).dumps():
            return  # sent again, and nothing has come since
        tree = RevisionTree() if row is None else self._reader.tree(row)
        blobs: dict[str, Blob] = {}
        if draft.attachments and path.leaf not in tree:
            found = [] if row is None else [self._reader.leaf(row, rev) for rev in row.leaves()]
            blobs = carried_by_graft(draft, path.start, [leaf for leaf in found if leaf is not None])
        self._merge(row, tree, path, draft, blobs)

    def _insert(self, path: Path, draft: Draft) -> None:
        """The everyday case of a first sync: a document that is new here, without attachments."""
        self._written.add(draft.doc_id)
        self._seq += 1
        n, rev, deleted = self._next_n(), str(path.leaf), draft.deleted
        branch = Branch(path.start, path.hashes[: self._revs_limit], deleted)
        self._new_docs.append((self._seq, rev, deleted, None, RevisionTree((branch,)).dumps(), n, draft.doc_id))
        self._new_leaves.append((n, rev, deleted, None, draft.body))
        self._gone += deleted
        self._live += not deleted

    def _merge(self, row: Row | None, tree: RevisionTree, path: Path, draft: Draft, blobs: Mapping[str, Blob]) -> None:
        merged = tree.merge(path, deleted=draft.deleted, revs_limit=self._revs_limit)
        if merged == tree:
            return
        self._written.add(draft.doc_id)
        leaves = [str(leaf.rev) for leaf in merged.leaves]
        if row is not None and leaves == row.leaves():  # only older ancestors became known: no news for anybody
            self._connection.execute("UPDATE doc SET tree = ? WHERE n = ?", (merged.dumps(), row.n))
            return
        is_new = path.leaf not in tree
        if is_new and draft.attachments:
            self._keep_bytes(draft)
        self._seq += 1
        gone = merged.winner.deleted
        n = self._next_n() if row is None else row.n
        fields = (self._seq, leaves[0], gone, ",".join(leaves[1:]) or None, merged.dumps(), n)
        if row is None:
            self._new_docs.append((*fields, draft.doc_id))
        else:
            self._connection.execute(
                "UPDATE doc SET seq = ?, winner = ?, deleted = ?, others = ?, tree = ? WHERE n = ?", fields
            )
            self._live -= not row.deleted
            self._gone -= row.deleted
        self._live += not gone
        self._gone += gone
        if is_new:
            rev = str(path.leaf)
            self._new_leaves.append((n, rev, draft.deleted, _dump_attachments(blobs), draft.body))
            if blobs:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO blob_use VALUES (?, ?, ?)",  # two names may share their bytes
                    [(blob.digest, n, rev) for blob in blobs.values()],
                )
        if row is not None:  # after the new leaf, which may carry on the bytes of the old
            for built_on in set(row.leaves()).difference(leaves):
                self._drop_leaf(row, built_on)

    def _drop_leaf(self, row: Row, rev: str) -> None:
        if self._keep_history:
            self._connection.execute(OLD)
            self._connection.execute(
                "INSERT OR REPLACE INTO old SELECT n, rev, deleted, atts, body FROM rev WHERE n = ? AND rev = ?",
                (row.n, rev),
            )
            self._connection.execute("DELETE FROM rev WHERE n = ? AND rev = ?", (row.n, rev))
            return
        digests = self._reader.digests(row.n, rev)
        self._connection.execute("DELETE FROM rev WHERE n = ? AND rev = ?", (row.n, rev))
        for digest in digests:
            self._connection.execute(
                "DELETE FROM blob_use WHERE digest = ? AND n = ? AND rev = ?", (digest, row.n, rev)
            )
            self._connection.execute(
                "DELETE FROM blob WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM blob_use WHERE digest = ?)",
                (digest, digest),
            )

    def _keep_bytes(self, draft: Draft) -> None:
        for name, upload in draft.attachments.items():
            if not isinstance(upload, Upload):
                continue
            cursor = self._connection.execute(
                "INSERT OR IGNORE INTO blob (digest, data) VALUES (?, ?)", (upload.digest, upload.data)
            )
            # MD5 names the bytes, and two files with one MD5 can be made on purpose: never swap one for the other.
            if cursor.rowcount == 0 and self._reader.blob(upload.digest) != upload.data:
                raise Forbidden(f"The attachment {name} has the MD5 of other bytes that are kept here.")

    def forget(self, doc_ids: Iterable[str]) -> None:
        """Take documents out with all their revisions, before anything else is written. Their bytes go too."""
        rows = self._reader.rows(doc_ids).values()
        for row in rows:
            for rev in row.leaves():
                self._drop_leaf(row, rev)
            if self._keep_history:
                self._connection.execute("DELETE FROM old WHERE n = ?", (row.n,))
                self._connection.execute("DELETE FROM blob_use WHERE n = ?", (row.n,))
                self.drop_unused_blobs()
            self._connection.execute("DELETE FROM doc WHERE n = ?", (row.n,))
            self._live -= not row.deleted
            self._gone -= row.deleted
        if rows:  # the count goes on from where it was: what is read is kept by it
            self._seq += 1
            self._connection.execute("UPDATE doc SET seq = ? WHERE seq = (SELECT max(seq) FROM doc)", (self._seq,))

    # What is known of a batch, and what is gathered

    def _look_up(self, batch: Sequence[Prepared]) -> None:
        """Read the rows of a whole batch at once."""
        self._rows = self._reader.rows((each.draft.doc_id for each in batch if each.draft is not None), trees=True)

    def _row(self, doc_id: str) -> Row | None:
        """The document as it is now, with what this transaction did to it."""
        if doc_id not in self._written:
            return self._rows.get(doc_id)
        self._flush()
        return self._reader.row(doc_id)

    def _flush(self) -> None:
        self._insert_all("INSERT INTO doc (seq, winner, deleted, others, tree, n, id)", self._new_docs)
        self._insert_all("INSERT INTO rev (n, rev, deleted, atts, body)", self._new_leaves)
        self._new_docs, self._new_leaves = [], []

    def _insert_all(self, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Many rows a statement: Python's other threads wait for their turn, and SQLite for its, once a statement."""
        for start in range(0, len(rows), ROWS_PER_INSERT):
            some = rows[start : start + ROWS_PER_INSERT]
            values = ",".join([f"({marks(some[0])})"] * len(some))
            self._connection.execute(f"{into} VALUES {values}", list(chain.from_iterable(some)))

    def _next_n(self) -> int:
        if self._n is None:
            (greatest,) = self._connection.execute("SELECT max(n) FROM doc").fetchone()
            self._n = greatest or 0
        self._n += 1
        return self._n

    # The rest

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        """Write `_local/<local_id>`; answers `0-N`. Raises Conflict unless `_rev` is the current one."""
        check_id(LOCAL_PREFIX + local_id)
        found = self._reader.local(local_id)
        version = 0 if found is None else found[0]
        if body.get("_rev") not in ([f"0-{version}"] if version else [None, "0-0"]):
            raise Conflict
        if body.get("_deleted") is True:
            self._connection.execute("DELETE FROM local WHERE id = ?", (local_id,))
            return "0-0"
        kept = canonical_json(local_body(body))
        if len(kept) > DOCUMENT_BYTES_MAX:
            raise DocumentTooLarge(f"The document is over {DOCUMENT_BYTES_MAX} bytes.")
        self._connection.execute("INSERT OR REPLACE INTO local VALUES (?, ?, ?)", (local_id, version + 1, kept))
        return f"0-{version + 1}"

    def set_meta(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def stem(self, limit: int) -> None:
        """Forget ancestors beyond `limit`. No news for anybody: leaves stay what they were."""
        page, last = "SELECT n, tree FROM doc WHERE n > ? ORDER BY n LIMIT ?", 0
        while found := self._connection.execute(page, (last, STEMMED_AT_ONCE)).fetchall():
            last = found[-1][0]
            trees = ((n, RevisionTree.loads(tree)) for n, tree in found)
            shorter = ((tree.stemmed(limit), tree, n) for n, tree in trees)
            self._connection.executemany(
                "UPDATE doc SET tree = ? WHERE n = ?",
                [(stemmed.dumps(), n) for stemmed, tree, n in shorter if stemmed is not tree],
            )

    def drop_history(self) -> None:
        """Forget what `keep_history` kept."""
        if self._reader.has_history():
            self._connection.execute("DELETE FROM blob_use WHERE (n, rev) IN (SELECT n, rev FROM old)")
            self._connection.execute("DELETE FROM old")

    def drop_unused_blobs(self) -> None:
        """Forget bytes that no leaf names: what a refused document had brought before it was refused."""
        self._connection.execute("DELETE FROM blob WHERE digest NOT IN (SELECT digest FROM blob_use)")


def _is_local(doc_id: object) -> bool:
    return isinstance(doc_id, str) and doc_id.startswith(LOCAL_PREFIX)


def _dump_attachments(blobs: Mapping[str, Blob]) -> bytes | None:
    if not blobs:
        return None
    return canonical_json({name: [b.content_type, b.digest, b.length, b.revpos] for name, b in blobs.items()})
