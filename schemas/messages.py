"""Every sentence that follows from a rule of this package, in Vietnamese and English.

Codes are stable, sentences are not: programs look at codes. The sentences stand in `sentences.json` beside this file,
so that a translator needs no Python; entries that begin with `word:` translate the words of documents inside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, Final

from schemas.figures import decimal_string, format_points, is_decimal

LOCALES: Final = ("vi", "en")

_FIGURES: Final = frozenset({
    "base", "count", "given", "least", "length", "limit", "max", "most", "percent", "points", "step", "sum", "total"
})  # fmt: skip
_PRINTED: Final = frozenset({"base", "points"})
"""What a ranking prints with all its decimals, and a sentence too: `88.80`."""

_NUMBERED: Final = frozenset({"criterion", "section"})
"""Said as people number them: `i-3` is I.3."""

_FIXED: Final = re.compile(r"-?[0-9]{1,20}\.(?P<decimals>[0-9]{1,6})")

_WORDS: Final = frozenset({"choices", "kind", "kinds", "office", "roles", "stages", "wanted", "why"})


def say(code: str, locale: str, /, **params: Any) -> str:
    """The sentence for `code` in `locale` (anything but `en` reads Vietnamese). Raises KeyError on an unknown code.

    Figures are written as the locale writes them; a figure that was not given shows as `…` rather than hide the rest.
    """
    spoken = "en" if locale == "en" else "vi"
    template = _sentences()[code][spoken]
    return template.format_map(_Shown({name: _shown(name, value, spoken) for name, value in params.items()}))


def codes() -> frozenset[str]:
    """Every code there is."""
    return frozenset(code for code in _sentences() if not code.startswith("word:"))


class _Shown(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def _shown(name: str, value: Any, locale: str) -> str:
    if isinstance(value, Fraction):
        return _exact(value, locale)
    if name == "terms":
        return " + ".join(_shown(name, item, locale) for item in value)
    if isinstance(value, Mapping):
        return str(value.get(locale) or value["vi"])
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(name, item, locale) for item in value)
    if name in _FIGURES and is_decimal(str(value)):
        return format_points(str(value), locale)
    if name in _PRINTED and (printed := _FIXED.fullmatch(str(value))):
        return format_points(str(value), locale, places=len(printed["decimals"]))
    if name in _NUMBERED:
        return str(value).upper().replace("-", ".")
    if name in _WORDS:
        return _sentences().get(f"word:{value}", {}).get(locale, str(value))
    return str(value)


def _exact(value: Fraction, locale: str) -> str:
    """Whole where a decimal is exact; else as the fraction it is, with what it comes to."""
    text = format_points(value, locale)
    if Fraction(decimal_string(value)) == value:
        return text
    return f"{value.numerator}/{value.denominator} ≈ {text}"


@cache
def _sentences() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = json.loads((files("schemas") / "sentences.json").read_text(encoding="utf-8"))
    return read
