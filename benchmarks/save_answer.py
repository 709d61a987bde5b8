"""How long a tap waits for the disk: one durable transaction with a whole checklist's draft.

An inspector's phone rewrites its draft at every answer: 60 criteria, each answered with a note, evidence and a stamp,
some 20 KB of JSON. A frame of the screen is 16 ms; the save must fit into one. Two saves are timed: the store alone,
and the phone's whole path (`mobile.drafts`: read, merge, answer, check, write with the note).

`python -m benchmarks.save_answer [--saves N] [--folder DIR]`; `measure` takes any save.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.aims import Aim
from mobile import drafts
from schemas import base, checklist
from sync.store import Store

CRITERIA = 60
FRAME = Aim(16, "ms")
"""One frame at 60 Hz: what a tap may wait for."""

DEVICE = "01jb0000000000000000000000"
EMPTY = checklist.new_draft(
    group="cum-1",
    year=2024,
    unit="so-vhtt-ha-noi",
    stage="cross",
    scheme="scheme:cum-1000:1",
    visit="01jb0000000000000000000002",
)

Save = Callable[[int], object]
"""Write answer number n durably; returns when it is on the disk."""


@dataclass(frozen=True)
class Figures:
    saves: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float


def measure(save: Save, *, saves: int) -> Figures:
    """Time `save(0)`, `save(1)` … one after another."""
    took_ms = []
    for number in range(saves):
        started = time.perf_counter()
        save(number)
        took_ms.append((time.perf_counter() - started) * 1000)
    took_ms.sort()
    return Figures(saves, took_ms[saves // 2], took_ms[min(saves - 1, saves * 99 // 100)], took_ms[-1])


def answer(number: int, note: str) -> dict[str, Any]:
    """What a tap gives: points, a note by its hash, a piece of evidence, who and when."""
    return {
        "points": f"{number}.5",
        "note": note,
        "evidence": ["evidence:so-vhtt-ha-noi:01jb0000000000000000000001"],
        "by": "nguyen-van-a",
        "at": {"at": "2024-10-08T02:14:05Z", "offset_s": -3, "device": DEVICE},
    }


def filled() -> dict[str, Any]:
    """The draft with all criteria answered."""
    draft = dict(EMPTY)
    for number in range(CRITERIA):
        draft = checklist.set_answer(draft, f"i-{number}", answer(number, "ab" * 32), DEVICE)
    return draft


def store_save(store: Store) -> Save:
    """The store alone: one answer of a draft that is in memory, and the write."""
    draft: dict[str, Any] = filled()

    def save(number: int) -> None:
        changed = checklist.set_answer(draft, f"i-{number % CRITERIA}", answer(number, "ab" * 32), DEVICE)
        draft.update(changed, _rev=store.put(changed))

    return save


def phone_save(store: Store) -> Save:
    """The phone's path from a tap to the disk, the note's own document included."""
    store.put(filled())

    def save(number: int) -> None:
        part = base.part(f"Ghi chú {number}", hashlib.sha256(str(number).encode()).hexdigest()[:32])
        given = answer(number, part["_id"].removeprefix("part:"))

        def edit(draft: dict[str, Any]) -> dict[str, Any]:
            return checklist.set_answer(draft, f"i-{number % CRITERIA}", given, DEVICE)

        drafts.change(store, EMPTY, edit, parts=[part])

    return save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: a temporary one")
    asked = parser.parse_args()
    size_kb = len(json.dumps(filled(), ensure_ascii=False)) / 1000
    print(
        f"{asked.saves} durable saves of a {size_kb:.1f} KB draft with {CRITERIA} answers; a frame is {FRAME.most} ms"
    )
    for name, save in {"store alone": store_save, "phone's path": phone_save}.items():
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            store = Store(Path(folder) / "bench.sqlite")
            figures = measure(save(store), saves=asked.saves)
            store.close()
        print(
            f"{name:<14} p50 {figures.p50_ms:6.2f} ms   slowest {figures.slowest_ms:6.2f} ms"
            f"   p99 {FRAME.beside(figures.p99_ms)}"
        )


if __name__ == "__main__":
    main()
