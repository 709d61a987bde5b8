"""Where a stepper or a slider lands: exact arithmetic on decimal strings. Pure; knows nothing of widgets."""

from __future__ import annotations

from fractions import Fraction

from schemas.figures import decimal_string, fraction


def nudge(value: str | None, direction: int, *, step: str, limit: str | None, start: str | None = None) -> str:
    """One tap on + (`direction` 1) or − (−1): the next multiple of `step` that way, within 0 … `limit`.

    From no value the first tap lands on `start` (the self score, else the maximum): people score down from what is
    claimed, and nobody should have to climb from nought in halves.
    """
    if value is None:
        return start if start is not None else (limit if limit is not None and direction < 0 else "0")
    width = fraction(step)
    steps = fraction(value) / width
    whole = steps.numerator // steps.denominator
    target = whole + 1 if direction > 0 else (whole if steps != whole else whole - 1)
    return clamp(target * width, limit)


def at_ratio(ratio: float, *, step: str, limit: str) -> str:
    """The multiple of `step` nearest to a share of `limit`; either end is exactly reached."""
    top, width = fraction(limit), fraction(step)
    share = min(max(Fraction(ratio), Fraction(0)), Fraction(1))
    if share == 1:
        return limit
    return clamp(Fraction(round(share * top / width)) * width, limit)


def ratio_of(value: str | None, limit: str) -> float:
    """How far along a track a value stands, 0 … 1, for drawing only."""
    top = fraction(limit)
    return 0.0 if value is None or top <= 0 else float(min(max(fraction(value) / top, Fraction(0)), Fraction(1)))


def clamp(value: Fraction, limit: str | None) -> str:
    """Within 0 … `limit` (no upper end when None), as a decimal string."""
    inside = max(value, Fraction(0))
    return decimal_string(min(inside, fraction(limit)) if limit is not None else inside)
