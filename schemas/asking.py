"""What a criterion asks of who writes a figure, with what the figure will earn: sentences of phone and page alike."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from schemas.problem import Reason
from schemas.scheme import Criterion


def asked(criterion: Criterion, *, own: Fraction | None = None) -> tuple[Reason, ...]:
    """The step of judged points, the target, the points of each time or of each band; nothing of a pass or a fail.

    `own` is the target the unit pledged, which goes before the criterion's (rule 4).
    """
    return tuple(_asked(criterion, own))


def _asked(criterion: Criterion, own: Fraction | None) -> Iterator[Reason]:
    if criterion.kind == "judged":
        yield Reason("asks-step", {"step": criterion.step})
    elif criterion.kind == "quantitative":
        if own is None and criterion.target is None:
            yield Reason("asks-no-target")
        if own is not None:
            yield Reason("asks-own-target", {"given": own})
        if criterion.target is not None:
            yield Reason("asks-target" if own is None else "asks-common-target", {"given": criterion.target})
    elif criterion.kind == "per_occurrence":
        yield Reason("asks-each", {"points": criterion.points_each})
    below: Fraction | None = None
    for band in criterion.bands:
        if band.to is not None:
            yield Reason("asks-band", {"limit": band.to, "points": band.points})
        elif below is not None:
            yield Reason("asks-band-rest", {"limit": below, "points": band.points})
        else:
            yield Reason("asks-band-any", {"points": band.points})
        below = band.to
