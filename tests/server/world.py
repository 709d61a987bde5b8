"""A small cluster to test in: three departments, a ward's cultural house, their people, and phones that replicate.

Hải Dương leads, Hưng Yên is the deputy, Bắc Ninh is neither. Everything is made through the service's own verbs; phones
are Stores that push and pull over HTTP as the app does.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from schemas import checklist, ids
from schemas.answer import answer
from schemas.figures import time_string
from schemas.hashing import part, part_hash
from schemas.scheme import Scheme, shipped
from server.accounts import Account
from server.app import create_app
from server.backends import Backend
from server.config import Config, load
from server.service import Service
from server.web.reader import Reader
from server.wsgi import BackgroundServer
from sync.documents import with_revision
from sync.remote import RemoteDatabase
from sync.replicate import Result, replicate
from sync.store import Store

GROUP, YEAR = "cum-1", 2024
HD, HY, BN, WARD = "so-hd", "so-hy", "so-bn", "nvh-hien-nam"
MEMBERS = (HD, HY, BN)
ALL = ("culture", "family", "sports", "tourism")
SCHEME = Scheme.from_document(shipped("cum-1000"))

PEOPLE = {
    "huong": ("Nguyễn Thị Hương", HD, ("specialist", "head")),
    "dung": ("Trần Văn Dũng", HD, ("inspector",)),
    "lan": ("Phạm Thị Lan", HY, ("specialist", "head")),
    "minh": ("Nguyễn Văn Minh", HY, ("inspector",)),
    "bac": ("Lê Thị Bắc", BN, ("specialist", "head")),
    "ninh": ("Vũ Văn Ninh", BN, ("inspector",)),
    "thu": ("Đỗ Thị Thu", WARD, ("grassroots",)),
    "hoi-dong": ("Đặng Văn Đồng", "bo-vhttdl", ("council",)),
}


class Clock:
    def __init__(self, text: str = "2024-10-08T05:00:00+00:00") -> None:
        self.time = datetime.fromisoformat(text)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **how_long: int) -> None:
        self.time += timedelta(**how_long)


class Dice:
    """Random bytes that differ at every throw and are the same in every run."""

    def __init__(self, *, thrown: int = 0) -> None:
        self._thrown = itertools.count(thrown + 1)

    def __call__(self, count: int) -> bytes:
        return hashlib.sha512(str(next(self._thrown)).encode()).digest()[:count]


@dataclass
class World:
    service: Service
    clock: Clock
    dice: Dice
    accounts: dict[str, Account] = field(default_factory=dict)

    def settle(self) -> None:
        """What the follower would do in its own time."""
        self.service.follower.sweep()

    def act(self, login: str, act: str, value: Mapping[str, Any], reason: str | None = None, **more: Any) -> Any:
        return self.service.acts.act(self.accounts[login], GROUP, YEAR, act, value, reason=reason, **more)

    def plan_visit(self, inspected: str, *team: str, by: str = "huong") -> str:
        members = [{"account": self.accounts[it].account, "unit": self.accounts[it].unit} for it in team]
        value = {"inspected": inspected, "team": members, "from": "2024-10-08", "to": "2024-10-09", "place": "Sở"}
        return self.act(by, "plan-visit", value)["value"]["visit"]

    def group_database(self) -> Any:
        return self.service.backend.open(ids.group_database(GROUP, YEAR))

    def ids_of(self, kind: str) -> list[str]:
        rows = self.group_database().all_docs(start_key=f"{kind}:", end_key=f"{kind};")["rows"]
        return [row["id"] for row in rows]


def config_at(folder: Path) -> Config:
    return load(folder, environment={})


def make_world(folder: Path, *, clock: Clock | None = None, backend: Backend | None = None) -> World:
    """The cluster on the eighth of October 2024, before anybody has scored anything."""
    clock, dice = clock or Clock(), Dice()
    world = World(Service.open(config_at(folder), backend=backend, now=clock, random_bytes=dice), clock, dice)
    setup = world.service.setup
    setup.scheme(shipped("cum-1000"))
    for unit, name, parent in (
        (HD, "Hải Dương", None), (HY, "Hưng Yên", None), (BN, "Bắc Ninh", None),
        (WARD, "Hiến Nam", HY), ("bo-vhttdl", "Bộ", None),
    ):  # fmt: skip
        setup.unit(
            unit,
            names={"vi": f"Sở VHTTDL {name}", "en": name},
            short_names={"vi": name, "en": name},
            kind="grassroots" if unit == WARD else "department",
            functions=ALL,
            parent=parent,
            valid_from="2008-01-01",
        )
    for login, (name, unit, roles) in PEOPLE.items():
        world.accounts[login] = world.service.accounts.add(
            login=login, name=name, unit=unit, roles=roles, password=None, account=login
        )
    setup.group(GROUP, names={"vi": "Cụm thi đua số 1", "en": "Cluster 1"}, kind="cluster")
    setup.group_year(group_year())
    setup.pact(
        GROUP,
        YEAR,
        {
            "type": "pact", "v": 1, "group": GROUP, "year": YEAR, "targets": [],
            "signatures": [{"unit": unit, "date": "2024-04-25"} for unit in MEMBERS],
        },
    )  # fmt: skip
    return world


def reopened(folder: Path) -> World:
    """A world somebody else made there (a copy of one: making it waits for the disk a hundred times)."""
    clock, dice = Clock(), Dice(thrown=1_000)
    service = Service.open(config_at(folder), now=clock, random_bytes=dice)
    return World(service, clock, dice, {login: service.accounts.find(login) for login in PEOPLE})


def group_year() -> dict[str, Any]:
    period = {"from": "2024-01-01", "to": None}
    return {
        "type": "groupyear", "v": 1, "group": GROUP, "year": YEAR, "kind": "cluster",
        "names": {"vi": "Cụm thi đua số 1", "en": "Cluster 1"}, "theme": {"vi": "Đoàn kết", "en": "Solidarity"},
        "members": [{"unit": unit, **period} for unit in MEMBERS],
        "leaders": [{"unit": HD, "role": "leader", **period}, {"unit": HY, "role": "deputy", **period}],
        "scheme": "scheme:cum-1000:1", "deadlines": {"self": "2024-10-31", "cross": "2024-11-30"},
        "holidays": [], "flags": [], "sample": True,
    }  # fmt: skip


def session_of(account: Account) -> dict[str, Any]:
    """What signing in leaves in the session, made by hand."""
    return {"_user_id": Reader(account).get_id(), "_fresh": True}


# What a phone writes


class Phone:
    """An enrolled device: Stores by name, and a server to replicate with."""

    def __init__(self, url: str, folder: Path, world: World, login: str) -> None:
        self.url, self.folder, self.world = url, folder, world
        folder.mkdir(parents=True, exist_ok=True)
        self.account = world.accounts[login]
        code = world.service.accounts.new_code(self.account.account).code
        answered = requests.post(f"{url}/api/v1/enrol", json={"code": code, "label": login, "app": "1"}, timeout=120)
        answered.raise_for_status()
        self.token, self.device = answered.json()["token"], answered.json()["device"]
        self._stores: dict[str, Store] = {}
        self._sessions = itertools.count()

    def store(self, name: str) -> Store:
        return self._stores.setdefault(name, Store(self.folder / f"{name}.sqlite"))

    def remote(self, name: str, *, locale: str = "en") -> RemoteDatabase:
        session = requests.Session()
        session.trust_env = False
        session.headers["Accept-Language"] = locale
        return RemoteDatabase(f"{self.url}/db/{name}", token=self.token, session=session)

    def push(self, name: str) -> Result:
        return self._replicate(self.store(name), self.remote(name))

    def pull(self, name: str) -> Result:
        return self._replicate(self.remote(name), self.store(name))

    def databases(self) -> dict[str, Any]:
        answered = requests.get(
            f"{self.url}/api/v1/databases", headers={"Authorization": f"Bearer {self.token}"}, timeout=120
        )
        answered.raise_for_status()
        return answered.json()

    def _replicate(self, source: Any, target: Any) -> Result:
        return replicate(
            source,
            target,
            new_session_id=lambda: f"{self.device}-{next(self._sessions)}",
            now=lambda: time_string(self.world.clock()),
        )

    def write(self, name: str, *documents: Mapping[str, Any]) -> None:
        failed = self.store(name).bulk_docs([with_revision(each) for each in documents], new_edits=False)
        assert not failed, failed

    def close(self) -> None:
        for store in self._stores.values():
            store.close()


def stamp(device: str, at: str = "2024-10-08T04:00:00Z") -> dict[str, Any]:
    return {"at": at, "offset_s": 0, "device": device}


def salted(text: str) -> dict[str, Any]:
    return part(text, hashlib.sha256(text.encode()).hexdigest()[:32])


def evidence_of(account: Account, device: str, *, title: str, photos: tuple[str, ...] = (), number: int = 1) -> Any:
    """A piece of evidence with its title, each ready to be written."""
    named = salted(title)
    return {
        "_id": ids.evidence_id(account.unit, ids.ulid(1_728_000_000_000, number)),
        "type": "evidence", "v": 1, "group": GROUP, "year": YEAR, "unit": account.unit, "title": part_hash(named),
        "note": None, "place": None, "people": None, "movement": None, "criterion": None,
        "photos": [{"photo": photo, "taken": None, "width": 40, "height": 30} for photo in photos],
        "children": False, "consent": None, "by": account.account, "made": stamp(device),
    }, named  # fmt: skip


def submission_of(
    account: Account,
    device: str,
    unit: str,
    points: Mapping[str, str],
    *,
    visit: str | None = None,
    number: int = 1,
    cited: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A submission that answers these criteria in points, as `schemas.checklist` would make it of a draft."""
    by, made = account.account, stamp(device)
    answers = {
        criterion: answer(by=by, at=made, points=value, evidence=(cited or {}).get(criterion, ()))
        for criterion, value in sorted(points.items())
    }
    stage = "self" if visit is None else "cross"
    return {
        "_id": ids.submission_id(GROUP, unit, stage, visit, ids.ulid(1_728_000_000_000, number)),
        "type": "submission", "v": 1, "group": GROUP, "year": YEAR, "unit": unit, "stage": stage, "visit": visit,
        "scheme": "scheme:cum-1000:1", "answers": answers, "claims": [], "supersedes": [], "self_version": None,
        "by": by, "approved_by": None if visit else by, "made": made, "note": None, **more,
    }  # fmt: skip


def draft_of(account: Account, device: str, unit: str, points: Mapping[str, str], *, visit: str | None = None) -> Any:
    draft = checklist.new_draft(
        group=GROUP, year=YEAR, unit=unit, stage="self" if visit is None else "cross", scheme="scheme:cum-1000:1",
        visit=visit,
    )  # fmt: skip
    for criterion, value in points.items():
        given = answer(by=account.account, at=stamp(device), points=value)
        draft = checklist.set_answer(draft, criterion, given, device)
    return draft


def full_marks(share: int = 100) -> dict[str, str]:
    """Every criterion of the scheme at this percentage of its maximum, in half points."""
    return {
        criterion.id: str(_halves(criterion.max * share / 100)) for criterion in SCHEME.criteria
        if criterion.kind == "judged"
    }  # fmt: skip


def _halves(value: Any) -> str:
    halves = int(value * 2)
    return f"{halves // 2}.5" if halves % 2 else str(halves // 2)


@contextmanager
def served(world: World):
    """The world over HTTP, on a free port of this machine; the follower works when a test says so."""
    app = create_app(world.service.config, service=world.service)
    with BackgroundServer(app) as server:
        yield server.url
