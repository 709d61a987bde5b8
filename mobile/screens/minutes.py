"""The minutes of a visit: when and where, who was there, what differs, what is recommended, who agreed.

Every field is kept when it is left; nothing is sent before somebody says so.
"""

from __future__ import annotations

from datetime import date, timedelta

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from mobile.cards import AgreedView, MinutesView
from mobile.i18n import ngettext_, state_word
from mobile.problems import PhoneError
from mobile.screens.page import Page
from mobile.screens.phrases import moment, short_date
from mobile.widgets.base import Row
from mobile.widgets.kv import load
from mobile.widgets.sheet import ask, toast
from sync.errors import SyncError

FIELDS = ("began", "ended", "place", "team", "unit", "differences", "recommendations")


class AgreedLine(Row):
    """One name that agreed, and a button to take it off."""

    name = StringProperty("")
    when = StringProperty("")
    tag = StringProperty("")
    editable = BooleanProperty(True)
    __events__ = ("on_drop",)

    def on_drop(self) -> None:
        """The name is to be taken off."""


class MinutesPage(Page):
    """Holds the minutes of `key`."""

    key = StringProperty("")
    view = ObjectProperty(None, allownone=True)
    subtitle = StringProperty("")
    on = StringProperty("")
    banner = StringProperty("")
    banner_tone = StringProperty("calm")
    editable = BooleanProperty(True)
    send_text = StringProperty("")

    def refresh(self) -> None:
        if self.key:
            self._show(self.phone.minutes(self.key))

    def _show(self, view: MinutesView) -> None:
        self.view = view
        self.subtitle = view.unit_name
        self.on = short_date(view.on)
        self.editable = view.editable
        self.send_text = self.words("Send in place of what was sent") if view.sent else self.words("Send the minutes")
        for name in FIELDS:
            field = self.ids[name]
            if not field.ids.entry.focus and not field.problem:  # what is under somebody's fingers stays
                field.text = getattr(view, name)
        self._say_banner(view)
        self._agreed("team", view)
        self._agreed("unit", view)

    def _say_banner(self, view: MinutesView) -> None:
        self.banner_tone = "calm"
        if view.reason:
            self.banner, self.banner_tone = self.words("Not taken: {reason}", reason=view.reason), "problem"
        elif view.sent > 1:
            self.banner = self.words("Minutes were sent from two phones. Agree, and send one in place of both.")
            self.banner_tone = "attention"
        elif view.sent and view.written:
            self.banner = self.words("Changed since they were sent. Send them again to correct what the group reads.")
            self.banner_tone = "attention"
        elif view.sent and view.state is not None:
            self.banner = f"{state_word(view.state)} · {moment(view.sent_at, self.app.locale)}"
            self.banner_tone = "good"
        elif not view.submitted:
            self.banner = self.words("Write now, send once the checklist is submitted: the result is computed from it.")
        else:
            self.banner = self.words(
                "The result is computed from the submitted checklist; write here what it cannot say."
            )

    def _agreed(self, side: str, view: MinutesView) -> None:
        column = self.ids[f"agreed_{side}"]
        column.clear_widgets()
        for index, each in enumerate(view.agreed):
            if each.side == side:
                column.add_widget(self._line(index, each))

    def _line(self, index: int, agreed: AgreedView) -> AgreedLine:
        line = AgreedLine(
            name=agreed.name,
            when=moment(agreed.at, self.app.locale),
            tag=f"agreed:{index}",
            editable=self.editable,
            spacing=dp(8),
        )
        line.bind(on_drop=lambda _line: self._show(self.phone.disagree(self.key, index)))
        return line

    # Writing

    def leave(self) -> None:
        for name in FIELDS:
            self.keep(name)

    def keep(self, name: str) -> bool:
        """Keep one field, if it says something new; what cannot be kept says why beneath it."""
        if self.view is None or not self.editable:
            return True
        field = self.ids[name]
        if field.text == getattr(self.view, name):
            field.problem = ""
            return True
        try:
            view = self.phone.keep_minutes(self.key, **{name: field.text})
        except (PhoneError, SyncError) as error:
            field.problem = getattr(error, "message", str(error))
            return False
        field.problem = ""
        self._show(view)
        return True

    def move_day(self, days: int) -> None:
        """The day before, or after."""
        day = date.fromisoformat(self.view.on) + timedelta(days=days)
        self._show(self.phone.keep_minutes(self.key, on=day.isoformat()))

    def agree(self, side: str) -> None:
        """Whoever's name stands in the field agreed, now."""
        field = self.ids[f"name_{side}"]
        try:
            view = self.phone.agree(self.key, side, field.text)
        except PhoneError as error:
            field.problem = error.message
            return
        field.text, field.problem = "", ""
        self._show(view)

    def send(self) -> None:
        """Ask once, then send; what is missing is said."""
        kept = [self.keep(name) for name in FIELDS]
        if not all(kept):
            return
        names = len(self.view.agreed)
        ask(
            title=self.words("Send the minutes?"),
            message=ngettext_("{n} name agreed.", "{n} names agreed.", names)
            + " "
            + self.words("The group reads them. They are not changed any more; a correction is sent in their place."),
            yes=self.words("Send"),
            no=self.words("Not yet"),
            then=self._send,
        )

    def _send(self) -> None:
        try:
            self.phone.send_minutes(self.key)
        except (PhoneError, SyncError) as error:
            self.banner, self.banner_tone = getattr(error, "message", str(error)), "attention"
            self.ids.scroll.scroll_y = 1
            return
        toast(self.words("Kept. They go out by themselves."))
        self.refresh()
        self.ids.scroll.scroll_y = 1


load(__file__)
