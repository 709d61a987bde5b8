"""My groups: where everybody starts."""

from __future__ import annotations

from typing import Any

from flask import render_template

from server.web.blueprint import web
from server.web.reader import account, service


@web.get("/")
def groups() -> Any:
    return render_template("groups.html", cards=service().board.groups(account()))
