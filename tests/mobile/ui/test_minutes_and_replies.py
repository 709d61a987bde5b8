"""By taps: the minutes of a visit are written and sent, and what asks for a reply is answered."""

from __future__ import annotations

import pytest

from schemas import base
from schemas.hashing import part_hash
from tests.mobile.test_minutes_and_replies import self_score, submission
from tests.support.phones import HOME, VISIT, G, decide, fill_answers


def test_the_minutes_are_written_in_the_checklist_kept_and_sent(screen, lan):
    key = lan.cross_key(VISIT)
    fill_answers(lan, key)
    lan.submit(key)
    screen.app.go("checklist", key=key)
    screen.tap("minutes")
    assert "Trần Minh – Bắc Ninh" in screen.find("minutes:team").text
    screen.type("minutes:ended", "mười một giờ")
    assert screen.says("Ghi giờ như 08:30")
    screen.type("minutes:ended", "11h30")
    screen.type("minutes:unit", "Lê Hoa")
    screen.back()
    screen.tap("minutes")
    assert (lan.minutes(key).ended, lan.minutes(key).unit) == ("11:30", "Lê Hoa")
    screen.type("minutes:name:unit", "Lê Hoa – Phó Giám đốc")
    screen.tap("minutes:agree:unit")
    screen.tap("minutes:send")
    screen.settle()
    screen.tap("Gửi")
    screen.settle()
    assert lan.minutes(key).sent == 1
    assert screen.has("Gửi thay bản đã gửi")


def planned(lan):
    """The group on the phone, its decisions, and the one that plans a visit of the own unit."""
    group = lan.tools.local.stores.open(G)
    log = [row["doc"] for row in group.all_docs(start_key="decision:", end_key="decision;", include_docs=True)["rows"]]
    visit = {
        "visit": "vis-2", "inspected": HOME, "team": [{"account": "minh", "unit": "bac-ninh"}],
        "from": "2024-10-08", "to": "2024-10-08", "place": "Hưng Yên",
    }  # fmt: skip
    return group, log, decide(log, "plan-visit", visit)


def test_what_asks_for_a_reply_stands_first_and_is_answered_in_one_field(lan, run):
    group, _log, visit = planned(lan)
    words = base.part("Chưa thấy hồ sơ.", "0" * 32)
    cross = submission(
        HOME, "minh", {"i-1": "30"}, stage="cross", visit="vis-2", note=part_hash(words), number=2
    )  # fmt: skip
    for document in (visit, words, self_score(HOME, "lan", {"i-1": "60"}), cross):
        group.put(document)
    screen = run(lan)
    screen.tap("replies")
    assert screen.says("Tự chấm 60 · đoàn chấm 30")
    assert screen.says("Chưa thấy hồ sơ.")
    screen.tap("reply:send:i-1")
    assert screen.says("Hãy viết vài dòng giải trình.")
    screen.type("reply:i-1", "Đã nộp hồ sơ.")
    screen.tap("reply:send:i-1")
    assert [it.text for it in lan.open_replies()[0].replies] == ["Đã nộp hồ sơ."]
    screen.back()
    assert not screen.has("replies")


@pytest.mark.parametrize(
    ("stage", "said"),
    [("self", "Phiếu tự chấm bị trả lại"), ("cross", "Phiếu kiểm tra chéo bị trả lại cho đoàn")],
)
def test_only_the_units_own_checklist_is_offered_to_be_corrected(lan, run, stage, said):
    group, log, visit = planned(lan)
    cross = submission(HOME, "minh", {"i-1": "58"}, stage="cross", visit="vis-2", number=2)
    own = self_score(HOME, "lan", {"i-1": "60"})
    why = base.part("Thiếu biểu.", "0" * 32)
    sent_back = {"unit": HOME, "criterion": "i-1", "deadline": "2024-10-20"}
    sent_back["submission"] = (own if stage == "self" else cross)["_id"]
    for document in (visit, own, cross, why, decide([*log, visit], "return", sent_back, reason=part_hash(why))):
        group.put(document)
    screen = run(lan)
    screen.tap("replies")
    assert screen.says(said)
    assert screen.says("Sửa trong phiếu") == (stage == "self")
