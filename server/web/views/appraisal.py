"""The appraisal: every criterion of every unit at one glance, and what waits for a decision."""

from __future__ import annotations

from typing import Any

from flask import render_template

from server.web.blueprint import web
from server.web.reader import account, service


@web.get("/<group>/<int:year>/appraisal")
def appraisal(group: str, year: int) -> Any:
    board = service().board
    page = board.standings(account(), group, year)
    sheets = [board.sheet(account(), group, year, row.unit.unit) for row in page.rows]
    tasks = board.tasks(account(), group, year)
    cells = {
        (sheet.unit.unit, row.criterion): row
        for sheet in sheets
        for section in sheet.sections
        for row in section.criteria
    }
    return render_template(
        "appraisal.html", page=page, head=page.head, sheets=sheets, cells=cells, tasks=tasks, tab="appraisal"
    )
