"""From what people pushed to what the group reads, whatever is cut in between."""

from __future__ import annotations

import threading
import time

import pytest

from schemas import ids
from schemas.evidence import cite
from schemas.hashing import part_hash
from server.follower import Follower
from server.projection import Projection
from sync import media
from sync.errors import StoreFull
from tests.server.world import BN, GROUP, HY, YEAR, config_at, draft_of, evidence_of, full_marks, salted, submission_of

G, M, U_HY = "g-cum-1-2024", "m-cum-1-2024", "u-so-hy-2024"


class Cut(Exception):
    """The process is gone."""


def put(world, name, *documents):
    """As if pushed: the gateway is another test's."""
    from server.backends import write_once

    write_once(world.service.backend.open(name), documents)


def cited_submission(world, *, photos=(), number=1, points="90"):
    lan = world.accounts["lan"]
    evidence, title = evidence_of(lan, "d1", title=f"Đêm chèo {number}", photos=photos, number=number)
    cited = cite(evidence)
    submission = submission_of(lan, "d1", HY, {"i-1": points}, number=number, cited={"i-1": [cited["_id"]]})
    return submission, cited, title, evidence


def test_a_submission_is_promoted_with_its_evidence_and_their_parts_by_value(world):
    submission, cited, title, evidence = cited_submission(world)
    note = salted("Đã đối chiếu hồ sơ")
    submission["answers"]["i-1"]["note"] = part_hash(note)
    put(world, U_HY, note, title, evidence, cited, submission)
    world.settle()
    group = world.group_database()
    for document in (submission, cited, title, note):
        promoted = group.get(document["_id"])
        assert {name: value for name, value in promoted.items() if name != "_rev"} == document
        assert promoted["_rev"] == world.service.backend.open(U_HY).get(document["_id"])["_rev"]
    assert world.ids_of("evidence") == []


def test_a_submission_whose_evidence_is_absent_waits_is_shown_and_goes_on_when_it_comes(world):
    submission, cited, title, _ = cited_submission(world)
    put(world, U_HY, submission)
    world.settle()
    assert world.ids_of("submission") == []
    page = world.service.board.standings(None, GROUP, YEAR)
    assert page.coverage.waiting == 1
    assert [it.kind for it in world.service.board.tasks(None, GROUP, YEAR)].count("waiting") == 1
    put(world, U_HY, cited)
    world.settle()
    assert [it.absent for it in world.service.projection.waiting()] == [(title["_id"],)]
    put(world, U_HY, title)
    world.service.follower.follow(U_HY)
    assert world.ids_of("submission") == [submission["_id"]]
    assert world.service.projection.waiting() == []


def test_a_submission_that_waits_does_not_hold_back_its_neighbour(world):
    first, *_ = cited_submission(world)
    put(world, U_HY, first, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "80"}, number=2))
    world.settle()
    assert len(world.ids_of("submission")) == 1


@pytest.mark.parametrize("where", ["before the group's write", "before the checkpoint", "in the rows' transaction"])
def test_a_follower_killed_anywhere_continues_and_changes_nothing_twice(world, monkeypatch, where):
    submission, cited, title, _ = cited_submission(world)
    put(world, U_HY, title, cited, submission)
    follower, projection = world.service.follower, world.service.projection

    def die(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as cut:
        if where == "before the group's write":
            cut.setattr("server.follower.write_once", die)
        elif where == "before the checkpoint":
            cut.setattr(projection, "followed", die)
        else:
            cut.setattr("server.projection.Rows.drop_waiting", die)
        with pytest.raises(Cut):
            follower.follow(U_HY)
    assert projection.checkpoint(U_HY) == 0
    follower.follow(U_HY)
    group = world.group_database()
    before = group.info()["update_seq"]
    assert projection.checkpoint(U_HY) == world.service.backend.open(U_HY).info()["update_seq"]
    assert group.get(submission["_id"], conflicts=True).get("_conflicts") is None
    fresh = Projection(world.service.config.data / "second.sqlite")
    Follower(world.service.backend, fresh, now=world.clock, sweep_every_s=300).sweep()
    assert group.info()["update_seq"] == before
    fresh.close()


def test_two_followers_at_once_make_one_document(world):
    for number in range(1, 41):
        submission, cited, title, _ = cited_submission(world, number=number)
        put(world, U_HY, title, cited, submission)
    config = world.service.config
    projections = [world.service.projection, Projection(config.data / "second.sqlite")]
    followers = [
        Follower(world.service.backend, projection, now=world.clock, sweep_every_s=300)
        for projection in (projections[0], projections[0], projections[1])
    ]
    ready = threading.Barrier(len(followers))
    failures = []

    def work(follower):
        ready.wait()
        try:
            follower.follow(U_HY)
            follower.follow(G)
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(follower,)) for follower in followers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rows = world.group_database().changes(style="all_docs").results
    promoted = [row for row in rows if row["id"].startswith(("submission:", "cited:", "part:"))]
    assert len(promoted) == 120
    assert all(len(row["changes"]) == 1 for row in promoted)
    for projection in projections:
        assert len(projection.documents(G)[1]) == len(rows)
    projections[1].close()


def test_photos_are_settled_however_their_pieces_come(world):
    data = bytes(range(256)) * 600
    name = media.name_of(data)
    submission, cited, title, _ = cited_submission(world, photos=(name,))
    put(world, U_HY, title, cited, submission)
    database = world.service.backend.open(M)
    manifest, thumb, *chunks = media.cut(data, b"t", content_type="image/jpeg", width=1, height=1)

    def seen():
        world.settle()
        page = world.service.board.evidence(None, GROUP, YEAR)
        return page.cards[0].photos[0].state

    assert seen() == "absent"
    database.bulk_docs([chunks[1], thumb], new_edits=False)
    assert seen() == "arriving"
    database.bulk_docs([manifest, chunks[0]], new_edits=False)
    assert seen() == "arriving"
    database.bulk_docs(chunks[2:], new_edits=False)
    assert seen() == "verified"
    assert world.service.board.photo(None, GROUP, YEAR, name, thumb=False).read() == data
    assert [row["id"] for row in database.all_docs(start_key="chunk:", end_key="chunk;")["rows"]] == []
    coverage = world.service.board.standings(None, GROUP, YEAR).coverage
    assert (coverage.photos_verified, coverage.photos) == (1, 1)


def test_a_settling_cut_after_the_receipt_is_finished(world, monkeypatch):
    data = b"x" * 100_000
    name = media.name_of(data)
    database = world.service.backend.open(M)
    database.bulk_docs(media.cut(data, b"t", content_type="image/jpeg", width=1, height=1), new_edits=False)

    def die(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as cut:
        cut.setattr(media, "forget_chunks", die)
        with pytest.raises(Cut):
            world.service.follower.follow(M)
    world.service.follower.follow(M)
    assert database.all_docs(start_key="chunk:", end_key="chunk;")["rows"] == []
    assert world.service.projection.photos(M) == {name: "verified"}


def test_progress_of_a_visit_is_seen_before_anything_is_submitted(world):
    visit = world.plan_visit(BN, "minh")
    draft = draft_of(world.accounts["minh"], "d1", BN, {"i-1": "100", "i-2": "50"}, visit=visit)
    put(world, f"v-{visit}", draft)
    world.settle()
    card = world.service.board.visits(None, GROUP, YEAR).visits[0]
    assert (card.state, card.answered, card.last_seen) == ("under_way", 2, "2024-10-08T04:00:00Z")
    put(world, f"v-{visit}", submission_of(world.accounts["minh"], "d1", BN, full_marks(), visit=visit))
    world.settle()
    assert world.service.board.visits(None, GROUP, YEAR).visits[0].state == "submitted"


def test_a_projection_of_another_version_is_filled_anew_beside_it(tmp_path, world, monkeypatch):
    from server.service import Service

    submission, cited, title, _ = cited_submission(world)
    put(world, U_HY, title, cited, submission)
    world.settle()
    before = world.service.board.standings(None, GROUP, YEAR).document
    monkeypatch.setattr("server.projection.VERSION", 999)
    with Service.open(config_at(world.service.config.data), now=world.clock, random_bytes=world.dice) as newer:
        assert newer.projection.checkpoint(G) == world.group_database().info()["update_seq"]
        assert newer.board.standings(None, GROUP, YEAR).document == before


def test_a_damaged_projection_costs_nothing_but_its_filling(world):
    from server.service import Service

    world.service.projection.close()
    for suffix in ("-wal", "-shm"):
        world.service.config.projection.with_name("projection.sqlite" + suffix).unlink(missing_ok=True)
    world.service.config.projection.write_bytes(b"not a database at all" * 100)
    with Service.open(config_at(world.service.config.data), now=world.clock, random_bytes=world.dice) as again:
        assert len(again.board.standings(None, GROUP, YEAR).rows) == 3


def test_the_thread_follows_what_is_hinted_and_survives_a_failure(world, monkeypatch):
    follower = world.service.follower
    failing = {"left": 1}
    real = follower.follow

    def follow(name):
        if name == U_HY and failing["left"]:
            failing["left"] -= 1
            raise RuntimeError("a defect")
        real(name)

    monkeypatch.setattr(follower, "follow", follow)
    follower.start()
    put(world, U_HY, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "80"}, number=2))
    put(world, U_HY, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "80"}, number=3))
    deadline = time.monotonic() + 120
    while len(world.ids_of("submission")) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(world.ids_of("submission")) == 2
    assert follower.alive
    follower.stop()
    assert not follower.alive


def test_the_sweep_creates_what_a_crash_left_out(world, monkeypatch):
    backend = world.service.backend
    with monkeypatch.context() as cut:
        cut.setattr(backend, "create", lambda _name: (_ for _ in ()).throw(Cut))
        with pytest.raises(Cut):
            world.plan_visit(BN, "minh")
    (visit,) = world.service.board.visits(None, GROUP, YEAR).visits
    assert not backend.exists(ids.visit_database(visit.visit))
    world.settle()
    assert backend.exists(ids.visit_database(visit.visit))


def test_a_slower_followers_rows_are_dropped_and_its_checkpoint_with_them(world):
    projection = Projection(world.service.config.data / "second.sqlite")
    with projection.followed(U_HY, since=0, to=7, uuid="a") as rows:
        rows.put_waiting("x", G, ["y"])
    with projection.followed(U_HY, since=0, to=3, uuid="a") as rows:
        assert rows is None
    assert projection.checkpoint(U_HY, uuid="a") == 7
    assert projection.checkpoint(U_HY, uuid="another database under the old name") == 0
    with projection.followed(U_HY, since=0, to=1, uuid="b") as rows:
        assert rows is not None
    assert projection.waiting() == []
    projection.close()


def test_of_a_database_that_was_made_anew_nothing_is_shown_any_more_though_it_is_still_empty(world):
    submission, *_ = cited_submission(world)
    put(world, U_HY, draft_of(world.accounts["lan"], "d1", HY, {"i-1": "80"}), submission)
    world.settle()
    projection, stores = world.service.projection, world.service.backend.folder
    assert len(projection.drafts(U_HY)) == len(projection.waiting(database=U_HY)) == 1

    stores.delete(U_HY)
    stores.create(U_HY)
    world.settle()

    assert projection.drafts(U_HY) == {}
    assert projection.waiting(database=U_HY) == []


def test_a_disk_too_full_for_the_projection_says_so_and_the_next_look_finds_everything(world):
    world.settle()
    world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    projection = world.service.projection
    group = f"g-{GROUP}-{YEAR}"
    before = projection.checkpoint(group)
    world.group_database().put({"_id": "person:x", "type": "person", "v": 1, "person": "x", "name": "X" * 50_000})
    projection._connection().execute("PRAGMA max_page_count = 1")

    with pytest.raises(StoreFull):
        world.service.follower.follow(group)

    assert projection.checkpoint(group) == before
    projection._connection().execute("PRAGMA max_page_count = 1000000")
    world.service.follower.follow(group)
    assert "person:x" in projection.documents(group)[1]
