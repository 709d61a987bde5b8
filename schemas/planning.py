"""Who inspects whom: a fair plan of a year's cross-inspections, the same wherever it is worked out (DOMAIN 5.10).

    units in order ──▶ each inspected by those next in line ──▶ exchanges that lessen faults ──▶ rounds

Nobody inspects itself, loads differ by one at most, and no two units inspect each other where that can be avoided.
Visits that stand already stay. In one round a unit either receives a team or travels, never both, so that a host is at
home. It must never know dates, people or documents: a plan is a proposal, and only decisions make visits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from schemas.problem import InvalidDocument, Problem, Reason

UNITS_MAX: Final = 40
"""More than any group has; the exchanges below look at every pair of visits."""

STARTS: Final = 60
"""Orders of the units the search begins from; it ends with the first that has no avoidable fault."""

Pair = tuple[str, str]
"""An inspecting unit and the unit it inspects."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`pairs` are to be planned, sorted by round, then by inspected unit; `rounds` tells each pair's, from 1.

    `reasons` say in words how the plan was made and what could not be avoided; none where nothing is left to plan.
    `mutual` are the pairs of units that inspect each other, standing visits too, `repeated` those of last year.
    """

    pairs: tuple[Pair, ...]
    rounds: tuple[int, ...]
    loads: tuple[tuple[str, int], ...]
    mutual: tuple[Pair, ...]
    repeated: tuple[Pair, ...]
    reasons: tuple[Reason, ...]


def propose(
    units: Iterable[str],
    *,
    teams_per_unit: int = 1,
    standing: Collection[Pair] = (),
    barred: Collection[Pair] = (),
    stay_home: Collection[str] = (),
    last_year: Collection[Pair] = (),
) -> Proposal:
    """A plan in which every unit is inspected by `teams_per_unit` others, `standing` visits counted.

    `barred` are pairs (inspecting, inspected) that must not be; units that `stay_home` are inspected and go nowhere;
    `last_year` are pairs better not repeated. Raises InvalidDocument when no such plan exists or none is found.
    """
    task = _Task(
        units=tuple(sorted(set(units))),
        wanted=teams_per_unit,
        standing=frozenset(standing),
        barred=frozenset(barred),
        home=frozenset(stay_home),
        last_year=frozenset(last_year),
    )
    _possible(task)
    best: list[Pair] | None = None
    for start in range(STARTS):
        found = _improved(task, _first(task, start))
        if best is None or _cost(task, found) < _cost(task, best):
            best = found
        if _cost(task, best) <= (0, _mutual_least(task), _repeated_least(task)):
            break
    assert best is not None
    if _cost(task, best)[0]:
        raise InvalidDocument([Problem("barred", "plan-not-found", {"count": _cost(task, best)[0]})])
    rounds = _rounds(best)
    ordered = sorted(best, key=lambda pair: (rounds[pair], pair[1], pair[0]))
    loads = Counter(inspecting for inspecting, _ in (*best, *task.standing))
    every = task.all_with(best)
    mutual = tuple(sorted({_both(pair) for pair in every if pair[::-1] in every}))
    return Proposal(
        pairs=tuple(ordered),
        rounds=tuple(rounds[pair] for pair in ordered),
        loads=tuple((unit, loads[unit]) for unit in task.units),
        mutual=mutual,
        repeated=tuple(sorted(set(best) & task.last_year)),
        reasons=_explained(task, best, mutual, max(rounds.values(), default=0)),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    units: tuple[str, ...]
    wanted: int
    standing: frozenset[Pair]
    barred: frozenset[Pair]
    home: frozenset[str]
    last_year: frozenset[Pair]

    @property
    def travelling(self) -> tuple[str, ...]:
        return tuple(unit for unit in self.units if unit not in self.home)

    def open_slots(self) -> list[str]:
        """Each inspected unit as often as it still lacks a team."""
        has = Counter(inspected for _, inspected in self.standing)
        return [unit for unit in self.units for _ in range(self.wanted - has[unit])]

    def all_with(self, pairs: Iterable[Pair]) -> frozenset[Pair]:
        return self.standing | frozenset(pairs)


def _possible(task: _Task) -> None:
    """What no order of units can mend is said before any is tried."""
    wrong = []
    if not 2 <= len(task.units) <= UNITS_MAX:
        wrong.append(Problem("units", "plan-units", {"most": UNITS_MAX}))
    for unit in task.units:
        others = [it for it in task.travelling if it != unit and (it, unit) not in task.barred]
        if len(others) < task.wanted:
            wrong.append(Problem("teams_per_unit", "plan-too-many", {"unit": unit, "most": len(others)}))
    if task.wanted < 1:
        wrong.append(Problem("teams_per_unit", "plan-at-least-one"))
    for inspecting, inspected in sorted(task.standing):
        if inspecting == inspected:
            wrong.append(Problem("standing", "team-inspects-itself", {"unit": inspected}))
    if wrong:
        raise InvalidDocument(wrong)


def _first(task: _Task, start: int) -> list[Pair]:
    """Every unit inspected by those after it in line; `start` chooses the line and how far after.

    Loads are equal to within one."""
    slots = task.open_slots()
    line = _line(task.travelling, start % 3)
    done = Counter(inspecting for inspecting, _ in task.standing)
    # Who has travelled least goes first, so that visits that stand already weigh in the loads.
    turns: list[str] = []
    while len(turns) < len(slots):
        least = min(done[unit] for unit in line)
        turns += [unit for unit in line if done[unit] == least]
        for unit in line:
            done[unit] += done[unit] == least
    position = {unit: index for index, unit in enumerate(_line(task.units, start % 3))}
    slots.sort(key=lambda unit: position[unit])
    by_column = [slots[column :: task.wanted] for column in range(task.wanted)] if task.wanted else []
    laid = [unit for column in by_column for unit in column]
    shift = 1 + start // 3
    turned = turns[: len(slots)]
    return [(turned[(index + shift) % len(turned)], unit) for index, unit in enumerate(laid)] if turned else []


def _line(units: Sequence[str], start: int) -> list[str]:
    """The units in another order for each `start`: every (start+1)-th, going round."""
    left, line, at = list(units), [], 0
    while left:
        at = (at + start) % len(left)
        line.append(left.pop(at))
    return line


def _cost(task: _Task, pairs: Sequence[Pair]) -> tuple[int, int, int]:
    """Faults that must not be, mutual inspections, repetitions of last year: fewer of the first first."""
    counted = Counter((*pairs, *task.standing))
    never = sum(one == other or (one, other) in task.barred for one, other in pairs)
    never += sum(count - 1 for count in counted.values())
    mutual = sum(pair[::-1] in counted for pair in counted if pair[0] < pair[1])
    return never, mutual, sum(pair in task.last_year for pair in pairs)


def _improved(task: _Task, pairs: list[Pair]) -> list[Pair]:
    """Two visits exchange their teams as long as that lessens the cost: loads stay as they are."""
    cost = _cost(task, pairs)
    better = True
    while better and any(cost):
        better = False
        for one, other in combinations(range(len(pairs)), 2):
            (first, at_first), (second, at_second) = pairs[one], pairs[other]
            if first == second or at_first == at_second:
                continue
            pairs[one], pairs[other] = (second, at_first), (first, at_second)
            tried = _cost(task, pairs)
            if tried < cost:
                cost, better = tried, True
            else:
                pairs[one], pairs[other] = (first, at_first), (second, at_second)
    return pairs


def _rounds(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """The first round in which neither unit is taken: a unit that receives a team does not travel."""
    busy: dict[str, set[int]] = {}
    found: dict[Pair, int] = {}
    for pair in sorted(pairs):
        taken = busy.setdefault(pair[0], set()) | busy.setdefault(pair[1], set())
        found[pair] = next(number for number in range(1, len(taken) + 2) if number not in taken)
        busy[pair[0]].add(found[pair])
        busy[pair[1]].add(found[pair])
    return found


def _explained(task: _Task, pairs: Sequence[Pair], mutual: Sequence[Pair], rounds: int) -> tuple[Reason, ...]:
    if not pairs:
        return ()
    loads = Counter(inspecting for inspecting, _ in task.all_with(pairs))
    counts = [loads[unit] for unit in task.travelling]
    said = [
        Reason("plan-each", {"teams": task.wanted, "units": len(task.units)}),
        Reason("plan-not-itself"),
        Reason("plan-loads", {"least": min(counts), "most": max(counts)}),
        Reason("plan-rounds", {"count": rounds}),
    ]
    if task.standing:
        said.append(Reason("plan-standing", {"count": len(task.standing)}))
    if task.home:
        said.append(Reason("plan-home", {"units": sorted(task.home)}))
    if task.barred:
        said.append(Reason("plan-barred", {"count": len(task.barred)}))
    if not mutual:
        said.append(Reason("plan-no-mutual"))
    else:
        said.append(Reason("plan-mutual", {"count": len(mutual), "least": _mutual_least(task)}))
    repeated = set(pairs) & task.last_year
    if task.last_year:
        said.append(Reason("plan-repeated" if repeated else "plan-not-repeated", {"count": len(repeated)}))
    return tuple(said)


def _mutual_least(task: _Task) -> int:
    """Mutual inspections nobody can avoid: more visits than there are pairs of units."""
    units = len(task.units)
    return max(0, units * task.wanted - units * (units - 1) // 2)


def _repeated_least(task: _Task) -> int:
    """Repetitions nobody can avoid: more visits than there are pairs that were not last year's."""
    units = len(task.units)
    fresh = units * (units - 1) - sum(one in task.units and other in task.units for one, other in task.last_year)
    return max(0, units * task.wanted - fresh)


def _both(pair: Pair) -> Pair:
    first, second = sorted(pair)
    return first, second
