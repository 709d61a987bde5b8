"""Every sentence exists in both languages, and the language switches under open screens."""

from __future__ import annotations

import string

import pytest

from mobile import i18n
from mobile.messages import MESSAGES, say


@pytest.fixture(autouse=True)
def _back_to_vietnamese():
    yield
    i18n.set_language("vi")


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_a_message_is_said_in_vietnamese_and_in_english(code):
    params = {name: "5" for _, name, _, _ in string.Formatter().parse(MESSAGES[code]) if name}
    i18n.set_language("en")
    english = say(code, **params)
    i18n.set_language("vi")
    vietnamese = say(code, **params)

    assert english == MESSAGES[code].format(**params)
    assert vietnamese != english
    assert any(ord(letter) > 127 for letter in vietnamese)


def test_each_state_has_its_word_in_both_languages():
    words = {}
    for locale in i18n.LOCALES:
        i18n.set_language(locale)
        words[locale] = [i18n.state_word(state) for state in i18n.STATE_WORDS]
    assert words["en"] != words["vi"]
    assert words["vi"][0] == "Nháp"
    assert len(set(words["vi"])) == len(i18n.STATE_WORDS)


def test_open_screens_are_told_of_a_switch_once_and_until_they_close():
    heard = []
    stop = i18n.on_change(heard.append)
    i18n.set_language("en")
    i18n.set_language("en")
    stop()
    i18n.set_language("vi")

    assert heard == ["en"]


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(ValueError):
        i18n.set_language("fr")
    assert i18n.language() == "vi"


def test_an_empty_text_stays_empty():
    assert i18n._("") == ""
