"""Tables of cases at the edges of rules 4 and 5: exactly the share, exactly the day, exactly the cap."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from schemas.base import body_sha256
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong", "hung-yen", "thai-binh")
TWO = scheme_document(section("i", "60", criterion("i-1", "60")), section("ii", "40", criterion("ii-1", "40")))
FULL = ("60", "40")


def scored(*units: str, **points: tuple[str, str]) -> Cluster:
    cluster = Cluster(*(units or UNITS[:3]), scheme_document=TWO)
    for name, (one, two) in points.items():
        cluster.submit(name.replace("_", "-"), {"i-1": one, "ii-1": two})
    return cluster


def codes(reasons: Any) -> list[str]:
    return [reason.code for reason in reasons]


# 5.7 Eligibility


@pytest.mark.parametrize(
    ("points", "flag", "merit"),
    [
        (("60", "30"), [], []),  # exactly 90 %
        (("60", "29.5"), ["base-below"], []),
        (("60", "28"), ["base-below"], []),  # a section of exactly 70 %
        (("60", "27.5"), ["base-below", "section-below"], []),
        (("40", "40"), ["base-below", "section-below"], []),  # exactly 80 %
        (("39.5", "40"), ["base-below", "section-below"], ["base-below"]),
    ],
)
def test_a_share_is_reached_exactly_where_it_is_reached(points, flag, merit) -> None:
    row = scored(ha_noi=points).standings().row("ha-noi")
    assert {it.award.id: codes(it.failed) for it in row.awards} == {"flag": flag, "merit": merit}


def test_a_section_is_held_against_its_share_as_rounded() -> None:
    scheme = scheme_document(section("i", "3", *(criterion(f"i-{n}", "1", step="0.001") for n in (1, 2, 3))))
    cluster = Cluster(*UNITS[:3], scheme_document=scheme)
    cluster.submit("ha-noi", {"i-1": "0.699", "i-2": "0.698", "i-3": "0.698"})
    row = cluster.standings().row("ha-noi")
    assert (row.card.sections[0].exact, row.card.sections[0].points) == (Fraction("2.095"), Fraction("2.1"))
    assert "section-below" not in codes(row.awards[0].failed)


@pytest.mark.parametrize(
    ("opened", "closed", "held"),
    [
        ("2024-12-20", None, True),  # opened that day
        ("2024-12-21", None, False),
        ("2024-05-01", "2024-12-20", False),  # closed that day
        ("2024-05-01", "2024-12-21", True),
    ],
)
def test_a_flag_is_open_from_its_day_to_the_eve_of_its_closing_and_moves_no_place(opened, closed, held) -> None:
    cluster = scored(ha_noi=FULL, ha_nam=("60", "39"), bac_ninh=("0", "0"))
    cluster.groupyear["flags"] = [{"unit": "ha-noi", "opened": opened, "closed": closed, "kind": "complaint"}]
    row = cluster.standings().row("ha-noi")
    assert (row.place, row.total) == (1, 100)
    assert [codes(it.failed) for it in row.awards] == [["open-flag"] if held else []] * 2


def test_a_section_that_is_a_number_is_named_beside_one_that_is_none() -> None:
    cluster = Cluster(*UNITS[:3], scheme_document=TWO)
    cluster.submit("ha-noi", {"i-1": "10"})
    assert [codes(it.failed) for it in cluster.standings().row("ha-noi").awards] == [
        ["not-ranked", "section-below"],
        ["not-ranked"],
    ]


# 5.8 Not a number


@pytest.mark.parametrize(
    ("returned", "error", "state"),
    [(True, True, "undecided"), (True, False, "undecided"), (False, True, "error"), (False, False, "missing")],
)
def test_undecided_is_shown_before_error_and_error_before_missing(returned, error, state) -> None:
    measured = criterion("i-1", "25", "quantitative", target="0" if error else "5")
    cluster = Cluster(
        "ha-noi",
        scheme_document=scheme_document(section("i", "100", measured, *(criterion(f"i-{n}", "25") for n in (2, 3, 4)))),
    )
    made = cluster.submit("ha-noi", {"i-1": {"actual": "5"}, "i-2": "25", "i-3": "25"})  # i-4 is missing
    if returned:
        value = {"unit": "ha-noi", "criterion": "i-2", "submission": made, "deadline": "2024-12-01"}
        cluster.decide("return", value)
    card = cluster.standings().row("ha-noi").card
    assert (card.sections[0].state, card.base, card.total) == (state, None, None)


def test_listing_is_places_then_totals_without_a_place_then_no_number() -> None:
    cluster = scored(
        *UNITS, ha_nam=FULL, ha_noi=("50", "40"), bac_ninh=("50", "40"), hung_yen=FULL, thai_binh=("1", "1")
    )
    cluster.pact["signatures"] = [it for it in cluster.pact["signatures"] if it["unit"] not in ("hung-yen", "ha-nam")]
    result = cluster.standings()
    assert [(row.unit, row.place) for row in result.rows] == [
        ("bac-ninh", 1),
        ("ha-noi", 1),
        ("thai-binh", 3),
        ("ha-nam", None),
        ("hung-yen", None),
        ("hai-duong", None),
    ]
    assert result.provisional
    cluster.decide("rank-unit", {"unit": "hai-duong", "ranked": False})
    assert not cluster.standings().provisional


@pytest.mark.parametrize(
    ("ended", "decided", "place"),
    [
        ("2024-12-20", None, 1),  # its last day
        ("2024-12-19", None, None),
        ("2024-12-19", True, 1),
        ("2024-12-19", False, None),
        (None, False, None),
        (None, True, 1),
    ],
)
def test_a_membership_that_ended_is_not_ranked_unless_decided_otherwise(ended, decided, place) -> None:
    cluster = scored(bac_ninh=FULL, ha_noi=("1", "1"), ha_nam=("0", "0"))
    cluster.groupyear["members"][0]["to"] = ended
    if decided is not None:
        cluster.decide("rank-unit", {"unit": "bac-ninh", "ranked": decided})
    assert cluster.standings(AS_OF).row("bac-ninh").place == place


def test_a_signature_counts_from_its_day_on() -> None:
    cluster = scored(ha_noi=FULL, bac_ninh=("1", "1"), ha_nam=("0", "0"))
    next(it for it in cluster.pact["signatures"] if it["unit"] == "ha-noi")["date"] = "2024-12-20"
    assert cluster.standings(date(2024, 12, 20)).row("ha-noi").place == 1
    assert cluster.standings(date(2024, 12, 19)).row("ha-noi").place is None


# 5.9 Ties


def tied(*units: str) -> Cluster:
    return scored(*units, **{unit.replace("-", "_"): ("50", "40") for unit in units})


def vote(cluster: Cluster, votes: Mapping[str, int], *, voters: int, present: int, **more: Any) -> str:
    value = {"units": sorted(votes), "held": "2024-12-10", "voters": voters, "present": present, "votes": dict(votes)}
    return cluster.decide("tie-ballot", value, **more)


@pytest.mark.parametrize(
    ("voters", "present", "counts"),
    # Of six units a quorum is exactly four; a ballot of another number of voters was not this group's.
    [(6, 4, True), (6, 3, False), (6, 6, True), (5, 4, False), (7, 6, False)],
)
def test_a_quorum_is_two_thirds_of_the_units_active_that_day(voters, present, counts) -> None:
    cluster = tied(*UNITS)
    vote(cluster, {unit: int(unit == "hung-yen") for unit in UNITS}, voters=voters, present=present)
    first = cluster.standings().rows[0]
    assert (first.unit, first.shared) == (("hung-yen", False) if counts else ("bac-ninh", True))


def test_a_unit_that_left_before_the_ballot_has_no_vote() -> None:
    cluster = tied(*UNITS)
    cluster.groupyear["members"][5]["to"] = "2024-12-09"
    votes = {unit: int(unit == "ha-noi") for unit in UNITS[:5]}
    vote(cluster, votes, voters=6, present=4)
    assert cluster.standings().rows[0].shared
    vote(cluster, votes, voters=5, present=4)
    assert cluster.standings().rows[0].unit == "ha-noi"


def test_equal_votes_share_a_place_and_the_next_is_counted_on() -> None:
    cluster = tied(*UNITS[:4])
    vote(cluster, {"bac-ninh": 0, "ha-nam": 1, "ha-noi": 1, "hai-duong": 2}, voters=4, present=4)
    assert [(row.unit, row.place, row.shared) for row in cluster.standings().rows] == [
        ("hai-duong", 1, False),
        ("ha-nam", 2, True),
        ("ha-noi", 2, True),
        ("bac-ninh", 4, False),
    ]


def test_a_ballot_among_other_units_than_exactly_the_tied_breaks_nothing() -> None:
    cluster = tied(*UNITS[:3])
    vote(cluster, {"bac-ninh": 0, "ha-noi": 3}, voters=3, present=3)
    assert [row.place for row in cluster.standings().rows] == [1, 1, 1]


def test_of_two_ballots_in_branches_the_one_that_settles_both_stands() -> None:
    cluster = tied("ha-nam", "ha-noi")
    root = cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})

    def ballot(ha_nam: int, **more: Any) -> str:
        return vote(cluster, {"ha-nam": ha_nam, "ha-noi": 2 - ha_nam}, voters=2, present=2, **more)

    one, two = ballot(2, after=[root]), ballot(0, after=[root])
    assert cluster.standings().rows[0].shared
    settled = ballot(0, settles=[one, two])
    assert [(row.unit, row.ballot) for row in cluster.standings().rows] == [("ha-noi", settled), ("ha-nam", settled)]
    # To call it settled makes no room for another.
    ballot(2, settles=[one, settled])
    assert cluster.standings().rows[0].unit == "ha-noi"


def test_penalties_are_compared_after_their_cap() -> None:
    cluster = tied("bac-ninh", "ha-noi")
    for unit, times in (("bac-ninh", "20"), ("ha-noi", "21")):
        cluster.claim(unit, "penalty-absent", "hop", times)
    rows = cluster.standings().rows
    assert [(row.card.penalty.points, row.place) for row in rows] == [(100, 1), (100, 1)]


# 4, 5.1–5.4


def test_a_single_member_is_its_own_best() -> None:
    scheme = scheme_document(section("i", "20", criterion("i-1", "20", "quantitative", target="10")))
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.submit("ha-noi", {"i-1": {"actual": "10.000001"}})
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.best, result.points) == (Fraction("10.000001"), 20)


def test_what_does_not_apply_gives_no_best() -> None:
    measured = criterion("i-1", "20", "quantitative", target="10", function="sports")
    scheme = scheme_document(section("i", "40", measured, criterion("i-2", "20")))
    cluster = Cluster("bac-ninh", "ha-noi", "hai-duong", scheme_document=scheme, unit_functions={"ha-noi": ["culture"]})
    for unit, actual in (("bac-ninh", "15"), ("ha-noi", "40"), ("hai-duong", "60")):
        cluster.submit(unit, {"i-1": {"actual": actual}, "i-2": "20"})
    cluster.approve_na("hai-duong", "i-1")
    assert cluster.standings().row("bac-ninh").card.criterion("i-1").best == 15


@pytest.mark.parametrize(
    ("excluded", "na", "scaled"),
    [
        ((), ("i-2",), True),  # 50 of 100
        ((), ("i-2", "i-3"), False),
        (("i-2",), ("i-3",), False),  # 20 of 50
        (("i-3",), ("i-2",), False),  # 20 of 70
        (("i-2", "i-3"), (), True),  # 20 of 20
        (("i-2", "i-3"), ("i-2",), True),  # what is both is excluded
        (("i-1", "i-2", "i-3"), (), False),  # nothing is left
    ],
)
def test_half_is_of_the_section_without_the_excluded(excluded, na, scaled) -> None:
    sizes = {"i-1": "20", "i-2": "50", "i-3": "30"}
    parts = (criterion(name, most, function="sports" if name in excluded else None) for name, most in sizes.items())
    scheme = scheme_document(section("i", "100", *parts))
    cluster = Cluster("ha-noi", scheme_document=scheme, unit_functions={"ha-noi": ["culture"]})
    cluster.submit("ha-noi", sizes)
    for name in na:
        cluster.approve_na("ha-noi", name)
    assert cluster.standings().row("ha-noi").card.sections[0].state == ("scored" if scaled else "undecided")
    cluster.decide("decide-section", {"unit": "ha-noi", "section": "i", "points": "12.34"})
    # What is scaled reaches the section's full maximum; the group's points count only where too little is left.
    assert cluster.standings().row("ha-noi").card.sections[0].points == (100 if scaled else Fraction("12.34"))


def test_points_decided_count_whatever_the_criteria_hold() -> None:
    scheme = scheme_document(section("i", "100", criterion("i-1", "40"), criterion("i-2", "60")))
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.approve_na("ha-noi", "i-2")  # i-1 is missing
    cluster.decide("decide-section", {"unit": "ha-noi", "section": "i", "points": "0"})
    assert cluster.standings().row("ha-noi").card.base == 0


def test_of_what_is_not_applicable_nothing_is_compared() -> None:
    cluster = scored(ha_noi=FULL)
    cluster.plan("v1", "ha-noi", inspecting="bac-ninh")
    cluster.submit("ha-noi", {"i-1": "10", "ii-1": "35.5"}, visit="v1")
    assert [it.criterion for it in cluster.standings().row("ha-noi").card.discrepancies] == ["i-1", "ii-1"]
    cluster.approve_na("ha-noi", "i-1")
    assert [it.criterion for it in cluster.standings().row("ha-noi").card.discrepancies] == ["ii-1"]


def test_a_comparison_waits_for_a_self_score_that_comes_later() -> None:
    cluster = scored()
    cluster.plan("v1", "ha-noi", inspecting="bac-ninh")
    cluster.submit("ha-noi", {"i-1": "10", "ii-1": "40"}, visit="v1", arrived="2024-10-09T03:00:00Z")
    assert cluster.standings().row("ha-noi").card.discrepancies == ()
    cluster.submit("ha-noi", {"i-1": "60", "ii-1": "40"}, arrived="2024-11-01T03:00:00Z")
    (found,) = cluster.standings().row("ha-noi").card.discrepancies
    assert (found.criterion, found.commented, found.reply_until) == ("i-1", False, date(2024, 10, 16))


def test_an_adjustment_stands_and_what_supersedes_its_input_is_shown_as_later() -> None:
    cluster = scored(ha_noi=FULL)
    (first,) = cluster.submissions
    cluster.adjust("ha-noi", "i-1", {"points": "30"}, inputs=[(first, body_sha256(cluster.submissions[first]))])
    assert "later" not in codes(cluster.standings().row("ha-noi").card.criterion("i-1").reasons)
    cluster.submit("ha-noi", {"i-1": "50", "ii-1": "40"}, supersedes=[first])
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.points, "later" in codes(result.reasons)) == (30, True)


def test_submissions_that_supersede_each_other_are_contested() -> None:
    cluster = scored()
    one = cluster.submit("ha-noi", {"i-1": "60", "ii-1": "40"})
    two = cluster.submit("ha-noi", {"i-1": "50", "ii-1": "40"}, supersedes=[one])
    cluster.submissions[one]["supersedes"] = [two]
    (checklist,) = cluster.standings().row("ha-noi").card.checklists
    assert (checklist.contested, checklist.counted, checklist.heads) == (True, None, tuple(sorted((one, two))))


def test_a_ring_is_contested_with_a_head_beside_it_and_not_with_what_it_replaced() -> None:
    cluster = scored()
    first = cluster.submit("ha-noi", {"i-1": "40", "ii-1": "40"})
    one = cluster.submit("ha-noi", {"i-1": "60", "ii-1": "40"}, supersedes=[first])
    two = cluster.submit("ha-noi", {"i-1": "50", "ii-1": "40"}, supersedes=[one])
    cluster.submissions[one]["supersedes"] = sorted([first, two])
    ring = tuple(sorted((one, two)))
    assert cluster.standings().row("ha-noi").card.checklists[0].heads == ring
    apart = cluster.submit("ha-noi", {"i-1": "30", "ii-1": "40"}, supersedes=[first])
    (checklist,) = cluster.standings().row("ha-noi").card.checklists
    assert (checklist.counted, checklist.heads) == (None, tuple(sorted((*ring, apart))))
    last = cluster.submit("ha-noi", {"i-1": "20", "ii-1": "40"}, supersedes=[one, apart])
    assert cluster.standings().row("ha-noi").card.checklists[0].counted == last


def test_an_approved_na_stands_whichever_of_two_contested_acts_on_the_value_will() -> None:
    cluster = scored(ha_noi=FULL)
    root = cluster.approve_na("ha-noi", "i-1")
    cluster.adjust("ha-noi", "i-1", {"points": "30"}, after=[root])
    cluster.adjust("ha-noi", "i-1", {"points": "20"}, after=[root])
    ranking = cluster.standings()
    assert ranking.row("ha-noi").card.criterion("i-1").state == "na"
    assert "contested-open" in codes(ranking.reasons)


@pytest.mark.parametrize(("arrived", "late"), [("2024-10-31T16:59:59Z", False), ("2024-10-31T17:00:00Z", True)])
def test_a_deadline_ends_with_its_day_in_viet_nam(arrived, late) -> None:
    cluster = Cluster("ha-noi", scheme_document=TWO)
    cluster.submit("ha-noi", {"i-1": "60", "ii-1": "40"}, arrived=arrived)
    card = cluster.standings().row("ha-noi").card
    assert (card.base, bool(card.checklists[0].late)) == (100, late)


# 5.5, 5.6


@pytest.mark.parametrize(
    ("marks", "points"), [("1.005", "1.01"), ("1.004999", "1"), ("0.005", "0.01"), ("0.004999", "0")]
)
def test_a_section_is_rounded_half_up(marks, points) -> None:
    scheme = scheme_document(section("i", "2", criterion("i-1", "2", step="0.000001")))
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.submit("ha-noi", {"i-1": marks})
    assert cluster.standings().row("ha-noi").card.base == Fraction(points)


@pytest.mark.parametrize(
    ("claims", "bonus", "penalty", "total"),
    [
        ([("bonus-practice", "a", "2", "1/QĐ")], 20, 0, 70),
        ([("bonus-practice", "a", "3", "1/QĐ")], 20, 0, 70),  # its own cap
        ([("bonus-prize", "a", "3", "1/QĐ"), ("bonus-practice", "b", "1", "2/QĐ")], 40, 0, 90),
        ([("bonus-prize", "a", "3", "1/QĐ"), ("bonus-practice", "b", "2", "2/QĐ")], 40, 0, 90),  # the total cap
        ([("penalty-absent", "a", "5", None)], 0, 50, 0),  # exactly nothing left
        ([("penalty-absent", "a", "6", None)], 0, 60, 0),  # never below
        ([("penalty-absent", "a", "11", None)], 0, 100, 0),
        ([("penalty-absent", "a", "6", None), ("bonus-prize", "b", "2", "1/QĐ")], 20, 60, 10),
    ],
)
def test_caps_hold_exactly_and_a_total_never_falls_below_zero(claims, bonus, penalty, total) -> None:
    cluster = scored(ha_noi=("30", "20"))
    for item, key, times, number in claims:
        if number is None:
            cluster.claim("ha-noi", item, key, times)
        for nth in range(int(times) if number else 0):  # an achievement counts once: each has its own subject
            cluster.claim("ha-noi", item, f"{key}-{nth}", "1", number)
    card = cluster.standings().row("ha-noi").card
    assert (card.bonus.points, card.penalty.points, card.total) == (bonus, penalty, total)


def test_a_total_may_exceed_the_schemes_maximum() -> None:
    cluster = scored(ha_noi=FULL)
    for number in ("1/QĐ", "2/QĐ", "3/QĐ"):
        cluster.claim("ha-noi", "bonus-prize", "a", "1", number)
    assert cluster.standings().row("ha-noi").total == 130
