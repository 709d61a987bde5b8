"""What crosses the wire: requests and bytes of our replicator beside PouchDB 9, against the same server.

500 checklists of 50 answers are pushed for the first time; then nothing is new; then one checklist is changed. A proxy
on the loopback counts, heads included, so nothing depends on how fast the machine is.

`python -m benchmarks.wire [--checklists N]` (PouchDB: `npm ci` in tests/peers)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from benchmarks import ours, process, save_answer
from benchmarks.aims import Aim
from benchmarks.counting import Counting
from schemas import checklist
from sync import jsonwire
from sync.documents import with_revision
from sync.remote import RemoteDatabase
from sync.store import Store

ANSWERS = 50
AIM = Aim(0.3, "×")
"""Bytes of the first push, ours to PouchDB's."""

POUCH = Path(__file__).with_name("pouch.js")


def sheet(number: int, answers: int = ANSWERS) -> dict[str, Any]:
    """A draft with so many answers, each with a note and a piece of evidence, unlike any other."""
    draft = {**save_answer.EMPTY, "_id": f"draft:cum-1:unit-{number:04}:self", "unit": f"unit-{number:04}"}
    for each in range(answers):
        # Hashes and ids are as good as random, and are what compression cannot shorten.
        chance = hashlib.sha256(f"{number}/{each}".encode()).hexdigest()
        given = save_answer.answer(int(chance[:2], 16) % 100, chance)
        given["evidence"] = [f"evidence:unit-{number:04}:{chance[:26]}"]
        draft = checklist.set_answer(draft, f"i-{each}", given, save_answer.DEVICE)
    return draft


def pouch(*arguments: object) -> None:
    command = ["node", str(POUCH), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={"NODE_PATH": str(process.NODE_MODULES)})


def measure(push: Callable[[], object], change: Callable[[], object], counter: Counting) -> list[tuple[int, int]]:
    """(requests, bytes) of a first push, of one with nothing new, and of one changed document."""
    told = []
    for prepare in (lambda: None, lambda: None, change):
        prepare()
        counter.take()
        push()
        told.append(counter.take())
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checklists", type=int, default=500)
    count = parser.parse_args().checklists
    with (
        tempfile.TemporaryDirectory() as made,
        process.couch(Path(made) / "served") as url,
        Counting(url) as counter,
    ):
        folder = Path(made)
        lines = folder / "lines"
        first = [with_revision(sheet(number)) for number in range(count)]
        lines.write_bytes(b"".join(jsonwire.dumps(document) + b"\n" for document in first))
        changed = folder / "changed"
        changed.write_bytes(jsonwire.dumps(with_revision(sheet(count + 1))) + b"\n")
        for name in ("ours", "pouchdb"):
            requests.put(f"{url}/{name}", timeout=30).raise_for_status()

        store = Store(folder / "ours.sqlite")
        ours.fill(store, lines.read_bytes().splitlines())
        remote = RemoteDatabase(f"{counter.url}/ours")
        our_figures = measure(
            lambda: ours.copy(store, remote), lambda: ours.fill(store, changed.read_bytes().splitlines()), counter
        )
        store.close()

        kept = folder / "pouch"
        pouch("fill", kept, lines)
        their_figures = measure(
            lambda: pouch("push", kept, f"{counter.url}/pouchdb"), lambda: pouch("fill", kept, changed), counter
        )
    size_kb = len(json.dumps(first[0])) / 1000
    print(f"{count} checklists of {ANSWERS} answers ({size_kb:.0f} KB each), pushed to the same server:")
    print(f"{'':<22}{'requests':>18}{'bytes on the wire':>28}")
    for name, mine, theirs in zip(
        ("the first push", "nothing new", "one changed document"), our_figures, their_figures, strict=True
    ):
        requests_, bytes_ = f"{mine[0]} : {theirs[0]}", f"{mine[1]:,} : {theirs[1]:,}"
        print(f"{name:<22}{requests_:>18}{bytes_:>28}   {mine[1] / theirs[1]:.3f}")
    print(f"ours : PouchDB; bytes of the first push {AIM.beside(our_figures[0][1] / their_figures[0][1])}")


if __name__ == "__main__":
    main()
