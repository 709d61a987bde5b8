"""Revision trees agree with CouchDB's: any history, in any order of delivery, often and in pieces."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path as Folder
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.database import Database
from sync.store import Store
from tests.peers.couchdb import CouchDB
from tests.sync.test_revisions_in_any_order import History, histories

pytestmark = [pytest.mark.couchdb, pytest.mark.timeout(600)]

EXAMPLES = int(os.environ.get("THIDUA_TREES", "150"))
"""Histories a run; more by THIDUA_TREES."""

number = itertools.count(1)


@pytest.fixture(scope="module")
def there() -> Iterator[Database]:
    peer = CouchDB(os.environ["COUCHDB_URL"])
    yield peer.remote(peer.create(shards=1))
    peer.clean()


@pytest.fixture(scope="module")
def here() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Folder(folder) / "trees.sqlite")
        yield store
        store.close()


@st.composite
def told(draw: st.DrawFn) -> tuple[History, list[dict[str, Any]]]:
    """A history, and documents that tell it: each revision at least once, with its ancestors or some of them.

    Hashes are 32 hex digits, as ours and CouchDB's are. A piece has the parent at least: a path of one alone is a root
    to whoever hears it first.
    """
    history = draw(histories())
    revs = sorted(history.parents)
    order = draw(st.permutations(revs + draw(st.lists(st.sampled_from(revs), max_size=6))))
    documents = []
    for rev in order:
        path = history.path(rev, draw(st.sampled_from([None, None, 2, 3])))
        names = [each * 32 for each in path.hashes]
        documents.append(
            {
                "_rev": f"{rev.generation}-{names[0]}",
                "_revisions": {"start": rev.generation, "ids": names},
                "of": f"{rev}",
                **({"_deleted": True} if history.deleted[rev] else {}),
            }
        )
    return history, documents


def tree(database: Database, doc_id: str, asked: list[str]) -> dict[str, Any]:
    """All that a peer learns of a document's history."""
    (row,) = database.changes(doc_ids=[doc_id], style="all_docs").results
    (winner,) = database.changes(doc_ids=[doc_id]).results
    leaves = [leaf["rev"] for leaf in row["changes"]]
    answers = database.bulk_get([{"id": doc_id, "rev": rev} for rev in leaves], revs=True)
    found = {entry["ok"]["_rev"]: entry["ok"] for answer in answers for entry in answer["docs"]}
    missing = database.revs_diff({doc_id: asked})
    return {
        "winner": winner["changes"][0]["rev"],
        "deleted": winner.get("deleted", False),
        "leaves": leaves,
        "paths": {rev: found[rev]["_revisions"] for rev in leaves},
        "tombstones": {rev for rev in leaves if found[rev].get("_deleted")},
        "bodies": {rev: found[rev]["of"] for rev in leaves},
        "conflicts": None if winner.get("deleted") else database.get(doc_id, conflicts=True).get("_conflicts"),
        "missing": set(missing.get(doc_id, {}).get("missing", ())),
    }


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(told(), st.booleans())
def test_a_history_told_in_any_way_is_the_same_tree_in_both(
    here: Store, there: Database, history: tuple[History, list[dict[str, Any]]], at_once: bool
) -> None:
    _, documents = history
    doc_id = f"tree-{next(number)}"
    asked = [*{document["_rev"] for document in documents}, f"2-{'9' * 32}"]
    for database in (here, there):
        batch = [{"_id": doc_id, **document} for document in documents]
        for part in [batch] if at_once else [[each] for each in batch]:
            assert database.bulk_docs(part, new_edits=False) == []
    assert tree(here, doc_id, asked) == tree(there, doc_id, asked)
