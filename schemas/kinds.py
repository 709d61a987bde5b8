"""How each kind of criterion turns an answered value into points (rule 4), exactly.

One formula a function; which answer counts is decided before, and rounding comes after.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from schemas.scheme import Criterion

HALF, NOTHING = Fraction(1, 2), Fraction(0)

Scale = Callable[[Fraction], Fraction | None]
"""Points for a value: points, actual, count, or the share of passes. None where they cannot be known yet."""


def points_for(
    criterion: Criterion, value: Fraction, *, target: Fraction | None = None, best: Fraction | None = None
) -> Fraction | None:
    """Points for one value; see `scale`."""
    return scale(criterion, target=target, best=best)(value)


def scale(criterion: Criterion, *, target: Fraction | None = None, best: Fraction | None = None) -> Scale:
    """How a criterion turns values into points; what is the same for all of them is worked out once.

    `target` and `best` (L) concern quantitative criteria only: no usable target is a configuration error that the
    caller names; without L a value above the target has no points yet.
    """
    most, each, bands = criterion.max, criterion.points_each or NOTHING, criterion.bands
    if criterion.kind == "judged":
        return lambda value: value
    if criterion.kind == "pass_fail":
        return lambda value: value * most
    if criterion.kind == "per_occurrence":
        return lambda value: min(most, value * each)
    if criterion.kind == "bands":
        return lambda value: next((band.points for band in bands if band.to is None or value <= band.to), None)
    return quantitative(most, target=target, best=best)


def quantitative(most: Fraction, *, target: Fraction | None, best: Fraction | None) -> Scale:
    """Half of `most` for reaching the target, the other half for coming near the group's best actual."""
    if target is None or target <= 0:
        return lambda _: None
    half = HALF * most
    below = half / target
    above = half / (best - target) if best is not None and best > target else NOTHING

    def points(actual: Fraction) -> Fraction | None:
        if actual <= target:
            return below * max(actual, NOTHING)
        if best is None:
            return None
        return most if actual >= best else half + above * (actual - target)

    return points
