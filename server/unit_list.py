"""A list of units as a CSV or XLSX file: read whole or refused whole, with every bad row named. Pure.

Columns: unit, name_vi, name_en, short_vi, short_en, kind, parent, functions (separated by spaces), valid_from,
valid_to. A spreadsheet's semicolons and its byte-order mark are understood; of a workbook the first sheet is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas import ids
from schemas.base import problems_of
from schemas.organisation import in_circle
from server.board.models.said import Said
from server.workbooks import BadCell, Row

REQUIRED: Final = ("unit", "name_vi", "kind", "valid_from")
COLUMNS: Final = (*REQUIRED, "name_en", "short_vi", "short_en", "parent", "functions", "valid_to")

COPIED: Final = frozenset({"name_en", "short_vi", "short_en"})
"""Filled from the Vietnamese name where they are empty."""


@dataclass(frozen=True, slots=True)
class Read:
    """Units ready to be written when there is no bad row."""

    units: tuple[dict[str, Any], ...]
    bad: tuple[BadCell, ...]


def read(rows: Sequence[Row], *, known: Mapping[str, str | None], sheet: str = "") -> Read:
    """The units of a table; `known` are the units already in the registry with their parents."""
    header = {name: at for at, name in enumerate(rows[0].cells) if name} if rows else {}
    missing = [column for column in REQUIRED if column not in header]
    units: list[tuple[int, dict[str, Any]]] = []
    bad = [BadCell(sheet, 1, column, Said("csv-column", {"column": column})) for column in missing]
    for row in rows[1:]:
        cells = {name: row[header[name]] if name in header else "" for name in COLUMNS}
        if not any(cells.values()):
            continue
        unit = _unit(cells)
        units.append((row.line, unit))
        wrong: dict[str, Said] = {}
        judged = unit
        if not ids.is_word(unit["unit"]):
            wrong["unit"] = Said("not-id-word")
            # Under an id that could be, so that whatever else is wrong in the row is named too.
            judged = {**unit, "_id": ids.unit_id("row"), "unit": "row"}
        for it in problems_of(judged):
            wrong.setdefault(_column(it.path), Said(it.code, it.params))
        # A column that is not there is said once, at the header, and not again at each row.
        # Nor are the cells that, left empty, repeat another.
        told = [column for column in wrong if column not in missing and (cells.get(column) or column not in COPIED)]
        bad += [BadCell(sheet, row.line, column, wrong[column]) for column in told]
    listed = [unit["unit"] for _, unit in units]
    parents = {**known, **{unit["unit"]: unit["parent"] for _, unit in units}}
    for line, unit in units:
        parent = unit["parent"]
        if parent is not None and parent not in parents:
            bad.append(BadCell(sheet, line, "parent", Said("csv-parent", {"parent": parent})))
        elif parent != unit["unit"] and in_circle(unit["unit"], parents):
            bad.append(BadCell(sheet, line, "parent", Said("csv-circle", {"unit": unit["unit"]})))
        if unit["unit"] and listed.count(unit["unit"]) > 1:
            bad.append(BadCell(sheet, line, "unit", Said("csv-twice", {"unit": unit["unit"]})))
    return Read(tuple(unit for _, unit in units), tuple(sorted(bad, key=lambda it: (it.line, it.column))))


def _unit(cells: dict[str, str]) -> dict[str, Any]:
    vi = cells["name_vi"]
    en = cells["name_en"] or vi
    return {
        "_id": f"unit:{cells['unit']}",
        "type": "unit",
        "v": 1,
        "unit": cells["unit"],
        "names": {"vi": vi, "en": en},
        "short_names": {"vi": cells["short_vi"] or vi, "en": cells["short_en"] or en},
        "kind": cells["kind"],
        "parent": cells["parent"] or None,
        "functions": _words(cells["functions"]),
        "valid_from": cells["valid_from"],
        "valid_to": cells["valid_to"] or None,
    }


def _column(path: str) -> str:
    """The column of the file that a member of the document was read from."""
    first, _, rest = path.partition(".")
    columns = {"names": f"name_{rest}", "short_names": f"short_{rest}"}
    return columns.get(first, first)


def _words(text: str) -> Sequence[str]:
    return text.replace(",", " ").replace("|", " ").split()
