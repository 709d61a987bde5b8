"""docs/running.md: who types what it prints has an installation."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")


def printed(pattern: str) -> str:
    found = re.search(rf"```\w*\n({pattern}.*?)```", PAGE, re.DOTALL)
    assert found is not None, pattern
    return found[1]


def test_the_first_year_is_made_by_the_commands_and_files_that_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("units.csv").write_text(printed("unit,"), encoding="utf-8")
    Path("cum-9-2026.json").write_text(printed(r"\{\"groupyear"), encoding="utf-8")
    told = {"THIDUA_DATA": "data", "THIDUA_PASSWORD": "", "LC_ALL": "C.UTF-8"}
    commands = [
        shlex.split(line, comments=True)[1:] for line in printed("python3").splitlines() if line[:7] == "thidua "
    ]
    assert [words[0] for words in commands if words[0] != "serve"] == [
        "init", "units", "group", "user", "user", "enrol", "doctor",
    ]  # fmt: skip
    for words in commands:
        if words[0] != "serve":
            typed = "mot mat khau dai\n" * 2 if words[:2] == ["user", "add"] else None
            outcome = CliRunner().invoke(main, words, input=typed, env=told)
            assert outcome.exit_code == 0, (words, outcome.output)
