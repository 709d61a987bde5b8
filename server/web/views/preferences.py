"""How pages look to one reader: language and colours, kept in the browser, no matter who is signed in."""

from __future__ import annotations

from typing import Any, Final

from flask import current_app, redirect, request, url_for

from server.web.blueprint import web
from server.web.language import COOKIE as LANGUAGE
from server.web.language import LOCALES
from server.web.views.common import local_path

LOOK: Final = "look"
LOOKS: Final = ("auto", "light", "dark", "contrast")
KEPT_FOR_S: Final = 365 * 24 * 3600


@web.post("/preferences")
def preferences() -> Any:
    """Set what is named and known; anything else changes nothing."""
    answer = redirect(local_path(request.form.get("next")) or url_for("web.groups"), 303)
    for name, known in ((LANGUAGE, LOCALES), (LOOK, LOOKS)):
        value = request.form.get(name)
        if value is not None and value in known:
            answer.set_cookie(
                name,
                value,
                max_age=KEPT_FOR_S,
                httponly=True,
                samesite="Lax",
                secure=bool(current_app.config.get("SESSION_COOKIE_SECURE")),
            )
    return answer


@web.app_template_global()
def look() -> str:
    """ "light", "dark" or "contrast" when chosen; "" lets the system say."""
    chosen = request.cookies.get(LOOK, "")
    return chosen if chosen in LOOKS and chosen != "auto" else ""
