"""What a leader waits for: the ranking after one new submission, in a group of the largest size we know.

12 units × 60 criteria × 11 cross-inspections each, in the service's own databases. A promoted submission with its
evidence and its arrival is written, then the board is asked for the ranking; the follower's work is part of it, the
write is not. Once with this group alone, once among 100 groups of its size. Medians of one run; processor time is what
a machine with nothing else to do would take.

`python -m benchmarks.standings [--groups N] [--rounds N]`
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.large_group import YEAR, LargeGroup
from schemas import ids
from server.backends import write_once
from server.config import Config
from server.service import Service

AIM = Aim(20.0, "ms")
GROWTH_AIM = Aim(1.5, "×")
NOW = datetime(2024, 12, 20, 3, tzinfo=UTC)


@dataclasses.dataclass(frozen=True)
class Took:
    waited_ms: float
    processor_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=21)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Service.open(Config(data=Path(folder), secret_key=bytes(32), server="may-chu"), now=lambda: NOW) as service,
    ):
        group = LargeGroup()
        _open(service, group)
        whole = _took(lambda: service.board.standings(None, group.group, YEAR))
        alone = _after_each(service, group, asked.rounds)
        for number in range(2, asked.groups + 1):
            other = LargeGroup(f"cum-{number}")
            _open(service, other)
            service.board.standings(None, other.group, YEAR)
        among = _after_each(service, group, asked.rounds)
    print("the ranking of 12 units × 60 criteria × 11 cross-inspections        waited   processor")
    for name, took in (
        ("first reading of the whole group year", whole),
        ("after one new submission, 1 group", alone),
        (f"after one new submission, {asked.groups} groups", among),
    ):
        print(f"{name:<64} {took.waited_ms:7.1f} ms {took.processor_ms:7.1f} ms")
    print(f"{'after one new submission':<64} {AIM.beside(alone.waited_ms)}")
    print(f"{'grown with the number of groups by':<64} {GROWTH_AIM.beside(among.waited_ms / alone.waited_ms)}")


def _open(service: Service, group: LargeGroup) -> None:
    write_once(service.backend.create(ids.group_database(group.group, YEAR)), group.documents())


def _after_each(service: Service, group: LargeGroup, rounds: int) -> Took:
    database = service.backend.open(ids.group_database(group.group, YEAR))
    latest: dict[str, str] = {}
    took = []
    for number in range(rounds):
        inspected, inspecting = group.unit_ids[number % 12], group.unit_ids[(number + 5) % 12]
        visit = f"{inspecting}-{inspected}"
        before = latest.get(visit)
        if before is None:
            rows = database.all_docs(
                start_key=f"submission:{group.group}:{inspected}:cross:{visit}:",
                end_key=f"submission:{group.group}:{inspected}:cross:{visit}:~",
            )["rows"]
            before = rows[-1]["id"]
        body = group.submission(inspected, visit=visit, supersedes=before)
        latest[visit] = body["_id"]
        write_once(database, [body, group.arrival(body), *group.evidence_of(body)])
        took.append(_took(lambda: service.board.standings(None, group.group, YEAR)))
    return Took(*(statistics.median(each) for each in zip(*map(dataclasses.astuple, took), strict=True)))


def _took(work: Callable[[], object]) -> Took:
    waited, processor = time.perf_counter(), time.thread_time()
    work()
    return Took((time.perf_counter() - waited) * 1000, (time.thread_time() - processor) * 1000)


if __name__ == "__main__":
    main()
