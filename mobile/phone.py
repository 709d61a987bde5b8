"""The one door between screens and everything behind them.

Each method answers at once from this phone, in the person's language, with frozen cards; none waits for the network.
What a method that changes something returns is on the disk. For any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mobile import account as accounts
from mobile import capture as capturing
from mobile import i18n, outbox, photos, refusals
from mobile.account import Grant
from mobile.book import Book, Library, said, unit_name
from mobile.capture import Photo, Said, Where
from mobile.cards import (
    Account,
    ChecklistCard,
    ChecklistView,
    CriterionView,
    EvidenceCard,
    GroupCard,
    Home,
    MinutesView,
    MovementView,
    OpenReply,
    Place,
    Problem,
    SentItem,
    Storage,
    VisitCard,
)
from mobile.checklists import Checklists
from mobile.drafts import Key
from mobile.evidences import Shelf
from mobile.ledger import Ledger
from mobile.local import Local, each_database, listed, write_pieces
from mobile.minutes import MinutesBook
from mobile.outbox import Outbox
from mobile.problems import InvalidEvidence, UnknownChecklist
from mobile.replies import Replies
from mobile.tools import Tools
from schemas import carried, figures, ids
from schemas.access import ACTORS
from schemas.visit import Visit

if TYPE_CHECKING:
    from schemas.standings import Standings

RECENT_EVIDENCE = 8
"""Two rows of thumbnails on the first screen."""

LAST_SYNC = "last-sync"

KEY_BYTES = 32

OPENING_BYTES = 5
"""40 bits: of a device's few thousand openings no two are alike."""

_Answer = TypeVar("_Answer")


class Phone:
    """Everything a person can see and do on this phone."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        app_version: str,
    ) -> None:
        self.tools = Tools(Local(folder), now, random_bytes, app_version, random_bytes(OPENING_BYTES).hex())
        self.app_version = app_version
        self._library = Library(self.tools.local.stores)
        self._views: dict[str, tuple[Any, ChecklistView]] = {}
        self._saved: list[Callable[[], None]] = []

    def close(self) -> None:
        self.tools.local.close()

    # Who, and in which language

    @property
    def account(self) -> Account | None:
        return accounts.read_account(self.tools.local)

    @property
    def locale(self) -> str:
        """The setting, else the account's language, else Vietnamese."""
        chosen = self.setting("locale")
        if chosen:
            return chosen
        account = self.account
        return i18n.FIRST if account is None else account.locale

    def set_locale(self, locale: str) -> None:
        """Raises ValueError for a language there is no catalogue for."""
        if locale not in i18n.LOCALES:
            raise ValueError(locale)
        # First: whoever hears of the switch asks at once for what it shows.
        self.set_setting("locale", locale)
        i18n.set_language(locale)

    def setting(self, name: str, default: str = "") -> str:
        return accounts.read_setting(self.tools.local, name, default)

    def set_setting(self, name: str, value: str) -> None:
        accounts.write_setting(self.tools.local, name, value)

    def enrolled(self, server_url: str, answer: Mapping[str, Any]) -> Account:
        """Keep the account enrolment answered. What was collected before stays on the phone."""
        return accounts.write_account(self.tools.local, server_url, answer)

    def enrolment_key(self, code: str) -> str:
        """This phone's secret for one code: the same at each asking, so that a lost answer does not cost the code."""
        return accounts.enrolment_key(self.tools.local, code, fresh=self.tools.random_bytes(KEY_BYTES).hex())

    def log_out(self) -> None:
        """Forget the token. Nothing collected is removed: ask first where `unsent()` is not 0."""
        accounts.forget_account(self.tools.local)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener()` after anything here changed, on the thread that changed it; answers how to stop that."""
        return self.tools.local.subscribe(listener)

    def on_saved(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener()` after a person saved something; answers how to stop that."""
        self._saved.append(listener)
        return lambda: self._saved.remove(listener)

    # Seeing

    def home(self) -> Home:
        """The first screen, from what is here."""
        account, locale, ledger = self.tools.account, self.locale, Ledger(self.tools.local)
        books = self._library.books()
        shelf = Shelf(self.tools, self._library, ledger, locale)
        told = next((book for book in books if account.unit in book.units), None)
        return Home(
            person_name=account.person_name,
            unit_name=unit_name(told, account, account.unit, locale),
            visits=tuple(self._visit_cards(books, ledger)),
            self_checklists=tuple(self._self_cards(books, ledger)),
            evidence=tuple(shelf.cards(self._homes())[:RECENT_EVIDENCE]),
            groups=tuple(self.groups()),
            sent_count=self._outbox(ledger).sent_count(),
            unsent=outbox.unsent(self.tools, ledger),
            can_capture=any(grant.kind in ("unit", "visit") and grant.push for grant in self._grants()),
            contributes="grassroots" in account.roles,
            replies=tuple(self.open_replies()),
        )

    def groups(self) -> list[GroupCard]:
        return [
            GroupCard(
                group=book.group,
                year=book.year,
                name=book.name(self.locale),
                theme=said(book.group_year["theme"], self.locale),
                sample=bool(book.group_year["sample"]),
                unreachable=tuple(
                    (self.tools.local.read(f"log:{ids.group_database(book.group, book.year)}") or {}).get(
                        "unreachable", ()
                    )
                ),
            )
            for book in self._library.books()
        ]

    def years(self) -> list[tuple[str, int]]:
        """The group years this phone works in, also those it cannot read (a grassroots unit's)."""
        return sorted({(it.group, it.year) for it in self._grants() if it.group is not None and it.year is not None})

    def self_key(self, group: str, year: int) -> str:
        """The key of the own unit's self checklist."""
        return str(self._checklists.self_key(group, year))

    def cross_key(self, visit: str) -> str:
        """The key of a visit's checklist. Raises UnknownChecklist."""
        return str(self._checklists.cross_key(visit))

    def checklist(self, key: str) -> ChecklistView:
        """Raises UnknownChecklist."""
        return self._checklists.view(Key.parse(key))

    def problems(self, key: str) -> list[Problem]:
        """What stops Submit, in the order of the checklist."""
        return self._checklists.problems(Key.parse(key))

    def evidence(self, *, checklist: str | None = None) -> list[EvidenceCard]:
        """What can be cited in a checklist (None: all evidence here), newest first."""
        shelf = Shelf(self.tools, self._library, Ledger(self.tools.local), self.locale)
        return shelf.cards(self._homes() if checklist is None else [Key.parse(checklist).database])

    def minutes(self, key: str) -> MinutesView:
        """The minutes of a visit's checklist. Raises UnknownChecklist."""
        return MinutesBook(self._checklists).view(Key.parse(key))

    def open_replies(self) -> list[OpenReply]:
        """What the own unit may answer today, in all group years here."""
        return [each for book in self._library.books() for each in Replies(self._checklists).open(book)]

    def movements(self, group: str, year: int) -> list[MovementView]:
        book = self._library.book(group, year)
        named: Iterable[Mapping[str, Any]] = () if book is None else book.movements
        if not named:
            grants = accounts.read_server(self.tools.local).grants
            named = [each for it in grants if (it.group, it.year) == (group, year) for each in it.movements]
        return [MovementView(each["movement"], said(each["names"], self.locale)) for each in named]

    def outbox(self) -> list[SentItem]:
        """Every record with its state, newest first."""
        return self._outbox(Ledger(self.tools.local)).items()

    def unsent(self) -> int:
        """How many checklists and pieces of evidence have not reached the server whole."""
        return outbox.unsent(self.tools, Ledger(self.tools.local)) if self.account else 0

    def last_sync(self) -> str | None:
        """When a round last went through without trouble."""
        return (self.tools.local.read(LAST_SYNC) or {}).get("at")

    def standings(self, group: str, year: int) -> Standings:
        """The ranking, computed here from the local copy. Raises UnknownChecklist where there is none."""
        name = ids.group_database(group, year)
        if name not in self.tools.local.stores or self._library.book(group, year) is None:
            raise UnknownChecklist("checklist-unknown")
        from schemas.standings import Record, standings  # the first screen does not rank: load it when somebody asks

        rows = self.tools.local.stores.open(name).all_docs(include_docs=True)["rows"]
        return standings(Record.from_documents([row["doc"] for row in rows]), figures.local_day(self.tools.time()))

    # Answering

    def set_answer(
        self,
        key: str,
        criterion: str,
        *,
        points: str | None = None,
        actual: str | None = None,
        count: str | None = None,
        passed: bool | None = None,
        na: bool | None = None,
    ) -> CriterionView:
        """Give exactly one value; note and evidence stay. Raises InvalidAnswer with nothing written."""
        values = {"points": points, "actual": actual, "count": count, "passed": passed, "na": na or None}
        return self._told(self._checklists.set_answer(Key.parse(key), criterion, values))

    def clear_answer(self, key: str, criterion: str) -> CriterionView:
        """Value, note and evidence of this criterion are taken back; the evidence itself stays."""
        return self._told(self._checklists.clear_answer(Key.parse(key), criterion))

    def set_note(self, key: str, criterion: str, text: str) -> CriterionView:
        """An empty text takes the note away."""
        return self._told(self._checklists.set_note(Key.parse(key), criterion, text))

    def choose(self, key: str, criterion: str, index: int) -> CriterionView:
        """Settle a disputed answer: `index` into `CriterionView.choices`. Raises IndexError."""
        return self._told(self._checklists.choose(Key.parse(key), criterion, index))

    def attach(self, key: str, criterion: str, evidence_id: str) -> CriterionView:
        return self._told(self._checklists.attach(Key.parse(key), criterion, evidence_id))

    def detach(self, key: str, criterion: str, evidence_id: str) -> CriterionView:
        return self._told(self._checklists.detach(Key.parse(key), criterion, evidence_id))

    def set_claim(
        self, key: str, item: str, *, subject: str, number: str | None = None, evidence: Sequence[str] = ()
    ) -> None:
        """Claim a bonus or penalty item; it travels with the next submission and counts by decision alone."""
        self._checklists.set_claim(Key.parse(key), item, subject=subject, number=number, evidence=evidence)
        self._told(None)

    def drop_claim(self, key: str, index: int) -> None:
        self._checklists.drop_claim(Key.parse(key), index)
        self._told(None)

    def submit(self, key: str, note: str = "") -> str:
        """Answers the submission's id. Raises CannotSubmit with what stops it, nothing written."""
        return self._told(self._checklists.submit(Key.parse(key), note))

    # Minutes and replies

    def keep_minutes(self, key: str, **said: str) -> MinutesView:
        """Keep what is being written: `on`, `began`, `ended`, `place`, `team`, `unit`, `differences`,
        `recommendations`. Raises PhoneError with nothing kept.
        """
        MinutesBook(self._checklists).keep(Key.parse(key), **said)
        return self._told(self.minutes(key))

    def agree(self, key: str, side: str, name: str) -> MinutesView:
        """Somebody of the `team` or the `unit` agreed to the minutes, now. Raises PhoneError."""
        MinutesBook(self._checklists).agree(Key.parse(key), side, name)
        return self._told(self.minutes(key))

    def disagree(self, key: str, index: int) -> MinutesView:
        """Take a name of `MinutesView.agreed` off again. Raises IndexError."""
        MinutesBook(self._checklists).disagree(Key.parse(key), index)
        return self._told(self.minutes(key))

    def send_minutes(self, key: str) -> str:
        """Answers their id; sending again corrects what was sent. Raises PhoneError with nothing written."""
        return self._told(MinutesBook(self._checklists).send(Key.parse(key)))

    def keep_reply(self, criterion: str, answers: str, text: str) -> None:
        """Keep a reply that is being written."""
        Replies(self._checklists).keep(criterion, answers, text)

    def reply(self, key: str, criterion: str, answers: str, text: str) -> str:
        """Send a reply to what `OpenReply` names; answers its id. Raises PhoneError with nothing written."""
        return self._told(Replies(self._checklists).send(Key.parse(key), criterion, answers, text))

    # Capturing

    def capture(
        self,
        photo: Photo | Sequence[Photo],
        *,
        title: str,
        note: str = "",
        movement: str | None = None,
        place: Place | None = None,
        people: str = "",
        criterion: str | None = None,
        children: bool = False,
        consent: bool | None = None,
        checklist: str | None = None,
        group: str | None = None,
        year: int | None = None,
    ) -> EvidenceCard:
        """Keep photos as evidence: in the visit's database for a cross checklist, else in the unit's. With `checklist`
        and `criterion` it is attached to that answer. Raises UnreadablePhoto, InvalidEvidence.
        """
        given: Sequence[Photo] = [photo] if isinstance(photo, bytes | Path) else list(photo)
        key = None if checklist is None else Key.parse(checklist)
        where = self._where(key, group, year)
        evidence_id = capturing.capture(
            self.tools,
            where,
            given,
            Said(title, note, people, movement, place, criterion, children, consent),
        )
        if key is not None and criterion is not None:
            self._checklists.attach(key, criterion, evidence_id)
        return self._told(self._card(where.database, evidence_id))

    def add_photo(self, evidence_id: str, photo: Photo) -> EvidenceCard:
        """One more photo of the same activity. Raises UnreadablePhoto, KeyError."""
        for database in self._homes():
            for document in listed(self.tools.local.stores.open(database), evidence_id):
                where = Where(database, document["group"], document["year"])
                capturing.add_photo(self.tools, where, evidence_id, photo)
                return self._told(self._card(database, evidence_id))
        raise KeyError(evidence_id)

    # What lies here

    def refused(self) -> list[refusals.Refusal]:
        """What the server does not take, with its reasons."""
        return refusals.known(self.tools.local)

    def offer_again(self) -> int:
        """Offer all that was refused in the next round; answers how much that is."""
        return self._told(refusals.offer_again(self.tools.local))

    def export_unsent(self, file: Path) -> int:
        """Write every document that has not crossed, or was refused, to a file that the service takes in
        (`thidua receive`); answers how many.
        """
        count = 0

        def counted() -> Iterator[Mapping[str, Any]]:
            nonlocal count
            for entry in outbox.unsent_documents(self.tools, Ledger(self.tools.local)):
                count += 1
                yield entry

        account = self.tools.account
        head = carried.Head(account.account, account.device, self.tools.time())
        write_pieces(file, carried.written(head, counted(), key=carried.key_of(account.token)))
        return count

    def storage(self) -> Storage:
        sizes = {path.name: path.stat().st_size for path in self.tools.local.photos.glob("[!.]*.jpg")}
        return Storage(
            photos_bytes=sum(sizes.values()),
            freeable_bytes=sum(sizes.get(f"{name}.jpg", 0) for name in photos.safe_everywhere(self.tools.local)),
            free_bytes=self.tools.local.free_bytes(),
        )

    def free_photos(self) -> int:
        """Remove the files of photos the server has confirmed whole, keep their thumbnails; answers the bytes freed."""
        return sum(photos.free(self.tools.local, name) for name in photos.safe_everywhere(self.tools.local))

    # For the worker

    def synchronised(self) -> None:
        """A round went through."""
        now = self.tools.time()
        self.tools.local.edit(LAST_SYNC, lambda _: {"at": now})

    # Inside

    @property
    def _checklists(self) -> Checklists:
        return Checklists(self.tools, self._library, self.locale, self._views)

    def _told(self, answer: _Answer) -> _Answer:
        for listener in tuple(self._saved):
            listener()
        return answer

    def _outbox(self, ledger: Ledger) -> Outbox:
        return Outbox(self.tools, self._library, ledger, self.locale, self._checklists)

    def _card(self, database: str, evidence_id: str) -> EvidenceCard:
        shelf = Shelf(self.tools, self._library, Ledger(self.tools.local), self.locale)
        card = shelf.one(database, evidence_id)
        if card is None:
            raise KeyError(evidence_id)
        return card

    def _grants(self) -> tuple[Grant, ...]:
        return accounts.read_server(self.tools.local).grants

    def _homes(self) -> list[str]:
        return [*each_database(self.tools.local, "u"), *each_database(self.tools.local, "v")]

    def _where(self, key: Key | None, group: str | None, year: int | None) -> Where:
        """Where evidence goes: the checklist's database, else the unit's (a grassroots unit's department's)."""
        if key is not None:
            book = self._checklists.book_of(key)
            return Where(key.database, book.group, book.year)
        media = [
            grant
            for grant in self._grants()
            if grant.kind == "media"
            and grant.group is not None
            and (group is None or grant.group == group)
            and (year is None or grant.year == year)
        ]
        for grant in sorted(media, key=lambda each: -(each.year or 0)):
            database = self._unit_database(grant.year)
            if database is not None and grant.group is not None and grant.year is not None:
                return Where(database, grant.group, grant.year)
        raise InvalidEvidence("no-place-to-keep")

    def _unit_database(self, year: int | None) -> str | None:
        """The own unit's database, else the one this unit may push to (its department's)."""
        unit = self.tools.account.unit
        open_ones = [grant for grant in self._grants() if grant.kind == "unit" and grant.year == year and grant.push]
        own = [grant.name for grant in open_ones if grant.unit == unit]
        return next(iter([*own, *(grant.name for grant in open_ones)]), None)

    def _visit_cards(self, books: Sequence[Book], ledger: Ledger) -> list[VisitCard]:
        account = self.tools.account.account
        mine = [(book, visit) for book in books for visit in book.visits.values() if account in visit.accounts]
        cards = [self._visit_card(book, visit, ledger) for book, visit in mine]
        cards.sort(key=lambda card: (card.date_from, card.visit))
        # What is still to be made, the next one first; then what was made, the last one first.
        made = [card for card in cards if card.over]
        return [card for card in cards if not card.over] + made[::-1]

    def _visit_card(self, book: Book, visit: Visit, ledger: Ledger) -> VisitCard:
        key = self._checklists.cross_key(visit.visit)
        view = self._checklists.view(key, ledger)
        return VisitCard(
            visit=visit.visit,
            key=str(key),
            group=book.group,
            group_name=view.group_name,
            year=book.year,
            unit=visit.inspected,
            unit_name=view.unit_name,
            date_from=visit.starts,
            date_to=visit.ends,
            place=visit.place,
            team=tuple(book.person_name(account) for account, _unit in visit.team),
            cancelled=visit.state != "planned",
            ready=key.database in self.tools.local.stores,
            state=view.state,
            done=view.done,
            applicable=view.applicable,
            total=view.total,
            total_max=view.total_max,
        )

    def _self_cards(self, books: Sequence[Book], ledger: Ledger) -> list[ChecklistCard]:
        account = self.tools.account
        cards = []
        for book in books:
            if not book.is_member(account.unit) or ACTORS.isdisjoint(account.roles):
                continue
            view = self._checklists.view(self._checklists.self_key(book.group, book.year), ledger)
            cards.append(
                ChecklistCard(
                    key=view.key,
                    stage="self",
                    group=book.group,
                    group_name=view.group_name,
                    year=book.year,
                    unit=view.unit,
                    unit_name=view.unit_name,
                    state=view.state,
                    done=view.done,
                    applicable=view.applicable,
                    total=view.total,
                    total_max=view.total_max,
                    due=book.group_year["deadlines"].get("self"),
                )
            )
        return cards
