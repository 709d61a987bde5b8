"""What the own unit may answer on this phone: criteria sent back, and deductions far from its own score.

A reply is a document of its own in the unit's database, sent once. Until when one may answer follows from the local
copy of the group, by the rule the server reads too (rule 5.3). It must never know the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mobile.book import Book
from mobile.cards import ChecklistView, OpenReply, ReplyView
from mobile.checklists import Checklists
from mobile.drafts import Key
from mobile.ledger import Ledger
from mobile.local import Local, listed
from mobile.problems import PhoneError
from schemas import base, ids
from schemas.access import ACTORS
from schemas.base import nfc
from schemas.counting import checklists as counted
from schemas.discrepancy import discrepancies
from schemas.fields import NOTE_CHARS_MAX
from schemas.figures import decimal_string, local_day


@dataclass(frozen=True, slots=True)
class Replies:
    """Of the own unit, in one language."""

    checklists: Checklists

    def open(self, book: Book) -> list[OpenReply]:
        """What may be answered today in one group year, in the scheme's order; returns before deductions."""
        account = self.checklists.tools.account
        if not book.is_member(account.unit) or ACTORS.isdisjoint(account.roles):
            return []
        key = self.checklists.self_key(book.group, book.year)
        matters = [*self._returned(key, book), *self._apart(key, book)]
        if not matters:
            return []
        view = self.checklists.view(key)
        today = local_day(self.checklists.tools.time()).isoformat()
        ledger = Ledger(self.checklists.tools.local)
        return [
            self._card(key, book, view, matter, ledger)
            for matter in matters
            if matter["kind"] == "return" or matter["due"] is None or today <= matter["due"]
        ]

    def keep(self, criterion: str, answers: str, text: str) -> None:
        """Keep what is being written; nothing is sent."""
        self.checklists.tools.local.edit(
            _draft_id(criterion, answers), lambda _before: {"text": nfc(text)} if text.strip() else None
        )

    def send(self, key: Key, criterion: str, answers: str, text: str) -> str:
        """Answers the reply's id once it is on the disk. Raises PhoneError, nothing written."""
        tools = self.checklists.tools
        book = self.checklists.book_of(key)
        said = nfc(text.strip())
        if not said:
            raise PhoneError("reply-empty")
        if len(said) > NOTE_CHARS_MAX:
            raise PhoneError("text-too-long", max=str(NOTE_CHARS_MAX))
        if (criterion, answers) not in {(it.criterion, it.answers) for it in self.open(book)}:
            raise PhoneError("reply-over")
        words = tools.part(said)
        reply = {
            "_id": ids.reply_id(key.unit, criterion, tools.ulid()),
            "type": "reply",
            "v": 1,
            "group": book.group,
            "year": book.year,
            "unit": key.unit,
            "criterion": criterion,
            "answers": answers,
            "text": base.part_hash(words),
            "by": tools.account.account,
            "made": tools.stamp(),
        }
        base.check(reply)
        tools.local.stores.ensure(key.database).put_all([words, reply])
        tools.local.edit(_draft_id(criterion, answers), lambda _before: None)
        return str(reply["_id"])

    # Inside

    def _returned(self, key: Key, book: Book) -> Iterator[dict[str, Any]]:
        scheme = book.scheme
        group = ids.group_database(book.group, book.year)
        for criterion in () if scheme is None else scheme.criteria:
            decision = book.returned(key.unit, criterion.id)
            if decision is not None:
                yield {
                    "kind": "return",
                    "stage": ids.parse(decision["value"]["submission"])["stage"],
                    "criterion": criterion.id,
                    "answers": decision["_id"],
                    "due": decision["value"]["deadline"],
                    "why": self.checklists.library.text(decision["reason"], group),
                }

    def _apart(self, key: Key, book: Book) -> Iterator[dict[str, Any]]:
        scheme = book.scheme
        if scheme is None:
            return
        best = book.best(local_day(self.checklists.tools.time()))
        functions = book.functions(key.unit)
        limits = {
            it.id: (it.target if (own := book.target(key.unit, it.id)) is None else own, best.get(it.id))
            for it in scheme.criteria
            if (it.function is None or it.function in functions) and not book.na_approved(key.unit, it.id)
        }
        held = counted(book.record, book.record.of_unit.get(key.unit, ())).values()
        group = ids.group_database(book.group, book.year)
        compared = discrepancies(book.record, scheme, key.unit, held, limits)
        for found in (it for apart in compared.values() for it in apart):
            note = book.submissions[found.submission]["answers"][found.criterion].get("note")
            yield {
                "kind": "difference",
                "stage": "cross",
                "criterion": found.criterion,
                "answers": found.submission,
                "due": None if found.reply_until is None else found.reply_until.isoformat(),
                "why": self.checklists.library.text(note, group),
                "own": decimal_string(found.self_points),
                "cross": decimal_string(found.cross_points),
            }

    def _card(self, key: Key, book: Book, view: ChecklistView, matter: Mapping[str, Any], ledger: Ledger) -> OpenReply:
        criterion = view.criterion(matter["criterion"])
        kept = self.checklists.tools.local.read(_draft_id(matter["criterion"], matter["answers"]))
        return OpenReply(
            key=str(key),
            criterion=criterion.id,
            label=criterion.label,
            name=criterion.name,
            kind=matter["kind"],
            stage=matter["stage"],
            answers=matter["answers"],
            due=matter["due"],
            why=matter["why"],
            own=matter.get("own"),
            cross=matter.get("cross"),
            draft="" if kept is None else kept["text"],
            replies=tuple(self._sent(key, book, matter, ledger)),
        )

    def _sent(self, key: Key, book: Book, matter: Mapping[str, Any], ledger: Ledger) -> Iterator[ReplyView]:
        local = self.checklists.tools.local
        known = dict(book.replies)
        if key.database in local.stores:
            known |= {it["_id"]: it for it in listed(local.stores.open(key.database), f"reply:{key.unit}:")}
        group = ids.group_database(book.group, book.year)
        for name in sorted(known):
            reply = known[name]
            if (reply["unit"], reply["criterion"], reply["answers"]) != (
                key.unit, matter["criterion"], matter["answers"],
            ):  # fmt: skip
                continue
            state, reason = "verified", ""
            if name not in book.replies:
                found = ledger.documents(key.database, [name, ids.part_id(reply["text"])], ours=ledger.made_here(reply))
                state, reason = found.state, found.reason
            yield ReplyView(
                text=self.checklists.library.text(reply["text"], key.database, group),
                by_name=book.person_name(reply["by"]),
                at=reply["made"]["at"],
                state=state,  # type: ignore[arg-type]  # one of the states
                reason=reason,
            )


def writing(local: Local) -> int:
    """How many replies were begun on this phone and not sent."""
    return len(local.list("reply:"))


def _draft_id(criterion: str, answers: str) -> str:
    return f"reply:{criterion}:{answers}"
