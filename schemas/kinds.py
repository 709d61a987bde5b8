"""How each kind of criterion turns an answered value into points (DOMAIN 4), exactly.

One formula a function; which answer counts is decided before, and rounding comes after.
"""

from __future__ import annotations

from fractions import Fraction

from schemas.scheme import Criterion

HALF, NOTHING = Fraction(1, 2), Fraction(0)


def points_for(
    criterion: Criterion, value: Fraction, *, target: Fraction | None = None, best: Fraction | None = None
) -> Fraction | None:
    """Points for `value`: points, actual, count, or the share of passes. None where they cannot be known yet.

    `target` and `best` (L) concern quantitative criteria only: no usable target is a configuration error that the
    caller names; without L a value above the target has no points yet.
    """
    if criterion.kind == "judged":
        return value
    if criterion.kind == "pass_fail":
        return value * criterion.max
    if criterion.kind == "per_occurrence":
        return min(criterion.max, value * (criterion.points_each or 0))
    if criterion.kind == "bands":
        return next((band.points for band in criterion.bands if band.to is None or value <= band.to), None)
    return quantitative(criterion.max, value, target=target, best=best)


def quantitative(
    most: Fraction, actual: Fraction, *, target: Fraction | None, best: Fraction | None
) -> Fraction | None:
    """Half of `most` for reaching the target, the other half for coming near the group's best actual."""
    if target is None or target <= 0:
        return None
    if actual <= target:
        return most * max(actual, NOTHING) / (2 * target)
    if best is None:
        return None
    if actual >= best:
        return most
    # Half for the target, and of the other half the share (actual - target) / (best - target).
    return most * (actual + best - 2 * target) / (2 * (best - target))
