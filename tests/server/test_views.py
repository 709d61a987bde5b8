"""Of all group years those read last are in memory, and what the rules ask of the others."""

from __future__ import annotations

import gc
import weakref

from schemas import ids
from schemas.access import Access, databases
from server.board.views import Views
from server.facts import FactBook, identity_of
from tests.server.world import BN, GROUP, HD, HY, YEAR, group_year

YEARS = (YEAR, YEAR + 1, YEAR + 2)


def with_years(world, documents_max):
    """The world's cluster in three years, behind views that keep so many documents; and which wholes were read."""
    for year in YEARS[1:]:
        period = {"from": f"{year}-01-01", "to": None}
        changed = {
            "year": year,
            "members": [{"unit": unit, **period} for unit in (HD, HY, BN)],
            "leaders": [{"unit": HD, "role": "leader", **period}],
            "deadlines": {"self": f"{year}-10-31", "cross": f"{year}-11-30"},
        }
        world.service.setup.group_year({**group_year(), **changed})
    service, read = world.service, []
    views = Views(
        service.backend, service.projection, follow=service.follower.follow, documents_max=documents_max
    )  # fmt: skip
    whole = views._whole
    views._whole = lambda group, year, name: (read.append(year), whole(group, year, name))[1]
    return views, read


def test_a_group_year_nobody_asks_for_any_more_leaves_memory_and_comes_back_as_it_stands(world):
    views, read = with_years(world, documents_max=1)
    first = weakref.ref(views.view(GROUP, YEAR))
    assert views.view(GROUP, YEAR) is first(), "the one read last is kept, however large"
    views.view(GROUP, YEAR + 1)
    gc.collect()
    assert first() is None
    visit = world.plan_visit(BN, "dung")
    assert visit in views.view(GROUP, YEAR).visits
    assert read == [YEAR, YEAR + 1, YEAR]


def test_the_one_asked_for_longest_ago_leaves_first(world):
    views, read = with_years(world, documents_max=10_000)
    for year in YEARS:
        views.view(GROUP, year)
    views._documents_max = sum(len(views.view(GROUP, year).documents) for year in (YEARS[0], YEARS[2]))
    views.view(GROUP, YEARS[0])
    world.plan_visit(BN, "dung")
    views.view(GROUP, YEARS[2])
    views.view(GROUP, YEARS[0])
    del read[:]
    for year in (YEARS[0], YEARS[1]):
        views.view(GROUP, year)
    assert read == [YEARS[1]]


def test_the_rules_know_every_year_though_one_is_in_memory_and_read_again_only_what_changed(world):
    views, read = with_years(world, documents_max=1)
    book = FactBook(world.service.backend, world.service.registry, views)
    assert {year: BN in book.facts().members[GROUP, year] for year in YEARS} == dict.fromkeys(YEARS, True)
    assert sorted(read) == list(YEARS)
    del read[:]
    visit = world.plan_visit(BN, "dung")
    book._kept = None  # as after the second that facts are fresh
    facts = book.facts()
    assert visit in facts.visits
    assert set(read) <= {YEAR}
    found = databases(identity_of(world.accounts["dung"]), facts)
    assert {it.name for it in found if isinstance(it, Access)} >= {ids.group_database(GROUP, year) for year in YEARS}


def test_a_menu_names_every_group_year_and_reads_none_of_them_again(world):
    views, read = with_years(world, documents_max=1)
    book = FactBook(world.service.backend, world.service.registry, views)
    book.facts()
    del read[:]
    board = world.service.board
    board._book = book
    assert [(it.year, it.names["vi"]) for it in board.menu(world.accounts["lan"])] == [
        (year, "Cụm thi đua số 1") for year in reversed(YEARS)
    ]
    assert board.menu(world.accounts["thu"]) == ()
    assert read == []
