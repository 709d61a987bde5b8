"""Under a scheme that weighs three stages, pages say what an acceptance will come to, and what is provisional."""

from __future__ import annotations

import html
import re

import pytest

from schemas import ids
from schemas.scheme import shipped
from server.problems import Missing
from tests.server.test_follower import put
from tests.server.test_web import token
from tests.server.world import BN, GROUP, YEAR, group_year, submission_of

BASE = f"/{GROUP}/{YEAR}"
WEIGHTS = {"self": "0.2", "cross": "0.3", "cluster": "0.5"}
SCHEME = "scheme:trong-so:1"


@pytest.fixture
def weighted(world):
    scheme = {**shipped("cum-1000"), "_id": SCHEME, "scheme": "trong-so", "mode": "weighted", "weights": WEIGHTS}
    world.service.setup.scheme(scheme)
    world.service.setup.group_year({**group_year(), "scheme": SCHEME})
    world.settle()
    return world


def inspected(world, **cross):
    """Bắc Ninh scores 40 and 40 for itself, and its visit answers `cross`."""
    visit = world.plan_visit(BN, "dung")
    own = submission_of(world.accounts["bac"], "d1", BN, {"i-1": "40", "i-2": "40"}, scheme=SCHEME)
    theirs = submission_of(world.accounts["dung"], "d2", BN, {"i-1": "50"}, visit=visit, number=2, scheme=SCHEME)
    made = theirs["answers"]["i-1"]
    none = {name: it for name, it in made.items() if name != "points"} | {"na": True}
    theirs["answers"] |= {name.replace("_", "-"): none for name in cross}
    put(world, ids.unit_database(BN, YEAR), own)
    put(world, ids.visit_database(visit), theirs)
    world.settle()


def page(enter, criterion):
    return html.unescape(enter("huong").get(f"{BASE}/units/{BN}/{criterion}").get_data(as_text=True))


def test_accepting_is_said_to_give_the_stage_its_points_and_not_the_criterion(weighted, enter):
    inspected(weighted)
    before = page(enter, "i-1")
    assert "Điểm thẩm định sẽ là 50" in before
    assert "Điểm được tính sẽ là" not in before
    weighted.act("huong", "accept", {"unit": BN, "criterion": "i-1"})
    after = page(enter, "i-1")
    assert ">48</span>" in after  # 0.2 × 40 + 0.3 × 50 + 0.5 × 50
    assert "Số in nghiêng là tạm tính" not in after, "all three stages stand"
    assert "theo theo" not in after


def test_a_weighted_sheet_tells_each_stages_share_and_which_stages_are_still_missing(weighted, enter):
    inspected(weighted)
    leader = enter("huong")
    sheet = html.unescape(leader.get(f"{BASE}/units/{BN}").get_data(as_text=True)).replace('<span class="nowrap">', "")
    for said in (
        "Tự chấm · 20 %", "Kiểm tra chéo · 30 %", "Cụm thẩm định · 50 %", "thiếu một nguồn thì chưa có điểm",
        "Tiêu chí I.1 chưa đủ ba nguồn điểm: thiếu thẩm định.",
        "Tiêu chí I.2 chưa đủ ba nguồn điểm: thiếu kiểm tra chéo, thẩm định.",
        "Còn 16 tiêu chí chưa đủ ba nguồn điểm: thiếu tự chấm, kiểm tra chéo, thẩm định.", "2/18 tiêu chí đã chấm",
    ):  # fmt: skip
        assert said in sheet, said
    matrix = html.unescape(leader.get(f"{BASE}/appraisal").get_data(as_text=True))
    for said in ("thiếu một nguồn thì chưa có điểm", ">2/3<", "Còn thiếu thẩm định"):
        assert said in matrix, said
    assert "Còn thiếu thẩm định." in page(enter, "i-1")
    lines = weighted.service.board.explain(weighted.accounts["bac"], GROUP, YEAR, BN)
    told = [lines.ranking.sentence(it.reason, "vi") for it in lines.lines]
    at = next(nth for nth, sentence in enumerate(told) if sentence.startswith("Tiêu chí I.1:"))
    assert told[at + 1] == "Tính theo trọng số cần đủ ba nguồn điểm; còn thiếu: thẩm định."


def test_where_every_inspector_says_not_applicable_there_is_no_score_to_accept(weighted, enter):
    inspected(weighted, i_2=True)
    assert "Chấp nhận điểm kiểm tra chéo" in page(enter, "i-1")
    assert "Chấp nhận điểm kiểm tra chéo" not in page(enter, "i-2")
    with pytest.raises(Missing) as missing:
        weighted.act("huong", "accept", {"unit": BN, "criterion": "i-2"})
    assert missing.value.said.code == "nothing-to-accept"


def test_a_units_own_people_are_told_on_its_page_what_they_may_still_reply_to(weighted, enter):
    inspected(weighted)
    url, told = f"{BASE}/units/{BN}", "Đơn vị được giải trình"
    assert told in enter("bac").get(url).text
    assert told not in enter("huong").get(url).text
    weighted.act("huong", "adjust", {"unit": BN, "criterion": "i-1", "answer": {"points": "45"}}, reason="Đã xem")
    assert told not in enter("bac").get(url).text


def test_the_leader_accepts_several_criteria_at_once_each_by_a_decision_of_its_own(weighted, enter):
    inspected(weighted, i_2=True)
    url, leader = f"{BASE}/units/{BN}", enter("huong")
    shown = leader.get(url).text
    seen = re.search(r'name="seen" value="(submission:[^"]+)"', shown)[1]
    assert 'name="criterion" value="i-1"' in shown
    assert 'name="criterion" value="i-2"' not in shown, "not applicable is no score to accept"
    form = {"csrf_token": token(shown), "criterion": ["i-1", "i-2"]}
    assert leader.post(f"{url}/acceptances", data={**form, "seen": f"{seen} another"}).status_code == 422
    assert leader.post(f"{url}/acceptances", data={**form, "criterion": [], "seen": seen}).status_code == 422
    assert leader.post(f"{url}/acceptances", data={**form, "seen": seen}).status_code == 303
    log = weighted.service.board.decision_documents(None, GROUP, YEAR)
    assert [it["value"] for it in log if it["act"] == "accept"] == [{"unit": BN, "criterion": "i-1"}]
    assert "Chấp nhận các tiêu chí đã chọn" not in leader.get(url).text
    other = enter("lan")
    asked = {"csrf_token": token(other.get("/").text), "criterion": ["i-1"], "seen": seen}
    assert other.post(f"{url}/acceptances", data=asked).status_code in (403, 422)


def test_a_checklist_that_arrives_while_several_criteria_are_accepted_is_not_accepted_unseen(
    weighted, enter, monkeypatch
):
    inspected(weighted)
    url, leader = f"{BASE}/units/{BN}", enter("huong")
    shown = leader.get(url).text
    seen = re.search(r'name="seen" value="(submission:[^"]+)"', shown)[1]
    act = weighted.service.acts.act

    def after_another(*arguments, **options):
        (visit,) = weighted.service.board.view(None, GROUP, YEAR).visits
        body = submission_of(
            weighted.accounts["dung"], "d2", BN, {"i-1": "10"}, visit=visit, number=3, scheme=SCHEME, supersedes=[seen]
        )
        put(weighted, ids.visit_database(visit), body)
        weighted.settle()
        return act(*arguments, **options)

    monkeypatch.setattr(weighted.service.acts, "act", after_another)
    form = {"csrf_token": token(shown), "criterion": ["i-1"], "seen": seen}
    assert leader.post(f"{url}/acceptances", data=form).status_code == 409
    assert [it["act"] for it in weighted.service.board.decision_documents(None, GROUP, YEAR)] == ["plan-visit"]
