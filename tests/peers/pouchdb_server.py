"""pouchdb-server from npm as a process of its own, its databases in memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.ports import free_port

PROGRAM = Path(__file__).parent / "node_modules" / "pouchdb-server" / "bin" / "pouchdb-server"

START_S_MAX = 240.0
"""It loads some three hundred packages, and the machine may have much else to do."""


@contextmanager
def pouchdb_server(folder: Path) -> Iterator[str]:
    """Its address. It writes its settings and its log into `folder`."""
    port = free_port()
    options = ["--in-memory", "--host", "127.0.0.1", "--port", str(port), "--no-stdout-logs", "--no-color"]
    # It is older than the Node of today, which would end it at the first promise nobody waited for.
    environment = {**os.environ, "NODE_OPTIONS": "--unhandled-rejections=warn"}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            ["node", str(PROGRAM), *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, process, folder / "output.log")
        yield url
    finally:
        process.kill()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S_MAX
    while True:
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.RequestException:  # not yet listening, or on a busy machine not yet answering
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < end, "pouchdb-server did not answer"
            time.sleep(0.05)
        else:
            return
