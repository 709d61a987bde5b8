"""A photo becomes evidence: prepared, kept, cut for the way, and described by documents.

    photos/<sha256>.jpg  →  m-: manifest, thumbnail, chunks  →  u- or v-: evidence and its parts

in this order, each whole before the next begins: a crash leaves a photo without evidence, never evidence without its
photo. It must never know the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mobile import imaging
from mobile.cards import Place
from mobile.imaging import Picture
from mobile.local import found, leaves, listed, write_file
from mobile.problems import InvalidEvidence, UnreadablePhoto
from mobile.tools import Tools
from schemas import base, evidence, ids
from schemas.fields import NAME_CHARS_MAX, NOTE_CHARS_MAX
from sync import media
from sync.database import Document
from sync.errors import Conflict
from sync.store import Store

Photo = bytes | Path


@dataclass(frozen=True, slots=True)
class Where:
    """Where evidence is filed: its database, and the group year whose `m-` carries its photos."""

    database: str
    group: str
    year: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of what a photo shows."""

    title: str
    note: str = ""
    people: str = ""
    movement: str | None = None
    place: Place | None = None
    criterion: str | None = None
    children: bool = False
    consent: bool | None = None


def capture(tools: Tools, where: Where, photos: Sequence[Photo], said: Said) -> str:
    """Keep the photos and write evidence of them; answers its id once both are on the disk.

    Raises InvalidEvidence, UnreadablePhoto; then no evidence was written.
    """
    if not photos:
        raise InvalidEvidence("no-photo")
    said = _checked(said)
    pictures = [imaging.prepare(_bytes_of(photo)) for photo in photos[: evidence.PHOTOS_MAX]]
    names = [_keep(tools, where, picture) for picture in pictures]
    account = tools.account
    parts: list[Document] = []

    def part(value: str | dict[str, str | None] | None) -> str | None:
        if not value:
            return None
        parts.append(tools.part(dict(value) if isinstance(value, dict) else value))
        return base.part_hash(parts[-1])

    document: Document = {
        "_id": ids.evidence_id(account.unit, tools.ulid()),
        "type": "evidence",
        "v": 1,
        "group": where.group,
        "year": where.year,
        "unit": account.unit,
        "title": part(said.title),
        "note": part(said.note),
        "place": part(_place(said.place, pictures)),
        "people": part(said.people),
        "movement": said.movement,
        "criterion": said.criterion,
        "photos": _shots(names, pictures),
        "children": said.children,
        "consent": said.consent,
        "by": account.account,
        "made": tools.stamp(),
    }
    for each in (*parts, document):
        base.check(each)
    tools.local.stores.ensure(where.database).put_all([*parts, document])
    return str(document["_id"])


def add_photo(tools: Tools, where: Where, evidence_id: str, photo: Photo) -> None:
    """One more photo of the same. What was cited before stays as it was cited. Raises UnreadablePhoto, KeyError."""
    picture = imaging.prepare(_bytes_of(photo))
    name = _keep(tools, where, picture)
    store = tools.local.stores.open(where.database)
    while True:
        before = found(store, evidence_id)
        if before is None:
            raise KeyError(evidence_id)
        if name in evidence.photos_of(before):
            return
        after = {**before, "photos": [*before["photos"], *_shots([name], [picture])]}
        base.check(after)
        try:
            store.put(after)
        except Conflict:  # the worker pulled another edit meanwhile
            continue
        return


def merge_all(store: Store, account: str) -> None:
    """Two copies of one phone each added photos to the same evidence of `account`: the winner gets those of all.

    Both write the same revision, which follows from the leaves alone. The other leaves stay: they hold nothing more,
    but where all together would be over `PHOTOS_MAX`.
    """
    for document in listed(store, "evidence:"):
        if document["by"] != account:
            continue
        winner, *others = leaves(store, document["_id"]) or [document]
        of_all = list(winner["photos"])
        for leaf in others:
            of_all += [shot for shot in leaf["photos"] if shot["photo"] not in {each["photo"] for each in of_all}]
        if len(winner["photos"]) < len(of_all) <= evidence.PHOTOS_MAX:
            with suppress(Conflict):  # the person added one meanwhile: the next round sees to it
                store.put({**winner, "photos": of_all})


def thumbnail(tools: Tools, database: str, sha256: str) -> Path | None:
    """The small picture as a file, made from the store where the file is gone; None where this phone has neither."""
    path = tools.local.thumbnail_file(sha256)
    if path.exists():
        return path
    if database not in tools.local.stores:
        return None
    store = tools.local.stores.open(database)
    if found(store, media.thumb_id(sha256)) is None:
        return None
    write_file(path, media.read_thumbnail(store, sha256).data)
    return path


def _keep(tools: Tools, where: Where, picture: Picture) -> str:
    """The photo's file, then its documents. The same photo twice is one."""
    name = media.name_of(picture.jpeg)
    write_file(tools.local.photo_file(name), picture.jpeg)
    write_file(tools.local.thumbnail_file(name), picture.thumbnail)
    store = tools.local.stores.ensure(ids.media_database(where.group, where.year))
    media.put_photo(
        store,
        picture.jpeg,
        picture.thumbnail,
        content_type="image/jpeg",
        width=picture.width,
        height=picture.height,
    )
    return name


def _shots(names: Sequence[str], pictures: Sequence[Picture]) -> list[Document]:
    shots: dict[str, Document] = {}
    for name, picture in zip(names, pictures, strict=True):
        shots.setdefault(
            name, {"photo": name, "taken": picture.taken, "width": picture.width, "height": picture.height}
        )
    return list(shots.values())


def _place(said: Place | None, pictures: Sequence[Picture]) -> dict[str, str | None] | None:
    """What the person or the phone's GPS says; else what the camera noted."""
    located = next((picture for picture in pictures if picture.lat is not None), None)
    name = None if said is None or not said.name or not said.name.strip() else base.nfc(said.name.strip())
    if said is not None and said.lat is not None and said.lon is not None:
        return {"name": name, "lat": said.lat, "lon": said.lon, "accuracy_m": said.accuracy_m}
    if located is not None:
        return {"name": name, "lat": located.lat, "lon": located.lon, "accuracy_m": located.accuracy_m}
    return None if name is None else {"name": name, "lat": None, "lon": None, "accuracy_m": None}


def _checked(said: Said) -> Said:
    title, note, people = (base.nfc(text.strip()) for text in (said.title, said.note, said.people))
    if not title:
        raise InvalidEvidence("no-title")
    if len(title) > NAME_CHARS_MAX:
        raise InvalidEvidence("text-too-long", max=str(NAME_CHARS_MAX))
    if max(len(note), len(people)) > NOTE_CHARS_MAX:
        raise InvalidEvidence("text-too-long", max=str(NOTE_CHARS_MAX))
    return Said(title, note, people, said.movement, said.place, said.criterion, said.children, said.consent)


def _bytes_of(photo: Photo) -> bytes:
    if isinstance(photo, bytes):
        return photo
    try:
        return photo.read_bytes()
    except OSError as error:
        raise UnreadablePhoto("photo-unreadable") from error
