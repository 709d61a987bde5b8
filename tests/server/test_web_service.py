"""Pages over the real service: what a leader decides on a page stands in the log and moves the standing."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from schemas.evidence import cite
from schemas.figures import format_points
from server.app import create_app
from tests.server.test_web import Links, send, sign_in, token
from tests.server.world import BN, GROUP, HD, HY, YEAR, World, evidence_of, full_marks, submission_of

BASE = f"/{GROUP}/{YEAR}"
PASSWORD = "một mật khẩu dài"


@pytest.fixture
def judged(world: World, phone: Any) -> World:
    """Bắc Ninh has scored itself at 90 % and was inspected at 80 %, with a piece of evidence; the others wait."""
    bac = phone("bac")
    bac.write(f"u-{BN}-{YEAR}", submission_of(bac.account, bac.device, BN, full_marks(90)))
    bac.push(f"u-{BN}-{YEAR}")
    world.settle()
    visit = world.plan_visit(BN, "minh")
    minh = phone("minh")
    evidence, title = evidence_of(minh.account, minh.device, title="Đêm hội làng Diềm")
    cited = cite(evidence)
    minh.write(
        f"v-{visit}",
        title,
        evidence,
        cited,
        submission_of(minh.account, minh.device, BN, full_marks(80), visit=visit, cited={"i-1": [cited["_id"]]}),
    )
    assert not minh.push(f"v-{visit}").refused
    world.settle()
    return world


@pytest.fixture
def client_of(judged: World) -> Callable[..., FlaskClient]:
    """client_of("truong", HD) signs a new person of the unit in."""
    app = create_app(judged.service.config, service=judged.service)

    def signed_in(login: str, unit: str, *roles: str) -> FlaskClient:
        judged.service.accounts.add(
            login=login, name=f"Người {login}", unit=unit, roles=roles or ("specialist",), password=PASSWORD
        )
        client = app.test_client()
        assert sign_in(client, login, PASSWORD).status_code == 303
        return client

    return signed_in


def every_link(client: FlaskClient) -> dict[str, int]:
    """All pages a reader reaches by links from the first, each with its status."""
    seen: dict[str, int] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        answer = client.get(path)
        seen[path] = answer.status_code
        if answer.mimetype == "text/html":
            for href, _ in Links(answer.text).links:
                parts = urlsplit(href)
                if href.startswith("/"):
                    waiting.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return seen


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("unit", [HD, HY, BN])
def test_no_link_of_any_page_leads_astray(client_of: Any, unit: str, language: str) -> None:
    client = client_of("nguoi-doc", unit)
    client.set_cookie("language", language)
    seen = every_link(client)
    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert len(seen) > 40, "the pages hang together: one criterion of one unit is a page"


def test_a_stranger_of_another_unit_reads_nothing(client_of: Any) -> None:
    client = client_of("nguoi-la", "bo-vhttdl")
    assert client.get(BASE).status_code in (403, 404)
    assert client.get("/").status_code == 200


def test_the_standings_page_shows_the_boards_figures(client_of: Any, judged: World) -> None:
    client = client_of("ninh-2", BN)
    links = Links(client.get(BASE).text).links
    page = judged.service.board.standings(judged.accounts["bac"], GROUP, YEAR)
    assert any(row.total is not None for row in page.rows)
    for row in page.rows:
        unit = f"{BASE}/units/{row.unit.unit}"
        if row.total is not None:
            assert (unit, format_points(row.total, "vi", places=2)) in links
        for section in row.sections:
            if section.points is not None:
                assert (f"{unit}#section-{section.section}", format_points(section.points, "vi", places=2)) in links


def test_every_answer_of_a_trace_names_its_person_time_and_evidence(client_of: Any) -> None:
    client = client_of("ninh-2", BN)
    page = client.get(f"{BASE}/units/{BN}/i-1").text
    for told in ("Lê Thị Bắc", "Nguyễn Văn Minh", "11:00 · 08/10/2024", "54", "48"):
        assert told in page
    assert "Đêm hội làng Diềm" in page
    evidence = re.search(rf'href="({BASE}/evidence/[0-9a-f]{{64}})"', page)
    assert evidence is not None
    assert "Đêm hội làng Diềm" in client.get(evidence[1]).text


def test_accepting_on_the_page_stands_in_the_log(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    path = f"{BASE}/units/{BN}/i-1"
    seen = re.search(r'name="seen" value="([^"]*)"', leader.get(path).text)
    assert seen is not None
    assert send(leader, path, act="accept", seen=seen[1]).status_code == 303
    judged.settle()
    assert "Chấp nhận điểm" in leader.get(f"{BASE}/decisions").text
    assert "Người truong" in leader.get(path).text
    row = judged.service.board.trace(judged.accounts["bac"], GROUP, YEAR, BN, "i-1").row
    assert (row.stage, row.value) == ("cluster", 48)


def test_adjusting_on_the_page_moves_the_standing_by_exactly_as_much(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    board, reader = judged.service.board, judged.accounts["bac"]
    before = next(row for row in board.standings(reader, GROUP, YEAR).rows if row.unit.unit == BN)
    assert before.total is not None
    path = f"{BASE}/units/{BN}/i-1"
    assert send(leader, path, act="adjust", value="40,5", reason="Trùng hai hoạt động.").status_code == 303
    judged.settle()
    after = next(row for row in board.standings(reader, GROUP, YEAR).rows if row.unit.unit == BN)
    assert after.total == before.total - 48 + Fraction("40.5")
    assert format_points(after.total, "vi", places=2) in leader.get(BASE).text
    log = leader.get(f"{BASE}/decisions").text
    assert "Trùng hai hoạt động." in log
    assert "40,5" in log


@pytest.mark.parametrize("typed", ["160,5", "40,3"])
def test_points_the_scheme_can_never_count_are_refused_beside_their_field(
    client_of: Any, judged: World, typed: str
) -> None:
    path = f"{BASE}/units/{BN}/i-1"
    answer = send(client_of("truong", HD), path, act="adjust", value=typed, reason="Theo biên bản.")
    assert answer.status_code == 422
    assert 'id="adjust-value-wrong"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert judged.service.board.trace(judged.accounts["bac"], GROUP, YEAR, BN, "i-1").row.state != "adjusted"


def test_a_return_makes_the_criterion_wait_and_shows_as_a_task(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    path = f"{BASE}/units/{BN}/i-1"
    submission = re.search(r'<option value="(submission:[^"]+)"', leader.get(path).text)
    assert submission is not None
    answer = send(
        leader, path, act="return", submission=submission[1], deadline="2024-10-15", reason="Thiếu biên bản của xã."
    )
    assert answer.status_code == 303
    judged.settle()
    assert "15/10/2024" in leader.get(BASE).text
    assert "Trả lại" in leader.get(f"{BASE}/units/{BN}").text


def test_the_deputy_appraises_the_leaders_unit_and_the_leader_does_not(client_of: Any) -> None:
    assert 'name="act"' not in client_of("truong", HD).get(f"{BASE}/units/{HD}/i-1").text
    assert 'name="act" value="adjust"' in client_of("pho", HY).get(f"{BASE}/units/{HD}/i-1").text


def test_an_act_typed_by_hand_is_refused_in_words_and_leaves_no_trace(client_of: Any, judged: World) -> None:
    member = client_of("ninh-2", BN)
    before = len(judged.service.board.decisions(judged.accounts["bac"], GROUP, YEAR).decisions)
    csrf = token(member.get(f"{BASE}/visits").text)
    answer = member.post(
        f"{BASE}/units/{BN}/i-1", data={"csrf_token": csrf, "act": "adjust", "value": "60", "reason": "Tự nâng."}
    )
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert len(judged.service.board.decisions(judged.accounts["bac"], GROUP, YEAR).decisions) == before


def test_a_planned_visit_is_listed_with_its_team(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    plan = {"inspected": HY, "from": "2024-11-05", "to": "2024-11-06", "place": "Nhà thi đấu tỉnh"}
    assert send(leader, f"{BASE}/visits", team=["ninh"], **plan).status_code == 303
    judged.settle()
    page = leader.get(f"{BASE}/visits").text
    for told in ("Nhà thi đấu tỉnh", "05/11/2024", "Vũ Văn Ninh"):
        assert told in page
    assert "Lên lịch kiểm tra" in leader.get(f"{BASE}/decisions").text


def test_an_administrator_makes_a_code_that_enrols_that_persons_phone(client_of: Any, judged: World) -> None:
    admin = client_of("quan-tri", "bo-vhttdl", "admin")
    page = admin.post("/devices/codes", data={"csrf_token": token(admin.get("/devices").text), "account": "minh"}).text
    code = re.search(r'class="code"[^>]*>([0-9A-Z-]+)<', page)
    assert code is not None
    assert judged.service.accounts.redeem(code[1], "Điện thoại mới").account.account == "minh"


def test_two_phones_that_use_one_enrolment_are_told_to_its_owner_and_to_the_administrator(
    client_of: Any, judged: World
) -> None:
    own, admin, other = client_of("hai-may", HY), client_of("quan-tri", "bo-vhttdl", "admin"), client_of("truong", HD)
    accounts = judged.service.accounts
    whose = accounts.by_login("hai-may")
    assert whose is not None
    enrolled = accounts.redeem(accounts.new_code(whose.account).code, "Máy của Thu")
    phone = create_app(judged.service.config, service=judged.service).test_client()

    def asks(opening: str) -> None:
        told = phone.get(f"/api/v1/databases?opening={opening}", headers={"Authorization": f"Bearer {enrolled.token}"})
        assert told.status_code == 200

    words = "Hai điện thoại đang dùng chung một lần đăng ký: Máy của Thu"
    # An app that is started again and again is one phone, and so is a request that came late.
    for opening in ("a1", "a1", "b2", "c3", "b2", "c3"):
        asks(opening)
        if opening != "c3":
            assert words not in own.get("/devices").text
    assert words in own.get("/devices").text
    assert words in admin.get("/devices").text
    assert words not in other.get("/devices").text
    judged.clock.pass_by(days=2)
    page = own.get("/devices").text
    assert "Máy của Thu" in page
    assert words not in page


def total_of(world: World, unit: str) -> Fraction | None:
    rows = world.service.board.standings(world.accounts["bac"], GROUP, YEAR).rows
    return next(row.total for row in rows if row.unit.unit == unit)


def test_a_bonus_needs_its_decision_number_counts_once_and_can_be_withdrawn(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    path, before = f"{BASE}/units/{BN}", total_of(judged, BN)
    assert before is not None
    bonus = {"act": "count-claim", "item": "bonus-practice", "occurrences": "1", "reason": "Ba huyện áp dụng."}
    nameless = send(leader, path, **bonus)
    assert nameless.status_code == 422
    assert 'id="number-wrong"' in nameless.text
    for _ in range(2):
        assert send(leader, path, **bonus, number="12/QĐ-UBND").status_code == 303
    judged.settle()
    assert total_of(judged, BN) == before + 10
    assert "12/QĐ-UBND" in leader.get(path).text
    key = re.search(r'<select id="withdrawn".*?<option value="([^"]+)"', leader.get(path).text, re.DOTALL)
    assert key is not None
    assert send(leader, path, act="refuse-claim", claim=key[1], reason="Trùng với năm trước.").status_code == 303
    judged.settle()
    assert total_of(judged, BN) == before


def test_a_unit_left_out_by_decision_is_listed_without_a_place_and_says_why(client_of: Any, judged: World) -> None:
    leader = client_of("truong", HD)
    path = f"{BASE}/units/{BN}"
    assert send(leader, path, act="rank-unit", ranked="false", reason="Đang xem xét kỷ luật.").status_code == 303
    judged.settle()
    row = next(
        row for row in judged.service.board.standings(judged.accounts["bac"], GROUP, YEAR).rows if row.unit.unit == BN
    )
    assert row.place is None
    assert "Đang xem xét kỷ luật." in leader.get(f"{BASE}/decisions").text


def test_two_submissions_side_by_side_are_settled_on_the_units_page(client_of: Any, judged: World, phone: Any) -> None:
    bac = phone("bac")
    second = submission_of(bac.account, bac.device, BN, full_marks(95), number=2)
    bac.write(f"u-{BN}-{YEAR}", second)
    bac.push(f"u-{BN}-{YEAR}")
    judged.settle()
    leader = client_of("truong", HD)
    path = f"{BASE}/units/{BN}"
    assert "Có mâu thuẫn" in leader.get(BASE).text
    page = leader.get(path).text
    # People are told apart by who sent it and when; the id is the form's.
    (option,) = re.findall(rf'<option value="{second["_id"]}">([^<]*)<', page)
    assert "Lê Thị Bắc" in option
    assert second["_id"] not in option
    assert "Chưa bản nào được tính" in page
    chosen = {"act": "count-submission", "submission": second["_id"], "reason": "Bản có chữ ký lãnh đạo."}
    assert send(leader, path, **chosen).status_code == 303
    judged.settle()
    assert 'value="count-submission"' not in leader.get(path).text


def test_a_section_mostly_not_applicable_is_decided_on_the_units_page(client_of: Any, judged: World) -> None:
    for criterion in ("ii-1", "ii-2"):
        judged.act("huong", "approve-na", {"unit": BN, "criterion": criterion}, "Không có tổ chức này.")
    judged.settle()
    leader = client_of("truong", HD)
    path = f"{BASE}/units/{BN}"
    assert total_of(judged, BN) is None
    decided = {"act": "decide-section", "section": "ii", "reason": "Theo biên bản họp cụm."}
    assert send(leader, path, **decided, points="200,5").status_code == 422
    assert send(leader, path, **decided, points="180,5").status_code == 303
    judged.settle()
    assert total_of(judged, BN) is not None
    assert "180,50" in leader.get(BASE).text


def test_a_member_sees_no_decisions_to_make_about_a_unit(client_of: Any) -> None:
    assert 'id="decide"' not in client_of("ninh-2", BN).get(f"{BASE}/units/{HY}").text
    assert 'id="decide"' not in client_of("truong", HD).get(f"{BASE}/units/{HD}").text
    assert 'id="decide"' in client_of("pho", HY).get(f"{BASE}/units/{HD}").text


def test_a_visit_is_called_off_with_a_reason_and_stays_listed(client_of: Any, judged: World) -> None:
    visit = judged.plan_visit(HY, "ninh")
    judged.settle()
    leader = client_of("truong", HD)
    path = f"{BASE}/visits"
    assert send(leader, path, act="cancel-visit", visit=visit, reason=" ").status_code == 422
    assert send(leader, path, act="cancel-visit", visit=visit, reason="Bão số 3.").status_code == 303
    judged.settle()
    assert "Đã hủy" in leader.get(path).text
    assert "Bão số 3." in leader.get(f"{BASE}/decisions").text


def test_one_achievement_entered_under_two_items_counts_once_and_another_is_a_decision_of_its_own(
    client_of: Any, judged: World
) -> None:
    leader = client_of("truong", HD)
    path, before = f"{BASE}/units/{BN}", total_of(judged, BN)
    assert before is not None
    first = {"act": "count-claim", "item": "bonus-practice", "number": "12/QĐ-UBND", "reason": "Ba huyện áp dụng."}
    several = send(leader, path, **first, occurrences="3")
    assert several.status_code == 422
    assert "Mỗi thành tích chỉ tính một lần" in several.text
    assert send(leader, path, **first).status_code == 303
    judged.settle()
    same = re.search(r'<select id="same".*?<option value="([0-9a-f]+)"', leader.get(path).text, re.DOTALL)
    assert same is not None
    again = {"act": "count-claim", "item": "bonus-prize", "reason": "Được tặng giải."}
    assert send(leader, path, **again, same=same[1]).status_code == 303
    judged.settle()
    assert total_of(judged, BN) == before + 10
    assert send(leader, path, **again, number="13/QĐ-UBND").status_code == 303
    judged.settle()
    assert total_of(judged, BN) == before + 20


def test_what_was_done_is_said_where_the_browser_comes_back_to(client_of: Callable[..., FlaskClient]) -> None:
    """Without its own place in the page, an answer is shown where the form's link had led: below what it says."""
    leader = client_of("truong", HD)
    done = send(leader, f"{BASE}/units/{BN}/i-1", act="adjust", value="50", reason="Theo biên bản.")
    assert (done.status_code, done.headers["Location"]) == (303, f"{BASE}/units/{BN}/i-1#top")
