"""A second photo of the same, what the server refused offered again, what is unsent kept in a file."""

from __future__ import annotations

import json

import pytest

from mobile import refusals
from mobile.camera import GivenFile
from mobile.sending import Refused
from tests.support.phones import VISIT, U, V, fill_answers, picture

pytestmark = pytest.mark.window


def test_a_second_photo_of_the_same_is_added_and_shown(lan, run, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture(6))
    card = lan.capture(picture(5), title="Hội diễn", checklist=lan.self_key("cum-1", 2024))
    screen = run(lan, camera=GivenFile(photo))
    screen.app.show_evidence(card.id)
    screen.settle()
    screen.tap("evidence:add-photo")
    screen.settle()
    assert screen.says("Ảnh 2/2")
    (card,) = lan.evidence()
    assert len(card.photos) == 2
    screen.tap("evidence:next")
    assert screen.says("Ảnh 1/2")


def test_refused_records_are_offered_again_by_hand_and_unsent_ones_kept_in_a_file(lan, run, tmp_path):
    card = lan.capture(picture(5), title="Hội diễn", checklist=lan.self_key("cum-1", 2024))
    told = Refused(card.id, None, "forbidden", "Đơn vị không thuộc cụm này.")
    refusals.add(lan.tools.local, U, [told], "circumstances", at="2024-10-08T03:00:00Z")
    screen = run(lan)
    screen.app.export_folder = tmp_path / "out"
    screen.app.export_folder.mkdir()
    screen.app.go("sent")
    screen.settle()
    screen.tap("sent:offer-again")
    kept = lan.tools.local.list("refused:")
    assert [each["circumstances"] for each in kept] == [""]
    screen.tap("sent:export")
    screen.settle()
    (file,) = (tmp_path / "out").iterdir()
    assert screen.says(str(file))
    found = {each["document"]["_id"] for each in json.loads(file.read_text(encoding="utf-8"))["documents"]}
    assert card.id in found
    assert f"photo:{card.photos[0].sha256}" in found


def test_a_button_that_has_nothing_to_offer_is_not_seen_through_the_line_above_it(lan, run):
    lan.capture(picture(5), title="Hội diễn", checklist=lan.self_key("cum-1", 2024))
    screen = run(lan)
    screen.app.go("sent")
    screen.settle()
    assert screen.has("sent:export")
    assert not screen.has("sent:offer-again")
    page = screen.app.root_window.children
    hidden = [each for root in page for each in root.walk() if getattr(each, "tag", "") == "sent:offer-again"]
    assert [each.opacity for each in hidden] == [0]


def test_a_checklist_the_server_refused_says_why_where_it_is_opened(lan, run):
    key = lan.cross_key(VISIT)
    fill_answers(lan, key)
    told = Refused(lan.submit(key), None, "forbidden", "Cuộc kiểm tra này đã hủy.")
    refusals.add(lan.tools.local, V, [told], "circumstances", at="2024-10-08T03:00:00Z")
    screen = run(lan)
    assert screen.says("có mục bị từ chối")
    screen.app.go("checklist", key=key)
    screen.settle()
    assert screen.says("Máy chủ không nhận phiếu này: Cuộc kiểm tra này đã hủy.")
    assert not screen.says("Đã nộp")
