"""What the server refused, why, and when it is worth offering again. A refused document stays where it is.

Kept in the device's store as `refused:<database>:<id>`. The circumstances of a refusal are a fingerprint of the app,
the server, the grant and the language its reason was said in: when one of them changes, or the document does, it is
offered again by id. What else a refusal hung on (a decision, a device reported lost and found again) no phone is told:
now and then, and when the server's database is another making, all that is refused is offered again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mobile.account import Grant, Server
from mobile.local import Local, found
from sync.store import Store

SET_ASIDE = frozenset({"unreadable", "unwritable"})
"""Words of replication for a document over which one end fails, again and again, while its neighbours pass."""


class Told(Protocol):
    """A refusal as replication or sending tells it."""

    @property
    def id(self) -> str: ...
    @property
    def rev(self) -> str | None: ...
    @property
    def error(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """One document the server does not take, in its words."""

    database: str
    id: str
    rev: str | None
    error: str
    reason: str
    at: str


def fingerprint(app_version: str, device: str, server: Server, grant: Grant, locale: str) -> str:
    """The circumstances; another value is a reason to try again."""
    rights = f"{grant.listed:d}{grant.push:d}{grant.pull:d}"
    return f"{app_version}|{device}|{server.server}|{server.oldest_app}|{rights}|{locale}"


def known(local: Local, database: str | None = None) -> list[Refusal]:
    """All refusals that stand, of one database or of all."""
    prefix = "refused:" if database is None else f"refused:{database}:"
    return [
        Refusal(kept["database"], kept["document"], kept["rev"], kept["error"], kept["reason"], kept["at"])
        for kept in local.list(prefix)
    ]


def add(local: Local, database: str, refused: Iterable[Told], circumstances: str, *, at: str) -> None:
    """Write down what was refused. A second refusal of one document replaces the first."""
    for each in refused:
        body: dict[str, Any] = {
            "database": database,
            "document": each.id,
            "rev": each.rev,
            "error": each.error,
            "reason": each.reason,
            "circumstances": circumstances,
            "at": at,
        }
        local.edit(f"refused:{database}:{each.id}", lambda _, body=body: body)  # type: ignore[misc]


def replace(
    local: Local,
    database: str,
    offered: Sequence[str] | None,
    refused: Sequence[Told],
    circumstances: str,
    *,
    at: str,
) -> None:
    """After an offer: what of `offered` (None: of everything) was not refused again is refused no longer."""
    still = {each.id for each in refused}
    for before in known(local, database):
        if before.id not in still and (offered is None or before.id in offered):
            local.edit(f"refused:{database}:{before.id}", lambda _: None)
    add(local, database, refused, circumstances, at=at)


def forget(local: Local, database: str, arrived: Iterable[str]) -> None:
    """These have come to the server by another way: their author's own phone sent them."""
    for doc_id in arrived:
        local.edit(f"refused:{database}:{doc_id}", lambda _: None)


def to_offer(local: Local, store: Store, database: str, circumstances: str, *, whatever: bool = False) -> list[str]:
    """Documents refused under other circumstances, or changed since; `whatever` was said of them: all."""
    offers = []
    for kept in local.list(f"refused:{database}:"):
        document = found(store, kept["document"])
        changed = document is None or kept["circumstances"] != circumstances or kept["rev"] != document["_rev"]
        if changed or whatever:
            offers.append(kept["document"])
    return offers


def offer_again(local: Local, database: str | None = None) -> int:
    """A person asks, or what others stand on has arrived: all that is refused (of this database) will be offered at the
    next push. Answers how much that is.
    """
    kept = local.list("refused:" if database is None else f"refused:{database}:")
    for each in kept:
        local.edit(each["_id"], lambda before: {**before, "circumstances": ""})
    return len(kept)
