"""What replication must make equal at both ends: each document's winner, all its leaves, their bodies and bytes."""

from __future__ import annotations

import base64
from typing import Any

from sync.database import Database


def everything(database: Database) -> dict[str, Any]:
    """In the form that tests/peers/peer.js tells of a PouchDB."""
    rows = database.changes(style="all_docs").results
    found: dict[str, Any] = {
        row["id"]: {"winner": row["changes"][0]["rev"], "deleted": row.get("deleted", False), "leaves": {}}
        for row in rows
    }
    asked = [{"id": row["id"], "rev": leaf["rev"]} for row in rows for leaf in row["changes"]]
    for answer in database.bulk_get(asked, revs=True):
        found[answer["id"]]["leaves"] |= {entry["ok"]["_rev"]: _leaf(database, entry["ok"]) for entry in answer["docs"]}
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
