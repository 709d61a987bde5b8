"""The door for phones: who asks, which databases are theirs, what of a batch is let in.

A document is judged by its shape and its writer alone: truth never depends on the order in which phones came back. (The
scheme a submission names never changes, so what it lets one answer is shape too.) A refused one is an entry with a
sentence its writer can act on, and its neighbours land. Before a submission is stored, `arrival:<submission>:<server>`
says in the group's database when it came, from whom, and under which flags. It must never know HTTP, nor a rule of
scoring.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from schemas import ids
from schemas.access import (
    Access,
    Facts,
    Identity,
    access_to,
    databases,
    may_cite,
    may_list,
    may_read,
    may_write,
    own_range,
)
from schemas.answer import check_answer
from schemas.base import problems_of
from schemas.figures import VIET_NAM, parse_time, time_string
from schemas.hashing import body_of
from schemas.problem import InvalidDocument, Problem, Refused
from server import metrics
from server.accounts import Account, Accounts, Device
from server.backends import Backend, NotWritten
from server.board.views import Views
from server.facts import FactBook, identity_of
from server.held import Held
from server.messages import say
from server.naming import named
from server.projection import Projection
from server.registry import Registry
from sync import media
from sync.database import Database, Document
from sync.errors import Forbidden, NotFound
from sync.guarded import GuardedDatabase, Refusal

REVOKED_PUSH_FOR: Final = timedelta(days=30)
"""Work done before a right was withdrawn may be on its way: it is taken in, flagged, for this long."""

MEDIA_BYTES_MAX: Final = 512 * 1024
"""A chunk is 64 KiB and a thumbnail less; base64 and a manifest of the largest photo stay below this."""

_FIRST_OF: Final = frozenset({"submission", "reply", "minutes"})
"""Types of which the first revision stands for ever: a second one under the same id is refused.

Not that the revision be the one its content has: our Stores make such, PouchDB and CouchDB make others, and they are
honest peers too. `cited` and `part` need no such rule: their id is the hash of what they say.
"""

_LOST_MAY: Final = frozenset({"submission", "cited", "part"})
"""What is still taken from a device reported lost: a submission is flagged and counts by decision only, and what it
names. A draft, evidence or a reply bears no flag and would enter what others send; its owner brings it as a file."""


class Gateway:
    """Opens guarded databases. For any number of threads."""

    def __init__(
        self,
        backend: Backend,
        registry: Registry,
        accounts: Accounts,
        book: FactBook,
        views: Views,
        *,
        projection: Projection,
        server: str,
        now: Callable[[], datetime],
    ) -> None:
        self._backend = backend
        self._registry = registry
        self._accounts = accounts
        self._book = book
        self._views = views
        self._projection = projection
        self._server = server
        self._now = now
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._locks_lock = threading.Lock()

    def open(self, name: str, account: Account, device: Device, *, locale: str) -> Database:
        """The database as far as this phone may use it. Raises Forbidden with the rule, NotFound."""
        identity = identity_of(account, device)
        access = access_to(identity, name, self._book.facts())
        if isinstance(access, Refused):
            raise Forbidden(self.say(access.code, access.params, locale))
        if not self._backend.exists(name):
            raise NotFound("Database does not exist.")
        inner = self._backend.open(name)
        policy = PhonePolicy(
            name=name,
            account=account,
            device=device,
            identity=identity,
            locale=locale,
            held=Held(inner),
            gateway=self,
        )
        return PhoneDatabase(inner, policy, self._lock_of(name))

    def _lock_of(self, name: str) -> threading.Lock:
        with self._locks_lock:
            return self._locks[name]

    def databases(self, account: Account, device: Device) -> list[dict[str, Any]]:
        """What `GET /api/v1/databases` lists, by name."""
        identity, facts = identity_of(account, device), self._book.facts()
        withdrawn = withdrawal_of(account, device) is not None
        return [
            self._entry(access, facts, withdrawn=withdrawn)
            for access in databases(identity, facts)
            if self._backend.exists(access.name)
        ]

    def _entry(self, access: Access, facts: Facts, *, withdrawn: bool) -> dict[str, Any]:
        parsed = ids.parse_database(access.name)
        group, year, unit = parsed.group, parsed.year, parsed.unit
        heads = movements = None
        if access.kind == "visit":
            visit = facts.visits[str(parsed.visit)]
            group, year, unit = visit.group, visit.year, visit.inspected
        elif access.kind == "unit":
            group = next(
                (name for (name, its), members in facts.members.items() if its == year and unit in members), None
            )
            if group is not None and not access.changes:
                # Who cannot read the group's database still says which movement an activity belongs to.
                found = self._views.view(group, int(year or 0)).all("movement")
                movements = [{"movement": each["movement"], "names": each["names"]} for each in found]
        elif access.kind == "group":
            heads = list(self._views.view(str(group), int(year or 0)).folded.heads)
        info = self._backend.open(access.name).info()
        return {
            "name": access.name,
            "kind": access.kind,
            "group": group,
            "year": year,
            "unit": unit,
            "visit": parsed.visit,
            "pull": access.pull and not withdrawn,
            "push": access.push,
            "uuid": info.get("uuid"),
            "update_seq": info["update_seq"],
            "heads": heads,
            "movements": movements,
        }

    # What a policy asks

    def say(self, code: str, params: Mapping[str, Any], locale: str) -> str:
        """A rule's sentence, with units and people by name."""
        return say(code, locale, **named(self._registry, params, locale))

    def facts(self) -> Facts:
        return self._book.facts()

    def now(self) -> datetime:
        return self._now()

    def standing(self, device: str) -> tuple[Account, Device] | None:
        """The device and its account as they stand now."""
        return self._accounts.by_device(device)

    def photo_is_named(self, photo: str, identity: Identity, name: str) -> bool:
        """Does a document that they may read name this photo of the media database `name`?"""
        facts = self.facts()
        media_database = ids.parse_database(name)
        first, last = own_range(identity.unit)
        for database, doc_id in self._projection.naming(photo):
            if database == ids.group_database(str(media_database.group), int(media_database.year or 0)):
                access = access_to(identity, database, facts)
                if isinstance(access, Access) and access.changes:
                    return True
            elif first <= doc_id <= last or may_read(identity, database, doc_id, facts) is None:
                return True
        return False

    def unfit(self, submission: Document) -> Refused | list[Problem]:
        """What of a checklist could never count: another scheme than its year's, or answers that do not fit it.

        Without a scheme nothing is judged.
        """
        record = self._book.view(submission["group"], submission["year"]).record
        if record.scheme_id is not None and submission["scheme"] != record.scheme_id:
            return Refused("submission-other-scheme", {"given": submission["scheme"], "scheme": record.scheme_id})
        if record.scheme is None:
            return []
        return [
            problem
            for criterion, given in submission["answers"].items()
            for problem in check_answer(record.scheme, criterion, given)
        ]

    def note_arrivals(self, submissions: Sequence[Document], identity: Identity, flags: Sequence[str]) -> None:
        """Write down that these have come, durably, once: a repeated push leaves the first time standing."""
        by_group: dict[str, list[Document]] = {}
        for submission in submissions:
            name = ids.group_database(submission["group"], submission["year"])
            by_group.setdefault(name, []).append(submission)
        for name, arrived in by_group.items():
            group = self._backend.open(name)
            with self._book.unmoved():
                entries = group.bulk_docs([self._arrival(each, identity, flags) for each in arrived])
            # A conflict says that it came before: that time stands.
            failed = [entry for entry in entries if "error" in entry and entry["error"] != "conflict"]
            if failed:
                raise NotWritten(f"{name}: {failed[0]['id']} was not written: {failed[0]['reason']}")

    def _arrival(self, submission: Document, identity: Identity, flags: Sequence[str]) -> Document:
        found = set(flags)
        deadline = self._book.view(submission["group"], submission["year"]).group_year["deadlines"][submission["stage"]]
        if deadline is not None and self._now().astimezone(VIET_NAM).date().isoformat() > deadline:
            found.add("late")
        visit = self.facts().visits.get(submission["visit"]) if submission["visit"] else None
        if visit is not None and visit.state == "cancelled":
            found.add("cancelled")
        return {
            "_id": ids.arrival_id(submission["_id"], self._server),
            "type": "arrival",
            "v": 1,
            "submission": submission["_id"],
            "server": self._server,
            "at": time_string(self._now()),
            "account": identity.account,
            "device": identity.device,
            "flags": sorted(found),
        }


def withdrawal_of(account: Account, device: Device) -> str | None:
    """The flag of what still comes from a device whose right was withdrawn: revoked or lost."""
    if device.state != "active":
        return device.state
    return None if account.active else "revoked"


def withdrawn_at(account: Account, device: Device) -> str | None:
    """Since when: the device's or the account's end, whichever came first. None: nobody wrote it down."""
    return min((since for since in (device.revoked_at, account.closed_at) if since is not None), default=None)


class PhoneDatabase(GuardedDatabase):
    """What one phone has of a database. Judging a batch and writing it are one step among all phones.

    Else two requests under one new id would both find it free, and so would two documents of one batch. Photos are
    exempt: their ids are their content's. (Two servers before one CouchDB can still race: both revisions are kept
    there, the server promotes the winner alone.)
    """

    def __init__(self, inner: Database, policy: PhonePolicy, lock: threading.Lock) -> None:
        super().__init__(inner, policy)
        self._phone = policy
        self._one_at_a_time: AbstractContextManager[Any] = nullcontext() if policy.is_media() else lock

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        given = list(documents)
        first: dict[Any, Document] = {}
        for each in given:
            if isinstance(each.get("_id"), str):  # what has another id is refused by its form
                first.setdefault(each["_id"], each)
        held = Held(self._inner)
        guarded = GuardedDatabase(self._inner, replace(self._phone, held=held, first_of_batch=first))
        with self._one_at_a_time:
            if not self._phone.is_media():
                held.look_up(_judged_by_what_stands(given), pasts=_cited_in(given))
            return guarded.bulk_docs(given, new_edits=new_edits, durable=durable)

    def put(self, document: Document) -> str:
        guarded = GuardedDatabase(self._inner, replace(self._phone, held=Held(self._inner)))
        with self._one_at_a_time:
            return guarded.put(document)


def _judged_by_what_stands(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        doc_id = document.get("_id")
        if isinstance(doc_id, str) and ids.type_of(doc_id) in (*_FIRST_OF, "evidence"):
            yield doc_id


def _cited_in(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        of = document.get("of")
        if document.get("type") == "cited" and isinstance(of, str) and ids.type_of(of) == "evidence":
            yield of


@dataclass(frozen=True)
class PhonePolicy:
    """What one phone may do in one database (`sync.guarded.Policy`). Rights are asked anew at every question."""

    name: str
    account: Account
    device: Device
    identity: Identity
    locale: str
    held: Held
    gateway: Gateway
    first_of_batch: Mapping[Any, Document] = field(default_factory=dict)
    """Of a batch being written, the first document under each id."""

    def refuse_listing(self, start_key: str | None, end_key: str | None) -> Refusal | None:
        # Asked again when a longpoll ends: the device as it stands now, not as it stood when the wait began.
        now = self.gateway.standing(self.device.device)
        if now is None or withdrawal_of(*now) is not None:
            return self._forbidden("device-revoked")
        return self._withdrawn() or self._refusal(
            may_list(self.identity, self.name, start_key, end_key, self.gateway.facts())
        )

    def refuse_read(self, doc_id: str) -> Refusal | None:
        refusal = self._withdrawn() or self._refusal(may_read(self.identity, self.name, doc_id, self.gateway.facts()))
        if refusal is None and self.is_media():
            parsed = media.parse_id(doc_id)
            if parsed is None or not self.gateway.photo_is_named(parsed.photo, self.identity, self.name):
                return self._forbidden("no-photo")
        return refusal

    def reads_all(self) -> bool:
        if self.is_media() or withdrawal_of(self.account, self.device) is not None:
            return False
        access = access_to(self.identity, self.name, self.gateway.facts())
        return isinstance(access, Access) and access.changes

    def refuse_write(self, document: Document) -> Refusal | None:
        refusal = self._after_withdrawal(document) or (
            self._refuse_media(document) if self.is_media() else self._refuse_document(document)
        )
        if refusal is not None:
            metrics.REFUSED.labels(refusal.error).inc()
        return refusal

    def before_write(self, documents: Sequence[Document]) -> None:
        submissions = [
            each for each in documents if ids.type_of(each["_id"]) == "submission" and not each.get("_deleted")
        ]
        if submissions:
            flag = withdrawal_of(self.account, self.device)
            self.gateway.note_arrivals(submissions, self.identity, [] if flag is None else [flag])

    def _refuse_document(self, document: Document) -> Refusal | None:
        problems = problems_of(document)
        if problems:
            return self._invalid(problems)
        facts = self.gateway.facts()
        refused = may_write(self.identity, self.name, document, facts)
        if refused is not None:
            return self._refusal(refused)
        kind = ids.type_of(document["_id"])
        if kind in ("draft", "submission", "evidence", "reply", "minutes") and not document.get("_deleted"):
            # Its group must be one that has the unit: what nobody could promote must not look sent.
            known = facts.members.get((document["group"], document["year"]))
            unit = ids.parse_database(self.name).unit
            if known is None or (unit is not None and unit not in known):
                return self._refusal(Refused("not-member", {"year": document["year"]}))
        if kind == "submission" and not document.get("_deleted"):
            unfit = self.gateway.unfit(document)
            if isinstance(unfit, Refused):
                return self._refusal(unfit)
            if unfit:
                return self._invalid(unfit)
        if kind in _FIRST_OF:
            return self._refuse_second(document)
        if kind == "evidence":
            return self._refuse_overwriting(document)
        if kind == "cited":
            revisions, whole = self.held.past(document["of"])
            return self._refusal(may_cite(self.identity, document, revisions, whole=whole))
        return None

    def _invalid(self, problems: Sequence[Problem]) -> Refusal:
        return Refusal("forbidden", " ".join(InvalidDocument(problems, locale=self.locale).sentences(self.locale)))

    def _refuse_second(self, document: Document) -> Refusal | None:
        rev = document.get("_rev")
        if rev is not None and not str(rev).startswith("1-"):
            return self._forbidden("stands-already")
        first = self.first_of_batch.get(document["_id"], document)
        if first is not document and (first.get("_rev") != rev or body_of(first) != body_of(document)):
            return self._forbidden("stands-already")
        row = self.held.row(document["_id"])
        stands = row.get("value", {}).get("rev")
        if stands is None or (stands == rev and row["doc"] is not None and body_of(row["doc"]) == body_of(document)):
            return None
        return self._forbidden("stands-already")

    def _refuse_overwriting(self, document: Document) -> Refusal | None:
        """Evidence is its author's to change: a colleague's id under another name would take their work away."""
        row = self.held.row(document["_id"])
        stands = row.get("doc")
        if stands is None or stands["by"] == self.identity.account:
            return None
        return self._forbidden("evidence-of-other", by=stands["by"])

    def _refuse_media(self, document: Document) -> Refusal | None:
        doc_id = str(document.get("_id"))
        parsed = media.parse_id(doc_id)
        if parsed is None or parsed.kind in ("receipt", "mismatch") or document.get("_deleted"):
            return self._forbidden("media-only", given=doc_id[:80])
        refused = may_write(self.identity, self.name, document, self.gateway.facts())
        if refused is not None:
            return self._refusal(refused)
        if document.get("type") != parsed.kind or document.get("photo") != parsed.photo:
            return self._forbidden("disagrees-with-id", expected=f"{parsed.kind}, {parsed.photo}")
        attachments = document.get("_attachments") or {}
        allowed = {"photo": (), "thumb": ("thumb.jpg",), "chunk": ("data",), "slice": ("data",)}[parsed.kind]
        if set(attachments) != set(allowed) or any(_size(each) > MEDIA_BYTES_MAX for each in attachments.values()):
            return self._forbidden("media-only", given=doc_id[:80])
        return None

    def _withdrawn(self) -> Refusal | None:
        if withdrawal_of(self.account, self.device) is None:
            return None
        return self._forbidden("device-revoked")

    def _after_withdrawal(self, document: Document) -> Refusal | None:
        if withdrawal_of(self.account, self.device) is None:
            return None
        since = withdrawn_at(self.account, self.device)
        if since is None or self.gateway.now() >= parse_time(since) + REVOKED_PUSH_FOR:
            return self._forbidden("device-revoked-long")
        lost = self.device.state == "lost" and not self.is_media()
        if lost and ids.type_of(str(document.get("_id"))) not in _LOST_MAY:
            return self._forbidden("device-lost")
        return None

    def is_media(self) -> bool:
        return ids.parse_database(self.name).kind == "media"

    def _refusal(self, refused: Refused | None) -> Refusal | None:
        return None if refused is None else self._forbidden(refused.code, **refused.params)

    def _forbidden(self, code: str, **params: Any) -> Refusal:
        return Refusal("forbidden", self.gateway.say(code, params, self.locale))


def _size(attachment: Mapping[str, Any]) -> int:
    """Bytes as they came, in whichever form; a stub has none."""
    data = attachment.get("data", b"")
    return len(data) if isinstance(data, str | bytes | bytearray | memoryview) else 0
