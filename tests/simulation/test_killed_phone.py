"""A phone whose process dies at any moment: what it said was saved is there, nothing is doubled, everything arrives."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from mobile.enrol import enrol
from mobile.submitting import documents_of
from mobile.worker import SyncWorker
from schemas.base import canonical_bytes
from sync import media
from tests.simulation import life
from tests.support.phones import GROUP, YEAR, M, Service, U

PHONES = 10
DEATHS = 20
"""Of each phone: 200 deaths in all."""

DEATHS_MAX = 60

LIFE_S = (0.01, 0.22)

pytestmark = pytest.mark.timeout(900)

process = multiprocessing.get_context("forkserver")
process.set_forkserver_preload(["tests.simulation.life"])


@dataclass
class Told:
    """What a phone said of itself over all its lives. An answer tried after the last one saved may stand instead."""

    saved: dict[tuple[str, str], str] = field(default_factory=dict)
    tried: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    submissions: set[str] = field(default_factory=set)
    submission_tries: int = 0

    def hear(self, message):
        if len(message) < 4:
            return
        verb, what, name, value = message
        if what in ("points", "note"):
            if verb == "try":
                self.tried.setdefault((what, name), set()).add(value)
            else:
                self.saved[what, name] = value
                self.tried[what, name] = set()
        elif what == "submission":
            self.submission_tries += verb == "try"
            if verb == "saved":
                self.submissions.add(name)
        elif verb == "saved":
            self.evidence[name] = value

    def allows(self, what, name, value):
        return value in self.tried.get((what, name), set()) or value == self.saved.get((what, name), value)


def one_life(folder, seed, told, *, life_s):
    """Born, killed after `life_s`, and heard to the last word."""
    ears, mouth = process.Pipe(duplex=False)
    child = process.Process(target=life.live, args=(folder, seed, mouth), daemon=True)
    child.start()
    mouth.close()
    ears.recv()  # born
    time.sleep(life_s)
    child.kill()
    try:
        while True:
            told.hear(ears.recv())
    except (EOFError, OSError):
        pass
    child.join()
    ears.close()


def check_kept(folder, told):
    """Everything that was said to be saved is on this phone."""
    phone = life.open_phone(folder)
    try:
        view = phone.checklist(phone.self_key(GROUP, YEAR))
        for criterion in life.CRITERIA:
            found = view.criterion(criterion)
            points = None if found.answer is None else found.answer.points
            if ("points", criterion) in told.saved:
                assert told.allows("points", criterion, points), (criterion, points, told.saved, told.tried)
            if ("note", criterion) in told.saved:
                assert told.allows("note", criterion, found.note), (criterion, found.note)
        store = phone.tools.local.stores.ensure(U)
        for doc_id in [*told.evidence.values(), *told.submissions]:
            store.get(doc_id)
        for row in rows(store, "submission:"):
            # One transaction: a submission is never here without what it names.
            for named in documents_of(row["doc"]):
                store.get(named)
        for shot in (shot for card in phone.evidence() for shot in card.photos):
            assert media.name_of(shot.file.read_bytes()) == shot.sha256
    finally:
        phone.close()


def rows(store, prefix):
    return store.all_docs(start_key=prefix, end_key=prefix + "~", include_docs=True, conflicts=True)["rows"]


def body(document):
    return canonical_bytes({name: value for name, value in document.items() if not name.startswith("_")})


@pytest.mark.parametrize("nth", range(PHONES))
def test_a_phone_that_is_killed_again_and_again_loses_nothing_and_sends_all_once(tmp_path, nth):
    random, told, folder = Random(f"phone {nth}"), Told(), tmp_path / "phone"
    with Service(tmp_path / "server").fill() as service:
        phone = life.open_phone(folder)
        enrol(phone, service.url, service.code("lan"), "x")
        SyncWorker(phone).sync_once()
        phone.close()

        death = 0
        while death < DEATHS or (not told.saved and death < DEATHS_MAX):
            # On a machine that has much else to do, nothing is saved in a short life: later ones last longer.
            one_life(folder, f"{nth}.{death}", told, life_s=random.uniform(*LIFE_S) * (1 + death // DEATHS) ** 3)
            check_kept(folder, told)
            death += 1
            if death % 5 == 0:
                service.settle()

        assert told.saved, "the phone never lived long enough to do anything"
        phone = life.open_phone(folder)
        for _ in range(3):
            status = SyncWorker(phone).sync_once()
        assert (status.state, status.pending, status.refused) == ("idle", 0, 0), status

        here, there = phone.tools.local.stores.open(U), service.stores.open(U)
        for kind in ("submission:", "evidence:", "cited:", "part:", "draft:"):
            mine = {row["id"]: row["doc"] for row in rows(here, kind)}
            theirs = {row["id"]: row["doc"] for row in rows(there, kind)}
            assert {name: body(document) for name, document in mine.items()} == {
                name: body(document) for name, document in theirs.items()
            }
            assert not [name for name, document in theirs.items() if "_conflicts" in document]
        titles = Counter(card.title for card in phone.evidence())
        assert max(titles.values(), default=0) <= 1
        assert set(told.evidence) <= set(titles)
        sent = {row["id"] for row in rows(there, "submission:")}
        assert told.submissions <= sent
        assert len(sent) <= told.submission_tries

        service.settle()
        for card in phone.evidence():
            for shot in card.photos:
                assert media.read_photo(service.stores.open(M), shot.sha256).data == shot.file.read_bytes()
        assert SyncWorker(phone).sync_once().state == "idle"
        assert {item.state for item in phone.outbox() if item.what == "evidence"} <= {"verified"}
        phone.close()
