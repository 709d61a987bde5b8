"""Teams are compared only where they scored the same, and only when there is enough to compare."""

from __future__ import annotations

from fractions import Fraction

from schemas.leniency import leniency
from schemas.scoring import scorecards
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

SCHEME = scheme_document(
    section("i", "40", criterion("i-1", "20"), criterion("i-2", "20")), _id="scheme:thu:1", scheme="thu"
)
UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong")


def inspected(*scores: tuple[str, str, str, str]) -> Cluster:
    """Scores are (inspecting, inspected, points on i-1, points on i-2)."""
    cluster = Cluster(*UNITS, scheme_document=SCHEME)
    for inspecting, host, first, second in scores:
        visit = f"{inspecting}-{host}"
        cluster.plan(visit, host, inspecting=inspecting)
        cluster.submit(host, {"i-1": first, "i-2": second}, visit=visit)
    return cluster


ROUND = (
    ("ha-nam", "bac-ninh", "16", "16"),
    ("ha-noi", "bac-ninh", "12", "16"),
    ("ha-nam", "hai-duong", "18", "14"),
    ("ha-noi", "hai-duong", "14", "14"),
    ("hai-duong", "ha-noi", "10", "10"),
)


def test_a_team_is_as_lenient_as_it_scores_above_the_others_at_the_same_units() -> None:
    cluster = inspected(*ROUND)
    found = leniency(cluster.record(), scorecards(cluster.record(), AS_OF))
    teams = {team.units: team for team in found.teams}
    # 4 points more on two of four answers, each out of 20.
    assert teams["ha-nam",].share == Fraction(8, 80)
    assert teams["ha-noi",].share == -Fraction(8, 80)
    assert teams["ha-nam",].visits == 2
    assert teams["ha-nam",].apart
    assert teams["ha-noi",].apart


def test_a_team_that_alone_scored_its_unit_is_compared_with_nobody() -> None:
    cluster = inspected(*ROUND)
    found = leniency(cluster.record(), scorecards(cluster.record(), AS_OF))
    (alone,) = (team for team in found.teams if team.units == ("hai-duong",))
    assert (alone.compared, alone.share, alone.apart) == (0, None, False)


def test_agreement_counts_pairs_within_the_schemes_discrepancy() -> None:
    cluster = inspected(*ROUND)
    found = leniency(cluster.record(), scorecards(cluster.record(), AS_OF))
    first, second = found.agreement
    assert (first.criterion, first.pairs, first.agreeing, first.apart) == ("i-1", 2, 0, Fraction(4, 20))
    assert (second.criterion, second.pairs, second.agreeing, second.apart) == ("i-2", 2, 2, Fraction(0))


def test_exactly_the_discrepancy_still_agrees() -> None:
    cluster = inspected(("ha-nam", "bac-ninh", "14", "0"), ("ha-noi", "bac-ninh", "12", "0"), *ROUND[2:])
    found = leniency(cluster.record(), scorecards(cluster.record(), AS_OF))
    assert found.agreement[0].agreeing == 1


def test_with_four_visits_nothing_is_said_of_any_team() -> None:
    cluster = inspected(*ROUND[:4])
    found = leniency(cluster.record(), scorecards(cluster.record(), AS_OF))
    assert (found.visits, found.teams, found.agreement) == (4, (), ())
    assert [it.code for it in found.reasons] == ["leniency-few"]


def test_what_is_said_carries_a_caution_in_both_languages() -> None:
    cluster = inspected(*ROUND)
    (caution,) = leniency(cluster.record(), scorecards(cluster.record(), AS_OF)).reasons
    assert "không" in caution.sentence("vi")
    assert "not" in caution.sentence("en")
