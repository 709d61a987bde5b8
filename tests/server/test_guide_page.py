"""docs/huong-dan.md: what it tells people to look for is on their screens, letter by letter."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.pofile import read_po

HERE = Path(__file__).parents[2]
PAGE = (HERE / "docs" / "huong-dan.md").read_text(encoding="utf-8")
APP = HERE / "mobile" / "locale" / "vi" / "LC_MESSAGES" / "mobile.po"
PAGES = HERE / "server" / "web" / "translations" / "messages.pot"


def test_each_word_in_bold_stands_on_a_screen() -> None:
    named = {" ".join(found.split()) for found in re.findall(r"\*\*([^*]+)\*\*", PAGE)} - {"đậm"}
    with APP.open("rb") as app, PAGES.open("rb") as pages:
        shown = {message.string for message in read_po(app)} | {message.id for message in read_po(pages)}
    assert len(named) > 40
    assert not named - shown
