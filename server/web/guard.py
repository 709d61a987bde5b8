"""What every page is wrapped in: the sign-in, a CSRF token on every form, and headers that shut other sites out.

Only pages are guarded here; phones and programs prove themselves by token (`server.gateway`, `server.api`). This
module must never know a page.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from server.web.blueprint import web
from server.web.reader import ask_to_sign_in

csrf: Final = CSRFProtect()

OPEN: Final = frozenset({"web.sign_in", "web.sign_in_sent", "web.enrol", "web.preferences", "web.static"})

HEADERS: Final = {
    # Everything is served by us: no script, style, font or picture from elsewhere, and no frame around us.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

STATIC_MAX_AGE_S: Final = 7 * 24 * 3600
"""Styles, fonts and icons: their address carries a stamp of their bytes, so a week is never stale."""


@web.before_request
def _admit() -> Response | None:
    """A page is closed unless it is named open, so that a new one cannot be left open by forgetting a line."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf.protect()
    if request.endpoint in OPEN or current_user.is_authenticated:
        return None
    return ask_to_sign_in()


@web.after_request
def _dress(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "web.static":
        response.cache_control.max_age = STATIC_MAX_AGE_S
        response.cache_control.public = True
        response.cache_control.no_cache = None
    elif request.endpoint not in ("web.photo", "web.thumb"):
        # A shared computer must not show a scoresheet to the next person who presses Back.
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def init_app(app: Flask) -> None:
    """CSRF is checked in the blueprint alone: an application-wide check would refuse every phone."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", 12 * 3600)  # a form left open over a working day still counts
    csrf.init_app(app)
