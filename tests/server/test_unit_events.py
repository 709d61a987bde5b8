"""What an administrator's merger does to a running year, and what the deputy then decides."""

from __future__ import annotations

import pytest

from schemas import ids
from server.problems import Clash, Invalid, Missing, Refused
from tests.server.test_follower import put
from tests.server.world import BN, GROUP, HD, HY, YEAR, full_marks, group_year, submission_of

DAY = "2024-10-08"


def merged(world):
    return world.service.setup.unit_event("merge", [BN], date=DAY, number="202/2025/QH15", to=HD)


def year_of(world):
    return world.group_database().get(ids.groupyear_id(GROUP, YEAR))


def row(world, unit):
    world.settle()
    view = world.service.board.standings(world.accounts["lan"], GROUP, YEAR)
    return next(it for it in view.document["units"] if it["unit"] == unit)


def scored(world):
    bac = world.accounts["bac"]
    put(world, ids.unit_database(BN, YEAR), submission_of(bac, "d1", BN, full_marks(80)))
    world.settle()


def test_a_merger_ends_the_old_units_membership_in_the_running_year_and_keeps_its_score(world):
    scored(world)
    before = row(world, BN)
    event, changed = merged(world)
    assert changed == [(GROUP, YEAR)]
    assert {"unit": BN, "from": "2024-01-01", "to": "2024-10-07"} in year_of(world)["members"]
    after = row(world, BN)
    assert (after["base"], after["place"]) == (before["base"], None)
    assert [it["code"] for it in after["reasons"]][:2] == ["membership-ended", "unit-merged"]
    assert world.group_database().get(event["_id"])["number"] == "202/2025/QH15"
    assert world.service.registry.find(ids.unit_id(BN))["valid_to"] == "2024-10-07"


def test_a_merger_may_be_told_again_and_an_old_file_does_not_bring_the_unit_back(world):
    merged(world)
    stood = year_of(world)["_rev"]
    assert merged(world)[1] == []
    world.service.setup.group_year(group_year())
    assert year_of(world)["_rev"] == stood


def test_what_a_crash_left_undone_after_a_merger_the_sweep_finishes(world):
    setup = world.service.setup
    follow, setup._follow_events = setup._follow_events, lambda *_: False
    merged(world)
    setup._follow_events = follow
    assert year_of(world)["members"][-1]["to"] is None
    world.settle()
    assert year_of(world)["members"][-1] == {"unit": BN, "from": "2024-01-01", "to": "2024-10-07"}


def test_a_merger_that_cannot_be_is_refused_and_nothing_is_written(world):
    setup = world.service.setup
    with pytest.raises(Missing):
        setup.unit_event("merge", [BN], date=DAY, number="1/QĐ", to="so-khong-co")
    with pytest.raises(Clash):
        setup.unit_event("merge", [BN], date="2001-01-01", number="1/QĐ", to=HD)
    assert list(world.service.registry.all("unitevent")) == []
    merged(world)
    with pytest.raises(Clash):
        setup.unit_event("dissolve", [BN], date="2024-11-01", number="2/QĐ")
    late = {"unit": BN, "from": "2025-01-01", "to": None}
    next_year = {**group_year(), "year": 2025, "members": [*group_year()["members"][:2], late]}
    with pytest.raises(Invalid) as refused:
        setup.group_year(next_year)
    assert [path for path, _ in refused.value.fields] == ["members.2"]
    assert "g-cum-1-2025" not in world.service.backend.names()


def test_a_year_that_was_frozen_is_not_touched_by_an_event_told_afterwards(world):
    stood = year_of(world)["_rev"]
    world.group_database().put({"_id": "decision:1:0123456789abcdef", "type": "decision", "act": "freeze"})
    assert merged(world)[1] == []
    assert year_of(world)["_rev"] == stood


def test_the_years_before_a_rename_keep_the_old_name(world):
    group = world.group_database()
    stood = (year_of(world)["_rev"], group.get(ids.unit_id(BN))["_rev"])
    name = {"vi": "Sở mới", "en": "New"}
    world.service.setup.unit_event(
        "rename", [BN], date="2025-03-01", number="9/QĐ", named={"names": name, "short_names": name}
    )
    assert world.service.registry.find(ids.unit_id(BN))["names"] == name
    world.service.setup.group_year(group_year())
    assert (year_of(world)["_rev"], group.get(ids.unit_id(BN))["_rev"]) == stood


def carry(event, criterion="i-1", points="60"):
    return {"unit": HD, "from": BN, "criterion": criterion, "event": event["_id"], "answer": {"points": points}}


def test_the_deputy_carries_over_a_live_entry_to_the_leader_and_nobody_else_may(world):
    scored(world)
    event, _ = merged(world)
    with pytest.raises(Refused) as refused:
        world.act("huong", "carry-over", carry(event), "Sáp nhập giữa năm.")
    assert refused.value.said.code == "act-of-deputy"
    decision = world.act("lan", "carry-over", carry(event), "Sáp nhập giữa năm.")
    assert {ids.type_of(it["id"]) for it in decision["inputs"]} == {"submission", "unitevent"}
    world.settle()
    card = world.service.acts._views.view(GROUP, YEAR).standings(world.clock().date()).row(HD).card
    assert card.criterion("i-1").points == 60


def test_an_entry_of_a_unit_that_was_not_merged_or_has_none_is_not_carried(world):
    scored(world)
    event, _ = merged(world)
    with pytest.raises(Clash):
        world.act("hoi-dong", "carry-over", {**carry(event), "from": HY}, "Vì sao?")
    with pytest.raises(Missing):
        world.act("lan", "carry-over", carry(event, criterion="ii-1", points="6") | {"criterion": "no-such"}, "Vì sao?")
