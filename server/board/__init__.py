"""The board: read models of a group year for pages, programs and the command line.

    board = service.board                      # server.service.Service, at current_app.extensions["thidua"]
    board.menu(account) -> tuple[MenuEntry, ...]
    board.groups(account) -> tuple[GroupCard, ...]
    board.standings(account, group, year, *, as_of=None) -> StandingsPage
    board.sheet(account, group, year, unit) -> UnitSheet
    board.trace(account, group, year, unit, criterion) -> CriterionTrace
    board.explain(account, group, year, unit, criterion=None) -> Explained
    board.visit_plan(account, group, year, *, teams_per_unit=1, stay_home=(), barred=()) -> VisitPlan
    board.comparison(account, group, year) -> Comparison
    board.visits(account, group, year) -> VisitsPage
    board.minutes(account, group, year, visit) -> MinutesPage
    board.evidence(account, group, year, *, unit=None, criterion=None, skip=0, limit=60) -> EvidencePage
    board.evidence_card(account, group, year, cited) -> EvidenceCard
    board.photo(account, group, year, photo, *, thumb) -> sync.database.Attachment
    board.decisions(account, group, year) -> DecisionsPage
    board.tasks(account, group, year) -> tuple[Task, ...]

`account` is who reads, from `service.accounts.sign_in(login, password)` or `.find(account id)`; None is the command
line. Every call authorises first: `server.problems.Refused` (403) and `server.problems.Missing` (404) carry a `Said`.
Writing is `service.acts.act(account, group, year, act, value, reason=…, inputs=…, settles=…)`; it raises the same.
"""

from __future__ import annotations
