"""`python -m benchmarks [NAME …]`: the benchmarks named, or all of them, one after another.

Figures are to be read as ratios within one run. `python -m benchmarks.NAME --help` tells what each may be asked.
"""

from __future__ import annotations

import sys

from benchmarks import gateway, growth, photos, replication, save_answer, standings, verify, wire

BENCHMARKS = {
    "save_answer": save_answer.main,
    "standings": standings.main,
    "verify": verify.main,
    "wire": wire.main,
    "growth": growth.main,
    "gateway": gateway.main,
    "replication": replication.main,
    "photos": photos.main,
}

if __name__ == "__main__":
    names, sys.argv[1:] = sys.argv[1:] or list(BENCHMARKS), []
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"There is no benchmark {name}. There are: {', '.join(BENCHMARKS)}.")
        BENCHMARKS[name]()
