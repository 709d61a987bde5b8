"""Views of group years, those read last kept until their group changes. All that reads a group asks here first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from schemas import ids
from server.backends import Backend
from server.board.view import GroupView
from server.problems import Missing
from server.projection import Projection
from sync.database import Database, Seq

KEPT_DOCUMENTS_MAX: Final = 40_000
"""With all that follows from it a document takes some 13 KB: half a gigabyte, forty group years of the largest size."""


class Views:
    """One view a group year, as new as the group's database. For any number of threads."""

    def __init__(
        self,
        backend: Backend,
        projection: Projection,
        *,
        follow: Callable[[str], None],
        documents_max: int = KEPT_DOCUMENTS_MAX,
    ) -> None:
        """`follow(name)` brings the projection up to a database's end: what was decided a moment ago is read. Of views
        with together more than `documents_max` documents, those that were asked for longest ago are let go.
        """
        self._backend = backend
        self._projection = projection
        self._follow = follow
        self._lock = threading.Lock()
        self._documents_max = documents_max
        self._kept: OrderedDict[str, tuple[str | None, Seq, GroupView]] = OrderedDict()
        """The one asked for last at the end. With the uuid of the database it was read from, since one made anew is
        read anew, and what that called its newest sequence: a CouchDB may spell one in many ways, but what has not
        changed it spells alike."""

    def view(self, group: str, year: int) -> GroupView:
        """Raises Missing."""
        name = _name_of(group, year)
        if name is None or not self._backend.exists(name):
            raise Missing("no-group-year")
        database = self._backend.open(name)
        info = database.info()
        uuid, newest, kept = self._kept.get(name, (None, 0, None))
        if uuid != info.get("uuid"):
            kept = None
        if kept is not None and info["update_seq"] in (newest, kept.seq):
            with self._lock:
                if name in self._kept:
                    self._kept.move_to_end(name)
            return kept
        self._follow(name)
        if kept is None:
            view = self._whole(group, year, name)
        elif kept.seq == self._projection.checkpoint(name):
            view = kept  # what was followed tells whether anything is new
        else:
            view = _advanced(kept, database)
        if ids.groupyear_id(group, year) not in view.documents:
            raise Missing("no-group-year")
        with self._lock:
            self._kept[name] = (info.get("uuid"), info["update_seq"], view)
            self._kept.move_to_end(name)
            self._let_go()
        return view

    def forget(self, group: str, year: int) -> None:
        """Read what stands now, and let nothing lie on of what was erased: neither in memory nor in the projection."""
        with self._lock:
            self._kept.pop(ids.group_database(group, year), None)
        self.view(group, year)
        self._projection.forget_erased()

    def _let_go(self) -> None:
        held = sum(len(view.documents) for _uuid, _newest, view in self._kept.values())
        while held > self._documents_max and len(self._kept) > 1:
            _name, (_uuid, _newest, view) = self._kept.popitem(last=False)
            held -= len(view.documents)

    def _whole(self, group: str, year: int, name: str) -> GroupView:
        return GroupView(group, year, *self._projection.documents(name))


def _advanced(kept: GroupView, database: Database) -> GroupView:
    """The view as the database stands now. What changed is read from it, and not the whole of the projection."""
    page = database.changes(kept.seq, include_docs=True)
    gone = [row["id"] for row in page.results if row.get("deleted")]
    return kept.advanced(page.last_seq, [row["doc"] for row in page.results if not row.get("deleted")], gone)


def _name_of(group: str, year: int) -> str | None:
    try:
        return ids.group_database(group, year)
    except ids.NotAnId:
        return None
