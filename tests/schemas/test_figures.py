from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.figures import (
    decimal_string,
    fixed_string,
    format_date,
    format_points,
    format_time,
    is_decimal,
    local_day,
    parse_points,
    round_half_up,
)


@pytest.mark.parametrize("text", ["0", "7", "132.5", "-3.25", "1000", "0.000001", "999999999999"])
def test_a_canonical_decimal_is_accepted(text) -> None:
    assert is_decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-0", "00", "07", "7.", ".5", "7.0", "132.50", "1e3", "1E3", "+7", "NaN", "Infinity", " 7", "7 ", "7\n"),
        *("٧", "1_0", "0x1", "1,5", "1000000000000", "0.0000001"),
    ],
)
def test_any_other_spelling_is_refused(text) -> None:
    assert not is_decimal(text)


@pytest.mark.parametrize(
    ("value", "locale", "shown"),
    [
        ("7.5", "vi", "7,5"),
        ("7.5", "en", "7.5"),
        ("1000", "vi", "1.000"),
        ("1000", "en", "1,000"),
        ("-1234567.25", "vi", "-1.234.567,25"),
        (Fraction(1, 3), "vi", "0,33"),
        (Fraction(968), "vi", "968"),
    ],
)
def test_points_are_shown_as_the_locale_writes_them(value, locale, shown) -> None:
    assert format_points(value, locale) == shown


def test_totals_keep_their_two_decimals() -> None:
    assert format_points(Fraction(968), "vi", places=2) == "968,00"
    assert fixed_string(Fraction(-1, 200)) == "-0.01"


@pytest.mark.parametrize(
    ("typed", "locale", "text"),
    [
        ("7,5", "vi", "7.5"),
        ("7.5", "vi", "7.5"),
        ("1.000", "vi", "1000"),
        ("1.000", "en", "1"),
        ("1,000", "en", "1000"),
        ("1.234,50", "vi", "1234.5"),
        (" 12 ", "vi", "12"),
        ("007", "vi", "7"),
        ("-0", "vi", "0"),
    ],
)
def test_what_a_person_types_becomes_canonical(typed, locale, text) -> None:
    assert parse_points(typed, locale) == text


@pytest.mark.parametrize("typed", ["", "bảy", "1,2,3", "1e3", "--1", "0.12345678", "9999999999999", "1.2.3"])
def test_what_is_no_clear_number_is_refused(typed) -> None:
    with pytest.raises(ValueError, match=r"number|digits"):
        parse_points(typed, "vi")


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=500), st.sampled_from(["vi", "en"]))
def test_what_is_shown_with_six_decimals_at_most_reads_back(value, locale) -> None:
    text = decimal_string(value)
    assert is_decimal(text)
    if Fraction(text) == value:
        # One reading is ambiguous by design: three decimals look like thousands in the other locale, never in its own.
        assert parse_points(format_points(value, locale), locale) == text


@given(st.fractions(min_value=-100, max_value=100, max_denominator=1000))
def test_rounding_is_half_up_and_never_off_by_more_than_half_a_hundredth(value) -> None:
    rounded = round_half_up(value)
    assert abs(rounded - value) <= Fraction(1, 200)
    assert (rounded * 100).denominator == 1


@pytest.mark.parametrize(("exact", "rounded"), [("3.125", "3.13"), ("-3.125", "-3.13"), ("0.005", "0.01"), ("2", "2")])
def test_halves_go_away_from_zero(exact, rounded) -> None:
    assert round_half_up(Fraction(exact)) == Fraction(rounded)


def test_days_are_those_of_viet_nam() -> None:
    assert local_day("2024-10-31T17:00:00Z").isoformat() == "2024-11-01"
    assert format_date("2024-10-08") == "08/10/2024"
    assert format_time("2024-10-08T07:02:59Z") == "14:02 08/10/2024"


def test_the_calendars_last_hours_have_a_day_and_a_time_like_any_other() -> None:
    assert local_day("9999-12-31T23:59:59Z") == date(9999, 12, 31)
    assert format_time("9999-12-31T23:59:59Z") == "23:59 31/12/9999"
