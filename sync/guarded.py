"""One database behind a policy: who may read, list and write is asked before anything reaches the inner one.

The rules themselves live with whoever writes the `Policy` (the gateway); this module only sees to it that nothing
passes unasked, and that one refused document never stops its neighbours: refusals inside a batch are entries of the
answer, in the one form CouchDB replicators step over (`forbidden` or `unauthorized`), never missing rows. It must
never know who is asking or what a document means.

`_local` documents are open to everyone who may open the database, and shared, as in CouchDB: replicators keep their
checkpoints there under ids that hash both ends, so callers meet only if they are the same pair of databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sync.database import (
    Attachment,
    ChangesPage,
    Database,
    Document,
    Seq,
    Style,
    bulk_get_as_it_comes,
    bulk_get_to_pass_on,
    changes_before,
)
from sync.errors import DatabaseError, Forbidden, Unauthorized


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: the two errors replicators pass over, and a sentence its reader can act on."""

    error: Literal["forbidden", "unauthorized"]
    reason: str

    def as_error(self) -> DatabaseError:
        """The same as an exception, for a request that asked for this one thing."""
        return Unauthorized(self.reason) if self.error == "unauthorized" else Forbidden(self.reason)


class Policy(Protocol):
    """What a caller may do in one database. Every question is answered at once and without side effects."""

    def refuse_listing(self, start_key: str | None, end_key: str | None) -> Refusal | None:
        """Whether ids from `start_key` to `end_key` may be listed; (None, None) is everything, and `_changes`."""

    def refuse_read(self, doc_id: str) -> Refusal | None:
        """Whether the document, its revisions and its attachments may be read."""

    def reads_all(self) -> bool:
        """Whether everything may be read, whatever its id: then nobody need look at what is passed on."""

    def refuse_writes(self, documents: Sequence[Document]) -> Sequence[Refusal | None]:
        """Of each document of a batch, in order, whether it may be written as given. A deletion carries no body: judge
        it by its id."""

    def writing(self, documents: Sequence[Document]) -> AbstractContextManager[object]:
        """Held while the accepted documents of a batch are written: what must stand beside them before their sender is
        told that they do is there once it is left, or leaving it raises."""


class GuardedDatabase:
    """`inner` as far as `policy` allows. Implements `sync.database.Database`."""

    def __init__(self, inner: Database, policy: Policy) -> None:
        self._inner = inner
        self._policy = policy

    @property
    def name(self) -> str:
        return self._inner.name

    def info(self) -> dict[str, Any]:
        return self._inner.info()

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
        self._require(self._refuse_changes(doc_ids))
        page = self._inner.changes(
            since,
            limit=limit,
            style=style,
            descending=descending,
            include_docs=include_docs,
            conflicts=conflicts,
            attachments=attachments,
            doc_ids=doc_ids,
            wait_s=wait_s,
        )
        if wait_s > 0:
            # A right withdrawn while the caller waited ends the wait, whatever has arrived since.
            self._require(self._refuse_changes(doc_ids))
        return self._without_bodies(page) if include_docs else page

    def changes_before(
        self, before: Seq | None, *, doc_ids: Sequence[str] | None, include_docs: bool, **how: Any
    ) -> ChangesPage | None:
        self._require(self._refuse_changes(doc_ids))
        page = changes_before(self._inner, before, doc_ids=doc_ids, include_docs=include_docs, **how)
        return self._without_bodies(page) if include_docs and page is not None else page

    def _without_bodies(self, page: ChangesPage) -> ChangesPage:
        """The page without the documents their reader may not see."""
        for row in page.results:
            self._withhold_body(row, row["id"])
        return page

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        """What is missing; of a document that its writer may not read, without the ancestors that stand: their number
        and hashes tell what became of it. That a revision asked for stands is told: who can name it has it.
        """
        told = self._inner.revs_diff(revisions)
        if self._policy.reads_all():
            return told
        return {
            doc_id: entry
            if "possible_ancestors" not in entry or self._policy.refuse_read(doc_id) is None
            else {"missing": entry["missing"]}
            for doc_id, entry in told.items()
        }

    def bulk_get(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool = False,
        latest: bool = False,
        attachments: bool = False,
    ) -> list[dict[str, Any]]:
        how = {"revs": revs, "latest": latest, "attachments": attachments}
        return self._readable(requests, lambda allowed: self._inner.bulk_get(allowed, **how))

    def bulk_get_to_pass_on(
        self, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
    ) -> list[dict[str, Any]]:
        how = {"revs": revs, "latest": latest, "attachments": attachments}
        return self._readable(requests, lambda allowed: bulk_get_to_pass_on(self._inner, allowed, **how))

    def bulk_get_as_it_comes(
        self, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
    ) -> Iterator[bytes] | None:
        if not self._policy.reads_all():
            return None
        return bulk_get_as_it_comes(self._inner, requests, revs=revs, latest=latest, attachments=attachments)

    def _readable(
        self,
        requests: Sequence[Mapping[str, Any]],
        ask: Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        if self._policy.reads_all():
            return ask(requests)
        refusals = [self._policy.refuse_read(request["id"]) for request in requests]
        allowed = [request for request, refusal in zip(requests, refusals, strict=True) if refusal is None]
        answers = iter(ask(allowed))
        return [
            self._recheck(next(answers), request) if refusal is None else _withheld(request, refusal)
            for request, refusal in zip(requests, refusals, strict=True)
        ]

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        given = list(documents)
        refusals = self._policy.refuse_writes(given)
        accepted = [document for document, refusal in zip(given, refusals, strict=True) if refusal is None]
        entries: list[dict[str, Any]] = []
        if accepted:
            with self._policy.writing(accepted):
                entries = self._inner.bulk_docs(accepted, new_edits=new_edits, durable=durable)
        refused = [
            _refused(document, refusal)
            for document, refusal in zip(given, refusals, strict=True)
            if refusal is not None
        ]
        if not new_edits:
            return refused + entries
        landed, turned_down = iter(entries), iter(refused)
        return [next(landed) if refusal is None else next(turned_down) for refusal in refusals]

    def get_local(self, local_id: str) -> Document | None:
        return self._inner.get_local(local_id)

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        return self._inner.put_local(local_id, body)

    def local_ids(self) -> list[str]:
        # Whose checkpoints there are tells who replicates: for those who may list everything.
        self._require(self._policy.refuse_listing(None, None))
        return self._inner.local_ids()

    def get(
        self,
        doc_id: str,
        *,
        rev: str | None = None,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> Document:
        self._require(self._policy.refuse_read(doc_id))
        return self._inner.get(doc_id, rev=rev, revs=revs, conflicts=conflicts, attachments=attachments)

    def put(self, document: Document) -> str:
        self._require(self._policy.refuse_writes([document])[0])
        with self._policy.writing([document]):
            return self._inner.put(document)

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
        if keys is None:
            low, high = (end_key, start_key) if descending else (start_key, end_key)
            self._require(self._policy.refuse_listing(low, high))
        answer = self._inner.all_docs(
            keys=keys,
            start_key=start_key,
            end_key=end_key,
            inclusive_end=inclusive_end,
            descending=descending,
            skip=skip,
            limit=limit,
            include_docs=include_docs,
            conflicts=conflicts,
            attachments=attachments,
        )
        if keys is not None:
            answer["rows"] = [self._recheck_key(row) for row in answer["rows"]]
        elif include_docs:
            for row in answer["rows"]:
                self._withhold_body(row, row["id"])
        return answer

    def attachment(self, doc_id: str, attachment_name: str, *, rev: str | None = None) -> Attachment:
        self._require(self._policy.refuse_read(doc_id))
        return self._inner.attachment(doc_id, attachment_name, rev=rev)

    def _refuse_changes(self, doc_ids: Sequence[str] | None) -> Refusal | None:
        """Changes are a listing. Those of named documents tell no more than reading each of them would."""
        refusal = self._policy.refuse_listing(None, None)
        if refusal is None or doc_ids is None:
            return refusal
        return next((refused for doc_id in doc_ids if (refused := self._policy.refuse_read(doc_id))), None)

    @staticmethod
    def _require(refusal: Refusal | None) -> None:
        if refusal is not None:
            raise refusal.as_error()

    def _recheck(self, answer: dict[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
        """With `latest` the inner database chooses what to return: ask again about what it chose."""
        docs = [
            entry
            if "ok" not in entry or (refusal := self._policy.refuse_read(entry["ok"]["_id"])) is None
            else {"error": _error_of({"id": request["id"], "rev": entry["ok"].get("_rev")}, refusal)}
            for entry in answer["docs"]
        ]
        return {**answer, "docs": docs}

    def _recheck_key(self, row: dict[str, Any]) -> dict[str, Any]:
        """A key the caller may not read says so, whether or not the document exists."""
        refusal = self._policy.refuse_read(row["key"])
        return row if refusal is None else {"key": row["key"], "error": refusal.error, "reason": refusal.reason}

    def _withhold_body(self, row: dict[str, Any], doc_id: str) -> None:
        """A listed row stays (its id may be listed); a body its reader may not see is replaced by the reason."""
        refusal = self._policy.refuse_read(doc_id) if row.get("doc") is not None else None
        if refusal is not None:
            row["doc"] = None
            row["error"] = refusal.error
            row["reason"] = refusal.reason


def _error_of(request: Mapping[str, Any], refusal: Refusal) -> dict[str, Any]:
    return {"id": request["id"], "rev": request.get("rev"), "error": refusal.error, "reason": refusal.reason}


def _withheld(request: Mapping[str, Any], refusal: Refusal) -> dict[str, Any]:
    return {"id": request["id"], "docs": [{"error": _error_of(request, refusal)}]}


def _refused(document: Document, refusal: Refusal) -> dict[str, Any]:
    entry = {"id": document.get("_id"), "rev": document.get("_rev"), "error": refusal.error, "reason": refusal.reason}
    return {key: value for key, value in entry.items() if value is not None}
