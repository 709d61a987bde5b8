"""Our replicator, PouchDB, a bare HTTP loop and CouchDB's own replicator, side by side over the same documents.

`python -m benchmarks replication [--documents N] [--rounds N] [--phones N] [--only WORD]`; with `COUCHDB_URL` in the
environment, CouchDB too. All are whole processes: an interpreter's start counts. Every round runs each contender once,
one after another, and medians are compared: the machine may be busy with something else, but with all of them alike.
The bound is the best bare loop that was found, at whatever batch and number of connections.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from benchmarks import process
from benchmarks.counting import Counting
from benchmarks.process import Run, python

Way = Literal["push", "pull"]

# Batch and connections of the bare loop. Beyond these it only got slower.
BARE = [(100, 1), (250, 2), (1000, 1), (1000, 2), (2500, 4)]
WORKS = ["push to CouchDB", "pull from CouchDB", "push to our server", "pull from our server"]
CANNED = "PouchDB, canned answers"
WHO = ["ours", "ours, gzip", "PouchDB", CANNED, "_replicate", "bare"]
"""How the table is ordered."""

BARE_KEPT = 2
"""After the first round only the best are run again."""


@dataclass
class Server:
    name: str
    url: str
    made: list[str] = field(default_factory=list)

    def create(self, name: str) -> str:
        self.ask("PUT", f"/{name}")
        self.made.append(name)
        return f"{self.url}/{name}"

    def ask(self, method: str, path: str, body: object = None) -> object:
        parts = urlsplit(self.url)
        request = urllib.request.Request(f"http://{parts.netloc.rpartition('@')[2]}{path}", method=method)
        request.add_header("Content-Type", "application/json")
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            request.add_header("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
        request.data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=process.RUN_S_MAX) as answer:
            return json.load(answer)

    def clean(self) -> None:
        for name in self.made:
            self.ask("DELETE", f"/{name}")
        self.made = []


@dataclass
class Cell:
    """One contender at one work: its runs, and what one of them sent."""

    work: str
    contender: str
    run: Callable[[str], Run]
    server: Server
    runs: list[Run] = field(default_factory=list)
    requests: int = 0
    wire_bytes: int = 0

    @property
    def processor_s(self) -> float:
        return self.median("cpu_s") + self.median("server_cpu_s")

    def median(self, what: str) -> float:
        return statistics.median(getattr(each, what) for each in self.runs)

    def times_as_fast_as(self, other: Cell) -> float:
        """Round by round, for what was slow in one round was slow for both."""
        return statistics.median(
            theirs.wall_s / mine.wall_s for mine, theirs in zip(self.runs, other.runs, strict=True)
        )


class Bench:
    def __init__(self, folder: Path, servers: list[Server], *, documents: int) -> None:
        self.folder, self.servers, self.documents = folder, servers, documents
        self.lines, self.store, self.level = folder / "lines", folder / "source.sqlite", folder / "level"
        self.full: dict[str, str] = {}
        self._fresh = 0

    def prepare(self) -> None:
        """The same documents everywhere: as lines, in a Store, in LevelDB, and in a database of each server."""
        process.run(python("benchmarks.corpus", self.lines, self.documents))
        process.run(python("benchmarks.ours", "fill", self.store, self.lines))
        if pouch_is_there():
            process.run(pouch("fill", self.level, self.lines))
        for server in self.servers:
            self.full[server.name] = server.create(self.fresh())
            process.run(python("benchmarks.bare", "push", self.lines, self.full[server.name], 500, 2))

    def fresh(self) -> str:
        self._fresh += 1
        return f"bench-{os.getpid()}-{self._fresh}"

    def cells(self) -> list[Cell]:
        found = []
        for way in ("push", "pull"):
            for server in self.servers:
                work = f"{way} {'to' if way == 'push' else 'from'} {server.name}"
                found.append(Cell(work, "ours", self.ours(server, way), server))
                found.append(Cell(work, "ours, gzip", self.ours(server, way, "--gzip"), server))
                if pouch_is_there():
                    found.append(Cell(work, "PouchDB", self.pouch(server, way), server))
                    if server.name != "CouchDB":
                        found.append(Cell(work, CANNED, self.canned(server, way), server))
                for batch, threads in BARE:
                    found.append(Cell(work, f"bare {batch}×{threads}", self.bare(server, way, batch, threads), server))
                if server.name == "CouchDB" and way == "push":
                    found.append(Cell(work, "_replicate", self.couchdb(server), server))
        return found

    def ours(self, server: Server, way: Way, *more: str) -> Callable[[str], Run]:
        def run(base: str) -> Run:
            if way == "push":
                command = python(
                    "benchmarks.ours", "push", self.store, self.at(base, server.create(self.fresh())), *more
                )
            else:
                target = self.folder / f"{self.fresh()}.sqlite"
                command = python("benchmarks.ours", "pull", self.at(base, self.full[server.name]), target, *more)
            return self.checked(process.run(command, server=server.url))

        return run

    def pouch(self, server: Server, way: Way, *, at: str = "") -> Callable[[str], Run]:
        def run(base: str) -> Run:
            if way == "push":
                command = pouch("push", self.level, at or self.at(base, server.create(self.fresh())))
            else:
                command = pouch("pull", at or self.at(base, self.full[server.name]), self.folder / self.fresh())
            return self.checked(process.run(command, server=server.url))

        return run

    def canned(self, server: Server, way: Way) -> Callable[[str], Run]:
        """PouchDB at a server that takes no time: as fast as it can be, whoever serves. `server` is for the table."""

        def run(_base: str) -> Run:
            url = f"http://127.0.0.1:{process.free_port()}"
            with process.served(python("benchmarks.canned", self.lines, urlsplit(url).port), url):
                return self.pouch(server, way, at=f"{url}/db")("")

        return run

    def bare(self, server: Server, way: Way, batch: int, threads: int) -> Callable[[str], Run]:
        def run(base: str) -> Run:
            if way == "push":
                ends = [str(self.lines), self.at(base, server.create(self.fresh()))]
            else:
                ends = [self.at(base, self.full[server.name]), "-"]
            return process.run(python("benchmarks.bare", way, *ends, batch, threads), server=server.url)

        return run

    def couchdb(self, server: Server) -> Callable[[str], Run]:
        """CouchDB from itself to itself, over HTTP as it always does; it has no process of its own to weigh."""

        def run(base: str) -> Run:
            target = server.create(self.fresh())
            ends = {"source": self.at(base, self.full[server.name]), "target": self.at(base, target)}
            pids = process.listening(server.url)
            before, started = sum(map(process.cpu_s_of, pids)), time.perf_counter()
            told = server.ask("POST", "/_replicate", ends)
            took_s = time.perf_counter() - started
            assert isinstance(told, dict)
            assert told["history"][0]["docs_written"] == self.documents, told
            return Run(took_s, 0.0, 0, "", sum(map(process.cpu_s_of, pids)) - before)

        return run

    def checked(self, run: Run) -> Run:
        told = json.loads(run.said.splitlines()[-1])
        assert told["written"] == self.documents, told
        assert not told["refused"], told
        return run

    @staticmethod
    def at(base: str, url: str) -> str:
        """`url` reached by way of `base`."""
        return base + urlsplit(url).path if base else url


def pouch_is_there() -> bool:
    return shutil.which("node") is not None and (process.NODE_MODULES / "pouchdb").exists()


def pouch(*arguments: object) -> list[str]:
    return ["node", str(process.ROOT / "benchmarks" / "pouch.js"), *map(str, arguments)]


def compare(bench: Bench, *, rounds: int, only: str) -> list[Cell]:
    cells = [cell for cell in bench.cells() if only in f"{cell.work} {cell.contender}"]
    for number in range(rounds):
        for cell in cells:
            cell.runs.append(cell.run(""))
            say(f"{number + 1}/{rounds} {cell.work}, {cell.contender}: {cell.runs[-1].wall_s:.2f} s")
        if number == 0:
            cells = without_the_slow(cells)
            # One contender at all servers, then the next: what is compared should meet the same weather.
            cells.sort(key=lambda cell: (cell.work.partition(" ")[0], kind(cell)))
        for server in bench.servers:
            kept = bench.full[server.name].rpartition("/")[2]
            server.made.remove(kept)
            server.clean()
            server.made.append(kept)
    cells = the_bound(cells)
    for cell in cells:  # once more, to be counted and not timed
        if cell.contender == CANNED:
            continue  # it asks what PouchDB asks
        with Counting(cell.server.url) as way:
            cell.run(way.url)
        cell.requests, cell.wire_bytes = way.take()
    return cells


def kind(cell: Cell) -> str:
    """Its name, without how many of what."""
    return "bare" if cell.contender.startswith("bare") else cell.contender


def without_the_slow(cells: list[Cell]) -> list[Cell]:
    kept = [cell for cell in cells if not cell.contender.startswith("bare")]
    for work in dict.fromkeys(cell.work for cell in cells):
        bare = [cell for cell in cells if cell.work == work and cell.contender.startswith("bare")]
        kept += sorted(bare, key=lambda cell: cell.median("wall_s"))[:BARE_KEPT]
    return kept


def the_bound(cells: list[Cell]) -> list[Cell]:
    """Of the bare loops of one work the best alone."""
    best: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        key = cell.work, kind(cell)
        if key not in best or cell.median("wall_s") < best[key].median("wall_s"):
            best[key] = cell
    return sorted(best.values(), key=lambda cell: (WORKS.index(cell.work), WHO.index(kind(cell))))


# Twenty phones


@dataclass(frozen=True)
class Crowd:
    way: Way
    phones: int
    total_s: float
    each_s: list[float]


def crowd(bench: Bench, server: Server, way: Way, *, phones: int, each: int) -> Crowd:
    """`phones` processes that are ready begin at once: a first sync of `each` documents.

    They push into one database, whose writer they must share; or pull one database of as many documents.
    """
    shared = server.create(bench.fresh())
    commands = []
    if way == "pull":
        source = bench.folder / f"{bench.fresh()}.sqlite"
        process.run(python("benchmarks.ours", "fill", source, bench.lines, 0, each))
        process.run(python("benchmarks.ours", "push", source, shared))
        source.unlink()
    for number in range(phones):
        store = bench.folder / f"{bench.fresh()}.sqlite"
        if way == "push":
            process.run(python("benchmarks.ours", "fill", store, bench.lines, number * each, each))
            commands.append(python("benchmarks.ours", "push", store, shared, "--ready", "--gzip"))
        else:
            commands.append(python("benchmarks.ours", "pull", shared, store, "--ready", "--gzip"))
    ready = [process.start(command) for command in commands]
    for one in ready:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    began = time.perf_counter()
    for one in ready:
        assert one.stdin is not None
        one.stdin.write(b"\n")

    def finished(number: int) -> float:
        told = json.loads(ready[number].stdout.readline())  # type: ignore[union-attr]
        took_s = time.perf_counter() - began
        assert told["written"] == each, told
        ready[number].wait()
        return took_s

    with ThreadPoolExecutor(phones) as pool:
        each_s = sorted(pool.map(finished, range(phones)))
    for file in bench.folder.glob("bench-*.sqlite*"):
        file.unlink()
    return Crowd(way, phones, each_s[-1], each_s)


def crowds(bench: Bench, server: Server, *, phones: int, each: int, rounds: int) -> list[Crowd]:
    found = []
    for number in range(rounds):
        for way in ("push", "pull"):
            for many, share in ((1, phones * each), (phones, each)):
                found.append(crowd(bench, server, way, phones=many, each=share))
                say(f"{number + 1}/{rounds} {many} phones {way}: {found[-1].total_s:.2f} s")
        server.clean()
    return found


# The tables


def table(cells: list[Cell], documents: int) -> str:
    lines = [
        (
            "| Work | Who | documents/s | × PouchDB | of the bound | requests | MB on the wire"
            " | processor s, own + server | of PouchDB's | peak memory, MB |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        beside = {kind(other): other for other in cells if other.work == cell.work}
        took_s = cell.median("wall_s")
        pouch_, bound = beside.get("PouchDB"), beside.get("bare")
        lines.append(
            f"| {cell.work} | {cell.contender} | {documents / took_s:,.0f}"
            f" | {times(cell, pouch_)} | {times(cell, bound)}"
            f" | {cell.requests:,} | {cell.wire_bytes / 1e6:.1f}"
            f" | {cell.median('cpu_s'):.2f} + {cell.median('server_cpu_s'):.2f}"
            f" | {'' if pouch_ is None else f'{cell.processor_s / pouch_.processor_s:.2f}'}"
            f" | {cell.median('memory_bytes') / 1e6:.0f} |"
        )
    return "\n".join(lines)


def times(cell: Cell, other: Cell | None) -> str:
    return "" if other is None else f"{cell.times_as_fast_as(other):.2f}"


def aims(cells: list[Cell]) -> str:
    """What was aimed at, beside what came out."""
    found = {(cell.work, kind(cell)): cell for cell in cells}
    ours = "our server"
    wanted = [
        ("push to CouchDB", "ours", "push to CouchDB", "PouchDB", 2.5),
        ("push to CouchDB", "ours", "push to CouchDB", "bare", 0.8),
        ("pull from CouchDB", "ours", "pull from CouchDB", "PouchDB", 3.0),
        ("pull from CouchDB", "ours", "pull from CouchDB", "bare", 0.8),
        (f"push to {ours}", "ours", "push to CouchDB", "PouchDB", 4.0),
        (f"pull from {ours}", "ours", "pull from CouchDB", "PouchDB", 4.0),
        (f"push to {ours}", "PouchDB", "push to CouchDB", "PouchDB", 2.0),
        (f"pull from {ours}", "PouchDB", "pull from CouchDB", "PouchDB", 2.0),
    ]
    lines = ["| Aim | came out | |", "|---|---|---|"]
    for way, other in (("push to", "push to CouchDB"), ("pull from", "pull from CouchDB")):
        most, couch = found.get((f"{way} {ours}", CANNED)), found.get((other, "PouchDB"))
        if most is not None and couch is not None:
            ratio = most.times_as_fast_as(couch)
            lines.append(
                f"| PouchDB: {way} a server that takes no time, × PouchDB's {other} | {ratio:.2f} | the most |"
            )
    for work, who, other_work, other, aim in wanted:
        if (work, who) in found and (other_work, other) in found:
            ratio = found[work, who].times_as_fast_as(found[other_work, other])
            beside = "the bare loop" if other == "bare" else f"{other}'s {other_work}"
            met = "met" if ratio >= aim else f"missed by {(1 - ratio / aim) * 100:.0f} %"
            lines.append(f"| {who}: {work} ≥ {aim:g} × {beside} | {ratio:.2f} | {met} |")
    return "\n".join(lines)


def crowd_table(found: list[Crowd], *, each: int) -> str:
    lines = ["| Work | in all | × one phone | slowest / fastest | |", "|---|---|---|---|---|"]
    for way in ("push", "pull"):
        runs = {many: [run for run in found if run.way == way and run.phones == many] for many in
                sorted({run.phones for run in found})}  # fmt: skip
        one = statistics.median(run.total_s for run in runs[1])
        for many, these in runs.items():
            total_s = statistics.median(run.total_s for run in these)
            spread = statistics.median(run.each_s[-1] / run.each_s[0] for run in these)
            documents = each * max(runs) // many
            verdict = "" if many == 1 else "met" if total_s <= 1.3 * one else f"missed: the aim is {1.3:g}"
            lines.append(
                f"| {many} × {documents:,} {way} | {total_s:.2f} s | {total_s / one:.2f} | {spread:.2f} | {verdict} |"
            )
    return "\n".join(lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--only", default="", metavar="WORD", help="only works and contenders with this in their name")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: a temporary one")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        port = process.free_port()
        own = Server("our server", f"http://127.0.0.1:{port}")
        servers = [own]
        if couchdb := os.environ.get("COUCHDB_URL"):
            servers.insert(0, Server("CouchDB", couchdb.rstrip("/")))
        else:
            say("COUCHDB_URL is not set: without CouchDB.")
        if not pouch_is_there():
            say("PouchDB is not installed (tests/peers): without it.")
        with process.served(python("server.cli", "couch", folder / "served", "--port", port), own.url):
            bench = Bench(folder, servers, documents=asked.documents)
            try:
                bench.prepare()
                print(
                    f"{datetime.now(UTC):%d %B %Y}: {asked.documents:,} documents of 1 KB, medians of {asked.rounds}\n"
                )
                if "phones" not in asked.only:
                    cells = compare(bench, rounds=asked.rounds, only=asked.only)
                    print(table(cells, asked.documents), aims(cells), sep="\n\n", flush=True)
                if not asked.only or "phones" in asked.only:
                    each = asked.documents // 5
                    process.run(python("benchmarks.corpus", bench.lines, asked.phones * each))
                    found = crowds(bench, own, phones=asked.phones, each=each, rounds=min(asked.rounds, 3))
                    print("\n" + crowd_table(found, each=each))
            finally:
                for server in servers:
                    server.clean()


if __name__ == "__main__":
    main()
