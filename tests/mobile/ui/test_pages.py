"""Moving about the app: enrolling, switching language and look, capturing, what was sent, signing out."""

from __future__ import annotations

import pytest

from mobile.camera import GivenFile
from mobile.enrol import enrol
from mobile.location import Fix, GivenPlace
from mobile.worker import SyncWorker
from tests.support.phones import VISIT, Clock, Service, make_phone, picture

pytestmark = pytest.mark.window


@pytest.fixture
def fresh(tmp_path):
    phone = make_phone(tmp_path / "new", clock=Clock())
    yield phone
    phone.close()


def test_a_wrong_code_is_answered_by_a_sentence_beside_the_code(fresh, run, tmp_path):
    with Service(tmp_path / "server").fill() as service:
        screen = run(fresh)
        screen.type("enrol:server", service.url)
        screen.type("enrol:code", "SAI-MA")
        screen.tap("enrol:submit")
        screen.until(lambda: screen.says("Mã này không có trong hệ thống."))
        assert screen.find("enrol:code").wrong
        assert fresh.account is None


def test_no_server_is_answered_beside_the_address(fresh, run):
    screen = run(fresh)
    screen.type("enrol:server", "http://127.0.0.1:9")
    screen.type("enrol:code", "ABCD")
    screen.tap("enrol:submit")
    screen.until(lambda: screen.says("Không kết nối được với máy chủ."))
    assert screen.find("enrol:server").wrong


def test_an_empty_code_is_asked_for_without_asking_the_server(fresh, run):
    screen = run(fresh, default_server="https://thidua.example.vn")
    screen.tap("enrol:submit")
    assert screen.says("Hãy ghi mã bạn được cấp.")


def test_a_good_code_opens_the_first_page_and_fills_it(fresh, run, tmp_path):
    with Service(tmp_path / "server").fill() as service:
        screen = run(fresh, sync=True)
        screen.type("enrol:server", service.url)
        screen.type("enrol:code", service.code("lan"))
        screen.tap("enrol:submit")
        screen.until(lambda: screen.says("Xin chào, Lan"))
        screen.until(lambda: fresh.home().visits and screen.has(f"checklist:{fresh.cross_key(VISIT)}"))
        screen.until(lambda: screen.says("Mọi thứ đã có trên máy chủ"))


def test_the_language_changes_while_the_page_stands(screen):
    screen.tap("settings")
    screen.tap("locale:en")
    assert screen.says("Text size")
    screen.back()
    assert screen.says("Hello, Lan")
    assert screen.says("Standings")


def test_the_language_chosen_is_spoken_after_reopening(screen, lan, run):
    screen.tap("settings")
    screen.tap("locale:en")
    assert lan.locale == "en"
    again = run(lan)
    assert again.says("Hello, Lan")


def test_text_size_contrast_and_darkness_take_effect_at_once(screen):
    theme = screen.app.theme
    before, light = theme.body, list(theme.surface)
    screen.tap("settings")
    screen.tap("scale:1.3")
    screen.tap("mode:dark")
    screen.tap("contrast")
    assert theme.body == pytest.approx(before * 1.3)
    assert list(theme.surface) != light
    assert theme.contrast


def test_a_button_keeps_its_own_colours_through_every_change_of_look(screen):
    def stray():
        return [
            (type(owner).__name__, owner.tag)
            for owner in screen.visible()
            if hasattr(owner, "colour")
            for part in owner.walk(restrict=True)
            if type(part).__name__ == "TintedIcon" and list(part.color) != list(owner.colour)
        ]

    screen.tap("settings")
    for change in ("contrast", "mode:dark", "contrast", "mode:light"):
        screen.tap(change)
        assert stray() == []


def test_the_back_button_returns_page_by_page_and_closes_a_sheet_first(screen, lan):
    screen.tap(f"checklist:{lan.cross_key(VISIT)}")
    screen.tap("i-1:note")
    screen.settle()
    assert screen.has("note:save")
    screen.back()
    screen.settle()
    assert screen.has("submit")
    screen.back()
    assert screen.says("Xin chào")
    assert not screen.app.back()


def test_a_photo_taken_for_a_criterion_is_cited_there(lan, run, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture(5))
    fix = Fix("20.650000", "106.050000", "12")
    screen = run(lan, camera=GivenFile(photo), location=GivenPlace(Fix("20.65", "106.05", fix.accuracy_m)))
    key = lan.cross_key(VISIT)
    screen.tap(f"checklist:{key}")
    screen.tap("i-1:plus")
    screen.tap("i-1:photo")
    screen.settle()
    screen.tap("evidence:capture")
    screen.settle()
    assert screen.says("Đã có vị trí, sai số 12 m.")
    screen.tap("capture:take")
    screen.type("capture:title", "Khai mạc hội thi")
    screen.tap("capture:save")
    screen.settle()
    cited = lan.checklist(key).criterion("i-1").evidence
    assert [card.title for card in cited] == ["Khai mạc hội thi"]
    assert cited[0].place.lat == "20.65"
    assert screen.has(f"evidence:{cited[0].id}")


def test_a_photo_without_words_or_of_children_without_an_answer_is_not_kept(lan, run, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture(6))
    screen = run(lan, camera=GivenFile(photo))
    screen.tap("nav:capture")
    screen.tap("capture:save")
    assert screen.says("Hãy chụp hoặc chọn ảnh trước.")
    assert screen.says("Ghi ngắn gọn nội dung của ảnh.")
    screen.tap("capture:take")
    screen.type("capture:title", "Trẻ em đọc sách")
    screen.tap("capture:children")
    screen.tap("capture:save")
    assert screen.says("Hãy cho biết cha mẹ hoặc người giám hộ đã đồng ý chưa.")
    assert lan.evidence() == []
    screen.tap("consent:True")
    screen.tap("capture:save")
    screen.settle()
    assert lan.evidence()[0].consent is True


def test_a_form_half_filled_when_the_app_is_ended_is_found_again(lan, run, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture(9))
    screen = run(lan, camera=GivenFile(photo))
    screen.tap("nav:capture")
    screen.tap("capture:take")
    screen.type("capture:title", "Giải chạy")
    screen.app.on_pause()
    again = run(lan, camera=GivenFile(photo))
    again.tap("nav:capture")
    assert again.find("capture:title").text == "Giải chạy"
    again.tap("capture:save")
    again.settle()
    assert [card.title for card in lan.evidence()] == ["Giải chạy"]
    again.tap("nav:capture")
    assert again.find("capture:title").text == ""


def test_what_waits_is_listed_with_its_state(screen, lan):
    lan.capture(picture(7), title="Hội làng")
    screen.tap("status")
    screen.settle()
    assert screen.says("Hội làng")
    assert any(screen.says(word) for word in ("Đang gửi", "Sẵn sàng gửi", "Nháp"))


def test_signing_out_says_what_has_not_been_sent_and_keeps_it(screen, lan):
    lan.capture(picture(8), title="Hội làng")
    screen.tap("settings")
    screen.tap("sign-out")
    screen.settle()
    assert screen.says("Còn 1 mục chưa gửi.")
    screen.tap("confirm:yes")
    screen.settle()
    assert lan.account is None
    assert screen.has("enrol:submit")


def test_standings_come_from_the_phones_own_copy_and_state_their_coverage(screen):
    screen.tap("nav:standings")
    screen.settle()
    assert screen.says("Xếp hạng tạm tính")
    assert screen.says("0/1 cuộc kiểm tra")
    assert "Hải Dương" in screen.texts()


def test_a_wide_window_shows_the_list_beside_the_section(lan, run):
    screen = run(lan, size=(1200, 800))
    screen.tap(f"checklist:{lan.cross_key(VISIT)}")
    screen.settle()
    screen.tap("overview:iii-2")
    screen.settle()
    assert screen.has("iii-2:plus")
    assert screen.says("III.2")


def test_a_grassroots_phone_leads_with_the_camera_and_its_own_evidence(fresh, run, tmp_path):
    with Service(tmp_path / "server").fill() as service:
        enrol(fresh, service.url, service.code("tu"), "phone of tu")
        SyncWorker(fresh).sync_once()
        card = fresh.capture(picture(), title="Hội làng")
        screen = run(fresh)
        assert not screen.has("checklist:")
        assert not fresh.home().self_checklists
        assert screen.find("photograph").height >= 48
        assert card.id in [each.id for each in fresh.home().evidence]
        screen.tap("photograph")
        assert screen.app.current.name == "capture"


def test_who_answers_checklists_is_not_led_to_the_camera(screen):
    assert not screen.has("photograph")


def test_the_status_line_is_one_line_of_parts_without_a_full_stop_inside(screen):
    from mobile.worker import SyncStatus

    screen.app._show_status(SyncStatus("idle", "rest-follows", pending=3, last_sync="2024-10-08T02:00:00Z"))
    assert ". ·" not in screen.app.status_text
    assert screen.app.status_text.endswith("trao đổi lúc 09:00")
    screen.app._show_status(SyncStatus("idle", "all-sent"))
    assert screen.app.status_text.endswith(".")
