"""Who writes a figure is told what it will earn."""

from __future__ import annotations

from fractions import Fraction

import pytest

from schemas.asking import asked
from schemas.scheme import Scheme
from tests.schemas.support import criterion, scheme_document, section

BANDS = [{"to": "1", "points": "20"}, {"to": "5", "points": "10"}, {"to": None, "points": "0"}]
CASES = [
    (criterion("i-1", "20", step="0.5"), None, "theo bước 0,5 điểm"),
    (criterion("i-1", "20", "quantitative", target="1000"), None, "chỉ tiêu 1.000"),
    (
        criterion("i-1", "20", "quantitative", target="100"),
        Fraction(200),
        "chỉ tiêu đơn vị đã ký 200 · thay cho chỉ tiêu chung 100",
    ),
    (criterion("i-1", "20", "quantitative"), None, "chưa có chỉ tiêu"),
    (criterion("i-1", "20", "per_occurrence", points_each="2.5"), None, "2,5 điểm mỗi lần"),
    (
        criterion("i-1", "20", "bands", bands=BANDS),
        None,
        "đến 1 được 20 điểm · đến 5 được 10 điểm · trên 5 được 0 điểm",
    ),
    (criterion("i-1", "20", "bands", bands=BANDS[2:]), None, "mọi kết quả được 0 điểm"),
    (criterion("i-1", "20", "pass_fail"), None, ""),
]


@pytest.mark.parametrize(("body", "own", "told"), CASES)
def test_each_kind_says_what_to_write_and_what_it_earns(body, own, told) -> None:
    scheme = Scheme.from_document(scheme_document(section("i", "20", body)))
    assert " · ".join(it.sentence("vi") for it in asked(scheme.criteria[0], own=own)) == told
