"""Photos over bad links: nothing lost, little sent twice, and never before what a person scored."""

from __future__ import annotations

import io
import os

import flask
import pytest
from PIL import Image

from mobile import photos
from mobile.worker import SyncWorker
from sync import media
from sync.documents import with_revision
from sync.store import Store
from tests.support.link import GPRS, Link, Weather
from tests.support.phones import GROUP, YEAR, M, U, picture
from tests.support.wire import Served


def noisy(size=(700, 500)):
    """A photo that JPEG cannot make small: some 300 KB."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def own(lan):
    return lan.self_key(GROUP, YEAR)


@pytest.fixture
def rounds(lan):
    def run(link, times=40):
        """Rounds as the thread would make them, without its waiting."""
        worker = SyncWorker(lan, clock=link.clock, pause=lambda _: None)
        for _ in range(times):
            if worker.sync_once().message == "all-sent":
                break
        return worker

    return run


def over(lan, link):
    """The phone reaches its server over this link from now on."""
    before = lan.tools.local.read("account")
    lan.tools.local.edit(
        "account", lambda _: {**{k: v for k, v in before.items() if k[0] != "_"}, "server_url": link.url}
    )


def test_a_checklist_made_half_way_through_a_photo_goes_before_its_next_chunk(lan, own, service, sync):
    sync(lan)
    lan.capture(noisy(), title="Hội diễn", checklist=own)
    service.seen.clear()

    def while_a_photo_goes(request):
        chunks = sum(path == f"/db/{M}/_bulk_docs" for _, path in service.seen)
        if chunks == 2 and request.path == f"/db/{M}/_bulk_docs":
            lan.set_answer(own, "iii-5", points="5")

    service.meanwhile = while_a_photo_goes
    SyncWorker(lan).sync_once()

    writes = [path for _, path in service.seen if path.endswith("_bulk_docs")]
    saved_at = [at for at, path in enumerate(writes) if path == f"/db/{M}/_bulk_docs"][1]
    assert writes[saved_at + 1] == f"/db/{U}/_bulk_docs", writes
    assert f"/db/{M}/_bulk_docs" in writes[saved_at + 2 :], "the photo was really half-way"


def test_a_photo_taken_half_way_through_another_shows_its_thumbnail_before_the_next_chunk(lan, own, service, sync):
    sync(lan)
    lan.capture(noisy(), title="Hội diễn", checklist=own)
    arrived, taken = [], []

    def refuse(document):
        arrived.append(document["_id"].split(":")[0])
        if arrived.count("chunk") == 1 and not taken:
            taken.append(lan.capture(picture(5), title="Đêm nhạc", checklist=own))

    service.refuse = refuse
    SyncWorker(lan).sync_once()
    media_only = [kind for kind in arrived if kind in ("photo", "thumb", "chunk")]
    last_thumb = len(media_only) - 1 - media_only[::-1].index("thumb")
    assert taken
    assert media_only[last_thumb + 1 :].count("chunk") > 2
    assert "chunk" in media_only[:last_thumb]


def test_over_a_link_that_keeps_breaking_every_photo_arrives_and_little_is_sent_again(lan, own, service, rounds):
    originals = [noisy() for _ in range(4)]
    cards = [lan.capture(photo, title=f"Ảnh {at}", checklist=own) for at, photo in enumerate(originals)]
    names = [shot.sha256 for card in cards for shot in card.photos]
    weather = Weather(GPRS.up_bits_s, GPRS.down_bits_s, 0.6, cut_every_bytes=100_000, lost_reply_share=0.01)
    with Link(service.url, weather, seed=5, speed=400) as link:
        over(lan, link)
        rounds(link)
        assert link.traffic.cuts > 5, "the link was bad"
        service.settle()
        link.weather = Weather()
        rounds(link)
        sent = link.traffic.up_bytes
    store = service.stores.open(M)
    for name in names:
        assert media.read_photo(store, name).data == lan.tools.local.photo_file(name).read_bytes()
    size = sum(lan.tools.local.photo_file(name).stat().st_size for name in names)
    assert sent < 1.4 * size, "headers, thumbnails, base64 and what was sent again, all together"
    assert all(shot.safe for card in lan.evidence() for shot in card.photos)


@pytest.mark.parametrize("broken", ["a chunk", "the manifest"])
def test_a_photo_turned_down_by_the_server_is_told_and_sent_again_from_its_original(lan, own, service, sync, broken):
    card = lan.capture(picture(3, size=(1600, 1200)), title="Hội diễn", checklist=own)
    (shot,) = card.photos
    store = lan.tools.local.stores.open(M)
    doc_id = media.chunk_id(shot.sha256, 0) if broken == "a chunk" else media.photo_id(shot.sha256)
    held = store.get(doc_id, attachments=True)
    wrong = {key: value for key, value in held.items() if key not in ("_rev", "_revisions")}
    if broken == "a chunk":
        wrong["_attachments"] = {"data": {"content_type": "application/octet-stream", "data": b"wrong"}}
    else:
        wrong["chunks"] = ["0" * 64] * len(held["chunks"])
    bury = with_revision({"_id": doc_id, "_deleted": True}, parent=held["_rev"])
    assert store.bulk_docs([bury, with_revision(wrong)], new_edits=False) == []
    sync(lan)
    there = service.stores.open(M)
    with pytest.raises(media.PhotoMismatch) as found:
        media.settle(there, shot.sha256, now="2024-10-08T03:00:00Z")
    media.turn_down(there, found.value, now="2024-10-08T03:00:00Z")
    assert media.state(there, shot.sha256).kind == "absent"

    SyncWorker(lan).sync_once()

    (refusal,) = lan.refused()
    assert "original" in refusal.reason or "ảnh gốc" in refusal.reason
    assert media.state(there, shot.sha256).kind == "whole"
    service.settle()
    sync(lan)
    assert lan.refused() == []
    assert lan.evidence()[0].photos[0].safe
    assert media.verdicts(there, [shot.sha256]) == ({shot.sha256}, {})
    assert media.read_photo(there, shot.sha256).data == shot.file.read_bytes()


def test_a_photo_whose_original_is_damaged_too_says_so_and_is_not_sent_for_ever(lan, own, service, sync):
    card = lan.capture(picture(3, size=(1600, 1200)), title="Hội diễn", checklist=own)
    (shot,) = card.photos
    sync(lan)
    there = service.stores.open(M)
    media.turn_down(there, media.PhotoMismatch(shot.sha256, "chunk 0 has other bytes"), now="2024-10-08T03:00:00Z")
    lan.tools.local.photo_file(shot.sha256).write_bytes(b"damaged")
    for _ in range(2):
        service.seen.clear()
        SyncWorker(lan).sync_once()
        (refusal,) = lan.refused()
        assert "Take it again" in refusal.reason or "chụp lại" in refusal.reason
    assert not any(path == f"/db/{M}/_bulk_docs" for _, path in service.seen)


def test_what_the_phone_calls_safe_is_on_the_server_byte_for_byte(lan, own, service):
    """Whatever is cut, whenever: a seeded life of captures, rounds and settlings over a link that breaks."""
    safe_ever = set()
    with Link(service.url, Weather(cut_every_bytes=60_000, lost_reply_share=0.05), seed=11) as link:
        over(lan, link)
        worker = SyncWorker(lan, clock=link.clock, pause=lambda _: None)
        for step in range(30):
            if step % 5 == 0:
                lan.capture(picture(step, size=(1600, 1200)), title=f"Ảnh {step}", checklist=own)
            worker.sync_once()
            if step % 3 == 0:
                service.settle()
            store = service.stores.open(M)
            for card in lan.evidence():
                for shot in card.photos:
                    if shot.safe:
                        safe_ever.add(shot.sha256)
                        assert media.read_photo(store, shot.sha256).data == shot.file.read_bytes()
        assert link.traffic.cuts > 3
    assert len(safe_ever) >= 4


def test_a_photo_in_slices_comes_together_beside_one_in_chunks(tmp_path):
    photo = os.urandom(3 * media.CHUNK_BYTES + 10)
    documents = media.cut(photo, b"t", content_type="image/jpeg", width=1, height=1)
    name = documents[0]["photo"]
    with Served() as served:
        there = Store(tmp_path / "m.sqlite")
        remote = served.remote("m-a-2024", there)
        chunk = documents[3]
        parts = media.slices(chunk, chunk["_attachments"]["data"]["data"])
        remote.bulk_docs([*documents[:3], *documents[4:], *parts[:-1]], new_edits=False)
        assert media.missing_chunks(remote, name) == [1]
        remote.bulk_docs(parts[-1:], new_edits=False)
        assert media.state(remote, name) == media.PhotoState("whole", 4, 4)
        media.settle(there, name, now="2024-10-08T03:00:00Z")
        assert media.read_photo(remote, name).data == photo
        assert [row["id"].split(":")[0] for row in there.all_docs()["rows"]] == ["photo", "receipt", "thumb"]


def test_a_photo_turned_down_comes_right_over_a_line_that_only_holds_for_slices(tmp_path):
    phone, there = Store(tmp_path / "phone.sqlite"), Store(tmp_path / "there.sqlite")
    data = noisy()
    name = media.put_photo(phone, data, b"t", content_type="image/jpeg", width=700, height=500)
    for _ in range(3):
        deliver_in_slices(phone, there, name, len(data))
        assert media.assemble(there, name) == data
        media.turn_down(there, media.PhotoMismatch(name, "as if"), now="2024-10-08T03:00:00Z")
        assert media.state(there, name).kind == "absent"
        assert media.mend(phone, name, data, b"t")
    deliver_in_slices(phone, there, name, len(data))
    media.settle(there, name, now="2024-10-08T04:00:00Z")
    assert media.verdicts(there, [name]) == ({name}, {})
    assert media.state(there, name).kind == "verified"
    phone.close()
    there.close()


def deliver_in_slices(phone, there, name, size):
    for doc_id in media.ids_in_order(name, size):
        document = phone.get(doc_id, attachments=True, revs=True)
        parts = [document]
        if doc_id.startswith("chunk:"):
            parts = media.slices(document, phone.attachment(doc_id, "data").read())
        lacking = there.revs_diff({part["_id"]: [part["_rev"]] for part in parts})
        assert there.bulk_docs([part for part in parts if part["_id"] in lacking], new_edits=False) == []


def test_a_photo_the_server_lost_arrives_again_though_the_line_breaks_half_way(lan, own, service, sync):
    card = lan.capture(noisy(), title="Hội diễn", checklist=own)
    (shot,) = card.photos
    sync(lan)
    service.settle()
    sync(lan)
    assert lan.evidence()[0].photos[0].safe
    service.stores.delete(M)
    there = service.stores.ensure(M)
    written = []

    def break_off(request):
        if request.path == f"/db/{M}/_bulk_docs":
            written.append(request.path)
            flask.abort(502)

    service.meanwhile = break_off
    SyncWorker(lan).sync_once()
    assert not lan.evidence()[0].photos[0].safe
    assert written
    service.meanwhile = lambda _: None
    worker = SyncWorker(lan)
    for _ in range(3):
        worker.sync_once()
        service.settle()
    assert lan.evidence()[0].photos[0].safe
    assert media.read_photo(there, shot.sha256).data == shot.file.read_bytes()


def test_a_photo_the_server_lost_arrives_again_though_the_note_of_its_receipt_went_with_the_battery(
    lan, own, service, sync
):
    (shot,) = lan.capture(noisy(), title="Hội diễn", checklist=own).photos
    sync(lan)
    service.settle()
    sync(lan)
    note = f"photo:{M}:{shot.sha256}"
    assert lan.tools.local.read(note)["safe_at"]
    assert media.missing_chunks(lan.tools.local.stores.open(M), shot.sha256), "its pieces were let go"
    lan.tools.local.edit(note, lambda before: {**before, "safe_at": None})  # written cheaply: the old page came back
    service.stores.delete(M)
    there = service.stores.ensure(M)
    for _ in range(2):
        sync(lan)
        service.settle()
    sync(lan)
    assert lan.evidence()[0].photos[0].safe
    assert media.read_photo(there, shot.sha256).data == shot.file.read_bytes()


def test_a_photo_the_server_lost_and_whose_original_is_damaged_is_called_lost(lan, own, service, sync):
    (shot,) = lan.capture(noisy(), title="Hội diễn", checklist=own).photos
    sync(lan)
    service.settle()
    sync(lan)
    shot.file.write_bytes(b"\xff\xd8 not these bytes")
    service.stores.delete(M)
    service.stores.ensure(M)
    worker = SyncWorker(lan)
    for _ in range(2):
        worker.sync_once()
    (refusal,) = lan.refused()
    assert (refusal.id, refusal.error) == (media.photo_id(shot.sha256), "lost")


def test_a_photo_the_server_lost_after_its_owner_freed_the_original_is_called_lost_and_not_safe(
    lan, own, service, sync
):
    kept, freed = (lan.capture(noisy(), title="Hội diễn", checklist=own).photos[0] for _ in range(2))
    sync(lan)
    service.settle()
    sync(lan)
    photos.free(lan.tools.local, freed.sha256)
    backup = service.stores.open(M).get(media.receipt_id(freed.sha256), attachments=True, revs=True)
    service.stores.delete(M)
    there = service.stores.ensure(M)
    worker = SyncWorker(lan)
    for _ in range(3):
        service.seen.clear()
        worker.sync_once()
        service.settle()
    (refusal,) = lan.refused()
    assert refusal.id == media.photo_id(freed.sha256)
    assert "Take it again" in refusal.reason or "chụp lại" in refusal.reason
    assert {shot.sha256: shot.safe for card in lan.evidence() for shot in card.photos} == {
        kept.sha256: True,
        freed.sha256: False,
    }
    assert not any(path == f"/db/{M}/_bulk_docs" for _, path in service.seen), "nothing is sent for ever"

    assert there.bulk_docs([backup], new_edits=False) == []  # found in an older backup
    worker.sync_once()
    assert lan.refused() == []
    assert all(shot.safe for card in lan.evidence() for shot in card.photos)
