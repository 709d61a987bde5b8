"""Two inspectors of one visit over real sockets and a bad link, while their phones and the server are killed.

The phones play steps of `mobile.simulated`, the server is `thidua serve`, between them stands `tests/support/link.py`.
Work, weather and deaths come from the seed; how they fall together comes from the machine too, so that a seed brings
the same accidents again and not the same moment. The quiet day, the screens and the judgment are the simulation's.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from mobile.enrol import enrol
from mobile.phone import Phone
from mobile.problems import PhoneError
from mobile.simulated import Player, ScriptError
from mobile.worker import SyncWorker
from schemas.figures import Fraction, decimal_string
from server.config import load
from server.service import Service
from server.wsgi import BackgroundServer
from sync.store import Store
from tests.simulation import cluster, sabotage, screen
from tests.simulation.disk import Disks
from tests.simulation.judge import judge
from tests.simulation.life import open_phone
from tests.simulation.machines import PhoneMachine, ServerMachine
from tests.simulation.simulation import CRITERIA, Simulation
from tests.simulation.witness import Replica, Wrong, held, joined
from tests.support import link as links
from tests.support.link import Answer, Fate, Link, Request, Weather
from tests.support.ports import free_port

TEAM = ("dung", "minh")

SPELLS = 9
"""Of weather in one seed; each ends in a death."""
HEARD = (1, 16)
"""What phones say of themselves before a death: on a busy machine they are given time to say it."""
SPELL_S_MAX = 1.2
FIRST_SPELL_S_MAX = 240.0
"""On a good link, until both are enrolled and at work."""

SPEED = 10
"""Of the link's clock: a spell is some seconds of a mobile network."""
PATIENCE_S = 1.0
"""How long a phone waits for a dumb connection: a minute, scaled like the link, with room for a busy machine."""
FIRST_PATIENCE_S = 60.0
"""On the good link, where nothing is dumb."""
START_S = 240.0
START_S_USUAL = 1.5
"""What a server takes to start on a machine that has little else to do. On a slower one spells and patience are longer,
or nothing would happen in them.
"""
SLOWNESS_MAX = 10.0

FATES: tuple[Fate | Answer, ...] = (
    "cut-before", "cut-within", "cut-after", "silent-before", "silent-after", links.PORTAL_PAGE, links.PORTAL_REDIRECT,
    links.PORTAL_511, links.BAD_GATEWAY, links.unavailable(), links.unavailable(1),
)  # fmt: skip

WEATHERS = (
    Weather(up_bits_s=1_000_000, down_bits_s=4_000_000, round_trip_s=0.12, cut_every_bytes=60_000, silent_share=0.2),
    Weather(round_trip_s=0.3, lost_reply_share=0.2),
    Weather(round_trip_s=0.05, cut_every_s=1.5, silent_share=0.5),
    links.MOBILE_3G,
)

PROXY_BODY_BYTES = 30_000
"""What a mean proxy lets through at once: less than half a chunk."""

process = multiprocessing.get_context("forkserver")
process.set_forkserver_preload(["tests.simulation.life", "tests.simulation.bad_link"])


# In processes of their own


def serve(data: Path, port: int, log: Path, broken: str, ready: Connection) -> None:
    """`thidua serve`, in a session of its own: gunicorn is two processes, and both die together."""
    os.setsid()
    with log.open("ab") as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
        os.dup2(out.fileno(), sys.stderr.fileno())
    _break(broken)
    ready.send("born")
    from server.cli import main

    sys.argv = ["thidua", "serve", "--data", str(data), "--port", str(port)]
    main()


@dataclass(frozen=True)
class Person:
    """Who has this phone, and where everything is."""

    folder: Path
    url: str
    code: str
    visit: str
    databases: Path
    photos: Path


def live(who: Person, seed: str, broken: str, patience_s: float, said: Connection) -> None:
    """Work and synchronise by turns until somebody kills this process."""
    _break(broken)
    try:
        _Life(who, Random(seed), said, patience_s).go_on()
    except Exception:  # noqa: BLE001 - told to who judges
        said.send(("wrong", traceback.format_exc()))


def _break(name: str) -> None:
    if name:
        getattr(sabotage, name)(pytest.MonkeyPatch())


def _wait_no_longer(*, than: Callable[[], float]) -> None:
    send = HTTPAdapter.send

    def impatient(self: HTTPAdapter, *arguments: Any, **options: Any) -> Any:
        return send(self, *arguments, **{**options, "timeout": (than(), than())})

    HTTPAdapter.send = impatient  # type: ignore[method-assign]


class _Life:
    def __init__(self, who: Person, random: Random, said: Connection, patience_s: float) -> None:
        self.who, self.random, self.said = who, random, said
        self.phone = open_phone(who.folder)
        self.step = 0
        self.patience_s, self.patience_at_work_s = FIRST_PATIENCE_S, patience_s
        _wait_no_longer(than=lambda: self.patience_s)

    def go_on(self) -> None:
        self.said.send(("born", held_by(self.phone)))
        while True:
            self.step += 1
            if self.phone.account is not None and self.phone.home().visits:
                self.patience_s = self.patience_at_work_s
                before = held_by(self.phone)
                self.said.send(("works", before))
                for steps in self._work():
                    self._play(steps)
                self.said.send(("worked", held_by(self.phone), kept(self.phone)))
            for _ in range(self.random.randint(1, 3)):
                self._play([{"do": "sync", "rounds": 1}])
                self._look()

    def _play(self, steps: list[dict[str, Any]]) -> None:
        """Trouble is what this is about: a step that fails is told and the next comes."""
        script = {"seed": self.random.random(), "label": self.who.folder.name, "steps": steps}
        player = Player(
            self.phone, script, self.who.url, self.who.code, None, lambda told: self.said.send(("did", dict(told))),
            self.random,
        )  # fmt: skip
        try:
            player.play()
        except (PhoneError, ScriptError) as error:
            self.said.send(("did", {"event": "failed", "sentence": str(error)}))

    def _work(self) -> Iterator[list[dict[str, Any]]]:
        key = self.phone.cross_key(self.who.visit)
        titles = [card.title for card in self.phone.evidence(checklist=key)]
        wanted = {*self.phone.checklist(key).disputed, *self.random.sample(CRITERIA, self.random.randint(1, 2))}
        answers, new, cite = {}, [], []
        for criterion in sorted(wanted):
            points = decimal_string(Fraction(self.random.randrange(40), 2))
            answers[criterion] = {"points": points, "note": f"ghi chú {self.random.randrange(10**6)}"}
            if titles and self.random.random() < 0.5:
                cite.append({"title": self.random.choice(titles), "criterion": criterion})
            else:
                title = f"ảnh {self.random.randrange(10**9)}"
                file = self.random.choice(sorted(self.who.photos.iterdir()))
                new.append({"title": title, "criterion": criterion, "files": [str(file)]})
        yield [{"do": "cross", "visit": self.who.visit, "answers": answers, "evidence": new, "cite": cite}]
        if self.random.random() < 0.4:
            yield [{"do": "submit", "visit": self.who.visit}]

    def _look(self) -> None:
        """What the screens say is on the server must be there. (Nothing here takes anything from a server.)"""
        if self.phone.account is None:
            return
        try:
            sentences = frozenset(screen.said_by(self.phone))
            screen.check(self.phone, sentences, lambda name: Store(self.who.databases / f"{name}.sqlite", name=name))
        except Wrong as wrong:
            self.said.send(("wrong", f"{self.who.folder.name} {wrong}"))


def held_by(phone: Phone) -> Replica:
    stores = phone.tools.local.stores
    return joined(held(name, stores.open(name)) for name in stores.names() if name[0] in "uv")


def kept(phone: Phone) -> set[str]:
    """The photos this phone shows as kept."""
    return {shot.sha256 for card in phone.evidence() for shot in card.photos if shot.file is not None}


# Around them


@dataclass
class Body:
    """One phone's process, and what the phone said over its lives."""

    name: str
    person: Person
    before: Replica | None = None
    """What it held when it began what it has not said to be saved yet."""
    child: Any = None
    hearing: threading.Thread | None = None
    lives: int = 0
    worked: bool = False


@dataclass
class OverSockets(Simulation):
    """One seed of it. `broken` names the sabotage of the server, of the phones."""

    broken: tuple[str, str] = ("", "")
    bodies: list[Body] = field(default_factory=list)
    server: Any = None
    port: int = 0
    slowness: float = 1.0
    deaths: int = 0
    things_heard: int = 0
    heard: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        data = self.folder / "server-a"
        cluster.copy(self.folder)
        photos = self.folder / "photos"
        photos.mkdir()
        for number, photo in enumerate(cluster.photos()):
            (photos / f"{number:02}.jpg").write_bytes(photo)
        self.port = free_port()
        self.servers.append(ServerMachine(data, self.disks.disk(data), self.seed))
        self.servers[0].clock.time = datetime.now(UTC)
        self._hear_decisions()
        with Link(f"http://127.0.0.1:{self.port}", seed=self.random.randrange(10**9), speed=SPEED) as link:
            self._invite(data, link.url)
            try:
                self._bad_days(link)
            finally:
                for body in self.bodies:
                    self._kill(body)
                self._kill_server()
            link.weather, link.fate = links.CLEAR, lambda _: None
            self._good_day(link)
            self.say("link", f"{link.traffic}; {self.deaths} deaths")
        judge(self)
        log = (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")
        if "Traceback" in log:
            raise Wrong(f"the server logged a traceback:\n{log[-3000:]}")
        if not (self.witness.saved and self.witness.photos):
            raise Wrong("nobody did anything: this proves nothing")

    def _invite(self, data: Path, url: str) -> None:
        with Service.open(load(data, environment={})) as service:
            visit = self._visit(service)
            for name in TEAM:
                code = service.accounts.new_code(name).code
                folder = self.folder / f"{name}-new"
                person = Person(folder, url, code, visit, data / "databases", self.folder / "photos")
                self.bodies.append(Body(name, person))

    # The bad days

    def _bad_days(self, link: Link) -> None:
        self._start_server()
        for spell in range(SPELLS):
            self.steps += 1
            link.weather = links.CLEAR if spell == 0 else self.random.choice(WEATHERS)
            link.fate = (lambda _: None) if spell == 0 else self._strangers()
            for body in self.bodies:
                if body.child is None:
                    self._start(body)
            if self.server is None:
                self._start_server()
            self._wait_for(self.random.randint(*HEARD), first=spell == 0)
            if self.faults:
                raise Wrong("; ".join(self.faults))
            victim = self.random.choice(("server", "server", *self.bodies, "all"))
            if victim in ("server", "all"):
                self._kill_server()
            for body in self.bodies:
                if victim in (body, "all"):
                    self._kill(body)
            if self.random.random() < 0.3:
                link.cut()
            self.say("chance", f"kills {victim if isinstance(victim, str) else victim.name}")

    def _wait_for(self, count: int, *, first: bool) -> None:
        """Until the phones said so many things more, or nothing seems to come."""
        until = time.monotonic() + (FIRST_SPELL_S_MAX if first else SPELL_S_MAX * self.slowness)
        wanted = self.things_heard + count
        while time.monotonic() < until and not self.faults:
            if all(body.worked for body in self.bodies) if first else self.things_heard >= wanted:
                return
            time.sleep(0.01)

    def _strangers(self) -> Callable[[Request], Fate | Answer | None]:
        random, share = Random(self.random.random()), self.random.choice((0.1, 0.25, 0.5))
        too_large = links.too_large(PROXY_BODY_BYTES) if self.random.random() < 0.4 else lambda _: None

        def fate(request: Request) -> Fate | Answer | None:
            return random.choice(FATES) if random.random() < share else too_large(request)

        return fate

    def _start_server(self) -> None:
        ears, mouth = process.Pipe(duplex=False)
        arguments = (self.folder / "server-a", self.port, self.folder / "serve.log", self.broken[0], mouth)
        self.server = process.Process(target=serve, args=arguments)
        self.server.start()
        mouth.close()
        ears.recv()
        ears.close()
        began = time.monotonic()
        end = began + START_S
        while time.monotonic() < end and self.server.is_alive():
            if listens(self.port):
                self.slowness = min(max(1.0, (time.monotonic() - began) / START_S_USUAL), SLOWNESS_MAX)
                return
            time.sleep(0.01)
        raise Wrong(f"the server does not start:\n{(self.folder / 'serve.log').read_text()[-3000:]}")

    def _kill_server(self) -> None:
        child, self.server = self.server, None
        if child is not None:
            os.killpg(child.pid, signal.SIGKILL)
            child.join()
            self.deaths += 1
            while listens(self.port):  # gunicorn's worker is nobody's child now, and may take a moment to be gone
                time.sleep(0.005)

    def _start(self, body: Body) -> None:
        ears, mouth = process.Pipe(duplex=False)
        body.lives += 1
        seed = f"{self.seed} {body.name} {body.lives}"
        body.child = process.Process(
            target=live, args=(body.person, seed, self.broken[1], PATIENCE_S * self.slowness, mouth), daemon=True
        )
        body.child.start()
        mouth.close()
        body.hearing = threading.Thread(target=self._hear, args=(body, ears))
        body.hearing.start()

    def _kill(self, body: Body) -> None:
        child, body.child = body.child, None
        if child is not None:
            child.kill()
            child.join()
            assert body.hearing is not None
            body.hearing.join()
            self.deaths += 1

    def _hear(self, body: Body, ears: Connection) -> None:
        """To the last word of this life."""
        with ears, contextlib.suppress(EOFError, OSError):
            while True:
                verb, what, *more = ears.recv()
                with self.heard:
                    self._heard(body, verb, what, *more)

    def _heard(self, body: Body, verb: str, what: Any, photos: frozenset[str] = frozenset()) -> None:
        self.things_heard += 1
        body.worked |= verb == "worked"
        if verb == "works":
            body.before = what
        elif verb in ("worked", "born"):
            # Of what was under way when it died the phone may hold a part: then that was saved.
            if body.before is not None:
                self.witness.acted(body.before, what)
            body.before = None
            self.witness.photos |= photos
        elif verb == "wrong":
            self.faults.append(what)
        else:
            self.say(body.name, " ".join(f"{value}" for value in what.values())[:150])

    # The good day

    def _good_day(self, link: Link) -> None:
        (server,) = self.servers
        server.start()
        with BackgroundServer(server.app, port=self.port):
            for body in self.bodies:
                machine = PhoneMachine(
                    body.person.folder, self.disks.disk(body.person.folder), self.seed, who=body.name, wire=NO_WIRE
                )
                machine.clock.time = datetime.now(UTC)
                self.phones[machine.name] = machine
                self._heard(body, "born", held_by(machine.phone))
                if machine.phone.account is None:
                    enrol(machine.phone, link.url, body.person.code, body.name)
                machine.worker = SyncWorker(machine.phone)
            self._until_nothing_changes()


NO_WIRE: Any = None
"""These phones have sockets."""


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def live_over_sockets(seed: int, *, broken: tuple[str, str] = ("", "")) -> str:
    """One seed; answers what a person needs to see of its failure, empty where there is none."""
    folder, disks = cluster.root() / f"link-{seed}", Disks()
    sim = OverSockets(str(seed), folder, disks, Random(f"bad link {seed}"), frozenset(), broken=broken)
    failure = ""
    with pytest.MonkeyPatch.context() as patch:
        cluster.quick(patch)
        cluster.template()
        try:
            sim.run()
        except Exception as error:  # noqa: BLE001 - told with its seed
            failure = "".join(traceback.format_exception(error))
        for machine in sim.servers:
            machine.stop()
        for phone in sim.phones.values():
            phone.phone.close()
    cluster.shutil.rmtree(folder, ignore_errors=True)
    trace = "\n".join(sim.trace)
    print(trace)  # shown where a test fails, or with -s
    test = "tests/simulation/test_bad_link.py::test_no_link_and_no_death_loses_doubles_or_diverges"
    again = f"THIDUA_BAD_LINKS={seed + 1} pytest '{test}[{seed}]'"
    print(failure)
    return failure and f"{failure}\nseed {seed} failed; again: {again}"
