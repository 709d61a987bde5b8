"""Bars that frame a screen and the marks that say how things stand: top bar, status line, banner, badge, progress."""

from __future__ import annotations

from typing import Any

from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.widgets.base import Column, Tap
from mobile.widgets.kv import load


class TopBar(BoxLayout):
    """Back, a title with a line beneath, and room for actions at the right (children added in kv)."""

    title = StringProperty("")
    subtitle = StringProperty("")
    can_go_back = BooleanProperty(True)

    def add_widget(self, widget: Widget, *args: Any, **kwargs: Any) -> None:
        """What a rule puts inside a TopBar stands among its actions."""
        if "actions" in self.ids:
            self.ids.actions.add_widget(widget, *args, **kwargs)
        else:
            super().add_widget(widget, *args, **kwargs)


class StatusLine(Tap):
    """The calm line: how the connection stands and what waits. Grey when offline; never red for lack of network."""

    icon = StringProperty("cloud-off-outline")
    text = StringProperty("")
    tone = StringProperty("calm")
    progress = NumericProperty(-1)


class Banner(Tap):
    """A sentence that matters, on a tint: `tone` is calm, attention or problem."""

    icon = StringProperty("information-outline")
    text = StringProperty("")
    tone = StringProperty("calm")


class Badge(BoxLayout):
    """A state as icon + word + colour."""

    icon = StringProperty("")
    text = StringProperty("")
    role = StringProperty("soft")


class ProgressLine(Widget):
    """How much of something is done, 0 … 1."""

    ratio = NumericProperty(0.0)
    done = BooleanProperty(False)


class Empty(Column):
    """What an empty list says: what belongs here and what to do first."""

    icon = StringProperty("")
    text = StringProperty("")


class NavItem(Tap):
    """One destination of the bar at the bottom (or the rail at the side)."""

    icon = StringProperty("")
    text = StringProperty("")
    on = BooleanProperty(False)
    strong = BooleanProperty(False)


class NavBar(BoxLayout):
    """Việc · Chụp · Xếp hạng, under the thumb; a rail at the left in a wide window."""

    current = StringProperty("")
    go = ObjectProperty(None)


load(__file__)
