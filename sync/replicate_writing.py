"""The writing half of a replication: a batch handed to the target, whose refusals and troubles are told apart.

It must never read the source's feed, nor write a checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.apart import apart
from sync.database import Database, Document
from sync.errors import PeerUnreachable, SyncError, TooLarge
from sync.pace import Line, Pace
from sync.replicate_reading import STUMBLES, WHOLE_TROUBLE, Refused, after, failed_alone, set_aside

Weighed = tuple[Document, int]


@dataclass(slots=True)
class Writing:
    """One run's writing. `again` fetches documents with all their bytes."""

    target: Database
    line: Line
    again: Callable[[Sequence[Document]], list[Document]]
    durable: bool
    pause: Callable[[int], None]
    monotonic: Callable[[], float] = time.monotonic
    _refused: list[Refused] = field(default_factory=list)

    def write(self, documents: Sequence[Document], sizes: Sequence[int]) -> tuple[int, list[Refused]]:
        """How many were written, and those the target does not take."""
        weighed = list(zip(documents, sizes, strict=True))
        written, self._refused = 0, []
        while weighed:
            count = fitting([size for _, size in weighed], self.line.writing)
            part, weighed = weighed[:count], weighed[count:]
            came, failed = apart(
                part, self._put, alive=self.target.info, pause=self.pause, alone_before=self._failed_before
            )
            written += sum(came)
            self._refused += [
                set_aside(document["_id"], document["_rev"], error, "unwritable") for (document, _), error in failed
            ]
        return written, self._refused

    def _put(self, part: Sequence[Weighed]) -> tuple[list[int], list[tuple[Weighed, SyncError]]]:
        documents = [document for document, _ in part]
        failures = self._bulk_docs(documents, sum(size for _, size in part))
        without_bytes = {(entry.get("id"), entry.get("rev")) for entry in failures if entry["error"] == "missing_stub"}
        if without_bytes:
            # The target forgot (compacted) what its possible ancestors promised: once more, with all bytes.
            forgot = [each for each in documents if (each["_id"], each["_rev"]) in without_bytes]
            failures = [entry for entry in failures if entry["error"] != "missing_stub"]
            failures += self._bulk_docs(self.again(forgot), 0)
        doubtful: list[tuple[Weighed, SyncError]] = []
        by_name = {(document["_id"], document["_rev"]): (document, size) for document, size in part}
        refused = []
        for entry in failures:
            word, name = str(entry["error"]), (str(entry.get("id")), entry.get("rev"))
            if word in WHOLE_TROUBLE:
                raise PeerUnreachable(f"{self.target.name} could not write {name[0]} ({word}).")
            stumbled = by_name.get((name[0], str(name[1])))
            if word in STUMBLES and stumbled is not None:
                reason = entry.get("reason", "")
                error = PeerUnreachable(f"{self.target.name} fails over {name[0]} ({word}: {reason}).", status=500)
                doubtful.append((stumbled, error))
            else:
                refused.append(Refused(*name, word, str(entry.get("reason", ""))))
        self._refused += refused
        return [len(documents) - len(refused) - len(doubtful)], doubtful

    def _bulk_docs(self, documents: list[Document], bytes_: int) -> list[dict[str, Any]]:
        if not documents:
            return []
        began = self.monotonic()
        try:
            failures = self.target.bulk_docs(documents, new_edits=False, durable=self.durable)
        except PeerUnreachable as error:
            self.line.writing = after(error, self.line.writing)
            raise
        except TooLarge:
            self.line.writing = self.line.writing.too_large(docs=len(documents), bytes_=bytes_)
            raise
        took_s = self.monotonic() - began
        self.line.writing = self.line.writing.answered(docs=len(documents), bytes_=bytes_, took_s=took_s)
        return failures

    def _failed_before(self, weighed: Weighed) -> bool:
        return failed_alone(self.line, weighed[0]["_id"], weighed[0]["_rev"])


def fitting(sizes: Sequence[int], pace: Pace) -> int:
    """How many of the documents, from the first, one request may carry; one that is larger goes alone."""
    total = 0
    for count, size in enumerate(sizes[: pace.docs]):
        total += size
        if total > pace.bytes_aim and count:
            return count
    return min(len(sizes), pace.docs)
