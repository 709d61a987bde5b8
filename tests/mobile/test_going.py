"""What a person is told while synchronisation goes on."""

from __future__ import annotations

import pytest

from mobile import going, i18n
from mobile.worker import SyncStatus


@pytest.fixture(autouse=True)
def vietnamese():
    before = i18n.language()
    i18n.set_language("vi")
    yield
    i18n.set_language(before)


@pytest.mark.parametrize(
    ("items", "photos", "remaining_s", "said"),
    [
        (12, 34, 170.0, "Đang gửi 12 mục, còn 34 ảnh – khoảng 3 phút"),
        (1, 0, 20.0, "Đang gửi 1 mục – chưa đến một phút"),
        (0, 34, None, "Còn 34 ảnh"),
        (3, 0, None, "Đang gửi 3 mục"),
        (0, 0, 100.0, ""),
    ],
)
def test_what_goes_out_is_said_with_what_is_left_and_how_long_it_takes(items, photos, remaining_s, said):
    assert going.sentence(items=items, photos=photos, remaining_s=remaining_s) == said


def test_english_counts_too():
    i18n.set_language("en")
    assert going.sentence(items=1, photos=2, remaining_s=61) == "Sending 1 item, 2 photos left – about 2 minutes"


def test_no_estimate_is_given_before_there_is_something_to_go_by():
    assert going.remaining_s(done=1, total=100, elapsed_s=1) is None
    assert going.remaining_s(done=0, total=100, elapsed_s=60) is None
    assert going.remaining_s(done=5, total=5, elapsed_s=60) is None
    assert going.remaining_s(done=25, total=100, elapsed_s=60) == 180


def test_only_a_round_that_goes_on_says_so():
    assert SyncStatus("idle", "all-sent", pending=3).going() == ""
    assert SyncStatus("syncing", "syncing", pending=3).going() == "Đang gửi 3 mục"
