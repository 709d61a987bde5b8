"""A checklist as an Excel workbook: one line a criterion of the unit, filled in by hand and read whole or not at all.

What is read becomes a draft: the phone then attaches the evidence, and submits. A paper checklist is typed into the
same layout; each answer then says so. Which values fit is `schemas.answer`'s to say: here they find their cells.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import Any, Final

import xlsxwriter

from schemas.answer import MEMBER_OF_KIND, check_answer
from schemas.figures import decimal_string
from schemas.scheme import Criterion, Scheme
from server.board.models.said import Said
from server.scheme_book import KINDS
from server.workbooks import BadCell, Row, Sheets, decimal_of

SHEET: Final = "Phiếu chấm"
FIRST_LINE: Final = 4
"""The header; above it a title, what the checklist is of, and an empty line."""

COLUMNS: Final = ("Mã tiêu chí", "Tiêu chí", "Điểm tối đa", "Cách chấm", "Kết quả", "Không áp dụng", "Ghi chú")
WIDTHS: Final = (13, 60, 12, 17, 14, 15, 60)
PASSED: Final = {"đạt": True, "x": True, "không đạt": False, "không": False}
NOTE_CHARS_MAX: Final = 2_000


def write(scheme: Scheme, functions: Collection[str], *, title: str, subject: str) -> bytes:
    """The empty layout of one unit's checklist. `subject` is the draft's id: what is read must be of the same."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    base = {"font_name": "Calibri", "font_size": 11, "valign": "top", "text_wrap": True}
    line = {**base, "border": 1, "border_color": "#D5DCE1"}
    plain, fill = book.add_format(line), book.add_format({**line, "bg_color": "#FFF8E1", "locked": False})
    head = book.add_format({**line, "bold": True, "bg_color": "#0B4A6F", "font_color": "#FFFFFF"})
    part = book.add_format({**line, "bold": True, "bg_color": "#EEF3F6"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(FIRST_LINE, 2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_LINE - 1)
    sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 16, "font_color": "#0B4A6F"}))
    sheet.write_string(1, 0, subject, book.add_format({"font_size": 9, "font_color": "#5B6B75"}))
    for at, (name, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(FIRST_LINE - 1, at, name, head)
    words = {code: word for word, code in KINDS.items()}
    at = FIRST_LINE
    for section in scheme.sections:
        sheet.write_blank(at, 0, None, part)
        sheet.write_string(at, 1, section.names["vi"], part)
        for column in range(2, len(COLUMNS)):
            sheet.write_blank(at, column, None, part)
        at += 1
        for criterion in section.criteria:
            if criterion.function is not None and criterion.function not in functions:
                continue
            sheet.write_string(at, 0, criterion.id, plain)
            sheet.write_string(at, 1, criterion.names["vi"], plain)
            sheet.write_number(at, 2, float(criterion.max), plain)
            sheet.write_string(at, 3, words[criterion.kind], plain)
            for column in (4, 5, 6):
                sheet.write_blank(at, column, None, fill)
            if criterion.kind == "pass_fail":
                sheet.data_validation(at, 4, at, 4, {"validate": "list", "source": ["đạt", "không đạt"]})
            elif criterion.kind == "judged":
                most = decimal_string(criterion.max)
                sheet.data_validation(
                    at, 4, at, 4,
                    {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": float(criterion.max),
                     "error_title": "Điểm", "error_message": f"Điểm từ 0 đến {most}."},
                )  # fmt: skip
            sheet.data_validation(at, 5, at, 5, {"validate": "list", "source": ["x"]})
            at += 1
    book.close()
    return out.getvalue()


def read(
    sheets: Sheets, scheme: Scheme, functions: Collection[str], *, subject: str
) -> tuple[dict[str, dict[str, Any]], tuple[BadCell, ...]]:
    """Criterion → its value and its note as text; or every bad cell, by line and column."""
    rows = {row.line: row for row in sheets.get(SHEET, ())}
    bad: list[BadCell] = []

    def wrong(line: int, column: str, code: str, **params: Any) -> None:
        bad.append(BadCell(SHEET, line, column, Said(code, params)))

    if not rows:
        wrong(1, "A", "sheet-missing", wanted=SHEET)
        return {}, tuple(bad)
    empty = Row(0, ())
    given = rows.get(2, empty)[0]
    if given != subject:
        wrong(2, "A", "sheet-of-other", given=given, wanted=subject)
    for at, title in enumerate(COLUMNS):
        if rows.get(FIRST_LINE, empty)[at].casefold() != title.casefold():
            wrong(FIRST_LINE, "ABCDEFG"[at], "header-differs", wanted=title)
    found: dict[str, dict[str, Any]] = {}
    for line, row in sorted(rows.items()):
        if line <= FIRST_LINE or not (row[4] or row[5] or row[6]):
            continue
        criterion = scheme.criterion(row[0])
        if criterion is None or (criterion.function is not None and criterion.function not in functions):
            wrong(line, "A", "criterion-not-here", criterion=row[0])
            continue
        if criterion.id in found:
            wrong(line, "A", "criterion-twice", criterion=criterion.id)
        said, faults = answer_of(scheme, criterion, row)
        for column, code, params in faults:
            wrong(line, column, code, **params)
        found[criterion.id] = said
    if not found and not bad:
        wrong(FIRST_LINE + 2, "E", "nothing-filled")
    return ({} if bad else found), tuple(bad)


def answer_of(
    scheme: Scheme, criterion: Criterion, row: Row
) -> tuple[dict[str, Any], list[tuple[str, str, Mapping[str, Any]]]]:
    """What one row answers, and its faults: column, code, params."""
    said: dict[str, Any] = {"note": str(row[6])} if row[6] else {}
    if len(row[6]) > NOTE_CHARS_MAX:
        return said, [("G", "text-too-long", {"limit": NOTE_CHARS_MAX, "length": len(row[6])})]
    if row[5]:
        if row[5].casefold() != "x":
            return said, [("F", "na-mark", {"given": row[5][:40]})]
        if row[4]:
            return said, [("F", "value-and-na", {})]
        return {**said, "na": True}, [] if row[6] else [("G", "na-note-here", {})]
    if not row[4]:
        return said, []
    if criterion.kind == "pass_fail":
        passed = PASSED.get(row[4].casefold())
        return ({**said, "passed": passed}, []) if passed is not None else (
            said, [("E", "passed-unclear", {"given": row[4][:40]})]
        )  # fmt: skip
    number = decimal_of(row[4])
    if number is None:
        return said, [("E", "number-unclear", {"given": row[4][:40]})]
    value = {MEMBER_OF_KIND[criterion.kind]: number}
    problems = check_answer(scheme, criterion.id, value)
    if number.startswith("-") and criterion.kind not in ("quantitative", "bands"):
        return said, [("E", "decimal-negative", {})]
    if criterion.kind == "per_occurrence" and "." in number:
        return said, [("E", "decimal-not-whole", {})]
    return {**said, **value}, [("E", it.code, it.params) for it in problems]
