"""What a figure was to be, said beside what it is: one form for every benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """At most so much of a unit."""

    most: float
    unit: str

    def beside(self, figure: float) -> str:
        """`  1.24 ×   aim 1.3 ×: met`."""
        verdict = "met" if figure <= self.most else f"missed by {(figure / self.most - 1) * 100:.0f} %"
        return f"{figure:8.2f} {self.unit:<2}  aim {self.most:g} {self.unit}: {verdict}"
