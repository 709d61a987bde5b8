"""Words, icons, cards and the one way to be tapped: what every other widget is made of."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty, VariableListProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.layout import Layout
from kivy.uix.widget import Widget

from mobile.theme.icons import glyph
from mobile.widgets.kv import load


class Words(Label):
    """Text that wraps to its width and is as tall as it needs; `Label` with our face."""


class Strong(Words):
    """The same, semibold."""


class OneLine(Label):
    """A single line, cut with an ellipsis when the space is short."""


class Figure(Label):
    """A figure as wide as itself. Provisional ones are italic."""

    provisional = BooleanProperty(False)


class TintedIcon(Label):
    """One icon of the font, by name; nothing for an empty name. Its colour is always its owner's: no rule of ours
    competes with it when the theme changes.
    """

    icon = StringProperty("")
    size_dp = NumericProperty(24)

    def on_icon(self, _widget: TintedIcon, name: str) -> None:
        self.text = glyph(name)


class Icon(TintedIcon):
    """An icon in the soft ink, unless its rule says otherwise."""


class Column(Layout):
    """Top to bottom, as tall as its content. A part without height takes no spacing either, so what is not said
    leaves no hole (a BoxLayout keeps its gaps). Parts say their own height (`size_hint_y: None`).
    """

    padding = VariableListProperty([0, 0, 0, 0])
    spacing = NumericProperty(0)
    minimum_height = NumericProperty(0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("children", "pos", "width", "padding", "spacing", "parent"):
            self.fbind(name, self._trigger_layout)

    def do_layout(self, *_: Any) -> None:
        """Place the parts; where the height changes, the parent is told through `minimum_height`."""
        left, above, right, below = self.padding
        width = self.width - left - right
        shown = [part for part in reversed(self.children) if part.height > 0]
        self.minimum_height = above + below + sum(part.height for part in shown) + self.spacing * max(len(shown) - 1, 0)
        top = self.y + self.minimum_height - above
        for part in reversed(self.children):
            if part.size_hint_x is not None:
                part.width = width * part.size_hint_x
            across = part.pos_hint
            if "center_x" in across:
                part.center_x = self.x + left + width * across["center_x"]
            elif "right" in across:
                part.right = self.x + left + width * across["right"]
            else:
                part.x = self.x + left
            part.top = top
            if part.height > 0:
                top -= part.height + self.spacing


class Row(BoxLayout):
    """Left to right, as tall as its tallest part asks (`height` is its own affair)."""


class Card(Column):
    """A surface with rounded corners on the page's ground."""

    ground = ColorProperty((0, 0, 0, 0))
    edge = ColorProperty((0, 0, 0, 0))
    radius = NumericProperty(dp(12))


class Rule(Widget):
    """A hairline between rows."""


class Gap(Widget):
    """Space that takes what is left over."""


class Tap(ButtonBehavior, BoxLayout):
    """Anything that can be tapped. `tag` names it for people who drive the app with a program (tests, scripts)."""

    tag = StringProperty("")
    ground = ColorProperty((0, 0, 0, 0))
    edge = ColorProperty((0, 0, 0, 0))
    radius = NumericProperty(dp(8))


class TapCard(ButtonBehavior, Card):
    """A card that leads somewhere. `tag` as in `Tap`."""

    tag = StringProperty("")


load(__file__)
