"""What somebody must do today, from the ranking and what waits: the most urgent first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from schemas import ids
from schemas.figures import decimal_string, format_date
from schemas.freezing import unminuted
from schemas.standings import Standings
from server.board.figures import said, waiting_for_head
from server.board.models.said import Said
from server.board.models.tasks import Task
from server.board.view import GroupView
from server.projection import Waiting

_URGENCY = (
    "overdue_return",
    "contested",
    "error",
    "waiting",
    "approval",
    "difference",
    "undecided",
    "departure",
    "na",
    "claim",
    "open_return",
    "unsigned_pact",
)

_UNIT_AT = {"criterion": 1, "na": 1, "section": 1, "claim": 1, "rank": 1, "carry": 1, "checklist": 2}
"""Where a subject names the unit it is about, whose page settles it."""


def tasks(view: GroupView, standings: Standings, waiting: Iterable[Waiting], today: date) -> tuple[Task, ...]:
    """Every open task of the group year."""
    found = [
        *_returns_and_gaps(view, standings, today),
        *_contested(view, standings),
        *_departures(view, standings),
        *_differences(view, standings),
        *_claims(view, standings),
        *_approvals(view, standings),
        *_waiting(view, waiting),
    ]
    return tuple(sorted(found, key=lambda it: (_URGENCY.index(it.kind), it.due or "~", it.subject)))


def _returns_and_gaps(view: GroupView, standings: Standings, today: date) -> Iterator[Task]:
    for row in standings.rows:
        unit = view.unit(row.unit)
        said_of = {it.code for it in row.reasons}
        # A unit that is no more signs nothing.
        if "pact-unsigned" in said_of and "membership-ended" not in said_of:
            yield Task("unsigned_pact", unit, None, f"pact:{row.unit}", Said("pact-to-sign"), None)
        for section in row.card.sections:
            if section.state == "undecided" and any(it.code == "under-half" for it in section.reasons):
                subject = f"section:{row.unit}:{section.section.id}"
                yield Task("undecided", unit, None, subject, said(section.reasons[0]), None)
            for result in section.criteria:
                criterion = result.criterion.id
                subject = f"criterion:{row.unit}:{criterion}"
                if result.state == "returned":
                    due = str(view.folded.standing[subject]["value"]["deadline"])
                    overdue = due < today.isoformat()
                    yield Task(
                        "overdue_return" if overdue else "open_return",
                        unit,
                        criterion,
                        subject,
                        Said("return-overdue" if overdue else "return-open", {"due": format_date(due)}),
                        due,
                    )
                elif result.state == "error":
                    yield Task("error", unit, criterion, subject, said(result.reasons[0]), None)
                for reason in result.reasons:
                    if reason.code == "na-not-approved" and f"na:{row.unit}:{criterion}" not in view.folded.history:
                        yield Task("na", unit, criterion, f"na:{row.unit}:{criterion}", said(reason), None)
                    elif reason.code == "later":
                        yield Task("undecided", unit, criterion, subject, said(reason), None)


def _contested(view: GroupView, standings: Standings) -> Iterator[Task]:
    for subject in view.folded.contested:
        words = subject.split(":")
        criterion = words[2] if words[0] in ("criterion", "na") else None
        named = _UNIT_AT.get(words[0])
        unit = None if named is None else view.unit(words[named])
        yield Task("contested", unit, criterion, subject, Said("subject-contested"), None)
    for row in standings.rows:
        for checklist in row.card.checklists:
            if checklist.contested and checklist.subject not in view.folded.contested:
                unit = view.unit(checklist.unit)
                yield Task("contested", unit, None, checklist.subject, Said("checklist-contested"), None)


def _departures(view: GroupView, standings: Standings) -> Iterator[Task]:
    # What is published is final: what arrives later asks for no minutes.
    if view.folded.on("published", "publish") is None:
        for award, reason in unminuted(standings).items():
            yield Task("departure", None, None, f"departure:{award}", said(reason), None)


def _differences(view: GroupView, standings: Standings) -> Iterator[Task]:
    if standings.scheme is None:
        return
    percent = decimal_string(standings.scheme.discrepancy_percent)
    for row in standings.rows:
        for found in row.card.discrepancies:
            if not found.commented:
                sentence = Said("difference-needs-note", {"percent": percent})
                yield Task("difference", view.unit(row.unit), found.criterion, found.submission, sentence, None)


def _claims(view: GroupView, standings: Standings) -> Iterator[Task]:
    """A unit's claims of which nobody has decided: one task, whose page has them all."""
    for row in standings.rows:
        waiting = [it for it in row.card.astray if any(why.code == "claim-undecided" for why in it.reasons)]
        if waiting and view.folded.on("published", "publish") is None:
            yield Task("claim", view.unit(row.unit), None, f"claim:{row.unit}", Said("claim-undecided"), None)


def _approvals(view: GroupView, standings: Standings) -> Iterator[Task]:
    """Self-scores that count only once the unit's head has approved them."""
    if view.folded.on("published", "publish") is None:
        for row in standings.rows:
            for name in (it for checklist in row.card.checklists for it in waiting_for_head(view, checklist)):
                yield Task("approval", view.unit(row.unit), None, name, Said("waiting-head"), None)


def _waiting(view: GroupView, waiting: Iterable[Waiting]) -> Iterator[Task]:
    for each in waiting:
        unit = view.unit(ids.parse(each.document)["unit"])
        yield Task("waiting", unit, None, each.document, Said("waiting-for", {"count": len(each.absent)}), None)
