"""One module a page: load, authorise (the board does), render. Importing this package hangs them on the blueprint."""

from __future__ import annotations

from flask import Flask

from server.web.views import (
    appraisal,
    common,
    criterion,
    decisions,
    devices,
    evidence,
    groups,
    preferences,
    result,
    session,
    sheet,
    standings,
    typed_in,
    units,
    visits,
)

__all__ = [
    "appraisal",
    "criterion",
    "decisions",
    "devices",
    "evidence",
    "groups",
    "preferences",
    "result",
    "session",
    "sheet",
    "standings",
    "typed_in",
    "units",
    "visits",
]


def init_app(app: Flask) -> None:
    """What all templates are given."""
    common.init_app(app)
