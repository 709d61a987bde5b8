"""What a write does to a store's tables, inside one transaction.

It must never commit, and never decide a rule: those are in `sync.edits` and `sync.revisions`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
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
    take_apart,
)
from sync.edits import carried_by_edit, carried_by_graft, identities, parent_of_edit, refused, refused_graft
from sync.errors import Conflict, DatabaseError, Forbidden, TooLarge
from sync.revisions import Path, RevisionTree, new_revision
from sync.store_reading import Reader, Row


class Writer:
    """One transaction's work. `changed` says whether any document got a new sequence."""

    def __init__(self, connection: sqlite3.Connection, *, revs_limit: int, new_id: Callable[[], str]) -> None:
        self._connection = connection
        self._reader = Reader(connection)
        self._revs_limit = revs_limit
        self._new_id = new_id
        self._first_seq = self._seq = self._reader.last_seq()

    @property
    def changed(self) -> bool:
        return self._seq > self._first_seq

    def edit_entry(self, document: Document) -> dict[str, Any]:
        """`edit`, its outcome as an entry of `_bulk_docs`."""
        named = document if "_id" in document else {**document, "_id": self._new_id()}
        try:
            return {"ok": True, "id": named["_id"], "rev": self.edit(named)}
        except DatabaseError as refusal:
            return refused(named, refusal)

    def edit(self, document: Document) -> str:
        """Write an ordinary edit; answers its revision. Raises Conflict, MissingStub, BadRequest, TooLarge."""
        doc_id = document.get("_id")
        if isinstance(doc_id, str) and doc_id.startswith(LOCAL_PREFIX):
            return self.put_local(doc_id.removeprefix(LOCAL_PREFIX), document)
        draft = take_apart(document)
        row = self._reader.row(draft.doc_id)
        tree = RevisionTree() if row is None else self._reader.tree(row.n)
        parent = parent_of_edit(tree, draft)
        below = None if row is None or parent is None else self._reader.leaf(row, str(parent))
        blobs = carried_by_edit(draft, 1 if parent is None else parent.generation + 1, below)
        rev = new_revision(parent, deleted=draft.deleted, body=draft.body, attachments=identities(blobs))
        path = Path(rev.generation, (rev.hash,) if parent is None else (rev.hash, parent.hash))
        self._merge(row, tree, path, draft, blobs)
        return str(rev)

    def graft_entry(self, document: Document) -> dict[str, Any] | None:
        """`graft`, its failure as an entry of `_bulk_docs`; None where it is written or known already."""
        path: Path | None = None
        try:
            doc_id = check_id(document.get("_id"))
            if doc_id.startswith(LOCAL_PREFIX):
                self.put_local(doc_id.removeprefix(LOCAL_PREFIX), document)
                return None
            path = claimed_path(document)
            self._graft(path, take_apart(document))
        except DatabaseError as refusal:
            return refused_graft(document, path, refusal)
        return None

    def _graft(self, path: Path, draft: Draft) -> None:
        row = self._reader.row(draft.doc_id)
        tree = RevisionTree() if row is None else self._reader.tree(row.n)
        blobs: dict[str, Blob] = {}
        if path.leaf not in tree:
            found = [] if row is None else [self._reader.leaf(row, rev) for rev in row.leaves()]
            blobs = carried_by_graft(draft, path.start, [leaf for leaf in found if leaf is not None])
        self._merge(row, tree, path, draft, blobs)

    def _merge(self, row: Row | None, tree: RevisionTree, path: Path, draft: Draft, blobs: Mapping[str, Blob]) -> None:
        merged = tree.merge(path, deleted=draft.deleted, revs_limit=self._revs_limit)
        if merged == tree:
            return
        leaves = [str(leaf.rev) for leaf in merged.leaves]
        if row is not None and leaves == row.leaves():  # only older ancestors became known: no news for anybody
            self._connection.execute("UPDATE doc SET tree = ? WHERE n = ?", (merged.dumps(), row.n))
            return
        is_new = path.leaf not in tree
        if is_new:
            self._keep_bytes(draft)
        self._seq += 1
        fields = (self._seq, leaves[0], merged.winner.deleted, ",".join(leaves[1:]) or None, merged.dumps())
        if row is None:
            cursor = self._connection.execute(
                "INSERT INTO doc (seq, winner, deleted, others, tree, id) VALUES (?, ?, ?, ?, ?, ?)",
                (*fields, draft.doc_id),
            )
            n = cursor.lastrowid
        else:
            n = row.n
            self._connection.execute(
                "UPDATE doc SET seq = ?, winner = ?, deleted = ?, others = ?, tree = ? WHERE n = ?", (*fields, n)
            )
        if is_new:
            self._connection.execute(
                "INSERT INTO rev (n, rev, deleted, atts, body) VALUES (?, ?, ?, ?, ?)",
                (n, str(path.leaf), draft.deleted, _dump_attachments(blobs), draft.body),
            )
            self._connection.executemany(
                "INSERT OR IGNORE INTO blob_use VALUES (?, ?, ?)",  # two names may share their bytes
                [(blob.digest, n, str(path.leaf)) for blob in blobs.values()],
            )
        if row is not None:  # after the new leaf, which may carry on the bytes of the old
            for gone in set(row.leaves()).difference(leaves):
                self._drop_leaf(row, gone)

    def _drop_leaf(self, row: Row, rev: str) -> None:
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
        kept = canonical_json({name: value for name, value in body.items() if not name.startswith("_")})
        if len(kept) > DOCUMENT_BYTES_MAX:
            raise TooLarge(f"The document is over {DOCUMENT_BYTES_MAX} bytes.")
        self._connection.execute("INSERT OR REPLACE INTO local VALUES (?, ?, ?)", (local_id, version + 1, kept))
        return f"0-{version + 1}"

    def set_meta(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def drop_unused_blobs(self) -> None:
        """Forget bytes that no leaf names: what a refused document had brought before it was refused."""
        self._connection.execute("DELETE FROM blob WHERE digest NOT IN (SELECT digest FROM blob_use)")


def _dump_attachments(blobs: Mapping[str, Blob]) -> bytes | None:
    if not blobs:
        return None
    return canonical_json({name: [b.content_type, b.digest, b.length, b.revpos] for name, b in blobs.items()})
