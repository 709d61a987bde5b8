"""Photos on their way: receipts first, then thumbnails, then chunks, as few again as a broken link allows.

The phone's `m-` Stores hold what was captured here and nothing else. What the server has confirmed is remembered in
the device's store (`photo:<database>:<sha256>`: the same photo may be of two years), and only then are the chunks here
let go; the photo's file stays until `mobile.keeping` says it may go. It must never know what a photo shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mobile import keeping, sending
from mobile.bites import SLICES_A_CHUNK, Bites
from mobile.i18n import _
from mobile.local import Local, each_database, found, listed
from mobile.sending import Refused
from schemas import evidence
from sync import media
from sync.database import Database, Document
from sync.errors import NotFound, PeerUnreachable, SyncError
from sync.media import Mismatch
from sync.store import Store

HEADS_ASKED_MAX = 32
"""Photos of which manifests and thumbnails are asked for at once: 3 KB gzipped."""

CUTS_IN_A_ROW_MAX = 4
"""As many without a byte carried between them mean that there is no line, not that it is bad."""

PAUSE_S = 1.0
"""After a cut: long enough for a phone to find its cell again, short enough to use a bad line well."""

RECEIPTS_AT_ONCE_MAX = 200
"""Ids in one request, as long as a screen of text."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a photo is: `have` of `of` documents are on the server; `safe` once it confirmed the whole."""

    have: int
    of: int
    safe: bool


def way(local: Local, database: str, sha256: str) -> Way:
    """How far this photo is on its way to this `m-` database, as last known."""
    kept = local.read(_note_id(database, sha256))
    return Way(0, 1, False) if kept is None else Way(kept["have"], kept["of"], kept["safe_at"] is not None)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to go: photos not confirmed yet, their documents not known to be over there, and those's bytes."""

    photos: int
    documents: int
    bytes: int


def waiting(local: Local, store: Store) -> list[str]:
    """The photos captured here that the server has not confirmed yet, oldest first.

    A photo that no evidence names (the app died between the two) stays here: nobody may ask the server for its receipt.
    """
    prefix = _note_id(store.name, "")
    safe = {f"photo:{known['_id'][len(prefix) :]}" for known in local.list(prefix) if known["safe_at"] is not None}
    rows = store.all_docs(start_key="photo:", end_key="photo:~")["rows"]
    manifests = [row["id"] for row in rows if row["id"] not in safe]
    if not manifests:
        return []
    named = _named_by_evidence(local)
    in_order = store.changes(0, doc_ids=manifests).results
    return [name for name in (row["id"].partition(":")[2] for row in in_order) if name in named]


def backlog(local: Local, store: Store, names: Sequence[str] | None = None) -> Backlog:
    """What is still to go of these photos, else of all that wait."""
    open_names = waiting(local, store) if names is None else names
    documents = bytes_ = 0
    for name in open_names:
        photo_bytes = int(store.get(media.photo_id(name))["bytes"])
        known = local.read(_note_id(store.name, name))
        have, of = (0, len(media.ids_in_order(name, photo_bytes))) if known is None else (known["have"], known["of"])
        documents += max(0, of - have)
        bytes_ += photo_bytes * max(0, of - have) // max(1, of)
    return Backlog(len(open_names), documents, bytes_)


def settle(
    local: Local, store: Store, remote: Database, names: Sequence[str], *, now: str
) -> tuple[list[str], list[Refused]]:
    """Ask which photos are safe, remember it, let their chunks here go; answers those that are not safe yet.

    A photo the server turned down is put right from its original, to be sent again; it is among the refused, with a
    sentence, until the server has confirmed it. One whose original is damaged too is not sent again, nor is one that
    the server lost when its original was no longer here.
    """
    still_open: list[str] = []
    refused: list[Refused] = []
    for batch in _slices(names, RECEIPTS_AT_ONCE_MAX):
        safe, turned_down = media.verdicts(remote, batch)
        for name in batch:
            if name in safe:
                photo_bytes = int(store.get(media.photo_id(name))["bytes"])
                of = len(media.ids_in_order(name, photo_bytes))
                # Remembered first: a crash before the chunks go costs space, the other way round a photo sent for ever.
                _remember(local, store.name, name, have=of, of=of, safe_at=now)
                media.forget_chunks(store, name, photo_bytes)
                continue
            still_open.append(name)
            if name in turned_down:
                mended = _mend(local, store, turned_down[name])
                reason = _("This photo arrived damaged. It is being sent again from the original on this phone.")
                if not mended:
                    still_open.pop()
                    reason = _(
                        "This photo arrived damaged, and the original on this phone is damaged too. Take it again."
                    )
                refused.append(Refused(media.photo_id(name), None, "mismatch", reason))
            elif media.missing_chunks(store, name) and not _cut_anew(local, store, name):
                still_open.pop()
                reason = _(
                    "The server has lost this photo, and its original is no longer on this phone. Take it again."
                )
                refused.append(Refused(media.photo_id(name), None, "lost", reason))
    return still_open, refused


def _mend(local: Local, store: Store, mismatch: Mismatch) -> bool:
    """Cut the photo anew, once for each time it was turned down."""
    name, told = mismatch.photo, {"found_at": mismatch.found_at}
    note_id = f"mended:{store.name}:{name}"
    before = local.read(note_id)
    if before is not None and before["found_at"] == mismatch.found_at:
        return True
    try:
        original = local.photo_file(name).read_bytes()
        thumbnail = media.read_thumbnail(store, name).data
    except (OSError, NotFound):
        return False
    mended = media.mend(store, name, original, thumbnail)
    if mended:
        local.edit(note_id, lambda _: told)
    return mended


def push(
    local: Local,
    store: Store,
    remote: Database,
    bites: Bites,
    *,
    without: Collection[str] = (),
    documents_first: Callable[[], None] = lambda: None,
    on_sent: Callable[[], None] = lambda: None,
    cancelled: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> list[Refused]:
    """Send what the server lacks of all photos that wait, but those `without`. Answers what was refused.

    Before each request `documents_first` sends what a person saved meanwhile, and then a new photo's manifest and
    thumbnail go before an older one's next chunk. `on_sent` is called after each request that brought something over.
    A line that breaks is tried again at once, in smaller bites, as long as it carries something between two cuts.
    Raises PeerUnreachable and its like: what has crossed is known to the server and is not sent again.
    """
    lanes = _Lanes(local, store, remote, bites=bites, without=without, on_sent=on_sent, clock=clock)
    cuts_in_a_row = 0
    while not cancelled():
        carried = lanes.carried
        try:
            documents_first()
            if not lanes.step():
                break
        except PeerUnreachable as error:
            cuts_in_a_row = 0 if lanes.carried > carried else cuts_in_a_row + 1
            if error.status is not None or not lanes.carried or cuts_in_a_row >= CUTS_IN_A_ROW_MAX:
                raise  # the server itself asks to wait, or there is no line
            lanes.broken()
            pause(PAUSE_S)
        else:
            cuts_in_a_row = 0 if lanes.carried > carried else cuts_in_a_row
    return lanes.refused


class _Lanes:
    """Thumbnails, then chunks: one request a step."""

    def __init__(
        self,
        local: Local,
        store: Store,
        remote: Database,
        *,
        bites: Bites,
        without: Collection[str],
        on_sent: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._local, self._store, self._remote, self._bites = local, store, remote, bites
        self._on_sent, self._clock = on_sent, clock
        self.refused: list[Refused] = []
        self.carried = 0  # requests that brought something over
        self._seen_seq: Any = None
        self._seen: set[str] = set(without)
        self._new: list[str] = []  # photos of which the server has not been asked for manifest and thumbnail
        self._heads: list[str] = []  # ids of manifests and thumbnails it lacks
        self._photos: list[str] = []  # photos whose chunks are to go
        self._missing: list[str] | None = None  # chunks of the first of these; None: the server must be asked
        self._parts: list[Document] | None = None  # slices of the first missing chunk; likewise

    def step(self) -> bool:
        """One request; False when nothing is left to send."""
        self._look()
        if self._heads:
            self._send_heads()
        elif self._new:
            self._ask_for_heads()
        elif not self._photos:
            return False
        elif self._missing is None:
            self._ask_for_chunks()
        elif not self._missing:
            self._photos.pop(0)
            self._missing = None
        elif self._bites.chunks:
            self._send_chunks()
        elif self._parts is None:
            self._ask_for_slices()
        else:
            self._send_slices()
        return True

    def broken(self) -> None:
        """The last request may or may not have taken effect: sending its documents again does no harm."""
        self._bites.cut()
        self._missing = self._parts = None

    def _look(self) -> None:
        """Photos taken since the last look get their turn, behind those that wait."""
        seq = self._store.info()["update_seq"]
        if seq != self._seen_seq:
            fresh = [name for name in waiting(self._local, self._store) if name not in self._seen]
            self._new += fresh
            self._seen.update(fresh)
            self._seen_seq = seq

    def _ask_for_heads(self) -> None:
        batch = self._new[:HEADS_ASKED_MAX]
        ids = [doc_id for name in batch for doc_id in (media.photo_id(name), media.thumb_id(name))]
        self._heads = sending.lacking(self._store, self._remote, ids)
        self._photos += batch
        del self._new[: len(batch)]

    def _send_heads(self) -> None:
        batch = self._heads[: max(2, self._bites.slices)]  # a thumbnail is a slice or two, a manifest next to nothing
        self._hand_over(_with_bytes(self._store, batch), slices=len(batch))
        del self._heads[: len(batch)]

    def _ask_for_chunks(self) -> None:
        order = self._order(self._photos[0])
        self._missing = sending.lacking(self._store, self._remote, order[2:])
        self._tell()

    def _send_chunks(self) -> None:
        assert self._missing is not None
        batch = self._missing[: self._bites.chunks]
        self._hand_over(_with_bytes(self._store, batch), slices=len(batch) * SLICES_A_CHUNK)
        del self._missing[: len(batch)]
        self._parts = None
        self._tell()

    def _ask_for_slices(self) -> None:
        assert self._missing
        chunk = self._store.get(self._missing[0])
        parts = media.slices(chunk, self._store.attachment(self._missing[0], "data").read())
        lacking = self._remote.revs_diff({part["_id"]: [part["_rev"]] for part in parts})
        self._parts = [part for part in parts if part["_id"] in lacking]

    def _send_slices(self) -> None:
        assert self._missing is not None
        assert self._parts is not None
        batch = self._parts[: self._bites.slices]
        if batch:
            self._hand_over(batch, slices=len(batch))
            del self._parts[: len(batch)]
        if not self._parts:
            self._parts = None
            del self._missing[0]
            self._tell()

    def _hand_over(self, documents: Sequence[Document], *, slices: int) -> None:
        began = self._clock()
        self.refused += sending.hand_over(self._remote, documents)
        self._bites.passed(slices, took_s=self._clock() - began)
        self.carried += 1
        self._on_sent()

    def _order(self, name: str) -> list[str]:
        return media.ids_in_order(name, int(self._store.get(media.photo_id(name))["bytes"]))

    def _tell(self) -> None:
        name, missing = self._photos[0], len(self._missing or ())
        of = len(self._order(name))
        _remember(self._local, self._store.name, name, have=of - missing, of=of, safe_at=None)


def _with_bytes(store: Store, doc_ids: Sequence[str]) -> list[Document]:
    answers = store.bulk_get([{"id": doc_id} for doc_id in doc_ids], revs=True, attachments=True)
    return [entry["ok"] for answer in answers for entry in answer["docs"] if "ok" in entry]


def look_after(
    local: Local, store: Store, remote: Database, *, today: date | None, cancelled: Callable[[], bool]
) -> list[str]:
    """Ask which confirmed photos the server still has. What it lost goes again; what it has had long enough may leave.

    `today` is the server's day, None where it does not tell: then nothing leaves. Answers which wait again: `push`
    sends them, as any other, and of those whose original has left this phone `settle` tells their owner.
    """
    confirmed = [name for name in names_in(store) if way(local, store.name, name).safe]
    there: set[str] = set()
    for batch in _slices(confirmed, RECEIPTS_AT_ONCE_MAX):
        there |= media.receipts(remote, batch)
    if today is not None:
        _let_go(local, store, [name for name in confirmed if name in there and local.photo_file(name).exists()], today)
    lost = [name for name in confirmed if name not in there]
    for name in lost:
        if cancelled():
            break
        _cut_anew(local, store, name)
    return lost


def _cut_anew(local: Local, store: Store, name: str) -> bool:
    """The pieces here are gone: the server lost what it had, or the note that it had them went with the battery. They
    come anew from the file, which is what the file is kept for. Answers whether it is here, and whole.
    """
    try:
        original = local.photo_file(name).read_bytes()
        mended = media.mend(store, name, original, media.read_thumbnail(store, name).data)
    except (OSError, NotFound):
        mended = False
    of = len(media.ids_in_order(name, int(store.get(media.photo_id(name))["bytes"])))
    _remember(local, store.name, name, have=0, of=of, safe_at=None)
    return mended


def _let_go(local: Local, store: Store, names: Sequence[str], today: date) -> None:
    """Count that these receipts were seen today; remove the originals whose time has come."""
    notes = [local.read(_note_id(store.name, name)) for name in names]
    counted = []
    for note in notes:
        if note is not None:
            now = keeping.seen(keeping.read(note), today)
            if keeping.written(now) != note.get("seen"):
                counted.append({**note, "seen": keeping.written(now)})
    # Written before a file goes: a crash in between keeps the file for a day more.
    local.device.bulk_docs(counted, durable=False)
    for name in sorted(safe_everywhere(local).intersection(names)):
        if all(keeping.may_go(kept) for kept in _sightings(local, name)):
            free(local, name)


def _sightings(local: Local, name: str) -> list[keeping.Seen]:
    """Of each database that holds this photo; one whose receipt was not looked for yet was seen for no day."""
    notes = [local.read(_note_id(database, name)) for database in _homes(local, name)]
    return [(keeping.read(note) if note else None) or keeping.Seen(date.min, 0) for note in notes]


def _homes(local: Local, name: str) -> list[str]:
    stores = {database: local.stores.open(database) for database in each_database(local, "m")}
    return [database for database, store in stores.items() if found(store, media.photo_id(name)) is not None]


def safe_everywhere(local: Local) -> set[str]:
    """Photos captured here that the server has confirmed for every year they are evidence in."""
    databases = list(each_database(local, "m"))
    all_of = {database: names_in(local.stores.open(database)) for database in databases}
    waits = {name for database, names in all_of.items() for name in names if not way(local, database, name).safe}
    return {name for names in all_of.values() for name in names} - waits


def free(local: Local, name: str) -> int:
    """Remove the file of a photo, keep its thumbnail; answers the bytes freed."""
    path = local.photo_file(name)
    try:
        photo_bytes = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return photo_bytes


def fetch_thumbnails(
    local: Local, remote: Database, names: Sequence[str], *, write: Callable[[str, bytes], None]
) -> int:
    """Fetch small pictures of photos others took; answers how many came. One not there yet is left for later."""
    fetched = 0
    for name in names:
        if local.thumbnail_file(name).exists():
            continue
        try:
            picture = media.read_thumbnail(remote, name)
        except PeerUnreachable:
            raise
        except SyncError:  # not arrived there, or not ours to see: the screen shows a frame instead
            continue
        write(name, picture.data)
        fetched += 1
    return fetched


def names_in(store: Store) -> list[str]:
    """All photos captured here."""
    rows = store.all_docs(start_key="photo:", end_key="photo:~")["rows"]
    return [row["id"].partition(":")[2] for row in rows]


def _named_by_evidence(local: Local) -> frozenset[str]:
    stores = [local.stores.open(name) for letter in "uv" for name in each_database(local, letter)]
    return frozenset(
        photo for each in stores for document in listed(each, "evidence:") for photo in evidence.photos_of(document)
    )


def _note_id(database: str, sha256: str) -> str:
    return f"photo:{database}:{sha256}"


def _remember(local: Local, database: str, name: str, *, have: int, of: int, safe_at: str | None) -> None:
    """Cheaply: what is lost with the battery is asked for again."""
    doc_id = _note_id(database, name)
    before = local.read(doc_id)
    body = {"have": have, "of": of, "safe_at": safe_at}
    if before is not None and {member: before[member] for member in body} == body:
        return
    rev = {} if before is None else {"_rev": before["_rev"]}
    local.device.bulk_docs([{"_id": doc_id, **rev, **body}], durable=False)


def _slices(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
