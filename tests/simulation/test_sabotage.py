"""The simulation notices a product that breaks its promises."""

from __future__ import annotations

import pytest

from tests.simulation import cluster
from tests.simulation.sabotage import ALL
from tests.simulation.simulation import simulate

SEEDS_MAX = 12
"""What one of them was ever seen to take, with room; most show at once."""


@pytest.fixture(scope="module", autouse=True)
def _an_honest_beginning():
    """The cluster every seed begins with is made by the product as it is."""
    with pytest.MonkeyPatch.context() as patch:
        cluster.quick(patch)
        cluster.template()
    yield
    cluster.cleared()


@pytest.mark.parametrize("sabotage", ALL, ids=lambda each: each.__name__)
def test_a_broken_promise_is_noticed(sabotage):
    for seed in range(SEEDS_MAX):
        with pytest.MonkeyPatch.context() as patch:
            sabotage(patch)
            if simulate(seed, accidents=ALL[sabotage]).failure:
                return
    pytest.fail(f"{SEEDS_MAX} seeds did not notice it")
