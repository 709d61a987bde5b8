"""A group year as this phone holds it: who takes part, under which scheme, what was decided and what was submitted.

Read from the local copy of `g-<group>-<year>`, and again only after it changed. It must never know what this phone has
not sent yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from mobile.cards import Account
from mobile.local import bare, found, listed
from schemas import decision, ids, visit
from schemas.decision import Folded
from schemas.record import Record
from schemas.scheme import Scheme
from schemas.scoring import best_actuals
from schemas.visit import Visit
from sync.database import Document
from sync.errors import NotFound
from sync.store import Store
from sync.store_folder import StoreFolder


@dataclass(frozen=True)
class Book:
    """One group year. Texts are asked for in a language; an id that is not here names itself."""

    group: str
    year: int
    group_year: Document
    units: Mapping[str, Document]
    people: Mapping[str, str]
    """Account → the name of its person, as far as it is told here."""
    movements: tuple[Document, ...]
    pact: Document | None
    schemes: Mapping[str, Document]
    submissions: Mapping[str, Document]
    decisions: tuple[Document, ...]
    arrivals: tuple[Document, ...] = ()
    replies: Mapping[str, Document] = field(default_factory=dict)
    minutes: Mapping[str, Document] = field(default_factory=dict)
    events: tuple[Document, ...] = ()
    """What became of units: an entry carried over counts only with its merger."""

    @cached_property
    def folded(self) -> Folded:
        return decision.fold(self.decisions)

    @cached_property
    def record(self) -> Record:
        """What counting reads of all this."""
        documents = [self.group_year, *self.schemes.values(), *self.units.values(), *self.submissions.values()]
        documents += [*self.arrivals, *self.replies.values(), *self.events]
        documents += [] if self.pact is None else [self.pact]
        return Record.from_documents(documents, folded=self.folded)

    def best(self, day: date) -> Mapping[str, Fraction]:
        """The group's best actual of each quantitative criterion (L), by the rule that ranks."""
        if day not in self._best:
            self._best[day] = best_actuals(self.record, day)
        return self._best[day]

    @cached_property
    def _best(self) -> dict[date, dict[str, Fraction]]:
        return {}

    @cached_property
    def visits(self) -> dict[str, Visit]:
        return visit.visits(self.folded)

    @cached_property
    def scheme(self) -> Scheme | None:
        """The scheme of the year: the one locked, else the one the group year names. None while it is not here."""
        lock = self.folded.on("scheme", "lock-scheme")
        named = lock["value"]["scheme"] if lock is not None else self.group_year["scheme"]
        document = self.schemes.get(named)
        return None if document is None else Scheme.from_document(document)

    def name(self, locale: str) -> str:
        return said(self.group_year["names"], locale)

    def unit_name(self, unit: str, locale: str) -> str:
        known = self.units.get(unit)
        return unit if known is None else said(known["short_names"], locale)

    def person_name(self, account: str) -> str:
        return self.people.get(account, account)

    def functions(self, unit: str) -> frozenset[str]:
        known = self.units.get(unit)
        return frozenset() if known is None else frozenset(known["functions"])

    def is_member(self, unit: str) -> bool:
        return any(member["unit"] == unit for member in self.group_year["members"])

    def target(self, unit: str, criterion: str) -> Fraction | None:
        """What the unit pledged for this criterion."""
        for pledged in () if self.pact is None else self.pact["targets"]:
            if (pledged["unit"], pledged["criterion"]) == (unit, criterion):
                return Fraction(pledged["target"])
        return None

    def na_approved(self, unit: str, criterion: str) -> bool:
        return self.folded.on(f"na:{unit}:{criterion}", "approve-na") is not None

    def returned(self, unit: str, criterion: str) -> Mapping[str, Any] | None:
        """The decision that sends this back, while it stands and nothing promoted supersedes what it names."""
        standing = self.folded.on(f"criterion:{unit}:{criterion}", "return")
        if standing is None or self._superseded(standing["value"]["submission"]):
            return None
        return standing

    def checklist_submissions(self, subject: str) -> list[Document]:
        """What was promoted of one checklist (`schemas.ids.checklist_subject`), by id."""
        return [document for name, document in self.submissions.items() if ids.checklist_of(name) == subject]

    def self_version(self, unit: str) -> Document | None:
        """The self submission a visit compares with: the latest approved one that nothing approved supersedes."""
        own = self.checklist_submissions(ids.checklist_subject(self.group, unit, "self"))
        mine = heads_of(filter(in_force, own))
        return mine[-1] if mine else None

    def _superseded(self, submission: str) -> bool:
        return any(submission in it["supersedes"] for it in self.submissions.values() if in_force(it))


class Library:
    """The books of this phone, each read again after its Store changed. For any number of threads."""

    def __init__(self, stores: StoreFolder) -> None:
        self._stores = stores
        self._books: dict[str, tuple[tuple[str, int], Book | None]] = {}

    def book(self, group: str, year: int) -> Book | None:
        """The group year, or None where this phone has not got it (or not all that it stands on)."""
        name = ids.group_database(group, year)
        try:
            store = self._stores.open(name)
        except NotFound:
            return None
        info = store.info()
        version = (str(info["uuid"]), int(info["update_seq"]))
        kept = self._books.get(name)
        if kept is None or kept[0] != version:
            # Two threads may read it at once; both read the same.
            kept = self._books[name] = (version, read(store, group, year))
        return kept[1]

    def books(self) -> list[Book]:
        """All group years here, the latest year first."""
        named = [ids.parse_database(name) for name in self._stores.names() if name.startswith("g-")]
        books = [self.book(each.group, each.year) for each in named if each.group is not None and each.year is not None]
        return sorted((book for book in books if book is not None), key=lambda book: (-book.year, book.group))

    def text(self, part: str | None, *databases: str) -> str:
        """The text of a part, looked for in these databases; empty where it is none, was erased, or has not arrived."""
        value = self.part(part, *databases)
        return value if isinstance(value, str) else ""

    def part(self, part: str | None, *databases: str) -> Any:
        """The value of a part, or None."""
        if part is None:
            return None
        for name in databases:
            try:
                document = found(self._stores.open(name), ids.part_id(part))
            except NotFound:
                continue
            if document is not None:
                return document.get("value")
        return None


def read(store: Store, group: str, year: int) -> Book | None:
    """Read a group's database whole; None before its group year has arrived."""
    group_year = found(store, ids.groupyear_id(group, year))
    if group_year is None:
        return None
    persons: dict[str, str] = {document["person"]: document["name"] for document in listed(store, "person:")}
    return Book(
        group=group,
        year=year,
        group_year=group_year,
        units={document["unit"]: document for document in listed(store, "unit:")},
        people={
            document["account"]: persons.get(document["person"]) or document["account"]
            for document in listed(store, "member:")
        },
        movements=tuple(listed(store, "movement:")),
        pact=found(store, ids.pact_id(group, year)),
        schemes={document["_id"]: document for document in listed(store, "scheme:")},
        submissions={document["_id"]: document for document in listed(store, "submission:")},
        decisions=tuple({"_id": document["_id"], **bare(document)} for document in listed(store, "decision:")),
        arrivals=tuple(listed(store, "arrival:")),
        replies={document["_id"]: document for document in listed(store, "reply:")},
        minutes={document["_id"]: document for document in listed(store, "minutes:")},
        events=tuple(listed(store, "unitevent:")),
    )


def unit_name(book: Book | None, account: Account, unit: str, locale: str) -> str:
    """The short name of a unit: of the group year, else what enrolment told of one's own; an id only names itself."""
    if book is not None and unit in book.units:
        return book.unit_name(unit, locale)
    names = (account.unit_short_names or account.unit_names) if unit == account.unit else {}
    return said(names, locale) if names else unit


def in_force(submission: Mapping[str, Any]) -> bool:
    """A self-score counts, and supersedes, once the unit's head approved it."""
    return submission["stage"] != "self" or submission["approved_by"] is not None


def heads_of(submissions: Iterable[Document]) -> list[Document]:
    """Those no other of them supersedes, by id: the latest made is last."""
    held = {document["_id"]: document for document in submissions}
    superseded = {name for document in held.values() for name in document["supersedes"]}
    return [held[name] for name in sorted(set(held) - superseded)]


def said(names: Mapping[str, str], locale: str) -> str:
    """A name in the language asked for; the Vietnamese one is always there."""
    return names.get(locale) or names["vi"]
