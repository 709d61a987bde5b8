"""The outbox: every record of this phone with its state, and how much has not reached the server.

Only what this account made is counted; what others of the unit or the team sent is theirs to follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mobile import minutes, photos, replies, submitting
from mobile.book import Book, Library, heads_of, unit_name
from mobile.cards import EvidenceCard, SentItem, State
from mobile.checklists import Checklists
from mobile.drafts import Key
from mobile.evidences import Shelf
from mobile.i18n import _
from mobile.ledger import Ledger
from mobile.local import Local, bare, found, listed
from mobile.problems import UnknownChecklist
from mobile.tools import Tools
from schemas import checklist, evidence, ids
from schemas.merge import join
from sync import media
from sync.database import Document


@dataclass(frozen=True, slots=True)
class Outbox:
    """In one language, with one reading of the ledger."""

    tools: Tools
    library: Library
    ledger: Ledger
    locale: str
    checklists: Checklists

    def items(self) -> list[SentItem]:
        """Everything, newest first."""
        found_here = [*self._submissions(), *self._drafts(), *self._evidence(), *self._minutes_and_replies()]
        shown = {item.id for item in found_here}
        found_here += [
            SentItem(
                id=refusal.id,
                what="other",
                key=None,
                title=_("Part of a record"),
                detail=refusal.id,
                at=refusal.at,
                state="refused",
                percent=None,
                reason=refusal.reason,
            )
            for refusal in self.ledger.refusals.values()
            if refusal.id not in shown and not self._beside_shown(refusal.database, refusal.id, found_here)
        ]
        return sorted(found_here, key=lambda item: (item.at, item.id), reverse=True)

    def sent_count(self) -> int:
        """Submissions of this account that the server holds."""
        return sum(item.state in ("sent", "verified", "returned") for item in self._submissions())

    def _submissions(self) -> Iterator[SentItem]:
        account = self.tools.account.account
        for database in _homes(self.tools.local):
            submissions = listed(self.tools.local.stores.open(database), "submission:")
            heads = {head["_id"] for head in heads_of(submissions)}
            for document in submissions:
                if document["by"] != account:
                    continue
                key = Key(database, _draft_of(document["_id"]))
                try:
                    book: Book | None = self.checklists.book_of(key)
                except UnknownChecklist:
                    book = None
                state, percent, reason = self._submission_state(key, book, document)
                superseded = document["_id"] not in heads
                yield SentItem(
                    id=document["_id"],
                    what="checklist",
                    key=str(key),
                    title=self._title(document, book),
                    detail=_("Replaced by a later one") if superseded else "",
                    at=document["made"]["at"],
                    state=state if not superseded or state != "returned" else "verified",
                    percent=percent,
                    reason=reason,
                )

    def _submission_state(self, key: Key, book: Book | None, document: Document) -> tuple[State, int | None, str]:
        if book is not None and document["_id"] in book.submissions:
            for criterion in document["answers"]:
                decision = book.returned(document["unit"], criterion)
                if decision is not None and decision["value"]["submission"] == document["_id"]:
                    group = ids.group_database(book.group, book.year)
                    return "returned", None, self.library.text(decision["reason"], group, key.database)
            return "verified", None, ""
        standing = self.ledger.documents(
            key.database, submitting.documents_of(document), ours=self.ledger.made_here(document)
        )
        return standing.state, standing.percent, standing.reason

    def _drafts(self) -> Iterator[SentItem]:
        """Checklists with something a person still has to submit or to choose."""
        for database in _homes(self.tools.local):
            for document in listed(self.tools.local.stores.open(database), "draft:"):
                key = Key(database, document["_id"])
                try:
                    view = self.checklists.view(key, self.ledger)
                except UnknownChecklist:
                    continue
                if view.state not in ("draft", "incomplete", "ready", "disputed") or not view.editable:
                    continue
                yield SentItem(
                    id=document["_id"],
                    what="checklist",
                    key=str(key),
                    title=self._title(document, self.checklists.book_of(key)),
                    detail="",
                    at=_last_touched(document),
                    state=view.state,
                    percent=None,
                    reason="",
                )

    def _evidence(self) -> Iterator[SentItem]:
        shelf = Shelf(self.tools, self.library, self.ledger, self.locale)
        for card in shelf.cards(_homes(self.tools.local)):
            if card.mine:
                yield _evidence_item(card)

    def _minutes_and_replies(self) -> Iterator[SentItem]:
        account = self.tools.account
        for database in _homes(self.tools.local):
            store = self.tools.local.stores.open(database)
            for document in (*listed(store, "minutes:"), *listed(store, "reply:")):
                if document["by"] != account.account:
                    continue
                book = self.library.book(document["group"], document["year"])
                of_visit = document["type"] == "minutes"
                unit = unit_name(book, account, document["unit"], self.locale)
                standing = self.ledger.documents(
                    database, submitting.documents_of(document), ours=self.ledger.made_here(document)
                )
                there = book is not None and document["_id"] in (book.minutes if of_visit else book.replies)
                yield SentItem(
                    id=document["_id"],
                    what="minutes" if of_visit else "reply",
                    key=None,
                    title=f"{_('Minutes') if of_visit else _('Reply')} · {unit} · {document['year']}",
                    detail="" if of_visit else document["criterion"].upper().replace("-", "."),
                    at=document["made"]["at"],
                    state="verified" if there else standing.state,
                    percent=None if there else standing.percent,
                    reason="" if there else standing.reason,
                )

    def _title(self, document: Document, book: Book | None) -> str:
        unit = unit_name(book, self.tools.account, document["unit"], self.locale)
        word = _("Self-score") if document["stage"] == "self" else _("Cross-inspection")
        return f"{word} · {unit} · {document['year']}"

    def _beside_shown(self, database: str, doc_id: str, items: list[SentItem]) -> bool:
        """Is this refused document part of an item that is shown as refused for it already?"""
        refused = {item.id for item in items if item.state == "refused"}
        for shown in refused:
            if database in self.tools.local.stores:
                document = found(self.tools.local.stores.open(database), shown) or {}
                if document and doc_id in submitting.documents_of(document):
                    return True
        return doc_id.startswith(("photo:", "thumb:", "chunk:", "slice:"))


def unsent(tools: Tools, ledger: Ledger) -> int:
    """How many checklists, minutes, replies and pieces of evidence made on this phone the server does not hold whole.

    What came from the server is there: it is not counted, whether or not a push has passed it since.
    """
    account, count = tools.account, minutes.writing(tools.local) + replies.writing(tools.local)
    for database in _homes(tools.local):
        changed = ledger.unsent(database)
        store = tools.local.stores.open(database)
        refused = {doc_id for (at, doc_id) in ledger.refusals if at == database}
        for doc_id in changed | refused:
            kind = ids.type_of(doc_id)
            if kind not in ("draft", "submission", "minutes", "reply"):
                continue
            document = found(store, doc_id)
            if document is None:
                continue
            if kind == "draft":
                count += not ledger.devices.isdisjoint(_devices(document))
            else:
                count += document["by"] == account.account and ledger.made_here(document)
        for document in listed(store, "evidence:"):
            if document["by"] == account.account and not _evidence_over_there(ledger, database, document):
                count += 1
    return count


def unsent_documents(tools: Tools, ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Every document, of whatever kind, that has not crossed or was refused: for a file a person can carry.

    One after another: photos that wait may be a gigabyte. Minutes and replies that were begun lie in the device's own
    store until they are sent: nobody but this phone has them.
    """
    for begun in (*tools.local.list("minutes:"), *tools.local.list("reply:")):
        yield {"database": tools.local.device.name, "document": begun}
    for database in (name for name in tools.local.stores.names() if name[:2] in ("u-", "v-", "m-")):
        store = tools.local.stores.open(database)
        refused = {doc_id for (at, doc_id) in ledger.refusals if at == database}
        if database.startswith("m-"):
            waiting = {
                doc_id
                for name in photos.names_in(store)
                if not ledger.way(database, name).safe
                for doc_id in media.ids_in_order(name, int(store.get(media.photo_id(name))["bytes"]))
            }
        else:
            waiting = set(ledger.unsent(database))
        for doc_id in sorted(waiting | refused):
            answers = store.bulk_get([{"id": doc_id}], revs=True, attachments=True)
            for answer in answers:
                for entry in answer["docs"]:
                    if "ok" in entry:
                        yield {"database": database, "document": entry["ok"]}


def _evidence_over_there(ledger: Ledger, database: str, document: Document) -> bool:
    named = [document["_id"], *(ids.part_id(part) for part in evidence.parts_named(document))]
    name = ids.media_database(document["group"], document["year"])
    store = ledger.local.stores.open(name) if name in ledger.local.stores else None
    here = [
        shot for shot in evidence.photos_of(document) if store is not None and found(store, f"photo:{shot}") is not None
    ]
    if ledger.documents(database, named, ours=bool(here) or ledger.made_here(document)).state != "sent":
        return False
    ways = [ledger.way(name, shot) for shot in here]
    return all(way.safe or way.have >= way.of for way in ways)


def _evidence_item(card: EvidenceCard) -> SentItem:
    return SentItem(
        id=card.id,
        what="evidence",
        key=None,
        title=card.title,
        detail=card.place.name or "" if card.place else "",
        at=card.at,
        state=card.state,
        percent=card.percent,
        reason=card.reason,
    )


def _homes(local: Local) -> list[str]:
    return [name for name in local.stores.names() if name[:2] in ("u-", "v-")]


def _draft_of(submission: str) -> str:
    return ids.checklist_of(submission).replace("checklist:", "draft:", 1)


def _devices(draft: Document) -> set[str]:
    known = join(entry["vector"] for entries in bare(draft)["answers"].values() for entry in entries)
    return {checklist.device_of(writer) for writer in known}


def _last_touched(draft: Document) -> str:
    times = [
        entry["answer"]["at"]["at"]
        for entries in draft["answers"].values()
        for entry in entries
        if entry["answer"].get("at")
    ]
    return max(times, default="")
