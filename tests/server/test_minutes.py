"""Minutes of a visit: written by the team, promoted with their texts, shown beside the result they are about."""

from __future__ import annotations

import pytest

from schemas import ids
from schemas.base import problems_of
from schemas.hashing import part_hash
from server.app import create_app
from server.facts import identity_of
from tests.server.test_follower import put
from tests.server.test_web import PASSWORD, sign_in
from tests.server.world import BN, GROUP, YEAR, Phone, full_marks, salted, served, stamp, submission_of

AT = "2024-10-08T04:30:00Z"


def minutes_of(submission, *, number=1, by="minh", **more):
    """Minutes and their parts, ready to be written."""
    texts = {
        "place": "Phòng họp Sở",
        "team_present": "Nguyễn Văn Minh",
        "unit_present": "Lê Thị Bắc",
        "recommendations": "Bổ sung hồ sơ phong trào.",
    }
    parts = {name: salted(text) for name, text in texts.items()}
    name = salted("Lê Thị Bắc – Phó Giám đốc")
    visit = submission["visit"]
    body = {
        "_id": ids.minutes_id(BN, visit, ids.ulid(1_728_000_000_000, number)),
        "type": "minutes", "v": 1, "group": GROUP, "year": YEAR, "unit": BN, "visit": visit,
        "submission": submission["_id"], "on": "2024-10-08", "began": "08:00", "ended": "11:30",
        "differences": None, **{each: part_hash(it) for each, it in parts.items()},
        "agreed": [{"side": "unit", "name": part_hash(name), "at": AT}], "supersedes": [], "by": by,
        "made": stamp("d2"), **more,
    }  # fmt: skip
    return body, [*parts.values(), name]


@pytest.fixture
def visited(world):
    """Bắc Ninh gave itself full marks; a visit of Hưng Yên gave half."""
    put(world, ids.unit_database(BN, YEAR), submission_of(world.accounts["bac"], "d1", BN, full_marks(100)))
    world.settle()
    cross = submission_of(
        world.accounts["minh"], "d2", BN, full_marks(50), visit=world.plan_visit(BN, "minh"), number=2
    )
    world.service.gateway.note_arrivals([cross], identity_of(world.accounts["minh"]), [])
    put(world, ids.visit_database(cross["visit"]), cross)
    world.settle()
    return cross


def shown(world, visit):
    return world.service.board.minutes(world.accounts["bac"], GROUP, YEAR, visit).minutes


def test_minutes_are_read_by_the_group_with_a_result_nobody_typed(world, visited):
    body, parts = minutes_of(visited)
    put(world, ids.visit_database(visited["visit"]), *parts, body)
    world.settle()
    (sheet,) = shown(world, visited["visit"])
    assert (sheet.place, sheet.unit, sheet.agreed[0].name) == (
        "Phòng họp Sở",
        "Lê Thị Bắc",
        "Lê Thị Bắc – Phó Giám đốc",
    )
    first = sheet.sections[0]
    assert first.cross * 2 == first.own
    assert first.lines[0].discrepant
    assert next(it for it in world.service.board.visits(None, GROUP, YEAR).visits).minutes


def test_minutes_wait_for_their_texts_and_then_come_whole(world, visited):
    body, parts = minutes_of(visited)
    put(world, ids.visit_database(visited["visit"]), *parts[1:], body)
    world.settle()
    assert shown(world, visited["visit"]) == ()
    assert "waiting" in {task.kind for task in world.service.board.tasks(None, GROUP, YEAR)}
    put(world, ids.visit_database(visited["visit"]), parts[0])
    world.settle()
    assert len(shown(world, visited["visit"])) == 1


def test_corrected_minutes_stand_in_place_of_what_they_supersede(world, visited):
    first, parts = minutes_of(visited)
    later, _ = minutes_of(visited, number=2, supersedes=[first["_id"]], began="09:00")
    put(world, ids.visit_database(visited["visit"]), *parts, first, later)
    world.settle()
    assert [(it.minutes, it.began, it.replaces) for it in shown(world, visited["visit"])] == [
        (later["_id"], "09:00", 1)
    ]


def test_a_text_of_minutes_can_be_withheld_and_the_page_says_so(world, visited):
    body, parts = minutes_of(visited)
    put(world, ids.visit_database(visited["visit"]), *parts, body)
    world.settle()
    world.act(
        "hoi-dong", "withhold", {"kind": "part", "sha256": body["unit_present"]}, "Theo đề nghị của người được nêu tên."
    )
    world.settle()
    (sheet,) = shown(world, visited["visit"])
    assert (sheet.unit, sheet.withheld) == (None, {"unit_present"})


def test_only_the_team_writes_minutes_and_what_was_sent_stands(world, visited, tmp_path):
    name = ids.visit_database(visited["visit"])
    body, parts = minutes_of(visited)
    other, _ = minutes_of(visited, number=3, by="dung")
    with served(world) as url:
        phone = Phone(url, tmp_path / "minh", world, "minh")
        phone.write(name, *parts, body, other)
        told = phone.push(name)
        assert [it.id for it in told.refused] == [other["_id"]]
        again = phone.remote(name).bulk_docs([{**body, "began": "07:00", "_rev": f"1-{'0' * 32}"}], new_edits=False)
        assert again[0]["error"] == "forbidden"
        phone.close()
    world.settle()
    assert [it.began for it in shown(world, visited["visit"])] == ["08:00"]


def test_minutes_of_another_visit_or_that_end_before_they_begin_are_refused_by_name(visited):
    body, _ = minutes_of(visited)
    elsewhere = visited["_id"].replace(visited["visit"], "another-visit")
    for member, value in {"submission": elsewhere, "ended": "07:00", "began": "8 giờ"}.items():
        assert {it.path for it in problems_of({**body, member: value})} == {member}


def test_the_visits_page_and_the_number_lead_to_the_minutes(world, visited):
    body, parts = minutes_of(visited)
    put(world, ids.visit_database(visited["visit"]), *parts, body)
    world.settle()
    client = create_app(world.service.config, service=world.service).test_client()
    world.service.accounts.add(login="bn-2", name="x", unit=BN, roles=("specialist",), password=PASSWORD)
    sign_in(client, "bn-2", PASSWORD)
    url = f"/{GROUP}/{YEAR}/visits/{visited['visit']}"
    assert url in client.get(f"/{GROUP}/{YEAR}/visits").text
    assert url in client.get(f"/{GROUP}/{YEAR}/units/{BN}/i-1").text
    page = client.get(url).text
    assert "Bổ sung hồ sơ phong trào." in page
    assert "08:00" in page
    assert client.get(f"/{GROUP}/{YEAR}/visits/never").status_code == 404
