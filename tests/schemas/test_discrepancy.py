from __future__ import annotations

from datetime import date

import pytest

from schemas.discrepancy import working_days_after
from tests.schemas.support import Cluster, criterion, scheme_document, section

ONE = scheme_document(section("i", "100", criterion("i-1", "60"), criterion("i-2", "40")))


def compared(cross, own, **more):
    cluster = Cluster("ha-noi", "hai-duong", scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    cluster.submit("ha-noi", own)
    cluster.submit("ha-noi", cross, visit="v1", **more)
    return cluster.standings().row("ha-noi").card.discrepancies


@pytest.mark.parametrize(("cross", "found"), [("54", []), ("53.5", ["i-1"]), ("60", [])])
def test_exactly_ten_percent_of_the_maximum_is_not_more(cross, found) -> None:
    assert [it.criterion for it in compared({"i-1": cross}, {"i-1": "60"})] == found


def test_a_discrepancy_opens_a_reply_for_five_working_days_from_receipt() -> None:
    (found,) = compared({"i-1": "10"}, {"i-1": "60"}, arrived="2024-10-10T17:30:00Z")
    # Received on Friday 11 October in Viet Nam.
    assert found.reply_until == date(2024, 10, 18)
    assert not found.commented


def test_holidays_are_no_working_days() -> None:
    assert working_days_after(date(2024, 8, 30), 5, frozenset({"2024-09-02", "2024-09-03"})) == date(2024, 9, 10)


def test_a_cross_submission_is_compared_with_the_self_version_it_names_else_the_first() -> None:
    cluster = Cluster("ha-noi", "hai-duong", scheme_document=ONE)
    cluster.plan("v1", "ha-noi")
    first = cluster.submit("ha-noi", {"i-1": "60"})
    second = cluster.submit("ha-noi", {"i-1": "40"}, supersedes=[first])
    cluster.submit("ha-noi", {"i-1": "40"}, visit="v1")
    (found,) = cluster.standings().row("ha-noi").card.discrepancies
    assert found.self_version == first
    cluster.plan("v2", "ha-noi")
    cluster.submit("ha-noi", {"i-1": "40"}, visit="v2", self_version=second)
    assert len(cluster.standings().row("ha-noi").card.discrepancies) == 1


def test_working_days_end_with_the_calendar() -> None:
    assert working_days_after(date(9999, 12, 30), 5, frozenset()) == date(9999, 12, 31)


@pytest.mark.parametrize(("returned", "compared_with"), [(False, ["i-1"]), (True, [])])
def test_without_a_best_actual_nothing_quantitative_is_compared(returned, compared_with) -> None:
    """Neither what lies below the target, although its points do not depend on L."""
    scheme = scheme_document(section("i", "60", criterion("i-1", "60", "quantitative", target="10")))
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.plan("v1", "ha-noi")
    own = cluster.submit("ha-noi", {"i-1": {"actual": "9"}})
    cluster.submit("ha-noi", {"i-1": {"actual": "1"}}, visit="v1")
    if returned:
        value = {"unit": "ha-noi", "criterion": "i-1", "submission": own, "deadline": "2024-12-01"}
        cluster.decide("return", value)
    card = cluster.standings().row("ha-noi").card
    assert (card.criterion("i-1").best is None) == returned
    assert [it.criterion for it in card.discrepancies] == compared_with
