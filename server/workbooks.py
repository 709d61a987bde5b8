"""Tables that people fill in, CSV or XLSX, read into plain rows of text with the place each cell stands at.

Cells come out as one would type them: days `2025-07-01`, numbers with a point and without an exponent, text in NFC and
without spaces around it. A file that is none, or too large to be one, is refused whole. What a row means is not known
here.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import openpyxl

from schemas.figures import decimal_string
from schemas.hashing import nfc
from server.board.models.said import Said
from server.problems import Invalid

FILE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A scheme of five hundred criteria is 60 KB; a list of every commune of the country 1 MB."""

UNPACKED_BYTES_MAX: Final = 64 * 1024 * 1024
"""A workbook is a zip: what it unpacks to must fit a small server's memory."""

ROWS_MAX: Final = 20_000
"""Of one sheet: twice the country's communes."""

COLUMNS_MAX: Final = 64

NUMBER_CHARS_MAX: Final = 400
"""The longest that a spreadsheet can mean has 309; Python makes no number of more than some thousand digits."""


@dataclass(frozen=True, slots=True)
class Row:
    """`line` as the spreadsheet numbers it, from 1; a cell beyond the row's end is empty."""

    line: int
    cells: tuple[str, ...]

    def __getitem__(self, column: int) -> str:
        return self.cells[column] if column < len(self.cells) else ""

    def __bool__(self) -> bool:
        return any(self.cells)


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where and why: sheet (empty for a CSV), line, column's name or letter."""

    sheet: str
    line: int
    column: str
    said: Said

    @property
    def place(self) -> Mapping[str, Any]:
        return {"sheet": self.sheet, "line": self.line, "path": self.column}


class Number(str):
    """A cell that held a number, not a text: its point is a decimal point."""

    __slots__ = ()


Sheets = Mapping[str, tuple[Row, ...]]

_GROUPED = re.compile(r"-?[0-9]{1,3}(?:[.,][0-9]{3})+")


def decimal_of(cell: str) -> str | None:
    """The canonical decimal a cell says, with a comma or a point; None where it is none, or could be a thousand."""
    text = cell if isinstance(cell, Number) else cell.replace("\u00a0", "").replace(" ", "")
    if not isinstance(cell, Number):
        if _GROUPED.fullmatch(text):
            return None
        text = text.replace(",", ".")
    if len(text) > NUMBER_CHARS_MAX or not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
        return None
    return decimal_string(Fraction(text))


def letter(column: int) -> str:
    """A column as a spreadsheet names it: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def read_csv(content: bytes) -> tuple[Row, ...]:
    """A CSV in UTF-8, with commas or a spreadsheet's semicolons. Raises Invalid."""
    if len(content) > FILE_BYTES_MAX:
        raise Invalid("table-too-large", {"limit": FILE_BYTES_MAX // 1024 // 1024})
    try:
        text = nfc(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid("table-not-utf8") from error
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    rows: list[Row] = []
    for cells in reader:
        rows.append(Row(reader.line_num, tuple(cell.strip() for cell in cells[:COLUMNS_MAX])))
        if len(rows) > ROWS_MAX:
            raise Invalid("table-too-long", {"limit": ROWS_MAX})
    return tuple(rows)


def read_xlsx(content: bytes) -> Sheets:
    """Every sheet of a workbook, by its name. Raises Invalid."""
    if len(content) > FILE_BYTES_MAX:
        raise Invalid("table-too-large", {"limit": FILE_BYTES_MAX // 1024 // 1024})
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _require_small(packed)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return {nfc(sheet.title): _rows(sheet) for sheet in book.worksheets}
    except Invalid:
        raise
    except Exception as error:  # openpyxl raises what the damage happens to lead to: KeyError, ParseError, …
        raise Invalid("table-not-xlsx") from error


def _require_small(packed: zipfile.ZipFile) -> None:
    if sum(each.file_size for each in packed.infolist()) > UNPACKED_BYTES_MAX:
        raise Invalid("table-too-large", {"limit": UNPACKED_BYTES_MAX // 1024 // 1024})


def _rows(sheet: Any) -> tuple[Row, ...]:
    found: list[Row] = []
    # A sheet may claim a million rows of nothing: what it says of its size is not believed.
    for line, cells in enumerate(sheet.iter_rows(max_col=COLUMNS_MAX, values_only=True), 1):
        if line > ROWS_MAX:
            raise Invalid("table-too-long", {"limit": ROWS_MAX})
        row = Row(line, tuple(_text(cell) for cell in cells))
        if row:
            found.append(row)
    return tuple(found)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, int | float):
        # The shortest digits that are this number, which is what was typed; 12.0 is 12.
        plain = format(Decimal(repr(value)), "f")
        return Number(plain.rstrip("0").rstrip(".") if "." in plain else plain)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(nfc(str(value))).strip()
