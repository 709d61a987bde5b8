"""Turns: what is done about one database waits for its like, and for nothing that is done about another."""

from __future__ import annotations

import threading
from collections import defaultdict


class Turns:
    """A lock for each name. For any number of threads."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._making = threading.Lock()

    def of(self, name: str) -> threading.Lock:
        with self._making:
            return self._locks[name]
