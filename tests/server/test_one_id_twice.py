"""One new submission id, two bodies, two servers before the same databases: what was promoted stands."""

from __future__ import annotations

import pytest

from server.backends import write_once
from server.service import Service
from tests.server.world import GROUP, HY, YEAR, Dice, config_at, submission_of

U_HY = f"u-{HY}-{YEAR}"


@pytest.fixture
def beside(world, tmp_path):
    """A second server, with a folder of its own, over the databases of the first."""
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "databases").symlink_to(world.service.config.databases)
    service = Service.open(config_at(folder), now=world.clock, random_bytes=Dice(thrown=9_000))
    yield service
    service.close()


def device_of(world):
    accounts = world.service.accounts
    code = accounts.new_code(world.accounts["lan"].account).code
    return accounts.redeem(code, "x").device


def test_of_two_bodies_that_two_servers_let_in_under_one_id_the_first_promoted_stands(world, beside, monkeypatch):
    lan, device = world.accounts["lan"], device_of(world)
    one, other = (submission_of(lan, device.device, HY, {"iii-5": points}, number=7) for points in ("10", "20"))
    first, second = (service.gateway.open(U_HY, lan, device, locale="vi") for service in (world.service, beside))
    noting = world.service.gateway.noting

    def meanwhile(*arguments):
        assert "error" not in second.bulk_docs([other])[0]
        beside.follower.sweep()
        return noting(*arguments)

    monkeypatch.setattr(world.service.gateway, "noting", meanwhile)
    write_once(first, [one])

    store = world.service.backend.open(U_HY)
    winner = store.get(one["_id"], conflicts=True)
    assert len(winner["_conflicts"]) == 1
    assert winner["answers"]["iii-5"]["points"] == "10", "the case is the one where the later body wins"
    for follower in (world.service.follower, beside.follower) * 2:
        follower.sweep()
    promoted = world.group_database().get(one["_id"], conflicts=True)
    assert promoted["answers"]["iii-5"]["points"] == "20"
    assert "_conflicts" not in promoted
    assert [row.total for row in standings(world.service)] == [row.total for row in standings(beside)]


def standings(service):
    return service.board.view(None, GROUP, YEAR).standings(service.board.today()).rows
