"""Phones, servers and every accident we know, in many lives drawn from seeds: nothing is lost, doubled or diverges.

`THIDUA_SEEDS=10000` runs so many; `python -m tests.simulation --seed N` shows one again (docs/simulation.md).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation import cluster
from tests.simulation.simulation import simulate

SEEDS = int(os.environ.get("THIDUA_SEEDS", "200"))
"""Some two thirds of a second of one core each."""

BATCH = 20


@pytest.fixture(scope="module")
def reports():
    """Every seed's report to come, from as many processes as there are cores."""
    folder = cluster.new_folder()
    os.environ[cluster.FOLDER] = str(folder)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("forkserver")) as pool:
        asked = {}
        yield lambda seed: asked.setdefault(seed, pool.submit(simulate, seed))
        pool.shutdown(cancel_futures=True)
    del os.environ[cluster.FOLDER]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(600 + 4 * BATCH)
@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_no_seed_loses_doubles_or_diverges(reports, first):
    seeds = range(first, min(first + BATCH, SEEDS))
    found = [reports(seed) for seed in seeds]
    failed = [report.told() for report in (each.result() for each in found) if report.failure]
    assert not failed, "\n\n".join(failed)


@pytest.mark.parametrize("seed", ["3", "11"])
def test_a_seed_lives_the_same_life_again_in_another_process(seed):
    try:
        report = simulate(seed)
    finally:
        cluster.cleared()
    other = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", seed],
        env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert other.stdout == "\n".join([*report.trace, f"digest {report.digest}", ""])


@pytest.mark.couchdb
@pytest.mark.parametrize("seed", range(6))
def test_no_seed_loses_doubles_or_diverges_over_a_couchdb(seed):
    try:
        report = simulate(seed, couchdb=os.environ["COUCHDB_URL"])
    finally:
        cluster.cleared()
    assert not report.failure, report.told()
