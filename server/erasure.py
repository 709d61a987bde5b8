"""Withholding carried out: a private part or a photo erased from every database, its hash and the reason left.

Tombstones are made from what they end, so that two servers erasing at once make one; then each database is compacted
and the bytes are gone. Phones learn of a part by its tombstone, of a photo by the decision. The decision comes first:
whatever is cut short after it, a sweep finishes. It must never know who may withhold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from schemas import ids
from schemas.evidence import parts_named
from server.backends import Backend
from server.board.view import GroupView
from server.board.views import Views
from server.problems import Missing
from sync import media
from sync.database import Database
from sync.documents import with_revision
from sync.errors import NotFound

LEAVES_MAX: Final = 50
"""Revisions of one document ended one after another; nobody but a fault makes more."""

_log = structlog.get_logger(__name__)


class Erasure:
    """For any number of threads; repeating it changes nothing."""

    def __init__(self, backend: Backend, views: Views) -> None:
        self._backend = backend
        self._views = views

    def require_held(self, view: GroupView, kind: str, sha256: str) -> None:
        """Raises Missing when nothing of the group carries this hash: a mistyped one must not look like an erasure."""
        if kind == "photo":
            named = sha256 in view.photos
        else:
            named = any(sha256 in parts_named(document) for document in view.documents.values())
        if named or any(_standing(self._backend.open(name), kind, sha256) for name in self._databases(view)):
            return
        raise Missing("nothing-to-withhold", {"sha256": sha256})

    def erase(self, group: str, year: int, kind: str, sha256: str) -> None:
        """End it in every database there is, whichever group's: one photo may stand in two."""
        self._erase(self._backend.names(), [(kind, sha256)], why=f"{group}/{year}")

    def finish(self, view: GroupView) -> None:
        """Erase what a decision withholds and is still here: a crash came between, or another server wrote it late."""
        withheld = [(kind, sha256) for kind, sha256 in sorted(view.withheld)]
        if withheld:
            self._erase(self._databases(view), withheld, why=f"{view.group}/{view.year}")

    def _erase(self, names: Iterable[str], withheld: Sequence[tuple[str, str]], *, why: str) -> None:
        for name in names:
            if name == ids.REGISTRY:
                continue
            database = self._backend.open(name)
            ended = sum(_end(database, kind, sha256) for kind, sha256 in withheld)
            if ended:
                self._backend.compact(name)
                _log.info("withheld.erased", database=name, documents=ended, group=why)

    def _databases(self, view: GroupView) -> list[str]:
        """Those of the group year that are there."""
        names = [ids.group_database(view.group, view.year), ids.media_database(view.group, view.year)]
        names += [ids.unit_database(unit, view.year) for unit in view.member_units]
        names += [ids.visit_database(visit) for visit in view.visits]
        return [name for name in names if self._backend.exists(name)]


def _standing(database: Database, kind: str, sha256: str) -> list[str]:
    """The ids under which it stands in a database."""
    keys = [ids.part_id(sha256)]
    found: list[str] = []
    if kind == "photo":
        keys = [media.photo_id(sha256), media.thumb_id(sha256), media.receipt_id(sha256)]
        for kind_of in ("chunk", "slice"):
            pieces = database.all_docs(start_key=f"{kind_of}:{sha256}:", end_key=f"{kind_of}:{sha256}:\ufff0")
            found += [row["id"] for row in pieces["rows"]]
    rows = database.all_docs(keys=keys)["rows"]
    return [row["id"] for row in rows if "error" not in row and not row["value"].get("deleted")] + found


def _end(database: Database, kind: str, sha256: str) -> int:
    """Tombstones on every revision that still lives; answers how many documents were ended."""
    found = _standing(database, kind, sha256)
    for doc_id in found:
        for _ in range(LEAVES_MAX):
            try:
                standing = database.get(doc_id)
            except NotFound:
                break
            ended = with_revision({"_id": doc_id, "_deleted": True}, parent=standing["_rev"])
            database.bulk_docs([ended], new_edits=False)
    return len(found)
