"""A database whose line breaks: each verb may fail before it is done, or after, when only the answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.database import Database
from sync.errors import PeerUnreachable

VERBS = ("info", "changes", "revs_diff", "bulk_get", "bulk_docs", "get_local", "put_local")


class Faulty:
    """`inner`, with `plan(verb, number of calls so far)` answering "before", "after" or None for each call."""

    def __init__(self, inner: Database, plan: Callable[[str, int], str | None]) -> None:
        self._inner, self._plan = inner, plan
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        name = {"changes_to_replicate": "changes"}.get(name, name)
        if name not in VERBS:
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            fate = self._plan(name, len(self.calls))
            self.calls.append(name)
            if fate == "before":
                raise PeerUnreachable(f"the line broke before {name}")
            answer = found(*arguments, **options)
            if fate == "after":
                raise PeerUnreachable(f"the line broke after {name}")
            return answer

        return call


def sound(_verb: str, _number: int) -> None:
    """A plan without faults."""
