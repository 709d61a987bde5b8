"""Ports of this machine that a test gives to a process, or keeps over a server's deaths."""

from __future__ import annotations

import contextlib
import os
import socket
import threading

# Below those that connections and listeners of port 0 are given (from 32768 on): while a server is down, nobody else
# may get its port.
FIRST, BEYOND = 20_000, 32_000

_lock = threading.Lock()
_given = 0


def free_port() -> int:
    """A port nobody listens at, given once in this process; processes that run at once begin far from one another."""
    global _given  # noqa: PLW0603 - one count for the process
    begin = os.getpid() * 97 % (BEYOND - FIRST)
    with _lock:
        for _ in range(BEYOND - FIRST):
            port = FIRST + (begin + _given) % (BEYOND - FIRST)
            _given += 1
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return port
    raise OSError("no free port")
