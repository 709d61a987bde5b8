"""The page of visits proposes a fair plan and puts teams side by side; the command prints the same."""

from __future__ import annotations

import html
import json
import re

from click.testing import CliRunner

from server.cli import main
from tests.server.test_follower import put
from tests.server.world import BN, GROUP, HD, YEAR, full_marks, submission_of


def test_a_plan_leaves_out_what_is_decided_and_names_every_unit_that_lacks_a_team(world):
    world.plan_visit(BN, "minh")
    plan = world.service.board.visit_plan(world.accounts["huong"], GROUP, YEAR)
    members = set(world.service.board.view(None, GROUP, YEAR).members_on(world.service.board.today()))
    assert {visit.inspected.unit for visit in plan.visits} == members - {BN}
    assert all(visit.inspecting.unit != visit.inspected.unit for visit in plan.visits)
    assert "plan-standing" in {it.code for it in plan.reasons}


def test_more_teams_than_there_are_other_units_are_a_sentence_and_no_plan(world):
    plan = world.service.board.visit_plan(None, GROUP, YEAR, teams_per_unit=40)
    assert not plan.visits
    assert {it.code for it in plan.problems} == {"plan-too-many"}


def test_few_visits_are_not_compared(world):
    found = world.service.board.comparison(world.accounts["bac"], GROUP, YEAR)
    assert (found.teams, [it.code for it in found.reasons]) == ((), ["leniency-few"])


def test_the_command_prints_the_boards_plan(world):
    expected = world.service.board.visit_plan(None, GROUP, YEAR, stay_home=[HD])
    told = ["visits", "plan", GROUP, str(YEAR), "--stay-home", HD, "--data", str(world.service.config.data)]
    done = CliRunner().invoke(main, [*told, "--json"], catch_exceptions=False)
    assert [(it["inspecting"], it["inspected"], it["round"]) for it in json.loads(done.stdout)["visits"]] == [
        (it.inspecting.unit, it.inspected.unit, it.round) for it in expected.visits
    ]
    assert HD not in {it["inspecting"] for it in json.loads(done.stdout)["visits"]}
    printed = CliRunner().invoke(main, [*told, "--locale", "vi"], catch_exceptions=False).stdout
    assert "Không đơn vị nào tự kiểm tra mình." in printed
    assert HD not in printed  # people read names, not ids


def test_teams_are_compared_from_five_visits_on(world):
    for number, login in enumerate(("minh", "minh", "minh", "minh", "minh")):
        visit = world.plan_visit(BN, login)
        account, device = world.accounts[login], f"01jb00000000000000000000{number:02d}"
        body = submission_of(account, device, BN, full_marks(80 + number), visit=visit)
        put(world, f"v-{visit}", body)
    world.settle()
    found = world.service.board.comparison(None, GROUP, YEAR)
    assert found.visits == 5
    assert [it.code for it in found.reasons] == ["leniency-caution"]
    assert found.agreement


def test_a_leader_who_plans_for_the_own_unit_reads_by_name_whose_act_it_is(world, enter):
    member = world.accounts["minh"]
    sent = {"inspected": HD, "place": "Sở", "from": "2024-10-20", "to": "2024-10-21", "team": member.account}
    client = enter("huong")
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/{GROUP}/{YEAR}/visits").text)[1]
    answer = client.post(f"/{GROUP}/{YEAR}/visits", data={**sent, "csrf_token": token})
    assert answer.status_code == 403
    assert "thuộc cụm phó (khối phó): Hưng Yên." in html.unescape(answer.text)
