"""The log of decisions: who, when, what, why, and the chain that holds them together."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from server.web.blueprint import web
from server.web.reader import account, service


@web.get("/<group>/<int:year>/decisions")
def decisions(group: str, year: int) -> Any:
    board = service().board
    page = board.decisions(account(), group, year)
    ranking = board.standings(account(), group, year)
    act, unit = request.args.get("act", ""), request.args.get("unit", "")
    shown = [
        entry
        for entry in sorted(page.decisions, key=lambda each: (each.n, each.decision), reverse=True)
        if (not act or entry.act == act)
        and (not unit or unit in (entry.value.get("unit"), entry.value.get("inspected")))
    ]
    return render_template(
        "decisions.html",
        page=page,
        head=page.head,
        shown=shown,
        acts=sorted({entry.act for entry in page.decisions}),
        units={row.unit.unit: row.unit for row in ranking.rows},
        act=act,
        unit=unit,
        tab="decisions",
    )
