"""The named limits of the face, each with its reason. Whoever mounts a face may pass others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask of this process."""

    # A batch is held in memory until its transaction: what a phone sends is far below, a bomb is far above.
    body_bytes_max: int = 32 * 1024 * 1024
    # The same after gunzip: JSON with base64 photos compresses to three quarters, so twice is generous.
    inflated_bytes_max: int = 64 * 1024 * 1024
    # One transaction holds SQLite's only writer: at 10,000 documents a second others wait one second for it.
    bulk_docs_max: int = 10_000
    # PouchDB asks for 100 at a time, CouchDB for 500.
    bulk_get_max: int = 10_000
    # Answers of _bulk_get leave in slices of this many, so that one with attachments is never in memory whole.
    bulk_get_slice: int = 50
    # CouchDB's replicator asks for _changes without a limit, people for _all_docs: rows leave in pages of this many.
    page_rows: int = 1_000
    # The same with documents in them, which are as large as they are.
    page_docs: int = 100
    # Each waiting feed holds one thread of the server; the rest stay free for work.
    feeds_waiting_max: int = 24
    # Mobile carriers drop silent connections after about a minute; the peer asks again.
    feed_hold_s: float = 55.0
    # CouchDB's own default for `heartbeat=true` and for `timeout`.
    feed_heartbeat_s: float = 60.0
    # A client must not make us spin.
    feed_heartbeat_min_s: float = 0.1
    # What a refused feed is told to wait.
    feed_retry_after_s: int = 10
    # Below this gzip costs more than it saves.
    gzip_from_bytes: int = 1_000
    # An answer of up to this many is sent whole, with its length: a hundred documents, PouchDB's batch. Pieces cost
    # both ends more, and leave as they are made.
    whole_bytes: int = 256 * 1024
    # A document in parts has one for each attachment.
    parts_max: int = 1_000
    # Keys of a listing: a row and perhaps a document each, in one answer.
    keys_max: int = 10_000
    # CouchDB's own limit for _dbs_info.
    databases_asked_max: int = 100
    # Each of `_all_docs/queries` is a listing of its own.
    queries_max: int = 100
    # Replications that run at once on request of callers: each holds a thread and a connection at either end.
    replications_max: int = 16
    # CouchDB's default is a thousand; more only costs.
    revs_limit_max: int = 1_000_000
    # CouchDB's own limit for _uuids.
    uuids_max: int = 1_000


def changed(told: Iterable[str]) -> Limits:
    """The usual limits, but for those told as `name=number`. Raises ValueError with a sentence."""
    usual = Limits()
    numbers: dict[str, int | float] = {}
    for each in told:
        name, _, text = each.strip().partition("=")
        now = getattr(usual, name, None) if name in {field.name for field in fields(Limits)} else None
        if now is None:
            raise ValueError(f"{name} is no limit; there are {', '.join(field.name for field in fields(Limits))}.")
        try:
            number = type(now)(text)
        except ValueError as error:
            raise ValueError(f"{name} takes a number, such as {now}.") from error
        if not 0 < number < 2**53:
            raise ValueError(f"{name} must be more than 0.")
        numbers[name] = number
    return replace(usual, **numbers)  # type: ignore[arg-type]
