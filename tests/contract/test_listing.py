"""`_all_docs`: what lives, in the order of ids; and by name, dead or alive."""

from __future__ import annotations

from typing import Any

import pytest

from sync.database import Database
from tests.support.histories import graft, revision


def listed(database: Database, **how: Any) -> list[str]:
    return [row["id"] for row in database.all_docs(**how)["rows"]]


@pytest.fixture
def filled(database: Database) -> Database:
    database.bulk_docs([{"_id": doc_id, "n": doc_id} for doc_id in ("b", "a", "d", "c", "e")])
    rev = database.get("d")["_rev"]
    database.put({"_id": "d", "_rev": rev, "_deleted": True})
    return database


def test_the_living_are_listed_in_the_order_of_their_ids(filled: Database) -> None:
    answer = filled.all_docs()
    assert [row["id"] for row in answer["rows"]] == ["a", "b", "c", "e"]
    assert answer["total_rows"] == 4
    assert answer["rows"][0] == {"id": "a", "key": "a", "value": {"rev": filled.get("a")["_rev"]}}


def test_ids_are_ordered_as_bytes(database: Database) -> None:
    database.bulk_docs([{"_id": doc_id} for doc_id in ("é", "z", "Z", "a", "10", "9", "a:b", "a-b", "ab")])
    assert listed(database) == ["10", "9", "Z", "a", "a-b", "a:b", "ab", "z", "é"]


def test_a_range_has_two_ends(filled: Database) -> None:
    assert listed(filled, start_key="b") == ["b", "c", "e"]
    assert listed(filled, start_key="b", end_key="c") == ["b", "c"]
    assert listed(filled, start_key="b", end_key="c", inclusive_end=False) == ["b"]
    assert listed(filled, end_key="bb") == ["a", "b"]
    assert listed(filled, start_key="x") == []


def test_a_range_can_be_read_backwards(filled: Database) -> None:
    assert listed(filled, descending=True) == ["e", "c", "b", "a"]
    assert listed(filled, descending=True, start_key="c", end_key="b") == ["c", "b"]
    assert listed(filled, descending=True, start_key="c", end_key="b", inclusive_end=False) == ["c"]


def test_a_listing_can_be_paged(filled: Database) -> None:
    assert listed(filled, limit=2) == ["a", "b"]
    assert listed(filled, skip=1, limit=2) == ["b", "c"]
    assert listed(filled, skip=9) == []
    assert listed(filled, limit=0) == []


def test_named_documents_come_in_the_order_asked_dead_or_absent(filled: Database) -> None:
    rows = filled.all_docs(keys=["c", "absent", "d", "a", "c"], include_docs=True)["rows"]
    assert [row["key"] for row in rows] == ["c", "absent", "d", "a", "c"]
    assert rows[0]["doc"]["n"] == "c"
    assert rows[1] == {"key": "absent", "error": "not_found"}
    assert rows[2]["value"]["deleted"] is True
    assert rows[2]["doc"] is None


def test_documents_come_along_when_asked(database: Database) -> None:
    graft(database, revision("a", "2-b", "1-a", n=1), revision("a", "2-c", "1-a", n=2))
    (row,) = database.all_docs(include_docs=True, conflicts=True)["rows"]
    assert row["doc"] == {"_id": "a", "_rev": "2-c", "n": 2, "_conflicts": ["2-b"]}
