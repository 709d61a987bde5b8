"""What replication must make equal at both ends: each document's winner, all its leaves, their bodies and bytes."""

from __future__ import annotations

import base64
from typing import Any

from sync.database import Database


def everything(database: Database) -> dict[str, Any]:
    """In the form that tests/peers/peer.js tells of a PouchDB."""
    found: dict[str, Any] = {}
    for row in database.changes(style="all_docs").results:
        revs = [leaf["rev"] for leaf in row["changes"]]
        answers = database.bulk_get([{"id": row["id"], "rev": rev} for rev in revs], revs=True)
        found[row["id"]] = {
            "winner": revs[0],
            "deleted": row.get("deleted", False),
            "leaves": {
                entry["ok"]["_rev"]: _leaf(database, entry["ok"]) for answer in answers for entry in answer["docs"]
            },
        }
    return found


def _leaf(database: Database, document: dict[str, Any]) -> dict[str, Any]:
    attachments = {
        name: base64.b64encode(database.attachment(document["_id"], name, rev=document["_rev"]).read()).decode()
        for name in document.get("_attachments", {})
    }
    return {
        "body": {name: value for name, value in document.items() if not name.startswith("_")},
        "attachments": attachments,
        "deleted": document.get("_deleted", False),
        "ids": document["_revisions"]["ids"],
    }
