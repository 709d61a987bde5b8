"""The meeting's other ballots: honours, elections, and the reason where a proposal departs from score order."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from schemas.access import unauthorised
from schemas.acts import check_value, misfits, units_of
from schemas.ballots import award_problems, election_problems, named_beside, strike_problems
from schemas.explaining import explain_total, rule_sentence
from schemas.freezing import digest, exceptions, obstacles, ranking_inputs, recomputed
from schemas.proposals import departure_problems
from tests.schemas.support import Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong", "hung-yen")
TWO = scheme_document(section("i", "60", criterion("i-1", "60")), section("ii", "40", criterion("ii-1", "40")))


def year(**points: str) -> Cluster:
    """Totals as named, 95 and falling where not: all five may be proposed for both awards."""
    cluster = Cluster(*UNITS, scheme_document=TWO)
    for number, unit in enumerate(UNITS):
        second = str(39 - number)
        cluster.submit(unit, {"i-1": points.get(unit.replace("-", "_"), "60"), "ii-1": second})
    cluster.decide("lock-scores", {"locked": True, "best": {}})
    return cluster


def paper(votes: Mapping[str, int], *, present: int = 5, invalid: int = 0, voters: int = 5) -> dict[str, Any]:
    held = {"units": sorted(votes), "held": "2024-12-10", "voters": voters, "present": present}
    return {**held, "invalid": invalid, "votes": dict(votes)}


def honour(cluster: Cluster, votes: Mapping[str, int], *, award: str = "flag", **more: Any) -> str:
    kept = {name: more.pop(name) for name in ("present", "invalid", "voters") if name in more}
    return cluster.decide("award-ballot", {**paper(votes, **kept), "award": award}, **more)


def elect(cluster: Cluster, role: str, votes: Mapping[str, int], **more: Any) -> str:
    kept = {name: more.pop(name) for name in ("present", "invalid", "voters") if name in more}
    return cluster.decide("elect", {**paper(votes, **kept), "role": role}, **more)


def proposed(cluster: Cluster, award: str = "flag") -> list[str]:
    rows = cluster.standings().rows
    return [row.unit for row in rows if any(it.proposed for it in row.awards if it.award.id == award)]


# More than half of those present


@pytest.mark.parametrize(
    ("votes", "present", "invalid", "chosen"),
    [
        (3, 5, 0, True),
        (2, 4, 0, False),  # exactly half is not more
        (3, 4, 0, True),
        (2, 3, 1, True),
        (2, 5, 3, False),  # whoever handed in an invalid paper was present all the same
        (2, 5, 0, False),
        (1, 1, 0, True),
        (0, 1, 0, False),
        (5, 5, 0, True),
    ],
)
def test_a_ballot_passes_with_more_than_half_of_those_present(votes, present, invalid, chosen) -> None:
    cluster = year()
    name = honour(cluster, {"bac-ninh": votes}, present=present, invalid=invalid)
    (vote,) = [it.vote for it in cluster.standings().row("bac-ninh").awards if it.award.id == "flag"]
    assert (vote.decision, vote.votes, vote.present, vote.chosen) == (name, votes, present, chosen)
    elect(cluster, "leader", {"ha-noi": votes}, present=present, invalid=invalid)
    assert [it.vote.unit for it in cluster.standings().elected] == (["ha-noi"] if chosen else [])


@pytest.mark.parametrize(("voters", "counts"), [(5, True), (4, False), (6, False)])
def test_every_member_of_the_day_has_one_vote_and_no_other(voters, counts) -> None:
    cluster = year()
    honour(cluster, {"bac-ninh": 3}, present=4, voters=voters)
    assert proposed(cluster) == (["bac-ninh"] if counts else [])
    given = {**paper({"ha-nam": 3}, voters=voters, present=4), "award": "flag"}
    found = award_problems(cluster.record(), given, eligible=UNITS)
    assert [it.code for it in found] == ([] if counts else ["ballot-voters"])


@pytest.mark.parametrize(
    ("act", "votes", "present", "invalid", "code"),
    [
        ("award-ballot", {"bac-ninh": 5, "ha-nam": 5}, 5, 0, None),  # a paper may honour several
        ("award-ballot", {"bac-ninh": 5, "ha-nam": 5}, 5, 1, "ballot-counts"),
        ("award-ballot", {"bac-ninh": 6}, 5, 0, "ballot-counts"),
        ("award-ballot", {"bac-ninh": 1}, 6, 0, "ballot-counts"),
        ("elect", {"bac-ninh": 3, "ha-nam": 2}, 5, 0, None),
        ("elect", {"bac-ninh": 3, "ha-nam": 3}, 5, 0, "ballot-counts"),  # and elects one
        ("elect", {"bac-ninh": 3, "ha-nam": 2}, 5, 1, "ballot-counts"),
    ],
)
def test_counts_of_a_room_fit_each_other(act, votes, present, invalid, code) -> None:
    more = {"award": "flag"} if act == "award-ballot" else {"role": "leader"}
    found = check_value(act, {**paper(votes, present=present, invalid=invalid), **more})
    assert [it.code for it in found] == ([] if code is None else [code])


def test_votes_are_for_exactly_the_units_voted_on() -> None:
    value = {**paper({"bac-ninh": 1}), "units": ["ha-nam"], "award": "flag"}
    assert [it.code for it in check_value("award-ballot", value)] == ["ballot-other-units"]


# Honours


def test_a_unit_that_was_not_chosen_may_be_voted_on_again_and_one_that_was_may_not() -> None:
    cluster = year()
    honour(cluster, {"bac-ninh": 3, "ha-nam": 2})
    again = {**paper({"bac-ninh": 1, "ha-nam": 4}), "award": "flag"}
    found = award_problems(cluster.record(), again, eligible=UNITS)
    assert [(it.code, it.params["unit"]) for it in found] == [("ballot-chosen-already", "bac-ninh")]
    cluster.decide("award-ballot", again)
    # Written all the same, it takes nothing back.
    assert proposed(cluster) == ["bac-ninh", "ha-nam"]


def test_only_who_meets_the_conditions_is_voted_on_and_proposed() -> None:
    cluster = year(hung_yen="30")
    eligible = [row.unit for row in cluster.standings().rows if row.awards[0].eligible]
    assert eligible == list(UNITS[:4])
    value = {**paper({"hung-yen": 5}), "award": "flag"}
    assert [it.code for it in award_problems(cluster.record(), value, eligible=eligible)] == ["ballot-not-eligible"]
    cluster.decide("award-ballot", value)
    row = cluster.standings().row("hung-yen")
    assert (row.awards[0].vote.chosen, row.awards[0].proposed) == (True, False)
    told = [it.code for it in exceptions(cluster.record(), cluster.standings())]
    assert "frozen-not-proposed" in told


def test_an_open_flag_holds_what_the_ballot_honoured() -> None:
    cluster = year()
    honour(cluster, {"bac-ninh": 5})
    assert proposed(cluster) == ["bac-ninh"]
    cluster.groupyear["flags"] = [{"unit": "bac-ninh", "opened": "2024-12-01", "closed": None, "kind": "complaint"}]
    assert proposed(cluster) == []


def test_an_award_the_scheme_does_not_have_is_no_matter_for_a_ballot() -> None:
    scheme = year().record().scheme
    value = {**paper({"bac-ninh": 5}), "award": "co-vang"}
    assert [it.code for it in misfits(scheme, "award-ballot", value)] == ["award-unknown"]


def test_two_ballots_in_branches_honour_nobody_until_one_settles_both() -> None:
    cluster = year()
    root = cluster.decisions[0]["_id"]
    one = honour(cluster, {"bac-ninh": 5}, after=[root])
    two = honour(cluster, {"bac-ninh": 1, "ha-nam": 4}, after=[root])
    ranking = cluster.standings()
    assert (proposed(cluster), [it.code for it in ranking.reasons]) == ([], ["contested-open"])
    honour(cluster, {"bac-ninh": 1, "ha-nam": 5}, settles=[one, two])
    assert proposed(cluster) == ["ha-nam"]


def test_a_ballot_moves_no_place_and_no_total() -> None:
    cluster = year()
    before = [(row.unit, row.place, row.total) for row in cluster.standings().rows]
    honour(cluster, {"hung-yen": 5})
    elect(cluster, "leader", {"hung-yen": 5})
    assert [(row.unit, row.place, row.total) for row in cluster.standings().rows] == before


# Departing from score order


def test_proposals_in_score_order_depart_from_nothing() -> None:
    cluster = year()
    honour(cluster, {"bac-ninh": 5, "ha-nam": 4, "ha-noi": 2})
    assert cluster.standings().departures == ()
    assert obstacles(cluster.record(), cluster.standings()) == ()


def test_a_departure_holds_the_freezing_until_its_reason_is_minuted_and_is_told_with_it() -> None:
    cluster = year()
    honour(cluster, {"bac-ninh": 2, "ha-nam": 2, "ha-noi": 4, "hai-duong": 3})
    (found,) = cluster.standings().departures
    assert (found.units, found.over, found.decision) == (("ha-noi", "hai-duong"), ("bac-ninh", "ha-nam"), None)
    assert [it.code for it in obstacles(cluster.record(), cluster.standings())] == ["departure-unminuted"]
    said = {"award": "flag", "units": ["ha-noi", "hai-duong"], "over": ["bac-ninh", "ha-nam"]}
    assert departure_problems(said, found=[found]) == []
    name = cluster.decide("depart-order", said)
    ranking = cluster.standings()
    assert obstacles(cluster.record(), ranking) == ()
    assert ranking.departures[0].decision == name
    assert ranking.to_json()["departures"] == [{**said, "decision": name}]
    told = [it for it in exceptions(cluster.record(), ranking) if it.code == "frozen-departure"]
    assert "ha-noi, hai-duong được đề nghị trước bac-ninh, ha-nam" in told[0].sentence("vi")
    for unit in (*found.units, *found.over):
        lines = [it for it in explain_total(ranking, unit) if it.reason.code == "explain-departs"]
        assert [it.documents for it in lines] == [(name,)]


def test_a_reason_given_for_another_departure_is_none() -> None:
    cluster = year()
    honour(cluster, {"ha-nam": 4})
    said = {"award": "flag", "units": ["ha-nam"], "over": ["bac-ninh"]}
    cluster.decide("depart-order", said)
    assert cluster.standings().departures[0].decision is not None
    honour(cluster, {"ha-noi": 4})
    (found,) = cluster.standings().departures
    assert (found.units, found.over, found.decision) == (("ha-nam", "ha-noi"), ("bac-ninh",), None)
    assert [it.code for it in departure_problems(said, found=[found])] == ["departure-differs"]
    assert [it.code for it in departure_problems({**said, "award": "merit"}, found=[found])] == ["departure-none"]


def test_equal_places_depart_from_nothing_and_who_has_the_higher_award_is_not_passed_over() -> None:
    cluster = Cluster(*UNITS, scheme_document=TWO)
    for unit in UNITS:
        cluster.submit(unit, {"i-1": "60", "ii-1": "38" if unit == "bac-ninh" else "36"})
    honour(cluster, {"hung-yen": 5})
    (found,) = cluster.standings().departures
    assert (found.units, found.over) == (("hung-yen",), ("bac-ninh",))  # not the three that share its place
    cluster = year()
    honour(cluster, {"bac-ninh": 5})
    honour(cluster, {"ha-nam": 5}, award="merit")
    assert cluster.standings().departures == ()


@pytest.mark.parametrize(
    ("units", "over", "code"), [(["a"], ["a"], "departure-over-itself"), ([], ["a"], "list-too-short")]
)
def test_a_departure_names_whom_it_puts_before_whom(units, over, code) -> None:
    found = check_value("depart-order", {"award": "flag", "units": units, "over": over})
    assert [it.code for it in found] == [code]


# Elections


def test_leader_and_deputy_of_the_next_year_are_elected_once_each_and_are_two() -> None:
    cluster = year()
    elect(cluster, "leader", {"ha-nam": 2, "ha-noi": 2})
    assert cluster.standings().elected == ()
    elect(cluster, "leader", {"ha-nam": 1, "ha-noi": 4})
    elect(cluster, "deputy", {"bac-ninh": 3})
    ranking = cluster.standings()
    assert [(it.role, it.vote.unit) for it in ranking.elected] == [("leader", "ha-noi"), ("deputy", "bac-ninh")]
    assert [it["unit"] for it in ranking.to_json()["elected"]] == ["ha-noi", "bac-ninh"]
    second = {**paper({"ha-nam": 5}), "role": "leader"}
    both = {**paper({"ha-noi": 5}), "role": "leader"}
    assert [it.code for it in election_problems(cluster.record(), second)] == ["elect-second"]
    found = {it.code for it in election_problems(cluster.record(), {**both, "role": "deputy"})}
    assert found == {"elect-second", "elect-both"}
    assert "explain-elected" in [it.reason.code for it in explain_total(ranking, "ha-noi")]


@pytest.mark.parametrize(
    ("kind", "vi", "en"),
    [
        ("cluster", ["Cụm trưởng", "Cụm phó"], ["leader of the cluster", "deputy leader of the cluster"]),
        ("block", ["Khối trưởng", "Khối phó"], ["leader of the block", "deputy leader of the block"]),
    ],
)
def test_an_explanation_names_the_office_as_the_group_calls_it_and_the_rule_of_elections(kind, vi, en) -> None:
    cluster = year()
    cluster.groupyear["kind"] = kind
    elect(cluster, "leader", {"ha-noi": 4})
    elect(cluster, "deputy", {"ha-nam": 4})
    honour(cluster, {"ha-noi": 4})
    ranking = cluster.standings()
    for unit, office, leads in zip(("ha-noi", "ha-nam"), vi, en, strict=True):
        (line,) = [it for it in explain_total(ranking, unit) if it.reason.code == "explain-elected"]
        assert ranking.sentence(line.reason, "vi").startswith(f"Được bầu làm {office} năm 2025: 4 phiếu")
        assert ranking.sentence(line.reason, "en").startswith(f"Elected {leads} for 2025: 4 of 5")
        assert rule_sentence(line.rule, "vi") == "Quy tắc 5.9 – Bầu trưởng, phó năm sau"
    (line,) = [it for it in explain_total(ranking, "ha-noi") if it.reason.code == "explain-honoured"]
    assert rule_sentence(line.rule, "vi") == "Quy tắc 5.9 – Bỏ phiếu suy tôn"


def test_who_left_before_the_election_is_not_elected() -> None:
    cluster = year()
    cluster.groupyear["members"][4]["to"] = "2024-12-09"
    value = {**paper({"hung-yen": 3}, voters=4, present=4), "role": "leader"}
    assert [it.code for it in election_problems(cluster.record(), value)] == ["elect-no-member"]


def test_acts_on_ballots_are_about_every_unit_they_name() -> None:
    assert units_of("elect", {**paper({"a": 1, "b": 2}), "role": "leader"}) == ("a", "b")
    assert units_of("depart-order", {"award": "flag", "units": ["a"], "over": ["b"]}) == ("a", "b")


# Frozen


def test_a_frozen_ranking_keeps_its_proposals_whatever_is_decided_later() -> None:
    cluster = year()
    honour(cluster, {"ha-nam": 4})
    cluster.decide("depart-order", {"award": "flag", "units": ["ha-nam"], "over": ["bac-ninh"]})
    ranking = cluster.standings()
    inputs = ranking_inputs(cluster.documents())
    cluster.decide("freeze", {"as_of": "2024-12-20", "sha256": digest(ranking)}, inputs=inputs)
    freeze = cluster.decisions[-1]
    honour(cluster, {"bac-ninh": 5})
    elect(cluster, "leader", {"ha-noi": 5})
    again = recomputed(cluster.documents(), freeze)
    assert again.faults == ()
    assert again.standings.to_json() == ranking.to_json()
    assert [it.code for it in again.exceptions if it.code == "frozen-departure"] == ["frozen-departure"]


def test_a_ranking_without_ballots_is_printed_as_before_they_were_written() -> None:
    printed = year().standings().to_json()
    assert not {"departures", "elected"} & set(printed)
    assert all(set(it) == {"award", "eligible", "failed"} for row in printed["units"] for it in row["awards"])
    assert printed["units"][0]["total"] == str(Fraction(99)) + ".00"


# Recorded twice, side by side


def twice(cluster: Cluster, act: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    root = [it["_id"] for it in cluster.decisions[-1:]]
    return sorted([cluster.decide(act, one, after=root), cluster.decide(act, two, after=root)])


def struck(cluster: Cluster, subject: str, sides: list[str]) -> str:
    units = list(named_beside(cluster.record(), subject))
    return cluster.decide("strike", {"subject": subject, "units": units}, settles=sides)


def told(cluster: Cluster, unit: str) -> list[str]:
    return [it.reason.sentence("vi") for it in explain_total(cluster.standings(), unit)]


def test_contested_honours_of_units_that_are_eligible_no_more_are_struck_and_hold_nothing_up() -> None:
    cluster = year()
    one, two = ({**paper({"bac-ninh": votes}), "award": "flag"} for votes in (5, 1))
    sides = twice(cluster, "award-ballot", one, two)
    assert any("hai bản ghi song song" in it and "Cờ thi đua" in it for it in told(cluster, "bac-ninh"))
    cluster.groupyear["flags"] = [
        {"unit": it, "opened": "2024-12-01", "closed": None, "kind": "complaint"} for it in UNITS
    ]
    name = struck(cluster, "honour:flag", sides)
    ranking = cluster.standings()
    assert (ranking.reasons, proposed(cluster), ranking.row("bac-ninh").awards[0].vote) == ((), [], None)
    assert ranking.to_json()["beside"] == [{"subject": "honour:flag", "units": ["bac-ninh"], "struck": name}]
    assert any("đã bị hủy bằng quyết định" in it for it in told(cluster, "bac-ninh"))
    assert not any("song song" in it for it in told(cluster, "ha-nam"))
    (exception,) = [it for it in exceptions(cluster.record(), ranking) if it.code == "frozen-struck"]
    assert exception.sentence("vi").startswith(
        "Bỏ phiếu suy tôn Cờ thi đua (bac-ninh): các bản ghi song song đã bị hủy"
    )
    inputs = ranking_inputs(cluster.documents())
    cluster.decide("freeze", {"as_of": "2024-12-20", "sha256": digest(ranking)}, inputs=inputs)
    assert recomputed(cluster.documents(), cluster.decisions[-1]).faults == ()


def test_which_of_two_records_is_right_may_be_said_of_a_unit_that_is_eligible_no_more() -> None:
    cluster = year()
    one, two = ({**paper({"bac-ninh": votes}), "award": "flag"} for votes in (5, 1))
    assert [it.code for it in award_problems(cluster.record(), one, eligible=())] == ["ballot-not-eligible"]
    twice(cluster, "award-ballot", one, two)
    assert award_problems(cluster.record(), one, eligible=()) == []
    other = {**one, **paper({"ha-nam": 3})}
    assert [it.code for it in award_problems(cluster.record(), other, eligible=())] == ["ballot-not-eligible"]


def test_what_was_struck_may_be_held_again_and_then_counts() -> None:
    cluster = year()
    one, two = ({**paper({"ha-noi": votes}), "role": "leader"} for votes in (5, 4))
    sides = twice(cluster, "elect", one, two)
    struck(cluster, "elected:leader", sides)
    assert cluster.standings().elected == ()
    assert any(
        it.startswith("Bầu Cụm trưởng năm 2025: các bản ghi song song đã bị hủy") for it in told(cluster, "ha-noi")
    )
    elect(cluster, "leader", {"ha-nam": 4})
    ranking = cluster.standings()
    assert ([it.vote.unit for it in ranking.elected], ranking.beside) == (["ha-nam"], ())


def test_a_struck_tie_ballot_breaks_no_tie_and_a_struck_reason_is_none() -> None:
    cluster = Cluster(*UNITS, scheme_document=TWO)
    for unit in UNITS:
        cluster.submit(unit, {"i-1": "60", "ii-1": "36"})
    counts = {"units": sorted(UNITS), "held": "2024-12-10", "voters": 5, "present": 5}
    one, two = ({**counts, "votes": {**dict.fromkeys(UNITS, 0), "ha-noi": votes}} for votes in (5, 4))
    sides = twice(cluster, "tie-ballot", one, two)
    struck(cluster, "ballot:" + ":".join(sorted(UNITS)), sides)
    assert {row.place for row in cluster.standings().rows} == {1}
    assert any(it.startswith("Bỏ phiếu phân hạng") and "bị hủy" in it for it in told(cluster, "ha-noi"))
    cluster = year()
    honour(cluster, {"ha-nam": 4})
    said = {"award": "flag", "units": ["ha-nam"], "over": ["bac-ninh"]}
    sides = twice(cluster, "depart-order", said, said | {"over": ["bac-ninh", "ha-noi"]})
    struck(cluster, "departure:flag", sides)
    assert cluster.standings().departures[0].decision is None


def test_only_what_stands_side_by_side_is_struck_and_all_of_it() -> None:
    cluster = year()
    name = honour(cluster, {"bac-ninh": 5})
    value = {"subject": "honour:flag", "units": ["bac-ninh"]}
    assert [it.code for it in strike_problems(cluster.record(), value, [name])] == ["strike-nothing"]
    # Written all the same, it takes nothing back: what was chosen stays chosen.
    cluster.decide("strike", value, settles=[name])
    assert (proposed(cluster), cluster.standings().beside) == (["bac-ninh"], ())
    cluster = year()
    one, two = ({**paper({"bac-ninh": 5, more: 1}), "award": "flag"} for more in ("ha-nam", "ha-noi"))
    sides = twice(cluster, "award-ballot", one, two)
    found = {it.code for it in strike_problems(cluster.record(), value, sides[:1])}
    assert found == {"strike-other-sides", "strike-other-units"}
    right = {**value, "units": ["bac-ninh", "ha-nam", "ha-noi"]}
    assert strike_problems(cluster.record(), right, sides) == []
    assert [it.code for it in check_value("strike", {**value, "subject": "scores"})] == ["strike-other-matter"]


def test_who_strikes_is_of_none_of_the_units_that_the_records_name_whatever_the_strike_says() -> None:
    cluster = year()
    council = {"unit": "vu-tccb", "as": "council"}
    one, two = ({**paper({"hai-duong": votes}), "award": "flag"} for votes in (5, 1))
    root = [cluster.decisions[-1]["_id"]]
    sides = sorted(cluster.decide("award-ballot", it, after=root, authority=council) for it in (one, two))
    lie = {"subject": "honour:flag", "units": ["bac-ninh"]}
    name = cluster.decide("strike", lie, settles=sides)
    record = cluster.record()
    assert unauthorised(record.folded, cluster.groupyear, [name]) == [name]
