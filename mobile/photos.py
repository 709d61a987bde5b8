"""Photos on their way: receipts first, then thumbnails, then chunks, as few again as a broken link allows.

The phone's `m-` Stores hold what was captured here and nothing else. What the server has confirmed is remembered in
the device's store (`photo:<sha256>`), and only then are the chunks here let go; the photo's file stays.
It must never know what a photo shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mobile import sending
from mobile.local import Local, each_database, listed
from mobile.sending import Refused
from schemas import evidence
from sync import media
from sync.database import Database
from sync.errors import PeerUnreachable, SyncError
from sync.store import Store

CHUNKS_AT_ONCE_MAX = 8
"""Half a megabyte a request: more gains nothing on a fast link and holds a slow phone's memory."""

BATCH_S = 4.0
"""A request that took longer is made smaller next time, down to one chunk: what a dropped link costs."""

RECEIPTS_AT_ONCE_MAX = 200
"""Ids in one request, as long as a screen of text."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a photo is: `have` of `of` documents are on the server; `safe` once it confirmed the whole."""

    have: int
    of: int
    safe: bool


def way(local: Local, sha256: str) -> Way:
    """How far this photo is, as last known."""
    kept = local.read(f"photo:{sha256}")
    return Way(0, 1, False) if kept is None else Way(kept["have"], kept["of"], kept["safe_at"] is not None)


def waiting(local: Local, store: Store) -> list[str]:
    """The photos captured here that the server has not confirmed yet, oldest first.

    A photo that no evidence names (the app died between the two) stays here: nobody may ask the server for its receipt.
    """
    manifests = [row["id"] for row in store.changes(0).results if row["id"].startswith("photo:")]
    names = [manifest.partition(":")[2] for manifest in manifests]
    unsafe = [name for name in names if not way(local, name).safe]
    named = _named_by_evidence(local) if unsafe else frozenset()
    return [name for name in unsafe if name in named]


def settle(local: Local, store: Store, remote: Database, names: Sequence[str], *, now: str) -> list[str]:
    """Ask which photos are safe, remember it, let their chunks here go; answers those that are not safe yet."""
    safe: set[str] = set()
    for start in range(0, len(names), RECEIPTS_AT_ONCE_MAX):
        safe |= media.receipts(remote, names[start : start + RECEIPTS_AT_ONCE_MAX])
    for name in names:
        if name in safe:
            photo_bytes = int(store.get(media.photo_id(name))["bytes"])
            of = len(media.ids_in_order(name, photo_bytes))
            # Remembered first: a crash before the chunks go costs space, the other way round a photo sent for ever.
            _remember(local, name, have=of, of=of, safe_at=now)
            media.forget_chunks(store, name, photo_bytes)
    return [name for name in names if name not in safe]


def push(
    local: Local,
    store: Store,
    remote: Database,
    names: Sequence[str],
    *,
    on_sent: Callable[[], None],
    cancelled: Callable[[], bool],
    monotonic: Callable[[], float] = time.monotonic,
) -> list[Refused]:
    """Send what the server lacks: all manifests and thumbnails, then chunks. Answers what was refused.

    `on_sent` is called after each request that brought something over. Raises PeerUnreachable and its like: what has
    crossed is known to the server and is not sent again.
    """
    order = {name: media.ids_in_order(name, int(store.get(media.photo_id(name))["bytes"])) for name in names}
    refused: list[Refused] = []
    heads = [doc_id for name in names for doc_id in order[name][:2]]
    for batch in _slices(heads, 2 * CHUNKS_AT_ONCE_MAX):
        if cancelled():
            return refused
        refused += sending.send(store, remote, sending.lacking(store, remote, batch))
        on_sent()
    for name in names:
        missing = sending.lacking(store, remote, order[name][2:])
        of, have = len(order[name]), len(order[name]) - len(missing)
        _remember(local, name, have=have, of=of, safe_at=None)
        size = 1
        while missing and not cancelled():
            batch, missing = missing[:size], missing[size:]
            began = monotonic()
            turned_down = sending.send(store, remote, batch)
            refused += turned_down
            have += len(batch) - len(turned_down)
            _remember(local, name, have=have, of=of, safe_at=None)
            on_sent()
            quick = monotonic() - began < BATCH_S
            size = min(size * 2, CHUNKS_AT_ONCE_MAX) if quick else max(1, size // 2)
    return refused


def resend_lost(local: Local, store: Store, remote: Database, *, cancelled: Callable[[], bool]) -> list[str]:
    """Send confirmed photos again that the server no longer has: it was put back from an older copy. Answers which.

    Their pieces here are gone; they are cut anew from the files, which is what the files are kept for.
    """
    confirmed = [name for name in names_in(store) if way(local, name).safe and local.photo_file(name).exists()]
    there: set[str] = set()
    for batch in _slices(confirmed, RECEIPTS_AT_ONCE_MAX):
        there |= media.receipts(remote, batch)
    lost = [name for name in confirmed if name not in there]
    for name in lost:
        if cancelled():
            break
        manifest = store.get(media.photo_id(name))
        documents = media.cut(
            local.photo_file(name).read_bytes(),
            media.read_thumbnail(store, name).data,
            content_type=manifest["content_type"],
            width=manifest["width"],
            height=manifest["height"],
        )
        _remember(local, name, have=0, of=len(documents), safe_at=None)
        missing = remote.revs_diff({document["_id"]: [document["_rev"]] for document in documents})
        for slice_ in _slices([each["_id"] for each in documents if each["_id"] in missing], CHUNKS_AT_ONCE_MAX):
            remote.bulk_docs([each for each in documents if each["_id"] in slice_], new_edits=False)
    return lost


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


def documents_waiting(local: Local, store: Store) -> int:
    """How many manifests, thumbnails and chunks are still to go."""
    total = 0
    for name in waiting(local, store):
        known = local.read(f"photo:{name}")
        if known is not None:
            total += max(0, known["of"] - known["have"])
        else:
            total += len(media.ids_in_order(name, int(store.get(media.photo_id(name))["bytes"])))
    return total


def names_in(store: Store) -> list[str]:
    """All photos captured here."""
    return [document["photo"] for document in listed(store, "photo:")]


def _named_by_evidence(local: Local) -> frozenset[str]:
    stores = [local.stores.open(name) for letter in "uv" for name in each_database(local, letter)]
    return frozenset(
        photo for each in stores for document in listed(each, "evidence:") for photo in evidence.photos_of(document)
    )


def _remember(local: Local, name: str, *, have: int, of: int, safe_at: str | None) -> None:
    """Cheaply: what is lost with the battery is asked for again."""
    doc_id = f"photo:{name}"
    before = local.read(doc_id)
    body = {"have": have, "of": of, "safe_at": safe_at}
    if before is not None and {member: before[member] for member in body} == body:
        return
    rev = {} if before is None else {"_rev": before["_rev"]}
    local.device.bulk_docs([{"_id": doc_id, **rev, **body}], durable=False)


def _slices(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
