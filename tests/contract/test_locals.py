"""`_local` documents: checkpoints and the like, at home here and never replicated."""

from __future__ import annotations

import pytest

from sync.database import Database
from sync.errors import Conflict, NotFound


def test_a_local_document_is_read_as_it_was_written(database: Database) -> None:
    assert database.get_local("checkpoint") is None
    rev = database.put_local("checkpoint", {"last_seq": "12-abc", "history": [{"n": 1}]})
    assert rev == "0-1"
    found = database.get_local("checkpoint")
    assert found == {"_id": "_local/checkpoint", "_rev": "0-1", "last_seq": "12-abc", "history": [{"n": 1}]}


def test_a_local_document_is_written_again_on_top_of_its_revision(database: Database) -> None:
    first = database.put_local("c", {"n": 1})
    second = database.put_local("c", {"_id": "_local/c", "_rev": first, "n": 2})
    assert second == "0-2"
    found = database.get_local("c")
    assert found is not None
    assert (found["_rev"], found["n"]) == ("0-2", 2)


def test_a_local_document_is_not_written_over_by_who_has_not_read_it(database: Database) -> None:
    first = database.put_local("c", {"n": 1})
    with pytest.raises(Conflict):
        database.put_local("c", {"n": 2})
    database.put_local("c", {"_rev": first, "n": 2})
    with pytest.raises(Conflict):
        database.put_local("c", {"_rev": first, "n": 3})
    found = database.get_local("c")
    assert found is not None
    assert found["n"] == 2


def test_local_documents_stay_out_of_feed_and_listing(database: Database) -> None:
    before = database.info()
    database.put_local("c", {"n": 1})
    assert database.changes().results == []
    assert database.all_docs()["rows"] == []
    assert database.info()["doc_count"] == before["doc_count"]


@pytest.mark.parametrize("local_id", ["a~b=", "Nghệ An", "with/slash", "x" * 200])
def test_a_local_id_may_be_any_text(database: Database, local_id: str) -> None:
    database.put_local(local_id, {"n": 1})
    found = database.get_local(local_id)
    assert found is not None
    assert found["_id"] == f"_local/{local_id}"


def test_a_local_document_can_be_read_and_written_as_a_document(database: Database) -> None:
    with pytest.raises(NotFound):
        database.get("_local/c")
    assert database.put({"_id": "_local/c", "n": 1}) == "0-1"
    assert database.get("_local/c")["n"] == 1


def test_local_documents_are_listed_by_id(database: Database) -> None:
    assert database.local_ids() == []
    for local_id in ("b", "a/c", "a"):
        database.put_local(local_id, {})
    assert database.local_ids() == ["a", "a/c", "b"]
