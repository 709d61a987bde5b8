"""Who this phone belongs to, what the server said last, and the settings: the device's own documents, typed.

It must never know a checklist or the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mobile.cards import Account
from mobile.i18n import FIRST, LOCALES
from mobile.local import Local
from schemas import figures

ACCOUNT = "account"
SERVER = "server"
SETTINGS = "settings"
DEVICES = "devices"
ENROLLING = "enrolling"


@dataclass(frozen=True, slots=True)
class Grant:
    """One database as the server listed it last."""

    name: str
    kind: str
    group: str | None
    year: int | None
    unit: str | None
    visit: str | None
    pull: bool
    push: bool
    update_seq: int | str | None
    heads: tuple[str, ...] | None
    listed: bool
    """False once the server no longer lists it: kept here, no longer pulled."""
    movements: tuple[Mapping[str, Any], ...] = ()
    """`{"movement", "names"}` of the group, told to whoever cannot read its database."""
    uuid: str | None = None
    """What names this database for good; older servers do not say."""


@dataclass(frozen=True, slots=True)
class Server:
    """What the server said last. `offset_s`: whole seconds to add to this phone's clock to reach the server's."""

    server: str
    oldest_app: str
    at: str | None
    offset_s: int | None
    grants: tuple[Grant, ...]
    today: date | None = None
    """The server's own day as it said it: this phone's clock has no part in it."""

    def grant(self, name: str) -> Grant | None:
        return next((grant for grant in self.grants if grant.name == name), None)


def read_account(local: Local) -> Account | None:
    """The enrolled account; None before enrolment and after logging out."""
    kept = local.read(ACCOUNT)
    return None if kept is None else _account_of(kept)


def _account_of(kept: Mapping[str, Any]) -> Account:
    return Account(
        account=kept["account"],
        person=kept["person"],
        person_name=kept["person_name"],
        unit=kept["unit"],
        roles=tuple(kept["roles"]),
        device=kept["device"],
        server_url=kept["server_url"],
        locale=kept["locale"],
        token=kept["token"],
        # Phones enrolled before the answer carried them have none.
        unit_names=kept.get("unit_names") or {},
        unit_short_names=kept.get("unit_short_names") or {},
    )


def write_account(local: Local, server_url: str, answer: Mapping[str, Any]) -> Account:
    """Keep what enrolment answered: a new device id each time. Everything collected before stays where it is."""
    person = answer["person"]
    locale = answer.get("locale")
    body = {
        "account": answer["account"],
        "person": person["id"],
        "person_name": person["name"],
        "unit": answer["unit"],
        "roles": list(answer["roles"]),
        "device": answer["device"],
        "server_url": server_url,
        "locale": locale if locale in LOCALES else FIRST,
        "token": answer["token"],
        "unit_names": answer.get("unit_names") or {},
        "unit_short_names": answer.get("unit_short_names") or {},
    }
    remembered = devices(local) | {answer["device"]}
    # Before the account: what the device that ends now had made stays this phone's to send.
    local.edit(DEVICES, lambda _: {"devices": sorted(remembered)})
    local.edit(ACCOUNT, lambda _: body)
    local.edit(ENROLLING, lambda _: None)
    # Not read again: somebody may have logged out in between, and is told so by whatever asks next.
    return _account_of(body)


def enrolment_key(local: Local, code: str, *, fresh: str) -> str:
    """What this phone proves itself with when it asks again with the same code; on the disk before the first asking."""

    def change(before: dict[str, Any]) -> dict[str, Any]:
        return before if before.get("code") == code else {"code": code, "key": fresh}

    kept = local.edit(ENROLLING, change)
    return fresh if kept is None else str(kept["key"])


def forget_account(local: Local) -> None:
    """Log out: the token is gone, everything else stays."""
    remembered = devices(local)
    local.edit(DEVICES, lambda _: {"devices": sorted(remembered)})
    local.edit(ACCOUNT, lambda _: None)


def devices(local: Local) -> frozenset[str]:
    """Every device this phone has been: enrolling again gives it another id."""
    account = read_account(local)
    now = () if account is None else (account.device,)
    return frozenset([*(local.read(DEVICES) or {}).get("devices", ()), *now])


def read_server(local: Local) -> Server:
    kept = local.read(SERVER) or {}
    return Server(
        server=kept.get("server", ""),
        oldest_app=kept.get("oldest_app", ""),
        at=kept.get("at"),
        offset_s=kept.get("offset_s"),
        grants=tuple(_grant(entry) for entry in kept.get("databases", ())),
        today=None if kept.get("time") is None else figures.parse_time(kept["time"]).date(),
    )


def write_server(local: Local, answer: Mapping[str, Any], *, asked: datetime, answered: datetime) -> Server:
    """Keep what `GET /api/v1/databases` answered. A database it no longer lists stays known, marked as not listed."""
    named = {entry["name"] for entry in answer["databases"]}
    middle = asked + (answered - asked) / 2
    server_time = answer.get("time")
    offset_s = None
    if isinstance(server_time, str):
        offset_s = round((figures.parse_time(server_time) - middle).total_seconds())

    def change(before: dict[str, Any]) -> dict[str, Any]:
        gone = [
            {**entry, "listed": False, "pull": False}
            for entry in before.get("databases", ())
            if entry["name"] not in named
        ]
        return {
            "server": str(answer.get("server", "")),
            "oldest_app": str(answer.get("oldest_app", "")),
            "at": figures.time_string(answered),
            "time": server_time if isinstance(server_time, str) else None,
            # One second of jitter is the network's, not the clock's: do not write for it.
            "offset_s": _steady(before.get("offset_s"), offset_s),
            "databases": [*({**entry, "listed": True} for entry in answer["databases"]), *gone],
        }

    local.edit(SERVER, change)
    return read_server(local)


def read_setting(local: Local, name: str, default: str = "") -> str:
    return str((local.read(SETTINGS) or {}).get(name, default))


def write_setting(local: Local, name: str, value: str) -> None:
    local.edit(SETTINGS, lambda before: {**before, name: value})


def _steady(before: int | None, after: int | None) -> int | None:
    if before is None or after is None:
        return before if after is None else after
    return before if abs(before - after) <= 1 else after


def _grant(entry: Mapping[str, Any]) -> Grant:
    year = entry.get("year")
    return Grant(
        name=entry["name"],
        kind=entry["kind"],
        group=entry.get("group"),
        year=None if year is None else int(year),
        unit=entry.get("unit"),
        visit=entry.get("visit"),
        pull=bool(entry.get("pull")),
        push=bool(entry.get("push")),
        update_seq=entry.get("update_seq"),
        heads=None if entry.get("heads") is None else tuple(entry["heads"]),
        listed=bool(entry.get("listed", True)),
        movements=tuple(entry.get("movements") or ()),
        uuid=entry.get("uuid"),
    )
