"""A group's year of which only the database stands, since it is being opened or a crash came between: nobody minds."""

from __future__ import annotations

import pytest

from schemas import ids
from tests.server.test_unit_events import merged
from tests.server.world import GROUP, HY, YEAR


@pytest.fixture(autouse=True)
def half_opened(world):
    world.service.backend.create(ids.group_database("cum-0", YEAR))


def test_phones_sync_and_pages_are_read_beside_a_year_that_is_half_opened(phone, enter):
    assert "group" in {it["kind"] for it in phone("lan").databases()["databases"]}
    assert enter("lan").get(f"/{GROUP}/{YEAR}").status_code == 200


def test_an_account_is_added_beside_a_year_that_is_half_opened(world):
    account = world.service.accounts.add(login="moi", name="Mới", unit=HY, roles=["specialist"], password=None)
    world.service.setup.joined(account)
    assert ids.member_id(account.account) in world.ids_of("member")


def test_a_merger_is_told_beside_a_year_that_is_half_opened(world):
    assert merged(world)[1] == [(GROUP, YEAR)]
