"""Whatever is done to a store and to the plain database in memory, in the same order: both give the same answers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.database import Database, Document
from sync.errors import DatabaseError
from sync.store import Store
from tests.support.memory import MemoryDatabase

IDS = ["a", "b", "é"]
REVS_LIMIT = 4  # low, so that stemming happens in short runs

Step = tuple[str, Any]


@st.composite
def attachments(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["x", "y"]), unique=True, max_size=2))
    kinds = {
        "bytes": lambda: {"content_type": "a/b", "data": draw(st.sampled_from([b"", b"1", b"22"]))},
        "stub": lambda: {"stub": True},
    }
    return {name: kinds[draw(st.sampled_from(["bytes", "bytes", "stub"]))]() for name in names}


@st.composite
def bodies(draw: st.DrawFn) -> Document:
    document: Document = {"_id": draw(st.sampled_from(IDS)), "n": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        document["_attachments"] = draw(attachments())
    if draw(st.integers(0, 3)) == 0:
        document["_deleted"] = True
    return document


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kind = draw(st.sampled_from(["edit", "edit", "graft", "graft", "local"]))
    if kind == "edit":
        return kind, (draw(bodies()), draw(st.integers(0, 2)))
    if kind == "local":
        return kind, draw(st.integers(0, 2))
    start = draw(st.integers(1, 6))
    hashes = [draw(st.sampled_from("pqr")) for _ in range(draw(st.integers(1, start)))]
    # One history for all: a revision's parent follows from its own name, so that paths never contradict one another.
    ids = [hashes[0]]
    while len(ids) < len(hashes):
        ids.append("pqr"[("pqr".index(ids[-1]) + start - len(ids)) % 3])
    return kind, {**draw(bodies()), "_rev": f"{start}-{ids[0]}", "_revisions": {"start": start, "ids": ids}}


def do(database: Database, step: Step) -> object:
    kind, what = step
    if kind == "graft":
        return database.bulk_docs([what], new_edits=False)
    if kind == "local":
        found = database.get_local("c")
        stale = {"_rev": "0-9"} if what == 2 else {}
        base = {} if found is None or what == 0 else {"_rev": found["_rev"]}
        try:
            return database.put_local("c", {"n": what, **base, **stale})
        except DatabaseError as error:
            return error.error
    document, leaf = what
    changes = database.changes(doc_ids=[document["_id"]], style="all_docs").results
    revs = [change["rev"] for row in changes for change in row["changes"]]
    if leaf < len(revs):
        document = {**document, "_rev": revs[leaf]}
    return database.bulk_docs([document])


def everything(database: Database) -> list[object]:
    feed = database.changes(style="all_docs", include_docs=True, conflicts=True, attachments=True)
    asked = [
        {"id": row["id"], "rev": f"{n}-{name}", "atts_since": ["2-p", "1-q"]}
        for row in feed.results
        for n in range(1, 7)
        for name in "pqr"
    ]
    asked += [{"id": row["id"], "rev": change["rev"]} for row in feed.results for change in row["changes"]]
    info = database.info()
    return [
        feed,
        database.changes(descending=True, limit=2),
        database.changes(1, limit=1, doc_ids=IDS),
        database.all_docs(include_docs=True, conflicts=True),
        database.all_docs(keys=[*IDS, "absent"], descending=True, skip=1, limit=3),
        database.all_docs(start_key="b", descending=True),
        database.revs_diff({each["id"]: [f"{n}-{name}" for n in range(1, 7) for name in "pqr"] for each in asked}),
        database.bulk_get(asked, revs=True, attachments=True),
        database.bulk_get([*asked, *({"id": doc_id} for doc_id in IDS)], latest=True),
        database.get_local("c"),
        (info["update_seq"], info["doc_count"], info["doc_del_count"]),
    ]


@settings(max_examples=150)
@given(st.lists(steps(), max_size=14))
def test_a_store_and_the_plain_database_never_differ(run: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "a.sqlite", revs_limit=REVS_LIMIT)
        memory = MemoryDatabase(revs_limit=REVS_LIMIT)
        for step in run:
            assert do(store, step) == do(memory, step)
        assert everything(store) == everything(memory)
        store.compact()
        assert everything(store) == everything(memory)
        store.check()
        store.close()
