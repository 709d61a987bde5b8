"""The tokens as properties kv rules bind to, so that a change of setting repaints what is on screen.

It must never know a screen. Fonts are registered once a process, under the names kv uses.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Final

from kivy.core.text import LabelBase
from kivy.event import EventDispatcher
from kivy.metrics import sp
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, OptionProperty

from mobile.theme.tokens import SIZES, Palette, palette

FONTS: Final = Path(__file__).parent / "fonts"


def register_fonts() -> None:
    """`Text`, `Strong` (semibold; its italic marks provisional figures) and `Icons`. Safe to repeat."""
    LabelBase.register("Text", str(FONTS / "BeVietnamPro-Regular.ttf"), fn_bold=str(FONTS / "BeVietnamPro-Bold.ttf"))
    LabelBase.register(
        "Strong",
        str(FONTS / "BeVietnamPro-SemiBold.ttf"),
        fn_italic=str(FONTS / "BeVietnamPro-SemiBoldItalic.ttf"),
        fn_bold=str(FONTS / "BeVietnamPro-Bold.ttf"),
    )
    LabelBase.register("Icons", str(FONTS / "Icons.ttf"))


class Theme(EventDispatcher):
    """Colours and text sizes in force. Setting `mode`, `contrast` or `scale` updates all the others."""

    mode = OptionProperty("light", options=["light", "dark"])
    contrast = BooleanProperty(False)
    scale = NumericProperty(1.0)

    background = ColorProperty()
    surface = ColorProperty()
    ink = ColorProperty()
    soft = ColorProperty()
    line = ColorProperty()
    primary = ColorProperty()
    primary_ink = ColorProperty()
    deep = ColorProperty()
    tint = ColorProperty()
    good = ColorProperty()
    good_tint = ColorProperty()
    attention = ColorProperty()
    attention_tint = ColorProperty()
    problem = ColorProperty()
    problem_tint = ColorProperty()
    honour = ColorProperty()

    tiny = NumericProperty(sp(12))
    small = NumericProperty(sp(14))
    body = NumericProperty(sp(16))
    head = NumericProperty(sp(20))
    title = NumericProperty(sp(24))
    big = NumericProperty(sp(32))

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.bind(mode=self._paint, contrast=self._paint, scale=self._resize)
        self._paint()
        self._resize()

    def _paint(self, *_: object) -> None:
        """Every role is set twice, a shade apart: a rule that overrides another must be asked again even where its own
        colour is the same in both palettes, or the overridden one, asked because of its change, would have the last
        word. Roles come in the palette's order: what classes start from (ink, soft) before what single widgets ask for.
        """
        colours = palette(self.mode, contrast=self.contrast)
        for alpha in ("FE", "FF"):
            for role in fields(Palette):
                setattr(self, role.name, getattr(colours, role.name) + alpha)

    def _resize(self, *_: object) -> None:
        for name, size in SIZES.items():
            setattr(self, name, sp(size) * self.scale)

    def colour(self, role: str) -> list[float]:
        """The colour of a role named in data, such as a state's."""
        found: list[float] = getattr(self, role)
        return found
