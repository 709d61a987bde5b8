"""The board: read models of a group year for pages, programs and the command line.

    board = service.board                      # server.service.Service, at current_app.extensions["thidua"]
    board.groups(identity) -> tuple[GroupCard, ...]
    board.standings(identity, group, year, as_of=None) -> StandingsPage
    board.sheet(identity, group, year, unit) -> UnitSheet
    board.trace(identity, group, year, unit, criterion) -> CriterionTrace
    board.visits(identity, group, year) -> VisitsPage
    board.evidence(identity, group, year, *, unit=None, criterion=None, skip=0, limit=60) -> EvidencePage
    board.evidence_card(identity, group, year, cited) -> EvidenceCard
    board.photo(identity, group, year, photo, *, thumb) -> sync.database.Attachment
    board.decisions(identity, group, year) -> DecisionsPage
    board.tasks(identity, group, year) -> tuple[Task, ...]

`identity` is who reads, from `service.accounts.sign_in(login, password)` or `service.accounts.identity(account)`. Every
call authorises first: `server.problems.Refused` (403) and `server.problems.Missing` (404) carry a `Said`.
Writing is `service.acts.act(identity, group, year, act, value, reason=…, inputs=…, settles=…)`; it raises the same.
"""
