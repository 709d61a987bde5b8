"""What the gateway adds: batches of 100 documents through it, beside the same batches to the same engine directly.

Through the gateway means a device's token, the rights of its account, every document's schema, whose evidence is cited,
the arrival of each submission. Directly means the same engine's own face, which asks nobody: a Store behind
`thidua couch`, and a CouchDB where COUCHDB_URL names one. Each batch is what a specialist's phone sends: pieces of
evidence, their texts, their copies, and a submission that cites them; then it is read back. Batches alternate between
the two ends, so that a slow moment of the machine meets both.

`python -m benchmarks.gateway [--batches N]`; the aim is 1.3.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.evidence import cite
from server import log
from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.documents import with_revision
from sync.remote import RemoteDatabase
from sync.store_folder import StoreFolder
from tests.server.world import (
    HY,
    YEAR,
    Clock,
    Phone,
    World,
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
"""With a text and a copy each: 96 documents; a submission and three more texts."""

AIM = 1.3
UNIT_DATABASE = f"u-{HY}-{YEAR}"

Batch = list[dict[str, Any]]


def batch_of(phone: Phone, number: int) -> Batch:
    documents: Batch = []
    cited: Batch = []
    for n in range(EVIDENCE):
        title = f"Đêm chèo số {n} của đợt {number} tại nhà văn hóa"
        evidence, text = evidence_of(phone.account, phone.device, title=title, number=1_000 * number + n)
        cited.append(cite(evidence))
        documents += [evidence, text, cited[-1]]
    for n in range(DOCS - len(documents) - 1):
        documents.append(salted(f"Ghi chú {n} của đợt {number}"))
    marks = full_marks(90)
    by_criterion = {criterion: [each["_id"]] for criterion, each in zip(marks, cited, strict=False)}
    documents.append(submission_of(phone.account, phone.device, HY, marks, number=number, cited=by_criterion))
    return [with_revision(document) for document in documents]


def written(database: RemoteDatabase, batch: Batch) -> None:
    missing = database.revs_diff({document["_id"]: [document["_rev"]] for document in batch})
    assert len(missing) == DOCS
    failures = database.bulk_docs(batch, new_edits=False)
    assert not failures, failures[0]


def read(database: RemoteDatabase, batch: Batch) -> None:
    asked = [{"id": document["_id"], "rev": document["_rev"]} for document in batch]
    assert all("ok" in answer["docs"][0] for answer in database.bulk_get(asked, revs=True, attachments=True))


class Times:
    """Seconds of each batch, by what was done and through which end."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], list[float]] = {}

    def take(self, verb: str, end: str, work: Callable[[], None]) -> None:
        started = time.perf_counter()
        work()
        self._of.setdefault((verb, end), []).append(time.perf_counter() - started)

    def quartile_ms(self, verb: str, end: str) -> float:
        """A quarter of the batches were quicker: what else the machine does can only add."""
        return statistics.quantiles(self._of[verb, end], n=4)[0] * 1000


def compared(engine: str, gateway: RemoteDatabase, direct: RemoteDatabase, phone: Phone, batches: int) -> None:
    times = Times()
    for number in range(1, batches + 3):
        batch = batch_of(phone, number)
        ends = [("gateway", gateway), ("direct", direct)]
        kept = Times() if number <= 2 else times  # the first ones open connections and files
        for end, database in ends if number % 2 else ends[::-1]:
            kept.take("write", end, lambda: written(database, batch))  # noqa: B023 - called at once
            kept.take("read", end, lambda: read(database, batch))  # noqa: B023 - called at once
    for verb in ("write", "read"):
        through, beside = times.quartile_ms(verb, "gateway"), times.quartile_ms(verb, "direct")
        ratio = through / beside
        verdict = "within the aim" if ratio <= AIM else f"MORE THAN {AIM}"
        print(f"{engine:<8} {verb:<6} {through:8.1f} ms through, {beside:8.1f} ms directly   {ratio:5.2f} ×  {verdict}")


@contextmanager
def phone_of(world: World, folder: Path) -> Iterator[tuple[Phone, RemoteDatabase]]:
    with served(world) as url:
        phone = Phone(url, folder / "phone", world, "lan")
        yield phone, phone.remote(UNIT_DATABASE)
        phone.close()


def on_a_store(folder: Path, batches: int) -> None:
    world = make_world(folder / "data", clock=Clock())
    stores = StoreFolder(folder / "bare")
    stores.create(UNIT_DATABASE)
    with BackgroundServer(make_app(stores)) as bare, phone_of(world, folder) as (phone, gateway):
        compared("Store", gateway, RemoteDatabase(f"{bare.url}/{UNIT_DATABASE}"), phone, batches)
    world.service.close()
    stores.close()


def on_couchdb(folder: Path, batches: int) -> None:
    with placed("couchdb") as where:
        world = make_world(folder / "data", clock=Clock(), backend=where.backend())
        url = where.environment["THIDUA_COUCHDB_URL"]
        direct = RemoteDatabase(f"{url}/{where.environment['THIDUA_COUCHDB_PREFIX']}bare")
        direct.create(shards=1)
        with phone_of(world, folder) as (phone, gateway):
            compared("CouchDB", gateway, direct, phone, batches)
        direct.delete()
        world.service.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=30)
    asked = parser.parse_args()
    log.configure(level=logging.WARNING)
    print(f"{asked.batches} batches of {DOCS} documents, lower quartile; the aim is {AIM} ×")
    engines = [on_a_store]
    if os.environ.get("COUCHDB_URL"):
        engines.append(on_couchdb)
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            engine(Path(folder), asked.batches)


if __name__ == "__main__":
    main()
