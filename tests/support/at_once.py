"""Several callers at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MEET_S = 240.0
"""All threads have begun by then, also on a busy machine; one that never does fails the test."""


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work(0)` … answered or raised, each begun when all were ready."""
    ready = threading.Barrier(count, timeout=MEET_S)

    def one(number: int) -> Any:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        found = [pool.submit(one, number) for number in range(count)]
    return [each.exception() or each.result() for each in found]
