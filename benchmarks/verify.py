"""`verify` of the largest group year we know, without photos: 12 units × 60 criteria × 11 cross-inspections each.

From the bytes of the file to the report, in a process that has everything loaded; then `thidua verify` of the same file
as a whole process, an interpreter's start included. The best of some runs: what else the machine does can only add.

`python -m benchmarks.verify [--runs N]`
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any, Final

from benchmarks import process
from benchmarks.aims import Aim
from benchmarks.large_group import CRITERIA, UNITS, LargeGroup
from schemas.freezing import digest, ranking_inputs
from schemas.record import Record
from schemas.scoring import best_text, tally
from schemas.standings import standings
from server.bundle import contents
from server.bundle.verify import verify
from server.bundle.writing import write

AIM: Final = Aim(2.0, "s")
"""What a person waits for without wondering whether it still works."""

AS_OF: Final = date(2024, 12, 20)


def documents() -> list[dict[str, Any]]:
    """The group year with its scheme and scores locked, and the ranking frozen last."""
    group = LargeGroup()
    held = group.documents()
    held.append(group.decide("lock-scheme", {"scheme": group.scheme["_id"]}))
    best = best_text(tally(Record.from_documents(held), AS_OF).best)
    held.append(group.decide("lock-scores", {"locked": True, "best": best}))
    value = {"as_of": AS_OF.isoformat(), "sha256": digest(standings(Record.from_documents(held), AS_OF))}
    return [*held, group.decide("freeze", value, inputs=ranking_inputs(held))]


def bundle(held: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    write(
        out, contents.choose(held, held[-1], public=False), held[-1], secret=bytes(range(32)), public=False, photos=None
    )
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    data = bundle(documents())
    inside = []
    for _ in range(runs):
        began = time.perf_counter()
        report = verify(data)
        inside.append(time.perf_counter() - began)
        assert report.holds, report.verdict.sentence("en")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "year.zip"
        file.write_bytes(data)
        whole = [process.run(process.python("server.cli", "verify", file)).wall_s for _ in range(runs)]
    print(f"verify: {UNITS} units × {CRITERIA} criteria × {UNITS - 1} cross-inspections, no photos;", end=" ")
    print(f"{report.documents:,} documents, {len(data) / 1e6:.1f} MB")
    for name, took in (("in a process that runs", inside), ("`thidua verify`, the whole process", whole)):
        print(f"{name:<64} {AIM.beside(min(took))}")


if __name__ == "__main__":
    main()
