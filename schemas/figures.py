"""Figures and dates as people read and write them, and the decimal strings documents hold.

Inside, points are `Fraction`; this module is the only way in and out. It rounds nowhere but where it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any, Final

VIET_NAM: Final = timezone(timedelta(hours=7), "ICT")
"""Days, and so deadlines, are those of Viet Nam, which keeps one time all year."""

UTC_SECONDS: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

CANONICAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{0,5}[1-9])?")
"""The one spelling of a decimal in a document: no exponent, no sign but minus, no zero too many."""


EXACT: Final = re.compile(r"-?[0-9]{1,60}(?:[./][0-9]{1,60})?")
"""At most: a mean of a bus-load of twelve-digit actuals, weighted, is far shorter."""


def is_decimal(text: str) -> bool:
    """Is this the one canonical spelling of a number of at most 12 digits and 6 decimals?"""
    return bool(CANONICAL.fullmatch(text)) and text != "-0"


def fraction(text: str) -> Fraction:
    """The exact value of a canonical decimal string. Raises ValueError on any other."""
    if not is_decimal(text):
        raise ValueError(f"not a canonical decimal: {text!r}")
    return Fraction(text)


def added(values: Iterable[Fraction]) -> Fraction:
    """Their exact sum, over one common denominator: reducing after each of many terms takes most of the time."""
    terms = list(values)
    below = lcm(*(it.denominator for it in terms))
    return Fraction(sum(it.numerator * (below // it.denominator) for it in terms), below)


def round_half_up(value: Fraction, places: int = 2) -> Fraction:
    """Rounded to `places` decimals, halves away from zero (rule 5.5)."""
    return Fraction(_in_units(value, places), 10**places)


def _in_units(value: Fraction | int, places: int) -> int:
    """How many units of the last of `places` decimals, halves away from zero."""
    numerator, denominator = value.numerator, value.denominator
    scale: int = 10**places
    units = (abs(numerator) * scale * 2 + denominator) // (denominator * 2)
    return -units if numerator < 0 else units


def decimal_string(value: Fraction | int, places: int = 6) -> str:
    """The canonical decimal string; what needs more than `places` decimals is rounded half up to them."""
    units = _in_units(value, places)
    text = f"{abs(units):0{places + 1}d}"
    whole, decimals = (text[:-places], text[-places:].rstrip("0")) if places else (text, "")
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def exact_string(value: Fraction) -> str:
    """The canonical decimal string where one is exact, else the fraction in lowest terms: `47/6`."""
    text = decimal_string(value)
    return text if Fraction(text) == value else f"{value.numerator}/{value.denominator}"


def is_exact(text: str) -> bool:
    """Is this the one spelling `exact_string` gives a number?"""
    if not EXACT.fullmatch(text):
        return False
    try:
        return exact_string(Fraction(text)) == text
    except ZeroDivisionError:
        return False


def fixed_string(value: Fraction, places: int = 2) -> str:
    """With all its decimals, as totals are printed: `968.00`."""
    units = _in_units(value, places)
    text = f"{abs(units):0{places + 1}d}"
    sign = "-" if units < 0 else ""
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"


def format_points(value: str | Fraction | Decimal | int, locale: str, *, places: int | None = None) -> str:
    """`1.000` and `7,5` for `vi`, `1,000` and `7.5` for `en`; with `places`, always that many decimals.

    Without `places` an exact value is shown whole, and one that never ends is rounded half up to 2 decimals.
    """
    exact = Fraction(value)
    if places is not None:
        text = fixed_string(exact, places)
    else:
        text = decimal_string(exact)
        if Fraction(text) != exact:
            text = decimal_string(exact, 2)
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, decimals = digits.partition(".")
    grouped = f"{int(whole):,}"
    if locale == "vi":
        grouped, dot = grouped.replace(",", "."), dot.replace(".", ",")
    return f"{sign}{grouped}{dot}{decimals}"


def parse_points(text: str, locale: str) -> str:
    """What a person typed, as a canonical decimal string. Raises ValueError when it is not one clear number.

    Either decimal mark is understood where only one reading is possible; a mark that could group thousands is read
    as the locale reads it: `1.000` is a thousand in `vi` and one in `en`.
    """
    compact = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("−", "-")
    group_mark, decimal_mark = (".", ",") if locale == "vi" else (",", ".")
    grouped = re.fullmatch(rf"-?[0-9]{{1,3}}(?:\{group_mark}[0-9]{{3}})+(?:\{decimal_mark}[0-9]+)?", compact)
    plain = re.fullmatch(r"-?[0-9]+(?:[.,][0-9]+)?", compact)
    if grouped:
        compact = compact.replace(group_mark, "").replace(decimal_mark, ".")
    elif plain:
        compact = compact.replace(",", ".")
    else:
        raise ValueError(f"not a number: {text!r}")
    canonical = decimal_string(Fraction(compact))
    if Fraction(canonical) != Fraction(compact) or not is_decimal(canonical):
        raise ValueError(f"too many digits: {text!r}")
    return canonical


def format_date(value: date | str, locale: str = "vi") -> str:
    """dd/mm/yyyy, as Vietnamese offices write dates in either language."""
    del locale  # One form for both: an English reader of these pages meets the same papers.
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


@lru_cache(maxsize=4_096)  # a checklist's answers carry few moments, each many times; parsing one takes 30 µs
def parse_time(text: str) -> datetime:
    """A document's UTC time, aware. Raises ValueError."""
    if not UTC_SECONDS.fullmatch(text):
        raise ValueError(f"not a UTC time in whole seconds: {text!r}")
    return datetime.fromisoformat(text)


def time_string(moment: datetime) -> str:
    """An aware time as documents hold it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def corrected(stamp: Mapping[str, Any]) -> str:
    """A device's time, moved by what the device last knew of the server's; as it is, where no calendar goes so far."""
    try:
        return time_string(parse_time(stamp["at"]) + timedelta(seconds=stamp["offset_s"] or 0))
    except OverflowError:
        return str(stamp["at"])


def local_day(time: str) -> date:
    """The day in Viet Nam of a document's UTC time."""
    return in_viet_nam(time).date()


def in_viet_nam(time: str) -> datetime:
    """The moment there; as it is, where no calendar goes so far: a device's clock may say anything."""
    moment = parse_time(time)
    try:
        return moment.astimezone(VIET_NAM)
    except OverflowError:
        return moment


def format_time(time: str, locale: str = "vi") -> str:
    """`14:02 08/10/2024`, in Viet Nam's time."""
    moment = in_viet_nam(time)
    return f"{moment:%H:%M} {format_date(moment.date(), locale)}"
