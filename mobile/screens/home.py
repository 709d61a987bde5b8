"""The first page of a working day: what to do next, how the connection stands, what was photographed lately."""

from __future__ import annotations

from typing import Any

from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.widget import Widget

from mobile.cards import ChecklistCard, EvidenceCard, Home, VisitCard
from mobile.i18n import ngettext_
from mobile.screens.page import Page
from mobile.screens.phrases import date_range, points, share, short_date
from mobile.screens.tiles import ChecklistTile, Thumb
from mobile.theme.states import STATE_LOOK
from mobile.widgets.base import Strong
from mobile.widgets.kv import load

RECENT_MAX = 12
"""As many pictures as two rows hold on a phone; the rest is under Sent."""


class SectionTitle(Strong):
    """A heading between lists."""


class HomePage(Page):
    """Tiles are kept and filled anew by key, so nothing jumps when data arrives."""

    top_level = True
    greeting = StringProperty("")
    unit_name = StringProperty("")
    outbox = StringProperty("")
    replies = StringProperty("")
    nothing_yet = BooleanProperty(False)
    contributes = BooleanProperty(False)
    warnings = ListProperty([])

    def refresh(self) -> None:
        home: Home = self.phone.home()
        # By the given name, which stands last: the whole one is cut off at the largest letters.
        self.greeting = self.words("Hello, {name}", name=home.person_name.rpartition(" ")[2])
        self.unit_name = home.unit_name
        self.outbox = (
            ngettext_("{n} item waits to be sent", "{n} items wait to be sent", home.unsent)
            if home.unsent
            else self.words("Everything is sent")
        )
        if self.phone.refused():
            self.outbox += " · " + self.words("some were refused")
        self.replies = self._replies(home)
        # Whoever answers no checklist is here for one thing: to photograph what the unit does.
        self.contributes = home.can_capture and home.contributes
        self.nothing_yet = not (home.visits or home.self_checklists or self.contributes)
        self.warnings = [group.name for group in home.groups if group.unreachable]
        ahead, over = ([card for card in home.visits if card.over is past] for past in (False, True))
        self._fill(self.ids.visits, ahead, self._visit)
        self._fill(self.ids.over, over, self._visit)
        self._fill(self.ids.own, home.self_checklists, self._own)
        self.ids.visits_title.text = self.words("My visits") if ahead else ""
        self.ids.over_title.text = self.words("Visits made") if over else ""
        self.ids.own_title.text = self.words("My unit's self-score") if home.self_checklists else ""
        self._pictures(home.evidence)

    def _replies(self, home: Home) -> str:
        """How many wait for a reply, and the first day on which one of them closes."""
        waiting = [each for each in home.replies if not each.replies]
        if not waiting:
            return ""
        said = ngettext_("{n} criterion asks for a reply", "{n} criteria ask for a reply", len(waiting))
        first = min((each.due for each in waiting if each.due is not None), default=None)
        return said if first is None else f"{said} · " + self.words("by {date}", date=short_date(first))

    def _fill(self, column: Widget, cards: Any, fill: Any) -> None:
        kept = {tile.key: tile for tile in column.children}
        wanted = [card.key for card in cards]
        if [tile.key for tile in reversed(column.children)] != wanted:
            column.clear_widgets()
            for key in wanted:
                column.add_widget(kept.get(key) or ChecklistTile(key=key, on_release=self._open))
            kept = {tile.key: tile for tile in column.children}
        for card in cards:
            fill(kept[card.key], card)

    def _open(self, tile: ChecklistTile) -> None:
        if not tile.disabled:
            self.app.go("checklist", key=tile.key)

    def _visit(self, tile: ChecklistTile, card: VisitCard) -> None:
        tile.when = " · ".join(
            part for part in (date_range(card.date_from, card.date_to, self.app.locale), card.place) if part
        )
        tile.title = card.unit_name
        tile.detail = ", ".join(card.team)
        tile.disabled = not card.ready
        if card.cancelled:
            tile.hint = self.words("The visit was cancelled")
        else:
            tile.hint = "" if card.ready else self.words("Not on this phone yet")
        self._progress(tile, card)

    def _own(self, tile: ChecklistTile, card: ChecklistCard) -> None:
        tile.when = self.words("Due {date}", date=short_date(card.due)) if card.due else ""
        tile.title = self.words("Self-score {year}", year=card.year) + " · " + card.group_name
        tile.detail = ""
        self._progress(tile, card)

    def _progress(self, tile: ChecklistTile, card: ChecklistCard | VisitCard) -> None:
        tile.progress = self.words("{done} of {all} criteria", done=card.done, all=card.applicable)
        tile.ratio = share(card.done, card.applicable)
        tile.total = points(card.total, self.app.locale)
        tile.of_total = "/ " + points(card.total_max, self.app.locale)
        tile.provisional = card.done < card.applicable
        tile.show_state(card.state)

    def _pictures(self, cards: tuple[EvidenceCard, ...]) -> None:
        grid = self.ids.pictures
        shown = cards[:RECENT_MAX]
        self.ids.pictures_title.text = self.words("Recent evidence") if shown else ""
        if [thumb.evidence for thumb in reversed(grid.children)] != [card.id for card in shown]:
            grid.clear_widgets()
            for card in shown:
                grid.add_widget(Thumb(evidence=card.id, on_release=self._open_picture))
        for thumb, card in zip(reversed(grid.children), shown, strict=True):
            thumb.source = str(card.thumbnail or "")
            thumb.caption = card.title
            thumb.mark_icon, thumb.mark_role = STATE_LOOK[card.state]

    def _open_picture(self, thumb: Thumb) -> None:
        self.app.show_evidence(thumb.evidence)


load(__file__)
