"""What stands around a ranking: how far the year is, what happened when, what was awarded."""

from __future__ import annotations

import pytest

from schemas.problem import InvalidDocument
from tests.server.test_freezing import scored
from tests.server.world import BN, GROUP, HD, HY, YEAR, group_year

AWARD = {
    "type": "award", "v": 1, "award": "bang-khen", "form": "merit-certificate", "level": "province",
    "counts": {"collective": 104, "individual": 252}, "number": None, "date": None, "authority": None,
    "source": "published",
}  # fmt: skip


def page_of(world):
    return world.service.board.standings(world.accounts["bac"], GROUP, YEAR)


def test_awards_stand_beside_the_ranking_in_order_of_honour_and_bear_on_nothing(world):
    before = page_of(world).document
    world.service.setup.award(GROUP, YEAR, {**AWARD, "award": "so", "form": None, "level": "department"})
    world.service.setup.award(GROUP, YEAR, AWARD)
    page = page_of(world)
    assert [(it.level, it.form, it.collectives, it.individuals) for it in page.awards_given] == [
        ("province", "merit-certificate", 104, 252),
        ("department", None, 104, 252),
    ]
    assert page.document == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"source": "decided", "date": "2024-12-01"}, "number"),
        ({"source": "decided", "number": "12/QĐ"}, "date"),
        ({"counts": {"collective": -1, "individual": 0}}, "counts.collective"),
        ({"level": "ward"}, "level"),
    ],
)
def test_an_award_that_says_too_little_or_nonsense_is_refused_by_its_field(world, wrong, field):
    with pytest.raises(InvalidDocument) as refused:
        world.service.setup.award(GROUP, YEAR, {**AWARD, **wrong})
    assert [problem.path for problem in refused.value.problems] == [field]
    assert page_of(world).awards_given == ()


def test_the_course_of_the_year_is_told_in_its_order_with_its_places(world):
    conferences = [
        {"kind": "midyear", "date": "2024-08-02", "place": "Hưng Yên"},
        {"kind": "launch", "date": "2024-04-25", "place": None},
    ]
    world.service.setup.group_year({**group_year(), "conferences": conferences})
    world.plan_visit(BN, "minh")
    told = [(it.kind, it.date, it.until, it.place) for it in page_of(world).milestones]
    assert told == [
        ("launch", "2024-04-25", None, None),
        ("midyear", "2024-08-02", None, "Hưng Yên"),
        ("inspections", "2024-10-08", "2024-10-09", None),
    ]


def test_a_merger_is_told_in_the_course_of_its_year(world):
    world.service.setup.unit_event("merge", [BN], date="2024-07-01", number="1/QĐ", to=HY)
    (merged,) = page_of(world).milestones
    assert (merged.kind, [it.unit for it in merged.units]) == ("merged", [BN, HY])


def test_a_unit_that_was_merged_away_is_not_asked_to_sign_the_pact(world):
    pact = {"type": "pact", "v": 1, "group": GROUP, "year": YEAR, "signatures": [], "targets": []}
    world.service.setup.pact(GROUP, YEAR, pact)
    world.service.setup.unit_event("merge", [BN], date="2024-07-01", number="1/QĐ", to=HY)
    asked = world.service.board.tasks(None, GROUP, YEAR)
    assert {it.unit.unit for it in asked if it.kind == "unsigned_pact"} == {HD, HY}


def test_what_a_unit_has_not_scored_is_one_sentence(world):
    row = page_of(world).rows[0]
    assert [it.code for it in row.reasons].count("missing-criteria") == 1
    assert "missing" not in {it.code for it in row.reasons}


def test_a_page_says_whether_the_year_is_open_frozen_or_published(world):
    def state():
        return page_of(world).head.state

    assert state() == "open"
    scored(world)
    world.act("huong", "freeze", {})
    assert state() == "frozen"
    world.act("hoi-dong", "publish", {})
    assert state() == "published"


def test_an_open_flag_is_told_beside_the_place_it_does_not_change(world):
    scored(world)
    before = page_of(world).rows[0]
    flag = {"unit": before.unit.unit, "kind": "complaint", "opened": "2024-09-01", "closed": None}
    world.service.setup.group_year({**group_year(), "flags": [flag]})
    after = page_of(world).rows[0]
    assert before.held is None
    assert after.held.code == "open-flag"
    assert (after.unit, after.place, after.total) == (before.unit, before.place, before.total)
