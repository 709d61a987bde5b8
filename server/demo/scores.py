"""Invented scores that look like a year's work: sections add up to a chosen sum, inspectors differ a little.

Pure and seeded: the same cluster always gets the same figures. It must never be mistaken for a source: every group
year it fills is marked `sample`, and the pages say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Criterion:
    """What the inventor needs to know of one: `applies` is False where the unit lacks the function."""

    criterion: str
    maximum: Fraction
    applies: bool


@dataclass(frozen=True)
class Sheet:
    """Self and cross values of one unit, as decimal strings; `cross` is by inspecting unit."""

    own: dict[str, str]
    cross: dict[str, dict[str, str]]


def invent(
    sections: Mapping[str, Sequence[Criterion]],
    targets: Mapping[str, str],
    inspectors: Sequence[str],
    random: Random,
    *,
    boldest: str | None = None,
) -> Sheet:
    """Values whose cross mean over all `inspectors` adds up, section by section, to `targets`.

    `boldest` names the criterion where the unit scores itself more than a tenth of the maximum above its inspectors.
    """
    own: dict[str, Fraction] = {}
    cross: dict[str, dict[str, Fraction]] = {unit: {} for unit in inspectors}
    for section, criteria in sections.items():
        applicable = [criterion for criterion in criteria if criterion.applies]
        for criterion, value in zip(applicable, _spread(applicable, Fraction(targets[section]), random), strict=True):
            name, maximum = criterion.criterion, criterion.maximum
            for unit, difference in zip(inspectors, _differences(len(inspectors), value, maximum, random), strict=True):
                cross[unit][name] = value + difference
            generosity = HALF * random.choice((0, 1, 1, 2, 2, 3, 4))
            if name == boldest:
                generosity = _to_half(maximum * Fraction(3, 20)) + HALF
            own[name] = min(maximum, value + generosity)
    return Sheet(_strings(own), {unit: _strings(values) for unit, values in cross.items()})


def _spread(criteria: Sequence[Criterion], target: Fraction, random: Random) -> list[Fraction]:
    """Halves that add up to `target`, each near its share of the maximum and never above it."""
    total = sum((criterion.maximum for criterion in criteria), Fraction(0))
    values = [
        min(
            criterion.maximum,
            _to_half(criterion.maximum * target / total * (1 + Fraction(random.randint(-20, 20), 1000))),
        )
        for criterion in criteria
    ]
    missing = target - sum(values, Fraction(0))
    while missing:
        step = HALF if missing > 0 else -HALF
        index = random.randrange(len(values))
        if 0 <= values[index] + step <= criteria[index].maximum:
            values[index] += step
            missing -= step
    return values


def _differences(count: int, value: Fraction, maximum: Fraction, random: Random) -> list[Fraction]:
    """What each inspector gives above or below the mean: they cancel out."""
    differences = [Fraction(0)] * count
    room = min(value, maximum - value)
    for first in range(0, count - 1, 2):
        step = min(_to_half(room), HALF * random.choice((0, 0, 1, 1, 2, 3)))
        differences[first], differences[first + 1] = step, -step
    random.shuffle(differences)
    return differences


def _to_half(value: Fraction) -> Fraction:
    return Fraction(int(value * 2), 2)


def _strings(values: Mapping[str, Fraction]) -> dict[str, str]:
    return {name: f"{value // 1}.5" if value.denominator == 2 else f"{value}" for name, value in values.items()}
