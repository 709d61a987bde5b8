"""The icons of the pages, inlined so that they take the colour of their text and cost no request.

Files of `static/icons` are Material Design Icons as published (docs/vendored.md). An icon is decoration: the word
beside it speaks, so it is hidden from screen readers. This module must never know what an icon means.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from flask import Flask
from markupsafe import Markup

FOLDER: Final = Path(__file__).parent / "static" / "icons"
_PATH: Final = re.compile(r'<path d="([^"]+)"')


@cache
def icon(name: str, size: str = "") -> Markup:
    """An inline SVG of a file in `static/icons`; `size` is "", "small" or "large". Raises OSError: no such icon."""
    found = _PATH.search((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"static/icons/{name}.svg holds no single path")
    return Markup('<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>').format(
        size, found[1]
    )


def init_app(app: Flask) -> None:
    """Templates call `icon("name")`."""
    app.jinja_env.globals["icon"] = icon
