"""The checklists of this phone: finding one, showing it, changing it, submitting it.

It joins the local copy of the group (`book`), the draft (`drafts`), what has crossed (`ledger`) and the pure parts
(`sheet`, `schemas.checklist`). It must never know the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mobile import drafts, sheet, submitting
from mobile.book import Book, Library, heads_of
from mobile.cards import ChecklistView, CriterionView, Problem, State
from mobile.drafts import Key
from mobile.evidences import Shelf
from mobile.ledger import Ledger
from mobile.local import found, listed
from mobile.problems import InvalidAnswer, PhoneError, UnknownChecklist
from mobile.sheet import Sheet
from mobile.tools import Tools
from schemas import checklist, ids
from schemas.access import ACTORS
from schemas.answer import check_answer
from schemas.base import nfc, part_hash
from schemas.fields import NAME_CHARS_MAX, NOTE_CHARS_MAX
from schemas.figures import local_day
from schemas.problem import Problem as Misfit
from schemas.scheme import Scheme
from sync.database import Document


@dataclass(frozen=True, slots=True)
class Checklists:
    """All of them, in one language."""

    tools: Tools
    library: Library
    locale: str
    kept: dict[str, tuple[Any, ChecklistView]] = field(default_factory=dict)
    """Views by key, each with what it was made from: drawn again only when something it shows may have changed."""

    # Finding

    def self_key(self, group: str, year: int) -> Key:
        unit = self.tools.account.unit
        return Key(ids.unit_database(unit, year), ids.draft_id(group, unit, "self"))

    def cross_key(self, visit: str) -> Key:
        """Raises UnknownChecklist for a visit no book here knows."""
        for book in self.library.books():
            planned = book.visits.get(visit)
            if planned is not None:
                return Key(ids.visit_database(visit), ids.draft_id(book.group, planned.inspected, "cross", visit))
        raise UnknownChecklist("checklist-unknown")

    def book_of(self, key: Key) -> Book:
        """The group year a checklist belongs to. Raises UnknownChecklist."""
        named = ids.parse_database(key.database)
        if named.kind == "unit" and named.year is not None:
            book = self.library.book(key.group, named.year)
            if book is not None:
                return book
        for book in self.library.books():
            if key.visit is not None and book.group == key.group and key.visit in book.visits:
                return book
        raise UnknownChecklist("checklist-unknown")

    # Showing

    def sheet(self, key: Key, ledger: Ledger | None = None) -> Sheet:
        """All that the view of a checklist is made of. Raises UnknownChecklist."""
        book = self.book_of(key)
        ledger = ledger or Ledger(self.tools.local)
        draft = drafts.read(self.tools.local.stores, key) or self._empty(key, book)
        scheme = _scheme(book, draft)
        group = ids.group_database(book.group, book.year)
        shelf = Shelf(self.tools, self.library, ledger, self.locale)
        at_hand = self._evidence(key)
        submitted = self._last_submission(key, book)
        claimed = submitting.claims(self.tools.local, key, submitted)

        def copy_of(name: str) -> Document | None:
            return self._copy(name, key.database, group)

        return Sheet(
            key=str(key),
            draft=draft,
            scheme=scheme,
            book=book,
            locale=self.locale,
            text=lambda part: self.library.text(part, key.database, group),
            card=cache(lambda evidence: shelf.one(key.database, evidence)),
            evidence=frozenset(at_hand),
            copy_of=copy_of,
            self_version=book.self_version(key.unit) if key.stage == "cross" else None,
            returns=_returns(book, key, scheme, submitted),
            claims=claimed,
            submitted=submitted,
            changed=submitted is not None
            and (
                submitting.claims_differ(claimed, submitted, at_hand=at_hand, copy_of=copy_of)
                or submitting.says_more(draft, submitted, at_hand=at_hand, copy_of=copy_of)
            ),
            sent_state=None if submitted is None else self._sent_state(key, book, submitted, ledger),
            editable=self._editable(key, book),
            best=book.best(local_day(self.tools.time())),
            approves="head" in self.tools.account.roles,
        )

    def view(self, key: Key, ledger: Ledger | None = None) -> ChecklistView:
        made_from = self._made_from(key)
        kept = self.kept.get(str(key))
        if kept is None or kept[0] != made_from:
            # Seen before it is read: what changes in between is drawn the next time.
            kept = self.kept[str(key)] = (made_from, sheet.view(self.sheet(key, ledger)))
        return kept[1]

    def _made_from(self, key: Key) -> tuple[Any, ...]:
        book = self.book_of(key)
        local = self.tools.local
        names = (key.database, ids.group_database(book.group, book.year))
        sequences = [local.stores.open(name).info()["update_seq"] if name in local.stores else -1 for name in names]
        # Small pictures come as files, without any document of this phone changing.
        return (self.locale, *sequences, local.device.info()["update_seq"], local.photos.stat().st_mtime_ns)

    def problems(self, key: Key) -> list[Problem]:
        return sheet.problems(self.sheet(key))

    # Changing

    def set_answer(self, key: Key, criterion: str, values: Mapping[str, Any]) -> CriterionView:
        """Replace the value, keep note and evidence. Raises InvalidAnswer with nothing written."""
        given = {name: nfc(value) for name, value in values.items() if value is not None}

        def edit(before: dict[str, Any]) -> dict[str, Any]:
            kept = {name: before[name] for name in ("note", "evidence") if before.get(name)}
            return {**kept, **given}

        return self._change(key, criterion, edit, judged=True)

    def clear_answer(self, key: Key, criterion: str) -> CriterionView:
        return self._change(key, criterion, lambda _: {})

    def set_note(self, key: Key, criterion: str, text: str) -> CriterionView:
        text = nfc(text.strip())
        if len(text) > NOTE_CHARS_MAX:
            raise PhoneError("text-too-long", max=str(NOTE_CHARS_MAX))
        before = checklist.answer_of(self._draft(key), criterion) or {}
        if self.library.text(before.get("note"), key.database) == text:
            return sheet.line(self.sheet(key), criterion)
        part = self.tools.part(text) if text else None

        def edit(answer: dict[str, Any]) -> dict[str, Any]:
            rest = {name: value for name, value in answer.items() if name != "note"}
            return rest if part is None else {**rest, "note": part_hash(part)}

        return self._change(key, criterion, edit, parts=[] if part is None else [part])

    def attach(self, key: Key, criterion: str, evidence: str) -> CriterionView:
        def edit(answer: dict[str, Any]) -> dict[str, Any]:
            return {**answer, "evidence": list(dict.fromkeys([*(answer.get("evidence") or ()), evidence]))}

        return self._change(key, criterion, edit)

    def detach(self, key: Key, criterion: str, evidence: str) -> CriterionView:
        def edit(answer: dict[str, Any]) -> dict[str, Any]:
            left = [each for each in answer.get("evidence") or () if each != evidence]
            rest = {name: value for name, value in answer.items() if name != "evidence"}
            return {**rest, "evidence": left} if left else rest

        return self._change(key, criterion, edit)

    def choose(self, key: Key, criterion: str, index: int) -> CriterionView:
        """Settle a dispute in favour of one side, as it was answered."""
        book = self._open(key)
        writer = self.tools.writer()
        drafts.change(
            self.tools.local.stores.ensure(key.database),
            self._empty(key, book),
            lambda draft: checklist.choose(draft, criterion, index, writer),
        )
        return sheet.line(self.sheet(key), criterion)

    def set_claim(self, key: Key, item: str, *, subject: str, number: str | None, evidence: Sequence[str]) -> None:
        subject = nfc(subject.strip())
        if not subject or len(subject) > NAME_CHARS_MAX:
            raise PhoneError("text-too-long" if subject else "no-title", max=str(NAME_CHARS_MAX))
        last = self._last_submission(key, self._open(key))
        submitting.add_claim(self.tools, key, item, subject=subject, number=number, cites=evidence, submitted=last)

    def drop_claim(self, key: Key, index: int) -> None:
        submitting.drop_claim(self.tools.local, key, index, self._last_submission(key, self.book_of(key)))

    def submit(self, key: Key, note: str = "") -> str:
        """Raises CannotSubmit, with nothing written."""
        self._open(key)
        return submitting.submit(
            self.tools,
            key,
            self.sheet(key),
            at_hand=self._evidence(key),
            known=self.submissions(key, self.book_of(key)),
            note=nfc(note.strip()),
        )

    def _change(
        self, key: Key, criterion: str, edit: Any, *, parts: Sequence[Document] = (), judged: bool = False
    ) -> CriterionView:
        book = self._open(key)
        account, stamp = self.tools.account, self.tools.stamp()
        scheme = _scheme(book, self._draft(key, book))
        if scheme.criterion(criterion) is None:
            raise InvalidAnswer(check_answer(scheme, criterion, {}))

        def change(draft: dict[str, Any]) -> dict[str, Any]:
            # A disputed answer is replaced by what the person gives now: nothing of either side is mixed in.
            before = checklist.answer_of(draft, criterion) or {}
            told = {name: value for name, value in before.items() if name not in ("by", "at")}
            after = edit(told)
            if judged:
                _judge(scheme, criterion, after)
            after = {**after, "by": account.account, "at": stamp} if after else {}
            return checklist.set_answer(draft, criterion, after, self.tools.writer())

        drafts.change(self.tools.local.stores.ensure(key.database), self._empty(key, book), change, parts=parts)
        return sheet.line(self.sheet(key), criterion)

    def _open(self, key: Key) -> Book:
        """The book of a checklist that may be changed here. Raises PhoneError."""
        book = self.book_of(key)
        if not self._editable(key, book):
            raise PhoneError("not-editable")
        return book

    def _editable(self, key: Key, book: Book) -> bool:
        account = self.tools.account
        if key.stage == "self":
            return key.unit == account.unit and not ACTORS.isdisjoint(account.roles)
        planned = book.visits.get(key.visit or "")
        return planned is not None and planned.state == "planned" and account.account in planned.accounts

    # What is here

    def submissions(self, key: Key, book: Book) -> list[Document]:
        """Every submission of the checklist this phone knows, its own and promoted ones, each once."""
        subject = ids.checklist_of(key.draft)
        known = {document["_id"]: document for document in book.checklist_submissions(subject)}
        if key.database in self.tools.local.stores:
            prefix = subject.replace("checklist:", "submission:", 1)
            for document in listed(self.tools.local.stores.open(key.database), prefix):
                if ids.checklist_of(document["_id"]) == subject:
                    known[document["_id"]] = document
        return list(known.values())

    def _last_submission(self, key: Key, book: Book) -> Document | None:
        heads = heads_of(self.submissions(key, book))
        return heads[-1] if heads else None

    def _sent_state(self, key: Key, book: Book, submitted: Document, ledger: Ledger) -> tuple[State, int | None]:
        if submitted["_id"] in book.submissions:
            return "verified", None
        standing = ledger.documents(key.database, submitting.documents_of(submitted), ours=ledger.made_here(submitted))
        return standing.state, standing.percent

    def _copy(self, cited: str, *databases: str) -> Document | None:
        """A cited copy, wherever it is here: beside the draft, or promoted."""
        for name in databases:
            if name in self.tools.local.stores:
                copy = found(self.tools.local.stores.open(name), cited)
                if copy is not None:
                    return copy
        return None

    def _evidence(self, key: Key) -> dict[str, Document]:
        if key.database not in self.tools.local.stores:
            return {}
        return {each["_id"]: each for each in listed(self.tools.local.stores.open(key.database), "evidence:")}

    def _draft(self, key: Key, book: Book | None = None) -> dict[str, Any]:
        return drafts.read(self.tools.local.stores, key) or self._empty(key, book or self.book_of(key))

    def _empty(self, key: Key, book: Book) -> dict[str, Any]:
        scheme = book.scheme
        if scheme is None:
            raise UnknownChecklist("checklist-unknown")
        return checklist.new_draft(
            group=book.group, year=book.year, unit=key.unit, stage=key.stage, scheme=scheme.id, visit=key.visit
        )


def _judge(scheme: Scheme, criterion: str, after: Mapping[str, Any]) -> None:
    found: list[Misfit] = []
    if sum(name in after for name in checklist.VALUES) != 1:
        found = [Misfit(f"answers.{criterion}", "answer-one-value", {"criterion": criterion})]
    else:
        found = check_answer(scheme, criterion, after)
    if found:
        raise InvalidAnswer(found)


def _scheme(book: Book, draft: Mapping[str, Any]) -> Scheme:
    """The scheme the draft was begun under; it stays readable when the group moves on to another version."""
    document = book.schemes.get(draft["scheme"])
    scheme = Scheme.from_document(document) if document is not None else book.scheme
    if scheme is None:
        raise UnknownChecklist("checklist-unknown")
    return scheme


def _returns(book: Book, key: Key, scheme: Scheme, submitted: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Criterion → the return that asks this checklist for another submission."""
    if submitted is None:
        return {}
    found = {criterion.id: book.returned(key.unit, criterion.id) for criterion in scheme.criteria}
    return {
        criterion: decision
        for criterion, decision in found.items()
        if decision is not None and decision["value"]["submission"] == submitted["_id"]
    }
