"""What needs no window: catalogues, contrast, icons, and where a stepper lands."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from mobile.__main__ import parser
from mobile.camera import pictures_in
from mobile.location import decimal, fix_from
from mobile.screens.phrases import brief_moment, date_range, megabytes, points
from mobile.theme.icons import ICONS
from mobile.theme.states import CRITERION_LOOK, STATE_LOOK
from mobile.theme.tokens import DARK, DARK_CONTRAST, LIGHT, LIGHT_CONTRAST, contrast_ratio
from mobile.widgets.steps import at_ratio, nudge, ratio_of
from schemas.figures import fraction, is_decimal

ROOT = Path(__file__).parents[3]
FONTS = ROOT / "mobile" / "theme" / "fonts"

spec = importlib.util.spec_from_file_location("messages", ROOT / "deploy" / "messages.py")
assert spec is not None
assert spec.loader is not None
messages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(messages)

VIETNAMESE = "ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_of_the_app_is_said_in_both_languages(language):
    assert messages.missing(language) == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_compiled_catalogue_says_what_the_written_one_says(language):
    import gettext

    with messages.po_file(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text in messages.texts():
        if isinstance(text, str):
            assert compiled.gettext(text) == messages.catalogue(language).get(text).string


def test_translations_keep_the_blanks_of_their_text():
    import string

    def blanks(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    catalogue = messages.catalogue("vi")
    for text in messages.texts():
        one = text if isinstance(text, str) else text[1]
        said = catalogue.get(text if isinstance(text, str) else text[0]).string
        assert blanks(said if isinstance(said, str) else said[0]) == blanks(one)


@pytest.mark.parametrize(("colours", "least"), [(LIGHT, 4.5), (DARK, 4.5), (LIGHT_CONTRAST, 7.0), (DARK_CONTRAST, 7.0)])
def test_text_stands_out_from_its_ground(colours, least):
    pairs = [(ink, ground) for ink in ("ink", "soft", "primary", "deep") for ground in ("background", "surface")]
    pairs += [(role, "surface") for role in ("good", "attention", "problem")]
    pairs += [("attention", "attention_tint"), ("problem", "problem_tint"), ("good", "good_tint")]
    pairs += [("deep", "tint"), ("ink", "tint"), ("ink", "attention_tint"), ("ink", "problem_tint")]
    pairs += [("primary_ink", "primary")]
    weak = {
        (ink, ground): round(contrast_ratio(getattr(colours, ink), getattr(colours, ground)), 2)
        for ink, ground in pairs
        if contrast_ratio(getattr(colours, ink), getattr(colours, ground)) < least
    }
    assert weak == {}


def test_every_state_has_an_icon_and_a_word():
    from mobile.i18n import state_word

    for state, (icon, _role) in STATE_LOOK.items():
        assert icon in ICONS
        assert state_word(state)
    assert all(icon in ICONS for icon, _role in CRITERION_LOOK.values())


def test_the_icon_font_holds_exactly_the_icons_named():
    assert set(TTFont(FONTS / "Icons.ttf").getBestCmap()) == set(ICONS.values())


@pytest.mark.parametrize("face", ["Regular", "SemiBold", "SemiBoldItalic", "Bold"])
def test_every_face_holds_every_vietnamese_letter(face):
    there = TTFont(FONTS / f"BeVietnamPro-{face}.ttf").getBestCmap()
    assert [letter for letter in VIETNAMESE + VIETNAMESE.upper() + "–·…“”−" if ord(letter) not in there] == []


def test_the_first_tap_lands_on_the_self_score_and_never_on_nought_by_accident():
    assert nudge(None, 1, step="0.5", limit="140", start="130") == "130"
    assert nudge(None, -1, step="0.5", limit="140") == "140"


def test_a_value_between_two_steps_moves_to_the_next_one():
    assert nudge("7.3", 1, step="0.5", limit="10") == "7.5"
    assert nudge("7.3", -1, step="0.5", limit="10") == "7"


@given(
    value=st.integers(0, 280).map(lambda n: str(n // 2) if n % 2 == 0 else f"{n // 2}.5"),
    direction=st.sampled_from([1, -1]),
)
def test_a_step_stays_between_nought_and_the_maximum(value, direction):
    there = nudge(value, direction, step="0.5", limit="140")
    assert is_decimal(there)
    assert 0 <= fraction(there) <= 140


@given(st.floats(0, 1))
def test_a_slider_lands_on_a_step_and_reaches_both_ends(ratio):
    there = at_ratio(ratio, step="0.5", limit="60")
    assert (fraction(there) * 2).denominator == 1
    assert at_ratio(1.0, step="0.5", limit="60") == "60"
    assert at_ratio(0.0, step="0.5", limit="60") == "0"
    assert abs(ratio_of(there, "60") - ratio) < 0.01


def test_dates_and_figures_are_written_as_offices_write_them():
    assert date_range("2024-10-08", "2024-10-09", "vi") == "08/10 – 09/10/2024"
    assert date_range("2024-12-31", "2025-01-01", "vi") == "31/12/2024 – 01/01/2025"
    assert points(None, "vi") == "–"
    assert megabytes(3_400_000_000, "vi") == "3,4 GB"
    assert megabytes(48_260_000, "en") == "48.3 MB"


def test_a_position_becomes_decimal_strings_without_a_float_in_them():
    fix = fix_from({"lat": 20.65, "lon": 106.0500004, "accuracy": 11.7})
    assert (fix.lat, fix.lon, fix.accuracy_m) == ("20.65", "106.05", "12")
    assert decimal(-0.0000001, 6) == "0"


def test_the_file_list_shows_folders_and_pictures_and_hides_the_rest(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    folders, pictures = pictures_in(tmp_path)
    assert [path.name for path in folders] == ["inner"]
    assert [path.name for path in pictures] == ["a.png", "b.JPG"]


def test_the_commands_size_is_two_numbers_or_a_sentence(capsys):
    assert parser().parse_args(["--size", "824x1784"]).size == (824, 1784)
    with pytest.raises(SystemExit):
        parser().parse_args(["--size", "big"])
    assert "412x892" in capsys.readouterr().err


def test_the_last_exchange_is_told_by_the_hour_today_and_by_the_day_before_that():
    assert brief_moment("2024-10-07T20:27:00Z", "2024-10-08T02:00:00Z") == "03:27"
    assert brief_moment("2024-10-07T04:27:00Z", "2024-10-08T02:00:00Z") == "07/10 11:27"
