"""What surrounds a group year's ranking: how far the year is, what happened when, what was awarded. Pure.

Nothing here bears on a figure; figures are `schemas.standings`'.
"""

from __future__ import annotations

from schemas.figures import local_day
from schemas.recognition import AWARD_LEVELS
from server.board.models.head import YearState
from server.board.models.year_told import AwardGiven, Milestone
from server.board.view import GroupView


def state_of(view: GroupView) -> YearState:
    """Published, frozen, or open."""
    if view.folded.on("published", "publish") is not None:
        return "published"
    return "open" if view.folded.on("ranking", "freeze") is None else "frozen"


def awards_given(view: GroupView) -> tuple[AwardGiven, ...]:
    """The most honoured level first."""
    found = sorted(view.all("award"), key=lambda it: (AWARD_LEVELS.index(it["level"]), it["_id"]))
    return tuple(
        AwardGiven(
            form=it["form"],
            level=it["level"],
            collectives=it["counts"]["collective"],
            individuals=it["counts"]["individual"],
            number=it["number"],
            date=it["date"],
            authority=it["authority"],
            source=it["source"],
        )
        for it in found
    )


def milestones(view: GroupView) -> tuple[Milestone, ...]:
    """The year in its order: conferences, mergers, inspections, and the acts that close it."""
    year = view.group_year
    found = [Milestone(it["kind"], it["date"], place=it["place"]) for it in year.get("conferences", ())]
    for event in view.record.events:
        units = tuple(view.unit(unit) for unit in event["from"] if unit in view.member_units)
        if units and event["kind"] == "merge" and event["date"].startswith(str(view.year)):
            found.append(Milestone("merged", event["date"], units=(*units, view.unit(event["to"]))))
    visits = [visit for visit in view.visits.values() if visit.state == "planned"]
    if visits:
        first, last = min(it.starts for it in visits), max(it.ends for it in visits)
        found.append(Milestone("inspections", first, until=last))
    for subject, act, kind in _CLOSING:
        decision = view.folded.on(subject, act)
        if decision is not None and decision["value"].get("locked", True):
            found.append(Milestone(kind, local_day(decision["at"]).isoformat()))
    return tuple(sorted(found, key=lambda it: it.date))


_CLOSING = (("scores", "lock-scores", "locked"), ("ranking", "freeze", "frozen"), ("published", "publish", "published"))
