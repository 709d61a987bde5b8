"""A small cluster of today, and its service over HTTP."""

from __future__ import annotations

import pytest

from tests.journey.support import real_now
from tests.server.world import Clock, make_world, served


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path / "data", clock=Clock(real_now().isoformat()))
    yield made
    made.service.close()


@pytest.fixture
def url(world):
    with served(world) as address:
        yield address
