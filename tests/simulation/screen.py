"""What a phone's screens say of the server, held against the servers' databases of that very moment, after every round.

A sentence that is new comes from an answer the server just gave: it is true whatever befell the server before. One that
stood before may be out of date where the server lost something since, until a round went through in which the phone
could learn of it: the next, where the databases bear new uuids, else a thorough one. It must never take the phone's own
books for what is on the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mobile import photos
from mobile.ledger import Ledger
from mobile.submitting import documents_of
from schemas import ids
from sync import media
from sync.errors import NotFound
from tests.server.world import GROUP, YEAR
from tests.simulation.witness import Wrong, body

if TYPE_CHECKING:
    from mobile.phone import Phone
    from mobile.worker import SyncStatus

G, M = ids.group_database(GROUP, YEAR), ids.media_database(GROUP, YEAR)


@dataclass(frozen=True)
class Said:
    """`what` is "there" (a document, in this revision), "promoted" (a submission counts in the group) or "safe" (a
    photo is confirmed whole).
    """

    what: str
    database: str
    name: str
    rev: str = ""


@dataclass
class Screen:
    """One phone's screens over its lives: what they said last, and of how many losses the phone could have learnt."""

    stood: frozenset[Said] = frozenset()
    losses_known: int = 0

    @classmethod
    def put_back(cls, app: Phone) -> Screen:
        """Of a folder that was put back: it says again what it said then."""
        return cls(frozenset(said_by(app)) if app.account is not None else frozenset())


@dataclass
class Losses:
    """What the servers lost with their disk, in order: did the databases bear new uuids afterwards?"""

    announced: list[bool] = field(default_factory=list)

    def happened(self, *, announced: bool) -> None:
        self.announced.append(announced)

    @property
    def count(self) -> int:
        return len(self.announced)

    def all_announced_since(self, known: int) -> bool:
        return all(self.announced[known:])


def look(
    screen: Screen,
    app: Phone,
    status: SyncStatus | None,
    truth: Callable[[str], Any],
    losses: Losses,
    *,
    whole: bool,
    thorough: bool,
) -> None:
    """After a round; `whole`: nothing of it failed. Raises Wrong where the screens say what is not so."""
    if whole and (thorough or losses.all_announced_since(screen.losses_known)):
        screen.losses_known = losses.count
    said = frozenset(said_by(app))
    if screen.losses_known == losses.count:
        check(app, said | frozenset(_everything(app, status)), truth)
    else:
        # What was pulled before the loss and is said to count only now is no answer of this round.
        check(app, frozenset(each for each in said - screen.stood if each.what != "promoted"), truth)
    screen.stood = said


def said_by(app: Phone) -> Iterator[Said]:
    """All that the screens of records and photos say is on the server."""
    local = app.tools.local
    stores = local.stores
    if M in stores:
        for photo in photos.names_in(stores.open(M)):
            if photos.way(local, M, photo).safe:
                yield Said("safe", M, photo)
    ledger = Ledger(local)
    for home in _homes(app):
        # Each document for itself: a screen says "80 % sent" of a record, and later another one cites the same part.
        waits = ledger.unsent(home) | {doc_id for at, doc_id in ledger.refusals if at == home}
        for row in stores.open(home).changes(0).results:
            if row["id"] not in waits:
                yield Said("there", home, row["id"], row["changes"][0]["rev"])
    for item in app._outbox(ledger)._submissions():
        if item.state in ("verified", "returned"):
            yield Said("promoted", G, item.id)


def _everything(app: Phone, status: SyncStatus | None) -> Iterator[Said]:
    """ "Everything is on the server": whatever lies in these databases, whoever made it."""
    if status is not None and (status.state, status.message) == ("idle", "all-sent"):
        for name in _homes(app):
            for row in app.tools.local.stores.open(name).changes(0, style="all_docs").results:
                for leaf in row["changes"]:
                    yield Said("there", name, row["id"], leaf["rev"])


def _homes(app: Phone) -> list[str]:
    return [name for name in app.tools.local.stores.names() if name[0] in "uv"]


def _has(store: Any, doc_id: str) -> bool:
    try:
        store.get(doc_id)
    except NotFound:
        return False
    return True


def check(app: Phone, sentences: frozenset[Said], truth: Callable[[str], Any]) -> None:
    """Raises Wrong where one of them is not so."""
    revisions: dict[str, dict[str, list[str]]] = {}
    for each in sorted(sentences, key=lambda said: (said.what, said.database, said.name, said.rev)):
        if each.what == "there":
            revisions.setdefault(each.database, {}).setdefault(each.name, []).append(each.rev)
        elif each.what == "safe":
            _check_photo(app, truth(M), each.name)
        else:
            _check_promoted(app, truth(G), each.name)
    for database, named in revisions.items():
        missing = truth(database).revs_diff(named)
        if missing:
            raise Wrong(f"says that {sorted(missing.items())[:3]} of {database} are sent, and the server lacks them")


def _check_photo(app: Phone, there: Any, photo: str) -> None:
    try:
        found = media.read_photo(there, photo).data
    except NotFound:
        raise Wrong(f"calls photo {photo[:8]} safe, and the server does not have it") from None
    file = app.tools.local.photo_file(photo)
    if media.name_of(found) != photo or (file.exists() and file.read_bytes() != found):
        raise Wrong(f"calls photo {photo[:8]} safe, and the server has other bytes")


def _check_promoted(app: Phone, group: Any, submission: str) -> None:
    stores = app.tools.local.stores
    mine = next(stores.open(name).get(submission) for name in _homes(app) if _has(stores.open(name), submission))
    absent = [each for each in documents_of(mine) if not _has(group, each)]
    if absent:
        raise Wrong(f"calls {submission} verified, and the group's database lacks {absent[:3]}")
    if body(group.get(submission)) != body(mine):
        raise Wrong(f"calls {submission} verified, and the group's database has another one")
