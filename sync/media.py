"""Photos as documents: cut for the way, verified at the far end, kept whole.

    photo:<sha256>            what it is: size, type, the SHA-256 of every chunk
    thumb:<sha256>            a small picture of it, the attachment `thumb.jpg`
    chunk:<sha256>:<nnnn>     65,536 bytes of it each, the attachment `data`: transport, deleted once verified
    slice:<sha256>:<nnnn>:<k> 8,192 bytes of a chunk each, instead of it, over a link that keeps breaking
    receipt:<sha256>          the proof that all of it arrived, and the photo itself, the attachment `photo`
    mismatch:<sha256>         what was wrong with the bytes that came under this name: they must come again

`<sha256>` is of the photo's bytes, in lower-case hex. All but the last two is made of the photo alone, so its revisions
are the same on every machine: sending one again is known at once, and a cut link costs one chunk at most, or one slice.
Chunks and slices are deleted by tombstones that are the same everywhere too. Every verb may be repeated. It must never
know why a photo was taken, nor how to read one.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sync.database import Database, Document
from sync.documents import with_revision
from sync.errors import Conflict, Forbidden, NotFound, PeerMisbehaved, SyncError
from sync.revisions import parse_rev

CHUNK_BYTES = 65_536
"""15–25 s of a 2G link: what a dropped connection may cost. Fixed for ever: manifests state it."""

SLICE_BYTES = 8_192
"""Over a link that is cut every 100 KB on average, a request of one chunk is sent again for every two that arrive, and
one of a slice for every twenty. Fixed for ever: a slice's number says which bytes it holds."""

PHOTO_BYTES_MAX = 32 * 2**20
"""A photo is put together in memory; phones send pictures of a few hundred kilobytes."""

CHUNK_REVISIONS_MAX = 100
"""Honest chunks have one revision. Beyond this somebody is playing, or the peer ignores deletions."""

_ID = re.compile(
    r"(photo|thumb|receipt|mismatch):([0-9a-f]{64})|(?:(chunk)|(slice)):([0-9a-f]{64}):([0-9]{4})(?(4):([0-9]))"
)

Kind = Literal["absent", "partial", "whole", "verified"]


class PhotoMismatch(SyncError):
    """The bytes are not those that the photo's name promises. `what` says which part is wrong."""

    def __init__(self, photo: str, what: str) -> None:
        super().__init__(f"Photo {photo[:12]}…: {what}. It must be sent again from the device that took it.")
        self.photo = photo
        self.what = what


class PhotoIncomplete(SyncError):
    """Not all of the photo has arrived: `missing` are the numbers of the chunks awaited."""

    def __init__(self, photo: str, missing: Sequence[int], of: int) -> None:
        super().__init__(f"Photo {photo[:12]}…: {len(missing)} of {of} pieces have not arrived yet.")
        self.photo = photo
        self.missing = tuple(missing)
        self.of = of


class MediaId(NamedTuple):
    """A media document's id taken apart; `number` is a chunk's place, `part` a slice's in it, None for the others."""

    kind: str
    photo: str
    number: int | None
    part: int | None = None


@dataclass(frozen=True, slots=True)
class PhotoState:
    """How much of a photo a database holds. `whole` has every chunk, `verified` has the receipt."""

    kind: Kind
    have: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: all `photo_bytes` of the photo were verified at `verified_at` (server time)."""

    photo: str
    photo_bytes: int
    verified_at: str


# Names


def photo_id(photo: str) -> str:
    return f"photo:{photo}"


def thumb_id(photo: str) -> str:
    return f"thumb:{photo}"


def chunk_id(photo: str, number: int) -> str:
    return f"chunk:{photo}:{number:04}"


def slice_id(photo: str, number: int, part: int) -> str:
    return f"slice:{photo}:{number:04}:{part}"


def receipt_id(photo: str) -> str:
    return f"receipt:{photo}"


def mismatch_id(photo: str) -> str:
    return f"mismatch:{photo}"


def parse_id(doc_id: str) -> MediaId | None:
    """The id of a media document taken apart, None for any other."""
    match = _ID.fullmatch(doc_id)
    if match is None:
        return None
    if match[1]:
        return MediaId(match[1], match[2], None)
    return MediaId(match[3] or match[4], match[5], int(match[6]), None if match[7] is None else int(match[7]))


def name_of(photo: bytes) -> str:
    """The SHA-256 that names these bytes everywhere."""
    return hashlib.sha256(photo).hexdigest()


def chunk_count(photo_bytes: int) -> int:
    return max(1, -(-photo_bytes // CHUNK_BYTES))


def slice_count(photo_bytes: int, number: int) -> int:
    """Of one chunk."""
    chunk_bytes = min(CHUNK_BYTES, photo_bytes - number * CHUNK_BYTES)
    return max(1, -(-chunk_bytes // SLICE_BYTES))


def ids_in_order(photo: str, photo_bytes: int) -> list[str]:
    """What to send of a photo, in the order of its worth to who waits: manifest, thumbnail, chunks."""
    chunks = [chunk_id(photo, number) for number in range(chunk_count(photo_bytes))]
    return [photo_id(photo), thumb_id(photo), *chunks]


# Sending


def cut(photo: bytes, thumbnail: bytes, *, content_type: str, width: int, height: int) -> list[Document]:
    """Manifest, thumbnail and chunks, each with the revision it has everywhere: to be written with new_edits=false.

    Raises ValueError for a photo beyond `PHOTO_BYTES_MAX`: resize it first.
    """
    if len(photo) > PHOTO_BYTES_MAX:
        raise ValueError(f"The photo has {len(photo)} bytes, more than {PHOTO_BYTES_MAX}.")
    name = name_of(photo)
    chunks = [photo[start : start + CHUNK_BYTES] for start in range(0, max(len(photo), 1), CHUNK_BYTES)]
    manifest: Document = {
        "_id": photo_id(name),
        "type": "photo",
        "v": 1,
        "photo": name,
        "bytes": len(photo),
        "content_type": content_type,
        "width": width,
        "height": height,
        "chunk_bytes": CHUNK_BYTES,
        "chunks": [hashlib.sha256(chunk).hexdigest() for chunk in chunks],
    }
    thumb: Document = {
        "_id": thumb_id(name),
        "type": "thumb",
        "v": 1,
        "photo": name,
        "_attachments": {"thumb.jpg": {"content_type": "image/jpeg", "data": thumbnail}},
    }
    documents = [manifest, thumb, *(_chunk(name, number, data) for number, data in enumerate(chunks))]
    return [with_revision(document) for document in documents]


def slices(chunk: Document, data: bytes) -> list[Document]:
    """A chunk's bytes as slices, to be sent in its place: each with the revision it has everywhere.

    Those of a chunk that comes again stand on its revision: the server has deleted the first ones, and knows them.
    """
    photo, number = str(chunk["photo"]), int(chunk["n"])
    again = None if parse_rev(chunk["_rev"]).generation == 1 else str(chunk["_rev"])
    starts = range(0, max(len(data), 1), SLICE_BYTES)
    return [
        with_revision(
            {
                "_id": slice_id(photo, number, part),
                "type": "slice",
                "v": 1,
                "photo": photo,
                "n": number,
                "part": part,
                "_attachments": _data(data[start : start + SLICE_BYTES]),
            },
            parent=again,
        )
        for part, start in enumerate(starts)
    ]


def put_photo(database: Database, photo: bytes, thumbnail: bytes, *, content_type: str, width: int, height: int) -> str:
    """Write a photo, cut, in one durable transaction; answers its name. Raises Forbidden where one is refused."""
    documents = cut(photo, thumbnail, content_type=content_type, width=width, height=height)
    _graft(database, documents)
    return str(documents[0]["photo"])


# Watching it arrive


def states(database: Database, photos: Iterable[str]) -> dict[str, PhotoState]:
    """How much of each photo is here, in four requests however many they are.

    A photo whose manifest is malformed counts as absent.
    """
    names = list(dict.fromkeys(photos))
    verified = receipts(database, names)
    open_names = [name for name in names if name not in verified]
    awaited: dict[str, _Manifest] = {}
    for row in _living(database, [photo_id(name) for name in open_names], include_docs=True).values():
        name = row["id"].removeprefix("photo:")
        try:
            awaited[name] = _manifest(name, row["doc"])
        except PhotoMismatch:  # `settle` says what is wrong with it; here it must not hide the others
            continue
    missing = _missing(database, {name: manifest.photo_bytes for name, manifest in awaited.items()})
    found = {name: PhotoState("verified") for name in verified}
    for name in open_names:
        of = len(awaited[name].chunks) if name in awaited else 0
        have = of - len(missing.get(name, ()))
        found[name] = PhotoState("absent" if not of else "whole" if have == of else "partial", have, of)
    return found


def state(database: Database, photo: str) -> PhotoState:
    return states(database, [photo])[photo]


def receipts(database: Database, photos: Iterable[str]) -> set[str]:
    """Those of the photos that are safe here: verified, whole."""
    names = {receipt_id(name): name for name in photos}
    return {names[doc_id] for doc_id in _living(database, list(names))}


def missing_chunks(database: Database, photo: str) -> list[int]:
    """The numbers of the chunks that are awaited; none once it is verified. Raises NotFound without a manifest."""
    if receipts(database, [photo]):
        return []
    return _missing(database, {photo: _manifest(photo, database.get(photo_id(photo))).photo_bytes})[photo]


def _missing(database: Database, photos: Mapping[str, int]) -> dict[str, list[int]]:
    """Of photos with their sizes in bytes, the numbers of the chunks that are here neither whole nor in slices."""
    chunks = [(name, number) for name, size in photos.items() for number in range(chunk_count(size))]
    arrived = _living(database, [chunk_id(*chunk) for chunk in chunks])
    absent = [chunk for chunk in chunks if chunk_id(*chunk) not in arrived]
    parts = _living(database, [each for name, number in absent for each in _slice_ids(name, photos[name], number)])
    missing: dict[str, list[int]] = {name: [] for name in photos}
    for name, number in absent:
        if any(each not in parts for each in _slice_ids(name, photos[name], number)):
            missing[name].append(number)
    return missing


def _slice_ids(photo: str, photo_bytes: int, number: int) -> list[str]:
    return [slice_id(photo, number, part) for part in range(slice_count(photo_bytes, number))]


# Verifying and keeping


def assemble(database: Database, photo: str) -> bytes:
    """The photo put together from its chunks, each and the whole verified.

    Raises NotFound without a manifest, PhotoIncomplete while chunks are awaited, PhotoMismatch where bytes are wrong.
    """
    manifest = _manifest(photo, database.get(photo_id(photo)))
    missing = missing_chunks(database, photo)
    if missing:
        raise PhotoIncomplete(photo, missing, len(manifest.chunks))
    data = b"".join(_verified_chunk(database, photo, manifest, number) for number in range(len(manifest.chunks)))
    if len(data) != manifest.photo_bytes:
        raise PhotoMismatch(photo, f"the manifest promises {manifest.photo_bytes} bytes, the chunks have {len(data)}")
    if name_of(data) != photo:
        raise PhotoMismatch(photo, "the bytes are another photo's")
    return data


def settle(database: Database, photo: str, *, now: str) -> Receipt:
    """Verify the whole photo, write its receipt, delete its chunks. Repeating it finishes what a crash left.

    Raises what `assemble` raises; then nothing was written. The receipt comes before the deletions: at every moment
    the photo is whole in one form.
    """
    receipt = _receipt(database, photo)
    if receipt is None:
        manifest = _manifest(photo, database.get(photo_id(photo)))
        data = assemble(database, photo)
        document: Document = {
            "_id": receipt_id(photo),
            "type": "receipt",
            "v": 1,
            "photo": photo,
            "bytes": len(data),
            "verified_at": now,
            "_attachments": {"photo": {"content_type": manifest.content_type, "data": data}},
        }
        try:
            database.put(document)
            receipt = Receipt(photo, len(data), now)
        except Conflict:  # another server verified the same bytes meanwhile: its receipt stands
            receipt = _receipt(database, photo)
            if receipt is None:
                raise
        for row in _living(database, [mismatch_id(photo)]).values():  # what was wrong has come right
            _bury(database, [(row["id"], row["value"]["rev"])])
    forget_chunks(database, photo, receipt.photo_bytes)
    return receipt


def forget_chunks(database: Database, photo: str, photo_bytes: int) -> None:
    """Delete the chunks and slices of a photo that is safe elsewhere, by tombstones that are the same everywhere."""
    numbers = range(chunk_count(photo_bytes))
    transport = [chunk_id(photo, number) for number in numbers]
    transport += [each for number in numbers for each in _slice_ids(photo, photo_bytes, number)]
    _forget(database, transport)


def _forget(database: Database, doc_ids: Sequence[str]) -> None:
    for _ in range(CHUNK_REVISIONS_MAX):
        living = _living(database, doc_ids)
        if not living:
            return
        # One may live in several revisions, where somebody wrote one by hand: each round ends the winners.
        _bury(database, [(doc_id, row["value"]["rev"]) for doc_id, row in living.items()])
    raise PeerMisbehaved(f"{database.name}: {doc_ids[0]} and its like do not go away when deleted.")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why the bytes that came under a photo's name were not kept, in words for an engineer, and when."""

    photo: str
    what: str
    found_at: str


def turn_down(database: Database, mismatch: PhotoMismatch, *, now: str) -> None:
    """Write down that what came is not the photo its name promises, and delete all of it but the thumbnail.

    Who lies, the manifest or a chunk, cannot be known; the device that took the photo sends all of it again, by `mend`.
    """
    photo = mismatch.photo
    manifest = _living(database, [photo_id(photo)], include_docs=True)
    sizes = [row["doc"].get("bytes") for row in manifest.values()]
    note: Document = {"_id": mismatch_id(photo), "type": "mismatch", "v": 1, "photo": photo}
    for row in _living(database, [note["_id"]]).values():
        if not manifest:
            return  # told before, and nothing has come since
        note["_rev"] = row["value"]["rev"]
    with contextlib.suppress(Conflict):  # another server found the same
        database.put({**note, "what": mismatch.what, "found_at": now})
    # A manifest may state any size: its list of chunks, too, says how many may be there.
    bytes_max = max([size for size in sizes if isinstance(size, int)], default=0)
    forget_chunks(database, photo, min(max(bytes_max, 0), PHOTO_BYTES_MAX))
    _forget(database, [photo_id(photo)])


def verdicts(database: Database, photos: Sequence[str]) -> tuple[set[str], dict[str, Mismatch]]:
    """Those that are safe here, and those turned down: what a phone asks first, in one request."""
    ids = [build(name) for name in photos for build in (receipt_id, mismatch_id)]
    rows = _living(database, ids, include_docs=True)
    safe = {name for name in photos if receipt_id(name) in rows}
    notes = [rows[mismatch_id(name)]["doc"] for name in photos if mismatch_id(name) in rows and name not in safe]
    return safe, {note["photo"]: Mismatch(note["photo"], note["what"], note["found_at"]) for note in notes}


def mend(database: Database, photo: str, original: bytes, thumbnail: bytes) -> bool:
    """After a photo was turned down, or lost: its documents anew, from its original bytes, to be sent once more.

    Answers False, and changes nothing, where the original is another photo's. Each document gets a further revision,
    because the server has deleted the ones it knows.
    """
    if name_of(original) != photo:
        return False
    before = database.get(photo_id(photo))
    documents = cut(
        original,
        thumbnail,
        content_type=str(before.get("content_type") or "image/jpeg"),
        width=int(before.get("width") or 0),
        height=int(before.get("height") or 0),
    )
    for document in documents:
        doc_id = document["_id"]
        fresh = {name: value for name, value in document.items() if name not in ("_rev", "_revisions")}
        try:
            held = database.get(doc_id, conflicts=True)
        except NotFound:
            database.put(fresh)
            continue
        if doc_id != thumb_id(photo):
            _bury(database, [(doc_id, rev) for rev in held.get("_conflicts", ())])
            database.put({**fresh, "_rev": held["_rev"]})
    return True


def _bury(database: Database, leaves: Iterable[tuple[str, str]]) -> None:
    _graft(database, [with_revision({"_id": doc_id, "_deleted": True}, parent=rev) for doc_id, rev in leaves])


def read_photo(database: Database, photo: str) -> Picture:
    """The photo, from its receipt or else from its chunks, verified either way.

    Raises NotFound, PhotoIncomplete, PhotoMismatch.
    """
    try:
        attachment = database.attachment(receipt_id(photo), "photo")
    except NotFound:
        manifest = _manifest(photo, database.get(photo_id(photo)))
        return Picture(manifest.content_type, assemble(database, photo))
    data = attachment.read()
    if name_of(data) != photo:
        raise PhotoMismatch(photo, "the photo kept with its receipt is another one")
    return Picture(attachment.content_type, data)


def read_thumbnail(database: Database, photo: str) -> Picture:
    """The small picture. Raises NotFound."""
    attachment = database.attachment(thumb_id(photo), "thumb.jpg")
    return Picture(attachment.content_type, attachment.read())


@dataclass(frozen=True, slots=True)
class _Manifest:
    photo_bytes: int
    content_type: str
    chunks: tuple[str, ...]


def _manifest(photo: str, document: Document) -> _Manifest:
    """What a manifest says, checked: it may come from anybody. Raises PhotoMismatch."""
    size, chunks, content_type = document.get("bytes"), document.get("chunks"), document.get("content_type")
    if not isinstance(size, int) or not 0 <= size <= PHOTO_BYTES_MAX:
        raise PhotoMismatch(photo, f"the manifest must state between 0 and {PHOTO_BYTES_MAX} bytes")
    if document.get("chunk_bytes") != CHUNK_BYTES or not isinstance(content_type, str):
        raise PhotoMismatch(photo, f"the manifest must state a content_type and chunks of {CHUNK_BYTES} bytes")
    if not isinstance(chunks, list) or len(chunks) != chunk_count(size):
        raise PhotoMismatch(photo, f"the manifest must list {chunk_count(size)} chunks for its {size} bytes")
    return _Manifest(size, content_type, tuple(str(chunk) for chunk in chunks))


def _chunk(photo: str, number: int, data: bytes) -> Document:
    return {
        "_id": chunk_id(photo, number),
        "type": "chunk",
        "v": 1,
        "photo": photo,
        "n": number,
        "_attachments": _data(data),
    }


def _data(data: bytes) -> dict[str, Any]:
    return {"data": {"content_type": "application/octet-stream", "data": data}}


def _verified_chunk(database: Database, photo: str, manifest: _Manifest, number: int) -> bytes:
    """The bytes that are right: of a leaf, or of its slices; a wrong one beside them must not hide them."""
    for _, data in _leaves(database, chunk_id(photo, number)):
        if hashlib.sha256(data).hexdigest() == manifest.chunks[number]:
            return data
    # Of each slice the winner: who wrote another beside it finds the chunk a mismatch, and it comes again.
    parts = [_leaves(database, each) for each in _slice_ids(photo, manifest.photo_bytes, number)]
    data = b"".join(leaves[0][1] for leaves in parts if leaves)
    if hashlib.sha256(data).hexdigest() == manifest.chunks[number]:
        return data
    raise PhotoMismatch(photo, f"chunk {number} has other bytes than the manifest promises")


def _leaves(database: Database, doc_id: str) -> list[tuple[str, bytes]]:
    """Revision and bytes of every leaf of a chunk or slice that has bytes, the winner first."""
    try:
        document = database.get(doc_id, conflicts=True)
    except NotFound:
        return []
    return [
        (rev, database.attachment(doc_id, "data", rev=rev).read())
        for rev in [document["_rev"], *document.get("_conflicts", ())]
        if "data" in database.get(doc_id, rev=rev).get("_attachments", {})
    ]


def _receipt(database: Database, photo: str) -> Receipt | None:
    try:
        document = database.get(receipt_id(photo))
    except NotFound:
        return None
    return Receipt(photo, document["bytes"], document["verified_at"])


def _living(database: Database, doc_ids: Sequence[str], *, include_docs: bool = False) -> dict[str, dict[str, Any]]:
    """The `_all_docs` rows of those that exist and are not deleted."""
    if not doc_ids:
        return {}
    rows = database.all_docs(keys=doc_ids, include_docs=include_docs)["rows"]
    return {row["id"]: row for row in rows if "error" not in row and not row["value"].get("deleted")}


def _graft(database: Database, documents: Sequence[Document]) -> None:
    for entry in database.bulk_docs(documents, new_edits=False):
        raise Forbidden(f"{entry['id']}: {entry['reason']}")
