"""The blueprint all pages hang on, and the stamp its static files carry."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for

web: Final = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

STATIC: Final = Path(__file__).parent / "static"


@cache
def _stamp(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@web.app_template_global()
def asset(name: str) -> str:
    """The address of a static file, with a stamp of its bytes: a new release is never mixed with an old style."""
    return url_for("web.static", filename=name, v=_stamp(name))


@web.after_request
def shown_from_the_top(answer: Response) -> Response:
    """What was done is said at the top: a browser would come back to where the form stood, below it."""
    target = answer.headers.get("Location", "")
    if answer.status_code == 303 and "#" not in target and urlsplit(target).path == request.path:
        answer.headers["Location"] = f"{target}#top"
    return answer
