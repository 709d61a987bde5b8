"""What two servers decided at the same moment is settled on the page that shows it, and names who decided."""

from __future__ import annotations

import html
import re

import pytest

from schemas import ids
from schemas.decision import build
from schemas.hashing import part
from schemas.problem import InvalidDocument
from tests.server.test_follower import put
from tests.server.test_freezing import ballot, locked, published, scored
from tests.server.test_result_page import ballot_fields
from tests.server.world import BN, GROUP, HD, HY, YEAR, full_marks, salted, submission_of

BASE = f"/{GROUP}/{YEAR}"
SHEET = f"{BASE}/units/{BN}"


def read(client, page):
    return html.unescape(client.get(page).get_data(as_text=True))


def filled(client, page, act, **fields):
    """The form of the page that holds this act, sent with what it hides in itself."""
    forms = re.findall(r"<form method=\"post\".*?</form>", client.get(page).get_data(as_text=True), re.DOTALL)
    form = next(it for it in forms if act in it and all(f'value="{given}"' in it for given in fields.values()))
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    sent = {}
    for name, value in hidden:
        sent.setdefault(name, []).append(html.unescape(value))
    return sent


def elsewhere(world, act, value, by="huong", unit=HD, as_="leader", inputs=()):
    """Another server, that had seen nothing of ours, decided this."""
    reason = salted("Máy chủ kia ghi.")
    theirs = build(
        [], act, value, group=GROUP, year=YEAR, by=by, authority={"unit": unit, "as": as_},
        at="2024-10-08T05:00:01Z", reason=reason["_id"].partition(":")[2],
        inputs=inputs,
    )  # fmt: skip
    put(world, ids.group_database(GROUP, YEAR), reason, theirs)
    world.settle()
    return theirs


def contested(world):
    return list(world.service.board.view(None, GROUP, YEAR).folded.contested)


def test_a_tie_ballot_written_on_two_servers_is_settled_on_the_result_page(world, enter):
    scored(world, so_hy=90, so_bn=90)
    world.act("huong", "tie-ballot", ballot(), "Biên bản ngày 08/10")
    elsewhere(world, "tie-ballot", ballot(votes={HY: 3, BN: 0}))
    leader = enter("huong")
    assert "Hai quyết định song song" in read(leader, f"{BASE}/result")
    sent = filled(leader, f"{BASE}/result", "tie-ballot")
    typed = {name: it for name, it in ballot_fields(so_bn="2", so_hy="1").items() if name != "invalid"}
    answer = leader.post(f"{BASE}/result", data={**sent, **typed}, follow_redirects=True)
    assert "Đã ghi kết quả bỏ phiếu." in answer.get_data(as_text=True)
    assert contested(world) == []
    rows = world.service.board.standings(None, GROUP, YEAR).rows
    assert [(row.unit.unit, row.place) for row in rows] == [(HD, 1), (BN, 2), (HY, 3)]


def test_a_tie_ballot_side_by_side_is_settled_though_later_scores_broke_the_tie(world, enter):
    scored(world, so_hy=90, so_bn=90)
    world.act("huong", "tie-ballot", ballot(), "Biên bản ngày 08/10")
    elsewhere(world, "tie-ballot", ballot(votes={HY: 3, BN: 0}))
    before = next(it for it in world.ids_of("submission") if f":{BN}:self:" in it)
    better = submission_of(world.accounts["bac"], "d1", BN, full_marks(92), number=9, supersedes=[before])
    put(world, ids.unit_database(BN, YEAR), better)
    world.settle()
    leader = enter("huong")
    sent = filled(leader, f"{BASE}/result", "tie-ballot")
    typed = {name: it for name, it in ballot_fields(so_bn="2", so_hy="1").items() if name != "invalid"}
    assert leader.post(f"{BASE}/result", data={**sent, **typed}).status_code == 303
    assert contested(world) == []


@pytest.mark.parametrize(
    ("act", "value", "typed"),
    [
        ("rank-unit", {"unit": BN, "ranked": False}, {"ranked": "true"}),
        (
            "count-claim",
            {"unit": BN, "item": "bonus-prize", "key": "k", "occurrences": "1", "number": "7/QĐ"},
            None,
        ),
    ],
)
def test_what_two_servers_decided_about_a_unit_is_settled_on_its_page(world, enter, act, value, typed):
    scored(world)
    world.act("huong", act, value, "Máy chủ này ghi.")
    elsewhere(world, "refuse-claim" if act == "count-claim" else act, value)
    assert len(contested(world)) == 1
    leader = enter("huong")
    assert "Hai quyết định song song" in read(leader, SHEET)
    if typed is None:  # the claim that counts on one side is withdrawn for both
        found = re.search(r'<select id="withdrawn".*?<option value="([^"]+)"', read(leader, SHEET), re.DOTALL)
        sent, typed = filled(leader, SHEET, "refuse-claim"), {"act": "refuse-claim", "claim": found[1]}
    else:
        sent = filled(leader, SHEET, act)
    answer = leader.post(SHEET, data={**sent, **typed, "reason": "Đã xem cả hai."})
    assert answer.status_code == 303
    assert contested(world) == []


CARRIED = {"unit": BN, "criterion": "i-1", "from": HY, "event": f"unitevent:2024-10-08:{BN}"}


@pytest.mark.parametrize(
    ("act", "ours", "theirs"),
    [
        ("lock-scheme", {"scheme": "scheme:cum-1000:1"}, {"scheme": "scheme:cum-1000:2"}),
        ("lock-scores", {"locked": False}, {"locked": True, "best": {}}),
        ("rank-unit", {"unit": BN, "ranked": False}, {"unit": BN, "ranked": True}),
        ("count-submission", {"counts": False}, {"counts": True}),
        ("carry-over", {**CARRIED, "answer": {"points": "1"}}, {**CARRIED, "answer": {"points": "2"}}),
    ],
)
def test_a_task_of_two_decisions_leads_to_the_page_that_shows_them_side_by_side(world, enter, act, ours, theirs):
    scored(world)
    (own,) = (it for it in world.ids_of("submission") if f":{BN}:self:" in it)
    named = {"submission": own} if act == "count-submission" else {}
    for value, by, at in ((ours, "huong", HD), (theirs, "lan", HY)):
        elsewhere(world, act, value | named, by=by, unit=at, inputs=[(own, "0" * 64)])
    assert len(contested(world)) == 1
    leader = enter("huong")
    ((_, page),) = set(re.findall(r'<li><a href="(([^"]*))"><span class="problem">', read(leader, BASE)))
    assert "Hai quyết định song song" in read(leader, page)


def test_a_decision_that_came_after_the_page_was_shown_is_not_settled_unseen(world, enter):
    scored(world)
    world.act("huong", "rank-unit", {"unit": BN, "ranked": False}, "Máy chủ này ghi.")
    leader = enter("huong")
    sent = filled(leader, SHEET, "rank-unit")
    elsewhere(world, "rank-unit", {"unit": BN, "ranked": True})
    leader.post(SHEET, data={**sent, "ranked": "true", "reason": "Chỉ thấy một bên."})
    assert contested(world) == [f"rank:{BN}"]


def test_the_log_names_the_council_and_its_unit_though_they_are_no_members(world, enter):
    freeze, _publish = published(world)
    page = read(enter("bac"), f"{BASE}/decisions")
    assert "Đặng Văn Đồng" in page
    assert "bo-vhttdl" not in page
    assert world.accounts["hoi-dong"].account[:10] not in page
    # Their names are told since the freezing, and are nothing that came after it.
    assert world.service.results.result(None, GROUP, YEAR).later == {}
    assert freeze["_id"] in world.ids_of("decision")


def test_who_decided_before_names_were_told_is_named_after_a_sweep(world):
    scored(world)
    elsewhere(world, "lock-scores", {"locked": True, "best": {}}, by="hoi-dong", unit="bo-vhttdl", as_="council")
    world.settle()
    entry = world.service.board.decisions(None, GROUP, YEAR).decisions[0]
    assert (entry.by.name, entry.authority_unit.short_names["vi"]) == ("Đặng Văn Đồng", "Bộ")


def test_a_departure_without_a_reason_is_among_todays_tasks_until_it_is_minuted(world, enter):
    locked(world)
    votes = {"units": [BN], "held": "2024-10-08", "voters": 3, "present": 3, "invalid": 0, "votes": {BN: 2}}
    world.act("huong", "award-ballot", {"award": "flag", **votes}, "Biên bản")
    page = read(enter("huong"), f"{BASE}")
    assert "Bắc Ninh được đề nghị trước Hải Dương, Hưng Yên" in page
    assert f'href="{BASE}/result"><span' in page
    world.act("hoi-dong", "depart-order", {"award": "flag", "units": [BN], "over": sorted([HD, HY])}, "Dẫn đầu.")
    assert [it.kind for it in world.service.board.tasks(None, GROUP, YEAR)] == []


def claimed(world, *replaced):
    """One achievement, claimed under two items: two parts, for each has its own salt."""
    texts = [part("Cháu Na đoạt giải", salt * 32) for salt in "ab"]
    claims = [
        {"item": item, "subject": text["_id"].partition(":")[2], "number": "12/QĐ", "evidence": []}
        for item, text in zip(("bonus-practice", "bonus-prize"), texts, strict=True)
    ]
    body = submission_of(
        world.accounts["bac"], "d1", BN, full_marks(90), number=7, claims=claims, supersedes=list(replaced)
    )
    put(world, ids.unit_database(BN, YEAR), *texts, body)
    world.settle()
    return claims


@pytest.mark.parametrize("gone", [(0,), (1,), (0, 1)])
def test_a_claim_decided_before_its_text_was_withheld_is_not_offered_again(world, enter, gone):
    claims = claimed(world)
    leader = enter("huong")
    for _ in claims:
        sent = filled(leader, SHEET, 'name="claim"')
        leader.post(SHEET, data={**sent, "act": "count-claim", "reason": "Có quyết định."})
    assert "Đề nghị:" not in read(leader, SHEET)
    for index in gone:
        world.act("hoi-dong", "withhold", {"kind": "part", "sha256": claims[index]["subject"]}, "Gia đình đề nghị")
    assert "Đề nghị:" not in read(leader, SHEET)


def test_a_claim_nobody_has_decided_is_a_task_and_its_own_unit_reads_it_with_its_evidence(world, enter):
    scored(world)
    claimed(world, *(it for it in world.ids_of("submission") if f":{BN}:" in it))
    assert [(it.kind, it.unit.unit) for it in world.service.board.tasks(None, GROUP, YEAR)] == [("claim", BN)]
    leader, own = enter("huong"), enter("bac")
    assert "Đề nghị thưởng, trừ" in read(leader, BASE)
    assert "Cháu Na đoạt giải" in read(own, SHEET)
    for _ in range(2):
        sent = filled(leader, SHEET, 'name="claim"')
        leader.post(SHEET, data={**sent, "act": "refuse-claim", "reason": "Chưa đủ hồ sơ."})
    assert [it.kind for it in world.service.board.tasks(None, GROUP, YEAR)] == []
    assert "Cháu Na đoạt giải" not in read(own, SHEET)


def test_a_claim_decided_under_its_number_in_another_spelling_is_not_offered_again(world, enter):
    claims = claimed(world)
    for item in ("bonus-practice", "bonus-prize"):
        assert "Đề nghị:" in read(enter("huong"), SHEET)
        value = {"unit": BN, "item": item, "key": claims[0]["subject"][:16], "occurrences": "1", "number": "12 / qđ"}
        world.act("huong", "count-claim", value, "Có quyết định.")
    assert [it.kind for it in world.service.board.tasks(None, GROUP, YEAR) if it.kind == "claim"] == []
    assert "Đề nghị:" not in read(enter("huong"), SHEET)


@pytest.mark.parametrize("replaced", ["the unit withdrew it", "nobody approved it"])
def test_what_a_submission_claims_that_does_not_count_is_not_offered_for_a_decision(world, enter, replaced):
    claimed(world)
    (first,) = world.ids_of("submission")
    if replaced == "the unit withdrew it":
        after = submission_of(world.accounts["bac"], "d1", BN, full_marks(90), number=9, supersedes=[first])
        put(world, ids.unit_database(BN, YEAR), after)
    else:
        texts = [part("Cháu Mơ đoạt giải", "c" * 32)]
        claims = [{"item": "bonus-prize", "subject": texts[0]["_id"][5:], "number": "13/QĐ", "evidence": []}]
        after = submission_of(
            world.accounts["bac"], "d1", BN, full_marks(90), number=9, supersedes=[first], claims=claims,
            approved_by=None,
        )  # fmt: skip
        put(world, ids.unit_database(BN, YEAR), *texts, after)
    world.settle()
    page = read(enter("huong"), SHEET)
    assert ("Cháu Na đoạt giải" in page) == (replaced == "nobody approved it")
    assert "Cháu Mơ đoạt giải" not in page


def flagged(world, *units):
    """Each of these units has an open complaint from the day on: none may be proposed for an award."""
    database = world.group_database()
    year = database.get(ids.groupyear_id(GROUP, YEAR))
    flags = [{"unit": it, "opened": "2024-10-01", "closed": None, "kind": "complaint"} for it in units]
    world.service.setup.group_year({**{name: it for name, it in year.items() if name[0] != "_"}, "flags": flags})
    world.settle()


HONOUR = {
    "award": "flag",
    "units": [BN],
    "held": "2024-10-08",
    "voters": 3,
    "present": 3,
    "invalid": 0,
    "votes": {BN: 2},
}


def honoured_twice(world):
    scored(world)
    world.act("huong", "award-ballot", HONOUR, "Biên bản ngày 08/10")
    elsewhere(world, "award-ballot", {**HONOUR, "votes": {BN: 1}})
    flagged(world, HD, HY, BN)


def test_honours_side_by_side_of_a_unit_that_is_eligible_no_more_are_struck_on_the_result_page(world, enter):
    honoured_twice(world)
    assert contested(world) == ["honour:flag"]
    leader = enter("huong")
    assert "Bản ghi song song · Bỏ phiếu suy tôn Cờ thi đua" in read(leader, f"{BASE}/result")
    sent = filled(leader, f"{BASE}/result", 'value="strike"')
    refused = leader.post(f"{BASE}/result", data={**sent, "reason": " "})
    assert (refused.status_code, contested(world)) == (422, ["honour:flag"])
    # Bắc Ninh's own people do not set aside a ballot on Bắc Ninh, and are told whose it is.
    assert enter("bac").post(f"{BASE}/result", data={**sent, "reason": "x"}).status_code in (400, 403)
    answer = leader.post(f"{BASE}/result", data={**sent, "reason": "Kiểm phiếu sai."}, follow_redirects=True)
    assert "không bản nào có hiệu lực" in html.unescape(answer.get_data(as_text=True))
    assert contested(world) == []
    log = read(leader, f"{BASE}/decisions")
    assert "Hủy các bản ghi song song" in log
    assert "Bỏ phiếu suy tôn Cờ thi đua" in log
    told = world.service.board.explain(None, GROUP, YEAR, BN)
    assert "explain-struck" in [line.reason.code for line in told.lines]


def test_what_is_no_matter_of_the_meeting_is_not_struck(world):
    scored(world)
    world.act("huong", "rank-unit", {"unit": BN, "ranked": False}, "Máy chủ này ghi.")
    elsewhere(world, "rank-unit", {"unit": BN, "ranked": True})
    sides = [it["_id"] for it in world.service.board.view(None, GROUP, YEAR).folded.contested[f"rank:{BN}"].sides]
    for value in ({"subject": f"rank:{BN}"}, {"subject": f"rank:{BN}", "units": [BN]}):
        with pytest.raises(InvalidDocument) as refused:
            world.act("huong", "strike", value, "Hủy cả.", settles=sides)
        assert refused.value.problems
    assert contested(world) == [f"rank:{BN}"]


def test_which_of_two_honours_side_by_side_is_right_is_said_on_the_page_though_the_unit_is_eligible_no_more(
    world, enter
):
    honoured_twice(world)
    leader = enter("huong")
    sent = filled(leader, f"{BASE}/result", "award-ballot")
    assert leader.post(f"{BASE}/result", data={**sent, **ballot_fields(so_bn="2")}).status_code == 303
    assert contested(world) == []
    assert "được suy tôn, chưa đủ điều kiện" in read(leader, f"{BASE}/result")


PLAN = {"inspected": BN, "from": "2024-10-08", "to": "2024-10-09", "place": "Bắc Ninh"}


@pytest.mark.parametrize("keeps", ["plan-visit", "cancel-visit"])
def test_a_visit_moved_on_one_server_and_cancelled_on_another_is_settled_on_the_page_of_visits(world, enter, keeps):
    scored(world)
    team = [{"account": world.accounts["dung"].account, "unit": HD}]
    plan = world.act("huong", "plan-visit", {**PLAN, "team": team})["value"]
    theirs = elsewhere(world, "cancel-visit", {"visit": plan["visit"]})
    leader = enter("huong")
    page = read(leader, f"{BASE}/visits")
    assert "Hai quyết định song song" in page
    assert "phiếu của đoàn đang chờ" in page
    today = leader.get(BASE).get_data(as_text=True).partition('class="todo"')[2]
    assert f'href="{BASE}/visits"' in today.partition("</ul>")[0]
    assert "Hai quyết định song song" not in read(enter("bac"), f"{BASE}/visits")
    sent = filled(leader, f"{BASE}/visits", 'value="settle"')
    assert leader.post(f"{BASE}/visits", data={**sent, "reason": "x"}).status_code == 422
    sides = world.service.board.view(None, GROUP, YEAR).folded.contested[f"visit:{plan['visit']}"].sides
    assert theirs["_id"] in {it["_id"] for it in sides}
    side = next(it["_id"] for it in sides if it["act"] == keeps)
    answer = leader.post(f"{BASE}/visits", data={**sent, "side": side, "reason": "Đoàn vẫn đi."})
    assert (answer.status_code, contested(world)) == (303, [])
    (visit,) = world.service.board.view(None, GROUP, YEAR).visits.values()
    assert visit.state == ("planned" if keeps == "plan-visit" else "cancelled")


def test_two_plans_of_one_visit_may_both_be_dropped_on_the_page(world, enter):
    scored(world)
    team = [{"account": world.accounts["dung"].account, "unit": HD}]
    plan = world.act("huong", "plan-visit", {**PLAN, "team": team})["value"]
    elsewhere(world, "plan-visit", {**plan, "to": "2024-10-10"})
    leader = enter("huong")
    sent = filled(leader, f"{BASE}/visits", 'value="settle"')
    answer = leader.post(f"{BASE}/visits", data={**sent, "side": "cancel", "reason": "Không đi nữa."})
    assert (answer.status_code, contested(world)) == (303, [])
    assert [it.state for it in world.service.board.view(None, GROUP, YEAR).visits.values()] == ["cancelled"]


def test_the_scheme_is_locked_for_the_year_on_the_result_page_also_where_two_servers_did_so_at_once(world, enter):
    leader, scheme = enter("huong"), world.service.board.view(None, GROUP, YEAR).group_year["scheme"]
    page = f"{BASE}/result"
    answer = leader.post(page, data=filled(leader, page, "lock-scheme"), follow_redirects=True)
    assert "Đã khóa bảng điểm cho năm này." in html.unescape(answer.get_data(as_text=True))
    again = {**filled(leader, page, "lock-scores"), "act": "lock-scheme", "scheme": scheme}
    assert leader.post(page, data=again).status_code == 409
    elsewhere(world, "lock-scheme", {"scheme": scheme})
    assert contested(world) == ["scheme"]
    assert leader.post(page, data=filled(leader, page, "lock-scheme")).status_code == 303
    assert contested(world) == []
