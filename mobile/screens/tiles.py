"""Tiles that stand for a checklist, a photo or a state in the lists of several pages."""

from __future__ import annotations

from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from mobile.cards import State
from mobile.i18n import state_word
from mobile.theme.states import STATE_LOOK
from mobile.widgets.base import Tap, TapCard
from mobile.widgets.kv import load


class ChecklistTile(TapCard):
    """A checklist to go on with: whom it scores, when and where, how far it is."""

    key = StringProperty("")
    when = StringProperty("")
    title = StringProperty("")
    detail = StringProperty("")
    progress = StringProperty("")
    ratio = NumericProperty(0.0)
    total = StringProperty("")
    of_total = StringProperty("")
    provisional = BooleanProperty(True)
    state_icon = StringProperty("")
    state_text = StringProperty("")
    state_role = StringProperty("soft")
    hint = StringProperty("")

    def show_state(self, state: State) -> None:
        """Icon, word and colour of a record's state."""
        self.state_icon, self.state_role = STATE_LOOK[state]
        self.state_text = state_word(state)


class Thumb(Tap):
    """One piece of evidence as a small picture with the mark of its state."""

    evidence = StringProperty("")
    source = StringProperty("")
    caption = StringProperty("")
    mark_icon = StringProperty("")
    mark_role = StringProperty("soft")
    chosen = BooleanProperty(False)


load(__file__)
