"""What grows with the database and what must not: memory of a phone that syncs much, the cost of syncing one change.

A phone pushes 100,000 documents to a server, and another pulls them; each is a process of its own, watched while it
works. Then one document is changed, in a database of 1,000 and in one of 100,000, and synchronised both ways.

`python -m benchmarks.growth [--documents N]`
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

from benchmarks import corpus, ours, process
from benchmarks.aims import Aim
from sync.remote import RemoteDatabase
from sync.store import Store

PEAK_AIM = Aim(120, "MB")
GROWTH_AIM = Aim(1.5, "×")
TIMES = 100
"""How much larger the large database is than the small one."""
ROUNDS = 40
LOOK_S = 0.1
PAGE_BYTES = 4096


def watched(*command: str) -> list[float]:
    """Resident megabytes of `python -m …` while it runs, from when it says that it is ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdout.readline()
    seen: list[float] = []

    def look() -> None:
        while running.poll() is None:
            try:
                pages = int(Path(f"/proc/{running.pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                return
            seen.append(pages * PAGE_BYTES / 1e6)
            time.sleep(LOOK_S)

    looking = threading.Thread(target=look)
    looking.start()
    running.stdin.write("\n")
    running.stdin.flush()
    told = json.loads(running.stdout.readline())
    running.wait(60)
    looking.join()
    assert told["read"] == told["written"], told
    return seen


def said(name: str, seen: list[float]) -> str:
    """Peak, and whether the last third stands higher than the middle one."""
    third = len(seen) // 3
    middle, last = max(seen[third : 2 * third]), max(seen[2 * third :])
    return (
        f"{name:<6} peak {PEAK_AIM.beside(max(seen))}; middle third {middle:6.1f},"
        f" last third {last:6.1f}: x {last / middle:.2f}"
    )


def one_change_s(ends: dict[str, tuple[Store, RemoteDatabase]]) -> dict[str, float]:
    """Median seconds to push one changed document, and to pull it back with nothing new beside it; in turns, so that
    what else the machine does falls on all alike.
    """
    took: dict[str, list[float]] = {name: [] for name in ends}
    for number in range(ROUNDS):
        for name, (store, remote) in ends.items():
            store.put({"_id": f"changed-{number}", "points": "7.5"})
            began = time.perf_counter()
            ours.copy(store, remote)
            ours.copy(remote, store)
            took[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as made, process.couch(Path(made) / "served") as at:
        folder = Path(made)
        lines = folder / "lines"
        corpus.write_lines(lines, count)
        for name, size in (("small", count // TIMES), ("large", count)):
            requests.put(f"{at}/{name}", timeout=30).raise_for_status()
            ours.main("fill", str(folder / f"{name}.sqlite"), str(lines), "0", str(size))
        print(f"{count:,} documents of {corpus.DOCUMENT_BYTES} bytes")
        seen = watched("benchmarks.ours", "push", str(folder / "large.sqlite"), f"{at}/large", "--ready")
        print(said("push", seen))
        seen = watched("benchmarks.ours", "pull", f"{at}/large", str(folder / "pulled.sqlite"), "--ready")
        print(said("pull", seen))
        ends = {name: (Store(folder / f"{name}.sqlite"), RemoteDatabase(f"{at}/{name}")) for name in ("small", "large")}
        for store, remote in ends.values():
            ours.copy(store, remote)
            ours.copy(remote, store)
        costs = one_change_s(ends)
        for store, _ in ends.values():
            store.close()
    ratio = costs["large"] / costs["small"]
    print(
        f"one change, both ways: {costs['small'] * 1000:.1f} ms among {count // TIMES:,},"
        f" {costs['large'] * 1000:.1f} ms among {count:,}: {GROWTH_AIM.beside(ratio)}"
    )


if __name__ == "__main__":
    main()
