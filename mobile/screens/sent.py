"""What left this phone and what waits: every record with its state, and the reason where one was refused."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.recycleview.views import RecycleDataViewBehavior

from mobile.cards import SentItem
from mobile.i18n import state_word
from mobile.screens.page import Page
from mobile.screens.phrases import moment
from mobile.theme.states import STATE_LOOK
from mobile.widgets.base import Tap
from mobile.widgets.kv import load

ICONS = {"checklist": "clipboard-check-outline", "evidence": "image-outline", "other": "database-outline"}


REASON_LINES = 3
"""Room for the server's sentence; a longer one is cut here and whole on the page it leads to."""


class SentRow(RecycleDataViewBehavior, Tap):
    """One record. Rows are reused, so all that differs stands in properties."""

    record = StringProperty("")
    key = StringProperty("")
    what = StringProperty("other")
    icon = StringProperty("image-outline")
    title = StringProperty("")
    detail = StringProperty("")
    reason = StringProperty("")
    state_icon = StringProperty("")
    state_text = StringProperty("")
    state_role = StringProperty("soft")


class SentPage(Page):
    """The outbox."""

    nothing = BooleanProperty(False)
    count = NumericProperty(0)

    def refresh(self) -> None:
        items = self.phone.outbox()
        self.nothing = not items
        self.count = self.phone.unsent()
        self.ids.list.data = [self._row(item) for item in items]

    def _row(self, item: SentItem) -> dict[str, Any]:
        icon, role = STATE_LOOK[item.state]
        word = state_word(item.state)
        if item.state == "sending" and item.percent is not None:
            word = f"{word} {item.percent} %"
        return {
            "record": item.id,
            "tag": f"sent:{item.id}",
            "key": item.key or "",
            "what": item.what,
            "icon": ICONS[item.what],
            "title": item.title,
            "detail": " · ".join(part for part in (item.detail, moment(item.at, self.app.locale)) if part),
            "reason": item.reason,
            "state_icon": icon,
            "state_text": word,
            "state_role": role,
            "row_size": (None, self._height(item)),
        }

    def _height(self, item: SentItem) -> float:
        """Rows are placed before they are drawn, so their height follows from what they hold."""
        theme = self.app.theme
        lines = theme.body * 1.5 + theme.small * 3.0
        return float(lines + dp(28) + (theme.small * 1.4 * REASON_LINES + dp(2) if item.reason else 0))

    def open(self, row: SentRow) -> None:
        """Go to what the row is about."""
        if row.key:
            self.app.go("checklist", key=row.key)
        elif row.what == "evidence":
            self.app.show_evidence(row.record)


load(__file__)
