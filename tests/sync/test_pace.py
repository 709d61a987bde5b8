"""The size of requests follows the line: up while answers are quick, down when they are slow, cut or refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.pace import BYTES_MAX, BYTES_MIN, DOCS_MAX, TARGET_S, Pace

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("answered"), st.integers(1, 2_000), st.integers(0, 10**7), st.floats(0, 600)),
        st.tuples(st.just("broken")),
        st.tuples(st.just("too large"), st.integers(1, 2_000), st.integers(0, 10**7)),
    ),
    max_size=60,
)


def after(pace: Pace, told: tuple) -> Pace:
    match told:
        case ("answered", docs, bytes_, took_s):
            return pace.answered(docs=docs, bytes_=bytes_, took_s=took_s)
        case ("broken",):
            return pace.broken()
        case (_, docs, bytes_):
            return pace.too_large(docs=docs, bytes_=bytes_)


@given(happenings)
def test_a_request_is_never_empty_nor_beyond_its_limits(told):
    pace = Pace()
    for each in told:
        pace = after(pace, each)
        assert 1 <= pace.room() <= pace.docs <= DOCS_MAX
        assert BYTES_MIN <= pace.bytes_aim <= pace.bytes_ceiling <= BYTES_MAX


def test_requests_that_are_under_way_at_once_share_what_memory_there_is() -> None:
    many_small = Pace(docs=DOCS_MAX, bytes_aim=BYTES_MAX, doc_bytes=1)
    few_large = Pace(docs=DOCS_MAX, bytes_aim=BYTES_MAX, doc_bytes=BYTES_MAX // 100)
    assert [pace.room(5) for pace in (many_small, few_large)] == [DOCS_MAX // 5, 20]
    assert Pace(doc_bytes=10 * BYTES_MAX).room(5) == 1


@given(happenings, st.integers(1, 2_000), st.integers(0, 10**7))
def test_a_cut_makes_nothing_larger_and_what_was_too_large_is_not_asked_again(told, docs, bytes_):
    pace = Pace()
    for each in told:
        pace = after(pace, each)
    cut = pace.broken()
    assert cut.docs <= pace.docs
    assert cut.bytes_aim <= pace.bytes_aim
    refused = pace.too_large(docs=docs, bytes_=bytes_)
    for _ in range(30):
        refused = refused.answered(docs=refused.docs, bytes_=refused.bytes_aim, took_s=0.0)
        assert refused.bytes_aim <= max(BYTES_MIN, bytes_ // 2)


@given(bytes_per_s=st.floats(500, 10**8), round_trip_s=st.floats(0, 1), doc_bytes=st.integers(100, 20_000))
def test_on_any_steady_line_a_request_ends_up_near_its_time(bytes_per_s, round_trip_s, doc_bytes):
    """Neither longer than twice the aim, unless it is as small as it gets, nor far shorter, unless as large."""
    pace = Pace()
    took_s = 0.0
    for _ in range(40):
        docs = max(1, min(pace.docs, pace.bytes_aim // doc_bytes))
        took_s = round_trip_s + docs * doc_bytes / bytes_per_s
        pace = pace.answered(docs=docs, bytes_=docs * doc_bytes, took_s=took_s)
    docs = max(1, min(pace.docs, pace.bytes_aim // doc_bytes))
    took_s = round_trip_s + docs * doc_bytes / bytes_per_s
    smallest = docs == 1 or docs * doc_bytes <= BYTES_MIN
    largest = docs == DOCS_MAX or (docs + 1) * doc_bytes > BYTES_MAX
    assert took_s <= 2 * TARGET_S or smallest
    assert took_s * 4 >= TARGET_S or largest


@given(happenings)
def test_a_dead_line_is_asked_for_the_least_within_a_dozen_cuts(told):
    pace = Pace()
    for each in told:
        pace = after(pace, each)
    for _ in range(12):
        pace = pace.broken()
    assert (pace.docs, pace.bytes_aim, pace.shaky) == (1, BYTES_MIN, True)
