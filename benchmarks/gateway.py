"""What the gateway adds: batches of 100 documents through it, beside the same batches to the same engine directly.

Through the gateway means a device's token, the rights of its account, every document's schema, whose evidence is cited,
the arrival of each submission. Directly means the same engine's own face, which asks nobody: a Store behind
`thidua couch`, and a CouchDB where COUCHDB_URL names one. Two mixes: what a specialist's phone sends – pieces of
evidence, their texts, their copies, a draft, and a submission that cites them – and the 64 KiB chunks of photos. The
first is read back; chunks are read by the server alone. Batches alternate between the two ends, so that a slow moment
of the machine meets both. Promotion comes after the answer and is no part of it: the follower rests meanwhile.

Two figures each: seconds that passed, and seconds of processor, of this process (phone and service) and of a CouchDB.

`python -m benchmarks.gateway [--batches N]`; the aim is 1.3.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import process
from benchmarks.aims import Aim
from schemas.evidence import cite
from server import log
from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync import media
from sync.database import Document
from sync.documents import with_revision
from sync.remote import RemoteDatabase
from sync.store_folder import StoreFolder
from tests.server.world import (
    GROUP,
    HY,
    YEAR,
    Clock,
    Phone,
    World,
    draft_of,
    evidence_of,
    full_marks,
    make_world,
    salted,
    served,
    submission_of,
)
from tests.support.backends import placed

DOCS = 100
EVIDENCE = 32
"""With a text and a copy each: 96 documents; a draft, a submission and two more texts."""

AIM = Aim(1.3, "×")
UNIT_DATABASE = f"u-{HY}-{YEAR}"
MEDIA_DATABASE = f"m-{GROUP}-{YEAR}"
PHOTO_BYTES = 7 * media.CHUNK_BYTES
"""With its manifest and its thumbnail nine documents."""

Batch = list[Document]


def batch_of(phone: Phone, number: int) -> Batch:
    documents: Batch = []
    cited: Batch = []
    for n in range(EVIDENCE):
        title = f"Đêm chèo số {n} của đợt {number} tại nhà văn hóa"
        evidence, text = evidence_of(phone.account, phone.device, title=title, number=1_000 * number + n)
        cited.append(cite(evidence))
        documents += [evidence, text, cited[-1]]
    for n in range(DOCS - len(documents) - 2):
        documents.append(salted(f"Ghi chú {n} của đợt {number}"))
    marks = full_marks(90)
    by_criterion = {criterion: [each["_id"]] for criterion, each in zip(marks, cited, strict=False)}
    documents.append(submission_of(phone.account, phone.device, HY, marks, number=number, cited=by_criterion))
    return [*map(with_revision, documents), draft_saved(phone, marks, number)]


def draft_saved(phone: Phone, marks: Mapping[str, str], times: int) -> Document:
    """The checklist's draft as its phone has it after so many savings: each revision stands on the one before."""
    parent = None
    for save in range(1, times + 1):
        points = {**marks, next(iter(marks)): str(save)}
        document = with_revision(draft_of(phone.account, phone.device, HY, points), parent=parent)
        parent = document["_rev"]
    return document


def written(database: RemoteDatabase, batch: Batch) -> None:
    missing = database.revs_diff({document["_id"]: [document["_rev"]] for document in batch})
    assert len(missing) == DOCS
    failures = database.bulk_docs(batch, new_edits=False)
    assert not failures, failures[0]


def read(database: RemoteDatabase, batch: Batch) -> None:
    asked = [{"id": document["_id"], "rev": document["_rev"]} for document in batch]
    assert all("ok" in answer["docs"][0] for answer in database.bulk_get(asked, revs=True, attachments=True))


class Times:
    """Seconds of each batch, by what was done and through which end; `servers` are processes whose work counts too."""

    def __init__(self, servers: Sequence[int]) -> None:
        self._servers = servers
        self._passed: dict[tuple[str, str], list[float]] = {}
        self._worked: defaultdict[tuple[str, str], float] = defaultdict(float)

    def take(self, verb: str, end: str, work: Callable[[], None]) -> None:
        started, worked = time.perf_counter(), self._processor_s()
        work()
        self._passed.setdefault((verb, end), []).append(time.perf_counter() - started)
        self._worked[verb, end] += self._processor_s() - worked

    def _processor_s(self) -> float:
        return time.process_time() + sum(map(process.cpu_s_of, self._servers))

    def passed_ms(self, verb: str, end: str) -> float:
        """A quarter of the batches were quicker: what else the machine does can only add."""
        return statistics.quantiles(self._passed[verb, end], n=4)[0] * 1000

    def worked_ms(self, verb: str, end: str) -> float:
        return self._worked[verb, end] / len(self._passed[verb, end]) * 1000


def compared(
    what: str, gateway: RemoteDatabase, direct: RemoteDatabase, made: Callable[[int], Batch], batches: int,
    *, servers: Sequence[int] = (), back: bool = True,
) -> None:  # fmt: skip
    times = Times(servers)
    for number in range(1, batches + 3):
        batch = made(number)
        ends = [("gateway", gateway), ("direct", direct)]
        kept = Times(servers) if number <= 2 else times  # the first ones open connections and files
        for end, database in ends if number % 2 else ends[::-1]:
            kept.take("write", end, lambda: written(database, batch))  # noqa: B023 - called at once
            if back:
                kept.take("read", end, lambda: read(database, batch))  # noqa: B023 - called at once
    for verb in ("write", "read") if back else ("write",):
        through, beside = times.passed_ms(verb, "gateway"), times.passed_ms(verb, "direct")
        worked = [times.worked_ms(verb, end) for end in ("gateway", "direct")]
        print(
            f"{what:<18} {verb:<6} {through:8.1f} {beside:9.1f} {AIM.beside(through / beside):<42}"
            f" {worked[0]:8.1f} {worked[1]:9.1f} {worked[0] / worked[1]:6.2f} ×",
            flush=True,
        )


def chunks_of(number: int) -> Batch:
    """Photos no two of which are alike, cut as a phone cuts them."""
    dice = random.Random(number)
    found: Batch = []
    while len(found) < DOCS:
        found += media.cut(
            dice.randbytes(PHOTO_BYTES), dice.randbytes(8_000), content_type="image/jpeg", width=1600, height=1200
        )
    return found[:DOCS]


@contextmanager
def phone_of(world: World, folder: Path) -> Iterator[Phone]:
    with served(world) as url:
        phone = Phone(url, folder / "phone", world, "lan")
        yield phone
        phone.close()


def both_mixes(
    engine: str, phone: Phone, bare: Callable[[str], RemoteDatabase], batches: int, servers: Sequence[int] = ()
) -> None:
    gateway, direct = phone.remote(UNIT_DATABASE), bare(UNIT_DATABASE)
    compared(f"{engine}, documents", gateway, direct, lambda number: batch_of(phone, number), batches, servers=servers)
    gateway, direct = phone.remote(MEDIA_DATABASE), bare(MEDIA_DATABASE)
    compared(f"{engine}, chunks", gateway, direct, chunks_of, max(4, batches // 4), servers=servers, back=False)


def on_a_store(folder: Path, batches: int) -> None:
    world = make_world(folder / "data", clock=Clock())
    stores = StoreFolder(folder / "bare")
    for name in (UNIT_DATABASE, MEDIA_DATABASE):
        stores.create(name)
    with BackgroundServer(make_app(stores)) as bare, phone_of(world, folder) as phone:
        both_mixes("Store", phone, lambda name: RemoteDatabase(f"{bare.url}/{name}"), batches)
    world.service.close()
    stores.close()


def on_couchdb(folder: Path, batches: int) -> None:
    with placed("couchdb") as where:
        world = make_world(folder / "data", clock=Clock(), backend=where.backend())
        url = where.environment["THIDUA_COUCHDB_URL"]
        made: list[RemoteDatabase] = []

        def bare(name: str) -> RemoteDatabase:
            direct = RemoteDatabase(f"{url}/{where.environment['THIDUA_COUCHDB_PREFIX']}bare-{name}")
            direct.create(shards=1)
            made.append(direct)
            return direct

        try:
            with phone_of(world, folder) as phone:
                both_mixes("CouchDB", phone, bare, batches, process.listening(url))
        finally:
            for direct in made:
                direct.delete()
            world.service.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=30)
    asked = parser.parse_args()
    log.configure(level=logging.WARNING)
    print(f"{asked.batches} batches of {DOCS} documents; ms that passed (lower quartile), ms of processor (mean)")
    print(f"{'':<25} {'through':>8} {'directly':>9} {'':<42} {'through':>8} {'directly':>9}")
    engines = [on_a_store]
    if os.environ.get("COUCHDB_URL"):
        engines.append(on_couchdb)
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            engine(Path(folder), asked.batches)


if __name__ == "__main__":
    main()
