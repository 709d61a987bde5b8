"""docs/rules.md names functions and tests that are there."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| `([a-z_]+)\.([A-Za-z_.]+)` \| (.+) \|$", PAGE, re.MULTILINE)


def test_every_rule_from_the_kinds_to_units_that_change_has_its_rows() -> None:
    rules = {rule for sentence, *_ in ROWS for rule in re.findall(r"\d(?:\.\d+)?", sentence.partition(" · ")[0])}
    assert rules >= {"4", "6", *(f"5.{number}" for number in range(1, 11))}


@pytest.mark.parametrize(("sentence", "module", "name", "tests"), ROWS, ids=[row[0][:40] for row in ROWS])
def test_a_sentence_is_held_by_what_the_page_names(sentence: str, module: str, name: str, tests: str) -> None:
    found = reduce(getattr, name.split("."), importlib.import_module(f"schemas.{module}"))
    assert callable(found) or isinstance(found, property), sentence
    named = re.findall(r"`(test_[a-z0-9_]+)::(test_[a-z0-9_]+)`", tests)
    assert named, sentence
    for file, test in named:
        source = (ROOT / "tests" / "schemas" / f"{file}.py").read_text(encoding="utf-8")
        assert f"def {test}(" in source, f"{file}::{test}"
