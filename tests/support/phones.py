"""A small year for phones: documents of one cluster, and a service on the loopback that serves them to whoever enrols.

The service is a face over Stores with the two requests that are the product's own; the real gateway has its own tests.
It can be told to refuse documents, to withhold databases, and to answer as broken networks and other servers do.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import flask
from PIL import Image, ImageDraw

from mobile.phone import Phone
from schemas import base, decision, ids
from schemas.scheme import shipped
from server.wsgi import BackgroundServer
from sync import media
from sync.errors import Forbidden, NotFound, Unauthorized
from sync.face import make_face
from sync.guarded import GuardedDatabase, Refusal
from sync.store_folder import StoreFolder

GROUP, YEAR = "cum-1", 2024
HOME, VISITED, VILLAGE = "hung-yen", "hai-duong", "thon-dong"
VISIT = "vis-1"
PEOPLE: dict[str, dict[str, Any]] = {
    "lan": {"name": "Nguyễn Thị Lan", "unit": HOME, "roles": ["specialist", "inspector"]},
    "minh": {"name": "Trần Minh", "unit": "bac-ninh", "roles": ["inspector"]},
    "hoa": {"name": "Lê Hoa", "unit": VISITED, "roles": ["specialist", "head"]},
    "hien": {"name": "Vũ Hiền", "unit": VISITED, "roles": ["specialist"]},
    "tu": {"name": "Đỗ Tư", "unit": VILLAGE, "roles": ["grassroots"]},
}
TEAM = ("lan", "minh")
G, M, V = f"g-{GROUP}-{YEAR}", f"m-{GROUP}-{YEAR}", f"v-{VISIT}"
U = f"u-{HOME}-{YEAR}"


class Clock:
    """A clock that ticks a second each time it is read."""

    def __init__(self, start: str = "2024-10-08T02:00:00Z", *, tick_s: float = 1.0) -> None:
        self.moment = datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        self.tick = timedelta(seconds=tick_s)

    def __call__(self) -> datetime:
        self.moment += self.tick
        return self.moment


def picture(seed: int = 1, *, size: tuple[int, int] = (400, 300), exif: Image.Exif | None = None) -> bytes:
    """A JPEG that differs by seed."""
    image = Image.new("RGB", size, ((37 * seed) % 256, (91 * seed) % 256, 120))
    ImageDraw.Draw(image).ellipse((seed % 50, 20, size[0] - 40, size[1] - 30), fill=(240, seed % 256, 90))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, **({} if exif is None else {"exif": exif}))
    return out.getvalue()


def scheme() -> dict[str, Any]:
    return shipped("cum-1000")


def year_documents(*, sample: bool = True) -> list[dict[str, Any]]:
    """Everything of the group's database before anybody has submitted: a year with one planned visit."""
    names = {HOME: "Hưng Yên", VISITED: "Hải Dương", "bac-ninh": "Bắc Ninh"}
    units: list[dict[str, Any]] = [
        {
            "_id": ids.unit_id(unit),
            "type": "unit",
            "v": 1,
            "unit": unit,
            "names": {"vi": f"Sở VHTTDL {name}", "en": f"Department {name}"},
            "short_names": {"vi": name, "en": name},
            "kind": "department",
            "parent": None,
            "functions": ["culture", "sports", "tourism", "family"]
            if unit != HOME
            else ["culture", "sports", "family"],
            "valid_from": "2020-01-01",
            "valid_to": None,
        }
        for unit, name in names.items()
    ]
    people = [
        {"_id": ids.person_id(who), "type": "person", "v": 1, "person": who, "name": person["name"]}
        for who, person in PEOPLE.items()
    ]
    members = [
        {
            "_id": ids.member_id(who),
            "type": "member",
            "v": 1,
            "account": who,
            "person": who,
            "unit": person["unit"],
            "roles": person["roles"],
        }
        for who, person in PEOPLE.items()
    ]
    group_year = {
        "_id": ids.groupyear_id(GROUP, YEAR),
        "type": "groupyear",
        "v": 1,
        "group": GROUP,
        "year": YEAR,
        "kind": "cluster",
        "names": {"vi": "Cụm 1", "en": "Cluster 1"},
        "theme": {"vi": "Đoàn kết", "en": "Solidarity"},
        "members": [{"unit": unit, "from": "2024-01-01", "to": None} for unit in names],
        "leaders": [{"unit": VISITED, "role": "leader", "from": "2024-01-01", "to": None}],
        "scheme": scheme()["_id"],
        "deadlines": {"self": "2024-10-15", "cross": "2024-11-30"},
        "holidays": [],
        "flags": [],
        "sample": sample,
    }
    movement = {
        "_id": ids.movement_id("doi-song-van-hoa"),
        "type": "movement",
        "v": 1,
        "movement": "doi-song-van-hoa",
        "names": {"vi": "Toàn dân đoàn kết xây dựng đời sống văn hóa", "en": "Cultured life"},
        "issuer": "Bộ VHTTDL",
        "phases": [],
    }
    return [group_year, scheme(), *units, *people, *members, movement, *decisions()]


def decisions() -> list[dict[str, Any]]:
    """The scheme locked, and one visit planned."""
    log: list[dict[str, Any]] = []
    for act, value in (
        ("lock-scheme", {"scheme": scheme()["_id"]}),
        (
            "plan-visit",
            {
                "visit": VISIT,
                "inspected": VISITED,
                "team": [{"account": who, "unit": PEOPLE[who]["unit"]} for who in TEAM],
                "from": "2024-10-08",
                "to": "2024-10-09",
                "place": "Hải Dương",
            },
        ),
    ):
        log.append(decide(log, act, value))
    return log


def decide(log: list[dict[str, Any]], act: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The next decision of the leader."""
    return decision.build(
        log,
        act,
        value,
        group=GROUP,
        year=YEAR,
        by="hoa",
        authority={"unit": VISITED, "as": "leader"},
        at="2024-09-01T00:00:00Z",
        **more,
    )


def grants_of(who: str) -> list[tuple[str, str, bool, bool]]:
    """(database, kind, pull, push) as the service lists them."""
    unit = PEOPLE[who]["unit"]
    if unit == VILLAGE:
        return [(U, "unit", False, True), (M, "media", False, True)]
    rows = [(f"u-{unit}-{YEAR}", "unit", True, True), (G, "group", True, False), (M, "media", False, True)]
    return [*rows, (V, "visit", True, True)] if who in TEAM else rows


class Service:
    """The loopback's server. `folder` survives it, so another Service on the same folder is the same after a crash."""

    def __init__(
        self, folder: Path, *, port: int = 0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.port = port
        self.clock = clock
        self.stores = StoreFolder(folder)
        self.codes: dict[str, str] = {}
        self.spent: set[str] = set()
        self.expired: set[str] = set()
        self.devices = itertools.count(1)
        self.withheld: set[str] = set()
        self.revoked: set[str] = set()
        self.oldest_app = "0.1.0"
        self.version = "s-1"
        self.refuse: Callable[[dict[str, Any]], str | None] = lambda _: None
        self.meanwhile: Callable[[flask.Request], Any] = lambda _: None
        self.seen: list[tuple[str, str]] = []
        app = flask.Flask("phones")
        app.before_request(self._before)
        app.add_url_rule("/api/v1/enrol", "enrol", self._enrol, methods=["POST"])
        app.add_url_rule("/api/v1/databases", "databases", self._databases)
        app.register_blueprint(make_face(self._open, url_prefix="/db"))
        self.app = app
        self.server: BackgroundServer | None = None

    def fill(self, documents: list[dict[str, Any]] | None = None) -> Service:
        """The year's databases, made once."""
        for name in (
            G,
            M,
            V,
            *(f"u-{person['unit']}-{YEAR}" for person in PEOPLE.values() if person["unit"] != VILLAGE),
        ):
            self.stores.ensure(name)
        store = self.stores.open(G)
        if store.info()["doc_count"] == 0:
            for document in documents or year_documents():
                base.check(document)
                store.put(document)
        return self

    def code(self, who: str) -> str:
        code = f"CODE-{who}-{len(self.codes)}"
        self.codes[code] = who
        return code

    def promote(self, *databases: str) -> None:
        """What the follower does: submissions with what they cite, by value, into the group's database."""
        target = self.stores.open(G)
        for name in databases or (U, V):
            rows = self.stores.open(name).all_docs(include_docs=True)["rows"]
            for row in rows:
                document = {key: value for key, value in row["doc"].items() if key != "_rev"}
                if document["type"] in ("submission", "cited", "part", "minutes", "reply") and self._lacks(
                    target, document["_id"]
                ):
                    target.put(document)

    def settle(self) -> None:
        """What the follower does with photos that are whole."""
        store = self.stores.open(M)
        for row in store.all_docs(start_key="photo:", end_key="photo:~")["rows"]:
            name = row["id"].partition(":")[2]
            if media.state(store, name).kind == "whole":
                media.settle(store, name, now="2024-10-08T03:00:00Z")

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def __enter__(self) -> Self:
        self.server = BackgroundServer(self.app, port=self.port)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.stop()
        self.stores.close()

    @staticmethod
    def _lacks(store: Any, doc_id: str) -> bool:
        try:
            store.get(doc_id)
        except NotFound:
            return True
        return False

    def _before(self) -> Any:
        request = flask.request
        self.seen.append((request.method, request.path))
        return self.meanwhile(request)

    def _who(self) -> str | None:
        token = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
        who = token.removeprefix("token-").split("-")[0]
        return who if who in PEOPLE and token not in self.revoked else None

    def _enrol(self) -> Any:
        code = flask.request.get_json()["code"]
        for named, problem, status in (
            (self.spent, "enrolment-used", 409),
            (self.expired, "enrolment-expired", 410),
        ):
            if code in named:
                return {"code": problem, "message": "…"}, status
        # A server started in a process of its own knows no codes: this one is always good.
        who = "lan" if code == "CODE-any" else self.codes.get(code)
        if who is None:
            return {"code": "enrolment-unknown", "message": "…"}, 404
        self.spent |= {code} - {"CODE-any"}
        device = f"01j000000000000000000000{next(self.devices):02d}"[-26:]
        return {
            "token": f"token-{who}-{device}",
            "device": device,
            "account": who,
            "person": {"id": who, "name": PEOPLE[who]["name"]},
            "unit": PEOPLE[who]["unit"],
            "unit_names": {"vi": f"Đơn vị của {who}", "en": f"Unit of {who}"},
            "unit_short_names": {"vi": f"ĐV {who}", "en": f"U {who}"},
            "roles": PEOPLE[who]["roles"],
            "locale": "vi",
            "server": self.version,
        }

    def _databases(self) -> Any:
        who = self._who()
        if who is None:
            return {"code": "not-signed-in", "message": "…"}, 401
        heads = decision.heads([row["doc"] for row in self._rows("decision:")])
        return {
            "server": self.version,
            "time": self.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "oldest_app": self.oldest_app,
            "account": who,
            "databases": [
                {
                    "name": name,
                    "kind": kind,
                    "group": GROUP if kind != "unit" else None,
                    "year": YEAR,
                    "unit": HOME if name == U else None,
                    "visit": VISIT if kind == "visit" else None,
                    "pull": pull,
                    "push": push,
                    "uuid": self.stores.open(name).info()["uuid"],
                    "update_seq": self.stores.open(name).info()["update_seq"],
                    "heads": heads if kind == "group" else None,
                }
                for name, kind, pull, push in grants_of(who)
                if name not in self.withheld
            ],
        }

    def _rows(self, prefix: str) -> list[dict[str, Any]]:
        return self.stores.open(G).all_docs(start_key=prefix, end_key=prefix + "~", include_docs=True)["rows"]

    def _open(self, name: str) -> Any:
        who = self._who()
        if who is None:
            raise Unauthorized("This phone is not enrolled.")
        grant = next((each for each in grants_of(who) if each[0] == name), None)
        if grant is None or name in self.withheld:
            raise Forbidden("This database is not yours.")
        return GuardedDatabase(self.stores.open(name), _Policy(self, who, *grant))


class _Policy:
    def __init__(self, service: Service, who: str, name: str, kind: str, pull: bool, push: bool) -> None:
        self.service, self.who, self.name, self.kind, self.pull, self.push = service, who, name, kind, pull, push

    def refuse_listing(self, start_key: str | None, end_key: str | None) -> Refusal | None:
        own_range = (start_key or "").startswith(f"evidence:{VILLAGE}:") and end_key is not None
        if self.pull or own_range:
            return None
        return Refusal("forbidden", "This database is not listed.")

    def refuse_read(self, doc_id: str) -> Refusal | None:
        del doc_id
        return None

    def reads_all(self) -> bool:
        return True

    def refuse_writes(self, documents: Any) -> list[Refusal | None]:
        return [self._refuse_write(document) for document in documents]

    def _refuse_write(self, document: dict[str, Any]) -> Refusal | None:
        if not self.push:
            return Refusal("forbidden", "Only the server writes here.")
        reason = self.service.refuse(document)
        if reason is None and self.kind != "media" and not document.get("_deleted"):
            found = base.problems_of(document)
            reason = "; ".join(f"{problem.path}: {problem.code}" for problem in found) or None
        # A cited copy keeps the author of what it copies.
        if reason is None and document.get("type") != "cited" and document.get("by", self.who) != self.who:
            reason = "Another account wrote this."
        return None if reason is None else Refusal("forbidden", reason)

    def writing(self, documents: Any) -> AbstractContextManager[None]:
        del documents
        return nullcontext()


def make_phone(folder: Path, *, clock: Callable[[], datetime] | None = None, app_version: str = "0.1.0") -> Phone:
    return Phone(folder, now=clock or Clock(), random_bytes=os.urandom, app_version=app_version)


def fill_answers(phone: Phone, key: str, points: str | None = None) -> None:
    """Answer everything that is asked, with one piece of evidence beside all that asks for it."""
    card = phone.capture(picture(7), title="Ngày hội", checklist=key)
    for section in phone.checklist(key).sections:
        for criterion in section.criteria:
            if not criterion.excluded:
                phone.set_answer(key, criterion.id, points=points or criterion.max)
                if criterion.evidence_required:
                    phone.attach(key, criterion.id, card.id)
