"""How much to ask of a line in one request: pure, learnt from how long the last ones took.

A large request wastes no round trips; a small one loses little when the line breaks, holds little memory, and lets a
person cancel. So each request aims at a few seconds of the line there is: quick answers double the next one, slow ones
and broken ones halve it, and what was too large for the peer once is never asked again. It must never know what is
asked, nor read a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sync import jsonwire
from sync.database import Document

# What a request should take: what a cut costs, and how long a person waits for "cancel".
TARGET_S = 3.0
# The first request of an unknown line: some seconds of 2G, gzipped.
DOCS_FIRST = 100
BYTES_FIRST = 128 * 1024
# More gains nothing on a fast line (a round trip is small against a thousand documents).
DOCS_MAX = 1_000
# Three batches are in memory at once: read ahead, waiting, and being written; Python holds some 5 bytes for each. Where
# several requests are under way at once, each of them is a part of a batch.
BYTES_MAX = 2 * 1024 * 1024
# One chunk of a photo as base64: less is all head and no body.
BYTES_MIN = 16 * 1024
# A line that broke is believed to be sound again after so many requests.
CALM_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class Pace:
    """The size of the next request: at most `docs` documents and some `bytes_aim` bytes as JSON, before gzip."""

    docs: int = DOCS_FIRST
    bytes_aim: int = BYTES_FIRST
    bytes_ceiling: int = BYTES_MAX
    # Mean size of the documents seen last; 0 is unknown.
    doc_bytes: int = 0
    # Requests answered since the line last broke.
    calm: int = CALM_REQUESTS

    def room(self, at_once: int = 1) -> int:
        """How many documents of unknown size to ask for, where `at_once` requests share what memory there is."""
        docs, bytes_aim = min(self.docs, DOCS_MAX // at_once), min(self.bytes_aim, BYTES_MAX // at_once)
        return max(1, min(docs, bytes_aim // self.doc_bytes) if self.doc_bytes else docs)

    @property
    def shaky(self) -> bool:
        """Has this line broken lately?"""
        return self.calm < CALM_REQUESTS

    def answered(self, *, docs: int, bytes_: int, took_s: float) -> Pace:
        """After a request of that size came through."""
        told = replace(self, calm=min(self.calm + 1, CALM_REQUESTS), doc_bytes=bytes_ // docs if docs else 0)
        if took_s > 2 * TARGET_S:
            return _sized(told, max(1, min(docs, self.docs) // 2), min(bytes_, self.bytes_aim) // 2)
        # A request that was far from full says nothing about a full one.
        full = 2 * docs >= self.docs or 2 * bytes_ >= self.bytes_aim
        if took_s * 2 <= TARGET_S and full:
            return _sized(told, self.docs * 2, self.bytes_aim * 2)
        return told

    def broken(self) -> Pace:
        """After a request that was cut off or not answered in time."""
        return replace(_sized(self, self.docs // 2, self.bytes_aim // 2), calm=0)

    def too_large(self, *, docs: int, bytes_: int) -> Pace:
        """After the peer refused a request for its size: never as large again."""
        ceiling = max(BYTES_MIN, min(self.bytes_ceiling, bytes_ // 2))
        return _sized(replace(self, bytes_ceiling=ceiling), max(1, docs // 2), ceiling)


@dataclass(slots=True)
class Line:
    """What has been learnt of the way between two ends. Kept by the caller, it outlives a run that broke."""

    reading: Pace = field(default_factory=Pace)
    writing: Pace = field(default_factory=Pace)
    # How often a revision was all a request asked for, and failed: {(id, revision): times}.
    failed_alone: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def shaky(self) -> bool:
        return self.reading.shaky or self.writing.shaky

    @property
    def room(self) -> int:
        """How many changes to take up at once."""
        return min(self.reading.docs, self.writing.docs)


def _sized(pace: Pace, docs: int, bytes_aim: int) -> Pace:
    return replace(
        pace,
        docs=min(max(docs, 1), DOCS_MAX),
        bytes_aim=min(max(bytes_aim, BYTES_MIN), pace.bytes_ceiling),
    )


def weigh(document: Document) -> int:
    """How many bytes the document is as JSON, its attachments included."""
    return len(jsonwire.dumps(document))
