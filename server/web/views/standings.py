"""The standings of a group year: places, sections, coverage, and what is to be done."""

from __future__ import annotations

from typing import Any

from flask import render_template

from server.web.blueprint import web
from server.web.reader import account, service


@web.get("/<group>/<int:year>")
def standings(group: str, year: int) -> Any:
    board = service().board
    page = board.standings(account(), group, year)
    tasks = board.tasks(account(), group, year)
    return render_template("standings.html", page=page, head=page.head, tasks=tasks, tab="standings")
