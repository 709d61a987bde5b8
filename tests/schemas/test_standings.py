from __future__ import annotations

import json
import random
import sys
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.acts import misfits
from schemas.base import check
from schemas.record import Record
from schemas.standings import standings
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-noi", "hai-duong", "hung-yen")
ONE = scheme_document(section("i", "100", criterion("i-1", "60"), criterion("i-2", "40")))


def worked_case() -> Cluster:
    """The worked case of docs/rules.md: section I without tourism 437 of 460; II 188; III 190; +30 −10."""
    cluster = Cluster(*UNITS)
    answers = {
        "i-1": "57",
        "i-2": "57",
        "i-3": "38",
        "i-4": "57",
        "i-5": "76",
        "i-6": "57",
        "i-9": "95",
        "ii-1": "56",
        "ii-2": "56",
        "ii-3": "38",
        "ii-4": "38",
        "iii-1": "28",
        "iii-2": "47.5",
        "iii-3": "47.5",
        "iii-4": "38",
        "iii-5": "29",
    }
    cluster.submit("ha-noi", answers)
    cluster.approve_na("ha-noi", "i-7")
    cluster.approve_na("ha-noi", "i-8")
    cluster.claim("ha-noi", "bonus-practice", "thu-vien-so", number="12/QĐ-BVHTTDL")
    cluster.claim("ha-noi", "bonus-prize", "lien-hoan", number="31/QĐ-BVHTTDL")
    cluster.claim("ha-noi", "bonus-prize", "trien-lam", number="31/QĐ-BVHTTDL")
    cluster.claim("ha-noi", "penalty-late", "bao-cao-quy-2", "2")
    return cluster


def test_the_worked_case_gives_948_and_968() -> None:
    row = worked_case().standings().row("ha-noi")
    assert row is not None
    assert [section.points for section in row.card.sections] == [570, 188, 190]
    assert row.card.base == Fraction(948)
    assert (row.card.bonus.points, row.card.penalty.points) == (30, 10)
    assert row.total == Fraction(968)
    assert row.place == 1


def test_the_printed_form_has_two_decimals_and_no_floats() -> None:
    printed = worked_case().standings().to_json()
    first = printed["units"][0]
    assert (first["base"], first["bonus"], first["penalty"], first["total"]) == ("948.00", "30.00", "10.00", "968.00")
    json.loads(json.dumps(printed), parse_float=pytest.fail)


def test_three_means_of_five_sixths_scaled_by_five_quarters_give_3_13() -> None:
    scheme = scheme_document(
        section("i", "10", *(criterion(f"i-{n}", "2") for n in range(1, 5)), criterion("i-5", "2")), step="0.5"
    )
    cluster = Cluster(*UNITS, scheme_document=scheme)
    for visit, points in (("v1", "0.5"), ("v2", "1"), ("v3", "1")):
        cluster.plan(visit, "ha-noi")
        cluster.submit("ha-noi", {**{f"i-{n}": points for n in (1, 2, 3)}, "i-4": "0"}, visit=visit)
    cluster.approve_na("ha-noi", "i-5")
    row = cluster.standings().row("ha-noi")
    assert row is not None
    assert row.card.sections[0].exact == Fraction(25, 8)
    assert row.card.sections[0].points == Fraction("3.13")


def test_missing_is_no_zero_and_makes_places_provisional() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "60", "i-2": "0"})
    cluster.submit("hung-yen", {"i-1": "60"})
    result = cluster.standings()
    assert [(row.unit, row.place) for row in result.rows] == [
        ("ha-noi", 1),
        ("bac-ninh", None),
        ("hai-duong", None),
        ("hung-yen", None),
    ]
    assert result.row("hung-yen").card.sections[0].state == "missing"
    assert [reason.code for reason in result.reasons] == ["units-without-number"]


@pytest.mark.parametrize(
    ("stages", "points", "stage"),
    [
        ({"self": "50"}, 50, "self"),
        ({"self": "50", "v1": "40"}, 40, "cross"),
        ({"self": "50", "v1": "40", "v2": "30"}, 35, "cross"),
        ({"self": "50", "v1": None}, 50, "self"),
        ({"v1": "40", "v2": None}, 40, "cross"),
        ({"self": "50", "v1": "40", "adjust": "10"}, 10, "cluster"),
        ({"self": "50", "v1": "40", "v2": "30", "accept": "v1"}, 40, "cluster"),
    ],
)
def test_cluster_goes_before_cross_before_self_for_each_criterion(stages, points, stage) -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    made = {}
    if "self" in stages:
        cluster.submit("ha-noi", {"i-1": stages["self"], "i-2": "1"})
    for visit in ("v1", "v2"):
        if visit in stages:
            cluster.plan(visit, "ha-noi")
            made[visit] = cluster.submit(
                "ha-noi", {"i-1": stages[visit]} if stages[visit] else {"i-2": "1"}, visit=visit
            )
    if "adjust" in stages:
        cluster.adjust("ha-noi", "i-1", {"points": stages["adjust"]})
    if "accept" in stages:
        cluster.accept("ha-noi", "i-1", made[stages["accept"]])
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.points, result.stage, result.state) == (points, stage, "counted")


def test_a_value_leads_to_the_submissions_and_answers_it_came_from() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    own = cluster.submit("ha-noi", {"i-1": "50"})
    cross = cluster.submit("ha-noi", {"i-1": "44"}, visit="v1")
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert [source.submission for source in result.columns["self"].sources] == [own]
    (source,) = result.columns["cross"].sources
    assert (source.submission, source.visit, source.value, source.answer["by"]) == (cross, "v1", 44, "lan")
    assert result.points_by_stage == {"self": 50, "cross": 44}


def test_a_return_is_open_until_a_submission_supersedes_or_the_criterion_is_decided() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    value = {"unit": "ha-noi", "criterion": "i-1", "submission": first, "deadline": "2024-12-01"}
    cluster.decide("return", value)
    card = cluster.standings().row("ha-noi").card
    assert (card.criterion("i-1").state, card.sections[0].state, card.base) == ("returned", "undecided", None)
    cluster.submit("ha-noi", {"i-1": "30", "i-2": "1"}, supersedes=[first])
    assert cluster.standings().row("ha-noi").card.base == 31
    cluster.decide("return", {**value, "deadline": "2024-12-02"})
    assert cluster.standings().row("ha-noi").card.base == 31
    cluster.adjust("ha-noi", "i-1", {"points": "20"})
    assert cluster.standings().row("ha-noi").card.base == 21


def test_a_submission_set_aside_does_not_close_a_return() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    cluster.decide("return", {"unit": "ha-noi", "criterion": "i-1", "submission": first, "deadline": "2024-12-01"})
    cluster.submit("ha-noi", {"i-1": "60", "i-2": "1"}, supersedes=[first], flags=["revoked"])
    assert cluster.standings().row("ha-noi").card.criterion("i-1").state == "returned"


def test_two_heads_are_contested_and_neither_counts_until_one_supersedes_both() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    one = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    two = cluster.submit("ha-noi", {"i-1": "40", "i-2": "1"})
    result = cluster.standings()
    (checklist,) = result.row("ha-noi").card.checklists
    assert checklist.contested
    assert checklist.heads == tuple(sorted((one, two)))
    assert result.row("ha-noi").total is None
    assert "checklists-contested" in {reason.code for reason in result.reasons}
    cluster.submit("ha-noi", {"i-1": "45", "i-2": "1"}, supersedes=[one, two])
    assert cluster.standings().row("ha-noi").card.base == 46


def test_a_decision_names_one_of_two_heads_and_what_supersedes_it_is_later() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    one = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    cluster.submit("ha-noi", {"i-1": "40", "i-2": "1"})
    cluster.decide("count-submission", {"submission": one, "counts": True})
    assert cluster.standings().row("ha-noi").card.base == 51
    later = cluster.submit("ha-noi", {"i-1": "60", "i-2": "1"}, supersedes=[one])
    card = cluster.standings().row("ha-noi").card
    assert card.base == 51
    assert card.checklists[0].later == (later,)


@pytest.mark.parametrize("flags", [["revoked"], ["lost"]])
def test_after_a_revocation_a_submission_counts_only_by_decision_and_supersedes_nothing(flags) -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    second = cluster.submit("ha-noi", {"i-1": "60", "i-2": "1"}, supersedes=[first], flags=flags)
    assert cluster.standings().row("ha-noi").card.base == 51
    cluster.decide("count-submission", {"submission": second, "counts": True})
    assert cluster.standings().row("ha-noi").card.base == 61


def test_the_earliest_arrival_counts() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    made = cluster.submit(
        "ha-noi", {"i-1": "50", "i-2": "1"}, arrived="2024-11-05T00:00:00Z", flags=["late", "revoked"]
    )
    cluster.arrive(made, "2024-10-31T16:59:59Z", server="may-chu-2")
    card = cluster.standings().row("ha-noi").card
    assert card.base == 51
    assert not card.checklists[0].late


def test_late_counts_and_is_marked_by_the_day_in_viet_nam() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"}, arrived="2024-10-31T17:00:00Z")
    card = cluster.standings().row("ha-noi").card
    assert card.base == 51
    assert [reason.code for reason in card.checklists[0].late.values()] == ["late"]


def test_a_cancelled_visit_counts_only_by_decision() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    made = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"}, visit="v1")
    cluster.decide("cancel-visit", {"visit": "v1"})
    card = cluster.standings().row("ha-noi").card
    assert card.base is None
    assert (card.coverage.visits_done, card.coverage.visits_planned) == (0, 0)
    cluster.decide("count-submission", {"submission": made, "counts": True})
    assert cluster.standings().row("ha-noi").card.base == 51


def test_a_cross_submission_waits_for_the_decision_that_plans_its_visit() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"}, visit="v1")
    (checklist,) = cluster.standings().row("ha-noi").card.checklists
    assert [reason.code for reason in checklist.aside.values()] == ["waiting-visit"]
    cluster.plan("v1", "ha-noi")
    assert cluster.standings().row("ha-noi").card.base == 51


def half(applicable: str) -> dict:
    return scheme_document(
        section("i", "100", criterion("i-1", applicable), criterion("i-2", str(100 - int(applicable))))
    )


def test_exactly_half_of_a_section_computes_and_less_is_undecided_until_the_group_decides() -> None:
    exact, less = (Cluster(*UNITS, scheme_document=half(share)) for share in ("50", "49"))
    for cluster in (exact, less):
        cluster.submit("ha-noi", {"i-1": "40"})
        cluster.approve_na("ha-noi", "i-2")
    assert exact.standings().row("ha-noi").card.base == 80
    assert less.standings().row("ha-noi").card.sections[0].state == "undecided"
    for cluster in (exact, less):
        cluster.decide("decide-section", {"unit": "ha-noi", "section": "i", "points": "66.25"})
    assert less.standings().row("ha-noi").card.base == Fraction("66.25")
    assert exact.standings().row("ha-noi").card.base == 80


def test_what_the_unit_does_not_do_is_excluded_and_leaves_both_sides_of_the_half() -> None:
    scheme = scheme_document(section("i", "100", criterion("i-1", "40"), criterion("i-2", "60", function="tourism")))
    cluster = Cluster(*UNITS, scheme_document=scheme, unit_functions={"ha-noi": ["culture"]})
    cluster.submit("ha-noi", {"i-1": "30", "i-2": "60"})
    cluster.approve_na("ha-noi", "i-2")
    card = cluster.standings().row("ha-noi").card
    assert (card.criterion("i-2").state, card.base) == ("excluded", 75)


def test_a_section_of_which_all_is_excluded_is_undecided() -> None:
    scheme = scheme_document(section("i", "60", criterion("i-1", "60", function="tourism")))
    cluster = Cluster(*UNITS, scheme_document=scheme, unit_functions={"ha-noi": ["culture"]})
    assert cluster.standings().row("ha-noi").card.sections[0].state == "undecided"


def test_na_without_approval_is_missing_and_with_approval_overrides_points() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": {"na": True, "note": "a" * 64}, "i-2": "40"})
    card = cluster.standings().row("ha-noi").card
    assert (card.criterion("i-1").state, card.base) == ("missing", None)
    assert "na-not-approved" in {reason.code for reason in card.criterion("i-1").reasons}
    cluster.approve_na("ha-noi", "i-2")
    assert cluster.standings().row("ha-noi").card.criterion("i-2").state == "na"


def test_an_answer_that_does_not_fit_the_scheme_is_missing() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "60.5", "i-2": "0.25"})
    card = cluster.standings().row("ha-noi").card
    assert {card.criterion(name).state for name in ("i-1", "i-2")} == {"missing"}


def test_two_acts_that_had_not_met_leave_the_criterion_contested_until_both_are_settled() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "60", "i-2": "40"})
    root = cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})
    one = cluster.adjust("ha-noi", "i-1", {"points": "50"}, after=[root])
    two = cluster.adjust("ha-noi", "i-1", {"points": "40"}, after=[root])
    result = cluster.standings()
    assert result.row("ha-noi").card.criterion("i-1").state == "contested"
    assert "contested-open" in {reason.code for reason in result.reasons}
    cluster.adjust("ha-noi", "i-1", {"points": "45"})
    assert cluster.standings().row("ha-noi").card.criterion("i-1").state == "contested"
    cluster.adjust("ha-noi", "i-1", {"points": "44"}, settles=[one, two])
    assert cluster.standings().row("ha-noi").card.base == 84


def two_units(**answers: str) -> Cluster:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    for name, points in answers.items():
        cluster.submit(name.replace("_", "-"), {"i-1": points, "i-2": "40"})
    return cluster


def test_places_run_1_2_2_4_and_equals_stand_by_id() -> None:
    result = two_units(bac_ninh="50", ha_noi="60", hai_duong="50", hung_yen="40").standings()
    assert [(row.unit, row.place, row.shared) for row in result.rows] == [
        ("ha-noi", 1, False),
        ("bac-ninh", 2, True),
        ("hai-duong", 2, True),
        ("hung-yen", 4, False),
    ]
    assert not result.provisional


def test_a_tie_is_broken_by_sections_then_by_the_lower_penalty() -> None:
    scheme = scheme_document(section("i", "60", criterion("i-1", "60")), section("ii", "40", criterion("ii-1", "40")))
    cluster = Cluster(*UNITS, scheme_document=scheme)
    for name, one, two in (("bac-ninh", "40", "40"), ("ha-noi", "45", "35"), ("hai-duong", "45", "35")):
        cluster.submit(name, {"i-1": one, "ii-1": two})
    cluster.submit("hung-yen", {"i-1": "0", "ii-1": "0"})
    cluster.claim("ha-noi", "penalty-absent", "hop", "1")
    cluster.claim("ha-noi", "bonus-prize", "giai", "1", number="1/QĐ")
    result = cluster.standings()
    assert [(row.unit, row.place) for row in result.rows][:3] == [("hai-duong", 1), ("ha-noi", 2), ("bac-ninh", 3)]


def test_a_ballot_among_exactly_the_tied_units_breaks_a_tie_and_only_the_first_with_a_quorum() -> None:
    cluster = two_units(bac_ninh="50", ha_noi="60", hai_duong="50", hung_yen="40")
    tied = {"units": ["bac-ninh", "hai-duong"], "held": "2024-12-10", "voters": 4}
    cluster.decide("tie-ballot", {**tied, "present": 2, "votes": {"bac-ninh": 2, "hai-duong": 0}})
    assert cluster.standings().rows[1].shared
    counted = cluster.decide("tie-ballot", {**tied, "present": 3, "votes": {"bac-ninh": 1, "hai-duong": 2}})
    cluster.decide("tie-ballot", {**tied, "present": 4, "votes": {"bac-ninh": 4, "hai-duong": 0}})
    result = cluster.standings()
    assert [(row.unit, row.place, row.ballot) for row in result.rows[1:3]] == [
        ("hai-duong", 2, counted),
        ("bac-ninh", 3, counted),
    ]


def test_who_has_not_signed_or_has_left_is_listed_after_the_places() -> None:
    cluster = two_units(bac_ninh="50", ha_noi="60", hai_duong="55", hung_yen="40")
    cluster.pact["signatures"] = [it for it in cluster.pact["signatures"] if it["unit"] != "ha-noi"]
    cluster.groupyear["members"][2]["to"] = "2024-06-30"
    result = cluster.standings()
    assert [(row.unit, row.place) for row in result.rows] == [
        ("bac-ninh", 1),
        ("hung-yen", 2),
        ("ha-noi", None),
        ("hai-duong", None),
    ]
    assert [row.reasons[0].code for row in result.rows[2:]] == ["pact-unsigned", "membership-ended"]
    assert not result.provisional
    cluster.decide("rank-unit", {"unit": "hai-duong", "ranked": True})
    assert cluster.standings().row("hai-duong").place == 1
    assert cluster.standings(date(2024, 6, 30)).row("hai-duong").place == 1


@pytest.mark.parametrize("barred", [None, "unsigned", "ended"])
def test_only_the_decision_that_leaves_out_a_unit_without_a_number_lets_the_others_be_final(barred) -> None:
    cluster = two_units(bac_ninh="50", ha_noi="60", hai_duong="55")
    if barred == "unsigned":
        cluster.pact["signatures"] = [it for it in cluster.pact["signatures"] if it["unit"] != "hung-yen"]
    elif barred == "ended":
        next(it for it in cluster.groupyear["members"] if it["unit"] == "hung-yen")["to"] = "2024-06-30"
    assert [it.code for it in cluster.standings().reasons] == ["units-without-number"]
    cluster.decide("rank-unit", {"unit": "hung-yen", "ranked": True})
    assert cluster.standings().provisional
    cluster.decide("rank-unit", {"unit": "hung-yen", "ranked": False})
    assert not cluster.standings().provisional


def test_each_condition_of_an_award_that_fails_is_named() -> None:
    cluster = two_units(bac_ninh="20", ha_noi="60", hai_duong="50", hung_yen="49.5")
    kinds = {"opened": "2024-05-01", "closed": None, "kind": "complaint"}
    cluster.groupyear["flags"] = [{"unit": "ha-noi", **kinds}, {"unit": "hai-duong", **kinds, "closed": "2024-06-01"}]
    failed = {
        row.unit: {it.award.id: [reason.code for reason in it.failed] for it in row.awards}
        for row in cluster.standings().rows
    }
    assert failed == {
        "ha-noi": {"flag": ["open-flag"], "merit": ["open-flag"]},
        "hai-duong": {"flag": [], "merit": []},
        "hung-yen": {"flag": ["base-below"], "merit": []},
        "bac-ninh": {"flag": ["base-below", "section-below"], "merit": ["base-below"]},
    }


def test_a_unit_without_a_number_fails_as_not_ranked_only() -> None:
    row = two_units(ha_noi="60").standings().row("bac-ninh")
    assert [[reason.code for reason in it.failed] for it in row.awards] == [["not-ranked"], ["not-ranked"]]


@pytest.mark.parametrize(
    ("claims", "bonus"),
    [
        ([("bonus-practice", "a", "1", "1/QĐ")], 10),
        ([("bonus-practice", "a", "1", None)], 0),
        ([("bonus-practice", "a", "3", "1/QĐ")], 10),  # an achievement counts once
        ([("bonus-practice", "a", "1", "1/QĐ"), ("bonus-practice", "a", "1", "2/QĐ")], 20),  # another decision
        ([("bonus-practice", "a", "1", "1/QĐ"), ("bonus-practice", "b", "1", "1/QĐ")], 20),  # another subject
        ([("bonus-practice", "a", "1", "1/QĐ"), ("bonus-practice", "a", "1", "1/qđ ")], 10),  # the same, typed again
        ([("bonus-practice", key, "1", "1/QĐ") for key in "abc"], 20),
        ([("bonus-prize", key, "1", "2/QĐ") for key in "abcd"], 30),
        ([("bonus-practice", key, "1", "1/QĐ") for key in "abc"] + [("bonus-prize", "d", "1", "2/QĐ")], 30),
        ([(item, key, "1", "2/QĐ") for item in ("bonus-practice", "bonus-prize") for key in ("a", item)], 30),
        ([("bonus-practice", "a", "1", "1/QĐ"), ("bonus-prize", "a", "1", "1/QĐ")], 10),
        ([("bonus-practice", "a", "1", "1/QĐ"), ("bonus-prize", "a", "1", "2/QĐ")], 20),
    ],
)
def test_bonus_counts_once_an_achievement_within_its_caps(claims, bonus) -> None:
    cluster = two_units(ha_noi="60")
    for item, key, occurrences, number in claims:
        cluster.claim("ha-noi", item, key, occurrences, number)
    assert cluster.standings().row("ha-noi").card.bonus.points == bonus


def test_the_same_achievement_counts_under_the_first_item_when_they_are_worth_the_same() -> None:
    cluster = two_units(ha_noi="60")
    cluster.claim("ha-noi", "bonus-prize", "a", "1", "1/QĐ")
    cluster.claim("ha-noi", "bonus-practice", "a", "1", "1/QĐ")
    items = {it.item.id: it.points for it in cluster.standings().row("ha-noi").card.bonus.items}
    assert items == {"bonus-practice": 10, "bonus-prize": 0}


def test_penalties_are_capped_together_and_a_total_is_never_below_zero() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "1", "i-2": "1"})
    cluster.claim("ha-noi", "penalty-false", "so-lieu", "6")
    card = cluster.standings().row("ha-noi").card
    assert (card.penalty.points, card.total) == (100, 0)


def test_coverage_says_visits_and_criteria() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    cluster.plan("v2", "ha-noi")
    cluster.submit("ha-noi", {"i-1": "10"}, visit="v1")
    coverage = cluster.standings().row("ha-noi").card.coverage
    assert (coverage.visits_done, coverage.visits_planned, coverage.answered, coverage.applicable) == (1, 2, 1, 2)


def test_an_empty_record_has_no_rows_and_says_why() -> None:
    result = standings(Record.from_documents([]), AS_OF)
    assert result.rows == ()
    assert [reason.code for reason in result.reasons] == ["record-incomplete"]


def test_unknown_types_and_members_do_no_harm() -> None:
    cluster = worked_case()
    documents = [{**it, "later_member": {"a": 1}} if it["type"] != "decision" else it for it in cluster.documents()]
    more = [*documents, {"_id": "charter:1", "type": "charter"}, {"_id": "_design/x", "views": {}}]
    assert standings(Record.from_documents(more), AS_OF).to_json() == cluster.standings().to_json()


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(shuffle: random.Random) -> None:
    cluster = worked_case()
    documents = cluster.documents()
    again = documents + shuffle.sample(documents, len(documents) // 2)
    shuffle.shuffle(again)
    assert standings(Record.from_documents(again), AS_OF).to_json() == cluster.standings().to_json()


points = st.integers(0, 120).map(lambda n: f"{n // 2}.5" if n % 2 else str(n // 2))


@settings(max_examples=40, deadline=None)
@given(one=points, two=points, occurrences=st.integers(1, 8).map(str))
def test_a_penalty_never_raises_a_total_and_more_points_never_lower_it(one, two, occurrences) -> None:
    low, high = sorted((one, two), key=Fraction)
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": low, "i-2": "10"})
    before = cluster.standings().row("ha-noi").total
    cluster.submit("ha-noi", {"i-1": high, "i-2": "10"}, supersedes=[first])
    raised = cluster.standings().row("ha-noi").total
    assert raised >= before
    cluster.claim("ha-noi", "penalty-late", "bao-cao", occurrences)
    assert cluster.standings().row("ha-noi").total <= raised


def test_every_document_of_the_worked_case_is_well_formed() -> None:
    for document in worked_case().documents():
        check(document)


def contested(act: str, one: dict, other: dict) -> Cluster:
    cluster = two_units(bac_ninh="50", ha_noi="60", hai_duong="55", hung_yen="40")
    root = cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})
    cluster.decide(act, one, after=[root])
    cluster.decide(act, other, after=[root])
    return cluster


def test_a_contested_claim_does_not_count_and_makes_places_provisional() -> None:
    value = {"unit": "ha-noi", "item": "bonus-prize", "key": "giai", "occurrences": "1", "number": "1/QĐ"}
    cluster = contested("count-claim", value, {**value, "occurrences": "2"})
    result = cluster.standings()
    assert result.row("ha-noi").card.bonus.points == 0
    assert [reason.code for reason in result.reasons] == ["contested-open"]


def test_a_contested_decision_to_leave_a_unit_out_leaves_it_in() -> None:
    value = {"unit": "ha-noi", "ranked": False}
    cluster = contested("rank-unit", value, {**value, "ranked": True})
    result = cluster.standings()
    assert result.row("ha-noi").place == 1
    assert result.provisional


def test_an_acceptance_waits_for_what_it_names_and_binds_it_as_it_was() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    made = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"}, visit="v1")
    cluster.accept("ha-noi", "i-1", made)
    later = cluster.submit("ha-noi", {"i-1": "10", "i-2": "1"}, visit="v1", supersedes=[made])
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.points, [reason.code for reason in result.reasons]) == (50, ["later"])
    kept = cluster.submissions.pop(made)
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.state, result.reasons[0].code) == ("undecided", "accept-waits")
    cluster.submissions[made] = {**kept, "note": "f" * 64}
    assert cluster.standings().row("ha-noi").card.criterion("i-1").state == "undecided"
    assert later in cluster.submissions


def test_a_decision_that_a_submission_does_not_count_lets_what_it_superseded_count_again() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    second = cluster.submit("ha-noi", {"i-1": "60", "i-2": "1"}, supersedes=[first])
    cluster.decide("count-submission", {"submission": second, "counts": False})
    card = cluster.standings().row("ha-noi").card
    assert card.base == 51
    assert card.checklists[0].aside[second].code == "set-aside-decided"


def test_points_decided_beyond_a_sections_maximum_do_not_count() -> None:
    cluster = Cluster(*UNITS, scheme_document=half("49"))
    cluster.approve_na("ha-noi", "i-2")
    cluster.decide("decide-section", {"unit": "ha-noi", "section": "i", "points": "100.5"})
    section_result = cluster.standings().row("ha-noi").card.sections[0]
    assert (section_result.state, section_result.points) == ("undecided", None)


def test_a_scheme_locked_by_decision_goes_before_the_one_the_group_year_names() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})
    cluster.groupyear["scheme"] = "scheme:khoi-100:1"
    cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    assert cluster.standings().row("ha-noi").card.base == 51


def test_a_submission_scored_with_another_scheme_is_set_aside() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    cluster.submissions = {name: {**it, "scheme": "scheme:khoi-100:1"} for name, it in cluster.submissions.items()}
    (checklist,) = cluster.standings().row("ha-noi").card.checklists
    assert [reason.code for reason in checklist.aside.values()] == ["set-aside-scheme"]


def test_after_new_years_eve_the_members_are_those_of_the_last_day() -> None:
    cluster = two_units(bac_ninh="50", ha_noi="60", hai_duong="55", hung_yen="40")
    for member in cluster.groupyear["members"]:
        member["to"] = "2024-12-31"
    cluster.groupyear["members"].append({"unit": "lang-son", "from": "2025-01-01", "to": None})
    result = cluster.standings(date(2025, 1, 17))
    assert next((row.unit, row.place) for row in result.rows) == ("ha-noi", 1)
    assert result.row("lang-son") is None


def steps_to_rank(units: int) -> int:
    """Calls of functions: the same on every machine."""
    names_of = [f"don-vi-{number:02d}" for number in range(units)]
    cluster = Cluster(*names_of)
    for name in names_of:
        cluster.submit(name, cluster.full())
        for criterion_name in cluster.full():
            cluster.adjust(name, criterion_name, {"points": "10"}, after=[it["_id"] for it in cluster.decisions[-1:]])
    steps = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = cluster.standings()
    finally:
        sys.setprofile(before)
    assert result.rows[-1].place == 1
    return steps


def test_a_group_twice_as_large_takes_twice_the_work_to_rank() -> None:
    assert steps_to_rank(12) < 2.2 * steps_to_rank(6)


def test_what_supersedes_a_submission_that_does_not_count_is_later_until_decided() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    first = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    second = cluster.submit("ha-noi", {"i-1": "60", "i-2": "1"}, supersedes=[first])
    cluster.decide("count-submission", {"submission": second, "counts": False})
    third = cluster.submit("ha-noi", {"i-1": "40", "i-2": "1"}, supersedes=[second])
    card = cluster.standings().row("ha-noi").card
    assert (card.base, card.checklists[0].later) == (51, (third,))
    cluster.decide("count-submission", {"submission": third, "counts": True})
    assert cluster.standings().row("ha-noi").card.base == 41


def test_while_two_decisions_on_a_checklist_disagree_nothing_of_it_counts() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    made = cluster.submit("ha-noi", {"i-1": "50", "i-2": "1"})
    root = cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})
    for counts in (True, False):
        cluster.decide("count-submission", {"submission": made, "counts": counts}, after=[root])
    card = cluster.standings().row("ha-noi").card
    assert (card.base, card.checklists[0].contested) == (None, True)


def test_an_unapproved_na_is_no_part_of_the_mean() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    for visit, given_answer in (("v1", "40"), ("v2", {"na": True, "note": "a" * 64}), ("v3", "30")):
        cluster.plan(visit, "ha-noi")
        cluster.submit("ha-noi", {"i-1": given_answer}, visit=visit)
    assert cluster.standings().row("ha-noi").card.criterion("i-1").points == 35


def test_two_totals_of_zero_are_told_apart_by_the_lower_penalty() -> None:
    cluster = Cluster("bac-ninh", "ha-noi", scheme_document=ONE)
    for name, item in (("bac-ninh", "penalty-absent"), ("ha-noi", "penalty-late")):
        cluster.submit(name, {"i-1": "0", "i-2": "0"})
        cluster.claim(name, item, "viec-1")
    assert [(row.unit, row.place) for row in cluster.standings().rows] == [("ha-noi", 1), ("bac-ninh", 2)]


def test_a_reason_names_units_as_people_know_them() -> None:
    cluster = Cluster(*UNITS, scheme_document=ONE)
    cluster.submit("ha-noi", {"i-1": "60", "i-2": "0"})
    result = cluster.standings()
    sentence = result.sentence(result.reasons[0], "vi")
    names = [row.short_names["vi"] for row in result.rows if row.total is None]
    assert names
    assert all(name in sentence for name in names)
    assert not any(row.unit in sentence for row in result.rows if row.unit not in names)


def test_a_prepared_self_score_waits_for_the_head_and_no_longer_once_it_is_approved() -> None:
    cluster = Cluster("ha-noi")
    prepared = cluster.submit("ha-noi", {"i-1": "50"}, approved_by=None)
    (waiting,) = cluster.standings().rows[0].card.checklists
    assert [reason.code for reason in waiting.aside.values()] == ["waiting-head"]
    approved = cluster.submit("ha-noi", {"i-1": "50"}, supersedes=[prepared], approved_by="binh")
    (counted,) = cluster.standings().rows[0].card.checklists
    assert (counted.counted, dict(counted.aside)) == (approved, {})


def test_claims_under_two_decision_numbers_are_two_and_each_is_contested_refused_or_counted_alone() -> None:
    value = {"unit": "ha-noi", "item": "bonus-prize", "key": "giai", "occurrences": "1", "number": "1/QĐ"}
    cluster = contested("count-claim", value, {**value, "number": "2/QĐ"})
    assert cluster.standings().row("ha-noi").card.bonus.points == 20
    cluster.decide("refuse-claim", value)
    claims = {it.number: it for it in cluster.standings().row("ha-noi").card.bonus.items[1].claims}
    assert {number: (it.points, [why.code for why in it.reasons]) for number, it in claims.items()} == {
        "1/QĐ": (0, ["claim-refused"]),
        "2/QĐ": (10, []),
    }


def test_an_achievement_said_to_be_reached_three_times_counts_once_and_says_so() -> None:
    cluster = two_units(ha_noi="60")
    cluster.claim("ha-noi", "bonus-prize", "giai", "3", "1/QĐ")
    claim = cluster.standings().row("ha-noi").card.bonus.items[1].claims[0]
    assert (claim.points, [why.code for why in claim.reasons]) == (10, ["claim-counts-once"])
    assert [it.code for it in misfits(cluster.record().scheme, "count-claim", cluster.decisions[-1]["value"])] == [
        "claim-counts-once"
    ]
