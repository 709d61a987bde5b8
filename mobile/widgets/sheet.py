"""A sheet that comes up from the bottom (a card in the middle of a wide window), and a word that passes.

The back button and a tap beside it close a sheet; a sheet in which something is written keeps it in `on_dismiss`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.modalview import ModalView
from kivy.uix.widget import Widget

from mobile.widgets.base import Tap
from mobile.widgets.kv import load

TOAST_S = 2.5


class Sheet(ModalView):
    """A title, a body (children added in kv or by code) and whatever buttons the body ends with."""

    title = StringProperty("")

    def add_widget(self, widget: Widget, *args: Any, **kwargs: Any) -> None:
        """What is put into a sheet stands in its scrolling body."""
        if "body" in self.ids and widget is not self.ids.get("frame"):
            self.ids.body.add_widget(widget, *args, **kwargs)
        else:
            super().add_widget(widget, *args, **kwargs)


class ConfirmSheet(Sheet):
    """A question with its one consequence said plainly. `ask` opens one."""

    message = StringProperty("")
    yes = StringProperty("")
    no = StringProperty("")
    __events__ = ("on_confirm",)

    def on_confirm(self) -> None:
        """The person meant it."""


def ask(*, title: str, message: str, yes: str, no: str, then: Callable[[], None]) -> ConfirmSheet:
    """Open a question; `then` runs when the answer is yes."""
    sheet = ConfirmSheet(title=title, message=message, yes=yes, no=no)
    sheet.bind(on_confirm=lambda _: then())
    sheet.open()
    return sheet


class Option(Tap):
    """A line of a list to choose from."""

    icon = StringProperty("")
    text = StringProperty("")
    detail = StringProperty("")


class Toast(BoxLayout):
    """One sentence over the page for a moment."""

    text = StringProperty("")
    icon = StringProperty("check")


def toast(text: str, *, icon: str = "check") -> None:
    """Say something in passing. It takes no taps and asks for nothing."""
    note = Toast(text=text, icon=icon)
    Window.add_widget(note)

    def leave(_dt: float) -> None:
        fade = Animation(opacity=0, duration=0.2)
        fade.bind(on_complete=lambda *_: Window.remove_widget(note))
        fade.start(note)

    Clock.schedule_once(leave, TOAST_S)


load(__file__)
