"""Running one contender as a whole process: how long it took, what it and its server cost. It knows no replication.

Processor time and memory are the operating system's own account of the finished process. A server's processor time is
what its processes (all that listen on its port here) used meanwhile; of a server elsewhere nobody can tell.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

RUN_S_MAX = 600
"""A contender that takes longer is stuck."""

ROOT = Path(__file__).parent.parent
NODE_MODULES = ROOT / "tests" / "peers" / "node_modules"
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NODE_PATH": str(NODE_MODULES)}
# A contender in Python starts as an installed program does: its modules are compiled once.
_ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process. `said` is what it wrote to stdout."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    said: str
    server_cpu_s: float = 0.0


def python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def run(command: Sequence[str], *, server: str | None = None) -> Run:
    """Run to its end. RuntimeError where it fails: a contender that fails has no figures."""
    pids = listening(server) if server is not None else []
    before = sum(map(cpu_s_of, pids))
    started = time.perf_counter()
    process = start(command)
    process.stdin.close()  # type: ignore[union-attr]
    said = process.stdout.read().decode()  # type: ignore[union-attr]
    wall_s, used = _reap(process, started)
    return Run(
        wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, said, sum(map(cpu_s_of, pids)) - before
    )  # fmt: skip


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT, cwd=ROOT, bufsize=0
    )  # fmt: skip


def _reap(process: subprocess.Popen[bytes], started: float) -> tuple[float, object]:
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return wall_s, used


@contextlib.contextmanager
def served(command: Sequence[str], url: str) -> Iterator[None]:
    """A server for as long as it is needed."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=_ENVIRONMENT, cwd=ROOT)
    try:
        for _ in range(200):
            if listening(url):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def couch(folder: Path) -> Iterator[str]:
    """`thidua couch` over a folder; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with served(python("server.cli", "couch", folder, "--port", port), url):
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(url: str) -> list[int]:
    """The processes of this machine that listen where `url` points."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1") or not Path("/proc/net/tcp").exists():
        return []
    wanted = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else ():
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == (parts.port or 80):
                wanted.add(f"socket:[{fields[9]}]")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(each.readlink()) in wanted for each in (process / "fd").iterdir()):
                found.append(int(process.name))
    return found


def cpu_s_of(pid: int) -> float:
    """Processor time of a process that runs, its threads and its finished children included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
