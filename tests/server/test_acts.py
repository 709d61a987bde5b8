"""Official acts: who may, on what, and what is written."""

from __future__ import annotations

import pytest

from schemas import ids
from schemas.base import InvalidDocument, check
from schemas.decision import heads
from schemas.hashing import body_sha256
from schemas.scheme import shipped
from server.problems import Clash, Invalid, Missing, Refused
from server.service import Service
from tests.server.test_follower import put
from tests.server.world import BN, GROUP, HD, HY, YEAR, config_at, submission_of
from tests.support.at_once import at_once

ON_BN = {"unit": BN, "criterion": "i-1"}


def cross(world, unit=BN, login="minh", number=1, points="60", visit=None):
    visit = visit or world.plan_visit(unit, login, by="lan" if unit == HD else "huong")
    account = world.accounts[login]
    submission = submission_of(account, "d1", unit, {"i-1": points}, visit=visit, number=number)
    put(world, ids.visit_database(visit), submission)
    world.settle()
    return submission


def log(world):
    return world.service.board.decision_documents(None, GROUP, YEAR)


# Refusals first


@pytest.mark.parametrize(
    ("login", "unit", "rule"),
    [
        ("bac", BN, "act-of-leader"),
        ("lan", BN, "act-of-leader"),
        ("huong", HD, "act-of-deputy"),
        ("dung", BN, "act-needs-head-or-specialist"),
        ("thu", BN, "act-of-leader"),
        ("hoi-dong", BN, "act-of-leader"),
    ],
)
def test_who_may_not_act_is_told_the_rule_and_nothing_is_written(world, login, unit, rule):
    with pytest.raises(Refused) as refused:
        world.act(login, "approve-na", {"unit": unit, "criterion": "i-1"}, "Vì sao")
    assert refused.value.said.code == rule
    assert log(world) == []


def test_on_the_leaders_own_unit_the_deputy_acts(world):
    decision = world.act("lan", "approve-na", {"unit": HD, "criterion": "i-1"}, "Không có chức năng này")
    assert decision["authority"] == {"unit": HY, "as": "deputy"}


@pytest.mark.parametrize(
    ("act", "value", "problem"),
    [
        ("approve-na", {"unit": "so-nao-do", "criterion": "i-1"}, Missing),
        ("approve-na", {"unit": BN, "criterion": "ix-9"}, Missing),
        ("decide-section", {"unit": BN, "section": "ix", "points": "5"}, Missing),
        ("adjust", {"unit": BN, "criterion": "i-1", "answer": {"points": "5", "passed": True}}, InvalidDocument),
        ("adjust", {**ON_BN, "answer": {"points": "999"}}, InvalidDocument),
        ("adjust", {**ON_BN, "answer": {"points": "0.3"}}, InvalidDocument),
        ("adjust", {**ON_BN, "answer": {"count": "3"}}, InvalidDocument),
        ("decide-section", {"unit": BN, "section": "i", "points": "9999"}, InvalidDocument),
        ("accept", ON_BN, Missing),
        ("no-such-act", {}, InvalidDocument),
        ("cancel-visit", {"visit": "v1"}, Missing),
        ("lock-scheme", {"scheme": "scheme:khoi-100:1"}, Invalid),
        ("approve-na", {**ON_BN, "more": 1}, InvalidDocument),
    ],
)
def test_what_an_act_says_is_checked_against_the_group_as_it_stands(world, act, value, problem):
    with pytest.raises(problem):
        world.act("huong", act, value, "Lý do")
    assert log(world) == []


def test_an_act_that_needs_a_reason_is_not_done_without_one(world):
    for reason in (None, "  "):
        with pytest.raises(InvalidDocument) as refused:
            world.act("huong", "approve-na", ON_BN, reason)
        assert refused.value.problems[0].code == "reason-required"


def test_a_team_is_made_of_people_of_the_units_they_are_said_to_be_of(world):
    value = {"inspected": BN, "team": [{"account": "minh", "unit": HD}], "from": "2024-10-08", "to": "2024-10-08"}
    with pytest.raises(Invalid):
        world.act("huong", "plan-visit", {**value, "place": "Sở"})
    with pytest.raises(InvalidDocument):
        world.act("huong", "plan-visit", {**value, "team": [{"account": "ninh", "unit": BN}], "place": "Sở"})


# What is written


def test_a_decision_is_chained_well_formed_and_its_reason_is_a_part(world):
    first = world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    second = world.act("huong", "approve-na", ON_BN, "Không có chức năng này")
    for decision in (first, second):
        check(decision)
    assert (first["n"], first["previous"]) == (1, [])
    assert (second["n"], second["previous"]) == (2, [first["_id"]])
    assert second["at"] == "2024-10-08T05:00:00Z"
    assert world.group_database().get(f"part:{second['reason']}")["value"] == "Không có chức năng này"
    (newest, _) = world.service.board.decisions(None, GROUP, YEAR).decisions
    assert (newest.reason, newest.by.name, newest.stands) == ("Không có chức năng này", "Nguyễn Thị Hương", True)


def test_an_acceptance_binds_the_cross_submissions_as_they_stand(world):
    one, two = cross(world, login="minh", number=1), cross(world, login="dung", number=2, points="50")
    decision = world.act("huong", "accept", ON_BN)
    wanted = sorted((it["_id"], body_sha256(it)) for it in (one, two))
    assert [(it["id"], it["sha256"]) for it in decision["inputs"]] == wanted
    row = next(it for it in world.service.board.sheet(None, GROUP, YEAR, BN).sections[0].criteria)
    assert (row.value, row.stage, row.state) == (55, "cluster", "accepted")


def count(world, submission, *, counts):
    value = {"submission": submission["_id"], "counts": counts}
    world.act("huong", "count-submission", value, "Theo biên bản của đoàn")


def bound(world):
    return [it["id"] for it in world.act("huong", "accept", ON_BN)["inputs"]]


def test_a_contested_checklist_is_not_accepted_until_one_submission_is_decided_on(world):
    visit = world.plan_visit(BN, "minh")
    one, two = cross(world, number=1, visit=visit), cross(world, number=2, points="50", visit=visit)
    with pytest.raises(Missing):
        world.act("huong", "accept", ON_BN)
    count(world, two, counts=True)
    assert bound(world) == [two["_id"]]
    assert one["_id"] not in bound(world)


def test_what_a_decision_set_aside_is_not_accepted(world):
    one, two = cross(world, number=1), cross(world, login="dung", number=2, points="50")
    count(world, one, counts=False)
    named = [{"id": it["_id"], "sha256": body_sha256(it)} for it in (one, two)]
    with pytest.raises(Clash):
        world.act("huong", "accept", ON_BN, inputs=named)
    assert bound(world) == [two["_id"]]


def test_a_checklist_of_another_scheme_or_of_a_visit_nobody_planned_is_not_accepted(world):
    visit = world.plan_visit(BN, "minh")
    minh = world.accounts["minh"]
    other = submission_of(minh, "d1", BN, {"i-1": "50"}, visit=visit, scheme="scheme:khoi-100:1")
    unplanned = submission_of(minh, "d1", BN, {"i-1": "50"}, visit="01j9zzzzzzzzzzzzzzzzzzzzzz")
    put(world, f"g-{GROUP}-{YEAR}", other)
    put(world, f"g-{GROUP}-{YEAR}", unplanned)
    with pytest.raises(Missing):
        world.act("huong", "accept", ON_BN)


def test_what_changed_since_it_was_looked_at_is_not_decided_on(world):
    submission = cross(world)
    with pytest.raises(Clash):
        world.act("huong", "accept", ON_BN, inputs=[{"id": submission["_id"], "sha256": "0" * 64}])


def test_people_at_two_desks_see_each_others_acts(world):
    def act(number):
        return world.act("huong", "approve-na", {"unit": BN, "criterion": f"i-{number % 3 + 1}"}, f"Lý do {number}")

    assert {type(each) for each in at_once(6, act)} == {dict}
    assert [it["n"] for it in log(world)] == [1, 2, 3, 4, 5, 6]
    assert len(heads(log(world))) == 1


def test_branches_that_had_not_met_are_contested_until_one_settles_both(world):
    """Another server decided meanwhile, as if it had seen nothing of ours."""
    from schemas.decision import build

    ours = world.act("huong", "approve-na", ON_BN, "Có")
    reason = world.group_database().get(f"part:{ours['reason']}")
    theirs = build(
        [], "refuse-na", ON_BN, group=GROUP, year=YEAR, by="huong", authority={"unit": HD, "as": "leader"},
        at="2024-10-08T05:00:01Z", reason=reason["_id"].partition(":")[2],
    )  # fmt: skip
    put(world, "g-cum-1-2024", theirs)
    assert next(it.kind for it in world.service.board.tasks(None, GROUP, YEAR)) == "contested"
    world.act("huong", "approve-na", ON_BN, "Vẫn có")
    assert world.service.board.trace(None, GROUP, YEAR, BN, "i-1").row.state == "contested"
    with pytest.raises(Invalid):
        world.act("huong", "approve-na", {"unit": BN, "criterion": "i-2"}, "x", settles=[ours["_id"]])
    sides = [it.decision for it in world.service.board.decisions(None, GROUP, YEAR).decisions if it.contested]
    world.act("huong", "approve-na", ON_BN, "Đã xem cả hai", settles=sides)
    assert world.service.board.trace(None, GROUP, YEAR, BN, "i-1").row.state == "na"


def test_a_planned_visit_has_its_database_and_its_team_finds_it_at_once(world):
    visit = world.plan_visit(BN, "minh")
    assert world.service.backend.exists(ids.visit_database(visit))
    account = world.accounts["minh"]
    code = world.service.accounts.new_code("minh").code
    device = world.service.accounts.redeem(code, "x").device
    assert f"v-{visit}" in [it["name"] for it in world.service.gateway.databases(account, device)]


def test_another_process_sees_the_same_chain(world):
    world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    with Service.open(config_at(world.service.config.data), now=world.clock, random_bytes=world.dice) as other:
        decision = other.acts.act(other.accounts.find("huong"), GROUP, YEAR, "approve-na", ON_BN, reason="Lý do")
    assert decision["n"] == 2
    assert world.act("huong", "refuse-na", ON_BN, "Lý do khác")["previous"] == [decision["_id"]]


def test_a_scheme_that_a_year_has_locked_is_changed_by_no_file_of_its_version(world):
    setup, year = world.service.setup, world.group_database().get(f"groupyear:{GROUP}:{YEAR}")
    changed = shipped("cum-1000")
    changed["names"]["vi"] = "Bảng điểm khác"
    setup.scheme(changed)
    world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    locked = world.group_database().get("scheme:cum-1000:1")

    setup.group_year(year)
    with pytest.raises(Clash) as refused:
        setup.scheme(shipped("cum-1000"))

    assert world.group_database().get("scheme:cum-1000:1") == locked
    assert refused.value.said.code == "scheme-locked-in"
    assert setup.scheme({**shipped("cum-1000"), "_id": "scheme:cum-1000:2", "version": 2})
