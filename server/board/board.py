"""The board whole: what reading finds, with the ranking's figures beside it.

Figures come from `schemas.standings` over the group's view, computed once for a sequence and a day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from fractions import Fraction

from schemas import ids
from schemas.access import Access, access_to
from schemas.explaining import explain_criterion, explain_total
from schemas.planning import Pair
from schemas.scoring import CriterionResult, SectionResult
from schemas.standings import Row
from server.accounts import Account
from server.board import figures, year_told
from server.board.inspecting import comparison_of, plan_of
from server.board.minutes import minutes_of
from server.board.models.comparison import Comparison
from server.board.models.head import Coverage, GroupCard, MenuEntry
from server.board.models.minutes import MinutesPage
from server.board.models.sheet import SheetSection, UnitSheet
from server.board.models.standings import Explained, StandingsPage
from server.board.models.tasks import Task
from server.board.models.trace import CriterionTrace
from server.board.models.visits import VisitPlan
from server.board.prepared import prepared
from server.board.reading import Reading, decision_entry
from server.board.tasks import tasks
from server.board.view import GroupView
from server.facts import identity_of
from server.problems import Missing, Refused
from server.projection import Waiting

CRITERION_ACTS = ("accept", "return", "adjust", "approve-na", "refuse-na")
"""What a criterion's page offers."""


class Board(Reading):
    """Read models of group years. For any number of threads."""

    def menu(self, account: Account) -> tuple[MenuEntry, ...]:
        """The group years somebody may read, the newest first, by name: nothing of them is read for it."""
        identity, facts = identity_of(account), self._book.facts()
        return tuple(
            MenuEntry(group, year, names)
            for (group, year), names in sorted(self._book.names().items(), key=lambda it: (-it[0][1], it[0][0]))
            if isinstance(access_to(identity, ids.group_database(group, year), facts), Access)
        )

    def groups(self, account: Account) -> tuple[GroupCard, ...]:
        """The same, each with how far it is."""
        return tuple(self._card(account, each.group, each.year) for each in self.menu(account))

    def _card(self, account: Account, group: str, year: int) -> GroupCard:
        view = self.view(account, group, year)
        return GroupCard(
            head=self.head(account, view),
            units=len(view.members_on(min(self.today(), date(year, 12, 31)))),
            coverage=self._coverage(view, view.standings(self.today()).rows),
            tasks=len(self._tasks(account, view)),
        )

    def standings(self, account: Account | None, group: str, year: int, *, as_of: date | None = None) -> StandingsPage:
        """The ranking on a day, today when none is named."""
        view = self.view(account, group, year)
        ranking = view.standings(as_of or self.today())
        return StandingsPage(
            head=self.head(account, view),
            coverage=self._coverage(view, ranking.rows),
            provisional=ranking.provisional,
            rows=tuple(figures.standing_row(view, row, ranking.departures) for row in ranking.rows),
            sections=figures.columns(ranking),
            total_max=Fraction(0) if ranking.scheme is None else ranking.scheme.total,
            contested=tuple(figures.said(it) for it in ranking.reasons),
            decision_heads=ranking.decision_heads,
            document=ranking.to_json(),
            milestones=year_told.milestones(view),
            awards_given=year_told.awards_given(view),
        )

    def sheet(self, account: Account | None, group: str, year: int, unit: str) -> UnitSheet:
        """One unit's scoresheet. Raises Missing."""
        view = self.view(account, group, year)
        row = self._row(view, unit)
        return UnitSheet(
            head=self.head(account, view),
            unit=view.unit(unit),
            standing=figures.standing_row(view, row, view.standings(self.today()).departures),
            sections=tuple(
                SheetSection(
                    figure=figures.section_figure(section),
                    criteria=tuple(figures.criterion_row(view, row.card, it) for it in section.criteria),
                )
                for section in row.card.sections
            ),
            coverage=self._coverage(view, [row]),
            is_own_unit=account is not None and account.unit == unit,
            prepared=prepared(view, row.card, self.photo_states(view)),
            unanswered=figures.unanswered(view, row.card, self.today()),
        )

    def trace(self, account: Account | None, group: str, year: int, unit: str, criterion: str) -> CriterionTrace:
        """How one number came about, and what the reader may do about it. Raises Missing."""
        view = self.view(account, group, year)
        row = self._row(view, unit)
        section, result = _find(row, criterion)
        history = [*view.folded.history.get(f"criterion:{unit}:{criterion}", ())]
        history += view.folded.history.get(f"na:{unit}:{criterion}", ())
        for subject in view.folded.subjects(f"carry:{unit}:{criterion}:"):
            history += view.folded.history[subject]
        on = {"unit": unit, "criterion": criterion}
        return CriterionTrace(
            head=self.head(account, view),
            unit=view.unit(unit),
            section=figures.section_figure(section),
            row=figures.criterion_row(view, row.card, result),
            answers=tuple(
                replace(
                    it, evidence=tuple(self.with_uses(card, [(group, year, unit, criterion)]) for card in it.evidence)
                )
                for it in figures.answers(view, row.card, result, self.photo_states(view))
            ),
            decisions=tuple(decision_entry(view, it) for it in sorted(history, key=lambda it: (it["n"], it["_id"]))),
            replies=figures.replies(view, unit, criterion),
            matters=tuple(it for it in figures.matters(view, row.card, criterion) if it.open_on(self.today())),
            offers=() if account is None else self._acts.offers(account, view, CRITERION_ACTS, on),
            minuted=frozenset(it["visit"] for it in view.all("minutes")),
        )

    def minutes(self, account: Account | None, group: str, year: int, visit: str) -> MinutesPage:
        """The minutes of a visit, with the result they are about. Raises Missing."""
        view = self.view(account, group, year)
        shown = next((it for it in self.visit_cards(view) if it.visit == visit), None)
        if shown is None:
            raise Missing("no-visit")
        row = view.standings(self.today()).row(shown.inspected.unit)
        return MinutesPage(self.head(account, view), shown, minutes_of(view, visit, None if row is None else row.card))

    def explain(
        self, account: Account | None, group: str, year: int, unit: str, criterion: str | None = None
    ) -> Explained:
        """How a unit's total, or its points on one criterion, came about, line by line. Raises Missing."""
        view = self.view(account, group, year)
        row, ranking = self._row(view, unit), view.standings(self.today())
        if criterion is None:
            lines = explain_total(ranking, unit)
        else:
            _find(row, criterion)
            lines = explain_criterion(ranking, unit, criterion)
        return Explained(self.head(account, view), view.unit(unit), criterion, ranking, lines)

    def visit_plan(
        self,
        account: Account | None,
        group: str,
        year: int,
        *,
        teams_per_unit: int = 1,
        stay_home: Collection[str] = (),
        barred: Collection[Pair] = (),
    ) -> VisitPlan:
        """A fair plan of the visits still lacking; last year's pairs are avoided where that year is here."""
        view = self.view(account, group, year)
        try:
            last_year = self.view(account, group, year - 1)
        except (Missing, Refused):
            last_year = None
        return plan_of(
            self.head(account, view),
            view,
            min(self.today(), date(year, 12, 31)),
            teams_per_unit=teams_per_unit,
            last_year=last_year,
            stay_home=stay_home,
            barred=barred,
        )

    def comparison(self, account: Account | None, group: str, year: int) -> Comparison:
        """Teams that scored the same units, side by side."""
        view = self.view(account, group, year)
        cards = {row.unit: row.card for row in view.standings(self.today()).rows}
        return comparison_of(self.head(account, view), view, cards)

    def tasks(self, account: Account | None, group: str, year: int) -> tuple[Task, ...]:
        """What is to be done: all of it for who leads and for the council, else what concerns one's own unit."""
        return self._tasks(account, self.view(account, group, year))

    def _tasks(self, account: Account | None, view: GroupView) -> tuple[Task, ...]:
        found = tasks(view, view.standings(self.today()), self._waiting(view), self.today())
        if account is None or {"leader", "deputy", "council"} & set(self.head(account, view).my_roles):
            return found
        return tuple(it for it in found if it.unit is not None and it.unit.unit == account.unit)

    def _waiting(self, view: GroupView) -> list[Waiting]:
        return self._projection.waiting(target=ids.group_database(view.group, view.year))

    def _coverage(self, view: GroupView, rows: tuple[Row, ...] | list[Row]) -> Coverage:
        units = {row.unit for row in rows}
        waiting = sum(ids.parse(it.document)["unit"] in units for it in self._waiting(view))
        return figures.coverage(view, [row.card for row in rows], self.photo_states(view), waiting)

    def _row(self, view: GroupView, unit: str) -> Row:
        row = view.standings(self.today()).row(unit)
        if row is None:
            raise Missing("no-unit")
        return row


def _find(row: Row, criterion: str) -> tuple[SectionResult, CriterionResult]:
    for section in row.card.sections:
        for result in section.criteria:
            if result.criterion.id == criterion:
                return section, result
    raise Missing("no-criterion")
