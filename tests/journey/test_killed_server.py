"""`thidua serve` dies by SIGKILL again and again while phones score, photograph, submit and pull.

Nothing is replaced: the command in a process of its own, with its gateway, follower and projection; the phones with
their stores and workers in this one. Afterwards the installation is what an undisturbed one would be.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from mobile.phone import Phone
from mobile.worker import SyncWorker
from schemas import ids
from schemas.record import Record
from schemas.standings import standings
from server.follower import Follower
from server.projection import Projection
from server.service import Service
from sync import media
from tests.journey.support import (
    HERE,
    IMPATIENT,
    STOPPED_S,
    ServeProcess,
    enrolled_phone,
    noise,
    prepare_data,
    real_now,
    until,
)
from tests.server.world import GROUP, SCHEME, YEAR, config_at
from tests.support.backends import Place

pytestmark = pytest.mark.timeout(1800)

DEATHS = 24
"""Of the service in one run; a quarter of them while it is still starting."""

FIRST_DEATHS = 12
"""While everything is scored for the first time; the rest come while corrections are submitted."""

SERVING_S = (0.0, 0.45)
STARTING_S = (0.1, 0.6)

LOGINS = ("huong", "lan", "bac", "minh")
"""Three specialists score their own departments, and minh inspects Bắc Ninh."""

TABLES = ("checkpoint", "document", "draft", "waiting", "naming", "photo")


@dataclass
class Person:
    """One phone, its worker, the work still to do, and what it was told is saved."""

    phone: Phone
    key: str
    work: list[list[tuple[str, ...]]]
    random: Random
    answers: dict[str, str] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    submissions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worker = SyncWorker(self.phone, every_s=0.15, backoff=IMPATIENT)

    def do(self) -> None:
        """The next of the work. Nothing here asks whether there is a server."""
        for what, *told in self.work.pop(0):
            if what == "answer":
                criterion, points = told
                self.phone.set_answer(self.key, criterion, points=points)
                self.answers[criterion] = points
            elif what == "note":
                self.phone.set_note(self.key, told[0], "Đã đối chiếu hồ sơ.")
            elif what == "photo":
                (criterion,) = told
                card = self.phone.capture(
                    noise(self.random), title=f"Ảnh {criterion}", checklist=self.key, criterion=criterion
                )
                self.evidence.append(card.id)
            else:
                self.submissions.append(self.phone.submit(self.key))

    @property
    def settled(self) -> bool:
        """Does this phone show everything as safe with the server?"""
        states = {item.state for item in self.phone.outbox()}
        return self.phone.unsent() == 0 and states == {"verified"}

    def __str__(self) -> str:
        return f"{self.worker.status}, {[(item.id, item.state, item.reason) for item in self.phone.outbox()]}"

    def close(self) -> None:
        self.worker.stop(STOPPED_S)
        self.phone.close()


def work_of(login: str) -> list[list[tuple[str, ...]]]:
    """What one does between two deaths: first everything is scored and photographed, then corrected and submitted
    again and again, so that many deaths meet a submission on its way. The same in every run.
    """
    random = Random(f"work of {login}")
    first: list[tuple[str, ...]] = []
    for criterion in SCHEME.criteria:
        first.append(("answer", criterion.id, f"{random.randrange(int(criterion.max) + 1)}"))
        first.append(("note", criterion.id))
        if criterion.evidence_required:
            first.append(("photo", criterion.id))
    share = -(-len(first) // FIRST_DEATHS)
    work = [first[start : start + share] for start in range(0, len(first), share)]
    for _ in range(DEATHS - len(work)):
        criterion = random.choice(SCHEME.criteria)
        work.append([("answer", criterion.id, f"{random.randrange(int(criterion.max))}.5"), ("submit",)])
    return work


class Run:
    """An installation with its people, their phones enrolled, before anything is scored."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.data, self.place = folder / "data", place
        visit, codes = prepare_data(self.data, *LOGINS, place=place)
        self.server = ServeProcess(self.data, place=place)
        self.server.spawn()
        self.people = {}
        try:
            self.server.ready()
            for login in LOGINS:
                phone = enrolled_phone(folder / login, self.server.url, codes[login])
                key = phone.cross_key(visit) if login == "minh" else phone.self_key(GROUP, YEAR)
                self.people[login] = Person(phone, key, work_of(login), Random(f"photos {login}"))
        finally:
            self.server.kill()

    def service(self) -> Service:
        """What the killed command left, opened here."""
        return Service.open(config_at(self.data), backend=self.place.backend())

    def close(self) -> None:
        for person in self.people.values():
            person.close()
        self.server.kill()


def undisturbed(folder: Path):
    """The standings where nothing died."""
    run = Run(folder, HERE)
    try:
        run.server.spawn()
        run.server.ready()
        for person in run.people.values():
            while person.work:
                person.do()
            person.worker.start()
        for login, person in run.people.items():
            until(lambda it=person: it.settled, what=lambda it=person, who=login: f"{who}: {it}")
    finally:
        run.close()
    with run.service() as service:
        return ranking(service)


def ranking(service: Service):
    """The standings of what the service holds, without the ids that every run makes anew."""
    rows = group_rows(service)
    found = standings(Record.from_documents([row["doc"] for row in rows]), real_now().date())
    return [
        (row.unit, row.place, row.total, [(section.section, section.points) for section in row.card.sections])
        for row in found.rows
    ]


def group_rows(service: Service):
    return service.backend.open(ids.group_database(GROUP, YEAR)).all_docs(include_docs=True, conflicts=True)["rows"]


def test_a_service_killed_again_and_again_ends_as_one_that_never_died(tmp_path, place):
    random = Random("deaths of a service")
    run = Run(tmp_path / "run", place)
    people = run.people.values()
    try:
        for person in people:
            person.worker.start()
        for _ in range(DEATHS):
            working = [threading.Thread(target=person.do) for person in people]
            run.server.spawn()
            for thread in working:
                thread.start()
            if random.random() < 0.25:
                time.sleep(random.uniform(*STARTING_S))
            else:
                run.server.ready()
                time.sleep(random.uniform(*SERVING_S))
            run.server.kill()
            for thread in working:
                thread.join()
        assert not any(person.work for person in people)
        run.server.spawn()
        run.server.ready()
        for login, person in run.people.items():
            until(lambda it=person: it.settled, what=lambda it=person, who=login: f"{who}: {it}")
        for person in people:
            person.worker.stop(STOPPED_S)
    finally:
        run.server.kill()

    with run.service() as service:
        everything_is_there_once(service, run)
        the_projection_is_what_a_new_one_would_be(service, tmp_path / "fresh.sqlite")
        found = ranking(service)
    run.close()
    assert found == undisturbed(tmp_path / "calm")


def everything_is_there_once(service: Service, run: Run) -> None:
    rows = {row["id"]: row["doc"] for row in group_rows(service)}
    assert not [name for name, document in rows.items() if "_conflicts" in document]

    def of_kind(kind):
        return {name: document for name, document in rows.items() if ids.type_of(name) == kind}

    promoted = of_kind("submission")
    assert sorted(promoted) == sorted(name for person in run.people.values() for name in person.submissions)
    assert Counter(each["submission"] for each in of_kind("arrival").values()) == Counter(list(promoted))
    cited = Counter(each["of"] for each in of_kind("cited").values())
    assert cited == Counter(name for person in run.people.values() for name in person.evidence)

    photos = service.backend.open(ids.media_database(GROUP, YEAR))
    for login, person in run.people.items():
        last = promoted[person.submissions[-1]]
        chain = [promoted[name]["supersedes"] for name in person.submissions]
        assert chain == [[], *([name] for name in person.submissions[:-1])], login
        assert {name: given["points"] for name, given in last["answers"].items()} == person.answers, login
        for card in person.phone.evidence():
            for shot in card.photos:
                if card.mine:
                    assert media.read_photo(photos, shot.sha256).data == shot.file.read_bytes()
    shots = {shot["photo"] for each in of_kind("cited").values() for shot in each["photos"]}
    assert media.receipts(photos, shots) == shots
    # What a photo travelled in is gone once it is verified.
    assert not photos.all_docs(start_key="chunk:", end_key="chunk;")["rows"]


def the_projection_is_what_a_new_one_would_be(service: Service, path: Path) -> None:
    service.follower.sweep()
    fresh = Projection(path)
    Follower(service.backend, fresh, now=real_now, sweep_every_s=300).sweep()
    fresh.close()
    for table in TABLES:
        assert content(service.config.projection, table) == content(path, table), table


def content(path: Path, table: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
