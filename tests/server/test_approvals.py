"""A self-score is prepared by a specialist and counts once the unit's head has approved it."""

from __future__ import annotations

import html

import pytest

from schemas import ids
from schemas.evidence import cite
from schemas.hashing import part_hash
from schemas.problem import InvalidDocument, Problem
from server.app import create_app
from server.problems import Clash, Missing, Refused
from sync.errors import PeerUnreachable, StoreFull
from tests.server.test_follower import put
from tests.server.test_freezing import published
from tests.server.test_unit_events import row
from tests.server.test_web import PASSWORD, sign_in, token
from tests.server.world import BN, GROUP, HD, YEAR, evidence_of, full_marks, salted, submission_of
from tests.support.at_once import at_once


@pytest.fixture
def prepared(world):
    """What a specialist, who is no head, has sent."""
    world.accounts["so"] = world.service.accounts.add(
        login="so", name="Trần Thị Sổ", unit=BN, roles=("specialist",), password=None, account="so"
    )
    world.service.setup.joined(world.accounts["so"])
    document = submission_of(world.accounts["so"], "d1", BN, full_marks(80), approved_by=None)
    put(world, ids.unit_database(BN, YEAR), document)
    world.settle()
    return document


def approve(world, login, submission):
    return world.service.approvals.approve(world.accounts[login], GROUP, YEAR, submission)


def sheet(world):
    return world.service.board.sheet(world.accounts["lan"], GROUP, YEAR, BN)


def test_what_no_head_approved_does_not_count_and_is_shown_as_waiting_for_the_head(world, prepared):
    assert row(world, BN)["base"] is None
    assert [(it.submission, it.by.name) for it in sheet(world).prepared] == [(prepared["_id"], "Trần Thị Sổ")]
    tasks = world.service.board.tasks(None, GROUP, YEAR)
    assert [(it.unit.unit, it.subject) for it in tasks if it.kind == "approval"] == [(BN, prepared["_id"])]


def test_an_approval_makes_the_same_answers_count_in_the_heads_name(world, prepared):
    approved = approve(world, "bac", prepared["_id"])
    assert (approved["answers"], approved["by"], approved["approved_by"]) == (prepared["answers"], "bac", "bac")
    assert row(world, BN)["base"] is not None
    assert sheet(world).prepared == ()
    assert ids.arrival_id(approved["_id"], world.service.config.server) in world.ids_of("arrival")


def test_only_the_head_of_that_unit_approves_and_only_what_waits(world, prepared):
    for login in ("so", "huong", "hoi-dong"):
        with pytest.raises(Refused):
            approve(world, login, prepared["_id"])
    with pytest.raises(Missing):
        approve(world, "bac", f"submission:{GROUP}:{BN}:self:01j9ad70010000000000000009")
    approve(world, "bac", prepared["_id"])
    with pytest.raises(Clash):
        approve(world, "bac", prepared["_id"])
    assert len(world.ids_of(f"submission:{GROUP}:{BN}")) == 2


def test_of_many_taps_on_one_button_one_approves_and_nothing_is_contested(world, prepared):
    outcomes = at_once(6, lambda _: approve(world, "bac", prepared["_id"]))
    assert sorted(type(each).__name__ for each in outcomes) == ["Clash"] * 5 + ["dict"]
    assert (row(world, BN)["base"], sheet(world).standing.contested) == ("800.00", ())


def test_until_a_correction_is_approved_the_approved_version_counts(world, prepared):
    first = approve(world, "bac", prepared["_id"])
    world.settle()
    so, again, over = world.accounts["so"], [], first["_id"]
    for share, number in ((90, 2), (100, 3)):
        marks = full_marks(share)
        again.append(submission_of(so, "d1", BN, marks, number=number, approved_by=None, supersedes=[over]))
        over = again[-1]["_id"]
    put(world, ids.unit_database(BN, YEAR), *again)
    before = row(world, BN)["base"]
    assert before == "800.00"
    assert [it.submission for it in sheet(world).prepared] == [again[1]["_id"]]
    approve(world, "bac", again[1]["_id"])
    assert row(world, BN)["base"] == "1000.00"


def client_of(world, login, unit):
    world.service.accounts.add(login=login, name=login, unit=unit, roles=("head",), password=PASSWORD)
    client = create_app(world.service.config, service=world.service).test_client()
    assert sign_in(client, login, PASSWORD).status_code == 303
    return client


def test_the_head_reads_all_that_was_prepared_before_the_button_that_approves_it(world, prepared):
    evidence, title = evidence_of(world.accounts["so"], "d1", title="Ngày hội văn hóa")
    note, why, named = salted("Theo báo cáo số 45"), salted("Không có di tích"), salted("Mô hình thư viện lưu động")
    paper = {"on": "2024-10-05", "scored_by": part_hash(salted("Bà Tư"))}
    cited = cite(evidence)
    marks = submission_of(world.accounts["so"], "d1", BN, {"i-1": "52.5", "i-3": "30"}, number=7, approved_by=None)
    by = {"by": "so", "at": marks["made"]}
    marks["answers"]["i-1"] |= {"note": part_hash(note), "evidence": [cited["_id"]], "paper": paper}
    marks["answers"]["i-2"] = {"na": True, "note": part_hash(why), **by}
    claim = {"item": "replicated", "subject": part_hash(named), "number": "12/QĐ", "evidence": []}
    later = {**marks, "claims": [claim], "supersedes": [approve(world, "bac", prepared["_id"])["_id"]]}
    put(world, ids.unit_database(BN, YEAR), title, note, why, named, salted("Bà Tư"), evidence, cited, later)
    world.settle()
    page = client_of(world, "truong-bn", BN).get(f"/{GROUP}/{YEAR}/units/{BN}").text
    told = page[page.index("Phiếu chờ duyệt") : page.index("Duyệt phiếu này")]
    for said in (
        "52,5", "Theo báo cáo số 45", "Bà Tư chấm ngày 05/10/2024", "1 minh chứng", cited["_id"].removeprefix("cited:"),
        "Không có di tích", "để trống", "Mô hình thư viện lưu động", "12/QĐ", "Cộng 82,5 điểm", "Khác 19 chỗ",
    ):  # fmt: skip
        assert said in told, said


def test_beside_what_counts_a_prepared_correction_shows_only_what_differs(world, prepared):
    first = approve(world, "bac", prepared["_id"])
    marks, named = {**full_marks(80), "i-1": "40"}, {"approved_by": None, "supersedes": [first["_id"]]}
    put(world, ids.unit_database(BN, YEAR), submission_of(world.accounts["so"], "d1", BN, marks, number=2, **named))
    world.settle()
    (waiting,) = sheet(world).prepared
    changed = {it.criterion: it for section in waiting.sections for it in section.rows if it.changes}
    assert (waiting.counted, waiting.changes, list(changed)) == (first["_id"], 1, ["i-1"])
    one = changed["i-1"]
    assert (one.changes, one.answer.raw, one.before.raw) == (("value",), "40", full_marks(80)["i-1"])


def test_the_head_approves_on_the_units_page_and_others_see_no_button(world, prepared):
    url = f"/{GROUP}/{YEAR}/units/{BN}"
    head, other = client_of(world, "truong-bn", BN), client_of(world, "truong-hd", HD)
    for client, may in ((other, False), (head, True)):
        page = client.get(url).get_data(as_text=True)
        assert "chờ lãnh đạo đơn vị duyệt" in page
        assert ("Duyệt phiếu này" in page) is may
    form = {"submission": prepared["_id"], "csrf_token": token(head.get(url).text)}
    assert head.post(f"{url}/approval", data=form).status_code == 303
    again = head.post(f"{url}/approval", data=form)
    said = html.unescape(again.text)
    assert (again.status_code, "Việc này vừa thay đổi" in said, "Chưa có gì bị thay đổi." in said) == (409, True, True)
    assert "Đã có người làm trước" not in said, "the sentence above it says so already"
    assert "chờ lãnh đạo đơn vị duyệt" not in other.get(url).get_data(as_text=True)


def test_once_the_result_is_published_nothing_is_approved_and_the_page_says_so(world, prepared):
    head = client_of(world, "truong-bn", BN)
    published(world)
    page = html.unescape(head.get(f"/{GROUP}/{YEAR}/units/{BN}").text)
    assert "Kết quả đã công bố là cuối cùng" in page
    assert "Duyệt phiếu này" not in page
    with pytest.raises(Clash) as refused:
        approve(world, "bac", prepared["_id"])
    assert refused.value.said.code == "published-final"


def test_who_may_see_a_page_and_not_act_on_it_reads_that_the_act_was_refused_and_gets_back(world, prepared):
    url, other = f"/{GROUP}/{YEAR}/units/{BN}", client_of(world, "truong-hd", HD)
    form = {"submission": prepared["_id"], "csrf_token": token(other.get("/devices").text)}
    answer = other.post(f"{url}/approval", data=form, headers={"Referer": f"http://localhost{url}"})
    page = html.unescape(answer.text)
    assert answer.status_code == 403
    assert "Việc này không được chấp nhận" in page
    assert "Trang này dành cho người khác" not in page
    assert f'href="{url}"' in page
    elsewhere = other.post(f"{url}/approval", data=form, headers={"Referer": "http://localhost.example/x"})
    assert "Quay lại trang vừa rồi" not in html.unescape(elsewhere.text)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (StoreFull("no space left on device"), 507, "Lần gửi này chưa được ghi"),
        (InvalidDocument([Problem("value", "not-text")]), 422, "Phải là chữ."),
        (PeerUnreachable("inside: refused"), 503, "xem việc vừa làm đã được ghi chưa"),
        (RuntimeError("inside"), 500, "Số liệu đã lưu trước đó vẫn an toàn"),
    ],
)
def test_a_page_says_what_became_of_what_was_sent(world, prepared, monkeypatch, error, status, said):
    head, url = client_of(world, "truong-bn", BN), f"/{GROUP}/{YEAR}/units/{BN}"

    def broken(*_):
        raise error

    monkeypatch.setattr(world.service.approvals, "approve", broken)
    form = {"submission": prepared["_id"], "csrf_token": token(head.get(url).text)}
    answer = head.post(f"{url}/approval", data=form)
    assert (answer.status_code, said in html.unescape(answer.text)) == (status, True)
    assert "inside" not in answer.text
