"""How long a tap waits for the disk: one durable transaction with a whole checklist's draft.

The draft is what an inspector's phone rewrites at every answer: 60 criteria, each answered with a note and a stamp,
20 KB of JSON. A frame of the screen is 16 ms; the save must fit into one. `python -m benchmarks.save_answer [--saves N]
[--folder DIR]`; `measure` takes any save, so that the app's own path can be put in its place.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.store import Store

CRITERIA = 60
FRAME_MS = 16.0
"""One frame at 60 Hz: what DESIGN promises a tap."""

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


def draft(number: int) -> dict[str, Any]:
    """A draft of 60 answers as it stands after save `number`."""
    device = "01jb0000000000000000000000"
    stamp = {"at": "2024-10-08T02:14:05Z", "offset_s": -3, "device": device}
    answer = {
        "points": "132.5",
        "note": "ab" * 32,
        "evidence": ["evidence:so-vhtt-ha-noi:01jb0000000000000000000001"],
        "by": "nguyen-van-a",
        "at": stamp,
    }
    return {
        "_id": "draft:cum-1:so-vhtt-ha-noi:cross:01jb0000000000000000000002",
        "type": "draft",
        "v": 1,
        "unit": "so-vhtt-ha-noi",
        "answers": {
            f"i-{n}": [{"vector": {device: number + n}, "answer": {**answer, "points": f"{number}.5"}}]
            for n in range(CRITERIA)
        },
    }


def store_save(store: Store) -> Save:
    """Each save rewrites the draft on top of the last."""
    last: dict[str, str] = {}

    def save(number: int) -> None:
        last["_rev"] = store.put({**draft(number), **last})

    return save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: a temporary one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        store = Store(Path(folder) / "bench.sqlite")
        figures = measure(store_save(store), saves=asked.saves)
        store.close()
    size_kb = len(json.dumps(draft(0), ensure_ascii=False)) / 1000
    print(f"{figures.saves} durable saves of a {size_kb:.1f} KB draft with {CRITERIA} answers")
    print(f"p50 {figures.p50_ms:.2f} ms   p99 {figures.p99_ms:.2f} ms   slowest {figures.slowest_ms:.2f} ms")
    print(f"within a frame ({FRAME_MS:g} ms): {'yes' if figures.p99_ms < FRAME_MS else 'NO'}")


if __name__ == "__main__":
    main()
