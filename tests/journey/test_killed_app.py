"""The real app dies by SIGKILL under a working thumb: what the screen called saved is on the screen of its next life.

Kivy, the phone's stores and its worker run in a process that is killed; `thidua serve` runs beside it throughout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from mobile.worker import SyncWorker
from schemas import ids
from server.service import Service
from tests.journey.app_life import GROUP, YEAR
from tests.journey.support import (
    IMPATIENT,
    ROOT,
    STOPPED_S,
    ServeProcess,
    enrolled_phone,
    noise,
    open_phone,
    prepare_data,
    until,
)
from tests.server.world import SCHEME, config_at

pytestmark = [pytest.mark.window, pytest.mark.timeout(900)]

LIVES, LIVES_MAX = 5, 20
LIFE_S = (0.1, 3.0)

BIRTH_S = 240.0
"""Kivy's first start on a cold disk takes ten seconds."""


@dataclass
class Told:
    """What all lives said. What was tried after the last thing saved may stand instead of it."""

    saved: dict[tuple[str, str], str] = field(default_factory=dict)
    tried: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    evidence: set[tuple[str, str]] = field(default_factory=set)
    submissions: set[str] = field(default_factory=set)
    submission_tries: int = 0
    shown: int = 0

    def hear(self, verb, what="", name="", value=""):
        if verb == "shows":
            # Said before anything is tried in this life: only lives before it are judged.
            self.shown += 1
            assert self.allows("points", name, value), (name, value, self.saved.get(("points", name)))
        elif what in ("points", "note"):
            self.tried.setdefault((what, name), set()).add(value)
            if verb == "saved":
                self.saved[what, name] = value
                self.tried[what, name] = set()
        elif what == "evidence" and verb == "saved":
            self.evidence.add((name, value))
        elif what == "submission" and verb == "saved":
            self.submissions.add(value)
        elif what == "submission":
            self.submission_tries += 1

    def allows(self, what, name, value):
        return value == self.saved.get((what, name), value) or value in self.tried.get((what, name), set())


def one_life(folder, seed, told, *, life_s):
    """Born, killed `life_s` after that, and heard to the last whole line."""
    born = threading.Event()
    with (folder.parent / "app.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.journey.app_life", str(folder), seed],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, encoding="utf-8",
        )  # fmt: skip

    heard = []

    def listen():
        for line in child.stdout:
            if line.endswith("\n"):
                said = json.loads(line)
                heard.append(said)
                if said == ["born"]:
                    born.set()

    ears = threading.Thread(target=listen)
    ears.start()
    try:
        end = time.monotonic() + BIRTH_S
        while not born.wait(0.1):
            assert child.poll() is None, (folder.parent / "app.log").read_text(encoding="utf-8")[-3000:]
            assert time.monotonic() < end, "the app never opened its checklist"
        time.sleep(life_s)
        assert child.poll() is None, (folder.parent / "app.log").read_text(encoding="utf-8")[-3000:]
    finally:
        child.kill()
        child.wait()
        ears.join()
        child.stdout.close()
    for said in heard:
        told.hear(*said)


def answer_everything(phone, key):
    """One point everywhere, one photo beside all that asks for one: then every tap on Submit can succeed."""
    card = phone.capture(noise(Random("first")), title="Ảnh đầu", checklist=key)
    for section in phone.checklist(key).sections:
        for criterion in section.criteria:
            phone.set_answer(key, criterion.id, points="1")
            if criterion.evidence_required:
                phone.attach(key, criterion.id, card.id)


def check_kept(phone, key, told):
    view = phone.checklist(key)
    lines = {line.id: line for section in view.sections for line in section.criteria}
    for what, name in told.saved:
        found = lines[name].answer.points if what == "points" else lines[name].note
        assert told.allows(what, name, found), (what, name, found, told.saved[what, name])
    for criterion, title in told.evidence:
        assert title in [card.title for card in lines[criterion].evidence], (criterion, title)
    assert max(Counter(card.title for card in phone.evidence()).values()) == 1
    assert told.submissions <= set(submissions(phone))


def submissions(phone):
    store = phone.tools.local.stores.open(ids.unit_database(phone.account.unit, YEAR))
    return [row["id"] for row in store.all_docs(start_key="submission:", end_key="submission;")["rows"]]


def test_an_app_killed_under_the_thumb_keeps_what_it_called_saved_and_sends_it_once(tmp_path, place):
    random, told, folder = Random("lives"), Told(), tmp_path / "lan"
    _, codes = prepare_data(tmp_path / "data", "lan", place=place)
    server = ServeProcess(tmp_path / "data", place=place)
    server.spawn()
    try:
        server.ready()
        phone = enrolled_phone(folder, server.url, codes["lan"])
        key = phone.self_key(GROUP, YEAR)
        answer_everything(phone, key)
        phone.close()
        life = 0
        while life < LIVES or (not told.saved and life < LIVES_MAX):
            # On a machine that has much else to do, nothing is saved in a short life: later ones last longer.
            one_life(folder, f"life {life}", told, life_s=random.uniform(*LIFE_S) * (1 + life // LIVES))
            life += 1
            phone = open_phone(folder)
            check_kept(phone, key, told)
            phone.close()

        assert told.shown >= LIVES * len(SCHEME.criteria)
        assert told.saved, "no life lasted long enough to save anything"
        phone = open_phone(folder)
        if phone.checklist(key).changed or not submissions(phone):
            phone.submit(key)
        worker = SyncWorker(phone, every_s=0.1, backoff=IMPATIENT)
        worker.start()
        until(
            lambda: phone.unsent() == 0 and {item.state for item in phone.outbox()} == {"verified"},
            what=lambda: f"all is safe: {worker.status}",
        )
        worker.stop(STOPPED_S)
    finally:
        server.kill()

    written = submissions(phone)
    assert told.submissions <= set(written)
    assert len(written) <= told.submission_tries + 1
    with Service.open(config_at(tmp_path / "data"), backend=place.backend()) as service:
        rows = service.backend.open(ids.group_database(GROUP, YEAR)).all_docs(include_docs=True)["rows"]
    promoted = {row["id"]: row["doc"] for row in rows if row["id"].startswith("submission:")}
    assert sorted(promoted) == sorted(written)
    assert Counter(row["doc"]["submission"] for row in rows if row["id"].startswith("arrival:")) == Counter(written)
    heads = set(promoted) - {name for each in promoted.values() for name in each["supersedes"]}
    assert len(heads) == 1
    last = promoted[heads.pop()]
    lines = [line for section in phone.checklist(key).sections for line in section.criteria]
    assert {name: given["points"] for name, given in last["answers"].items()} == {
        line.id: line.answer.points for line in lines
    }
    cited = Counter(row["doc"]["of"] for row in rows if row["id"].startswith("cited:"))
    assert cited == Counter({card.id for line in lines for card in line.evidence})
    phone.close()
