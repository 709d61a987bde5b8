"""How long to wait: longer each time, never all at once, and as the peer asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import Backoff

chance = st.floats(0, 1, exclude_max=True)
BACKOFF = Backoff(base_s=2, cap_s=300, retry_after_cap_s=3600)


@given(attempt=st.integers(0, 10_000), luck=chance)
def test_a_delay_stays_between_half_its_ceiling_and_its_ceiling(attempt: int, luck: float) -> None:
    ceiling = min(300, 2 * 2 ** min(attempt, 20))
    assert ceiling / 2 <= BACKOFF.delay_s(attempt, random=lambda: luck) <= ceiling


@given(attempt=st.integers(0, 6), luck=chance, other=chance)
def test_each_failure_waits_at_least_as_long_as_the_one_before(attempt: int, luck: float, other: float) -> None:
    assert BACKOFF.delay_s(attempt + 1, random=lambda: luck) >= BACKOFF.delay_s(attempt, random=lambda: other) - 1e-9


@pytest.mark.parametrize(("wish", "expected"), [(30, 30), (0, 0), (86_400, 3_600), (-5, 0)])
def test_the_peers_wish_is_kept_up_to_an_hour(wish: float, expected: float) -> None:
    assert BACKOFF.delay_s(9, random=lambda: 0.0, retry_after_s=wish) == expected


def test_phones_told_the_same_time_do_not_all_come_back_at_it() -> None:
    delays = {BACKOFF.delay_s(0, random=lambda luck=luck: luck / 10, retry_after_s=30) for luck in range(10)}
    assert len(delays) == 10
    assert min(delays) >= 30
