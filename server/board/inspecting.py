"""Cross-inspections beyond the single visit: a fair plan of those lacking, and teams side by side. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from schemas.leniency import leniency
from schemas.planning import Pair, propose
from schemas.problem import InvalidDocument
from schemas.scoring import Scorecard
from server.board.models.comparison import AgreementFigure, Comparison, TeamFigure
from server.board.models.head import GroupHead
from server.board.models.said import Said
from server.board.models.visits import ProposedVisit, VisitPlan
from server.board.view import GroupView


def plan_of(
    head: GroupHead,
    view: GroupView,
    day: date,
    *,
    teams_per_unit: int,
    last_year: GroupView | None,
    stay_home: Collection[str] = (),
    barred: Collection[Pair] = (),
) -> VisitPlan:
    """What `schemas.planning` proposes for the members on a day, beside the visits that stand."""
    units = view.members_on(day)
    try:
        plan = propose(
            units,
            teams_per_unit=teams_per_unit,
            standing={pair for pair in pairs_of(view) if set(pair) <= set(units)},
            barred=barred,
            stay_home=stay_home,
            last_year=() if last_year is None else pairs_of(last_year),
        )
    except InvalidDocument as impossible:
        problems = tuple(Said(it.code, it.params) for it in impossible.problems)
        return VisitPlan(head, teams_per_unit, max(1, len(units) - 1), (), (), problems)
    return VisitPlan(
        head,
        teams_per_unit,
        max(1, len(units) - 1),
        tuple(
            ProposedVisit(number, view.unit(inspecting), view.unit(inspected))
            for (inspecting, inspected), number in zip(plan.pairs, plan.rounds, strict=True)
        ),
        tuple(Said(it.code, it.params) for it in plan.reasons),
    )


def pairs_of(view: GroupView) -> frozenset[Pair]:
    """Who inspects whom by the visits that stand."""
    return frozenset(
        (unit, visit.inspected) for visit in view.visits.values() if visit.state == "planned" for unit in visit.units
    )


def comparison_of(head: GroupHead, view: GroupView, cards: dict[str, Scorecard]) -> Comparison:
    """What `schemas.leniency` finds, with names beside it."""
    found = leniency(view.record, cards)
    names = {} if view.record.scheme is None else {it.id: it.names for it in view.record.scheme.criteria}
    return Comparison(
        head,
        found.visits,
        tuple(
            TeamFigure(tuple(map(view.unit, it.units)), it.visits, it.compared, it.share, it.apart)
            for it in found.teams
        ),
        tuple(
            AgreementFigure(it.criterion, names[it.criterion], it.pairs, it.agreeing, it.apart)
            for it in found.agreement
        ),
        tuple(Said(it.code, it.params) for it in found.reasons),
    )
