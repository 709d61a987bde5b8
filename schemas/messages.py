"""Every sentence that follows from a rule of this package, in Vietnamese and English.

Codes are stable, sentences are not: programs look at codes. The sentences stand in `sentences.json` beside this file,
so that a translator needs no Python.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

LOCALES = ("vi", "en")


def say(code: str, locale: str, /, **params: Any) -> str:
    """The sentence for `code` in `locale` (anything but `en` reads Vietnamese). Raises KeyError on an unknown code."""
    template = _sentences()[code]["en" if locale == "en" else "vi"]
    return template.format_map({name: _figure(value) for name, value in params.items()})


def codes() -> frozenset[str]:
    """Every code there is."""
    return frozenset(_sentences())


def _figure(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in value)
    return str(value)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = json.loads((files("schemas") / "sentences.json").read_text(encoding="utf-8"))
    return read
