"""One seed: a cluster lives through work and accidents, then a quiet day with a good link, then judgment.

Chance comes from the seed alone and time from simulated clocks, so a seed replays exactly. Nothing runs beside
anything: what really happens at once (two servers, a person typing while the app synchronises) happens here between two
requests or between two writes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from mobile.enrol import CodeExpired, CodeUnknown, CodeUsed, EnrolmentError, enrol
from mobile.local import found
from mobile.problems import PhoneError
from mobile.worker import SyncStatus
from schemas import figures
from schemas.base import InvalidDocument
from schemas.figures import decimal_string
from schemas.hashing import canonical_bytes
from server import acts as server_acts
from server import app as server_app
from server import follower as server_follower
from server.accounts import Account
from server.couch_backend import CouchBackend
from server.problems import Problem
from sync import media, replicate
from sync.database import Document
from sync.errors import SyncError
from sync.face import dispatch
from sync.store import Store
from sync.store_folder import StoreFolder
from tests.server.world import BN, GROUP, HD, HY, YEAR
from tests.simulation import cluster, screen
from tests.simulation.cluster import PHONES, SERVERS, G, M
from tests.simulation.couch import Couch
from tests.simulation.disk import Disk, Disks, Killed, installed
from tests.simulation.judge import judge, leaves_of, photos_kept
from tests.simulation.link import FATES, Lost, Wire, call
from tests.simulation.machines import URL, PhoneMachine, ServerMachine, Stopwatch
from tests.simulation.screen import Losses, Screen
from tests.simulation.witness import OWN, Replica, Witness, Wrong, body, held, joined

STEPS = (18, 34)
CRITERIA = ("i-1", "i-2", "ii-1", "iii-5")
"""Few, so that people meet."""

ACCIDENTS_WEIGHT_MIN = 3.0
"""Against fifteen for all that people and servers do by themselves: every sixth step, however few kinds were drawn."""

UNITS = (HD, HY, BN)
QUIET_ROUNDS_MAX = 8
"""A quiet day: each round everybody synchronises and the servers sweep. Twice as many as any seed was seen to need."""

ACCIDENTS = (
    "cuts", "kills", "power", "full", "clocks", "phone-restored", "server-restored", "recreated", "withdrawn",
    "two-servers", "meanwhile", "copied",
)  # fmt: skip


NOT_OF_COUCHDB = frozenset({"server-restored"})
"""A CouchDB is put back by its own tools."""


@dataclass(frozen=True)
class Report:
    """What came of a seed. `digest` is of every database at the end, `trace` what happened."""

    seed: str
    digest: str
    trace: tuple[str, ...]
    requests: int
    failure: str = ""

    def told(self) -> str:
        """What a person needs to see it again."""
        trace = "\n".join(self.trace)
        return f"{trace}\n{self.failure}\nseed {self.seed} failed; again: python -m tests.simulation --seed {self.seed}"


@dataclass
class Log:
    """In the place of the servers' log: a traceback nobody injected is a fault of ours."""

    sim: Simulation

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments, **_values: None

    def exception(self, event: str, *, exc_info: BaseException | None = None, **values: Any) -> None:
        error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
        if not isinstance(error, SyncError | OSError) and not self.sim.disk_is_full:
            self.sim.faults.append(f"{event} {values}: {error!r}")

    def error(self, event: str, *arguments: Any, exc_info: BaseException | None = None, **values: Any) -> None:
        if isinstance(exc_info, BaseException):
            self.exception(f"{event} {arguments}", exc_info=exc_info)
        elif event != "disk_full":
            self.sim.faults.append(f"{event} {values}")


@dataclass
class Simulation:
    """One seed's cluster. `run` is the whole of it."""

    seed: str
    folder: Path
    disks: Disks
    random: Random
    accidents: frozenset[str]
    couch: Couch | None = None
    """Where the servers keep their databases, when it is not their disk."""
    trace: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    witness: Witness = field(default_factory=Witness)
    phones: dict[str, PhoneMachine] = field(default_factory=dict)
    servers: list[ServerMachine] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    decisions_lost: bool = False
    """A server was put back to a copy from before a decision: phones hold what it no longer knows."""
    quiet: bool = False
    depth: int = 0
    requests: int = 0
    cut_rate: float = 0.0
    kill_rate: float = 0.0
    steps: int = 0

    # The life

    def run(self) -> None:
        self._found()
        for _ in range(self.random.randint(*STEPS)):
            self.steps += 1
            self._step()
        self._quiet_day()
        judge(self)

    def _found(self) -> None:
        """Who is here."""
        cluster.copy(self.folder)
        if self.couch is not None:
            self.couch.fill(self.folder / SERVERS[0] / "databases")
        names = ["dung", "minh", *self.random.sample(["huong", "lan", "lan-2", "thu"], self.random.randint(0, 3))]
        if self.random.random() < 0.3:
            names.remove("minh")
        for name in SERVERS[: 2 if "two-servers" in self.accidents else 1]:
            folder = self.folder / name
            disk = self.disks.disk(folder)
            machine = ServerMachine(folder, disk, self.seed, backend=self._backend(disk))
            machine.disk.boundary = lambda where, machine=machine: self._server_boundary(machine, where)
            self.servers.append(machine)
        for name in names:
            self._phone(name, PHONES[name])
        self.cut_rate = self.random.choice([0.02, 0.08, 0.25]) if "cuts" in self.accidents else 0.0
        self.kill_rate = self.random.choice([0.002, 0.01, 0.03]) if "kills" in self.accidents else 0.0
        for machine in self.servers:
            self._up(machine)
        self._hear_decisions()
        self.say("cast", f"{' '.join(names)}; {' '.join(sorted(self.accidents))}")

    def _backend(self, disk: Disk) -> Callable[[], CouchBackend] | None:
        couch = self.couch
        return None if couch is None else lambda: couch.backend(disk.pass_boundary)

    def _phone(self, name: str, who: str) -> PhoneMachine:
        folder = self.folder / name
        disk = self.disks.disk(folder)
        machine = PhoneMachine(
            folder,
            disk,
            self.seed,
            who=who,
            wire=Wire(
                lambda request: self._reach(self.phones[name], request),
                lambda request: self._fate(self.phones[name], request),
            ),
        )
        disk.boundary = lambda _where: self._phone_boundary(machine)
        self.phones[name] = machine
        return machine

    def say(self, actor: str, what: str) -> None:
        self.trace.append(f"{self.steps:3} {'  ' * self.depth}{actor}: {what}")

    def _step(self) -> None:
        phone = self.phones[self.random.choice(sorted(self.phones))]
        acts: list[tuple[float, Callable[[], None]]] = [
            (6, lambda: self._sits_down(phone)),
            (5, lambda: self._sync(phone)),
            (2, self._sweep),
            (2, self._decide),
        ]
        accident = {
            "kills": (0.7, lambda: self._restart(phone)),
            "full": (0.7, self._fill_disk),
            "clocks": (0.7, self._jump),
            "phone-restored": (1.0, lambda: self._restore_phone(phone)),
            "server-restored": (0.8, self._restore_server),
            "recreated": (0.4, self._recreate),
            "withdrawn": (0.5, lambda: self._withdraw(phone)),
            "copied": (0.5, lambda: self._copy_phone(phone)),
        }
        drawn = [accident[name] for name in sorted(self.accidents) if name in accident]
        scale = max(1.0, ACCIDENTS_WEIGHT_MIN / sum(weight for weight, _ in drawn)) if drawn else 1.0
        acts += [(weight * scale, act) for weight, act in drawn]
        acts.append((0.2, lambda: self._enrol_again(phone)))
        (act,) = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])
        act()

    # A person with a phone

    def _sits_down(self, phone: PhoneMachine) -> None:
        for _ in range(self.random.randint(1, 4)):
            self._person(phone)

    def _person(self, phone: PhoneMachine) -> None:
        before = self._held_by(phone)
        try:
            what = self._work(phone)
        except Killed:
            self._phone_dies(phone)
            what = "was cut off"
        except PhoneError as error:
            what = f"could not: {error.code}"
        except SyncError as error:
            what = f"could not: {type(error).__name__}"
        self.witness.acted(before, self._held_by(phone))
        self.say(phone.name, what)

    def _work(self, phone: PhoneMachine) -> str:
        """Something a person does. What is answered here was seen as saved."""
        app = phone.phone
        keys = self._keys(phone)
        if app.account is None:
            return "is signed out"
        if not keys or self.random.random() < 0.1:
            card = app.capture(self.random.choice(cluster.photos()), title=f"ảnh {self.steps}", group=GROUP, year=YEAR)
            self._captured(phone)
            return f"captures {card.id[-6:]}"
        key = self.random.choice(keys)
        criterion = self.random.choice(CRITERIA)
        what = self.random.random()
        view = app.checklist(key)
        if view.disputed and what < 0.5:
            each = self.random.choice(view.disputed)
            index = self.random.randrange(len(view_of(view, each).choices))
            app.choose(key, each, index)
            return f"chooses {each} {index}"
        if what < 0.45:
            points = decimal_string(figures.Fraction(self.random.randrange(60), 2))
            app.set_answer(key, criterion, points=points)
            return f"answers {criterion} {points}"
        if what < 0.55:
            app.set_note(key, criterion, f"ghi chú {self.steps}")
            return f"notes {criterion}"
        if what < 0.58:
            app.clear_answer(key, criterion)
            return f"clears {criterion}"
        if what < 0.73:
            app.capture(
                self.random.choice(cluster.photos()), title=f"ảnh {self.steps}", checklist=key, criterion=criterion
            )
            self._captured(phone)
            return f"captures for {criterion}"
        if what < 0.78:
            cards = [card for card in app.evidence(checklist=key) if card.mine]
            if cards:
                card = self.random.choice(cards)
                app.add_photo(card.id, self.random.choice(cluster.photos()))
                self._captured(phone)
                return f"adds a photo to {card.id[-6:]}"
        if what < 0.82:
            app.set_claim(key, "bonus-prize", subject=f"giải {self.random.randrange(3)}", number="12/QĐ")
            return "claims"
        self._prove(app, key)
        return f"submits {app.submit(key)[-6:]}"

    def _prove(self, app: Any, key: str) -> None:
        """Evidence and notes where they are asked for."""
        cards = app.evidence(checklist=key)
        for section in app.checklist(key).sections:
            for each in section.criteria:
                if each.state == "disputed":
                    app.choose(key, each.id, self.random.randrange(len(each.choices)))
                if each.answer and each.evidence_required and not each.evidence and cards:
                    app.attach(key, each.id, self.random.choice(cards).id)
                if each.note_asked:
                    app.set_note(key, each.id, "khác với tự chấm")

    def _captured(self, phone: PhoneMachine) -> None:
        """The photos this phone showed as kept."""
        for card in phone.phone.evidence():
            for shot in card.photos:
                if shot.file is not None:
                    self.witness.photos.add(shot.sha256)

    def _keys(self, phone: PhoneMachine) -> list[str]:
        app = phone.phone
        if app.account is None or app.account.unit not in UNITS:
            return []
        book = app._library.book(GROUP, YEAR)
        if book is None:
            return []
        planned = [visit for visit in book.visits.values() if visit.state == "planned"]
        keys = [app.cross_key(visit.visit) for visit in planned if app.account.account in visit.accounts]
        return keys + ([app.self_key(GROUP, YEAR)] if "specialist" in app.account.roles else [])

    def _sync(self, phone: PhoneMachine) -> None:
        try:
            status = phone.sync()
        except Killed:
            self._phone_dies(phone)
            self.say(phone.name, "died while it synchronised")
            status = None
        except SyncError as error:
            if not phone.disk.full:
                raise
            self.say(phone.name, f"could not synchronise: {type(error).__name__}")
            status = None
        else:
            self.say(phone.name, f"syncs: {status.state} {status.message} {status.pending} {status.refused}")
        self._look_at_screen(phone, status)

    def _restart(self, phone: PhoneMachine) -> None:
        self._phone_dies(phone)
        self.say(phone.name, "is restarted")

    def _phone_dies(self, phone: PhoneMachine) -> None:
        phone.die(power_cut="power" in self.accidents and self.random.random() < 0.5)

    def _phone_boundary(self, phone: PhoneMachine) -> None:
        if not self.quiet and phone.name in self.phones and self.random.random() < self.kill_rate:
            raise Killed(phone.disk)

    def _enrol_again(self, phone: PhoneMachine) -> None:
        """Logs out and in again: another device id, the same folder."""
        server = self.servers[0]
        if server.service is None:
            return
        try:
            if phone.phone.account is not None or phone.name not in self.codes:
                self.codes[phone.name] = server.service.accounts.new_code(phone.who).code
        except (Killed, SyncError):
            self._sweep_up()
            return
        try:
            phone.phone.log_out()
            for _ in range(3):
                try:
                    enrol(phone.phone, URL, self.codes[phone.name], phone.name, session=phone.session())
                    break
                except (CodeUnknown, CodeExpired):
                    del self.codes[phone.name]  # the server or its clock was put back
                    break
                except CodeUsed as error:
                    raise Wrong(f"{phone.name} lost its code") from error
                except EnrolmentError as error:
                    self.say(phone.name, f"enrols: {type(error).__name__}")
            phone.worker = None
            self.say(phone.name, "enrolled again" if phone.phone.account else "is signed out")
        except Killed:
            self._phone_dies(phone)
            self.say(phone.name, "died while it enrolled")
        except SyncError as error:
            self.say(phone.name, f"could not enrol: {type(error).__name__}")

    # The link and the servers

    def _fate(self, phone: PhoneMachine, _request: requests.PreparedRequest) -> str | None:
        self.requests += 1
        if self.quiet:
            return None
        fate = self._drawn_fate(phone)
        phone.disturbed |= fate is not None
        return fate

    def _drawn_fate(self, phone: PhoneMachine) -> str | None:
        if "meanwhile" in self.accidents and self.depth == 0 and self.random.random() < 0.06:
            self.depth += 1
            started = phone.started
            self._person(phone)
            self.depth -= 1
            if phone.started != started:  # and with the process the round that was under way
                raise Killed(phone.disk)
        if self.random.random() < self.cut_rate:
            return self.random.choice(FATES)
        return None

    def _reach(self, phone: PhoneMachine, request: requests.PreparedRequest) -> Any:
        server = self.random.choice(self.servers) if self.depth == 0 or len(self.servers) == 1 else self.servers[1]
        if self.depth and server is self.servers[0]:
            phone.disturbed = True
            raise Lost("busy")  # it is in the middle of a request on this very thread
        if not self._up(server):
            phone.disturbed = True
            raise Lost("nobody listens")
        try:
            return call(server.app, request)
        except Killed as killed:
            if killed.disk is not server.disk:
                raise
            server.die()
            phone.disturbed = True
            self.say(server.name, f"died in {request.method} {request.path_url.split('?')[0][:50]} of {phone.name}")
            raise Lost("the server died") from None

    def _up(self, server: ServerMachine) -> bool:
        """Started again by its supervisor, unless it dies at that too."""
        try:
            server.start()
        except Killed:
            server.die()
        except SyncError:
            if not server.disk.full:
                raise
        return server.service is not None

    def _server_boundary(self, server: ServerMachine, where: str) -> None:
        if self.quiet:
            return
        if self.random.random() < self.kill_rate / 2:
            raise Killed(server.disk)
        if len(self.servers) == 2 and self.depth == 0 and server is self.servers[0] and self.random.random() < 0.03:
            self.depth += 1
            try:
                self.say(server.name, f"is interrupted {where}")
                act = self.random.random()
                if act < 0.4:
                    self._sweep(self.servers[1])
                elif act < 0.6:
                    self._decide(self.servers[1])
            finally:
                self.depth -= 1

    @property
    def disk_is_full(self) -> bool:
        return any(machine.disk.full for machine in [*self.servers, *self.phones.values()])

    def _sweep_up(self) -> None:
        """After an administrator's command was cut off."""
        for server in self.servers:
            server.die()

    def _sweep(self, server: ServerMachine | None = None) -> None:
        server = server or self.random.choice(self.servers)
        if not self._up(server) or server.service is None:
            return
        try:
            server.service.follower.sweep()
        except Killed:
            server.die()
            self.say(server.name, "died in a sweep")
            return
        self.say(server.name, "sweeps")

    def _decide(self, server: ServerMachine | None = None) -> None:
        server = server or self.random.choice(self.servers)
        if not self._up(server) or server.service is None:
            return
        unit, criterion = self.random.choice(UNITS), self.random.choice(CRITERIA)
        login = "lan" if unit == HD else "huong"
        on = {"unit": unit, "criterion": criterion}
        try:
            service = server.service
            account = service.accounts.find(login)
            assert account is not None
            submissions = [
                row["id"]
                for row in service.backend.open(G).all_docs(
                    start_key=f"submission:{GROUP}:{unit}:", end_key=f"submission:{GROUP}:{unit};"
                )["rows"]
            ]
            act = self.random.choice(
                [
                    "accept",
                    "return",
                    "return",
                    "adjust",
                    "approve-na",
                    "refuse-na",
                    "rank-unit",
                    "count-submission",
                    "cancel-visit",
                ]
            )
            value: dict[str, Any] = on
            if act in ("return", "count-submission"):
                if not submissions:
                    return
                named = self.random.choice(submissions)
                value = (
                    {**on, "submission": named, "deadline": "2024-11-20"}
                    if act == "return"
                    else {"submission": named, "counts": self.random.random() < 0.5}
                )
            elif act == "adjust":
                value = {**on, "answer": {"points": decimal_string(figures.Fraction(self.random.randrange(60), 2))}}
            elif act == "rank-unit":
                value = {"unit": unit, "ranked": self.random.random() < 0.5}
            elif act == "cancel-visit":
                if self.random.random() < 0.7:
                    return
                value = {"visit": self._visit(service)}
            settles = self._contested(service, account, act, value)
            service.acts.act(account, GROUP, YEAR, act, value, reason="lý do", settles=settles)
            what = f"{login} decides {act} {' '.join(str(it) for it in value.values())[:60]}"
        except Killed:
            server.die()
            what = "died in a decision"
        except (Problem, InvalidDocument) as error:
            what = f"refuses {act}: {getattr(error, 'said', error)}"
        except SyncError as error:
            what = f"could not decide: {type(error).__name__}"
        except Exception as error:
            if not self.disk_is_full:
                raise
            what = f"could not decide: {type(error).__name__}"
        self._hear_decisions()
        self.say(server.name, what)

    def _contested(self, service: Any, account: Account, act: str, value: dict[str, Any]) -> list[str]:
        from schemas.acts import subject_of

        folded = service.board.view(account, GROUP, YEAR).folded
        found = folded.contested.get(subject_of(act, value))
        return [] if found is None else sorted(side["_id"] for side in found.sides)

    def _visit(self, service: Any) -> str:
        return next(name for name in service.backend.names() if name.startswith("v-"))[2:]

    def _hear_decisions(self) -> None:
        """Whatever a server has written down is decided."""
        for row in self.truth(G).all_docs(start_key="decision:", end_key="decision;", include_docs=True)["rows"]:
            self.witness.decisions.setdefault(row["id"], body(row["doc"]))

    # Accidents

    def _fill_disk(self) -> None:
        machine = self.random.choice([*self.phones.values(), *self.servers])
        machine.disk.full = not machine.disk.full
        self.say(machine.name, "disk is full" if machine.disk.full else "has space again")

    def _jump(self) -> None:
        machine = self.random.choice([*self.phones.values(), *self.servers])
        days = self.random.choice([-3650, -400, -1, 1, 40, 400, 3650])
        machine.clock.jump(days)
        self.say(machine.name, f"clock jumps {days} days")

    def _restore_phone(self, phone: PhoneMachine) -> None:
        """Makes a backup, or puts the last one back."""
        backups = sorted(self.folder.glob(f"{phone.name}.backup-*"))
        if not backups or self.random.random() < 0.5:
            phone.phone.close()
            phone.disk.keep_all()
            phone.backup()
            phone.start()
            self.say(phone.name, "is backed up")
            return
        self._present("before a phone was put back")
        phone.restore(self.random.choice(backups))
        phone.screen = Screen.put_back(phone.phone)
        self.say(phone.name, f"is put back to an older copy: {self.witness.excuse(self.senders())} excused")
        self._excuse_photos()

    def _restore_server(self) -> None:
        """All servers stand over one set of databases: all are put back together, and know it or not."""
        for server in self.servers:
            server.die()
        main = self.servers[0]
        backups = sorted(self.folder.glob(f"{main.name}.backup-*"))
        if not backups or self.random.random() < 0.5:
            for server in self.servers:
                server.backup()
            self.say(main.name, "is backed up")
            return
        chosen = self.random.choice(backups)
        self._present("before the server was put back")
        number = chosen.name.rpartition("-")[2]
        for server in self.servers:
            server.put_back(chosen.with_name(f"{server.name}.backup-{number}"))
        known = self.random.random() < 0.5
        if known:
            for server in self.servers:
                server.disk.full = False  # whoever puts a server back makes room first
            with self._by_hand():
                for name in self.names():
                    self.truth(name).remint_uuid()
        self.losses.happened(announced=known)
        decided = {row["id"] for row in self.truth(G).all_docs(start_key="decision:", end_key="decision;")["rows"]}
        if self.witness.decisions.keys() - decided:
            self.decisions_lost = True
            self.witness.decisions = {name: it for name, it in self.witness.decisions.items() if name in decided}
        self._hear_decisions()  # of a copy that is newer than where an older one had put it
        self.say(
            main.name,
            f"is put back ({'known' if known else 'unnoticed'}): {self.witness.excuse(self.senders())} excused",
        )
        self._excuse_photos()

    @contextmanager
    def _by_hand(self) -> Iterator[None]:
        """What a person does to a server that is down is not killed half-way: they would do it again."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before

    def _excuse_photos(self) -> None:
        self.witness.photos -= self.lost_photos()

    def lost_photos(self) -> set[str]:
        """Photos somebody saw as kept, that are neither on the server nor on a phone that would send them."""
        there = media.receipts(self.truth(M), sorted(self.witness.photos))
        return self.witness.photos - there.union(*(photos_kept(phone.phone) for phone in self.phones.values()))

    def _present(self, when: str) -> None:
        """Before something is taken away: all that was saved is still somewhere."""
        self.witness.present(self.replicas(), when)
        if lost := self.lost_photos():
            raise Wrong(f"{when}: lost photos {sorted(lost)}")

    def _recreate(self) -> None:
        """A database of people's work is lost with its disk and made anew, empty."""
        name = self.random.choice([name for name in self.names() if name[0] in "uvm"])
        for server in self.servers:
            server.die()
            server.disk.full = False
        self._present("before a database was made anew")
        self.losses.happened(announced=self.couch is None)
        if self.couch is not None:
            self.couch.recreate(name)
        else:
            with self._by_hand():
                folder = StoreFolder(self.folder / SERVERS[0] / "databases")
                folder.delete(name)
                folder.create(name)
                folder.close()
        self.say("disk", f"{name} is made anew, empty: {self.witness.excuse(self.senders())} excused")
        self._excuse_photos()

    def _withdraw(self, phone: PhoneMachine) -> None:
        server = self.servers[0]
        account = phone.phone.account
        if not self._up(server) or server.service is None or account is None:
            return
        state = self.random.choice(["revoked", "lost", "active"])
        try:
            server.service.accounts.set_device_state(phone.who, account.device, state)
        except Killed:
            server.die()
        except (SyncError, Problem) as error:
            self.say(server.name, f"could not: {type(error).__name__}")
            return
        self.say(server.name, f"{phone.name} is {state}")

    def _copy_phone(self, phone: PhoneMachine) -> None:
        """The folder is copied to another phone: two with one device's name and token."""
        name = f"{phone.name}-copy"
        if name in self.phones or phone.name.endswith("-copy"):
            return
        phone.phone.close()
        phone.disk.keep_all()
        cluster.shutil.copytree(phone.folder, self.folder / name)
        phone.start()
        self._phone(name, phone.who)
        self.phones[name].clock.right(phone.clock)
        self.phones[name].screen = dataclasses.replace(phone.screen)
        self.say(phone.name, "was copied to another phone")

    # What there is

    def _held_by(self, phone: PhoneMachine, passes: Callable[[Document], bool] = lambda _: True) -> Replica:
        stores = phone.phone.tools.local.stores
        return joined(held(name, stores.open(name), passes=passes) for name in stores.names() if name[0] in "uv")

    def names(self) -> list[str]:
        if self.couch is not None:
            return self.couch.names()
        return StoreFolder(self.folder / SERVERS[0] / "databases").names()

    def truth(self, name: str) -> Any:
        """A database as it lies on the servers' disk, or in their CouchDB."""
        if self.couch is not None:
            return self.couch.open(name)
        return Store(self.folder / SERVERS[0] / "databases" / f"{name}.sqlite", name=name)

    def replicas(self) -> list[Replica]:
        servers = joined(held(name, self.truth(name)) for name in self.names() if name[0] in "uv")
        return [servers, *(self._held_by(phone) for phone in self.phones.values())]

    def senders(self) -> list[Replica]:
        """What the servers hold, and what each phone could bring them again.

        Nobody sends in another's name, and a copy of evidence is taken where the evidence is.
        """
        own = [
            self._held_by(phone, lambda it, who=phone.who: not it["_id"].startswith(OWN) or it["by"] == who)
            for phone in self.phones.values()
        ]
        servers = self.replicas()[0]
        there = {name for replica in (servers, *own) for _database, name in replica.documents}
        for replica in own:
            replica.documents = {it: told for it, told in replica.documents.items() if self._is_taken(it, there)}
        return [servers, *own]

    def _is_taken(self, place: tuple[str, str], there: Collection[str]) -> bool:
        database, name = place
        if not name.startswith("cited:"):
            return True
        stores = (phone.phone.tools.local.stores for phone in self.phones.values())
        copies = (found(each.open(database), name) for each in stores if database in each)
        return any(copy is not None and copy["of"] in there for copy in copies)

    def _look_at_screen(self, phone: PhoneMachine, status: SyncStatus | None) -> None:
        """What the phone now says is on the server must be there."""
        if phone.phone.account is None:
            return
        whole = status is not None and (
            status.state == "idle" or (status.message == "log-broken" and not phone.disturbed)
        )
        try:
            screen.look(
                phone.screen, phone.phone, status, self.truth, self.losses, whole=whole, thorough=phone.thorough
            )
        except Wrong as wrong:
            raise Wrong(f"{phone.name} {wrong}") from wrong

    # The quiet day and the judgment

    def _quiet_day(self) -> None:
        self.quiet = True
        for machine in [*self.servers, *self.phones.values()]:
            machine.disk.full = False
        for machine in [*self.servers, *self.phones.values()]:
            machine.clock.right(self.servers[0].clock)
        for server in self.servers:
            self._up(server)  # whoever is down gives no code
        for phone in self.phones.values():
            self._phone_dies(phone)
            for _ in range(2):
                if phone.phone.account is None or self._is_unknown(phone):
                    self._enrol_again(phone)
        self._until_nothing_changes()

    def _until_nothing_changes(self) -> None:
        before = ""
        for _ in range(QUIET_ROUNDS_MAX):
            for server in self.servers:
                self._sweep(server)
            for name in sorted(self.phones):
                self._sync(self.phones[name])
            for server in self.servers:
                self._sweep(server)
            after = self.digest()
            if after == before:
                return
            before = after
        raise Wrong(f"after {QUIET_ROUNDS_MAX} quiet rounds things still change")

    def _is_unknown(self, phone: PhoneMachine) -> bool:
        """Its token was given by a server that was put back to before that: its owner asks for a new code."""
        service, account = self.servers[0].service, phone.phone.account
        return service is not None and account is not None and service.accounts.by_token(account.token) is None

    def digest(self) -> str:
        """Of every document and its leaves on every machine."""
        found = hashlib.sha256()
        for name in self.names():
            if name != "registry":
                found.update(canonical_bytes([name, leaves_of(self.truth(name))]))
        for name, phone in sorted(self.phones.items()):
            stores = phone.phone.tools.local.stores
            for database in stores.names():
                found.update(canonical_bytes([name, database, leaves_of(stores.open(database))]))
        return found.hexdigest()


def view_of(view: Any, criterion: str) -> Any:
    return next(each for section in view.sections for each in section.criteria if each.id == criterion)


def simulate(
    seed: int | str,
    *,
    accidents: frozenset[str] | None = None,
    couchdb: str | None = None,
    life: Callable[..., Simulation] = Simulation,
) -> Report:
    """Live through one seed, the servers over their disk or over the CouchDB at this address. The report holds the
    failure, if there is one. `life` is what happens; a seed's own unless said.
    """
    random = Random(f"thidua {seed}")
    chosen = accidents if accidents is not None else frozenset(name for name in ACCIDENTS if random.random() < 0.3)
    disks = Disks()
    folder = cluster.root() / f"seed-{seed}"
    couch = None if couchdb is None else Couch(couchdb)
    if couch is not None:
        chosen -= NOT_OF_COUCHDB
    sim = life(str(seed), folder, disks, random, chosen, couch)
    failure = ""
    with pytest.MonkeyPatch.context() as patch:
        cluster.quick(patch)
        log = Log(sim)
        for module in (server_acts, server_app, server_follower, dispatch):
            patch.setattr(module, "_log", log)
        stopwatch = Stopwatch()
        for name, timing in (("monotonic", stopwatch), ("sleep", stopwatch.wait)):
            patch.setitem(replicate.replicate.__kwdefaults__, name, timing)
        # Its second thread would draw from the seed's chance in an order of its own.
        patch.setattr(replicate, "_ahead", lambda batches, **_: batches)
        cluster.template()
        with installed(disks):
            try:
                sim.run()
                digest = sim.digest()
            except Exception as error:  # noqa: BLE001 - told with its seed
                failure, digest = "".join(traceback.format_exception(error)), ""
            for machine in sim.servers:
                machine.stop()
            for phone in sim.phones.values():
                phone.phone.close()
    cluster.shutil.rmtree(folder, ignore_errors=True)
    if couch is not None:
        couch.clear()
    return Report(str(seed), digest, tuple(sim.trace), sim.requests, failure)
