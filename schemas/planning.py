"""Who inspects whom: a fair plan of a year's cross-inspections, the same wherever it is worked out (rule 5.10).

    units in order ──▶ each inspected by those next in line ──▶ exchanges that lessen faults ──▶ rounds

Nobody inspects itself, loads differ by one at most, and no two units inspect each other where that can be avoided.
Visits that stand already stay; where they leave the loads further apart, the plan says so. In one round a unit either
receives a team or travels, never both, so that a host is at home. It must never know dates, people or documents: a
plan is a proposal, and only decisions make visits.
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
    cost, best = _improved(task, _first(task, 0))
    for start in range(1, STARTS):
        if cost <= (0, _mutual_least(task), _repeated_least(task)):
            break
        other_cost, other = _improved(task, _first(task, start))
        if other_cost < cost:
            cost, best = other_cost, other
    if task.standing and cost[0]:
        cost, best = _relieved(task, best)
    if cost[0]:
        raise InvalidDocument([Problem("barred", "plan-not-found", {"count": cost[0]})])
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


class _Faults:
    """Of visits that may still be exchanged, counted as they come and go; those that stand already stay beside them."""

    def __init__(self, task: _Task, pairs: Iterable[Pair]) -> None:
        self._task = task
        self._counted: Counter[Pair] = Counter()
        self._never = self._mutual = self._repeated = 0
        for pair in task.standing:
            self._put(pair)
        for pair in pairs:
            self.add(pair)

    @property
    def cost(self) -> tuple[int, int, int]:
        """Faults that must not be, mutual inspections, repetitions of last year: fewer of the first first."""
        return self._never, self._mutual, self._repeated

    def add(self, pair: Pair) -> None:
        self._never += self._must_not(pair) + (self._counted[pair] > 0)
        self._repeated += pair in self._task.last_year
        self._put(pair)

    def remove(self, pair: Pair) -> None:
        self._counted[pair] -= 1
        self._mutual -= self._counted[pair] == 0 and self._is_mutual(pair)
        self._never -= self._must_not(pair) + (self._counted[pair] > 0)
        self._repeated -= pair in self._task.last_year

    def of(self, pair: Pair) -> bool:
        """Has this one, which is among them, a part in any fault?"""
        return self._must_not(pair) or self._counted[pair] > 1 or self._is_mutual(pair) or pair in self._task.last_year

    def _put(self, pair: Pair) -> None:
        self._mutual += self._counted[pair] == 0 and self._is_mutual(pair)
        self._counted[pair] += 1

    def _is_mutual(self, pair: Pair) -> bool:
        return pair[0] != pair[1] and self._counted[pair[::-1]] > 0

    def _must_not(self, pair: Pair) -> bool:
        return pair[0] == pair[1] or pair in self._task.barred


def _improved(task: _Task, pairs: list[Pair]) -> tuple[tuple[int, int, int], list[Pair]]:
    """Two visits exchange their teams as long as that lessens the cost: loads stay as they are."""
    faults = _Faults(task, pairs)
    better = True
    while better and any(faults.cost):
        better = False
        for one, other in combinations(range(len(pairs)), 2):
            before = pairs[one], pairs[other]
            (first, at_first), (second, at_second) = before
            # Where neither has a fault, there is none to lessen.
            if first == second or at_first == at_second or not (faults.of(before[0]) or faults.of(before[1])):
                continue
            cost, after = faults.cost, ((second, at_first), (first, at_second))
            _exchange(faults, before, after)
            if faults.cost < cost:
                better = True
                pairs[one], pairs[other] = after
            else:
                _exchange(faults, after, before)
    return faults.cost, pairs


def _exchange(faults: _Faults, before: Iterable[Pair], after: Iterable[Pair]) -> None:
    for pair in before:
        faults.remove(pair)
    for pair in after:
        faults.add(pair)


def _relieved(task: _Task, pairs: Sequence[Pair]) -> tuple[tuple[int, int, int], list[Pair]]:
    """Another team for each visit that must not be, who travels least first: visits that stand may have left the loads
    so apart that the next in turn is the very unit to be inspected."""
    pairs, faults = list(pairs), _Faults(task, pairs)
    for index, pair in enumerate(pairs):
        others = [*pairs[:index], *pairs[index + 1 :]]
        loads = Counter(inspecting for inspecting, _ in (*others, *task.standing))
        for unit in sorted(task.travelling, key=lambda unit: loads[unit]):
            before, cost = (pairs[index],), faults.cost
            after = ((unit, pair[1]),)
            _exchange(faults, before, after)
            if faults.cost[0] < cost[0]:
                pairs[index] = after[0]
            else:
                _exchange(faults, after, before)
    return faults.cost, pairs


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
    least, most = min(counts), max(counts)
    even = "plan-loads-same" if least == most else "plan-loads" if most - least == 1 else "plan-loads-apart"
    said = [
        Reason("plan-each", {"teams": task.wanted, "units": len(task.units)}),
        Reason("plan-not-itself"),
        Reason(even, {"least": least, "most": most}),
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
    elif all(pair in task.standing and pair[::-1] in task.standing for pair in mutual):
        said.append(Reason("plan-mutual-standing", {"count": len(mutual)}))
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
