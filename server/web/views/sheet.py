"""The scoresheet of one unit: sections, criteria, every stage beside the other, and the claims decided."""

from __future__ import annotations

from typing import Any, Final

from flask import render_template

from server.web.blueprint import web
from server.web.reader import account, service

CLAIM_ACTS: Final = ("count-claim", "refuse-claim")


@web.get("/<group>/<int:year>/units/<unit>")
def sheet(group: str, year: int, unit: str) -> Any:
    board = service().board
    page = board.sheet(account(), group, year, unit)
    claims = [
        entry
        for entry in board.decisions(account(), group, year).decisions
        if entry.act in CLAIM_ACTS and entry.value.get("unit") == unit
    ]
    # One column a visit that answered, in the order of the visits' ids: their order of planning.
    visits = sorted({cell.visit for section in page.sections for row in section.criteria for cell in row.cross})
    return render_template("sheet.html", page=page, head=page.head, visits=visits, claims=claims, tab="standings")
