from __future__ import annotations

from fractions import Fraction

import pytest

from schemas.acts import check_value
from schemas.kinds import points_for, quantitative
from schemas.scheme import Scheme
from schemas.scoring import best_text, tally
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-noi", "hai-duong")


@pytest.mark.parametrize(
    ("actual", "target", "best", "points"),
    [
        (50, 100, 200, 5),
        (50, 100, None, 5),
        (100, 100, None, 10),
        (100, 100, 100, 10),
        (150, 100, 200, 15),
        (200, 100, 200, 20),
        (250, 100, 200, 20),
        (150, 100, None, None),
        (-5, 100, 200, 0),
        (1, 3, 3, Fraction(10, 3)),
        (4, 3, 6, Fraction(40, 3)),
        (5, 0, 10, None),
        (5, None, 10, None),
    ],
)
def test_quantitative_points(actual, target, best, points) -> None:
    def maybe(value):
        return None if value is None else Fraction(value)

    assert quantitative(Fraction(20), target=maybe(target), best=maybe(best))(Fraction(actual)) == points


def kind(name: str, **more):
    document = scheme_document(section("i", "10", criterion("i-1", "10", name, **more)))
    return Scheme.from_document(document).criteria[0]


@pytest.mark.parametrize(("count", "points"), [("0", 0), ("3", 6), ("5", 10), ("9", 10)])
def test_per_occurrence_is_capped_at_the_maximum(count, points) -> None:
    assert points_for(kind("per_occurrence", points_each="2"), Fraction(count)) == points


@pytest.mark.parametrize(("actual", "points"), [("0", 10), ("3", 10), ("3.1", 6), ("7", 6), ("7.01", 0), ("99", 0)])
def test_bands_have_inclusive_upper_bounds_and_serve_where_lower_is_better(actual, points) -> None:
    bands = [{"to": "3", "points": "10"}, {"to": "7", "points": "6"}, {"to": None, "points": "0"}]
    assert points_for(kind("bands", bands=bands), Fraction(actual)) == points


def test_a_mean_of_passes_and_fails_earns_that_part() -> None:
    cluster = Cluster(*UNITS, scheme_document=scheme_document(section("i", "10", criterion("i-1", "10", "pass_fail"))))
    for visit, passed in (("v1", True), ("v2", True), ("v3", False)):
        cluster.plan(visit, "ha-noi")
        cluster.submit("ha-noi", {"i-1": {"passed": passed}}, visit=visit)
    assert cluster.standings().row("ha-noi").card.sections[0].points == Fraction("6.67")


def quantitative_cluster(**more) -> Cluster:
    scheme = scheme_document(section("i", "20", criterion("i-1", "20", "quantitative", target="100")), **more)
    return Cluster(*UNITS, scheme_document=scheme)


def bases(cluster: Cluster) -> dict[str, Fraction | None]:
    return {row.unit: row.card.base for row in cluster.standings().rows}


def test_the_best_actual_is_sought_among_all_listed_members_ranked_or_not() -> None:
    cluster = quantitative_cluster()
    for name, actual in (("bac-ninh", "150"), ("ha-noi", "200"), ("hai-duong", "50")):
        cluster.submit(name, {"i-1": {"actual": actual}})
    cluster.decide("rank-unit", {"unit": "ha-noi", "ranked": False})
    assert bases(cluster) == {"bac-ninh": 15, "ha-noi": 20, "hai-duong": 5}


def test_an_open_return_gives_no_actual_for_the_best() -> None:
    cluster = quantitative_cluster()
    cluster.submit("bac-ninh", {"i-1": {"actual": "150"}})
    returned = cluster.submit("ha-noi", {"i-1": {"actual": "200"}})
    cluster.submit("hai-duong", {"i-1": {"actual": "50"}})
    value = {"unit": "ha-noi", "criterion": "i-1", "submission": returned, "deadline": "2024-12-01"}
    cluster.decide("return", value)
    assert bases(cluster) == {"bac-ninh": 20, "ha-noi": None, "hai-duong": 5}


def test_a_units_own_target_goes_before_the_criterions() -> None:
    cluster = quantitative_cluster()
    cluster.submit("ha-noi", {"i-1": {"actual": "50"}})
    cluster.pact["targets"] = [{"unit": "ha-noi", "criterion": "i-1", "target": "50"}]
    assert bases(cluster)["ha-noi"] == 10


def test_a_target_of_zero_is_a_configuration_error_of_that_unit_alone() -> None:
    cluster = quantitative_cluster()
    for name in UNITS:
        cluster.submit(name, {"i-1": {"actual": "100"}})
    cluster.pact["targets"] = [{"unit": "ha-noi", "criterion": "i-1", "target": "0"}]
    card = cluster.standings().row("ha-noi").card
    assert (card.sections[0].state, card.base) == ("error", None)
    assert card.sections[0].reasons[0].params["criterion"] == "i-1"
    assert bases(cluster)["bac-ninh"] == 10


def test_quantitative_places_are_provisional_until_scores_are_locked() -> None:
    cluster = quantitative_cluster()
    for name in UNITS:
        cluster.submit(name, {"i-1": {"actual": "100"}})
    assert [reason.code for reason in cluster.standings().reasons] == ["scores-not-locked"]
    cluster.decide("lock-scores", {"locked": True})
    assert not cluster.standings().provisional


def lock(cluster: Cluster) -> None:
    cluster.decide("lock-scores", {"locked": True, "best": best_text(tally(cluster.record(), AS_OF).best)})


def test_the_best_that_a_score_lock_fixed_is_not_moved_by_what_arrives_later() -> None:
    cluster = quantitative_cluster()
    for name, actual in (("bac-ninh", "150"), ("ha-noi", "200")):
        cluster.submit(name, {"i-1": {"actual": actual}})
    lock(cluster)
    cluster.submit("hai-duong", {"i-1": {"actual": "300"}})
    # Beyond the fixed best it earns the maximum, and takes nothing from the others.
    assert bases(cluster) == {"bac-ninh": 15, "ha-noi": 20, "hai-duong": 20}
    cluster.submit("ha-noi", {"i-1": {"actual": "100"}}, supersedes=list(cluster.submissions)[1:2])
    assert bases(cluster) == {"bac-ninh": 15, "ha-noi": 10, "hai-duong": 20}
    cluster.decide("lock-scores", {"locked": False})
    assert bases(cluster) == {"bac-ninh": Fraction("12.5"), "ha-noi": 10, "hai-duong": 20}


def test_a_fixed_best_is_the_exact_mean_and_not_a_rounded_one() -> None:
    cluster = quantitative_cluster()
    for visit, actual in (("v1", "200"), ("v2", "200"), ("v3", "201")):
        cluster.plan(visit, "ha-noi")
        cluster.submit("ha-noi", {"i-1": {"actual": actual}}, visit=visit)
    cluster.submit("bac-ninh", {"i-1": {"actual": "150"}})
    before = cluster.standings()
    lock(cluster)
    assert cluster.decisions[-1]["value"]["best"] == {"i-1": "601/3"}
    after = cluster.standings().row("bac-ninh").card.criterion("i-1")
    assert after.best == Fraction(601, 3)
    assert after.points == before.row("bac-ninh").card.criterion("i-1").points
    assert after.fixed_by == cluster.decisions[-1]["_id"]


@pytest.mark.parametrize("text", ["", "1/0", "2/4", "4/2", "+1", "1.50", "1/3.0", "1/-3", "0x1", "-0", "9" * 70])
def test_a_fixed_best_has_one_spelling(text) -> None:
    assert [it.path for it in check_value("lock-scores", {"locked": True, "best": {"i-1": text}})] == ["value.best.i-1"]


def test_opening_the_scores_fixes_nothing() -> None:
    assert [it.code for it in check_value("lock-scores", {"locked": False, "best": {}})] == ["unlock-fixes-nothing"]


WEIGHTED = {"mode": "weighted", "weights": {"self": "0.2", "cross": "0.3", "cluster": "0.5"}}


def test_weighted_points_are_computed_per_stage_and_the_best_uses_the_weighted_actual() -> None:
    cluster = quantitative_cluster(**WEIGHTED)
    cluster.plan("v1", "ha-noi")
    cluster.submit("ha-noi", {"i-1": {"actual": "300"}})
    cluster.submit("ha-noi", {"i-1": {"actual": "200"}}, visit="v1")
    assert bases(cluster)["ha-noi"] is None
    cluster.adjust("ha-noi", "i-1", {"actual": "150"})
    # L = 0.2·300 + 0.3·200 + 0.5·150 = 195; points 20, 20 and 10 + 10·50/95.
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert result.best == 195
    assert result.points == Fraction(1, 2) * 20 + Fraction(1, 2) * (10 + Fraction(500, 95))


def test_weighted_mode_needs_all_three_stages_and_names_those_missing() -> None:
    scheme = scheme_document(section("i", "10", criterion("i-1", "10")), **WEIGHTED)
    cluster = Cluster(*UNITS, scheme_document=scheme)
    cluster.submit("ha-noi", {"i-1": "10"})
    result = cluster.standings().row("ha-noi").card.criterion("i-1")
    assert (result.state, result.points) == ("missing", None)
    missing = next(reason for reason in result.reasons if reason.code == "stage-missing")
    assert missing.params["stages"] == ["cross", "cluster"]
    cluster.plan("v1", "ha-noi")
    cluster.submit("ha-noi", {"i-1": "8"}, visit="v1")
    cluster.adjust("ha-noi", "i-1", {"points": "6"})
    assert cluster.standings().row("ha-noi").card.base == Fraction("7.4")
