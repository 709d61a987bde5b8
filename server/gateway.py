"""The door for phones: who asks, which databases are theirs, what of a batch is let in.

A document is judged by its shape and its writer alone (`server.judging`): truth never depends on the order in which
phones came back. (The scheme a submission names never changes, so what it lets one answer is shape too.) A refused one
is an entry with a sentence its writer can act on, and its neighbours land. While a submission is stored,
`arrival:<submission>:<server>` says in the group's database when it came, from whom, and under which flags; a
submission is accepted, and its phone told so, when both are there. Where a crash left it without, it is not accepted
yet: its phone was not answered, asks again, and is told that it is missing. It must never know HTTP, nor a rule of
scoring.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas import ids
from schemas.access import (
    Access,
    Facts,
    Identity,
    access_to,
    databases,
    may_list,
    may_read,
    own_range,
)
from schemas.answer import check_answer
from schemas.figures import VIET_NAM, time_string
from schemas.problem import Problem, Refused
from server import metrics
from server.accounts import Account, Accounts, Device
from server.backends import Backend, NotWritten
from server.board.views import Views
from server.facts import FactBook, identity_of
from server.judging import Judging, withdrawal_of
from server.messages import say
from server.naming import named
from server.projection import Projection
from server.registry import Registry
from server.turns import Turns
from sync import media
from sync.database import Database, Document
from sync.errors import Forbidden
from sync.guarded import GuardedDatabase, Refusal

BESIDE_MAX: Final = 16
"""Arrivals noted at once. A third of the threads that answer phones; a phone submits a few times a day."""


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
        beside: Executor | None = None,
    ) -> None:
        """`beside` runs what a request need not wait for at once; threads, unless somebody must have an order."""
        self._backend = backend
        self._registry = registry
        self._accounts = accounts
        self._book = book
        self._views = views
        self._projection = projection
        self._server = server
        self._now = now
        self._side = beside or ThreadPoolExecutor(BESIDE_MAX, thread_name_prefix="beside")
        self._turns = Turns()

    def open(self, name: str, account: Account, device: Device, *, locale: str, handed_over: bool = False) -> Database:
        """The database as far as this phone may use it. Raises Forbidden with the rule, NotFound.

        `handed_over`: somebody answers for it that what is written comes from the phone's owner, withdrawn or not.
        """
        identity = identity_of(account, device)
        access = access_to(identity, name, self._book.facts())
        if isinstance(access, Refused):
            raise Forbidden(self.say(access.code, access.params, locale))
        inner = self._backend.open(name)
        policy = PhonePolicy(
            name=name,
            account=account,
            device=device,
            identity=identity,
            locale=locale,
            inner=inner,
            gateway=self,
            handed_over=handed_over,
        )
        return PhoneDatabase(inner, policy, self._turns.of(name))

    def close(self) -> None:
        """After the last request."""
        self._side.shutdown()

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

    @contextmanager
    def noting(self, submissions: Sequence[Document], identity: Identity) -> Iterator[None]:
        """Note arrivals beside the write of what arrives: two databases, and neither waits for the other's disk."""
        noted = self._side.submit(self.note_arrivals, submissions, identity, [])
        try:
            yield
        finally:
            noted.result()

    def without_arrival(self, submissions: Sequence[str], year: int) -> list[str]:
        """Those of these submissions that no server has noted."""
        found: list[str] = []
        for group, sent in _by_group(submissions).items():
            name = ids.group_database(group, year)
            if not self._backend.exists(name):
                continue
            database = self._backend.open(name)
            rows = database.all_docs(keys=[ids.arrival_id(each, self._server) for each in sent])["rows"]
            unknown = [each for each, row in zip(sent, rows, strict=True) if "error" in row]
            found += [each for each in unknown if not _is_noted(database, each)]
        return found

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


def _is_noted(database: Database, submission: str) -> bool:
    """By whichever server."""
    start = f"arrival:{submission}:"
    return bool(database.all_docs(start_key=start, end_key=f"{start}\ufff0", limit=1)["rows"])


def _by_group(submissions: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in submissions:
        found.setdefault(ids.parse(each)["group"], []).append(each)
    return found


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

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        missing = super().revs_diff(revisions)
        standing = [each for each in revisions if each not in missing and ids.type_of(each) == "submission"]
        for each in self._phone.not_accepted(standing) if standing else ():
            missing[each] = {"missing": list(revisions[each])}
        return missing

    def bulk_docs(
        self, documents: Iterable[Document], *, new_edits: bool = True, durable: bool = True
    ) -> list[dict[str, Any]]:
        with self._one_at_a_time:
            return super().bulk_docs(documents, new_edits=new_edits, durable=durable)

    def put(self, document: Document) -> str:
        with self._one_at_a_time:
            return super().put(document)


@dataclass(frozen=True)
class PhonePolicy:
    """What one phone may do in one database (`sync.guarded.Policy`). Rights are asked anew at every question."""

    name: str
    account: Account
    device: Device
    identity: Identity
    locale: str
    inner: Database
    gateway: Gateway
    handed_over: bool = False
    """What a withdrawn phone writes is judged as before; its submissions are flagged all the same."""

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
        if self.is_media() or self.withdrawn is not None:
            return False
        access = access_to(self.identity, self.name, self.gateway.facts())
        return isinstance(access, Access) and access.changes

    def refuse_writes(self, documents: Sequence[Document]) -> list[Refusal | None]:
        refusals = Judging(self, self.inner).refusals(documents)
        for refusal in refusals:
            if refusal is not None:
                metrics.REFUSED.labels(refusal.error).inc()
        return refusals

    def writing(self, documents: Sequence[Document]) -> AbstractContextManager[object]:
        submissions = [
            each for each in documents if ids.type_of(each["_id"]) == "submission" and not each.get("_deleted")
        ]
        if not submissions:
            return nullcontext()
        flag = self.withdrawn
        if flag is not None:
            # Only its arrival keeps it from counting: it must not stand a moment without.
            self.gateway.note_arrivals(submissions, self.identity, [flag])
            return nullcontext()
        return self.gateway.noting(submissions, self.identity)

    def not_accepted(self, standing: Sequence[str]) -> list[str]:
        """Those of these submissions that this account sent, and that a crash parted from their arrival."""
        place = ids.parse_database(self.name)
        year = self.gateway.facts().visits[str(place.visit)].year if place.kind == "visit" else place.year
        bare = self.gateway.without_arrival([each for each in standing if _is_id(each)], int(year or 0))
        rows = self.inner.all_docs(keys=bare, include_docs=True)["rows"] if bare else []
        return [
            row["id"] for row in rows if row.get("doc") is not None and row["doc"].get("by") == self.identity.account
        ]

    @property
    def withdrawn(self) -> str | None:
        """The flag of what still comes although the right was withdrawn; None while it holds."""
        return withdrawal_of(self.account, self.device)

    def _withdrawn(self) -> Refusal | None:
        return None if self.withdrawn is None else self._forbidden("device-revoked")

    def is_media(self) -> bool:
        return ids.parse_database(self.name).kind == "media"

    def _refusal(self, refused: Refused | None) -> Refusal | None:
        return None if refused is None else self._forbidden(refused.code, **refused.params)

    def _forbidden(self, code: str, **params: Any) -> Refusal:
        return Refusal("forbidden", self.gateway.say(code, params, self.locale))


def _is_id(text: str) -> bool:
    try:
        ids.parse(text)
    except ids.NotAnId:
        return False
    return True
