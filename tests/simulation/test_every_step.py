"""One short life, again and again, with one accident each time: at every request, and at every write of either process.

Seeds meet two accidents by chance; this meets each single one for certain. The ordinary tests take every few, another
few at each place; `THIDUA_EVERY=1` takes all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from mobile.phone import Phone
from mobile.problems import PhoneError
from tests.server.world import BN, GROUP, YEAR
from tests.simulation import cluster
from tests.simulation.disk import Killed
from tests.simulation.judge import judge
from tests.simulation.link import FATES
from tests.simulation.machines import Machine, PhoneMachine, ServerMachine
from tests.simulation.simulation import Simulation, simulate

EVERY = int(os.environ.get("THIDUA_EVERY", "24"))
"""One of so many: at more than six hundred places an accident each is five minutes of a core."""


LIFE = "every step 7"
"""Of this name two inspectors are drawn, and nobody else."""


@dataclass
class Told:
    """What came of a life: how many requests there were, and how many writes each process made."""

    requests: int = 0
    promoted: int = 0
    writes: dict[str, int] = field(default_factory=lambda: {"dung": 0, "server-a": 0})


class Accident(Simulation):
    """Work that touches every kind of document, with one accident at the most: `fate` meets request `at`, or `victim`
    dies at its write `at`.
    """

    def __init__(self, told: Told, *arguments: Any, fate: str | None = None, victim: str | None = None, at: int = 0):
        super().__init__(*arguments)
        self.told, self.fate, self.victim, self.at = told, fate, victim, at

    def run(self) -> None:
        self._found()
        self.steps = 1
        dung, minh = self.phones["dung"], self.phones["minh"]
        key = self._keys(dung)[0]
        self._does(dung, lambda app: app.set_answer(key, "i-1", points="7"))
        self._does(minh, lambda app: app.set_answer(key, "i-1", points="8"))
        self._does(dung, lambda app: app.capture(cluster.photos()[-1], title="ảnh", checklist=key, criterion="i-1"))
        self._does(minh, lambda app: app.set_note(key, "i-2", "ghi chú"))
        self._all_sync()
        self._does(minh, lambda app: self._submits(app, key))
        self._all_sync()
        self._returns()
        self._does(dung, lambda app: app.set_answer(key, "i-1", points="9"))
        self._does(dung, lambda app: self._submits(app, key))
        self._all_sync()
        self._quiet_day()
        judge(self)
        self.told.promoted = sum(
            row["id"].startswith("submission:") for row in self.truth(cluster.G).all_docs()["rows"]
        )

    def _all_sync(self) -> None:
        for name in ("dung", "minh", "dung"):
            self._sync(self.phones[name])
            self._sweep(self.servers[0])

    def _does(self, phone: PhoneMachine, act: Callable[[Phone], object]) -> None:
        before = self._held_by(phone)
        try:
            act(phone.phone)
        except Killed:
            self._phone_dies(phone)
            with contextlib.suppress(PhoneError):  # whoever did it looks, and does it again unless it was kept
                act(phone.phone)
        self._captured(phone)
        self.witness.acted(before, self._held_by(phone))

    def _submits(self, app: Phone, key: str) -> None:
        self._prove(app, key)
        app.submit(key)

    def _returns(self) -> None:
        """The leader wants the criterion done again."""
        server = self.servers[0]
        if self._up(server) and server.service is not None:
            try:
                leader = server.service.accounts.find("huong")
                prefix = f"submission:{GROUP}:{BN}:cross"
                rows = server.service.backend.open(cluster.G).all_docs(start_key=prefix, end_key=prefix + ";")["rows"]
                if not rows:  # nothing has come yet
                    return
                value = {"unit": BN, "criterion": "i-1", "submission": rows[0]["id"], "deadline": "2024-11-20"}
                server.service.acts.act(leader, GROUP, YEAR, "return", value, reason="lý do")
            except Killed:
                server.die()
        self._hear_decisions()

    def _drawn_fate(self, _phone: PhoneMachine) -> str | None:
        self.told.requests += 1
        return self.fate if self.told.requests == self.at else None

    def _phone_boundary(self, phone: PhoneMachine) -> None:
        self._writes(phone)

    def _server_boundary(self, server: ServerMachine, _where: str) -> None:
        self._writes(server)

    def _writes(self, machine: Machine) -> None:
        if self.quiet or not self.steps or machine.name not in self.told.writes:
            return
        self.told.writes[machine.name] += 1
        if (machine.name, self.told.writes[machine.name]) == (self.victim, self.at):
            raise Killed(machine.disk)


def live(**accident: Any) -> Told:
    told = Told()
    power = frozenset({"power"}) if accident.get("victim") else frozenset()
    report = simulate(LIFE, accidents=power, life=lambda *arguments: Accident(told, *arguments, **accident))
    assert not report.failure, f"{accident}: {report.told()}"
    return told


@pytest.fixture(scope="module")
def told():
    yield live()
    cluster.cleared()


def test_the_life_touches_what_it_should(told):
    assert told.promoted == 2
    assert told.requests > 20
    assert min(told.writes.values()) > 50


@pytest.mark.parametrize("fate", FATES)
def test_no_single_cut_loses_doubles_or_diverges(told, fate):
    for at in range(1 + FATES.index(fate) % EVERY, told.requests + 1, EVERY):
        live(fate=fate, at=at)


@pytest.mark.parametrize("victim", ["dung", "server-a"])
def test_no_single_death_loses_doubles_or_diverges(told, victim):
    for at in range(1, told.writes[victim] + 1, EVERY):
        live(victim=victim, at=at)
