"""Standings, computed on this phone from its own copy of the group, and how much of the work they cover."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kivy.properties import BooleanProperty, ListProperty, NumericProperty, StringProperty

from mobile.problems import PhoneError
from mobile.screens.page import Page
from mobile.screens.phrases import NO_FIGURE, points, share
from mobile.widgets.base import Card
from mobile.widgets.kv import load
from schemas.figures import format_date, format_points
from schemas.lacking import lacking

if TYPE_CHECKING:
    from schemas.standings import Row, Standings


class StandingsRow(Card):
    """One unit: place, name, total, each section, and what its figures rest on."""

    place = StringProperty("")
    title = StringProperty("")
    total = StringProperty("")
    sections = StringProperty("")
    coverage = StringProperty("")
    covered = NumericProperty(0.0)
    reason = StringProperty("")
    first = BooleanProperty(False)
    mine = BooleanProperty(False)
    provisional = BooleanProperty(True)


class StandingsPage(Page):
    """The group chosen, of those this phone holds."""

    top_level = True
    group = StringProperty("")
    groups = ListProperty([])
    heading = StringProperty("")
    coverage = StringProperty("")
    reasons = StringProperty("")
    nothing = BooleanProperty(False)

    def refresh(self) -> None:
        groups = self.phone.home().groups
        choices = [(f"{group.group}:{group.year}", f"{group.name} {group.year}") for group in groups]
        if self.group not in [value for value, _name in choices]:
            self.group = choices[0][0] if choices else ""
        self.groups = choices
        self.nothing = not choices
        if self.group:
            group, year = self.group.rsplit(":", 1)
            try:
                self._show(self.phone.standings(group, int(year)))
            except PhoneError as error:
                self.heading, self.coverage, self.reasons = error.message, "", ""
                self.ids.rows.clear_widgets()

    def choose(self, group: str) -> None:
        """Another group year."""
        self.group = group
        self.refresh()

    def _show(self, ranking: Standings) -> None:
        # Where nobody has a number the ranking waits for nothing, yet it is no result either.
        provisional = ranking.provisional or any(row.total is None for row in ranking.rows)
        self.heading = self.words("Provisional standings") if provisional else self.words("Standings")
        done = sum(row.card.coverage.visits_done for row in ranking.rows)
        planned = sum(row.card.coverage.visits_planned for row in ranking.rows)
        photos = {photo for row in ranking.rows for photo in row.card.coverage.photos}
        self.coverage = self.words(
            "{done} of {planned} visits · {photos} photos cited · as of {date}, computed on this phone",
            done=done,
            planned=planned,
            photos=len(photos),
            date=format_date(ranking.as_of, self.app.locale),
        )
        sentences = [ranking.sentence(reason, self.app.locale) for reason in ranking.reasons]
        if ranking.sample:
            sentences.insert(0, self.words("Sample data: the scores are invented."))
        self.reasons = "\n".join(sentences)
        column = self.ids.rows
        while len(column.children) > len(ranking.rows):
            column.remove_widget(column.children[0])
        while len(column.children) < len(ranking.rows):
            column.add_widget(StandingsRow())
        for line, row in zip(reversed(column.children), ranking.rows, strict=True):
            for name, value in self._line(row, ranking).items():
                setattr(line, name, value)

    def _line(self, row: Row, ranking: Standings) -> dict[str, Any]:
        locale = self.app.locale
        cover = row.card.coverage
        account = self.phone.account
        return {
            "place": NO_FIGURE if row.place is None else str(row.place),
            "title": row.short_names.get(locale) or row.short_names["vi"],
            "total": self.words("not enough yet") if row.total is None else self._total(row.total),
            "sections": section_figures(
                [(_label(index), section.points) for index, section in enumerate(row.card.sections)], locale
            ),
            "coverage": self.words(
                "{done}/{planned} visits · {answered}/{applicable} criteria scored",
                done=cover.visits_done,
                planned=cover.visits_planned,
                answered=cover.answered,
                applicable=cover.applicable,
            ),
            "covered": share(cover.answered, cover.applicable),
            "reason": "\n".join(dict.fromkeys(ranking.sentence(reason, locale) for reason in lacking(row))),
            "first": row.place == 1,
            "mine": account is not None and account.unit == row.unit,
            "provisional": ranking.provisional or any(each.total is None for each in ranking.rows),
        }

    def _total(self, total: Fraction) -> str:
        return format_points(total, self.app.locale, places=2)


ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def _label(index: int) -> str:
    return ROMAN[index] if index < len(ROMAN) else str(index + 1)


def section_figures(sections: Sequence[tuple[str, Fraction | None]], locale: str) -> str:
    """`I 570,00 · II 188,00 · III –`: what the total is made of."""
    return " · ".join(
        f"{label} {points(None, locale) if value is None else format_points(value, locale, places=2)}"
        for label, value in sections
    )


load(__file__)
