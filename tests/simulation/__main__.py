"""Seeds from the command line: `python -m tests.simulation --seeds 10000`, or one again: `--seed 42`."""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation import cluster
from tests.simulation.simulation import simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", help="one seed again, with all its steps")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--couchdb", help="keep the servers' databases in the CouchDB at this address")
    parser.add_argument("--minutes", type=float, help="begin no more after so long")
    options = parser.parse_args()
    if options.seed:
        try:
            report = simulate(options.seed, couchdb=options.couchdb)
        finally:
            cluster.cleared()
        print("\n".join(report.trace) if not report.failure else report.told())
        print(f"digest {report.digest}")
        return 1 if report.failure else 0
    one = functools.partial(simulate, couchdb=options.couchdb)
    folder = cluster.new_folder()
    os.environ[cluster.FOLDER] = str(folder)
    began, failed, done = time.monotonic(), [], 0
    try:
        with ProcessPoolExecutor(options.processes) as pool:
            left = iter(range(options.first, options.first + options.seeds))
            running = {pool.submit(one, seed) for _, seed in zip(range(2 * options.processes), left, strict=False)}
            while running:
                future = next(iter(running))
                running.remove(future)
                report = future.result()
                done += 1
                if report.failure:
                    failed.append(report.seed)
                    print(report.told(), flush=True)
                in_time = not options.minutes or time.monotonic() - began < options.minutes * 60
                if in_time and (seed := next(left, None)) is not None:
                    running.add(pool.submit(one, seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{done} seeds, {len(failed)} failed ({' '.join(failed)}), {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
