"""The real process, killed without warning while a phone pushes: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import requests

from schemas.evidence import cite
from sync.errors import SyncError
from tests.server.world import HY, Clock, Phone, evidence_of, full_marks, make_world, submission_of
from tests.support.ports import free_port

U_HY = "u-so-hy-2024"
SUBMISSIONS = 150

START_S = PROMOTED_S = 240
"""What takes a second takes minutes on a machine that has much else to do; nothing waits longer than it must."""

pytestmark = pytest.mark.timeout(900)


class Process:
    """`thidua serve` on one port, started as often as it is killed."""

    def __init__(self, data) -> None:
        self._data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "server.cli", "serve", "--data", str(self._data), "--port", str(self.port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(words, start_new_session=True, **quiet)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                requests.get(f"{self.url}/healthz", timeout=10)
            except requests.RequestException:  # not yet listening, or on a busy machine not yet answering
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the service did not start")

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path / "data")
    yield made
    made.kill()


def test_a_service_killed_while_a_phone_pushes_loses_and_doubles_nothing(tmp_path, process):
    world = make_world(tmp_path / "data", clock=Clock(datetime.now(UTC).isoformat()))
    process.start()
    lan = Phone(process.url, tmp_path / "phone", world, "lan")
    documents, before = [], []
    for number in range(1, SUBMISSIONS + 1):
        evidence, title = evidence_of(lan.account, lan.device, title=f"Hoạt động {number}", number=number)
        cited = cite(evidence)
        answers = {"i-1": [cited["_id"]]}
        submission = submission_of(
            lan.account, lan.device, HY, full_marks(80), number=number, cited=answers, supersedes=before
        )
        documents += [submission, evidence, cited, title]  # what is cited comes last: submissions must wait
        before = [submission["_id"]]
    lan.write(U_HY, *documents)
    refused = []

    def push() -> None:
        while True:
            try:
                refused.extend(lan.push(U_HY).refused)
            except SyncError:
                time.sleep(0.02)
            else:
                return

    pushing = threading.Thread(target=push)
    pushing.start()
    for wait_s in (0.05, 0.15):
        time.sleep(wait_s)
        process.kill()
        process.start()
    pushing.join()
    assert refused == []
    deadline = time.monotonic() + PROMOTED_S
    while len(world.ids_of("submission")) < SUBMISSIONS and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [len(world.ids_of(kind)) for kind in ("submission", "cited", "arrival")] == [SUBMISSIONS] * 3
    rows = world.group_database().changes(style="all_docs").results
    assert all(len(row["changes"]) == 1 for row in rows)
    assert world.service.board.standings(None, "cum-1", 2024).rows[0].total == 800
    lan.close()
    world.service.close()
