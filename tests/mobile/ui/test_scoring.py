"""Scoring a checklist with a thumb: every tap is kept, and Submit says what is still wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.phones import GROUP, VISIT, YEAR, Clock, make_phone

pytestmark = pytest.mark.window


@pytest.fixture
def sheet(screen, lan):
    """The visit's checklist, open."""
    screen.tap(f"checklist:{lan.cross_key(VISIT)}")
    screen.until(lambda: screen.has("submit"))
    return screen


def answer(phone, criterion):
    return phone.checklist(phone.cross_key(VISIT)).criterion(criterion).answer


def test_a_tap_on_plus_and_minus_is_an_answer_that_survives_reopening(sheet, lan):
    sheet.tap("i-1:plus")
    sheet.tap("i-1:minus")
    given = answer(lan, "i-1").points
    assert given == "59.5"
    folder = lan.tools.local.folder
    lan.close()
    reopened = make_phone(folder, clock=Clock())
    assert answer(reopened, "i-1").points == given
    reopened.close()


def test_the_slider_saves_when_the_finger_leaves_it(sheet, lan):
    track = next(w for w in sheet.reveal("i-2").walk() if type(w).__name__ == "Track")
    track.tag = "track"
    sheet.drag("track", 0.0)
    assert answer(lan, "i-2").points == "0"
    sheet.drag("track", 1.0)
    assert answer(lan, "i-2").points == "60"


def test_a_quick_slide_past_the_sliders_end_is_an_answer_too(sheet, lan):
    track = next(w for w in sheet.reveal("i-2").walk() if type(w).__name__ == "Track")
    x, y = track.to_window(*track.center)
    touch = sheet.touch_down(x, y)
    for step in range(1, 9):
        touch.touch_move(x + step * track.width / 12, y)
        sheet.frames(1)
    touch.touch_up()
    sheet.frames(4)
    assert answer(lan, "i-2").points == "60"


def test_scrolling_over_a_slider_changes_no_score(sheet, lan):
    track = next(w for w in sheet.reveal("i-2").walk() if type(w).__name__ == "Track")
    x, y = track.to_window(*track.center)
    touch = sheet.touch_down(x, y)
    sheet.settle()  # the list has given the touch on: only the slider itself can tell a scroll from a score now
    for step in range(1, 10):
        touch.touch_move(x + step, y + 12 * step)
        sheet.frames(1)
    touch.touch_up()
    sheet.frames(4)
    assert answer(lan, "i-2") is None


def test_points_typed_in_the_vietnamese_way_are_understood(sheet, lan):
    sheet.type("i-1:value", "32,5")
    assert answer(lan, "i-1").points == "32.5"
    assert sheet.find("i-1:value").text == "32,5"


def test_points_over_the_maximum_are_refused_beside_the_field_and_nothing_is_saved(sheet, lan):
    sheet.type("i-1:value", "61")
    assert answer(lan, "i-1") is None
    assert sheet.says("Hãy ghi một số từ 0 đến 60.")


def test_the_total_follows_each_answer_and_says_that_it_is_provisional(sheet):
    sheet.type("i-1:value", "50")
    assert "50 / 1.000" in sheet.texts()
    assert sheet.says("Đã lưu")
    sheet.until(lambda: sheet.says("tạm tính"))


def test_not_applicable_is_not_taken_without_a_reason(sheet, lan):
    sheet.tap("i-4:na")
    sheet.tap("note:save")
    assert answer(lan, "i-4") is None
    assert sheet.says("Hãy ghi ngắn gọn lý do")
    sheet.settle()  # the sentence moves what is below it
    sheet.tap("canned:0")
    sheet.tap("note:save")
    sheet.until(lambda: answer(lan, "i-4"))
    assert answer(lan, "i-4").na
    assert answer(lan, "i-4").note == "Năm nay đơn vị không có hoạt động này."


def test_not_applicable_can_be_taken_back(sheet, lan):
    sheet.tap("i-4:na")
    sheet.tap("canned:0")
    sheet.tap("note:save")
    sheet.settle()
    sheet.tap("i-4:na")
    assert answer(lan, "i-4") is None
    assert sheet.has("i-4:plus")


def test_a_note_is_kept(sheet, lan):
    sheet.tap("i-1:plus")
    sheet.tap("i-1:note")
    sheet.type("note", "Hồ sơ đầy đủ, có đối chiếu sổ gốc")
    sheet.tap("note:save")
    sheet.settle()
    assert answer(lan, "i-1").note == "Hồ sơ đầy đủ, có đối chiếu sổ gốc"


def test_a_note_is_kept_when_its_sheet_is_closed_with_the_back_button(sheet, lan):
    sheet.tap("i-1:plus")
    sheet.tap("i-1:note")
    sheet.type("note", "Còn thiếu biên bản")
    sheet.back()
    sheet.settle()
    assert answer(lan, "i-1").note == "Còn thiếu biên bản"


def test_submit_lists_what_is_missing_and_each_line_leads_to_its_criterion(sheet, lan):
    sheet.tap("submit")
    sheet.settle()
    assert not sheet.has("submit:anyway")
    sheet.tap("problem:ii-4")
    sheet.settle()
    assert not lan.checklist(lan.cross_key(VISIT)).submitted
    card = sheet.find("ii-4:note")
    _x, y = card.to_window(*card.center)
    assert 0 < y < 892


def test_the_missing_button_leads_to_the_next_empty_criterion_in_another_section(sheet, lan):
    key = lan.cross_key(VISIT)
    for criterion in lan.checklist(key).sections[0].criteria:
        lan.set_answer(key, criterion.id, points=criterion.max)
    sheet.app.current.refresh()
    sheet.tap("missing")
    sheet.frames(6)
    assert sheet.has("ii-1:plus")


def test_a_full_checklist_is_submitted_after_one_question(sheet, lan):
    key = lan.cross_key(VISIT)
    for section in lan.checklist(key).sections:
        for criterion in section.criteria:
            lan.set_answer(key, criterion.id, points=criterion.max)
    for problem in lan.problems(key):
        evidence = lan.capture(_picture(), title="Ngày hội văn hóa", checklist=key)
        lan.attach(key, problem.criterion, evidence.id)
    sheet.app.current.refresh()
    sheet.tap("submit")
    sheet.settle()
    sheet.tap("confirm:yes")
    sheet.settle()
    assert lan.checklist(key).submitted
    assert sheet.says("Đã nộp.")


def _picture():
    from tests.support.phones import picture

    return picture(3)


def test_behind_a_figure_stands_what_to_write_and_then_what_it_earns_and_bands_are_told(sheet, lan):
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="30")
    judged = lan.checklist(key).criterion("i-1")
    from mobile.screens.criterion import CriterionCard
    from mobile.widgets.stepper import Stepper

    told = ("đến 2 được 60 điểm", "trên 2 được 30 điểm")
    asked = replace(judged, kind="bands", asked=told, step=None, answer=None, worth=None)
    given = replace(asked, answer=replace(judged.answer, points=None, actual="3"), worth="30")
    card = CriterionCard(locale="vi")
    said = []
    for view in (asked, given, replace(given, worth=None)):
        card.show(view)
        said.append(next(each.after for each in card.walk() if isinstance(each, Stepper)))
    assert said == ["kết quả đạt được", "= 30 điểm", "chờ kết quả các đơn vị"]
    assert card.facts.endswith("đến 2 được 60 điểm · trên 2 được 30 điểm")


def test_a_disputed_answer_is_asked_about_once(sheet, lan):
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="30")
    view = lan.checklist(key).criterion("i-1")
    from mobile.screens.criterion import CriterionCard

    card = CriterionCard(locale="vi")
    card.show(replace(view, choices=(view.answer, view.answer), problem="Có hai máy chấm khác nhau."))
    assert (bool(card.disputed), card.wanted) == (True, "")


def test_beside_submit_stands_what_is_disputed_then_what_is_missing_then_what_was_sent_back(sheet, lan):
    page, view = sheet.app.current, lan.checklist(lan.cross_key(VISIT))
    for shown, words, criterion in (
        (replace(view, disputed=("ii-1",)), "1 mục cần chọn", "ii-1"),
        (replace(view, returned=("iii-2",)), f"{len(view.missing)} mục còn thiếu", "ii-1"),
        (replace(view, missing=(), returned=("i-2",)), "1 mục bị trả lại", "i-2"),
    ):
        page._show(shown)
        assert sheet.says(words)
        sheet.tap("missing")
        sheet.frames(6)
        assert sheet.has(f"{criterion}:plus"), criterion
    page._show(replace(view, missing=(), returned=("i-2",), published=True))
    assert sheet.says("Đã đủ")
    assert sheet.says("Kết quả năm 2024 đã công bố")


def test_where_evidence_is_wanted_the_tap_leads_to_the_photos_and_the_page_says_how_many_are_to_be_completed(
    screen, lan
):
    own = lan.self_key(GROUP, YEAR)
    view = lan.checklist(own)
    for criterion in (each for section in view.sections for each in section.criteria if not each.excluded):
        lan.set_answer(own, criterion.id, points="30" if criterion.evidence_required else criterion.max)
    screen.app.go("checklist", key=own)
    screen.settle()
    stopped = {problem.criterion for problem in lan.problems(own)}
    assert len(stopped) > 1
    assert screen.says(f"{len(stopped)} mục cần bổ sung")
    screen.tap("i-1:wanted")
    screen.settle()
    assert screen.says("Minh chứng cho I.1")
