"""One round of synchronisation: the server's list, then each database pushed and pulled, documents before photos.

What the list says unchanged costs no request. Trouble of one database stops no other; what the server refuses is
written down with its reason and passed. Every step may be repeated; nothing here is a person's last copy of anything.
It must never know threads or screens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import requests

from mobile import account as accounts
from mobile import api, capture, drafts, photos, putback, refusals, sending, withheld
from mobile.account import Grant, Server
from mobile.bites import Bites
from mobile.cards import Account
from mobile.local import found, leaves, listed, write_file
from mobile.messages import say
from mobile.sending import Refused
from mobile.tools import Tools
from schemas import access, decision, evidence, ids
from sync import media
from sync.apart import POISON_STATUSES
from sync.database import Database, Document
from sync.errors import (
    DatabaseError,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    StoreCorrupt,
    StoreFull,
)
from sync.remote import RemoteDatabase
from sync.replicate import Far, Line, Progress, replicate
from sync.replicate import Refused as Turned
from sync.store import Store

THUMBNAILS_MAX = 40
"""A round: some 500 KB of other people's pictures, so that one's own come first again soon."""

SILENT_DATABASES_MAX = 2
"""As many in a row without an answer mean that the network is gone, not that the databases are."""

FETCH_AT_ONCE = 100

OFFER_AT_ONCE = 100
"""Refused documents in one request: some 50 KB after gzip."""

LANDED_MAX = 10_000
"""Revisions remembered as just come from a database, so that it is not asked about them: a megabyte."""

UNTRODDEN: Mapping[str, Any] = {"pushed": 0, "pulled": None, "unread": [], "uuid": None, "doubted": False}
"""What is known of a database that was never synchronised: how far it was pushed and pulled, what could not be read,
which making of it was pulled, and whether the server's may have been put back since."""

KIND_ORDER = {"unit": 0, "visit": 1, "group": 2, "media": 3}
"""Documents first, and one's own before the group's; photos last."""


@dataclass
class Outcome:
    """What came of a round. `code` is of `mobile.messages`; `signed_out` and `offline` end it early."""

    code: str = "all-sent"
    signed_out: bool = False
    offline: bool = False
    trouble: bool = False
    retry_after_s: float | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    receipts_awaited: int = 0
    photos_held_back: bool = False


class _NetworkGone(Exception):
    """Several databases in a row were silent."""

    def __init__(self, cause: PeerUnreachable) -> None:
        super().__init__(str(cause))
        self.retry_after_s = cause.retry_after_s


class Round:
    """One run. `thorough` asks every database, whatever the list says: the list is a hint."""

    def __init__(
        self,
        tools: Tools,
        account: Account,
        session: requests.Session,
        *,
        locale: str,
        thorough: bool,
        photos_now: bool,
        on_progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        line: Line | None = None,
        bites: Bites | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._tools, self._account, self._session = tools, account, session
        self._locale, self._thorough, self._photos_now = locale, thorough, photos_now
        self._on_progress, self._cancelled = on_progress, cancelled
        self._session.headers["Accept-Language"] = locale  # reasons of refusals are read by the person who wrote
        self._local = tools.local
        self._line = line or Line()
        self._landed: dict[str, set[tuple[str, str]]] = {}  # by database: revisions it has given us in this round
        self._bites, self._clock, self._pause = bites or Bites(), clock, pause
        self._troubled: set[str] = set()  # databases that failed in this round: not tried again between photos
        self._made_anew: set[str] = set()  # databases that were put back or made anew since we last went through them
        self._done = self._total = 0
        self._silent = 0

    def run(self) -> Outcome:
        """All of it, as far as network and server allow. Raises nothing of `sync.errors`."""
        outcome = Outcome()
        try:
            server = self._list()
            if _older(self._tools.app_version, server.oldest_app):
                return Outcome(code="update-app", trouble=True)
            self._databases(server, outcome)
        except api.ServerBusy as error:
            return Outcome(code="server-trouble", trouble=True, retry_after_s=error.retry_after_s)
        except PeerUnreachable as error:
            return Outcome(code="offline", offline=True, retry_after_s=error.retry_after_s)
        except _NetworkGone as gone:
            return Outcome(code="offline", offline=True, retry_after_s=gone.retry_after_s)
        except PeerRefused as refusal:
            if refusal.status == 401:
                return Outcome(code="signed-out", signed_out=True)
            return Outcome(code="server-trouble", trouble=True)
        except PeerMisbehaved:
            return Outcome(code="captive", trouble=True)
        except StoreFull:
            return Outcome(code="phone-full", trouble=True)
        except StoreCorrupt:
            return Outcome(code="store-damaged", trouble=True)
        return outcome

    def _list(self) -> Server:
        asked = self._tools.now()
        answer = api.databases(
            self._session,
            self._account.server_url,
            token=self._account.token,
            opening=self._tools.opening,
            locale=self._locale,
        )
        return accounts.write_server(self._local, answer, asked=asked, answered=self._tools.now())

    def _databases(self, server: Server, outcome: Outcome) -> None:
        grants = sorted(
            (grant for grant in server.grants if grant.kind in KIND_ORDER),
            key=lambda grant: (KIND_ORDER[grant.kind], grant.name),
        )
        self._grants = grants
        self._made_anew = {
            grant.name for grant in grants if grant.uuid and self._way(grant)["uuid"] not in (None, grant.uuid)
        }
        self._total = sum(self._to_push(grant) for grant in grants)
        for grant in grants:
            if self._cancelled():
                return
            try:
                if grant.kind == "media":
                    self._media(grant, server, outcome)
                else:
                    self._documents(grant, server, outcome)
                self._silent = 0
            except PeerUnreachable as error:
                self._troubled.add(grant.name)
                self._silent += 1
                if self._silent >= SILENT_DATABASES_MAX:
                    raise _NetworkGone(error) from error
                outcome.trouble, outcome.code, outcome.retry_after_s = True, "some-waiting", error.retry_after_s
            except PeerRefused as refusal:
                if refusal.status == 401:
                    raise
                self._troubled.add(grant.name)
                if grant.listed:  # one no longer listed is expected to say no
                    outcome.trouble, outcome.code = True, "some-waiting"
            except (PeerMisbehaved, DatabaseError):
                self._troubled.add(grant.name)
                if grant.listed:
                    outcome.trouble, outcome.code = True, "some-waiting"
            except StoreCorrupt:
                outcome.trouble, outcome.code = True, "store-damaged"

    # Documents

    def _documents(self, grant: Grant, server: Server, outcome: Outcome) -> None:
        if not grant.listed and grant.name not in self._local.stores:
            return
        store = self._local.stores.ensure(grant.name)
        remote = self._remote(grant)
        if grant.push or not grant.listed:
            self._push(store, remote, grant, server)
        if grant.pull and (self._asks_all(grant) or self._way(grant)["pulled"] != grant.update_seq):
            held = {document["_id"] for document in listed(store, "decision:")}
            self._pull(store, remote, grant)
            if grant.kind == "group" and (self._is_put_back(store, grant, held) or self._is_forked(store, grant)):
                putback.reconcile(self._local, store, remote)
                self._remember(grant, doubted=False)
            self._forget_arrived(store, remote, grant)
            if grant.kind in ("unit", "visit"):
                drafts.merge_all(store)
                capture.merge_all(store, self._account.account)
                if grant.push:
                    self._push(store, remote, grant, server)
            else:
                self._judge_log(store, grant, held, outcome)
                withheld.erase_photos(self._local, store)
            self._remember(grant, pulled=grant.update_seq)
        elif grant.push and not grant.pull and grant.listed and self._asks_all(grant):
            before = store.info()["update_seq"]
            self._read_back(store, remote)
            capture.merge_all(store, self._account.account)
            if store.info()["update_seq"] != before:
                # What just came is over there: one look says so, and nothing of it is called waiting.
                self._push(store, remote, grant, server)
        self._went_through(grant)

    def _push(self, store: Store, remote: Database, grant: Grant, server: Server) -> None:
        fingerprint = self._fingerprint(server, grant)
        again = refusals.to_offer(self._local, store, grant.name, fingerprint, whatever=self._asks_all(grant))
        if again:
            refused = self._offer(store, remote, again)
            refusals.replace(self._local, grant.name, again, refused, fingerprint, at=self._tools.time())
        way = self._way(grant)
        # Others' documents may be here alone now: they are offered anew with all the rest.
        doubted = way["doubted"] and grant.kind in ("unit", "visit")
        if not doubted and not self._asks_all(grant) and store.info()["update_seq"] == way["pushed"]:
            return
        far = self._far(grant, "target")

        def note(refused: Sequence[Turned]) -> None:
            refusals.add(self._local, grant.name, map(_said, refused), fingerprint, at=self._tools.time())

        result = replicate(
            store,
            remote,
            new_session_id=self._session_id,
            now=self._tools.time,
            on_progress=self._advance,
            cancelled=self._cancelled,
            line=self._line,
            far=replace(far, ask=True) if far is not None and doubted else far,
            since=0 if doubted else None,
            there=self._landed.get(grant.name, frozenset()),
            on_refused=note,
        )
        self._remember(grant, pushed=result.last_seq, **({"doubted": False} if doubted else {}))

    def _offer(self, store: Store, remote: Database, again: Iterable[str]) -> list[sending.Refused]:
        """Hand over once more what was refused; what the server fails over stays refused and stops no other."""
        refused: list[sending.Refused] = []
        lacking = sending.lacking(store, remote, list(again))
        parts = [lacking[start : start + OFFER_AT_ONCE] for start in range(0, len(lacking), OFFER_AT_ONCE)]
        while parts:
            part = parts.pop(0)
            try:
                refused += sending.send(store, remote, part)
            except PeerUnreachable as error:
                if error.status not in POISON_STATUSES:
                    raise
                if len(part) > 1:
                    parts = [[doc_id] for doc_id in part] + parts
                else:
                    refused.append(sending.Refused(part[0], store.get(part[0])["_rev"], "unwritable", say("set-aside")))
        return refused

    def _pull(self, store: Store, remote: Database, grant: Grant) -> None:
        landed = self._landed.setdefault(grant.name, set())

        def note(documents: Sequence[Document]) -> None:
            if len(landed) + len(documents) <= LANDED_MAX:
                landed.update((document["_id"], document["_rev"]) for document in documents)

        before, total = self._done, self._total

        def fetching(progress: Progress) -> None:
            self._done = before + progress.changes_done
            self._total = total + progress.changes_done + (progress.pending or 0)
            self._on_progress(self._done, self._total)

        def note_unread(refused: Sequence[Turned]) -> None:
            failed = {each.id for each in refused if each.error == "unreadable"}
            unread = self._way(grant)["unread"]
            if failed - set(unread):
                self._remember(grant, unread=sorted({*unread, *failed}))

        if self._asks_all(grant):
            self._unread(store, remote, grant)
        result = replicate(
            remote,
            store,
            new_session_id=self._session_id,
            now=self._tools.time,
            on_progress=fetching,
            cancelled=self._cancelled,
            line=self._line,
            far=self._far(grant, "source"),
            on_landed=note,
            on_refused=note_unread,
        )
        if result.far_changed:
            self._remember(grant, doubted=True)

    def _unread(self, store: Store, remote: Database, grant: Grant) -> None:
        """Fetch what the server failed over before; what it still fails over is remembered."""
        still = []
        for doc_id in self._way(grant)["unread"]:
            try:
                sending.fetch(remote, store, [doc_id])
            except PeerUnreachable as error:
                if error.status not in POISON_STATUSES:
                    raise
                still.append(doc_id)
        self._remember(grant, unread=still)

    def _forget_arrived(self, store: Store, remote: Database, grant: Grant) -> None:
        """What others wrote and only they may send (the server had lost it) is refused no more once it is there."""
        refused = [each.id for each in refusals.known(self._local, grant.name)]
        if refused:
            absent = set(sending.lacking(store, remote, refused))
            arrived = [doc_id for doc_id in refused if doc_id not in absent]
            refusals.forget(self._local, grant.name, arrived)
            if arrived:  # what was refused for want of these may be taken now
                refusals.offer_again(self._local, grant.name)

    def _read_back(self, store: Store, remote: Database) -> None:
        """A grassroots unit is not told what changed in its department's database; it may list its own evidence."""
        first, last = access.own_range(self._account.unit)
        rows = remote.all_docs(start_key=first, end_key=last)["rows"]
        mine = [row["id"] for row in rows]
        for start in range(0, len(mine), FETCH_AT_ONCE):
            sending.fetch(remote, store, mine[start : start + FETCH_AT_ONCE])
        named = {part for each in mine for part in evidence.parts_named(found(store, each) or {})}
        parts = sorted(ids.part_id(part) for part in named)
        for start in range(0, len(parts), FETCH_AT_ONCE):
            sending.fetch(remote, store, parts[start : start + FETCH_AT_ONCE])

    def _is_forked(self, store: Store, grant: Grant) -> bool:
        """Does a document of the group live here in two revisions? The server alone writes there, each once: one may be
        of before it was put back, read in a round that died before it could remember having read it.
        """
        if self._asks_all(grant):
            return any(len(revs) > 1 for revs in putback.leaves_of(store).values())
        landed = {doc_id for doc_id, _rev in self._landed.get(grant.name, ())}
        return any(len(leaves(store, doc_id)) > 1 for doc_id in landed)

    def _is_put_back(self, store: Store, grant: Grant, held: Iterable[str]) -> bool:
        """Does anything tell that the server's database is an older copy of what this phone has read?"""
        way = self._way(grant)
        known = (self._local.read(f"log:{grant.name}") or {}).get("unreachable", ())
        return (
            way["doubted"]
            or (way["uuid"] is not None and way["uuid"] != grant.uuid)
            or not set(known).issuperset(self._unreached(store, grant, held))
        )

    def _unreached(self, store: Store, grant: Grant, held: Iterable[str]) -> set[str]:
        """Decisions here that the server's heads do not follow."""
        apart = decision.unreachable(listed(store, "decision:"), grant.heads) if grant.heads is not None else None
        # What arrived after the heads were told may well follow later ones.
        return set(apart or ()) & set(held)

    def _judge_log(self, store: Store, grant: Grant, held: Iterable[str], outcome: Outcome) -> None:
        """Does the server's log still lead to every decision this phone has read?"""
        lost = sorted({*self._unreached(store, grant, held), *putback.lost_decisions(self._local, store)})
        self._local.edit(f"log:{grant.name}", lambda _: {"unreachable": lost})
        if lost:
            outcome.trouble, outcome.code = True, "log-broken"

    # Photos

    def _media(self, grant: Grant, server: Server, outcome: Outcome) -> None:
        remote = self._remote(grant)
        if grant.name in self._local.stores and (grant.push or not grant.listed):
            self._send_photos(self._local.stores.open(grant.name), remote, grant, server, outcome)
        if grant.listed and self._photos_now:
            photos.fetch_thumbnails(
                self._local,
                remote,
                self._others_photos(grant)[:THUMBNAILS_MAX],
                write=lambda name, data: write_file(self._local.thumbnail_file(name), data),
            )
        if self._photos_now:
            self._went_through(grant)

    def _send_photos(self, store: Store, remote: Database, grant: Grant, server: Server, outcome: Outcome) -> None:
        if self._asks_all(grant) and self._photos_now:
            photos.look_after(self._local, store, remote, today=server.today, cancelled=self._cancelled)
        open_names = photos.waiting(self._local, store)
        refused: list[Refused] = []
        if open_names:
            open_names, refused = photos.settle(self._local, store, remote, open_names, now=self._tools.time())
        if open_names and not self._photos_now:
            outcome.photos_held_back = True
            return
        hopeless = set(photos.waiting(self._local, store)) - set(open_names)
        refused += photos.push(
            self._local,
            store,
            remote,
            self._bites,
            without=hopeless,
            documents_first=lambda: self._documents_meanwhile(server),
            on_sent=self._advance,
            cancelled=self._cancelled,
            clock=self._clock,
            pause=self._pause,
        )
        fingerprint = self._fingerprint(server, grant)
        refusals.replace(self._local, grant.name, None, refused, fingerprint, at=self._tools.time())
        open_names = [name for name in photos.waiting(self._local, store) if name not in hopeless]
        if open_names and not refused:
            open_names, _ = photos.settle(self._local, store, remote, open_names, now=self._tools.time())
        outcome.receipts_awaited += len(open_names)

    def _documents_meanwhile(self, server: Server) -> None:
        """What a person saved since this round began goes before the next piece of a photo."""
        for grant in self._grants:
            if grant.kind == "media" or not grant.push or grant.name in self._troubled:
                continue
            if grant.name not in self._local.stores:
                continue
            store = self._local.stores.open(grant.name)
            if store.info()["update_seq"] == self._way(grant)["pushed"]:
                continue
            try:
                self._push(store, self._remote(grant), grant, server)
            except PeerRefused as refusal:
                if refusal.status == 401:
                    raise
                self._troubled.add(grant.name)  # the next round says why
            except (PeerMisbehaved, DatabaseError):
                self._troubled.add(grant.name)

    def _others_photos(self, grant: Grant) -> list[str]:
        """Photos this phone's evidence names and has no small picture of, the latest first."""
        wanted: list[str] = []
        for name in self._local.stores.names():
            if name[:2] not in ("u-", "v-"):
                continue
            for document in reversed(listed(self._local.stores.open(name), "evidence:")):
                if (document.get("group"), document.get("year")) == (grant.group, grant.year):
                    wanted.extend(evidence.photos_of(document))
        return [name for name in dict.fromkeys(wanted) if not self._local.thumbnail_file(name).exists()]

    # What all of it uses

    def _remote(self, grant: Grant) -> RemoteDatabase:
        url = f"{self._account.server_url}/db/{grant.name}"
        # Photos count what a broken line costs: a bite of one is not sent a second time unseen.
        repeat_bytes_max = media.SLICE_BYTES if grant.kind == "media" else None
        return RemoteDatabase(url, session=self._session, token=self._account.token, repeat_bytes_max=repeat_bytes_max)

    def _far(self, grant: Grant, end: Literal["source", "target"]) -> Far | None:
        """What the list told of this database just now. A thorough round asks it all the same."""
        return None if grant.uuid is None else Far(end, grant.uuid, grant.update_seq, ask=self._asks_all(grant))

    def _asks_all(self, grant: Grant) -> bool:
        """Is what this phone believes of the database to be asked after: now and then, and when its uuid is another?"""
        return self._thorough or grant.name in self._made_anew

    def _went_through(self, grant: Grant) -> None:
        if grant.uuid is not None and not self._cancelled() and self._way(grant)["uuid"] != grant.uuid:
            self._remember(grant, uuid=grant.uuid)

    def _fingerprint(self, server: Server, grant: Grant) -> str:
        return refusals.fingerprint(self._tools.app_version, self._account.device, server, grant, self._locale)

    def _session_id(self) -> str:
        return self._tools.random_bytes(16).hex()

    def _advance(self, progress: Progress | None = None) -> None:
        self._done += 1 if progress is None else max(1, progress.docs_read)
        self._total = max(self._total, self._done)
        self._on_progress(self._done, self._total)

    def _to_push(self, grant: Grant) -> int:
        if grant.name not in self._local.stores or not grant.push:
            return 0
        store = self._local.stores.open(grant.name)
        if grant.kind == "media":
            return photos.backlog(self._local, store).documents
        pushed, here = self._way(grant)["pushed"], store.info()["update_seq"]
        return int(max(0, here - pushed) if isinstance(pushed, int) else here)

    def _way(self, grant: Grant) -> dict[str, Any]:
        return {**UNTRODDEN, **(self._local.read(f"way:{grant.name}") or {})}

    def _remember(self, grant: Grant, **news: Any) -> None:
        self._local.edit(f"way:{grant.name}", lambda before: {**UNTRODDEN, **before, **news})


def _said(refused: Turned) -> Turned:
    """What the server failed over, in words for the person who wrote it; what it refused, in its own."""
    return replace(refused, reason=say("set-aside")) if refused.error in refusals.SET_ASIDE else refused


def _older(ours: str, oldest: str) -> bool:
    """Is this app older than the oldest the server still serves? What is no version is no reason to stop."""
    try:
        one, other = (tuple(int(step) for step in text.split(".")) for text in (ours, oldest))
    except ValueError:
        return False
    return one < other
