"""Which language a page speaks, and how figures, times and names read in it.

Sentences in code and templates are Vietnamese and are their own keys; `translations/en` holds the English. A reader's
choice (a cookie) wins over the account's, and that over the browser's. This module must never know what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

from flask import Flask, current_app, request
from flask_babel import Babel, get_locale, ngettext
from flask_login import current_user

from schemas import figures
from schemas.problem import InvalidDocument
from server import messages, naming
from server.board.models.said import Said

LOCALES: Final = ("vi", "en")
COOKIE: Final = "language"
TRANSLATIONS: Final = Path(__file__).parent / "translations"


def choose() -> str:
    """The language of this request."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    # A page that fails before the session is read (or outside these pages) still has a language.
    if hasattr(current_app, "login_manager") and current_user and current_user.is_authenticated:
        return str(current_user.locale)
    return request.accept_languages.best_match(LOCALES) or LOCALES[0]


def locale() -> str:
    """The language in use: "vi" or "en"."""
    current = get_locale()
    return str(current.language) if current is not None else LOCALES[0]


def points(value: Fraction | str | int | None, places: int | None = None) -> str:
    """`7,5` or `7.5`; nothing for what is no number, which the template must then say in words."""
    return "" if value is None else figures.format_points(value, locale(), places=places)


def signed(value: Fraction, places: int | None = None) -> str:
    """`+30`, `−10`, `0`: a bonus, a (negated) penalty, or a difference with so many `places`."""
    text = figures.format_points(abs(value), locale(), places=places)
    if value == 0:
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def percent(part: Fraction | int | None, whole: Fraction | int) -> str:
    """How far a bar reaches, 0 to 100, with one decimal: for drawing only, never read as a figure."""
    if part is None or not whole:
        return "0"
    return f"{float(min(max(Fraction(part) / Fraction(whole), Fraction(0)), Fraction(1))) * 100:.1f}"


def moment(time: str | None) -> str:
    """`14:02 · 08/10/2024`, Viet Nam's time."""
    if not time:
        return ""
    clock, day = figures.format_time(time, locale()).split(" ", 1)
    return f"{clock} · {day}"


def clock(time: str | None) -> str:
    """`14:02`, Viet Nam's time."""
    return "" if not time else figures.format_time(time, locale()).split(" ", 1)[0]


def day(date: str | None) -> str:
    """`08/10/2024`; a document's time is read as a day of Viet Nam."""
    if not date:
        return ""
    return figures.format_date(figures.local_day(date) if "T" in date else date, locale())


def long(seconds: int) -> str:
    """How long that is, in the largest unit that says it: `3 giây`, `49 phút`, `2 ngày`."""
    if seconds < 2 * 60:
        return str(ngettext("%(num)s giây", "%(num)s giây", seconds))
    if seconds < 2 * 3600:
        return str(ngettext("%(num)s phút", "%(num)s phút", seconds // 60))
    if seconds < 2 * 24 * 3600:
        return str(ngettext("%(num)s giờ", "%(num)s giờ", seconds // 3600))
    return str(ngettext("%(num)s ngày", "%(num)s ngày", seconds // (24 * 3600)))


def named(names: Mapping[str, str] | None) -> str:
    """A name in the language in use; a missing translation falls back to Vietnamese."""
    if not names:
        return ""
    return names.get(locale()) or names.get("vi") or next(iter(names.values()), "")


def said(sentence: Said) -> str:
    """A sentence of the catalogue, by its code; units and people in it by name, where there is a service to ask."""
    registry = getattr(current_app.extensions.get("thidua"), "registry", None)
    params = sentence.params if registry is None else naming.named(registry, sentence.params, locale())
    return messages.say(Said(sentence.code, params), locale())


def sentences(invalid: InvalidDocument) -> str:
    """All that is wrong, without the paths that programs read."""
    return " ".join(said(Said(each.code, each.params)) for each in invalid.problems)


def init_app(app: Flask) -> None:
    """Choose a language per request; templates filter with `points`, `signed`, `moment`, `day`, `named`, `said` …"""
    Babel(
        app,
        default_locale=LOCALES[0],
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=choose,
    )
    app.jinja_env.filters.update(
        points=points,
        signed=signed,
        percent=percent,
        moment=moment,
        clock=clock,
        day=day,
        long=long,
        named=named,
        said=said,
    )
    app.jinja_env.globals["locale"] = locale
