"""The benchmark of replication runs with whoever is there, and tells who was how fast."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import corpus, replication


def test_contenders_carry_every_document_and_stand_in_one_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUCHDB_URL", raising=False)
    monkeypatch.setattr(replication, "BARE", [(10, 2)])
    replication.main(["--documents", "30", "--rounds", "1", "--only", "push to our server"])
    told = capsys.readouterr().out
    rows = re.findall(r"^\| push to our server \| (\S[^|]*) \| [\d,]+ \|.*\| ([\d,]+) \| [\d.]+ \|", told, re.MULTILINE)
    requests = {who: int(count) for who, count in rows}
    assert requests["bare 10×2"] == 3
    assert set(requests) >= {"ours", "ours, gzip"}


def test_twenty_phones_are_held_against_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUCHDB_URL", raising=False)
    replication.main(["--documents", "20", "--rounds", "1", "--phones", "2", "--only", "phones"])
    told = capsys.readouterr().out
    assert "| 1 × 8 push |" in told
    assert "| 2 × 4 pull |" in told


def test_documents_are_the_same_in_every_run_and_of_one_kilobyte() -> None:
    first, again = list(corpus.documents(20)), list(corpus.documents(20))
    assert first == again
    assert {len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode()) for each in first} == {1024}
    assert len({each["_id"] for each in first}) == 20
