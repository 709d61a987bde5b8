"""What left this phone and what waits: every record with its state, and the reason where one was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
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
from mobile.widgets.sheet import toast
from sync.errors import StoreFull

ICONS = {
    "checklist": "clipboard-check-outline",
    "minutes": "note-text-outline",
    "reply": "note-plus-outline",
    "evidence": "image-outline",
    "other": "database-outline",
}


TITLE_LINES = 2
"""What was photographed, or whose checklist it is, also in large letters; more would push the states off the screen."""

BESIDE_DP = 32 + 24 + 12
"""What stands beside a row's words: its edges, its icon and the gap between."""

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
    refused = NumericProperty(0)
    can_keep = BooleanProperty(False)
    saved = StringProperty("")

    def refresh(self) -> None:
        items = self.phone.outbox()
        self.nothing = not items
        self.count = self.phone.unsent()
        self.refused = len(self.phone.refused())
        self.can_keep = bool(self.count or self.refused)
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
            "detail": " · ".join(part for part in (moment(item.at, self.app.locale), item.detail) if part),
            "reason": item.reason,
            "state_icon": icon,
            "state_text": word,
            "state_role": role,
            "row_size": (None, self._height(item)),
        }

    def _height(self, item: SentItem) -> float:
        """Rows are placed before they are drawn, so their height follows from what they hold."""
        theme = self.app.theme
        lines = theme.body * 1.5 * self._title_lines(item.title) + theme.small * 3.0
        return float(lines + dp(28) + (theme.small * 1.4 * REASON_LINES + dp(2) if item.reason else 0))

    def _title_lines(self, title: str) -> int:
        wide, _high = CoreLabel(font_name="Text", font_size=self.app.theme.body).get_extents(title)
        return TITLE_LINES if wide > self.ids.list.width - dp(BESIDE_DP) else 1

    def on_size(self, _page: object, _size: object) -> None:
        """Titles break elsewhere in another width."""
        Clock.schedule_once(lambda _dt: self.manager and self.manager.current_screen is self and self.refresh())

    def offer_again(self) -> None:
        """Everything the server refused is offered once more, now."""
        self.phone.offer_again()
        self.app.sync_now()
        toast(self.words("Offered again. Any new reason appears here."))

    def keep_file(self) -> None:
        """What the server does not hold becomes a file that can be carried by cable or card."""
        account = self.phone.account
        name = f"thidua-{account.account if account else 'phone'}-{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
        path = self.app.export_folder / name
        try:
            count = self.phone.export_unsent(path)
        except (OSError, StoreFull) as error:
            toast(self.words("The file was not written: {why}", why=str(error)), icon="alert-circle-outline")
            return
        self.saved = self.words(
            "{n} records, photos included, are in {path}. Give it to your administrator; they also stay on this phone.",
            n=str(count),
            path=str(path),
        )

    def open(self, row: SentRow) -> None:
        """Go to what the row is about."""
        if row.key:
            self.app.go("checklist", key=row.key)
        elif row.what == "evidence":
            self.app.show_evidence(row.record)


load(__file__)
