"""Sentences of the service, in Vietnamese and English: its own, and those of the rules behind them.

Codes are stable, sentences are not. The service's own stand in `sentences.json` beside this file; any other code is
`schemas.messages`'. It must never know where a sentence is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import schemas.messages
from server.board.models.said import Said

LOCALES = schemas.messages.LOCALES


def say(said: Said | str, locale: str, /, **params: Any) -> str:
    """The sentence in `locale` (anything but `en` reads Vietnamese). Raises KeyError on an unknown code."""
    code, given = (said, params) if isinstance(said, str) else (said.code, {**said.params, **params})
    own = _sentences().get(code)
    if own is None:
        return schemas.messages.say(code, locale, **given)
    shown = {name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
             for name, value in given.items()}  # fmt: skip
    return own["en" if locale == "en" else "vi"].format_map(shown)


def codes() -> frozenset[str]:
    """The service's own codes."""
    return frozenset(_sentences())


def best_locale(wanted: Iterable[str], default: str) -> str:
    """The first of the languages wanted (`vi-VN`, `en`) that we speak."""
    for each in wanted:
        tongue = each.partition("-")[0].lower()
        if tongue in LOCALES:
            return tongue
    return default


@cache
def _sentences() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = json.loads((files("server") / "sentences.json").read_text(encoding="utf-8"))
    return read
