"""What the service does with photos: it reports reuse, lends them in parts, turns down wrong ones, frees the disk."""

from __future__ import annotations

import os

import pytest

from schemas import evidence, ids
from server import backends
from sync import media
from tests.server.test_follower import put
from tests.server.world import GROUP, YEAR, Phone, evidence_of, make_world, served, submission_of
from tests.support.backends import BACKENDS, placed

M = ids.media_database(GROUP, YEAR)


@pytest.fixture(params=BACKENDS)
def world(request, tmp_path):
    with placed(request.param) as where:
        made = make_world(tmp_path / "data", backend=where.backend())
        yield made
        made.service.close()


def submit(world, login, criterion, photo, *, number=1):
    """Somebody of a unit scores it, citing evidence with this photo."""
    account = world.accounts[login]
    shown, title = evidence_of(account, "d1", title=f"Ảnh của {login} {number}", photos=(photo,), number=number)
    cited = evidence.cite(shown)
    submission = submission_of(
        account, "d1", account.unit, {criterion: "5"}, number=number, cited={criterion: [cited["_id"]]}
    )
    put(world, ids.unit_database(account.unit, YEAR), title, cited, submission)
    world.settle()
    return cited["_id"]


def deliver(world, data):
    database = world.service.backend.open(M)
    database.bulk_docs(media.cut(data, b"t", content_type="image/jpeg", width=1, height=1), new_edits=False)
    return database


def test_the_same_photo_of_another_unit_is_reported_on_the_card_and_on_the_trace(world):
    photo = media.name_of(b"the same")
    ours = submit(world, "lan", "i-1", photo)
    assert world.service.board.evidence_card(None, GROUP, YEAR, ours).photos[0].also == ()
    submit(world, "bac", "i-2", photo)

    (use,) = world.service.board.evidence_card(None, GROUP, YEAR, ours).photos[0].also
    assert (use.unit.unit, use.target, use.year) == (world.accounts["bac"].unit, "i-2", YEAR)
    trace = world.service.board.trace(None, GROUP, YEAR, world.accounts["lan"].unit, "i-1")
    assert trace.answers[0].evidence[0].photos[0].also == (use,)


def test_the_same_photo_for_another_criterion_of_the_unit_is_reported_there(world):
    photo = media.name_of(b"the same")
    submit(world, "lan", "i-1", photo)
    unit = world.accounts["lan"].unit
    assert world.service.board.trace(None, GROUP, YEAR, unit, "i-1").answers[0].evidence[0].photos[0].also == ()
    submit(world, "lan", "i-3", photo, number=2)
    (use,) = world.service.board.trace(None, GROUP, YEAR, unit, "i-1").answers[0].evidence[0].photos[0].also
    assert (use.unit.unit, use.target) == (unit, "i-3")


def test_a_photo_that_is_not_its_names_bytes_is_turned_down_and_may_come_right(world):
    right, wrong = os.urandom(100_000), os.urandom(100_000)
    database = world.service.backend.open(M)
    documents = media.cut(right, b"t", content_type="image/jpeg", width=1, height=1)
    name = documents[0]["photo"]
    chunk = {key: value for key, value in documents[2].items() if key not in ("_rev", "_revisions")}
    forged = media.with_revision({**chunk, "_attachments": {"data": {"data": wrong[: media.CHUNK_BYTES]}}})
    database.bulk_docs([documents[0], documents[1], forged, documents[3]], new_edits=False)
    world.service.follower.follow(M)
    safe, turned_down = media.verdicts(database, [name])
    assert safe == set()
    assert "chunk 0" in turned_down[name].what
    assert media.state(database, name).kind == "absent"
    world.service.follower.follow(M)
    assert media.verdicts(database, [name])[1] == turned_down

    phone = deliver_home(documents)
    assert media.mend(phone, name, right, b"t")
    for row in phone.all_docs()["rows"]:
        database.bulk_docs(
            [each["ok"] for each in phone.bulk_get([{"id": row["id"]}], revs=True, attachments=True)[0]["docs"]],
            new_edits=False,
        )
    world.service.follower.follow(M)
    assert media.verdicts(database, [name]) == ({name}, {})
    assert media.read_photo(database, name).data == right


def test_a_photo_that_came_partly_in_slices_through_the_gateway_is_put_together_and_its_pieces_go(world, tmp_path):
    data = os.urandom(2 * media.CHUNK_BYTES + 20_000)
    documents = media.cut(data, b"t", content_type="image/jpeg", width=1, height=1)
    name = documents[0]["photo"]
    in_slices = [
        part
        for number in (1, 2)
        for part in media.slices(
            documents[2 + number], data[number * media.CHUNK_BYTES : (number + 1) * media.CHUNK_BYTES]
        )
    ]
    with served(world) as url:
        lan = Phone(url, tmp_path / "phone", world, "lan")
        remote = lan.remote(M)
        for batch in (documents[:3], in_slices[:5], in_slices[:5], in_slices[5:]):
            assert remote.bulk_docs(batch, new_edits=False) == []
        assert remote.revs_diff({part["_id"]: [part["_rev"]] for part in in_slices}) == {}
        lan.close()
    world.service.follower.follow(M)
    there = world.service.backend.open(M)
    assert media.verdicts(there, [name]) == ({name}, {})
    assert media.read_photo(there, name).data == data
    left = {row["id"].partition(":")[0] for row in there.all_docs()["rows"]}
    assert left == {"photo", "thumb", "receipt"}


def deliver_home(documents):
    from tests.support.memory import MemoryDatabase

    phone = MemoryDatabase()
    phone.bulk_docs(documents, new_edits=False)
    return phone


@pytest.mark.parametrize("world", ["stores"], indirect=True)
def test_the_disk_gets_back_what_chunks_took_once_it_is_worth_it(world, monkeypatch):
    path = world.service.backend.folder.file_of(M)
    for _ in range(6):
        deliver(world, os.urandom(600_000))
    world.service.follower.follow(M)
    store = world.service.backend.open(M)
    before = store.free_bytes()
    assert before > 400_000, "a settled photo's chunks leave their space unused"
    world.service.follower.sweep()
    assert store.free_bytes() == before, "too little to be worth it"
    monkeypatch.setattr(backends, "RECLAIM_BYTES_MIN", 400_000)
    size = path.stat().st_size
    world.service.follower.sweep()
    assert store.free_bytes() < 100_000
    assert path.stat().st_size < size


def in_files(world, data):
    """The files under the data folder in which some of these bytes still lie; a page may end within others."""
    pieces = [data[at : at + 16] for at in range(0, len(data), 1_000)]
    files = {path.name: path.read_bytes() for path in world.service.config.data.rglob("*") if path.is_file()}
    return sorted(name for name, held in files.items() if any(piece in held for piece in pieces))


@pytest.mark.parametrize("arrived", ["whole", "half", "in slices"])
def test_a_withheld_photo_leaves_the_service_however_much_of_it_had_arrived(world, arrived):
    data, other = os.urandom(150_000), os.urandom(100_000)
    photo = submit(world, "lan", "i-1", media.name_of(data)) and media.name_of(data)
    documents = media.cut(data, b"small picture of it", content_type="image/jpeg", width=1, height=1)
    database = deliver(world, other)
    if arrived == "whole":
        database.bulk_docs(documents, new_edits=False)
        world.service.follower.follow(M)
        assert media.read_photo(database, photo).data == data
    elif arrived == "half":
        database.bulk_docs(documents[:3], new_edits=False)
    else:
        sliced = media.slices(documents[2], data[: media.CHUNK_BYTES])
        database.bulk_docs([*documents[:2], *sliced[:3]], new_edits=False)
    # A CouchDB's files are not the service's, and it compacts them in its own time.
    assert (in_files(world, data) != []) == isinstance(world.service.backend, backends.StoreBackend)

    world.act("huong", "withhold", {"kind": "photo", "sha256": photo}, "Gia đình đề nghị")

    assert [row["id"] for row in database.all_docs()["rows"] if photo in row["id"]] == []
    assert in_files(world, data) == []
    assert in_files(world, b"small picture of it") == []
    world.service.follower.follow(M)
    assert media.verdicts(database, [media.name_of(other)])[0] == {media.name_of(other)}


def test_a_withheld_photo_that_another_server_let_in_late_is_erased_by_the_sweep(world):
    data = os.urandom(100_000)
    submit(world, "lan", "i-1", media.name_of(data))
    world.act("huong", "withhold", {"kind": "photo", "sha256": media.name_of(data)}, "Gia đình đề nghị")
    database = deliver(world, data)
    world.settle()
    world.service.follower.sweep()
    assert [row["id"] for row in database.all_docs()["rows"] if media.name_of(data) in row["id"]] == []
    assert in_files(world, data) == []
