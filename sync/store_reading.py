"""What a store answers, as queries over one connection. It must never write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from sync.canonical import canonical_json, parse_json
from sync.database import Document, Style
from sync.documents import Blob, Stored, inline, put_together, stub
from sync.edits import attachments_since
from sync.errors import BadRequest, NotFound
from sync.jsonwire import Spelled
from sync.revisions import Rev, RevisionTree, parse_rev

VARIABLES_MAX = 999
"""How many `?` a statement may have: some builds of SQLite allow no more."""

IDS_PER_QUERY = 500
"""Below that, and a page of ids."""

_ROW = "n, id, seq, winner, deleted, others"
_ROW_AND_TREE = f"{_ROW}, tree"


class Row(NamedTuple):
    """A document without bodies; its history where it was asked for."""

    n: int
    doc_id: str
    seq: int
    winner: str
    deleted: int
    others: str | None
    tree: bytes | None = None

    def leaves(self) -> list[str]:
        """All leaf revisions, winner first."""
        return [self.winner] if self.others is None else [self.winner, *self.others.split(",")]

    def change(self, style: Style) -> dict[str, Any]:
        """The row of `_changes`."""
        leaves = self.leaves() if style == "all_docs" else [self.winner]
        change: dict[str, Any] = {"seq": self.seq, "id": self.doc_id, "changes": [{"rev": rev} for rev in leaves]}
        if self.deleted:
            change["deleted"] = True
        return change


class Reader:
    """One view of the store, valid while the connection's transaction lasts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # _changes

    def last_seq(self) -> int:
        (seq,) = self._connection.execute("SELECT max(seq) FROM doc").fetchone()
        return seq or 0

    def rows_between(self, after: int, before: int, *, limit: int, descending: bool) -> list[Row]:
        order = "DESC" if descending else "ASC"
        query = f"SELECT {_ROW} FROM doc WHERE seq > ? AND seq < ? ORDER BY seq {order} LIMIT ?"  # noqa: S608 - constants
        return list(starmap(Row, self._connection.execute(query, (after, before, limit))))

    def count_between(self, after: int, before: int) -> int:
        query = "SELECT count(*) FROM doc WHERE seq > ? AND seq < ?"
        (count,) = self._connection.execute(query, (after, before)).fetchone()
        return int(count)

    # documents

    def counts(self) -> tuple[int, int]:
        """How many documents live, and how many are deleted."""
        return int(self.meta("live")), int(self.meta("gone"))

    def bytes_in_use(self) -> int:
        """What documents take of the file: all its pages but the first, which is its own, and the free ones."""
        asked = ("page_count", "freelist_count", "page_size")
        told = (self._connection.execute(f"PRAGMA {name}").fetchone() for name in asked)
        (pages,), (free,), (page_bytes,) = told
        return int(pages - 1 - free) * int(page_bytes)

    def row(self, doc_id: str) -> Row | None:
        """With its history."""
        query = f"SELECT {_ROW_AND_TREE} FROM doc WHERE id = ?"  # noqa: S608 - constants only
        found = self._connection.execute(query, (doc_id,)).fetchone()
        return None if found is None else Row(*found)

    def rows(self, doc_ids: Iterable[str], *, trees: bool = False) -> dict[str, Row]:
        """Those of the documents that exist, by id."""
        columns = _ROW_AND_TREE if trees else _ROW
        found: dict[str, Row] = {}
        for some in _in_parts(list(dict.fromkeys(doc_ids))):
            query = f"SELECT {columns} FROM doc WHERE id IN ({marks(some)})"  # noqa: S608 - marks only
            found.update((row[1], Row(*row)) for row in self._connection.execute(query, some))
        return found

    def live_rows(
        self, *, bounds: str, values: Sequence[str], descending: bool, skip: int, limit: int
    ) -> Iterator[Row]:
        """Undeleted documents in the order of their ids, as bytes; `bounds` is SQL over `id` with `values` in it."""
        order = "DESC" if descending else "ASC"
        query = f"SELECT {_ROW} FROM doc WHERE NOT deleted{bounds} ORDER BY id {order} LIMIT ? OFFSET ?"  # noqa: S608
        return starmap(Row, self._connection.execute(query, (*values, limit, skip)))

    def count_live(self, *, bounds: str, values: Sequence[str]) -> int:
        query = f"SELECT count(*) FROM doc WHERE NOT deleted{bounds}"  # noqa: S608 - constants only
        (count,) = self._connection.execute(query, values).fetchone()
        return int(count)

    def tree(self, row: Row) -> RevisionTree:
        data = row.tree
        if data is None:
            (data,) = self._connection.execute("SELECT tree FROM doc WHERE n = ?", (row.n,)).fetchone()
        return RevisionTree.loads(data)

    def leaves(self, rows: Iterable[Row]) -> dict[tuple[int, str], Stored]:
        """All leaves of these documents with their bodies, by `n` and revision."""
        ids = {row.n: row.doc_id for row in rows}
        found: dict[tuple[int, str], Stored] = {}
        for some in _in_parts(list(ids)):
            query = f"SELECT n, rev, deleted, atts, body FROM rev WHERE n IN ({marks(some)})"  # noqa: S608
            for n, rev, deleted, atts, body in self._connection.execute(query, some):
                found[n, rev] = Stored(ids[n], parse_rev(rev), bool(deleted), body, load_attachments(atts))
        return found

    def leaf(self, row: Row, rev: str) -> Stored | None:
        """The leaf `rev` with its body; None where it is unknown, or was built on."""
        found = self._connection.execute(
            "SELECT deleted, atts, body FROM rev WHERE n = ? AND rev = ?", (row.n, rev)
        ).fetchone()
        if found is None:
            return None
        deleted, atts, body = found
        return Stored(row.doc_id, parse_rev(rev), bool(deleted), body, load_attachments(atts))

    def has_history(self) -> bool:
        """Whether bodies of revisions that were built on are kept here."""
        return self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'old'").fetchone() is not None

    def kept(self, row: Row, rev: str) -> Stored | None:
        """The revision `rev` with its body: a leaf, or one that was built on and is still here."""
        stored = self.leaf(row, rev)
        if stored is not None or not self.has_history():
            return stored
        found = self._connection.execute(
            "SELECT deleted, atts, body FROM old WHERE n = ? AND rev = ?", (row.n, rev)
        ).fetchone()
        # What was stemmed away since hangs on nothing any more.
        if found is None or parse_rev(rev) not in self.tree(row):
            return None
        deleted, atts, body = found
        return Stored(row.doc_id, parse_rev(rev), bool(deleted), body, load_attachments(atts))

    def digests(self, n: int, rev: str) -> set[str]:
        """What bytes a leaf names."""
        (atts,) = self._connection.execute("SELECT atts FROM rev WHERE n = ? AND rev = ?", (n, rev)).fetchone()
        return {blob.digest for blob in load_attachments(atts).values()}

    def existing_leaf(self, doc_id: str, rev: str | None) -> tuple[Row, Stored]:
        """The winner or the leaf named. Raises NotFound in CouchDB's words."""
        row = self.row(doc_id)
        if row is None:
            raise NotFound("missing")
        if rev is None and row.deleted:
            raise NotFound("deleted")
        stored = self.kept(row, row.winner if rev is None else rev)
        if stored is None:
            raise NotFound("missing")
        return row, stored

    def document(
        self,
        row: Row,
        stored: Stored,
        *,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
        atts_since: Sequence[Rev] = (),
    ) -> Document:
        """A leaf as its reader asked for it. Attachments the reader has by `atts_since` stay stubs."""
        document = put_together(stored)
        tree: RevisionTree | None = None
        if revs or atts_since or (conflicts and row.others is not None):
            tree = self.tree(row)
        if revs and tree is not None:
            document["_revisions"] = tree.path(stored.rev).to_revisions()
        if conflicts and tree is not None and tree.conflicts and str(stored.rev) == row.winner:
            document["_conflicts"] = [str(rev) for rev in tree.conflicts]
        if stored.attachments:
            had = attachments_since(tree.path(stored.rev), atts_since) if atts_since and tree is not None else 0
            document["_attachments"] = {
                name: inline(blob, self.blob(blob.digest)) if attachments and blob.revpos > had else stub(blob)
                for name, blob in stored.attachments.items()
            }
        return document

    def winners(self, rows: Sequence[Row], **how: Any) -> list[Document]:
        """The winning leaf of each, deleted or not."""
        leaves = self.leaves(rows)
        return [self.document(row, leaves[row.n, row.winner], **how) for row in rows]

    # replication

    def missing(self, row: Row | None, revs: Sequence[str]) -> dict[str, list[str]]:
        """The answer of `_revs_diff` for one document; empty where all is known. Raises BadRequest.

        What is missing is named as it was asked for: its sender may know it by no other spelling. Of a document that is
        here the oldest come first, as in CouchDB.
        """
        leaves = () if row is None else row.leaves()
        unknown = {rev: parse_rev(rev) for rev in revs if rev not in leaves}
        if not unknown:
            return {}
        if row is None:
            return {"missing": list(unknown)}
        tree = self.tree(row)
        missing = {told: rev for told, rev in unknown.items() if rev not in tree}
        if not missing:
            return {}
        answer = {"missing": sorted(missing, key=missing.__getitem__)}
        ancestors = tree.possible_ancestors(missing.values())
        if ancestors:
            answer["possible_ancestors"] = [str(rev) for rev in ancestors]
        return answer

    def requested(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool,
        latest: bool,
        attachments: bool,
        spelled: bool = False,
    ) -> list[dict[str, Any]]:
        """The answer of `_bulk_get`; every failure is an entry of its own. `spelled`: documents may stay JSON."""
        rows = self.rows((each["id"] for each in requests if is_text(each.get("id"))), trees=revs)
        leaves = self.leaves(rows.values())
        return [
            self._requested(
                each, rows.get(each.get("id", "")), leaves, spelled, revs=revs, latest=latest, attachments=attachments
            )
            for each in requests
        ]

    def _requested(
        self,
        request: Mapping[str, Any],
        row: Row | None,
        leaves: Mapping[tuple[int, str], Stored],
        spelled: bool,
        *,
        revs: bool,
        latest: bool,
        attachments: bool,
    ) -> dict[str, Any]:
        doc_id, text = request.get("id"), request.get("rev")
        if spelled and revs and row is not None and text == row.winner and (row.n, text) in leaves:
            as_kept = _spelled(row, leaves[row.n, text])
            if as_kept is not None:
                return {"id": doc_id, "docs": [{"ok": as_kept}]}

        def failed(error: str, reason: str) -> dict[str, Any]:
            return {"id": doc_id, "docs": [{"error": {"id": doc_id, "rev": text, "error": error, "reason": reason}}]}

        if not isinstance(doc_id, str):
            return failed("bad_request", "document id missed")
        try:
            rev = None if text is None else parse_rev(text)
            known = [parse_rev(each) for each in request.get("atts_since") or ()]
        except BadRequest as error:
            return failed(error.error, error.reason)
        if row is None:
            return failed("not_found", "missing")
        if rev is None:
            wanted = row.leaves()
        elif latest and str(rev) not in row.leaves():
            wanted = [str(leaf.rev) for leaf in self.tree(row).leaves_from(rev)]
        else:
            wanted = [str(rev)]
        found = [leaves[row.n, each] for each in wanted if (row.n, each) in leaves]
        if not found and rev is not None and (old := self.kept(row, str(rev))) is not None:
            found = [old]
        if not found:
            return failed("not_found", "missing")
        how: dict[str, Any] = {"revs": revs, "attachments": attachments, "atts_since": known if attachments else ()}
        return {"id": doc_id, "docs": [{"ok": self.document(row, stored, **how)} for stored in found]}

    # the rest

    def blob(self, digest: str) -> bytes:
        """An attachment's bytes. Raises NotFound where compaction took them."""
        found = self._connection.execute("SELECT data FROM blob WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            raise NotFound("Document is missing attachment")
        return bytes(found[0])

    def blob_piece(self, digest: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`, counted from 0. Raises NotFound where compaction took them."""
        found = self._connection.execute(
            "SELECT substr(data, ?, ?) FROM blob WHERE digest = ?", (start + 1, length, digest)
        ).fetchone()
        if found is None:
            raise NotFound("Document is missing attachment")
        return bytes(found[0])

    def local(self, local_id: str) -> tuple[int, Document] | None:
        found = self._connection.execute("SELECT version, body FROM local WHERE id = ?", (local_id,)).fetchone()
        return None if found is None else (found[0], parse_json(found[1]))

    def local_ids(self) -> list[str]:
        return [doc_id for (doc_id,) in self._connection.execute("SELECT id FROM local ORDER BY id")]

    def setting(self, name: str) -> str | None:
        """What `meta` holds under `name`, if anybody set it."""
        found = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def meta(self, name: str) -> str:
        (value,) = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(value)


def load_attachments(atts: bytes | None) -> dict[str, Blob]:
    """The `atts` column: `{name: [content type, digest, length, revpos]}`, NULL for none."""
    return {} if atts is None else {name: Blob(*fields) for name, fields in parse_json(atts).items()}


def _spelled(row: Row, stored: Stored) -> Spelled | None:
    """The everyday document with its `_revisions`, as JSON, without taking its body apart."""
    revisions = None if row.tree is None or stored.attachments else RevisionTree.spelled_revisions(row.tree)
    if revisions is None:
        return None
    name = canonical_json(stored.doc_id).decode()
    deleted = ',"_deleted":true' if stored.deleted else ""
    head = f'{{"_id":{name},"_rev":"{row.winner}"{deleted},"_revisions":{revisions}'.encode()
    text = head + (b"," + stored.body[1:] if len(stored.body) > 2 else b"}")
    return Spelled(text, {"_id": stored.doc_id, "_rev": row.winner, "_attachments": None})


def is_text(value: object) -> bool:
    """Whether SQLite can be asked for it."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _in_parts(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + IDS_PER_QUERY] for start in range(0, len(values), IDS_PER_QUERY))


def marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
