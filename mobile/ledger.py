"""What the server holds of each document, as far as this phone knows: read once, asked many times.

A document is there when the last push passed its sequence and it was not refused. A photo is safe when the server has
confirmed the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mobile import account, photos, refusals
from mobile.cards import State
from mobile.local import Local
from mobile.photos import Way
from mobile.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record stands: its state, how much of it is over there, and why not."""

    state: State
    percent: int | None = None
    reason: str = ""


@dataclass
class Ledger:
    """What has crossed, read from `local` as asked. Use a fresh one for each answer given to a screen."""

    local: Local
    _unsent: dict[str, frozenset[str]] = field(default_factory=dict)
    _refused: dict[tuple[str, str], Refusal] | None = None
    _ways: dict[tuple[str, str], Way] = field(default_factory=dict)
    _devices: frozenset[str] | None = None

    def unsent(self, database: str) -> frozenset[str]:
        """Ids of the database that changed since the last push that succeeded."""
        if database not in self._unsent:
            if database in self.local.stores:
                way = self.local.read(f"way:{database}") or {}
                page = self.local.stores.open(database).changes(way.get("pushed", 0))
                self._unsent[database] = frozenset(row["id"] for row in page.results)
            else:
                self._unsent[database] = frozenset()
        return self._unsent[database]

    def refusal(self, database: str, doc_id: str) -> Refusal | None:
        """Why the server does not take this document."""
        return self.refusals.get((database, doc_id))

    @property
    def refusals(self) -> Mapping[tuple[str, str], Refusal]:
        if self._refused is None:
            self._refused = {(each.database, each.id): each for each in refusals.known(self.local)}
        return self._refused

    def way(self, media: str, sha256: str) -> Way:
        """How far a photo is on its way to the `m-` database `media`."""
        if (media, sha256) not in self._ways:
            self._ways[media, sha256] = photos.way(self.local, media, sha256)
        return self._ways[media, sha256]

    @property
    def devices(self) -> frozenset[str]:
        """Every device this phone has been."""
        if self._devices is None:
            self._devices = account.devices(self.local)
        return self._devices

    def made_here(self, document: Mapping[str, Any]) -> bool:
        """Was it made on this phone? What was not came from the server, and is there."""
        return document["made"]["device"] in self.devices

    def documents(self, database: str, doc_ids: Iterable[str], *, ours: bool = True) -> Standing:
        """Where these documents stand together: refused, sending or sent. What is not `ours` is never sending."""
        named = list(doc_ids)
        for doc_id in named:
            refusal = self.refusal(database, doc_id)
            if refusal is not None:
                return Standing("refused", reason=refusal.reason)
        waiting = ours and sum(doc_id in self.unsent(database) for doc_id in named)
        if waiting:
            return Standing("sending", percent=(len(named) - waiting) * 100 // len(named))
        return Standing("sent")

    def evidence(
        self, database: str, media: str, doc_ids: Sequence[str], shots: Sequence[str], *, here: bool, ours: bool
    ) -> Standing:
        """Where a piece of evidence stands, its photos counted; `here`: they were captured on this phone, `ours`: the
        record was made on it.
        """
        documents = self.documents(database, doc_ids, ours=here or ours)
        if documents.state == "refused":
            return documents
        if not here:
            return documents
        for shot in shots:
            for name in (f"photo:{shot}", f"thumb:{shot}"):
                refusal = self.refusal(media, name)
                if refusal is not None:
                    return Standing("refused", reason=refusal.reason)
        ways = [self.way(media, shot) for shot in shots]
        if documents.state == "sent" and all(way.safe for way in ways):
            return Standing("verified")
        waiting = sum(doc_id in self.unsent(database) for doc_id in doc_ids)
        of = len(doc_ids) + sum(way.of for way in ways)
        have = len(doc_ids) - waiting + sum(way.have for way in ways)
        if documents.state == "sent" and have >= of:
            return Standing("sent")
        return Standing("sending", percent=min(99, have * 100 // of))
