"""Figures, dates and shares as the pages write them. Pure: values in, words out; no widget, no phone."""

from __future__ import annotations

from fractions import Fraction

from schemas.figures import format_date, format_points, format_time, in_viet_nam, local_day, round_half_up

NO_FIGURE = "–"
"""What stands where there is no number: missing is never nought."""


def points(value: str | None, locale: str) -> str:
    """A decimal string as the language writes it."""
    return NO_FIGURE if value is None else format_points(value, locale)


def share(done: int, all_of: int) -> float:
    """How much is done, 0 … 1; nothing to do is not done."""
    return done / all_of if all_of else 0.0


def short_date(value: str) -> str:
    return format_date(value)


def date_range(first: str | None, last: str | None, locale: str) -> str:
    """`08/10/2024`, or `08/10 – 10/10/2024` within one year."""
    if not first:
        return ""
    if not last or last == first:
        return format_date(first, locale)
    opening = format_date(first, locale)
    if first[:4] == last[:4]:
        opening = opening[:5]
    return f"{opening} – {format_date(last, locale)}"


def moment(at: str | None, locale: str) -> str:
    """`14:02 08/10/2024`, empty for none."""
    return format_time(at, locale) if at else ""


def brief_moment(at: str, now: str) -> str:
    """`14:02` where it was today, else `08/10 14:02`: short enough to stand beside a sentence on one line."""
    local = in_viet_nam(at)
    return f"{local:%H:%M}" if local_day(at) == local_day(now) else f"{local:%d/%m %H:%M}"


def megabytes(count: int, locale: str) -> str:
    """`12,4 MB`, `3,4 GB`: one decimal, in thousands of thousands as phones count them."""
    unit, size = ("GB", 1_000_000_000) if count >= 1_000_000_000 else ("MB", 1_000_000)
    return f"{format_points(round_half_up(Fraction(count, size), 1), locale)} {unit}"
