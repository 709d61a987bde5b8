"""A photo's way: cut, sent in pieces and in any order, verified, kept, and its pieces forgotten."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import media
from sync.database import Database, Document
from sync.documents import with_revision
from sync.errors import Forbidden, NotFound
from sync.store import Store
from tests.support.histories import leaves
from tests.support.memory import MemoryDatabase

PHOTO = random.Random(7).randbytes(3 * media.CHUNK_BYTES + 1_234)
NAME = hashlib.sha256(PHOTO).hexdigest()
THUMB = b"a small picture"
NOW = "2024-10-08T02:14:05Z"


@pytest.fixture(params=["memory", "store"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return MemoryDatabase() if request.param == "memory" else Store(tmp_path / "m.sqlite")


def pieces(photo: bytes = PHOTO) -> list[Document]:
    return media.cut(photo, THUMB, content_type="image/webp", width=1600, height=1200)


def deliver(database: Database, *documents: Document) -> None:
    assert database.bulk_docs(documents, new_edits=False) == []


def test_a_photo_is_cut_into_manifest_thumbnail_and_chunks() -> None:
    manifest, thumb, *chunks = pieces()
    assert manifest["_id"] == f"photo:{NAME}"
    assert {name: value for name, value in manifest.items() if not name.startswith("_")} == {
        "type": "photo",
        "v": 1,
        "photo": NAME,
        "bytes": len(PHOTO),
        "content_type": "image/webp",
        "width": 1600,
        "height": 1200,
        "chunk_bytes": 65_536,
        "chunks": [hashlib.sha256(chunk["_attachments"]["data"]["data"]).hexdigest() for chunk in chunks],
    }
    assert thumb["_attachments"]["thumb.jpg"] == {"content_type": "image/jpeg", "data": THUMB}
    assert [chunk["_id"] for chunk in chunks] == [f"chunk:{NAME}:000{n}" for n in range(4)]
    assert b"".join(chunk["_attachments"]["data"]["data"] for chunk in chunks) == PHOTO
    assert [document["_id"] for document in pieces()] == media.ids_in_order(NAME, len(PHOTO))


def test_two_machines_cut_a_photo_into_the_same_revisions(tmp_path: Path) -> None:
    one, other = MemoryDatabase(), Store(tmp_path / "m.sqlite")
    for database in (one, other):
        assert media.put_photo(database, PHOTO, THUMB, content_type="image/webp", width=1, height=2) == NAME
    revisions = {row["id"]: [change["rev"] for change in row["changes"]] for row in one.changes().results}
    assert len(revisions) == 6
    assert other.revs_diff(revisions) == {}


def test_putting_a_photo_again_changes_nothing(database: Database) -> None:
    media.put_photo(database, PHOTO, THUMB, content_type="image/webp", width=1, height=2)
    seq = database.info()["update_seq"]
    media.put_photo(database, PHOTO, THUMB, content_type="image/webp", width=1, height=2)
    assert database.info()["update_seq"] == seq


@given(st.integers(0, 4 * media.CHUNK_BYTES))
def test_a_photo_of_any_size_comes_together_again(size: int) -> None:
    photo = PHOTO[:size] if size <= len(PHOTO) else PHOTO + b"\0" * (size - len(PHOTO))
    database = MemoryDatabase()
    deliver(database, *pieces(photo))
    assert media.assemble(database, media.name_of(photo)) == photo
    assert media.ids_in_order(media.name_of(photo), size) == [document["_id"] for document in pieces(photo)]


def test_a_photo_that_was_not_resized_is_refused_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PHOTO_BYTES_MAX", 100)
    with pytest.raises(ValueError, match="more than 100"):
        pieces()


def test_the_state_follows_the_pieces_as_they_arrive(database: Database) -> None:
    manifest, thumb, *chunks = pieces()
    assert media.state(database, NAME) == media.PhotoState("absent")
    with pytest.raises(NotFound):
        media.missing_chunks(database, NAME)
    deliver(database, chunks[2])
    assert media.state(database, NAME).kind == "absent"
    deliver(database, thumb, manifest)
    assert media.state(database, NAME) == media.PhotoState("partial", 1, 4)
    assert media.missing_chunks(database, NAME) == [0, 1, 3]
    deliver(database, chunks[3], chunks[0])
    with pytest.raises(media.PhotoIncomplete) as incomplete:
        media.settle(database, NAME, now=NOW)
    assert (incomplete.value.missing, incomplete.value.of) == ((1,), 4)
    deliver(database, chunks[1])
    assert media.state(database, NAME) == media.PhotoState("whole", 4, 4)
    assert media.missing_chunks(database, NAME) == []
    media.settle(database, NAME, now=NOW)
    assert media.state(database, NAME).kind == "verified"
    assert media.missing_chunks(database, NAME) == []


def test_many_photos_are_looked_up_together(database: Database) -> None:
    other = b"another photo"
    deliver(database, *pieces(), *pieces(other))
    media.settle(database, NAME, now=NOW)
    found = media.states(database, [NAME, media.name_of(other), "0" * 64])
    assert [each.kind for each in found.values()] == ["verified", "whole", "absent"]
    assert media.receipts(database, found) == {NAME}
    assert media.states(database, []) == {}


def test_settling_keeps_the_photo_and_forgets_the_chunks(database: Database) -> None:
    deliver(database, *pieces())
    receipt = media.settle(database, NAME, now=NOW)
    assert receipt == media.Receipt(NAME, len(PHOTO), NOW)
    document = database.get(f"receipt:{NAME}")
    assert {name: document[name] for name in ("type", "v", "photo", "bytes", "verified_at")} == {
        "type": "receipt",
        "v": 1,
        "photo": NAME,
        "bytes": len(PHOTO),
        "verified_at": NOW,
    }
    assert database.attachment(f"receipt:{NAME}", "photo").read() == PHOTO
    living = [row["id"] for row in database.all_docs()["rows"]]
    assert living == [f"photo:{NAME}", f"receipt:{NAME}", f"thumb:{NAME}"]


def test_settling_again_keeps_the_first_receipt(database: Database) -> None:
    deliver(database, *pieces())
    first = media.settle(database, NAME, now=NOW)
    seq = database.info()["update_seq"]
    assert media.settle(database, NAME, now="2030-01-01T00:00:00Z") == first
    assert database.info()["update_seq"] == seq


def test_a_crash_between_receipt_and_deletion_is_finished_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(database, *pieces())
    with monkeypatch.context() as patched:
        patched.setattr(media, "forget_chunks", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            media.settle(database, NAME, now=NOW)
    assert media.read_photo(database, NAME).data == PHOTO
    media.settle(database, NAME, now=NOW)
    assert not any(row["id"].startswith("chunk:") for row in database.all_docs()["rows"])


def test_tombstones_of_chunks_are_the_same_everywhere() -> None:
    databases = [MemoryDatabase(), MemoryDatabase()]
    for at, database in enumerate(databases):
        deliver(database, *(pieces() if at else reversed(pieces())))
        media.settle(database, NAME, now=f"2024-10-0{at + 1}T00:00:00Z")
    chunk = media.chunk_id(NAME, 2)
    assert leaves(databases[0], chunk) == leaves(databases[1], chunk)


def test_a_phone_that_sends_a_settled_chunk_again_does_not_bring_it_back(database: Database) -> None:
    deliver(database, *pieces())
    media.settle(database, NAME, now=NOW)
    deliver(database, *pieces())
    assert not any(row["id"].startswith("chunk:") for row in database.all_docs()["rows"])
    chunk = pieces()[2]
    assert database.revs_diff({chunk["_id"]: [chunk["_rev"]]}) == {}


def test_bytes_that_do_not_match_the_photos_name_are_never_kept(database: Database) -> None:
    """Manifest and chunks agree with each other, but they are another photo's."""
    forged = pieces(b"another photo")
    claimed = [
        with_revision({**document, "_id": document["_id"].replace(document["photo"], NAME), "photo": NAME})
        for document in ({k: v for k, v in d.items() if k not in {"_rev", "_revisions"}} for d in forged)
    ]
    deliver(database, *claimed)
    assert media.state(database, NAME).kind == "whole"
    with pytest.raises(media.PhotoMismatch, match="another photo") as mismatch:
        media.settle(database, NAME, now=NOW)
    assert mismatch.value.photo == NAME
    assert media.receipts(database, [NAME]) == set()
    assert media.state(database, NAME).kind == "whole"


def test_a_chunk_with_other_bytes_is_named(database: Database) -> None:
    manifest, _, *chunks = pieces()
    chunks[1]["_attachments"]["data"] = {"content_type": "application/octet-stream", "data": b"x" * media.CHUNK_BYTES}
    deliver(database, manifest, *chunks)
    with pytest.raises(media.PhotoMismatch, match="chunk 1 "):
        media.assemble(database, NAME)


def test_a_wrong_chunk_beside_the_right_one_neither_hides_it_nor_survives(database: Database) -> None:
    deliver(database, *pieces())
    for rev in ("1-zzz", "1-000"):
        wrong = {"_id": media.chunk_id(NAME, 1), "_rev": rev, "_attachments": {"data": {"data": b"wrong"}}}
        deliver(database, wrong, {"_id": media.chunk_id(NAME, 2), "_rev": rev})
    media.settle(database, NAME, now=NOW)
    assert media.read_photo(database, NAME).data == PHOTO
    assert not any(row["id"].startswith("chunk:") for row in database.all_docs()["rows"])


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": len(PHOTO) + media.CHUNK_BYTES},
        {"bytes": -1},
        {"bytes": "many"},
        {"bytes": media.PHOTO_BYTES_MAX + 1},
        {"bytes": len(PHOTO) - 1},
        {"chunk_bytes": 10},
        {"chunks": []},
        {"chunks": "abcd"},
        {"chunks": [None] * 4},
        {"content_type": None},
    ],
)
def test_a_manifest_that_cannot_be_true_is_a_mismatch(database: Database, change: dict[str, object]) -> None:
    manifest, *others = pieces()
    bare = {name: value for name, value in manifest.items() if name not in {"_rev", "_revisions"}}
    deliver(database, with_revision({**bare, **change}), *others)
    with pytest.raises(media.PhotoMismatch):
        media.settle(database, NAME, now=NOW)
    assert media.receipts(database, [NAME]) == set()
    assert media.states(database, [NAME])[NAME].kind in {"absent", "whole"}


def test_a_photo_can_be_read_before_and_after_it_is_settled(database: Database) -> None:
    with pytest.raises(NotFound):
        media.read_photo(database, NAME)
    with pytest.raises(NotFound):
        media.read_thumbnail(database, NAME)
    deliver(database, *pieces())
    assert media.read_photo(database, NAME) == media.Picture("image/webp", PHOTO)
    media.settle(database, NAME, now=NOW)
    assert media.read_photo(database, NAME) == media.Picture("image/webp", PHOTO)
    assert media.read_thumbnail(database, NAME) == media.Picture("image/jpeg", THUMB)


def test_a_receipt_that_holds_another_photo_is_not_shown(database: Database) -> None:
    database.put({"_id": media.receipt_id(NAME), "_attachments": {"photo": {"data": b"other"}}})
    with pytest.raises(media.PhotoMismatch):
        media.read_photo(database, NAME)


def test_two_servers_that_settle_at_once_both_succeed(database: Database) -> None:
    class Racing(MemoryDatabase):
        raced = False

        def put(self, document: Document) -> str:
            if not self.raced:
                self.raced = True
                super().put({**document, "verified_at": "2024-01-01T00:00:00Z"})
            return super().put(document)

    racing = Racing()
    deliver(racing, *pieces())
    assert media.settle(racing, NAME, now=NOW).verified_at == "2024-01-01T00:00:00Z"


def test_a_refused_piece_is_told() -> None:
    class NoMedia(MemoryDatabase):
        def bulk_docs(self, documents, **how):  # type: ignore[no-untyped-def]
            return [{"id": document["_id"], "error": "forbidden", "reason": "no"} for document in documents]

    with pytest.raises(Forbidden, match="photo:"):
        media.put_photo(NoMedia(), PHOTO, THUMB, content_type="image/webp", width=1, height=1)


def test_ids_are_built_and_parsed_here() -> None:
    assert media.parse_id(media.chunk_id(NAME, 7)) == media.MediaId("chunk", NAME, 7)
    for kind, build in {"photo": media.photo_id, "thumb": media.thumb_id, "receipt": media.receipt_id}.items():
        assert media.parse_id(build(NAME)) == media.MediaId(kind, NAME, None)
    for other in ("photo:abc", f"photo:{NAME.upper()}", f"chunk:{NAME}", f"chunk:{NAME}:1", f"photo:{NAME}:0001", ""):
        assert media.parse_id(other) is None
