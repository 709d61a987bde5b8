"""Make `target` hold what `source` holds: CouchDB's replication protocol, for any two databases.

    changes → revs_diff → bulk_get  ┊ queue ┊  bulk_docs → checkpoint
          (replicate_reading)                 (replicate_writing)

batch by batch, each as large as the line bears (`pace`), the next one read while the last is written (`prefetch`), in
crash order: a checkpoint is written only after the documents it speaks of, so that whatever breaks, repeating loses
nothing and sends little twice. A document that the target refuses, the source withholds or a peer stumbles over is
recorded and passed; one bad document never stops its neighbours. Errors of either end come through as they are: the
caller waits, asks a person, or reports. It must never know what a document means.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sync import checkpoints
from sync.checkpoints import Session
from sync.database import Database, Document, Seq
from sync.errors import Conflict
from sync.pace import Line
from sync.prefetch import LOOK_S, Prefetched
from sync.replicate_reading import Batch, Reading, Refused
from sync.replicate_writing import Writing

# Continuous: how long one wait for changes lasts.
WAIT_S = 55.0
# One batch waits while another is written and a third is read: more only fills memory.
AHEAD = 1
# What a broken line may cost in questions asked again (documents that landed are not sent twice). Each checkpoint
# costs a request at either end. A line that broke lately gets one after every batch.
CHECKPOINT_S = 5.0
# How long documents cross before the far end is told of them, where home keeps the checkpoint: a request, against
# asking again about so much after a cut.
TOLD_S = 30.0
# Changes that passed without crossing, home's own come back, before a source is told all the same: so many are read
# again by each run until then, 60 KB.
ECHOES_MAX = 500
# Before a document that a peer stumbled over is tried again; doubled each time.
RETRY_S = 1.0

__all__ = ["Far", "Line", "Progress", "Refused", "Result", "replicate"]


@dataclass(frozen=True, slots=True)
class Progress:
    """After each batch. `bytes_written` counts documents as JSON, before gzip; `seconds` since the run began; `pending`
    is how many changes remain, or None where the source does not say.
    """

    docs_read: int
    docs_written: int
    docs_refused: int
    last_seq: Seq
    pending: int | None
    bytes_written: int = 0
    seconds: float = 0.0
    # Changes taken up so far, those the target had already included.
    changes_done: int = 0
    # Revisions the target was asked about, and those of them it lacked.
    revs_checked: int = 0
    revs_missing: int = 0

    @property
    def docs_per_s(self) -> float | None:
        return self.docs_written / self.seconds if self.seconds > 0 else None

    @property
    def bytes_per_s(self) -> float | None:
        return self.bytes_written / self.seconds if self.seconds > 0 else None

    @property
    def remaining_s(self) -> float | None:
        """How long the rest takes if it goes on as it went; None where nobody can tell."""
        if self.pending is None or not self.changes_done:
            return None
        return self.seconds * self.pending / self.changes_done


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
    # The far end's checkpoint is not the one this end left there: it was put back to an older copy, or somebody else
    # replicates in our name.
    far_changed: bool = False
    # Revisions the target was asked about.
    revs_checked: int = 0
    # What the target remembers of the sessions before, and this one first, as the protocol keeps them.
    history: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Far:
    """What the caller was told just now of the end that is far away, so that it need not be asked again.

    The other end is at home and keeps, in its checkpoint, what a run has come to. While the far end's `uuid` is the
    same, a run goes on from there without reading the far checkpoint, which is written as the run ends (and every half
    minute of a long one), only when documents crossed. What crossed and could not be told of, because the line broke,
    is asked about again: the far end may have been put back meanwhile to a copy that bears the same checkpoint.
    """

    end: Literal["source", "target"]
    uuid: str
    update_seq: Seq | None = None
    # Ask the far end for its checkpoint all the same: now and then, so that no belief of home's lasts for ever.
    ask: bool = False


def replicate(
    source: Database,
    target: Database,
    *,
    new_session_id: Callable[[], str],
    now: Callable[[], str],
    doc_ids: Sequence[str] | None = None,
    since: Seq | None = None,
    batch_docs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    durable: bool = False,
    continuous: bool = False,
    wait_s: float = WAIT_S,
    line: Line | None = None,
    far: Far | None = None,
    there: Container[tuple[str, str]] = frozenset(),
    on_landed: Callable[[Sequence[Document]], None] | None = None,
    on_refused: Callable[[Sequence[Refused]], None] | None = None,
    checkpoint_s: float = CHECKPOINT_S,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Copy what the target lacks; safe to repeat, from either side and at any time.

    With `doc_ids`, these documents alone; with `since`, what the source got after that sequence, whatever both ends
    remember. `durable` waits for the target's disk with each batch; without, an embedded
    store may lose the last batches *and* their checkpoint to a power cut, and pulls them again. `continuous` goes on
    until `cancelled()`, which is asked from two threads, between requests and while waiting. `now` gives the time as
    text for the history.

    `line` is what is known of the line; keep it, and a run after a cut begins with smaller batches; `batch_docs` is
    at most how many changes are taken up at once. `there` are revisions `(id, rev)` the target is known to hold.
    `on_landed` is told each batch once it is written, the refused among it too. `on_refused` is told what of a batch
    was refused, before any checkpoint passes it: who must not forget it writes it down there, for a run that breaks
    has no result, and the next one begins beyond.

    Raises PeerUnreachable, PeerRefused, PeerMisbehaved, StoreFull, StoreCorrupt, and NotFound when an end is not
    there: everything up to the last checkpoint stays done.
    """
    stop = cancelled or (lambda: False)

    def pause(attempt: int) -> None:
        for _ in range(round(RETRY_S * 2 ** (attempt - 1) / LOOK_S)):
            if stop():
                return
            sleep(LOOK_S)

    line = line or Line()
    run = _Run(
        source,
        target,
        doc_ids=doc_ids,
        since=since,
        session_id=new_session_id(),
        now=now,
        far=far,
        monotonic=monotonic,
    )
    if run.nothing_new and not continuous:
        run.put_home_right()
        return run.result(cancelled=False)
    reading = Reading(
        source,
        target,
        line,
        doc_ids=run.doc_ids,
        docs_max=batch_docs,
        wait_s=wait_s if continuous else 0.0,
        stop=stop,
        pause=pause,
        there=there,
        empty_target=run.empty_target,
        monotonic=monotonic,
    )
    writing = Writing(target, line, again=reading.again, durable=durable, pause=pause, monotonic=monotonic)
    for batch in _ahead(reading.batches(run.start_seq), continuous=continuous, stop=stop):
        if stop():
            break
        written, refused = writing.write(batch.documents, batch.sizes)
        if on_landed is not None and batch.documents:
            on_landed(batch.documents)
        apart = [*batch.refused, *refused]
        if on_refused is not None and apart:
            on_refused(apart)
        run.passed(batch, written, apart)
        run.remember(every_s=0.0 if line.shaky else checkpoint_s)
        if on_progress is not None:
            on_progress(run.progress())
    run.settle()
    return run.result(cancelled=stop())


def _ahead(batches: Iterator[Batch], *, continuous: bool, stop: Callable[[], bool]) -> Iterator[Batch]:
    """`batches`, the next read while the last is used. What fits one batch needs no second thread."""
    first = None if continuous else next(batches, None)
    if first is None and not continuous:
        return
    if first is not None and first.is_last:
        yield first
        return
    with closing(Prefetched(batches, ahead=AHEAD, cancelled=stop)) as rest:
        if first is not None:
            yield first
        yield from rest


class _Run:
    """One run's account: its two ends, where it is, what it has counted, and what both ends remember."""

    def __init__(
        self,
        source: Database,
        target: Database,
        *,
        doc_ids: Sequence[str] | None,
        since: Seq | None,
        session_id: str,
        now: Callable[[], str],
        far: Far | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._source, self._target = source, target
        self.doc_ids = None if doc_ids is None else sorted(set(doc_ids))
        self._now, self._monotonic = now, monotonic
        told = {} if far is None else {far.end: {"uuid": far.uuid, "update_seq": far.update_seq}}
        source_info = told.get("source") or source.info()
        target_info = told.get("target") or target.info()
        self._id = checkpoints.replication_id(
            _identity(source, source_info), _identity(target, target_info), doc_ids=self.doc_ids
        )
        self._far = None if far is None else source if far.end == "source" else target
        self._believe_home = far is not None and not far.ask
        self._believed = False
        # The far end's checkpoint is not as home left it; from the moment a write shows that, neither is told any more.
        self._far_changed = self._doubted = False
        # Of a run that was cut off: its checkpoint at home, where the far end may not have been told of it.
        self._untold: Document | None = None
        # Each end's last checkpoint, so that the next needs no reading.
        self._known: dict[int, Document | None] = {}
        # How far the far end was told, and how many documents had crossed by then.
        self._told: Seq = 0
        self._told_crossed = 0
        self._seq: Seq = 0
        # How far home had read the source when it was last here.
        self._reached: Seq | None = None
        start = self._start(source_info)
        self.start_seq = self._seq = self._recorded = self._told = start if since is None else since
        self._reached = self.start_seq if self._reached is None else self._reached
        self.empty_target = target_info.get("doc_count") == 0 and target_info.get("doc_del_count") == 0
        self.nothing_new = self._reached not in (0, None) and self._reached == source_info.get("update_seq")
        self._session = Session(session_id, now(), self.start_seq)
        self._refused: list[Refused] = []
        self._gone = self._bytes = self._changes = 0
        self._pending: int | None = None
        self._wrote_checkpoint = False
        self._began = self._remembered_at = monotonic()

    def passed(self, batch: Batch, written: int, refused: Sequence[Refused]) -> None:
        """Count a batch that is on the target; `refused` by either end."""
        self._refused += refused
        self._gone += batch.gone
        self._bytes += sum(batch.sizes)
        session = self._session
        self._session = replace(
            session,
            missing_checked=session.missing_checked + batch.checked,
            missing_found=session.missing_found + batch.found,
            docs_read=session.docs_read + len(batch.documents),
            docs_written=session.docs_written + written,
            doc_write_failures=session.doc_write_failures + len(refused) - len(batch.refused),
        )
        self._changes += batch.changes
        self._pending = batch.pending
        if batch.seq is not None:
            self._seq = batch.seq

    def remember(self, *, every_s: float) -> None:
        """Record that everything up to here has crossed, if it is time. What is at home costs no request."""
        if self._seq == self._recorded:
            return
        if self._far is None:
            if self._monotonic() - self._remembered_at >= every_s:
                self._put_both()
        elif not self._doubted:
            self._put_home()
            if self._crossed > self._told_crossed and self._monotonic() - self._remembered_at >= TOLD_S:
                self._put_far()

    def settle(self) -> None:
        """Record where the run ended."""
        if self._far is not None:
            if (self._crossed > self._told_crossed or self._echoed_many) and not self._doubted:
                self._put_far()
        elif self._seq != self._recorded:
            self._put_both()

    def put_home_right(self) -> None:
        """Where the far end was put back and nothing is to be read now, home must not remember a place beyond: soon the
        far end is there again, with other documents.
        """
        if self._far is not None and self._far_changed and not self._believed:
            self._put_home()

    def progress(self) -> Progress:
        counts = self._session
        return Progress(
            docs_read=counts.docs_read,
            docs_written=counts.docs_written,
            docs_refused=len(self._refused),
            last_seq=self._seq,
            pending=self._pending,
            bytes_written=self._bytes,
            seconds=self._monotonic() - self._began,
            changes_done=self._changes,
            revs_checked=counts.missing_checked,
            revs_missing=counts.missing_found,
        )

    def result(self, *, cancelled: bool) -> Result:
        remembered = checkpoints.checkpoint(
            self._known.get(id(self._target)), self._session, last_seq=self._recorded, end_time=self._now()
        )
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
            far_changed=self._far_changed,
            revs_checked=self._session.missing_checked,
            history=remembered["history"],
        )

    # Checkpoints

    def _start(self, source_info: dict[str, Any]) -> Seq:
        """The sequence to go on from."""
        if self._far is not None:
            home = self._read(self._home)
            if home is None and self._believe_home:
                return 0
            self._far_changed = checkpoints.doubted_at_home(home)
            kept = checkpoints.kept_at_home(home)
            if home is not None and kept is not None:
                self._untold = home if kept.told != kept.seq else None
                reaches = _reaches(source_info["update_seq"], kept.seq)
                self._far_changed = self._far is self._source and not reaches
                if self._believe_home:
                    rev = {} if kept.far_rev is None else {"_rev": kept.far_rev}
                    self._believed = True
                    self._known[id(self._far)] = {
                        "history": home.get("history"),
                        "session_id": kept.far_session,
                        **rev,
                    }
                    if reaches:
                        self._reached = kept.seq
                    # From where a source was told, not from where home has come since: what passed between, its own
                    # documents, left no mark there, and a copy from before them would not be known for one.
                    return kept.told if reaches else 0
                far = self._read(self._far)
                if not kept.left(far) and not self._is_ours(far):
                    self._far_changed = True
        # Where the target knows nothing, the source need not be asked.
        theirs = self._read(self._target)
        start = 0 if theirs is None else checkpoints.common_ancestry(self._read(self._source), theirs)
        return start if _reaches(source_info["update_seq"], start) else 0

    @property
    def _home(self) -> Database:
        return self._target if self._far is self._source else self._source

    def _read(self, end: Database) -> Document | None:
        if id(end) not in self._known:
            self._known[id(end)] = end.get_local(self._id)
        return self._known[id(end)]

    def _put_both(self) -> None:
        """The target, which holds the documents, first."""
        for end in (self._target, self._source):
            self._put(end)
        self._recorded, self._remembered_at, self._wrote_checkpoint = self._seq, self._monotonic(), True

    @property
    def _crossed(self) -> int:
        """Documents of which the far end should remember that they crossed, or were refused."""
        return self._session.docs_written + len(self._refused)

    @property
    def _echoed_many(self) -> bool:
        """Would the next run read long again what only passed in this one?"""
        return self._far is self._source and self._changes >= ECHOES_MAX

    def _is_ours(self, far: Document | None) -> bool:
        """Did we write it, in this run or in one that was cut off, and never hear so?"""
        ours = (self._untold, self._known.get(id(self._home)) if self._told != self._seq else None)
        return far is not None and any(mine is not None and checkpoints.same_end(far, mine) for mine in ours)

    def _put_home(self) -> None:
        if self._crossed == self._told_crossed and self._far is not self._source:
            self._told = self._seq
        far = self._known.get(id(self._far)) or {}
        self._put(self._home, told=self._told, far_rev=far.get("_rev"), far_session=far.get("session_id"))
        self._recorded, self._wrote_checkpoint = self._seq, True

    def _put_far(self) -> None:
        """Home has its own already if it is the target; the far end's revision is noted there last."""
        if self._far is None:
            return
        try:
            self._put(self._far, attempts=1 if self._believed else 2)
        except Conflict:
            if not self._believed:
                raise
            far = self._far.get_local(self._id)
            if not self._is_ours(far):
                # It is not as we left it: put back to an older copy, or another was here. It must not be told of what
                # it may have lost, and home's word alone is not believed the next time: both are asked what they share.
                self._far_changed = self._doubted = True
                self._put(self._home, doubted=True)
                return
            self._known[id(self._far)] = far
            self._put(self._far)
        self._untold = None
        self._told, self._told_crossed, self._remembered_at = self._seq, self._crossed, self._monotonic()
        self._put_home()

    def _put(self, end: Database, *, attempts: int = 2, **home: Any) -> None:
        for attempt in range(1, attempts + 1):
            document = checkpoints.checkpoint(
                self._known.get(id(end)), self._session, last_seq=self._seq, end_time=self._now()
            )
            if home:
                document["home"] = {"seq": self._seq, **home}
            try:
                rev = end.put_local(self._id, document)
            except Conflict:
                # Another run of the same replication was here: its history joins ours.
                if attempt == attempts:
                    raise
                self._known[id(end)] = end.get_local(self._id)
            else:
                self._known[id(end)] = {**document, "_rev": rev}
                return


def _identity(end: Database, info: dict[str, Any]) -> str:
    """What identifies a database for good; its address where it has no uuid."""
    return str(info.get("uuid") or end.name)


def _reaches(update_seq: Seq | None, start: Seq) -> bool:
    """A source whose count is below where we left it was put back from a copy: what it wrote since needs to be seen."""
    return not (isinstance(update_seq, int) and isinstance(start, int)) or update_seq >= start
