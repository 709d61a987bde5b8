"""The port: the handful of verbs that CouchDB replication asks of either end.

`Store`, `RemoteDatabase` and the tests' in-memory fake implement it, `GuardedDatabase` wraps one, `face` serves one
over HTTP, `replicate` joins any two. It must never know what a document means.

Documents are plain dicts as CouchDB's JSON has them (`_id`, `_rev`, `_deleted`, `_revisions`, `_attachments`).
Sequences are opaque: hand back what you were given. Errors are those of `sync.errors`; a failure of one document of
a batch is an entry in the answer, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Document = dict[str, Any]
Seq = int | str

Style = Literal["main_only", "all_docs"]


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """One answer of `_changes`.

    `results` are rows `{"seq", "id", "changes": [{"rev"}…], "deleted"?: True, "doc"?: …}` in order of sequence;
    `pending` is how many rows come after, or None where the peer does not say.
    """

    results: list[dict[str, Any]] = field(default_factory=list)
    last_seq: Seq = 0
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment being read: `length` bytes of `content_type`, in pieces by iterating `chunks` once."""

    content_type: str
    length: int
    digest: str
    revpos: int
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """All of it in memory."""
        return b"".join(self.chunks)


def bulk_get_to_pass_on(
    database: Database, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
) -> list[dict[str, Any]]:
    """`bulk_get` for who hands the documents on and reads no more of them than `_id`, `_rev` and `_attachments`.

    A database that keeps them as JSON gives them as it keeps them (`sync.jsonwire.Spelled`): half of the time that a
    document takes from one end to the other went into taking it apart and spelling it again.
    """
    give = getattr(database, "bulk_get_to_pass_on", database.bulk_get)
    answers: list[dict[str, Any]] = give(requests, revs=revs, latest=latest, attachments=attachments)
    return answers


def bulk_get_as_it_comes(
    database: Database, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
) -> Iterator[bytes] | None:
    """The whole answer of `_bulk_get` as JSON in pieces, as another server spells it: nothing of it is taken apart or
    held here. None where there is no such server, or something of the answer is to be judged: then ask for documents.
    """
    give = getattr(database, "bulk_get_as_it_comes", None)
    if give is None:
        return None
    pieces: Iterator[bytes] | None = give(requests, revs=revs, latest=latest, attachments=attachments)
    return pieces


def changes_before(
    database: Database,
    before: Seq | None,
    *,
    since: Seq,
    limit: int,
    style: Style,
    include_docs: bool,
    conflicts: bool,
    attachments: bool,
    doc_ids: Sequence[str] | None,
) -> ChangesPage | None:
    """A page of the feed read backwards: the latest `limit` rows after `since` and before the row of sequence `before`
    (None: from its end), newest first. None where the database cannot be asked so, as CouchDB cannot: there a feed that
    descends comes in one answer.
    """
    give = getattr(database, "changes_before", None)
    if give is None:
        return None
    page: ChangesPage | None = give(
        before,
        since=since,
        limit=limit,
        style=style,
        include_docs=include_docs,
        conflicts=conflicts,
        attachments=attachments,
        doc_ids=doc_ids,
    )
    return page


def changes_to_replicate(
    database: Database, since: Seq, *, limit: int, doc_ids: Sequence[str] | None, wait_s: float
) -> ChangesPage:
    """`changes` in all leaves, for who goes on from the page's last sequence and reads none of its rows.

    To spell the sequence of each row is half of what its feed costs a CouchDB, and half of the feed's bytes.
    """
    give = getattr(database, "changes_to_replicate", None)
    if give is None:
        return database.changes(since, limit=limit, style="all_docs", doc_ids=doc_ids, wait_s=wait_s)
    page: ChangesPage = give(since, limit=limit, doc_ids=doc_ids, wait_s=wait_s)
    return page


def reads_at_once(database: Database) -> int:
    """How many `bulk_get` the database answers sooner side by side than one after another; one unless it says more."""
    return int(getattr(database, "connections", 1))


def put_checkpoint(database: Database, local_id: str, body: Mapping[str, Any]) -> str:
    """`put_local` of what a replicator remembers, which need not outlive a power cut: without its last checkpoint it
    goes on from the one before. It never outlives the documents it speaks of, which were written first.
    """
    keep = getattr(database, "put_checkpoint", database.put_local)
    return str(keep(local_id, body))


@runtime_checkable
class Database(Protocol):
    """Either end of a replication. Every write may be repeated without harm."""

    @property
    def name(self) -> str:
        """The database's name, or its URL without credentials: for people and logs."""

    def info(self) -> dict[str, Any]:
        """`{"db_name", "update_seq", "instance_start_time", "doc_count", "doc_del_count", "uuid"?, "sizes"?…}`."""

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
        """Rows after `since`. With `wait_s` > 0, block up to that long for the first row (longpoll).

        With limit=0 no rows, at once: only what is `pending`, and `last_seq` is where it was.
        """

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        """What is missing here: `{id: {"missing": [rev…], "possible_ancestors"?: [rev…]}}`; known ids are absent."""

    def bulk_get(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool = False,
        latest: bool = False,
        attachments: bool = False,
    ) -> list[dict[str, Any]]:
        """For each `{"id", "rev"?, "atts_since"?}`, in order: `{"id", "docs": [{"ok": doc} | {"error": {…}}…]}`.

        Without `rev`, every leaf, tombstones too; with `latest`, the leaves that `rev` led to.

        With `revs`, documents carry `_revisions`; with `attachments`, bytes inline (base64) instead of stubs.
        """

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        """Write a batch in one transaction.

        new_edits=True: one entry a document in order, `{"ok": True, "id", "rev"}` or `{"id", "error", "reason"}`.
        new_edits=False: revisions are grafted as given; only failures are listed (`{"id", "rev", "error", "reason"}`).
        `durable=False` lets an embedded store skip the wait for the disk (pulled batches: they can be pulled again).
        """

    def get_local(self, local_id: str) -> Document | None:
        """The body of `_local/<local_id>` with `_rev`, or None. Never replicated."""

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        """Write `_local/<local_id>` (Conflict unless `_rev` is the current one); answers the new `_rev`."""

    # For use at home; replication itself does without these.

    def local_ids(self) -> list[str]:
        """Ids of all `_local` documents in order, without `_local/`."""

    def get(
        self,
        doc_id: str,
        *,
        rev: str | None = None,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> Document:
        """The winner, or the revision named. Raises NotFound (`missing` or `deleted`)."""

    def put(self, document: Document) -> str:
        """Write one document durably; answers its new revision. Raises Conflict, MissingStub, BadRequest."""

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
        """`{"total_rows", "offset", "rows": […]}`, each row
        `{"id", "key", "value": {"rev", "deleted"?}, "doc"?}` or `{"key", "error"}`.
        """

    def attachment(self, doc_id: str, attachment_name: str, *, rev: str | None = None) -> Attachment:
        """One attachment of the winner or of `rev`. Raises NotFound."""
