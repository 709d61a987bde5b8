"""A scheme as an Excel workbook: written for the people who know it, read back exactly, every bad cell named.

docs/scheme-workbook.md describes the layout; the workbook's first sheet says it to who fills it in. Which points make
a sound scheme is `schemas.scheme`'s to say: here its problems find their cells.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from schemas.base import problems_of
from schemas.problem import Problem
from server.board.models.said import Said
from server.workbooks import BadCell, Row, Sheets, decimal_of, letter, read_xlsx

GUIDE, SETTINGS, SECTIONS, CRITERIA, BANDS, ITEMS, AWARDS = (
    "Hướng dẫn", "Bảng điểm", "Nội dung", "Tiêu chí", "Mức điểm", "Thưởng và trừ", "Khen thưởng",
)  # fmt: skip

KINDS: Final = {
    "chấm điểm": "judged",
    "định lượng": "quantitative",
    "đạt hoặc không": "pass_fail",
    "theo lần": "per_occurrence",
    "theo mức": "bands",
}
FUNCTIONS: Final = {"văn hóa": "culture", "thể thao": "sports", "du lịch": "tourism", "gia đình": "family"}
MODES: Final = {"thứ tự ưu tiên": "precedence", "trọng số": "weighted"}
SIDES: Final = {"thưởng": "bonus", "trừ": "penalty"}
AWARD_IDS: Final = {"cờ thi đua": "flag", "bằng khen": "merit"}
YES: Final = {"x": True, "": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, the member it fills, how its text is read, and how wide it is."""

    title: str
    member: str
    kind: str = "text"
    width: int = 12
    words: Mapping[str, Any] | None = None


_NAMES = (
    Column("Tên tiếng Việt", "names.vi", width=48),
    Column("Tên tiếng Anh", "names.en", width=40),
)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    SECTIONS: (Column("Mã nội dung", "id"), *_NAMES, Column("Điểm tối đa", "max", "decimal")),
    CRITERIA: (
        Column("Mã nội dung", "section"),
        Column("Mã tiêu chí", "id"),
        *_NAMES,
        Column("Điểm tối đa", "max", "decimal"),
        Column("Cách chấm", "kind", width=17, words=KINDS),
        Column("Chỉ với chức năng", "function", "optional-word", 17, FUNCTIONS),
        Column("Cần minh chứng", "evidence_required", width=15, words=YES),
        Column("Bước chấm", "step", "optional"),
        Column("Chỉ tiêu", "target", "optional"),
        Column("Điểm mỗi lần", "points_each", "optional", 13),
    ),
    BANDS: (
        Column("Mã tiêu chí", "criterion"),
        Column("Đến (kể cả)", "to", "optional"),
        Column("Điểm", "points", "decimal"),
    ),
    ITEMS: (
        Column("Loại", "side", words=SIDES),
        Column("Mã", "id", width=22),
        *_NAMES,
        Column("Điểm mỗi lần", "points", "decimal", 13),
        Column("Tối đa", "max", "optional"),
    ),
    AWARDS: (
        Column("Hình thức", "id", width=14, words=AWARD_IDS),
        *_NAMES,
        Column("% tổng điểm", "base_percent", "decimal", 13),
        Column("% từng nội dung", "section_percent", "optional", 16),
    ),
}

SETTING_ROWS: Final = (
    Column("Mã bảng điểm", "scheme"),
    Column("Phiên bản", "version", "whole"),
    Column("Tên tiếng Việt", "names.vi"),
    Column("Tên tiếng Anh", "names.en"),
    Column("Tổng điểm", "total", "decimal"),
    Column("Bước chấm", "step", "decimal"),
    Column("Cách tính điểm", "mode", words=MODES),
    Column("Trọng số tự chấm", "weights.self", "optional"),
    Column("Trọng số kiểm tra chéo", "weights.cross", "optional"),
    Column("Trọng số cụm (khối) thẩm định", "weights.cluster", "optional"),
    Column("Chênh lệch phải giải thích (% điểm tối đa)", "discrepancy_percent", "decimal"),
    Column("Phần còn áp dụng tối thiểu (%)", "applicable_percent", "decimal"),
    Column("Tổng điểm thưởng tối đa", "bonus.max", "decimal"),
    Column("Tổng điểm trừ tối đa", "penalty.max", "decimal"),
)

GUIDE_LINES: Final = (
    ("Cách dùng", ""),
    ("1", "Điền các trang theo thứ tự: Bảng điểm, Nội dung, Tiêu chí; các trang còn lại khi cần."),
    ("2", "Giữ nguyên tên trang và dòng tiêu đề. Được thêm dòng, bỏ dòng trống, tô màu, ghi chú thích."),
    ("3", "Nạp bằng lệnh: thidua scheme import TỆP.xlsx. Có ô sai thì chưa nạp gì; mọi ô sai được nêu một lần."),
    ("4", "Bảng điểm đã khóa cho một năm thì không sửa: hãy tăng Phiên bản rồi nạp như bảng điểm mới."),
    ("Quy tắc", ""),
    ("Mã", "Chữ thường không dấu, số và gạch nối: i-1, ii-3. Không trùng nhau trong cả bảng điểm."),
    ("Điểm", "Điểm tối đa các tiêu chí cộng lại bằng điểm tối đa của nội dung; các nội dung cộng lại bằng tổng điểm."),
    ("Số lẻ", "Gõ 0,5 hoặc 0.5. Số gõ dạng chữ như 1.000 bị từ chối vì có thể hiểu hai cách."),
    ("Cách chấm", ""),
    ("chấm điểm", "Người chấm nhập điểm từ 0 đến tối đa, theo bước chấm (để trống: bước chung của bảng điểm)."),
    ("định lượng", "Nhập số thực hiện; so với chỉ tiêu của đơn vị, nếu đơn vị không có thì chỉ tiêu ở cột Chỉ tiêu."),
    ("đạt hoặc không", "Đạt được trọn điểm, không đạt được 0."),
    ("theo lần", "Số lần nhân Điểm mỗi lần, không quá điểm tối đa."),
    ("theo mức", "Kê ở trang Mức điểm, từ thấp đến cao; đến (kể cả) mức nào thì được điểm mức đó."),
    ("", "Mức cuối để trống cột Đến. Càng thấp càng tốt thì ghi điểm giảm dần."),
    ("Cột khác", ""),
    ("Chỉ với chức năng", "Tiêu chí chỉ áp dụng cho đơn vị có chức năng này; để trống: mọi đơn vị."),
    ("Cần minh chứng", "Ghi x nếu khi tự chấm phải kèm minh chứng."),
    ("Thưởng và trừ", "Chỉ tính khi cụm, khối quyết định; mỗi mục và tổng đều có mức tối đa."),
)  # fmt: skip


# Reading


@dataclass
class _Reading:
    bad: list[BadCell] = field(default_factory=list)
    places: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """Path in the document → sheet, line, column."""

    def wrong(self, sheet: str, line: int, column: str, code: str, **params: Any) -> None:
        self.bad.append(BadCell(sheet, line, column, Said(code, params)))


def read(content: bytes) -> tuple[dict[str, Any] | None, tuple[BadCell, ...]]:
    """The scheme a workbook says, or every bad cell by sheet, line and column. Raises Invalid: it is no workbook."""
    return document_of(read_xlsx(content))


def document_of(sheets: Sheets) -> tuple[dict[str, Any] | None, tuple[BadCell, ...]]:
    """As `read`, of sheets already opened."""
    reading = _Reading()
    for sheet in (SETTINGS, *TABLES):
        if sheet not in sheets:
            reading.wrong(sheet, 1, "A", "sheet-missing", wanted=sheet)
    if reading.bad:
        return None, tuple(reading.bad)
    document: dict[str, Any] = {"type": "scheme", "v": 1, **_settings(reading, sheets[SETTINGS])}
    if not any((document["weights"] or {}).values()):
        document["weights"] = None
    document["_id"] = f"scheme:{document['scheme']}:{document['version']}"
    sections = _table(reading, sheets, SECTIONS, "sections.{at}")
    criteria = _table(reading, sheets, CRITERIA, None)
    bands = _table(reading, sheets, BANDS, None)
    items = _table(reading, sheets, ITEMS, None)
    _join(reading, sections, criteria, "section", into="criteria")
    for _, _, criterion in criteria:
        criterion["bands"] = None
    _join(reading, [(path, line, it) for path, line, it in criteria if path], bands, "criterion", into="bands")
    document["sections"] = [it for _, _, it in sections]
    if not sections:
        reading.places["sections"] = (SECTIONS, 2, "A")
    for side in ("bonus", "penalty"):
        document[side]["items"] = []
    for _, line, item in items:
        side = item.pop("side")
        if side in ("bonus", "penalty"):
            _place(reading, ITEMS, line, f"{side}.items.{len(document[side]['items'])}")
            document[side]["items"].append(item)
    document["awards"] = [it for _, _, it in _table(reading, sheets, AWARDS, "awards.{at}")]
    told = {(it.sheet, it.line, it.column) for it in reading.bad}
    for problem in problems_of(document):
        sheet, line, column = _cell_of(reading, problem.path)
        # What could not be read at all was said in its own words.
        if (sheet, line, column) not in told:
            reading.bad.append(BadCell(sheet, line, column, _said(problem, document)))
    order = {sheet: at for at, sheet in enumerate((SETTINGS, *TABLES))}
    bad = tuple(sorted(reading.bad, key=lambda it: (order[it.sheet], it.line, it.column)))
    return (None if bad else document), bad


def _said(problem: Problem, document: Mapping[str, Any]) -> Said:
    """A problem in words of the workbook, where those of the document would not say which line is missing."""
    if problem.code != "list-too-short":
        return Said(problem.code, problem.params)
    if problem.path == "sections":
        return Said("sections-none")
    section = document["sections"][int(problem.path.split(".")[1])]["id"]
    return Said("section-empty", {"section": section, "where": CRITERIA}) if section else Said("section-nameless")


def _settings(reading: _Reading, rows: Sequence[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {"names": {}, "weights": {}, "bonus": {}, "penalty": {}}
    by_title = {row[0].casefold(): row for row in rows[1:]}
    last = rows[-1].line if rows else 1
    for column in SETTING_ROWS:
        row = by_title.get(column.title.casefold())
        line = last + 1 if row is None else row.line
        if row is None:
            reading.wrong(SETTINGS, line, "A", "setting-missing", title=column.title)
        value = _value(reading, column, "" if row is None else row[1], (SETTINGS, line, "B"))
        _set(found, column.member, value)
        reading.places[column.member] = (SETTINGS, line, "B")
    found["names"]["en"] = found["names"]["en"] or found["names"]["vi"]
    return found


Line = tuple[str, int, dict[str, Any]]
"""Path in the document (empty: not known yet), line, what it says."""


def _table(reading: _Reading, sheets: Sheets, sheet: str, path: str | None) -> list[Line]:
    columns = TABLES[sheet]
    rows = sheets[sheet]
    header = rows[0] if rows else Row(1, ())
    for at, column in enumerate(columns):
        if header[at].casefold() != column.title.casefold():
            reading.wrong(sheet, header.line, letter(at), "header-differs", wanted=column.title)
    found: list[Line] = []
    for row in rows[1:]:
        said: dict[str, Any] = {}
        for at, column in enumerate(columns):
            _set(said, column.member, _value(reading, column, row[at], (sheet, row.line, letter(at))))
        if "names" in said:
            said["names"]["en"] = said["names"]["en"] or said["names"]["vi"]
        where = "" if path is None else path.format(at=len(found))
        if where:
            _place(reading, sheet, row.line, where)
        found.append((where, row.line, said))
    return found


def _join(reading: _Reading, owners: Sequence[Line], parts: list[Line], member: str, *, into: str) -> None:
    """Put each part into the owner it names; a part of nobody is a bad cell."""
    sheet, owners_sheet = (CRITERIA, SECTIONS) if into == "criteria" else (BANDS, CRITERIA)
    by_id = {it["id"]: (path, it) for path, _, it in reversed(owners)}
    for at, (_, line, part) in enumerate(parts):
        name = part.pop(member)
        if name not in by_id:
            reading.wrong(sheet, line, "A", "part-of-nothing", given=name, where=owners_sheet)
            continue
        path, owner = by_id[name]
        held = owner.get(into) or []
        where = f"{path}.{into}.{len(held)}"
        _place(reading, sheet, line, where)
        owner[into] = [*held, part]
        parts[at] = (where, line, part)
    if into == "criteria":
        for _, _, owner in owners:
            owner.setdefault(into, [])


def _value(reading: _Reading, column: Column, text: str, cell: tuple[str, int, str]) -> Any:
    if column.words is not None:
        known = {**column.words, **{str(code): code for code in column.words.values() if isinstance(code, str)}}
        word = " ".join(text.casefold().split())
        if word in known:
            return known[word]
        if column.kind == "optional-word" and not word:
            return None
        reading.wrong(*cell, "word-unknown", given=text[:60], words=[it for it in column.words if it])
        return text
    if column.kind == "optional" and not text:
        return None
    if column.kind in ("decimal", "optional", "whole"):
        number = decimal_of(text)
        if number is None:
            reading.wrong(*cell, "number-unclear" if text else "required", given=text[:40])
            return text
        return int(number) if column.kind == "whole" and number.isascii() and number.isdigit() else number
    return str(text)


def _place(reading: _Reading, sheet: str, line: int, path: str) -> None:
    reading.places[path] = (sheet, line, "A")
    for at, column in enumerate(TABLES[sheet]):
        reading.places[f"{path}.{column.member}"] = (sheet, line, letter(at))
    if sheet == CRITERIA:
        reading.places[f"{path}.bands"] = (sheet, line, letter(5))


def _cell_of(reading: _Reading, path: str) -> tuple[str, int, str]:
    """The cell a problem's path leads to, or the nearest above it."""
    aliases = {"_id": "scheme", "weights": "weights.self"}
    path = aliases.get(path, path)
    if path == "sections" and path not in reading.places:
        path = "total"  # their maxima do not add up
    while path:
        if path in reading.places:
            return reading.places[path]
        path = path.rpartition(".")[0]
    return reading.places["scheme"]


def _set(said: dict[str, Any], member: str, value: Any) -> None:
    first, _, rest = member.partition(".")
    if rest:
        said.setdefault(first, {})[rest] = value
    else:
        said[first] = value


# Writing


def write(document: Mapping[str, Any]) -> bytes:
    """The workbook of a scheme that passed `check`; `read` of it is the same document."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    styles = _styles(book)
    _write_guide(book, styles)
    _write_settings(book, styles, document)
    criteria: list[Mapping[str, Any]] = [
        {"section": it["id"], **each} for it in document["sections"] for each in it["criteria"]
    ]
    rows: dict[str, list[Mapping[str, Any]]] = {
        SECTIONS: list(document["sections"]),
        CRITERIA: criteria,
        BANDS: [{"criterion": it["id"], **band} for it in criteria for band in it["bands"] or ()],
        ITEMS: [{"side": side, **it} for side in ("bonus", "penalty") for it in document[side]["items"]],
        AWARDS: list(document["awards"]),
    }
    for sheet, columns in TABLES.items():
        _write_table(book, styles, sheet, columns, rows[sheet])
    book.close()
    return out.getvalue()


Styles = Mapping[str, Any]
ROOM_ROWS: Final = 200
"""Lines below the filled ones that offer the same lists to choose from."""


def _styles(book: Any) -> Styles:
    base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
    line = {"border": 1, "border_color": "#D5DCE1"}
    return {
        "title": book.add_format({**base, "bold": True, "font_size": 16, "font_color": "#0B4A6F"}),
        "part": book.add_format({**base, "bold": True, "font_size": 12, "font_color": "#0B4A6F", "bottom": 1}),
        "plain": book.add_format({**base, "text_wrap": True}),
        "strong": book.add_format({**base, "bold": True}),
        "head": book.add_format({
            **base, **line, "bold": True, "bg_color": "#0B4A6F", "font_color": "#FFFFFF", "text_wrap": True,
            "valign": "vcenter",
        }),
        "text": book.add_format({**base, **line, "text_wrap": True}),
        "number": book.add_format({**base, **line, "align": "right", "num_format": "General"}),
        "label": book.add_format({**base, **line, "bg_color": "#EEF3F6"}),
    }  # fmt: skip


def _write_guide(book: Any, styles: Styles) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, "Bảng điểm thi đua – hướng dẫn điền", styles["title"])
    for at, (first, second) in enumerate(GUIDE_LINES, 2):
        if second:
            sheet.write_string(at, 0, first, styles["strong"])
            sheet.write_string(at, 1, second, styles["plain"])
        else:
            sheet.merge_range(at, 0, at, 1, first, styles["part"])


def _write_settings(book: Any, styles: Styles, document: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(SETTINGS)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 64)
    sheet.freeze_panes(1, 0)
    for at, title in enumerate(("Mục", "Giá trị")):
        sheet.write_string(0, at, title, styles["head"])
    for at, column in enumerate(SETTING_ROWS, 1):
        sheet.write_string(at, 0, column.title, styles["label"])
        _write_cell(sheet, styles, (at, 1), column, _get(document, column.member))
        if column.words is not None:
            sheet.data_validation(at, 1, at, 1, {"validate": "list", "source": list(column.words)})


def _write_table(
    book: Any, styles: Styles, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, column.title, styles["head"])
        if column.words is not None:
            source = [word for word in column.words if word]
            sheet.data_validation(1, at, len(rows) + ROOM_ROWS, at, {"validate": "list", "source": source})
        for line, row in enumerate(rows, 1):
            _write_cell(sheet, styles, (line, at), column, _get(row, column.member))


def _write_cell(sheet: Any, styles: Styles, at_cell: tuple[int, int], column: Column, value: Any) -> None:
    line, at = at_cell
    write_text: Callable[..., Any] = sheet.write_string
    if value is None or value is False:
        sheet.write_blank(line, at, None, styles["text"])
    elif column.words is not None:
        write_text(line, at, next(word for word, code in column.words.items() if code == value), styles["text"])
    elif column.kind == "text":
        write_text(line, at, str(value), styles["text"])
    elif Decimal(repr(float(value))) == Decimal(value):
        sheet.write_number(line, at, float(value), styles["number"])
    else:  # more digits than a spreadsheet's number keeps
        write_text(line, at, str(value), styles["number"])


def _get(said: Mapping[str, Any], member: str) -> Any:
    first, _, rest = member.partition(".")
    value = said[first]
    return value if not rest or value is None else value[rest]
