"""Sentences, icons and colours of the pages: complete in both languages, readable on their ground."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from server.web import icons, words

WEB = Path(words.__file__).parent
ENGLISH = WEB / "translations" / "en" / "LC_MESSAGES"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


def test_every_sentence_of_the_pages_is_there_in_english() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        known = {message.id for message in read_po(file) if message.id and message.string}
    keywords = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
    used = {found[2] for found in extract_from_dir(WEB, METHODS, keywords=keywords)}
    assert not {each for each in used if each not in known}


def test_no_sentence_stands_inside_another_where_it_would_not_be_collected() -> None:
    for path in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            inside = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
            called = {it.func.id for it in inside if isinstance(it, ast.Call) and isinstance(it.func, ast.Name)}
            assert not called & {"_", "gettext", "lazy_gettext", "ngettext"}, f"{path.name}:{node.lineno}"


def texts(catalogue: Catalog) -> dict[object, object]:
    def fixed(text: object) -> object:
        return tuple(text) if isinstance(text, list) else text

    return {fixed(message.id): fixed(message.string) for message in catalogue if message.id}


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        written = texts(read_po(file))
    with (ENGLISH / "messages.mo").open("rb") as file:
        compiled = texts(read_mo(file))
    assert compiled == written


def test_every_icon_that_is_drawn_is_there_and_no_other() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in [*WEB.rglob("*.py"), *WEB.rglob("*.html")])
    drawn = {path.stem for path in icons.FOLDER.glob("*.svg")}
    named = {name for name in re.findall(r'"([a-z][a-z0-9-]+)"', sources) if name in drawn}
    assert {word.icon for book in words.BOOKS.values() for word in book.values()} <= drawn
    assert named == drawn, "an icon nobody draws is dead weight"


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAIRS = [
    *[(ink, ground) for ink in ("ink", "soft", "primary", "problem", "attention") for ground in ("ground", "surface")],
    *[("soft", "sunk"), ("ink", "tint"), ("primary", "tint"), ("deep", "tint"), ("on-primary", "primary")],
    *[(tone, f"{tone}-tint") for tone in ("good", "attention", "problem")],
    *[("honour-ink", "honour-tint"), ("ink", "heat-low"), ("ink", "heat-high"), ("ink", "attention-tint")],
]


@pytest.mark.parametrize(("look", "least"), [("light", 4.5), ("dark", 4.5), ("contrast", 7.0)])
def test_text_can_be_read_on_its_ground(look: str, least: float) -> None:
    style = (WEB / "static" / "thidua.css").read_text(encoding="utf-8")
    block = re.search(rf'\[data-look="{look}"\] \{{(.*?)\n\}}', style, re.DOTALL)
    assert block is not None
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9A-F]{6})", block[1]))
    poor = [(ink, ground) for ink, ground in PAIRS if contrast(tokens[ink], tokens[ground]) < least]
    assert not poor
