"""The reading half of a replication: what the source has and the target lacks, batch by batch.

    changes → revs_diff → bulk_get

It only reads, at both ends, so it may run ahead of the writing and be left behind. It must never write anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sync.apart import apart
from sync.database import (
    ChangesPage,
    Database,
    Document,
    Seq,
    bulk_get_to_pass_on,
    changes_to_replicate,
    reads_at_once,
)
from sync.errors import PeerMisbehaved, PeerUnreachable, SyncError, TooLarge
from sync.pace import Line, Pace, weigh
from sync.prefetch import side_by_side

# Errors of one document that are said of the whole peer.
WHOLE_TROUBLE = frozenset({"timeout", "service_unavailable", "insufficient_storage"})
# Errors of one document that its neighbours may not share: asked for again alone before it is set aside.
STUMBLES = frozenset({"internal_server_error", "error"})
# Runs in which a revision failed, with no neighbour that came through, before it is taken to be the one to blame:
# with the back-off between runs, more than ten minutes.
RUNS_ALONE_MAX = 8


# How many bytes a document is as JSON, by its id and revision.
Sizes = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Refused:
    """A revision that did not cross, and why. Offer it again by id (`doc_ids`) when the reason may have gone."""

    id: str
    rev: str | None
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents to write, and once they are written, where the source has been read to: `seq`, None within a page."""

    documents: list[Document] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    gone: int = 0
    checked: int = 0
    found: int = 0
    # How many bytes each of the documents is as JSON.
    sizes: list[int] = field(default_factory=list)
    seq: Seq | None = None
    pending: int | None = None
    # Rows of the feed that are done with this batch.
    changes: int = 0
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """What one request asks the source for, and what is true of the run once its answer is written."""

    requests: list[dict[str, Any]]
    after: Batch
    # Of the page it is a part of: with `latest`, two revisions may lead to one.
    taken: set[tuple[str, str]]


@dataclass(slots=True)
class Reading:
    """One run's reading. `there` are revisions `(id, rev)` the target is known to hold; with `empty_target` it holds
    none, and is not asked.
    """

    source: Database
    target: Database
    line: Line
    doc_ids: Sequence[str] | None
    docs_max: int | None
    wait_s: float
    stop: Callable[[], bool]
    pause: Callable[[int], None]
    there: Container[tuple[str, str]] = frozenset()
    empty_target: bool = False
    monotonic: Callable[[], float] = time.monotonic
    _learning: threading.Lock = field(default_factory=threading.Lock)

    def batches(self, since: Seq) -> Iterator[Batch]:
        """Ends when there is no more, or, with `wait_s`, when stopped. A source with several connections is asked for
        the next ones, and for more of its feed, before it has answered the first.
        """
        for part, (documents, refused, gone) in side_by_side(
            lambda part: (part, self._read(part.requests)), self._parts(since), at_once=self._at_once
        ):
            fresh = []
            for document, size in documents:
                key = document["_id"], document["_rev"]
                if key not in part.taken:
                    part.taken.add(key)
                    fresh.append((document, size))
            yield replace(
                part.after,
                documents=[document for document, _ in fresh],
                sizes=[size for _, size in fresh],
                refused=refused,
                gone=gone,
            )

    def again(self, documents: Sequence[Document]) -> list[Document]:
        """These documents with all their bytes, for a target that knows fewer than it said."""
        return [
            entry["ok"]
            for document in documents
            for answer in self._bulk_get([{"id": document["_id"], "rev": document["_rev"]}], {})
            for entry in answer["docs"]
            if "ok" in entry
        ]

    @property
    def _at_once(self) -> int:
        return reads_at_once(self.source)

    def _parts(self, since: Seq) -> Iterator[_Part]:
        while not self.stop():
            limit = self.line.room if self.docs_max is None else min(self.line.room, self.docs_max)
            page = changes_to_replicate(self.source, since, limit=limit, doc_ids=self.doc_ids, wait_s=self.wait_s)
            moved, since = page.last_seq != since, page.last_seq
            # The page that was not full was the last, also from a source that does not count what is pending.
            last = self.wait_s <= 0 and (len(page.results) < limit or page.pending == 0)
            if page.results or moved:
                yield from self._parts_of(page, is_last=last)
            if last:
                return

    def _parts_of(self, page: ChangesPage, *, is_last: bool) -> Iterator[_Part]:
        requests, checked = self._lacking(page)
        found, changes = len(requests), len(page.results)
        taken: set[tuple[str, str]] = set()
        while True:
            room = min(self.line.reading.room(self._at_once), self.line.writing.room(self._at_once))
            part, requests = requests[:room], requests[room:]
            rest = len(requests)
            after = Batch(
                checked=checked,
                found=found,
                seq=None if rest else page.last_seq,
                pending=None if page.pending is None else page.pending + rest,
                changes=max(0, changes - rest),
                is_last=is_last and not rest,
            )
            yield _Part(part, after, taken)
            checked = found = 0
            changes = min(changes, rest)
            if not rest or self.stop():
                return

    def _lacking(self, page: ChangesPage) -> tuple[list[dict[str, Any]], int]:
        """What to ask the source for, and about how many revisions the target was asked."""
        leaves = {row["id"]: [leaf["rev"] for leaf in row["changes"]] for row in page.results}
        wanted = {
            doc_id: revs for doc_id, revs in leaves.items() if not all((doc_id, rev) in self.there for rev in revs)
        }
        if not wanted:
            return [], 0
        missing: Mapping[str, Mapping[str, Sequence[str]]]
        if self.empty_target:
            missing = {doc_id: {"missing": revs} for doc_id, revs in wanted.items()}
        else:
            missing = self._revs_diff(wanted)
        requests = [
            _request(doc_id, rev, missing[doc_id].get("possible_ancestors"))
            for doc_id in wanted
            if doc_id in missing
            for rev in missing[doc_id]["missing"]
        ]
        return requests, sum(len(revs) for revs in wanted.values())

    def _revs_diff(self, leaves: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        try:
            return self.target.revs_diff(leaves)
        except PeerUnreachable as error:
            self.line.writing = after(error, self.line.writing)
            raise

    def _read(self, requests: Sequence[dict[str, Any]]) -> tuple[list[tuple[Document, int]], list[Refused], int]:
        """The revisions asked for, with their histories and the attachments the target lacks, each with its size."""
        if not requests:
            return [], [], 0
        sizes: Sizes = {}
        answered, failed = apart(
            requests,
            partial(self._ask, sizes=sizes),
            alive=self.source.info,
            pause=self.pause,
            alone_before=self._failed_before,
        )
        documents: list[tuple[Document, int]] = []
        refused: list[Refused] = []
        gone = 0
        for request, entries in answered:
            for entry in entries:
                if "ok" in entry:
                    document = entry["ok"]
                    documents.append((document, sizes[document["_id"], document["_rev"]]))
                elif entry["error"].get("error") == "not_found":  # purged or compacted since it was listed
                    gone += 1
                else:
                    word, reason = str(entry["error"].get("error")), str(entry["error"].get("reason", ""))
                    refused.append(Refused(request["id"], request["rev"], word, reason))
        refused += [set_aside(request["id"], request["rev"], error, "unreadable") for request, error in failed]
        return documents, refused, gone

    def _ask(
        self, requests: Sequence[dict[str, Any]], *, sizes: Sizes
    ) -> tuple[list[tuple[dict[str, Any], list[dict[str, Any]]]], list[tuple[dict[str, Any], SyncError]]]:
        """`(request, its entries)` of what was answered, and the requests of which the source makes no sense."""
        answered = []
        failed: list[tuple[dict[str, Any], SyncError]] = []
        for request, answer in zip(requests, self._bulk_get(requests, sizes), strict=True):
            error = self._doubt(request, answer["docs"])
            if error is None:
                answered.append((request, answer["docs"]))
            else:
                failed.append((request, error))
        return answered, failed

    def _doubt(self, request: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> SyncError | None:
        if not entries:
            return PeerMisbehaved(f"{self.source.name} lists {request['id']} and says nothing of it.")
        for entry in entries:
            if "ok" in entry:
                continue
            word, reason = str(entry["error"].get("error")), str(entry["error"].get("reason", ""))
            if word in WHOLE_TROUBLE:
                raise PeerUnreachable(f"{self.source.name} could not read {request['id']} ({word}).")
            if word in STUMBLES:
                return PeerUnreachable(f"{self.source.name} fails over {request['id']} ({word}: {reason}).", status=500)
            if word not in ("not_found", "forbidden", "unauthorized"):
                return PeerMisbehaved(f"{self.source.name} does not give {request['id']} ({word}: {reason}).")
        return None

    def _bulk_get(self, requests: Sequence[dict[str, Any]], sizes: Sizes) -> list[dict[str, Any]]:
        began = self.monotonic()
        try:
            answers = bulk_get_to_pass_on(self.source, requests, revs=True, latest=True, attachments=True)
        except PeerUnreachable as error:
            self._learn(partial(after, error))
            raise
        except TooLarge:
            self._learn(lambda pace: pace.too_large(docs=len(requests), bytes_=pace.bytes_aim))
            raise
        took_s = self.monotonic() - began
        documents = [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry]
        weighed = {(document["_id"], document["_rev"]): weigh(document) for document in documents}
        sizes.update(weighed)
        self._learn(lambda pace: pace.answered(docs=len(requests), bytes_=sum(weighed.values()), took_s=took_s))
        return answers

    def _learn(self, lesson: Callable[[Pace], Pace]) -> None:
        with self._learning:
            self.line.reading = lesson(self.line.reading)

    def _failed_before(self, request: Mapping[str, Any]) -> bool:
        return failed_alone(self.line, request["id"], request["rev"])


def after(error: PeerUnreachable, pace: Pace) -> Pace:
    """An answer that says "trouble" is no fault of the line, unless it says that it took too long."""
    return pace.broken() if error.status in (None, 504) else pace


def failed_alone(line: Line, doc_id: str, rev: str) -> bool:
    """Note that this revision failed with no neighbour to compare with; has it done so often enough?"""
    key = doc_id, rev
    line.failed_alone[key] = line.failed_alone.get(key, 0) + 1
    return line.failed_alone[key] >= RUNS_ALONE_MAX


def set_aside(doc_id: str, rev: str | None, error: SyncError, word: str) -> Refused:
    """What is remembered of a document that a peer stumbles over."""
    return Refused(doc_id, rev, error.error if isinstance(error, TooLarge) else word, str(error))


def _request(doc_id: str, rev: str, ancestors: Sequence[str] | None) -> dict[str, Any]:
    return {"id": doc_id, "rev": rev, **({"atts_since": list(ancestors)} if ancestors else {})}
