"""A small cluster of today, and its service over HTTP, on whatever keeps its databases."""

from __future__ import annotations

import pytest

from tests.journey.support import real_now
from tests.server.world import Clock, make_world, served
from tests.support.backends import BACKENDS, placed


@pytest.fixture(params=BACKENDS)
def place(request):
    with placed(request.param) as where:
        yield where


@pytest.fixture
def world(tmp_path, place):
    made = make_world(tmp_path / "data", clock=Clock(real_now().isoformat()), backend=place.backend())
    yield made
    made.service.close()


@pytest.fixture
def url(world):
    with served(world) as address:
        yield address
