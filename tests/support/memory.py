"""A database in dictionaries: the plainest thing that keeps the promises of `sync.database.Database`.

Tests of what stands on the port (face, replicate, guarded) run against it; it is trusted because it passes the suite
of tests/contract, as every real database does.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.canonical import canonical_json
from sync.database import Attachment, ChangesPage, Document, Seq, Style
from sync.documents import (
    LOCAL_PREFIX,
    Draft,
    Stored,
    Upload,
    check_id,
    claimed_path,
    inline,
    local_body,
    put_together,
    stub,
    take_apart,
)
from sync.edits import (
    attachments_since,
    carried_by_edit,
    carried_by_graft,
    identities,
    merged_leaves,
    parent_of_edit,
    refused,
    refused_graft,
)
from sync.errors import BadRequest, Conflict, DatabaseError, IllegalDocumentId, NotFound
from sync.revisions import Path, Rev, RevisionTree, new_revision, parse_rev


@dataclass
class Entry:
    tree: RevisionTree = field(default_factory=RevisionTree)
    leaves: dict[Rev, Stored] = field(default_factory=dict)
    seq: int = 0


class MemoryDatabase:
    def __init__(self, name: str = "memory", *, revs_limit: int = 1_000) -> None:
        self._name = name
        self._revs_limit = revs_limit
        self._uuid = uuid.uuid4().hex
        self._entries: dict[str, Entry] = {}
        self._blobs: dict[str, bytes] = {}
        self._locals: dict[str, tuple[int, Document]] = {}
        self._security: dict[str, Any] = {}
        self._seq = 0
        self._changed = threading.Condition(threading.RLock())

    @property
    def name(self) -> str:
        return self._name

    def info(self) -> dict[str, Any]:
        with self._changed:
            gone = sum(entry.tree.winner.deleted for entry in self._entries.values())
            return {
                "db_name": self._name,
                "update_seq": self._seq,
                "instance_start_time": "0",
                "doc_count": len(self._entries) - gone,
                "doc_del_count": gone,
                "uuid": self._uuid,
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
        before: float = math.inf,
    ) -> ChangesPage:
        deadline = time.monotonic() + wait_s
        with self._changed:
            after = self._sequence(since)
            while True:
                found = sorted(
                    (entry.seq, doc_id, entry)
                    for doc_id, entry in self._entries.items()
                    if after < entry.seq < before and (doc_ids is None or doc_id in doc_ids)
                )
                left_s = deadline - time.monotonic()
                if found or left_s <= 0 or limit == 0:
                    break
                self._changed.wait(left_s)
            if descending:
                found.reverse()
            page = found if limit is None else found[:limit]
            rows = []
            for seq, doc_id, entry in page:
                leaves = entry.tree.leaves if style == "all_docs" else [entry.tree.winner]
                row: dict[str, Any] = {"seq": seq, "id": doc_id, "changes": [{"rev": str(leaf.rev)} for leaf in leaves]}
                if entry.tree.winner.deleted:
                    row["deleted"] = True
                if include_docs:
                    row["doc"] = self._read(
                        entry, entry.tree.winner.rev, conflicts=conflicts, bytes_after=0 if attachments else None
                    )
                rows.append(row)
            pending = len(found) - len(page)
            if limit == 0:
                return ChangesPage([], after, pending)
            end = self._seq if before == math.inf else int(before)
            return ChangesPage(rows, rows[-1]["seq"] if rows and (pending or descending) else end, pending)

    def changes_before(self, before: Seq | None, *, since: Seq, **how: Any) -> ChangesPage:
        return self.changes(since, descending=True, before=math.inf if before is None else int(before), **how)

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        with self._changed:
            answer: dict[str, dict[str, list[str]]] = {}
            for doc_id, texts in revisions.items():
                tree = self._entries[doc_id].tree if doc_id in self._entries else RevisionTree()
                missing = {text: rev for text in texts if (rev := parse_rev(text)) not in tree}
                if missing:
                    known = doc_id in self._entries
                    answer[doc_id] = {"missing": sorted(missing, key=missing.__getitem__) if known else list(missing)}
                    ancestors = tree.possible_ancestors(missing.values())
                    if ancestors:
                        answer[doc_id]["possible_ancestors"] = [str(rev) for rev in ancestors]
            return answer

    def bulk_get(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool = False,
        latest: bool = False,
        attachments: bool = False,
    ) -> list[dict[str, Any]]:
        with self._changed:
            return [self._bulk_get_one(request, revs, latest, attachments) for request in requests]

    def _bulk_get_one(self, request: Mapping[str, Any], revs: bool, latest: bool, attachments: bool) -> dict[str, Any]:
        doc_id, text = request.get("id"), request.get("rev")

        def failed(error: str, reason: str) -> dict[str, Any]:
            return {"id": doc_id, "docs": [{"error": {"id": doc_id, "rev": text, "error": error, "reason": reason}}]}

        if not isinstance(doc_id, str):
            return failed("bad_request", "document id missed")
        entry = self._entries.get(doc_id)
        try:
            rev = None if text is None else parse_rev(text)
            known = [parse_rev(each) for each in request.get("atts_since") or ()]
        except BadRequest as error:
            return failed(error.error, error.reason)
        if entry is None:
            return failed("not_found", "missing")
        if rev is None:
            wanted = entry.tree.leaves
        elif latest:
            wanted = entry.tree.leaves_from(rev)
        else:
            wanted = [leaf for leaf in entry.tree.leaves if leaf.rev == rev]
        if not wanted:
            return failed("not_found", "missing")
        docs = []
        for leaf in wanted:
            after = attachments_since(entry.tree.path(leaf.rev), known) if attachments else None
            docs.append({"ok": self._read(entry, leaf.rev, revs=revs, bytes_after=after)})
        return {"id": doc_id, "docs": docs}

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        with self._changed:
            for document in documents:
                if not new_edits:
                    answers.extend(self._graft(document))
                    continue
                named = document if "_id" in document else {**document, "_id": uuid.uuid4().hex}
                try:
                    answers.append({"ok": True, "id": named["_id"], "rev": self._edit(named)})
                except DatabaseError as error:
                    answers.append(refused(named, error))
            self._changed.notify_all()
        return answers

    def _edit(self, document: Document) -> str:
        doc_id = check_id(document.get("_id"))
        if doc_id.startswith(LOCAL_PREFIX):
            return self.put_local(doc_id.removeprefix(LOCAL_PREFIX), document)
        draft = take_apart(document)
        entry = self._entries.get(draft.doc_id, Entry())
        parent = parent_of_edit(entry.tree, draft)
        generation = 1 if parent is None else parent.generation + 1
        blobs = carried_by_edit(draft, generation, None if parent is None else entry.leaves[parent])
        rev = new_revision(parent, deleted=draft.deleted, body=draft.body, attachments=identities(blobs))
        path = Path(rev.generation, (rev.hash,) if parent is None else (rev.hash, parent.hash))
        self._keep(draft, path, Stored(draft.doc_id, rev, draft.deleted, draft.body, blobs))
        return str(rev)

    def _graft(self, document: Document) -> list[dict[str, Any]]:
        path = None
        try:
            doc_id = check_id(document.get("_id"))
            if doc_id.startswith(LOCAL_PREFIX):
                self.put_local(doc_id.removeprefix(LOCAL_PREFIX), document)
                return []
            path = claimed_path(document)
            draft = take_apart(document)
            entry = self._entries.get(draft.doc_id, Entry())
            blobs = {} if path.leaf in entry.tree else carried_by_graft(draft, path.start, entry.leaves.values())
        except DatabaseError as error:
            return [refused_graft(document, path, error)]
        self._keep(draft, path, Stored(draft.doc_id, path.leaf, draft.deleted, draft.body, blobs))
        return []

    def _keep(self, draft: Draft, path: Path, written: Stored) -> None:
        entry = self._entries.setdefault(draft.doc_id, Entry())
        before = entry.tree.leaves
        entry.tree = entry.tree.merge(path, deleted=written.deleted, revs_limit=self._revs_limit)
        if entry.tree.leaves == before:
            return
        entry.leaves = merged_leaves(entry.tree, entry.leaves, written)
        for upload in draft.attachments.values():
            if isinstance(upload, Upload):
                self._blobs[upload.digest] = upload.data
        self._seq += 1
        entry.seq = self._seq

    def get_local(self, local_id: str) -> Document | None:
        with self._changed:
            if local_id not in self._locals:
                return None
            version, body = self._locals[local_id]
            return {**body, "_id": LOCAL_PREFIX + local_id, "_rev": f"0-{version}"}

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        with self._changed:
            if not local_id:
                raise IllegalDocumentId("Illegal document id")
            version = self._locals[local_id][0] if local_id in self._locals else 0
            if body.get("_rev") not in ([f"0-{version}"] if version else [None, "0-0"]):
                raise Conflict
            if body.get("_deleted") is True:
                self._locals.pop(local_id, None)
                return "0-0"
            kept = local_body(body)
            canonical_json(kept)
            self._locals[local_id] = (version + 1, kept)
            return f"0-{version + 1}"

    def local_ids(self) -> list[str]:
        with self._changed:
            return sorted(self._locals)

    def compact(self) -> int:
        return 0

    def revs_limit(self) -> int:
        return self._revs_limit

    def set_revs_limit(self, limit: int) -> None:
        self._revs_limit = limit

    def security(self) -> dict[str, Any]:
        return self._security

    def set_security(self, members: Mapping[str, Any]) -> None:
        self._security = dict(members)

    def get(
        self,
        doc_id: str,
        *,
        rev: str | None = None,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> Document:
        if doc_id.startswith(LOCAL_PREFIX):
            found = self.get_local(doc_id.removeprefix(LOCAL_PREFIX))
            if found is None:
                raise NotFound("missing")
            return found
        with self._changed:
            entry, wanted = self._choose(doc_id, rev)
            return self._read(entry, wanted, revs=revs, conflicts=conflicts, bytes_after=0 if attachments else None)

    def put(self, document: Document) -> str:
        with self._changed:
            rev = self._edit(document)
            self._changed.notify_all()
            return rev

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
        with self._changed:
            live = sorted((i for i, e in self._entries.items() if not e.tree.winner.deleted), reverse=descending)
            total = len(live)

            def before_start(doc_id: str) -> bool:
                return start_key is not None and (doc_id > start_key if descending else doc_id < start_key)

            def past_end(doc_id: str) -> bool:
                if end_key is None or (inclusive_end and doc_id == end_key):
                    return False
                return doc_id == end_key or (doc_id < end_key if descending else doc_id > end_key)

            if keys is not None:
                wanted, passed = list(reversed(keys)) if descending else list(keys), 0
            else:
                wanted = [i for i in live if not before_start(i) and not past_end(i)]
                passed = sum(map(before_start, live))
            wanted = wanted[skip:] if limit is None else wanted[skip : skip + limit]
            rows = []
            for doc_id in wanted:
                entry = self._entries.get(doc_id)
                if entry is None:
                    rows.append({"key": doc_id, "error": "not_found"})
                    continue
                winner = entry.tree.winner
                row: dict[str, Any] = {"id": doc_id, "key": doc_id, "value": {"rev": str(winner.rev)}}
                if winner.deleted:
                    row["value"]["deleted"] = True
                if include_docs:
                    after = 0 if attachments else None
                    row["doc"] = (
                        None
                        if winner.deleted
                        else self._read(entry, winner.rev, conflicts=conflicts, bytes_after=after)
                    )
                rows.append(row)
            return {"total_rows": total, "offset": passed + skip if keys is None else 0, "rows": rows}

    def attachment(self, doc_id: str, attachment_name: str, *, rev: str | None = None) -> Attachment:
        with self._changed:
            entry, wanted = self._choose(doc_id, rev)
            blob = entry.leaves[wanted].attachments.get(attachment_name)
            if blob is None:
                raise NotFound("Document is missing attachment")
            pieces: Iterator[bytes] = iter([self._blobs[blob.digest]])
            return Attachment(blob.content_type, blob.length, blob.digest, blob.revpos, pieces)

    def _sequence(self, since: Seq) -> int:
        if since == "now":
            return self._seq
        try:
            return int(since)
        except ValueError as error:
            raise BadRequest("Malformed sequence supplied in 'since' parameter.") from error

    def _choose(self, doc_id: str, rev: str | None) -> tuple[Entry, Rev]:
        wanted = None if rev is None else parse_rev(rev)
        entry = self._entries.get(doc_id)
        if entry is None:
            raise NotFound("missing")
        if wanted is None:
            if entry.tree.winner.deleted:
                raise NotFound("deleted")
            return entry, entry.tree.winner.rev
        if wanted not in entry.leaves:
            raise NotFound("missing")
        return entry, wanted

    def _read(
        self, entry: Entry, rev: Rev, *, revs: bool = False, conflicts: bool = False, bytes_after: int | None = None
    ) -> Document:
        """One leaf; attachments newer than generation `bytes_after` with their bytes, none of them if it is None."""
        stored = entry.leaves[rev]
        document = put_together(stored)
        if revs:
            document["_revisions"] = entry.tree.path(rev).to_revisions()
        if conflicts and rev == entry.tree.winner.rev and entry.tree.conflicts:
            document["_conflicts"] = [str(each) for each in entry.tree.conflicts]
        if stored.attachments:
            document["_attachments"] = {
                name: stub(blob)
                if bytes_after is None or blob.revpos <= bytes_after
                else inline(blob, self._blobs[blob.digest])
                for name, blob in stored.attachments.items()
            }
        return document
