"""Buttons: the one thing to do (filled), the other things (outlined), chips, and icons alone. All ≥ 48 dp to touch."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty

from mobile.widgets.base import Tap
from mobile.widgets.kv import load


class Action(Tap):
    """A button with a word, and an icon where it helps."""

    text = StringProperty("")
    icon = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))


class Primary(Action):
    """The thing to do on this screen."""


class Secondary(Action):
    """Another thing one may do."""


class Quiet(Action):
    """A word that can be tapped, without a frame."""


class Chip(Action):
    """A small choice or command; `on` when chosen. Touchable over 48 dp though drawn 36 dp tall."""

    on = BooleanProperty(False)
    tone = StringProperty("primary")
    inset = NumericProperty(dp(6))


class IconButton(Tap):
    """An icon alone. `label` says what it does to who cannot see it, and names it for tests."""

    icon = StringProperty("")
    label = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))
    icon_dp = NumericProperty(24)


class Toggle(Tap):
    """A line with a switch. Tapping anywhere on it reports the opposite of `on`."""

    text = StringProperty("")
    detail = StringProperty("")
    icon = StringProperty("")
    on = BooleanProperty(False)


load(__file__)
