"""Fields to write in, and rows of chips to choose from. They report what was entered; they never judge it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.stacklayout import StackLayout
from kivy.uix.textinput import TextInput

from mobile.widgets.base import Column, Tap
from mobile.widgets.buttons import Chip
from mobile.widgets.kv import load


class Entry(TextInput):
    """A text input in our clothes. `tag` as in `Tap`."""

    tag = StringProperty("")
    wrong = BooleanProperty(False)


class Field(Column):
    """A label, an entry, and beneath it a hint or what is wrong with what was written."""

    entry_tag = StringProperty("")
    label = StringProperty("")
    text = StringProperty("")
    hint = StringProperty("")
    problem = StringProperty("")
    lines = NumericProperty(1)
    __events__ = ("on_validate", "on_leave")

    def on_validate(self) -> None:
        """Enter was pressed in a one-line field."""

    def on_leave(self) -> None:
        """The field lost the keyboard."""

    def focus(self) -> None:
        """Put the cursor here."""
        self.ids.entry.focus = True


class Choices(StackLayout):
    """Chips of which one is chosen. `options` are (value, word) pairs; a tap calls `pick(value)`.

    With `can_clear`, tapping the chosen one again chooses nothing (None).
    """

    options = ListProperty([])
    value = ObjectProperty(None, allownone=True)
    can_clear = BooleanProperty(False)
    inset = NumericProperty(dp(6))
    tag = StringProperty("")
    __events__ = ("on_pick",)

    def __init__(self, *, options: Sequence[tuple[Any, str]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = list(options)  # after the rest: the chips need a canvas to be drawn on

    def on_options(self, _widget: Choices, options: Sequence[tuple[Any, str]]) -> None:
        self.clear_widgets()
        for value, word in options:
            chip = Chip(text=word, tag=f"{self.tag}:{value}", on=value == self.value, inset=self.inset)
            chip.choice = value
            chip.bind(on_release=self._tapped)
            self.add_widget(chip)

    def on_value(self, _widget: Choices, value: Any) -> None:
        for chip in self.children:
            chip.on = chip.choice == value

    def _tapped(self, chip: Chip) -> None:
        self.value = None if self.can_clear and chip.choice == self.value else chip.choice
        self.dispatch("on_pick", self.value)

    def on_pick(self, value: Any) -> None:
        """A chip was chosen (or, with `can_clear`, unchosen: None)."""


class Pick(Tap):
    """A line that can be chosen, with a ring that fills: for names too long for a chip."""

    text = StringProperty("")
    on = BooleanProperty(False)


class PickList(Column):
    """Lines of which at most one is chosen; tapping the chosen one chooses none. As `Choices` otherwise."""

    options = ListProperty([])
    value = ObjectProperty(None, allownone=True)
    __events__ = ("on_pick",)

    def __init__(self, *, options: Sequence[tuple[Any, str]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = list(options)  # after the rest: the chips need a canvas to be drawn on

    def on_options(self, _widget: PickList, options: Sequence[tuple[Any, str]]) -> None:
        self.clear_widgets()
        for value, word in options:
            line = Pick(text=word, tag=f"pick:{value}", on=value == self.value)
            line.choice = value
            line.bind(on_release=self._tapped)
            self.add_widget(line)

    def on_value(self, _widget: PickList, value: Any) -> None:
        for line in self.children:
            line.on = line.choice == value

    def _tapped(self, line: Pick) -> None:
        self.value = None if line.choice == self.value else line.choice
        self.dispatch("on_pick", self.value)

    def on_pick(self, value: Any) -> None:
        """A line was chosen, or none any more."""


load(__file__)
