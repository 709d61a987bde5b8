"""From what people pushed to what the group reads: follow every database, promote, settle photos, fill the projection.

    u- and v-  ──promote──▶  g-  ──rows──▶ projection        m-  ──settle──▶ receipts, photo states

One thread, woken by hints and sweeping everything every five minutes, which is the guarantee. The order of writes is
the order of crashes: first the group's documents, then rows and checkpoint in one transaction. Whatever is cut in
between is done again and changes nothing; two followers at once make one document. It must never know who wrote, or
judge what is written: that was the gateway's to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from schemas import ids
from schemas.base import problems_of
from schemas.evidence import photos_of
from schemas.figures import corrected, time_string
from schemas.hashing import body_of
from server.backends import Backend, NotWritten, write_once
from server.metrics import FOLLOW_FAILURES, FOLLOWED
from server.projection import DraftProgress, Projection, Rows
from server.promotion import PROMOTED_TYPES, group_database, promote
from sync import media
from sync.database import ChangesPage, Database, Document
from sync.errors import NotFound

PAGE_ROWS: Final = 500
"""Documents followed in one transaction: at a few KB each, a few MB in memory."""

CITATION_DEPTH_MAX: Final = 3
"""A submission cites evidence, evidence has parts, parts name nothing: two rounds of look-ups and one to see so."""

_ORDER: Final = {"visit": 0, "unit": 1, "media": 2, "group": 3, "registry": 4}
"""What is promoted in a sweep is in its group's database before that one is followed."""

_log = structlog.get_logger(__name__)


class Follower:
    """`follow` and `sweep` do the work and may be called by anybody; `start` has a thread call them."""

    def __init__(
        self,
        backend: Backend,
        projection: Projection,
        *,
        now: Callable[[], datetime],
        sweep_every_s: float,
        finish: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """`finish(name)` is called for each group's database in a sweep: it completes what a crash left undone."""
        self._backend = backend
        self._projection = projection
        self._now = now
        self._sweep_every_s = sweep_every_s
        self._finish = finish
        self._hinted: set[str] = set()
        self._condition = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None

    # The thread

    def start(self) -> None:
        self._unsubscribe = self._backend.subscribe(self._hint)
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the page at hand. Safe to repeat."""
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _hint(self, name: str) -> None:
        with self._condition:
            self._hinted.add(name)
            self._condition.notify_all()

    def _run(self) -> None:
        sweep_at = time.monotonic()
        while not self._stopping:
            if time.monotonic() >= sweep_at:
                self._survive(self.sweep, "sweep")
                sweep_at = time.monotonic() + self._sweep_every_s
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopping or self._hinted, timeout=max(0.0, sweep_at - time.monotonic())
                )
                hinted, self._hinted = self._hinted, set()
            for name in _in_order(hinted):
                self._survive(lambda name=name: self.follow(name), name)  # type: ignore[misc]

    def _survive(self, work: Callable[[], object], what: str) -> None:
        """One database that cannot be followed now must not stop the others; the next sweep tries it again."""
        try:
            work()
        except NotFound:
            _log.info("follower.database_gone", database=what)
        except Exception:  # noqa: BLE001 - whatever it was: logged with its trace, counted, tried again
            FOLLOW_FAILURES.inc()
            _log.exception("follower.failed", database=what)

    # The work

    def sweep(self) -> None:
        """Follow everything that is there, and try again what waits."""
        for name in _in_order(self._backend.names()):
            self._survive(lambda name=name: self._swept(name), name)  # type: ignore[misc]

    def _swept(self, name: str) -> None:
        self.follow(name)
        kind = ids.parse_database(name).kind
        if kind in ("unit", "visit"):
            self._retry(name)
        elif kind == "group":
            self._finish(name)
        elif kind == "media":
            freed_bytes = self._backend.reclaim(name)
            if freed_bytes:
                _log.info("follower.reclaimed", database=name, bytes=freed_bytes)

    def follow(self, name: str) -> None:
        """Follow one database to its end. Raises NotFound; names that are none of ours are left alone."""
        try:
            kind = ids.parse_database(name).kind
        except ids.NotAnId:
            return
        if kind == "registry":
            return
        database = self._backend.open(name)
        uuid = database.info().get("uuid")
        # Bodies of chunks are read only to make a photo whole.
        with_bodies = kind != "media"
        take = {"group": self._group_rows, "media": self._media_rows}.get(kind, self._people_rows)
        while not self._stopping:
            since = self._projection.checkpoint(name, uuid=uuid)
            page = database.changes(since, limit=PAGE_ROWS, include_docs=with_bodies)
            # One that was made anew is followed though it is empty: what was read of the old one goes.
            if not page.results and self._projection.is_of(name, uuid):
                return
            write = take(name, database, page)
            FOLLOWED.labels(kind).inc(len(page.results))
            with self._projection.followed(name, since=since, to=page.last_seq, uuid=uuid) as rows:
                if rows is not None:
                    write(rows)
            if page.pending == 0:
                return

    def _group_rows(self, _name: str, _database: Database, page: ChangesPage) -> Callable[[Rows], None]:
        def write(rows: Rows) -> None:
            for row in page.results:
                if row.get("deleted"):
                    rows.drop_document(row["id"])
                else:
                    rows.put_document(row["doc"])
                    rows.put_naming(row["id"], photos_of(row["doc"]))

        return write

    def _media_rows(self, _name: str, database: Database, page: ChangesPage) -> Callable[[Rows], None]:
        photos = {parsed.photo for row in page.results if (parsed := media.parse_id(row["id"])) is not None}
        known = media.states(database, sorted(photos))
        states = {photo: self._settled(database, photo, state.kind) for photo, state in known.items()}

        def write(rows: Rows) -> None:
            for photo, state in states.items():
                rows.put_photo(photo, state)

        return write

    def _settled(self, database: Database, photo: str, kind: media.Kind) -> str:
        """Verify the photo if all of it is here, and finish a settling that was cut; answers its state."""
        if kind in ("whole", "verified"):
            try:
                media.settle(database, photo, now=time_string(self._now()))
            except media.PhotoMismatch as error:
                # It gets no receipt and its phone is told: the original is still there, and comes again.
                media.turn_down(database, error, now=time_string(self._now()))
                _log.warning("follower.photo_mismatch", database=database.name, photo=photo, why=error.what)
            else:
                return "verified"
        return "arriving"

    def _people_rows(self, name: str, database: Database, page: ChangesPage) -> Callable[[Rows], None]:
        arrived = {row["id"]: row.get("doc") for row in page.results}
        found = [doc for row in page.results if not row.get("deleted") and (doc := row.get("doc")) is not None]
        chosen = {doc["_id"]: doc for doc in found if ids.type_of(doc["_id"]) in PROMOTED_TYPES}
        for waiting in self._projection.waiting(database=name):
            if waiting.document not in chosen and not arrived.keys().isdisjoint(waiting.absent):
                chosen[waiting.document] = database.get(waiting.document)
        outcomes = {doc_id: (group_database(doc), self._promote(database, doc)) for doc_id, doc in chosen.items()}
        drafts = {doc["_id"]: progress_of(doc) for doc in found if ids.type_of(doc["_id"]) == "draft"}
        gone = [row["id"] for row in page.results if row.get("deleted")]

        def write(rows: Rows) -> None:
            for doc_id in gone:
                rows.drop_document(doc_id)
            for doc in found:
                rows.put_naming(doc["_id"], photos_of(doc))
            for doc_id, progress in drafts.items():
                rows.put_draft(doc_id, progress)
            _put_outcomes(rows, outcomes)

        return write

    def _retry(self, name: str) -> None:
        """What waits may wait for something that came by another way (a group year opened late)."""
        waits = self._projection.waiting(database=name)
        if not waits:
            return
        database = self._backend.open(name)
        documents = [database.get(each.document) for each in waits]
        outcomes = {doc["_id"]: (group_database(doc), self._promote(database, doc)) for doc in documents}
        with self._projection.rows(name) as rows:
            _put_outcomes(rows, outcomes)

    def _promote(self, database: Database, document: Document) -> tuple[str, ...]:
        """Write it into its group's database with all it cites; answers what is still absent (then nothing is written).

        What cannot be written is kept waiting, named as its own obstacle, and tried again by every sweep: it must not
        hold back its neighbours.
        """
        available = _cited_by(database, document)
        promotion = promote(document, available)
        if promotion.absent:
            # A part is deleted by a decision alone: it is withheld, not awaited.
            erased = _deleted(database, promotion.absent) | self._erased_there(document, promotion.absent)
            promotion = promote(document, available, erased=erased)
        if promotion.absent:
            return promotion.absent
        if any(problems_of(each) for each in promotion.documents):
            # It came past the gateway (a copied file): shown as waiting, for a person to look at.
            _log.error("follower.ill_formed", database=database.name, document=document["_id"])
            return (document["_id"],)
        try:
            target = self._backend.open(group_database(document))
        except NotFound:
            return (ids.groupyear_id(document["group"], document["year"]),)
        if _stands_otherwise(target, document):
            # Two servers let in two bodies under one new id at once. What the group has read does not change any more.
            _log.error("follower.stands_already", database=database.name, document=document["_id"])
            return (document["_id"],)
        try:
            write_once(target, promotion.documents)
        except NotWritten:
            _log.exception("follower.not_written", database=database.name, document=document["_id"])
            return (document["_id"],)
        return ()

    def _erased_there(self, document: Document, absent: Iterable[str]) -> set[str]:
        try:
            return _deleted(self._backend.open(group_database(document)), absent)
        except NotFound:
            return set()


def _deleted(database: Database, doc_ids: Iterable[str]) -> set[str]:
    """Those of these parts of which only a tombstone stands."""
    parts = [doc_id for doc_id in doc_ids if ids.type_of(doc_id) == "part"]
    rows = database.all_docs(keys=parts)["rows"] if parts else []
    return {row["id"] for row in rows if "error" not in row and row["value"].get("deleted")}


def progress_of(draft: Mapping[str, Any]) -> DraftProgress:
    """Criteria with an answer, disputed ones too, and the corrected device time of the last one."""
    answers = [entry["answer"] for entries in draft["answers"].values() if (entry := _answered(entries)) is not None]
    times = [corrected(answer["at"]) for answer in answers if "at" in answer]
    return DraftProgress(len(answers), max(times, default=None))


def _answered(entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((entry for entry in entries if entry["answer"]), None)


def _stands_otherwise(target: Database, document: Document) -> bool:
    """Was something else promoted under this id?"""
    row = target.all_docs(keys=[document["_id"]], include_docs=True)["rows"][0]
    return row.get("doc") is not None and body_of(row["doc"]) != body_of(document)


def _cited_by(database: Database, document: Document) -> dict[str, Document]:
    """The documents it names that are here, and those they name."""
    available: dict[str, Document] = {}
    for _ in range(CITATION_DEPTH_MAX):
        absent = [doc_id for doc_id in promote(document, available).absent if doc_id not in available]
        if not absent:
            break
        rows = database.all_docs(keys=absent, include_docs=True)["rows"]
        found = {row["id"]: row["doc"] for row in rows if row.get("doc") is not None}
        if not found:
            break
        available.update(found)
    return available


def _put_outcomes(rows: Any, outcomes: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
    for doc_id, (target, absent) in outcomes.items():
        if absent:
            rows.put_waiting(doc_id, target, absent)
        else:
            rows.drop_waiting(doc_id)


def _in_order(names: Iterable[str]) -> list[str]:
    ours = []
    for name in names:
        try:
            ours.append((_ORDER[ids.parse_database(name).kind], name))
        except ids.NotAnId:
            continue
    return [name for _, name in sorted(ours)]
