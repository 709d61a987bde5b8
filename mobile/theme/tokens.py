"""Colours and sizes, for phone and page alike. Pure values: no Kivy, no screen.

Colours are `#RRGGBB`. Sizes are in the phone's scale-independent points, before the person's own font setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """One set of colours. `primary_ink` is written on `primary`; tints lie under words of their colour or of ink."""

    background: str
    surface: str
    ink: str
    soft: str
    line: str
    primary: str
    primary_ink: str
    deep: str
    tint: str
    good: str
    good_tint: str
    attention: str
    attention_tint: str
    problem: str
    problem_tint: str
    honour: str


LIGHT: Final = Palette(
    background="#F5F7F9",
    surface="#FFFFFF",
    ink="#14202B",
    soft="#4A5A68",
    line="#D8E0E6",
    primary="#1B5E8C",
    primary_ink="#FFFFFF",
    deep="#134567",
    tint="#E6F0F7",
    good="#1E7B4F",
    good_tint="#E9F6EF",
    attention="#8A5A00",
    attention_tint="#FFF4D6",
    problem="#B3261E",
    problem_tint="#FCE8E6",
    honour="#B8860B",
)

DARK: Final = Palette(
    background="#0F1720",
    surface="#18222D",
    ink="#E8EEF3",
    soft="#A9B7C3",
    line="#2C3945",
    primary="#6FB1DE",
    primary_ink="#0F1720",
    deep="#A8D0EC",
    tint="#1C3448",
    good="#6CC79B",
    good_tint="#163026",
    attention="#E5B454",
    attention_tint="#3A2F14",
    problem="#F2908A",
    problem_tint="#3D1E1C",
    honour="#E3BE5A",
)

LIGHT_CONTRAST: Final = Palette(
    background="#FFFFFF",
    surface="#FFFFFF",
    ink="#000000",
    soft="#26333E",
    line="#5A6874",
    primary="#0C4168",
    primary_ink="#FFFFFF",
    deep="#072D49",
    tint="#E6F0F7",
    good="#0C5030",
    good_tint="#E9F6EF",
    attention="#5A3A00",
    attention_tint="#FFF4D6",
    problem="#841811",
    problem_tint="#FCE8E6",
    honour="#5C4300",
)

DARK_CONTRAST: Final = Palette(
    background="#000000",
    surface="#05090D",
    ink="#FFFFFF",
    soft="#DCE5EC",
    line="#8696A3",
    primary="#9CD0F2",
    primary_ink="#000000",
    deep="#C9E5F8",
    tint="#0D2233",
    good="#93E3BB",
    good_tint="#0A2017",
    attention="#FFD68A",
    attention_tint="#261D08",
    problem="#FFBBB6",
    problem_tint="#2B1110",
    honour="#F5D787",
)


def palette(mode: Mode, *, contrast: bool) -> Palette:
    """The colours for a mode; with `contrast`, text stands at least 7 : 1 on its ground."""
    if mode == "dark":
        return DARK_CONTRAST if contrast else DARK
    return LIGHT_CONTRAST if contrast else LIGHT


SIZES: Final[dict[str, int]] = {"tiny": 12, "small": 14, "body": 16, "head": 20, "title": 24, "big": 32}
"""The type scale. Nothing is written in another size."""

FONT_SCALES: Final[tuple[float, ...]] = (0.9, 1.0, 1.15, 1.3)
"""Small, normal, large, very large. Above 1.3 a criterion no longer fits a 360 dp screen with its buttons."""

TWO_PANES_DP: Final = 840
"""From this width on, the list and what was chosen from it stand side by side."""


def contrast_ratio(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 … 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
