"""Checkpoints carried from one replicator's name to another's: the ids differ by construction, the form must not."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

LISTED_MAX = 100
TIMEOUT_S = 30


def checkpoints(url: str) -> dict[str, dict[str, Any]]:
    """The `_local` documents of the database at `url`, by id."""
    listed = requests.get(f"{url}/_local_docs", params={"include_docs": "true", "limit": LISTED_MAX}, timeout=TIMEOUT_S)
    listed.raise_for_status()
    return {row["id"]: row["doc"] for row in listed.json()["rows"]}


def hand_on(url: str, *, known_as: str, to: str) -> None:
    """What one replicator remembers at this end, under the id by which another asks for its own."""
    kept = checkpoints(url)
    body = {name: value for name, value in kept[known_as].items() if name not in ("_id", "_rev")}
    rev = {"_rev": kept[to]["_rev"]} if to in kept else {}
    local = quote(to.removeprefix("_local/"), safe="")
    requests.put(f"{url}/_local/{local}", json={**body, **rev}, timeout=TIMEOUT_S).raise_for_status()
