"""A database seen through a question: of its changes, those that pass. For replications of a part.

What is asked of a document is asked of its winner, as CouchDB does; what a caller may not read passes no question. It
must never know what the question means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sync.database import ChangesPage, Database, Seq, Style

Question = Callable[[dict[str, Any]], bool]


def kept(page: ChangesPage, passes: Question, limit: int | None) -> ChangesPage:
    """Of a page, the rows that pass, `limit` at most; what was cut off is pending again."""
    rows: list[dict[str, Any]] = []
    for at, row in enumerate(page.results):
        if limit is not None and len(rows) >= limit:
            left = None if page.pending is None else page.pending + len(page.results) - at
            return ChangesPage(rows, page.results[at - 1]["seq"], left)
        if passes(row):
            rows.append(row)
    return ChangesPage(rows, page.last_seq, page.pending)


class Selected:
    """`inner` as the source of a replication that copies what `passes`.

    `identity` is what makes the question the same question the next time, so that its checkpoint is its own. All but
    `info` and `changes` is the inner database's.
    """

    def __init__(self, inner: Database, passes: Question, *, identity: str) -> None:
        self._inner, self._passes = inner, passes
        self._identity = hashlib.sha256(identity.encode()).hexdigest()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def info(self) -> dict[str, Any]:
        info = self._inner.info()
        return {**info, "uuid": f"{info.get('uuid') or self._inner.name}?selector={self._identity}"}

    def changes_to_replicate(
        self, since: Seq, *, limit: int, doc_ids: Sequence[str] | None, wait_s: float
    ) -> ChangesPage:
        """As any page: where one is cut, the sequence of its last row is what is gone on from."""
        return self.changes(since, limit=limit, style="all_docs", doc_ids=doc_ids, wait_s=wait_s)

    def changes(
        self,
        since: Seq = 0,
        *,
        limit: int | None = None,
        style: Style = "main_only",
        doc_ids: Sequence[str] | None = None,
        wait_s: float = 0.0,
    ) -> ChangesPage:
        """A full page where there is one: a short one means that there is no more."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._inner.changes(
                since, limit=limit, style=style, include_docs=True, doc_ids=doc_ids, wait_s=0.0 if found else wait_s
            )
            asked, given = limit, len(page.results)
            page = kept(page, self._passes, None if limit is None else limit - len(found))
            found += [{name: value for name, value in row.items() if name != "doc"} for row in page.results]
            full = limit is not None and len(found) >= limit
            if full or page.pending == 0 or asked is None or given < asked:
                return replace(page, results=found)
            since = page.last_seq
