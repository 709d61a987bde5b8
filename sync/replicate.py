"""Make `target` hold what `source` holds: CouchDB's replication protocol, for any two databases.

    changes → revs_diff → bulk_get → bulk_docs → checkpoint

batch by batch, in crash order: a checkpoint is written only after the documents it speaks of, so that whatever breaks,
repeating loses nothing and sends little twice. A document that the target refuses (or the source withholds) is
recorded and passed; one bad document never stops its neighbours. Errors of either end come through as they are: the
caller waits, asks a person, or reports. It must never know what a document means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync import checkpoints, jsonwire
from sync.checkpoints import Session
from sync.database import ChangesPage, Database, Document, Seq
from sync.errors import Conflict, PeerMisbehaved, PeerUnreachable, TooLarge

# A batch is what a broken link costs at most, beside its last checkpoint; larger ones pay on fast links only.
BATCH_DOCS = 100
# With attachments inline one answer must stay small enough for a phone's memory.
BATCH_REVS = 100
# What one request carries, and a cut at its last byte costs: half a minute of 3G. A larger document goes alone.
BATCH_BYTES = 1024 * 1024
# Continuous: how long one wait for changes lasts.
WAIT_S = 55.0

# Errors of one document that say nothing about it: the peer was in trouble, and asking again may succeed.
_PASSING_TROUBLE = frozenset(
    {"internal_server_error", "error", "timeout", "service_unavailable", "insufficient_storage"}
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A revision that did not cross, and why. Offer it again by id (`doc_ids`) when the reason may have gone."""

    id: str
    rev: str | None
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """After each batch. `pending` is how many changes remain, or None where the source does not say."""

    docs_read: int
    docs_written: int
    docs_refused: int
    last_seq: Seq
    pending: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What one run did. `last_seq` is the source's sequence that both ends remember now."""

    session_id: str
    start_seq: Seq
    last_seq: Seq
    docs_read: int
    docs_written: int
    refused: list[Refused] = field(default_factory=list)
    gone: int = 0
    checkpoint_written: bool = False
    cancelled: bool = False


def replicate(
    source: Database,
    target: Database,
    *,
    new_session_id: Callable[[], str],
    now: Callable[[], str],
    doc_ids: Sequence[str] | None = None,
    batch_docs: int = BATCH_DOCS,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    durable: bool = False,
    continuous: bool = False,
    wait_s: float = WAIT_S,
) -> Result:
    """Copy what the target lacks; safe to repeat, from either side and at any time.

    With `doc_ids`, these documents alone. `durable` waits for the target's disk with each batch; without, an embedded
    store may lose the last batches *and* their checkpoint to a power cut, and pulls them again. `continuous` goes on
    until `cancelled()`, which is asked between requests. `now` gives the time as text for the history.

    Raises PeerUnreachable, PeerRefused, PeerMisbehaved, StoreFull, StoreCorrupt, and NotFound when an end is not
    there: everything up to the last checkpoint stays done.
    """
    run = _Replication(source, target, doc_ids=doc_ids, durable=durable, session_id=new_session_id(), now=now)
    stop = cancelled or (lambda: False)
    for page in run.pages(batch_docs, wait_s if continuous else 0.0, stop):
        if not run.copy(page, stop):
            return run.result(cancelled=True)
        run.remember(page)
        if on_progress is not None:
            on_progress(run.progress(page))
    return run.result(cancelled=stop())


class _Replication:
    """One run: its two ends, what it has counted, and where it is."""

    def __init__(
        self,
        source: Database,
        target: Database,
        *,
        doc_ids: Sequence[str] | None,
        durable: bool,
        session_id: str,
        now: Callable[[], str],
    ) -> None:
        self._source, self._target = source, target
        self._doc_ids = None if doc_ids is None else sorted(set(doc_ids))
        self._durable, self._now = durable, now
        source_info, target_info = source.info(), target.info()
        self._id = checkpoints.replication_id(
            _identity(source, source_info), _identity(target, target_info), doc_ids=self._doc_ids
        )
        # Each end's last checkpoint, so that the next needs no reading.
        self._known = {id(end): end.get_local(self._id) for end in (target, source)}
        start = checkpoints.common_ancestry(self._known[id(source)], self._known[id(target)])
        self._seq = self._recorded = start if _reaches(source_info["update_seq"], start) else 0
        self._session = Session(session_id, now(), self._seq)
        self._refused: list[Refused] = []
        self._gone = 0
        self._wrote_checkpoint = False

    def pages(self, batch_docs: int, wait_s: float, stop: Callable[[], bool]) -> Iterator[ChangesPage]:
        """Changes not yet copied. Ends when there are none, or, with `wait_s`, when stopped."""
        since = self._seq
        while not stop():
            page = self._source.changes(since, limit=batch_docs, style="all_docs", doc_ids=self._doc_ids, wait_s=wait_s)
            since = page.last_seq
            if page.results or page.last_seq != self._seq:
                yield page
            # The page that was not full was the last, also from a source that does not count what is pending.
            if wait_s <= 0 and (len(page.results) < batch_docs or page.pending == 0):
                return

    def copy(self, page: ChangesPage, stop: Callable[[], bool]) -> bool:
        """Everything of `page` the target lacks. False when stopped between requests."""
        leaves = {row["id"]: [leaf["rev"] for leaf in row["changes"]] for row in page.results}
        if not leaves:
            return True
        missing = self._target.revs_diff(leaves)
        checked = sum(len(revs) for revs in leaves.values())
        found = sum(len(entry["missing"]) for entry in missing.values())
        self._count(missing_checked=checked, missing_found=found)
        requests = [
            _request(doc_id, rev, missing[doc_id].get("possible_ancestors"))
            for doc_id in leaves
            if doc_id in missing
            for rev in missing[doc_id]["missing"]
        ]
        for start in range(0, len(requests), BATCH_REVS):
            if stop():
                return False
            self._write(self._read(requests[start : start + BATCH_REVS]))
        return True

    def remember(self, page: ChangesPage) -> None:
        """Record on both ends that everything up to `page` has crossed: on the target, which holds it, first."""
        self._seq = page.last_seq
        if self._seq == self._recorded:
            return
        for end in (self._target, self._source):
            self._put_checkpoint(end)
        self._recorded, self._wrote_checkpoint = self._seq, True

    def progress(self, page: ChangesPage) -> Progress:
        counts = self._session
        return Progress(counts.docs_read, counts.docs_written, len(self._refused), page.last_seq, page.pending)

    def result(self, *, cancelled: bool) -> Result:
        return Result(
            session_id=self._session.session_id,
            start_seq=self._session.start_last_seq,
            last_seq=self._recorded,
            docs_read=self._session.docs_read,
            docs_written=self._session.docs_written,
            refused=list(self._refused),
            gone=self._gone,
            checkpoint_written=self._wrote_checkpoint,
            cancelled=cancelled,
        )

    # Reading

    def _read(self, requests: Sequence[dict[str, Any]]) -> list[Document]:
        """The revisions asked for, with their histories and the attachments the target lacks; each once."""
        answers = self._bulk_get(requests)
        documents: dict[tuple[str, str], Document] = {}
        for request, answer in zip(requests, answers, strict=True):
            if not answer["docs"]:
                raise PeerMisbehaved(f"{self._source.name} lists {request['id']} and says nothing of it.")
            for entry in answer["docs"]:
                if "ok" in entry:
                    document = entry["ok"]
                    documents[document["_id"], document["_rev"]] = document
                else:
                    self._pass_unread(request, entry["error"])
        self._count(docs_read=len(documents))
        return list(documents.values())

    def _bulk_get(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            return self._source.bulk_get(requests, revs=True, latest=True, attachments=True)
        except TooLarge:
            if len(requests) == 1:
                raise
            half = len(requests) // 2
            return self._bulk_get(requests[:half]) + self._bulk_get(requests[half:])

    def _pass_unread(self, request: dict[str, Any], error: dict[str, Any]) -> None:
        """A revision listed and not given. Gone means purged or compacted since; withheld is recorded; the rest stops
        us, before a checkpoint passes it.
        """
        word, reason = str(error.get("error")), str(error.get("reason", ""))
        if word == "not_found":
            self._gone += 1
        elif word in ("forbidden", "unauthorized"):
            self._refused.append(Refused(request["id"], request["rev"], word, reason))
        elif word in _PASSING_TROUBLE:
            raise PeerUnreachable(f"{self._source.name} could not read {request['id']} ({word}).")
        else:
            raise PeerMisbehaved(f"{self._source.name} does not give {request['id']} ({word}: {reason}).")

    # Writing

    def _write(self, documents: list[Document]) -> None:
        for part in slices(documents, bytes_max=BATCH_BYTES):
            self._write_part(part)

    def _write_part(self, documents: list[Document]) -> None:
        failures = self._bulk_docs(documents)
        without_bytes = {(entry.get("id"), entry.get("rev")) for entry in failures if entry["error"] == "missing_stub"}
        if without_bytes:
            # The target forgot (compacted) what its possible ancestors promised: once more, with all bytes.
            again = [doc for doc in documents if (doc["_id"], doc["_rev"]) in without_bytes]
            failures = [entry for entry in failures if entry["error"] != "missing_stub"]
            failures += self._bulk_docs(self._with_all_bytes(again))
        for entry in failures:
            if entry["error"] in _PASSING_TROUBLE:
                raise PeerUnreachable(f"{self._target.name} could not write {entry.get('id')} ({entry['error']}).")
            self._refused.append(
                Refused(str(entry.get("id")), entry.get("rev"), str(entry["error"]), str(entry.get("reason", "")))
            )
        self._count(docs_written=len(documents) - len(failures), doc_write_failures=len(failures))

    def _with_all_bytes(self, documents: list[Document]) -> list[Document]:
        requests = [{"id": document["_id"], "rev": document["_rev"]} for document in documents]
        answers = self._bulk_get(requests)
        return [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry]

    def _bulk_docs(self, documents: list[Document]) -> list[dict[str, Any]]:
        """Write, in halves where the whole is too large; one document too large alone is refused."""
        if not documents:
            return []
        try:
            return self._target.bulk_docs(documents, new_edits=False, durable=self._durable)
        except TooLarge as error:
            if len(documents) == 1:
                one = documents[0]
                return [{"id": one["_id"], "rev": one["_rev"], "error": error.error, "reason": error.reason}]
            half = len(documents) // 2
            return self._bulk_docs(documents[:half]) + self._bulk_docs(documents[half:])

    def _put_checkpoint(self, end: Database) -> None:
        for attempt in (1, 2):
            known = self._known[id(end)]
            document = checkpoints.checkpoint(known, self._session, last_seq=self._seq, end_time=self._now())
            try:
                rev = end.put_local(self._id, document)
            except Conflict:
                # Another run of the same replication was here: its history joins ours.
                if attempt == 2:
                    raise
                self._known[id(end)] = end.get_local(self._id)
            else:
                self._known[id(end)] = {**document, "_rev": rev}
                return

    def _count(self, **more: int) -> None:
        self._session = replace(
            self._session, **{name: getattr(self._session, name) + count for name, count in more.items()}
        )


def slices(documents: Sequence[Document], *, bytes_max: int) -> Iterator[list[Document]]:
    """The documents in order, in parts of at most `bytes_max` as JSON; one that is larger is a part of its own."""
    part: list[Document] = []
    part_bytes = 0
    for document in documents:
        document_bytes = len(jsonwire.dumps(document))
        if part and part_bytes + document_bytes > bytes_max:
            yield part
            part, part_bytes = [], 0
        part.append(document)
        part_bytes += document_bytes
    if part:
        yield part


def _request(doc_id: str, rev: str, ancestors: Sequence[str] | None) -> dict[str, Any]:
    return {"id": doc_id, "rev": rev, **({"atts_since": list(ancestors)} if ancestors else {})}


def _identity(end: Database, info: dict[str, Any]) -> str:
    """What identifies a database for good; its address where it has no uuid."""
    return str(info.get("uuid") or end.name)


def _reaches(update_seq: Seq, start: Seq) -> bool:
    """A source whose count is below where we left it was put back from a copy: what it wrote since needs to be seen."""
    return not (isinstance(update_seq, int) and isinstance(start, int)) or update_seq >= start
