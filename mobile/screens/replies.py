"""What the own unit may answer: each deduction or return with its reason and last day, and a field to reply in."""

from __future__ import annotations

from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from mobile.cards import OpenReply
from mobile.i18n import _, state_word
from mobile.problems import PhoneError
from mobile.screens.page import Page
from mobile.screens.phrases import moment, points, short_date
from mobile.widgets.base import Card
from mobile.widgets.kv import load
from mobile.widgets.sheet import toast
from sync.errors import SyncError


class ReplyCard(Card):
    """One matter. `send` reports the text; `leave` what is half written."""

    matter = ObjectProperty(None, allownone=True)
    title = StringProperty("")
    figures = StringProperty("")
    why = StringProperty("")
    due = StringProperty("")
    sent = StringProperty("")
    text = StringProperty("")
    problem = StringProperty("")
    returned = BooleanProperty(False)
    __events__ = ("on_send", "on_leave", "on_correct")

    def show(self, matter: OpenReply, locale: str) -> None:
        """Write everything anew; a field that is being written in is left alone."""
        self.matter = matter
        self.title = f"{matter.label}  {matter.name}"
        self.returned = matter.kind == "return" and matter.stage == "self"
        if self.returned:
            self.figures = _("The self-score was sent back")
        elif matter.kind == "return":
            self.figures = _("The cross-inspection was sent back to its team")
        else:
            self.figures = _("Self {own} · team {cross}").format(
                own=points(matter.own, locale), cross=points(matter.cross, locale)
            )
        self.why = matter.why
        self.due = "" if matter.due is None else _("Answer by {date}.").format(date=short_date(matter.due))
        self.sent = "\n".join(
            " · ".join(part for part in (it.text, state_word(it.state), it.reason, moment(it.at, locale)) if part)
            for it in matter.replies
        )
        if not self.ids.field.ids.entry.focus:
            self.text = matter.draft

    def on_send(self) -> None:
        """The reply is to go."""

    def on_leave(self) -> None:
        """The field was left."""

    def on_correct(self) -> None:
        """The criterion is to be corrected in the checklist."""


class RepliesPage(Page):
    """All matters, each a card."""

    nothing = BooleanProperty(False)

    def refresh(self) -> None:
        matters = self.phone.open_replies()
        column = self.ids.cards
        kept = {(card.matter.criterion, card.matter.answers): card for card in column.children}
        wanted = [(matter.criterion, matter.answers) for matter in matters]
        if [(card.matter.criterion, card.matter.answers) for card in reversed(column.children)] != wanted:
            column.clear_widgets()
            for name in wanted:
                column.add_widget(kept.get(name) or self._new())
        for card, matter in zip(reversed(column.children), matters, strict=True):
            card.show(matter, self.app.locale)
        self.nothing = not matters

    def _new(self) -> ReplyCard:
        card = ReplyCard()
        card.bind(on_send=self._send, on_leave=self._keep, on_correct=self._correct)
        return card

    def leave(self) -> None:
        for card in self.ids.cards.children:
            self._keep(card)

    def _keep(self, card: ReplyCard) -> None:
        matter = card.matter
        if card.text.strip() != matter.draft.strip():
            self.phone.keep_reply(matter.criterion, matter.answers, card.text)

    def _send(self, card: ReplyCard) -> None:
        matter = card.matter
        try:
            self.phone.reply(matter.key, matter.criterion, matter.answers, card.text)
        except (PhoneError, SyncError) as error:
            card.problem = getattr(error, "message", str(error))
            return
        card.text, card.problem = "", ""
        toast(self.words("Kept. It goes out by itself."))
        self.refresh()

    def _correct(self, card: ReplyCard) -> None:
        self.app.go("checklist", key=card.matter.key, criterion=card.matter.criterion)


load(__file__)
