"""Revisions by hand: small histories to graft where a test needs a certain tree."""

from __future__ import annotations

from typing import Any

from sync.database import Database, Document


def revision(doc_id: str, *path: str, deleted: bool = False, **members: Any) -> Document:
    """A replicated document; `path` is newest first, as `"3-c", "2-b", "1-a"`."""
    start = int(path[0].split("-")[0])
    document: Document = {
        "_id": doc_id,
        "_rev": path[0],
        "_revisions": {"start": start, "ids": [rev.split("-", 1)[1] for rev in path]},
        **members,
    }
    if deleted:
        document["_deleted"] = True
    return document


def graft(database: Database, *documents: Document) -> None:
    """Write replicated revisions and insist that all were taken."""
    assert database.bulk_docs(documents, new_edits=False) == []


def leaves(database: Database, doc_id: str) -> list[str]:
    """All leaf revisions as `_changes` tells them, winner first."""
    (row,) = database.changes(doc_ids=[doc_id], style="all_docs").results
    return [change["rev"] for change in row["changes"]]
