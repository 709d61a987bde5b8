"""Fair visits: nobody inspects itself, loads are equal, nobody trades inspections where that can be avoided."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.planning import propose
from schemas.problem import InvalidDocument

CLUSTER_1 = ("ha-noi", "hai-duong", "hung-yen", "ha-nam", "bac-ninh")
SIZES = st.integers(2, 14)


def units(count: int) -> list[str]:
    return [f"dv-{number:02d}" for number in range(count)]


@settings(max_examples=80, deadline=None)
@given(SIZES, st.integers(1, 5))
def test_every_unit_is_inspected_as_often_as_asked_by_others_and_loads_differ_by_one_at_most(
    count: int, teams: int
) -> None:
    assume(teams < count)
    plan = propose(units(count), teams_per_unit=teams)
    assert Counter(inspected for _, inspected in plan.pairs) == dict.fromkeys(units(count), teams)
    assert all(one != other for one, other in plan.pairs)
    assert len(set(plan.pairs)) == len(plan.pairs)
    loads = [load for _, load in plan.loads]
    assert max(loads) - min(loads) <= 1


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(1, 5))
def test_no_two_units_inspect_each_other_unless_there_are_more_visits_than_pairs_of_units(
    count: int, teams: int
) -> None:
    assume(teams < count)
    plan = propose(units(count), teams_per_unit=teams)
    assert len(plan.mutual) == max(0, count * teams - count * (count - 1) // 2)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(1, 4))
def test_in_one_round_a_unit_either_receives_a_team_or_travels(count: int, teams: int) -> None:
    assume(teams < count)
    plan = propose(units(count), teams_per_unit=teams)
    for number in set(plan.rounds):
        busy = [unit for pair, at in zip(plan.pairs, plan.rounds, strict=True) if at == number for unit in pair]
        assert len(busy) == len(set(busy))


@settings(max_examples=40, deadline=None)
@given(st.permutations(CLUSTER_1), st.integers(1, 2))
def test_the_plan_does_not_depend_on_the_order_in_which_units_are_given(order: list[str], teams: int) -> None:
    assert propose(order, teams_per_unit=teams) == propose(CLUSTER_1, teams_per_unit=teams)


def test_last_years_pairs_do_not_return_where_there_is_another_way() -> None:
    first = propose(CLUSTER_1)
    second = propose(CLUSTER_1, last_year=first.pairs)
    assert not set(first.pairs) & set(second.pairs)
    assert not second.repeated


def test_visits_that_stand_already_stay_and_count_in_the_loads() -> None:
    standing = {("ha-noi", "hai-duong"), ("ha-noi", "ha-nam")}
    plan = propose(CLUSTER_1, teams_per_unit=2, standing=standing)
    assert not set(plan.pairs) & standing
    assert Counter(it for _, it in (*plan.pairs, *standing)) == dict.fromkeys(CLUSTER_1, 2)
    assert {load for _, load in plan.loads} == {2}


def test_a_unit_that_stays_at_home_is_inspected_and_inspects_nobody() -> None:
    plan = propose(CLUSTER_1, stay_home={"hai-duong"})
    assert dict(plan.loads)["hai-duong"] == 0
    assert "hai-duong" in {inspected for _, inspected in plan.pairs}
    assert {load for unit, load in plan.loads if unit != "hai-duong"} <= {1, 2}


def test_a_barred_pair_is_never_proposed() -> None:
    barred = {(one, "ha-nam") for one in CLUSTER_1 if one not in ("ha-nam", "bac-ninh")}
    plan = propose(CLUSTER_1, barred=barred)
    assert ("bac-ninh", "ha-nam") in plan.pairs
    assert not set(plan.pairs) & barred


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"units": ["ha-noi"]}, "plan-units"),
        ({"units": CLUSTER_1, "teams_per_unit": 5}, "plan-too-many"),
        ({"units": CLUSTER_1, "teams_per_unit": 0}, "plan-at-least-one"),
        ({"units": CLUSTER_1, "standing": {("ha-noi", "ha-noi")}}, "team-inspects-itself"),
    ],
)
def test_what_cannot_be_planned_is_said_with_the_rule(asked: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        propose(**asked)  # type: ignore[arg-type]
    assert code in [it.code for it in refused.value.problems]
    assert all(refused.value.sentences(locale) for locale in ("vi", "en"))


def test_the_plan_is_explained_in_both_languages() -> None:
    for plan in (
        propose(CLUSTER_1, teams_per_unit=2),
        propose(CLUSTER_1, teams_per_unit=3, last_year={("ha-noi", "ha-nam")}),
    ):
        for locale in ("vi", "en"):
            assert all(len(reason.sentence(locale)) > 20 for reason in plan.reasons)


def test_a_unit_that_never_travelled_is_inspected_too_when_others_have_their_visits_already() -> None:
    standing = {("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")}
    for teams in (1, 2):
        plan = propose(["a", "b", "c", "new"], teams_per_unit=teams, standing=standing)
        assert [inspected for _, inspected in plan.pairs] == ["new"] * teams
        assert all(inspecting != "new" for inspecting, _ in plan.pairs)
        assert len(set(plan.pairs)) == teams
        assert {"plan-loads-apart", "plan-mutual-standing"} <= {reason.code for reason in plan.reasons}
