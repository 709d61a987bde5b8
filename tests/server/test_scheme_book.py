"""A scheme as a workbook: what is written reads back the same, and what is wrong is named by sheet, line and column."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import check
from schemas.figures import decimal_string
from schemas.scheme import KINDS, SHIPPED, shipped
from server.messages import say
from server.problems import Invalid
from server.scheme_book import AWARDS, BANDS, CRITERIA, ITEMS, SECTIONS, SETTINGS, read, write

texts = st.text("aĂđộÝz ,.;:=+-@'\"<&_x09%", min_size=1, max_size=24).map(lambda it: " ".join(it.split()) or "x")
names = st.builds(lambda vi, en: {"vi": vi, "en": en}, texts, texts)
points = st.integers(1, 2_000).map(lambda halves: Fraction(halves, 2))
fine = st.integers(1, 10**9).map(lambda it: decimal_string(Fraction(it, 10_000)))


@st.composite
def criteria(draw: Any, name: str) -> dict[str, Any]:
    kind, most = draw(st.sampled_from(KINDS)), draw(points)
    bounds = sorted(draw(st.sets(st.integers(-50, 50), min_size=1, max_size=4)))
    return {
        "id": name,
        "names": draw(names),
        "max": decimal_string(most),
        "kind": kind,
        "function": draw(st.sampled_from([None, "culture", "sports", "tourism", "family"])),
        "evidence_required": draw(st.booleans()),
        "step": draw(st.none() | fine) if kind == "judged" else None,
        "target": draw(st.none() | fine) if kind == "quantitative" else None,
        "points_each": draw(fine) if kind == "per_occurrence" else None,
        "bands": [{"to": bound, "points": "0.5"} for bound in [*map(str, bounds), None]] if kind == "bands" else None,
    }


@st.composite
def schemes(draw: Any) -> dict[str, Any]:
    sections, total = [], Fraction(0)
    for at in range(draw(st.integers(1, 3))):
        held = [draw(criteria(f"s{at}-{nth}")) for nth in range(draw(st.integers(1, 3)))]
        most = sum(Fraction(it["max"]) for it in held)
        sections.append({"id": f"s{at}", "names": draw(names), "max": decimal_string(most), "criteria": held})
        total += most
    weighted = draw(st.booleans())
    sides = {
        side: {
            "max": draw(fine),
            "items": [
                {"id": f"{side}-{nth}", "names": draw(names), "points": draw(fine), "max": draw(st.none() | fine)}
                for nth in range(draw(st.integers(0, 3)))
            ],
        }
        for side in ("bonus", "penalty")
    }
    return {
        **shipped("cum-1000"), **sides, "_id": "scheme:thu:7", "scheme": "thu", "version": 7, "names": draw(names),
        "sections": sections, "total": decimal_string(total), "step": draw(fine),
        "mode": "weighted" if weighted else "precedence",
        "weights": {"self": "0.2", "cross": "0.3", "cluster": "0.5"} if weighted else None,
    }  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemes())
def test_any_scheme_written_as_a_workbook_reads_back_the_same(document: dict[str, Any]) -> None:
    check(document)
    assert read(write(document)) == (document, ())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_schemes_read_back_the_same(name: str) -> None:
    assert read(write(shipped(name))) == (shipped(name), ())


def spoilt(*cells: tuple[str, str, Any], name: str = "cum-1000") -> list[tuple[str, int, str, str]]:
    book = openpyxl.load_workbook(io.BytesIO(write(shipped(name))))
    for sheet, cell, value in cells:
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    document, bad = read(out.getvalue())
    assert (document is None) == bool(bad)
    return [(it.sheet, it.line, it.column, it.said.code) for it in bad]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ((CRITERIA, "F2", "theo cảm tính"), (CRITERIA, 2, "F", "word-unknown")),
        ((CRITERIA, "E2", "nhiều"), (CRITERIA, 2, "E", "number-unclear")),
        ((CRITERIA, "E2", "1.000"), (CRITERIA, 2, "E", "number-unclear")),
        ((CRITERIA, "E2", 1), (SECTIONS, 2, "D", "scheme-sum")),
        ((CRITERIA, "A2", "khong-co"), (CRITERIA, 2, "A", "part-of-nothing")),
        ((CRITERIA, "B2", "Tiêu chí một"), (CRITERIA, 2, "B", "not-id-word")),
        ((CRITERIA, "F2", "theo lần"), (CRITERIA, 2, "K", "scheme-member-of-kind")),
        ((CRITERIA, "F2", "theo mức"), (CRITERIA, 2, "F", "scheme-member-of-kind")),
        ((CRITERIA, "C1", "Name"), (CRITERIA, 1, "C", "header-differs")),
        ((CRITERIA, "G2", "biển đảo"), (CRITERIA, 2, "G", "word-unknown")),
        ((CRITERIA, "C2", None), (CRITERIA, 2, "C", None)),
        ((SETTINGS, "B6", None), (SETTINGS, 6, "B", "required")),
        ((SETTINGS, "B8", "trọng số"), (SETTINGS, 9, "B", "scheme-weights-mode")),
        ((SETTINGS, "A3", "Ấn bản"), (SETTINGS, 16, "A", "setting-missing")),
        ((ITEMS, "A2", "cộng"), (ITEMS, 2, "A", "word-unknown")),
        ((ITEMS, "E2", -5), (ITEMS, 2, "E", "decimal-negative")),
        ((AWARDS, "A2", "huân chương"), (AWARDS, 2, "A", "word-unknown")),
        ((BANDS, "A2", "i-1"), (BANDS, 2, "C", "required")),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_sheet_line_column_and_rule(cell: Any, wanted: Any) -> None:
    found = spoilt(cell)
    assert any(it[:3] == wanted[:3] and wanted[3] in (it[3], None) for it in found), found


@pytest.mark.parametrize(
    ("spoils", "wanted"),
    [
        ((BANDS, "C3", 1000), (BANDS, 3, "C", "scheme-band-over-max")),
        ((BANDS, "B3", 1), (BANDS, 3, "B", "scheme-bands-order")),
        ((BANDS, "B3", None), (BANDS, 3, "B", "scheme-bands-order")),
        ((BANDS, "B4", 9), (BANDS, 4, "B", "scheme-bands-order")),
    ],
)
def test_a_bad_band_is_named_by_its_own_line_and_not_by_its_criterions(spoils: Any, wanted: Any) -> None:
    sound = [(CRITERIA, "F2", "theo mức"), (CRITERIA, "I2", None)]
    for line, (bound, points) in enumerate([(1, 20), (5, 10), (None, 0)], 2):
        sound += [(BANDS, f"A{line}", "i-1"), (BANDS, f"B{line}", bound), (BANDS, f"C{line}", points)]
    assert spoilt(*sound) == []
    assert spoilt(*sound, spoils) == [wanted]


def test_all_bad_cells_are_named_at_once() -> None:
    found = spoilt((CRITERIA, "E3", "x"), (CRITERIA, "F5", "y"), (SETTINGS, "B6", "z"), (ITEMS, "B2", "Mã sai"))
    places = {it[:3] for it in found}
    assert {(CRITERIA, 3, "E"), (CRITERIA, 5, "F"), (SETTINGS, 6, "B"), (ITEMS, 2, "B")} <= places


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"unit,name\n"])
def test_what_is_no_workbook_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Invalid):
        read(content)


def test_a_section_without_criteria_is_named_with_what_its_line_lacks() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(shipped("khoi-100"))))
    book[SECTIONS].append(["v", "Nội dung mới", "", 0])
    book[SECTIONS].append(["", "Chưa có mã", "", 0])
    last = book[SECTIONS].max_row
    out = io.BytesIO()
    book.save(out)
    _, bad = read(out.getvalue())
    said = {(it.sheet, it.line, it.column): say(it.said, "vi") for it in bad}
    assert "Nội dung “v” chưa có tiêu chí nào" in said[SECTIONS, last - 1, "A"]
    assert "trang “Tiêu chí”" in said[SECTIONS, last - 1, "A"]
    assert "Cần ít nhất" not in " ".join(said.values())
    assert any("chưa có mã nội dung" in text for (_, line, _), text in said.items() if line == last)


def test_a_workbook_without_sections_says_so_on_their_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(shipped("khoi-100"))))
    for sheet in (SECTIONS, CRITERIA):
        book[sheet].delete_rows(2, 200)
    out = io.BytesIO()
    book.save(out)
    _, bad = read(out.getvalue())
    told = [say(it.said, "vi") for it in bad if it.sheet == SECTIONS]
    assert told == ["Trang này chưa có nội dung nào: mỗi nội dung của bảng điểm là một dòng."]
