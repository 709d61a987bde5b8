"""The minutes of a visit and the replies of a unit, written on a phone without a network."""

from __future__ import annotations

import json

import pytest

from mobile.problems import PhoneError
from mobile.worker import SyncWorker
from schemas import base, ids
from schemas.answer import answer
from schemas.base import part, part_hash
from tests.support.phones import (
    GROUP,
    HOME,
    VISIT,
    VISITED,
    YEAR,
    Clock,
    G,
    V,
    decide,
    fill_answers,
    make_phone,
    scheme,
)

MADE = {"at": "2024-10-08T01:00:00Z", "offset_s": 0, "device": "d-other"}


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def visit(lan):
    """The visit's checklist, answered and submitted."""
    key = lan.cross_key(VISIT)
    fill_answers(lan, key)
    lan.submit(key)
    return key


def write(lan, key, **more):
    return lan.keep_minutes(key, unit="Lê Hoa – Phó Giám đốc", recommendations="Bổ sung hồ sơ.", **more)


def test_minutes_begin_with_what_the_phone_knows(lan, visit):
    view = lan.minutes(visit)
    assert (view.on, view.place, view.began) == ("2024-10-08", "Hải Dương", "08:00")
    assert view.team.splitlines() == ["Nguyễn Thị Lan – Hưng Yên", "Trần Minh – Bắc Ninh"]
    assert not view.written


def test_the_differences_are_proposed_from_the_scores_that_lie_apart(lan, service):
    lan.set_locale("vi")
    own = self_score(VISITED, "hoa", {"i-1": "60"})
    service.stores.open(G).put(own)
    assert SyncWorker(lan).sync_once().state == "idle"
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="30")
    lan.set_note(key, "i-1", "Thiếu hồ sơ.")
    assert lan.minutes(key).differences.endswith(": đơn vị tự chấm 60, đoàn chấm 30. Thiếu hồ sơ.")


def test_what_is_being_written_survives_a_restart_and_counts_as_unsent(lan, visit, tmp_path):
    before = lan.unsent()
    write(lan, visit)
    assert lan.unsent() == before + 1
    lan.close()
    again = make_phone(tmp_path / "lan")
    try:
        view = again.minutes(again.cross_key(VISIT))
        assert (view.unit, view.written) == ("Lê Hoa – Phó Giám đốc", True)
    finally:
        again.close()


def test_minutes_that_were_begun_go_into_the_file_that_can_be_carried_away(lan, visit, tmp_path):
    write(lan, visit, differences="Chưa thống nhất điểm I.1.")
    file = tmp_path / "unsent.json"
    count = lan.export_unsent(file)
    documents = json.loads(file.read_text(encoding="utf-8"))["documents"]
    assert len(documents) == count
    (begun,) = (it["document"] for it in documents if it["database"] == "device")
    assert (begun["_id"], begun["differences"]) == (f"minutes:{visit}", "Chưa thống nhất điểm I.1.")
    assert (begun["unit"], begun["recommendations"]) == ("Lê Hoa – Phó Giám đốc", "Bổ sung hồ sơ.")


@pytest.mark.parametrize(
    ("typed", "kept"), [("8h30", "08:30"), ("8:30", "08:30"), ("8 giờ", "08:00"), ("0830", "08:30"), ("", "")]
)
def test_times_are_taken_as_people_write_them(lan, visit, typed, kept):
    assert lan.keep_minutes(visit, ended=typed).ended == kept


def test_a_time_that_is_none_is_refused_and_not_kept(lan, visit):
    with pytest.raises(PhoneError) as refused:
        lan.keep_minutes(visit, ended="mười giờ")
    assert (refused.value.code, lan.minutes(visit).written) == ("minutes-time", False)


def test_minutes_without_a_result_or_without_those_present_are_not_sent(lan):
    key = lan.cross_key(VISIT)
    lan.keep_minutes(key, unit="Lê Hoa")
    with pytest.raises(PhoneError) as refused:
        lan.send_minutes(key)
    assert refused.value.code == "minutes-need-checklist"
    fill_answers(lan, key)
    lan.submit(key)
    lan.keep_minutes(key, unit=" ")
    with pytest.raises(PhoneError) as refused:
        lan.send_minutes(key)
    assert refused.value.code == "minutes-present"


def test_minutes_reach_the_group_and_a_correction_stands_in_their_place(lan, visit, service):
    write(lan, visit)
    lan.agree(visit, "unit", "Lê Hoa")
    first = lan.send_minutes(visit)
    assert lan.minutes(visit).state == "sending"
    worker = SyncWorker(lan)
    assert worker.sync_once().state == "idle"
    service.promote(V)
    assert worker.sync_once().state == "idle"
    view = lan.minutes(visit)
    assert (view.state, view.written, view.agreed[0].name) == ("verified", False, "Lê Hoa")
    assert {item.id: item.state for item in lan.outbox()}[first] == "verified"
    lan.keep_minutes(visit, recommendations="Bổ sung hồ sơ trước 20/10.")
    second = lan.send_minutes(visit)
    store = lan.tools.local.stores.open(V)
    assert store.get(second)["supersedes"] == [first]
    assert lan.minutes(visit).sent == 1


# Replies


def self_score(unit, account, points):
    return submission(unit, account, points, stage="self")


def submission(unit, account, points, *, stage, visit=None, note=None, number=1):
    body = {
        "_id": ids.submission_id(GROUP, unit, stage, visit, ids.ulid(1_728_000_000_000, number)),
        "type": "submission", "v": 1, "group": GROUP, "year": YEAR, "unit": unit, "stage": stage, "visit": visit,
        "scheme": scheme()["_id"], "claims": [], "supersedes": [], "self_version": None, "by": account,
        "approved_by": None if visit else account, "made": MADE, "note": None,
        "answers": {
            name: answer(by=account, at=MADE, points=value, note=note) for name, value in points.items()
        },
    }  # fmt: skip
    base.check(body)
    return body


@pytest.fixture
def judged(lan, service):
    """A visit of Hưng Yên's own checklist gave 30 where the unit gave itself 60, and it arrived on the eighth."""
    group = service.stores.open(G)
    log = [row["doc"] for row in service._rows("decision:")]
    planned = {
        "visit": "vis-2", "inspected": HOME, "team": [{"account": "minh", "unit": "bac-ninh"}],
        "from": "2024-10-08", "to": "2024-10-08", "place": "Hưng Yên",
    }  # fmt: skip
    group.put(decide(log, "plan-visit", planned))
    words = part("Chưa thấy hồ sơ quý III.", "0" * 32)
    group.put(words)
    group.put(self_score(HOME, "lan", {"i-1": "60"}))
    cross = submission(HOME, "minh", {"i-1": "30"}, stage="cross", visit="vis-2", note=part_hash(words), number=2)
    group.put(cross)
    arrival = {
        "_id": ids.arrival_id(cross["_id"], "s-1"), "type": "arrival", "v": 1, "submission": cross["_id"],
        "server": "s-1", "at": "2024-10-08T02:00:00Z", "account": "minh", "device": None, "flags": [],
    }  # fmt: skip
    base.check(arrival)
    group.put(arrival)
    assert SyncWorker(lan).sync_once().state == "idle"
    return cross["_id"]


def test_a_deduction_is_listed_with_its_reason_and_last_day_and_answered_offline(lan, judged, service):
    (matter,) = lan.home().replies
    assert (matter.criterion, matter.answers, matter.due) == ("i-1", judged, "2024-10-15")
    assert (matter.own, matter.cross, matter.why) == ("60", "30", "Chưa thấy hồ sơ quý III.")
    service.__exit__()
    try:
        lan.keep_reply("i-1", judged, "Hồ sơ")
        assert lan.open_replies()[0].draft == "Hồ sơ"
        sent = lan.reply(matter.key, "i-1", judged, "Hồ sơ quý III đã nộp ngày 5/10.")
        (shown,) = lan.open_replies()
        assert ([it.text for it in shown.replies], shown.draft) == (["Hồ sơ quý III đã nộp ngày 5/10."], "")
        assert {item.id: item.what for item in lan.outbox()}[sent] == "reply"
        assert lan.unsent()
    finally:
        service.__enter__()


def test_a_reply_reaches_the_group_and_a_refused_one_says_why(lan, judged, service):
    (matter,) = lan.open_replies()
    sent = lan.reply(matter.key, "i-1", judged, "Xin giải trình.")
    worker = SyncWorker(lan)
    assert worker.sync_once().state == "idle"
    service.promote()
    assert worker.sync_once().state == "idle"
    assert [it.state for it in lan.open_replies()[0].replies] == ["verified"]
    service.refuse = lambda document: "Không nhận." if document.get("type") == "reply" else None
    lan.reply(matter.key, "i-1", judged, "Bổ sung.")
    worker.sync_once()
    assert [(it.state, it.reason) for it in lan.open_replies()[0].replies if it.text == "Bổ sung."] == [
        ("refused", "Không nhận.")
    ]
    assert sent != judged


def test_after_five_working_days_nothing_is_offered_and_nothing_taken(lan, judged, tmp_path):
    (matter,) = lan.open_replies()
    lan.close()
    later = make_phone(tmp_path / "lan", clock=Clock("2024-10-16T02:00:00Z"))
    try:
        assert later.open_replies() == []
        with pytest.raises(PhoneError) as refused:
            later.reply(matter.key, "i-1", judged, "Muộn.")
        assert refused.value.code == "reply-over"
    finally:
        later.close()


def test_an_empty_reply_is_not_sent(lan, judged):
    (matter,) = lan.open_replies()
    with pytest.raises(PhoneError):
        lan.reply(matter.key, "i-1", judged, "  ")
    assert lan.open_replies()[0].replies == ()


def test_a_return_is_answered_as_well_as_corrected(lan, judged, service):
    own = next(row["id"] for row in service._rows("submission:") if ":self:" in row["id"])
    log = [row["doc"] for row in service._rows("decision:")]
    reason = part("Thiếu biểu tổng hợp.", "1" * 32)
    value = {"unit": HOME, "criterion": "i-2", "submission": own, "deadline": "2024-10-20"}
    group = service.stores.open(G)
    group.put(reason)
    returned = decide(log, "return", value, reason=part_hash(reason))
    group.put(returned)
    assert SyncWorker(lan).sync_once().state == "idle"
    matter = lan.open_replies()[0]
    assert (matter.kind, matter.stage, matter.answers, matter.due, matter.why) == (
        "return", "self", returned["_id"], "2024-10-20", "Thiếu biểu tổng hợp.",
    )  # fmt: skip
    lan.reply(matter.key, "i-2", matter.answers, "Đã bổ sung biểu.")
    assert [it.text for it in lan.open_replies()[0].replies] == ["Đã bổ sung biểu."]


def test_a_return_of_the_teams_checklist_is_not_for_the_unit_to_correct(lan, judged, service):
    theirs = next(row["id"] for row in service._rows("submission:") if ":cross:" in row["id"])
    log = [row["doc"] for row in service._rows("decision:")]
    reason = part("Chưa xem hồ sơ.", "1" * 32)
    value = {"unit": HOME, "criterion": "i-2", "submission": theirs, "deadline": "2024-10-20"}
    service.stores.open(G).put_all([reason, decide(log, "return", value, reason=part_hash(reason))])
    SyncWorker(lan).sync_once()
    (matter,) = [it for it in lan.open_replies() if it.kind == "return"]
    assert matter.stage == "cross"
