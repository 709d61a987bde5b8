"""The inspected unit answers a deduction or a return on the page of the number it concerns."""

from __future__ import annotations

import pytest

from schemas import ids
from server.app import create_app
from server.facts import identity_of
from server.problems import Clash, Invalid, Refused
from tests.server.test_follower import put
from tests.server.test_web import PASSWORD, sign_in, token
from tests.server.world import BN, GROUP, YEAR, full_marks, submission_of
from tests.support.at_once import at_once


@pytest.fixture
def judged(world):
    """Bắc Ninh gave itself 100 for i-1 and was given 50 by a visit."""
    own = submission_of(world.accounts["bac"], "d1", BN, full_marks(100))
    put(world, ids.unit_database(BN, YEAR), own)
    world.settle()
    visit = world.plan_visit(BN, "minh")
    cross = submission_of(world.accounts["minh"], "d2", BN, full_marks(50), visit=visit, number=2)
    world.service.gateway.note_arrivals([cross], identity_of(world.accounts["minh"]), [])
    put(world, ids.visit_database(visit), cross)
    world.settle()
    return cross["_id"]


def reply(world, answers, *, login="bac", text="Đã có hồ sơ bổ sung."):
    return world.service.replies.reply(
        world.accounts[login], GROUP, YEAR, BN, "i-1", answers=answers, text=text
    )  # fmt: skip


def trace(world):
    return world.service.board.trace(world.accounts["bac"], GROUP, YEAR, BN, "i-1")


def test_a_deduction_is_answered_for_five_working_days(world, judged):
    assert [(it.answers, it.due) for it in trace(world).matters] == [(judged, "2024-10-15")]
    written = reply(world, judged)
    assert [it.text for it in trace(world).replies] == ["Đã có hồ sơ bổ sung."]
    assert world.group_database().get(written["_id"])["answers"] == judged
    world.clock.pass_by(days=8)
    with pytest.raises(Clash) as refused:
        reply(world, judged)
    assert refused.value.said.code == "reply-closed"
    assert trace(world).matters == ()


def test_of_many_taps_on_one_reply_one_is_written_and_other_words_are_another(world, judged):
    said = at_once(4, lambda _: reply(world, judged)["_id"])
    assert set(said) == set(world.ids_of(f"reply:{BN}"))
    assert len(set(said)) == 1
    assert reply(world, judged, text="Biểu tổng hợp gửi sau.")["_id"] not in said


def test_a_return_is_answered_until_it_is_decided(world, judged):
    own = next(name for name in world.ids_of("submission") if ":self:" in name)
    value = {"unit": BN, "criterion": "i-1", "submission": own, "deadline": "2024-10-10"}
    decision = world.act("huong", "return", value, "Thiếu biểu tổng hợp.")
    world.clock.pass_by(days=20)
    reply(world, decision["_id"])
    world.act("huong", "accept", {"unit": BN, "criterion": "i-1"})
    with pytest.raises(Clash):
        reply(world, decision["_id"])


def test_a_reply_by_another_unit_without_words_or_about_nothing_is_refused_and_not_written(world, judged):
    with pytest.raises(Refused):
        reply(world, judged, login="huong")
    with pytest.raises(Invalid):
        reply(world, judged, text="  ")
    with pytest.raises(Clash):
        reply(world, "decision:1:0123456789abcdef")
    assert world.ids_of("reply") == []


def test_the_unit_replies_on_its_page_and_others_see_no_form(world, judged):
    app = create_app(world.service.config, service=world.service)
    url = f"/{GROUP}/{YEAR}/units/{BN}/i-1"
    clients = []
    for login, unit in (("bn-2", BN), ("hd-2", "so-hd")):
        world.service.accounts.add(login=login, name=login, unit=unit, roles=("specialist",), password=PASSWORD)
        clients.append(app.test_client())
        assert sign_in(clients[-1], login, PASSWORD).status_code == 303
    own, other = clients
    assert "Gửi giải trình" in own.get(url).text
    assert "Gửi giải trình" not in other.get(url).text
    form = {"csrf_token": token(own.get(url).text), "answers": judged}
    assert own.post(f"{url}/replies", data={**form, "text": ""}).status_code == 422
    assert own.post(f"{url}/replies", data={**form, "text": "Xin giải trình."}).status_code == 303
    assert "Xin giải trình." in other.get(url).text


def test_what_was_sent_back_tells_the_unit_that_a_reply_is_no_new_checklist_and_where_to_enter_one(world, judged):
    own = next(name for name in world.ids_of("submission") if ":self:" in name)
    value = {"unit": BN, "criterion": "i-1", "submission": own, "deadline": "2024-10-10"}
    world.act("huong", "return", value, "Thiếu biểu tổng hợp.")
    world.service.accounts.add(login="bn-2", name="bn-2", unit=BN, roles=("specialist",), password=PASSWORD)
    client = create_app(world.service.config, service=world.service).test_client()
    assert sign_in(client, "bn-2", PASSWORD).status_code == 303
    page = client.get(f"/{GROUP}/{YEAR}/units/{BN}/i-1").text
    told = page[page.index("Về việc trả lại phiếu tự chấm") :].split("</form>")[0]
    assert f'href="/{GROUP}/{YEAR}/units/{BN}/entry"' in told
