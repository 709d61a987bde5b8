from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import ids
from schemas.base import InvalidDocument, body_sha256, problems_of
from schemas.decision import fold, heads, reaches, unreachable
from tests.schemas.support import Cluster


def cluster() -> Cluster:
    return Cluster("ha-noi", "hai-duong", "bac-ninh")


def adjust(log: Cluster, points: str, **more) -> str:
    return log.adjust("ha-noi", "i-1", {"points": points}, **more)


SUBJECT = "criterion:ha-noi:i-1"


def test_a_later_act_in_one_line_replaces_the_earlier() -> None:
    log = cluster()
    adjust(log, "1")
    second = adjust(log, "2")
    folded = fold(log.decisions)
    assert folded.standing[SUBJECT]["_id"] == second
    assert folded.heads == (second,)


def test_branches_that_had_not_met_are_contested_and_previous_settles_nothing() -> None:
    log = cluster()
    root = log.plan("v1", "ha-noi")
    one, two = adjust(log, "1", after=[root]), adjust(log, "2", after=[root])
    assert heads(log.decisions) == sorted([one, two])
    assert [side["_id"] for side in fold(log.decisions).contested[SUBJECT].sides] == sorted([one, two])
    adjust(log, "3")
    assert SUBJECT in fold(log.decisions).contested
    last = adjust(log, "4", settles=[one, two])
    assert fold(log.decisions).standing[SUBJECT]["_id"] == last


def test_branches_on_different_subjects_are_not_contested() -> None:
    log = cluster()
    root = log.plan("v1", "ha-noi")
    adjust(log, "1", after=[root])
    log.adjust("ha-noi", "i-2", {"points": "2"}, after=[root])
    assert not fold(log.decisions).contested


def test_settling_by_what_replaced_one_side_in_its_line_settles_that_side() -> None:
    log = cluster()
    root = log.plan("v1", "ha-noi")
    one = adjust(log, "1", after=[root])
    one_more = adjust(log, "1.5", after=[root, one])
    two = adjust(log, "2", after=[root])
    assert [side["_id"] for side in fold(log.decisions).contested[SUBJECT].sides] == sorted(
        [one_more, two], key=lambda name: (int(name.split(":")[1]), name)
    )
    last = adjust(log, "3", settles=[one_more, two])
    assert fold(log.decisions).standing[SUBJECT]["_id"] == last


def test_settling_one_of_three_branches_leaves_the_third_contested() -> None:
    log = cluster()
    root = log.plan("v1", "ha-noi")
    one, two, three = (adjust(log, points, after=[root]) for points in "123")
    settled = adjust(log, "4", settles=[one, two])
    folded = fold(log.decisions)
    assert SUBJECT in folded.contested
    last = adjust(log, "5", settles=[settled, three])
    assert SUBJECT in fold(log.decisions).contested, "one and three, two and three were never settled"
    last = adjust(log, "6", settles=[one, two, three])
    assert fold(log.decisions).standing[SUBJECT]["_id"] == last


@pytest.mark.parametrize("seen", [0, 1])
def test_a_settling_decision_that_had_not_seen_both_settles_nothing(seen) -> None:
    log = cluster()
    root = log.plan("v1", "ha-noi")
    sides = [adjust(log, points, after=[root]) for points in "12"]
    adjust(log, "3", after=[root, sides[seen]], settles=sides)
    assert SUBJECT in fold(log.decisions).contested


def test_a_changed_decision_counts_for_nothing_and_is_named() -> None:
    log = cluster()
    name = adjust(log, "1")
    changed = [{**log.decisions[0], "value": {**log.decisions[0]["value"], "answer": {"points": "9"}}}]
    folded = fold(changed)
    assert (folded.broken, dict(folded.standing)) == ((name,), {})
    assert [problem.code for problem in problems_of(changed[0])] == ["hash-differs"]


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", ""])
def test_a_decision_that_names_no_decision_before_it_counts_for_nothing(number) -> None:
    log = cluster()
    name = adjust(log, "1")
    folded = fold([{**log.decisions[0], "previous": [f"decision:{number}:{'0' * 16}"]}])
    assert (folded.broken, dict(folded.standing)) == ((name,), {})


def test_a_decision_whose_parent_is_not_here_stands_and_the_gap_is_named() -> None:
    log = cluster()
    first, second = adjust(log, "1"), adjust(log, "2")
    folded = fold(log.decisions[1:])
    assert (folded.absent, folded.standing[SUBJECT]["_id"]) == ((first,), second)


def test_a_decision_the_servers_heads_do_not_follow_is_unreachable() -> None:
    log = cluster()
    first = adjust(log, "1")
    second = adjust(log, "2")
    other = adjust(log, "3", after=[first])
    assert unreachable(log.decisions, [second]) == [other]
    assert unreachable(log.decisions, [second, other]) == []
    assert unreachable(log.decisions[:1], [second]) is None
    assert reaches(fold(log.decisions), [second], first)


@pytest.mark.parametrize(
    ("act", "value", "code"),
    [
        ("abolish", {}, "act-unknown"),
        ("adjust", {"unit": "a", "criterion": "b", "answer": {"points": 3}}, "decimal-not-text"),
        ("adjust", {"unit": "a", "criterion": "b", "answer": {}}, "answer-one-value"),
        ("adjust", {"unit": "a", "criterion": "b", "answer": {"points": "3", "passed": True}}, "answer-one-value"),
        ("approve-na", {"unit": "a", "criterion": "b"}, "reason-required"),
        ("accept", {"unit": "a", "criterion": "b"}, "inputs-required"),
        ("count-claim", {"unit": "a", "item": "b", "key": "c", "occurrences": "0", "number": None}, "decimal-zero"),
        ("decide-section", {"unit": "a", "section": "i", "points": "1.005"}, "points-two-decimals"),
    ],
)
def test_an_act_that_says_something_wrong_is_not_built(act, value, code) -> None:
    with pytest.raises(InvalidDocument) as refused:
        cluster().decide(act, value, reason=None)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_team_never_inspects_its_own_unit() -> None:
    value = {"visit": "v1", "inspected": "ha-noi", "team": [{"account": "lan", "unit": "ha-noi"}]}
    with pytest.raises(InvalidDocument) as refused:
        cluster().decide("plan-visit", {**value, "from": "2024-10-01", "to": "2024-10-01", "place": "Hà Nội"})
    assert [(it.path, it.code) for it in refused.value.problems] == [("value.team.0.unit", "team-inspects-itself")]


def test_an_act_of_a_later_version_leaves_the_criterion_undecided_and_the_visit_open() -> None:
    log = cluster()
    log.plan("v1", "ha-noi")
    log.submit("ha-noi", dict.fromkeys(log.full(), "1"))
    adjust(log, "1")
    for index, subject in ((0, "visit:v1"), (1, SUBJECT)):
        body = {
            **log.decisions[index],
            "act": "split",
            "subject": subject,
            "n": 3,
            "previous": [log.decisions[1]["_id"]],
        }
        body = {name: value for name, value in body.items() if name != "_id"}
        log.decisions.append({"_id": ids.decision_id(3, body_sha256(body)), **body})
    result = log.standings().row("ha-noi").card.criterion("i-1")
    assert (result.state, result.reasons[0].code) == ("undecided", "act-unknown")
    assert log.record().visits["v1"].state == "contested"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_folding_does_not_depend_on_order_or_repetition(data) -> None:
    log = cluster()
    for number in range(data.draw(st.integers(1, 7))):
        seen = [it["_id"] for it in log.decisions]
        after = data.draw(st.lists(st.sampled_from(seen), unique=True)) if seen else []
        settles = data.draw(st.lists(st.sampled_from(after), unique=True)) if after else []
        adjust(log, str(number), after=after, settles=settles)
    shuffle = random.Random(data.draw(st.integers()))
    mixed = log.decisions + shuffle.sample(log.decisions, len(log.decisions) // 2)
    shuffle.shuffle(mixed)
    folded = fold(mixed)
    assert folded == fold(log.decisions)
    assert set(folded.standing).isdisjoint(folded.contested)
    assert not folded.absent
