"""How teams compare where they scored the same units: leniency of each, agreement on each criterion.

A team's score on a criterion is held against the mean of the other teams' scores on the same criterion of the same
unit, in points, as a share of the criterion's maximum. Figures for people to look at: nothing here moves a score, and
with few visits nothing is said at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Final

from schemas.kinds import points_for
from schemas.problem import Reason
from schemas.record import Record
from schemas.scoring import CriterionResult, Scorecard

VISITS_LEAST: Final = 5
"""Of fewer visits one generous day would be all there is to see."""

LENIENT_PERCENT: Final = 5
"""Further from the others than this share of the maxima, a team is named to look at: half of a discrepancy."""


@dataclass(frozen=True, slots=True)
class Team:
    """The units that inspected together. `share` of the maxima is by how much they scored above (+) or below (−) the
    other teams at the same units, over `compared` answers; None where nobody else scored what they did.
    """

    units: tuple[str, ...]
    visits: int
    compared: int
    share: Fraction | None

    @property
    def apart(self) -> bool:
        return self.share is not None and abs(self.share) * 100 > LENIENT_PERCENT


@dataclass(frozen=True, slots=True)
class Agreement:
    """One criterion, over all pairs of teams that scored it at the same unit: how many agree within the scheme's
    discrepancy, and how far apart they are on the mean as a share of the maximum.
    """

    criterion: str
    pairs: int
    agreeing: int
    apart: Fraction


@dataclass(frozen=True, slots=True)
class Leniency:
    """`teams` by units, `agreement` in the scheme's order; both empty while `visits` are fewer than VISITS_LEAST."""

    visits: int
    teams: tuple[Team, ...]
    agreement: tuple[Agreement, ...]
    reasons: tuple[Reason, ...]


def leniency(record: Record, cards: Mapping[str, Scorecard]) -> Leniency:
    """Compare the teams of all counted visits. `cards` are the record's (`schemas.scoring.scorecards`)."""
    visited = {
        checklist.visit
        for card in cards.values()
        for checklist in card.checklists
        if checklist.stage == "cross" and checklist.counted is not None
    }
    if len(visited) < VISITS_LEAST:
        few = Reason("leniency-few", {"visits": len(visited), "least": VISITS_LEAST})
        return Leniency(len(visited), (), (), (few,))
    above: dict[tuple[str, ...], list[tuple[Fraction, Fraction]]] = {}
    visits_of: dict[tuple[str, ...], set[str]] = {}
    agreement = {}
    for visit in sorted(it for it in visited if it is not None):
        team = _team(record, visit)
        above.setdefault(team, [])
        visits_of.setdefault(team, set()).add(visit)
    for criterion in () if record.scheme is None else record.scheme.criteria:
        allowed = criterion.max * record.scheme.discrepancy_percent / 100 if record.scheme else Fraction(0)
        gaps: list[Fraction] = []
        for card in cards.values():
            result = card.criterion(criterion.id)
            scored = {} if result is None else dict(_scored(result))
            if len(scored) < 2:
                continue
            for visit, points in scored.items():
                others = [it for name, it in scored.items() if name != visit]
                mean = sum(others, Fraction(0)) / len(others)
                above[_team(record, visit)].append((points - mean, criterion.max))
            gaps += [abs(one - other) for one, other in combinations(scored.values(), 2)]
        if gaps:
            mean = sum(gaps, Fraction(0)) / len(gaps) / criterion.max
            agreement[criterion.id] = Agreement(criterion.id, len(gaps), sum(it <= allowed for it in gaps), mean)
    teams = tuple(Team(team, len(visits_of[team]), len(found), _share(found)) for team, found in sorted(above.items()))
    return Leniency(len(visited), teams, tuple(agreement.values()), (Reason("leniency-caution"),))


def _scored(result: CriterionResult) -> Iterator[tuple[str, Fraction]]:
    """Each visit's points on a criterion."""
    if result.state == "excluded":
        return
    for source in result.columns["cross"].sources:
        if source.value is not None and source.visit is not None:
            points = points_for(result.criterion, source.value, target=result.target, best=result.best)
            if points is not None:
                yield source.visit, points


def _share(found: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    maxima = sum((most for _, most in found), Fraction(0))
    return sum((above for above, _ in found), Fraction(0)) / maxima if maxima else None


def _team(record: Record, visit: str) -> tuple[str, ...]:
    planned = record.visits.get(visit)
    return () if planned is None else tuple(sorted(planned.units))
