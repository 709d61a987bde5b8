"""What a broken line costs stays small against what it carries."""

from __future__ import annotations

import random

from mobile.bites import CHUNKS_AT_ONCE_MAX, REQUEST_S, SLICES_A_CHUNK, Bites
from sync.media import SLICE_BYTES


def test_a_line_that_holds_carries_more_at_once_and_a_slow_one_no_less_than_a_chunk():
    bites = Bites()
    assert bites.chunks == 1
    for _ in range(10):
        bites.passed(bites.slices, took_s=0.1)
    assert bites.chunks == CHUNKS_AT_ONCE_MAX
    for _ in range(10):
        bites.passed(bites.slices, took_s=REQUEST_S)
    assert bites.chunks == 1


def test_a_request_that_was_not_full_says_nothing_about_a_full_one():
    bites = Bites()
    bites.passed(1, took_s=0.1)
    assert bites.chunks == 1


def test_over_a_line_that_keeps_breaking_one_byte_in_ten_at_most_is_lost():
    bites, chance = Bites(), random.Random(1)
    carried = lost = 0
    to_cut = chance.expovariate(1 / 100_000)
    while carried < 20_000_000:
        size = bites.slices * SLICE_BYTES
        if size < to_cut:
            to_cut -= size
            carried += size
            bites.passed(bites.slices, took_s=size / 8_000)
        else:
            lost += to_cut
            to_cut = chance.expovariate(1 / 100_000)
            bites.cut()
    assert lost / carried < 0.1


def test_a_line_that_got_well_is_believed_again():
    bites = Bites()
    for _ in range(20):
        bites.cut()
    assert bites.slices == 1
    for _ in range(3_000):
        bites.passed(bites.slices, took_s=0.1)
    assert bites.slices >= SLICES_A_CHUNK
