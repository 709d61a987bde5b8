from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import schemas
from schemas.messages import codes, say

PACKAGE = Path(schemas.__file__).parent
USED = re.compile(
    r'(?:Fault|fault|Reason|Refused)\(\s*"([a-z-]+)"|Problem\(\s*[^,()]*(?:\([^)]*\))?[^,()]*,\s*"([a-z-]+)"'
)


def used_codes() -> set[str]:
    found = (match for path in PACKAGE.glob("*.py") for match in USED.findall(path.read_text(encoding="utf-8")))
    return {one or other for one, other in found}


def test_every_code_the_rules_use_has_a_sentence() -> None:
    assert len(used_codes()) > 80
    assert used_codes() - codes() == set()


@pytest.mark.parametrize("code", sorted(codes()))
def test_a_sentence_says_the_same_things_in_both_languages(code) -> None:
    entry = json.loads((PACKAGE / "sentences.json").read_text(encoding="utf-8"))[code]
    assert set(entry) == {"vi", "en"}
    names = [sorted(re.findall(r"{(\w+)}", text)) for text in entry.values()]
    assert names[0] == names[1]
    # What a criterion asks, the lines of a derivation and the names of rules and of matters are no sentences.
    if not code.startswith(("asks-", "explain-", "matter-", "rule-")):
        assert all(text.strip().endswith((".", "…")) for text in entry.values())


def test_sentences_stand_in_the_order_of_their_codes() -> None:
    text = (PACKAGE / "sentences.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_figures_are_written_as_the_reader_writes_them() -> None:
    params = {"max": "132.5", "given": "1000"}
    assert "132,5" in say("points-out-of-range", "vi", **params)
    assert "1.000" in say("points-out-of-range", "vi", **params)
    assert "132.5" in say("points-out-of-range", "en", **params)


def test_words_of_documents_are_translated_inside_a_sentence() -> None:
    assert "khiếu nại" in say("open-flag", "vi", kinds=("complaint",))


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        say("no-such-code", "vi")


def test_sections_and_criteria_are_said_as_people_number_them() -> None:
    sentence = say("section-below", "vi", section="ii", points="12.90", percent="70", max="40")
    assert sentence == "Nội dung II: 12,90 dưới 70% của 40."
    assert say("missing-criterion", "vi", criterion="i-3") == "Tiêu chí I.3 chưa có điểm."
