"""`_changes`: normal, longpoll and continuous feeds.

A feed that waits holds a thread, so their number is capped, each is let go after `feed_hold_s` with the sequence to
come back with, and every wait goes through the database again, whose policy may have changed its mind meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from flask import Response

from sync import jsonwire
from sync.database import ChangesPage, Seq, Style
from sync.errors import BadRequest, SyncError
from sync.face.answer import json_pieces, stream_answer
from sync.face.call import Call, strings
from sync.face.problems import WireError, bad_parameter, left_out, method_not_allowed

Feed = Literal["normal", "longpoll", "continuous"]


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for. `hold_s` and `heartbeat_s` (None: stay silent) are within the limits already."""

    feed: Feed
    since: Seq
    limit: int | None
    style: Style
    descending: bool
    include_docs: bool
    conflicts: bool
    attachments: bool
    doc_ids: list[str] | None
    hold_s: float
    heartbeat_s: float | None


class WaitingFeeds:
    """How many feeds of this process are waiting."""

    def __init__(self, limit: int) -> None:
        self._free = threading.BoundedSemaphore(limit)

    @contextmanager
    def seat(self, retry_after_s: int) -> Iterator[Seat]:
        """A place to wait, or 503 with the time to come back."""
        if not self._free.acquire(blocking=False):
            raise WireError(
                503,
                "service_unavailable",
                "Too many feeds are waiting; ask again later, or without waiting.",
                headers={"Retry-After": str(retry_after_s)},
            )
        seat = Seat(self._free)
        try:
            yield seat
        except BaseException:
            seat.leave()
            raise


class Seat:
    """One place taken; left once, by whoever ends the feed."""

    def __init__(self, free: threading.BoundedSemaphore) -> None:
        self._free: threading.BoundedSemaphore | None = free

    def leave(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            free.release()


def changes(call: Call, waiting: WaitingFeeds) -> Response:
    if call.method not in ("GET", "POST"):
        raise method_not_allowed("GET", "HEAD", "POST")
    query = _read_query(call)
    if query.feed == "normal":
        return json_pieces(call, _rows(call, query, _ask(call, query, query.since, query.limit)))
    if query.feed == "longpoll":
        first = _ask(call, query, query.since, query.limit)
        if first.results:
            return json_pieces(call, _rows(call, query, first))
        query = replace(query, since=first.last_seq)
        with waiting.seat(call.limits.feed_retry_after_s) as seat:
            return _stream(_wait_once(call, query), seat)
    # Ask once before the status is sent: refusals still have one.
    _ask(call, query, query.since, 1)
    with waiting.seat(call.limits.feed_retry_after_s) as seat:
        return _stream(_follow(call, query), seat)


def _stream(pieces: Iterator[bytes], seat: Seat) -> Response:
    response = stream_answer(pieces)
    # Also when the client goes away before the first row.
    response.call_on_close(seat.leave)
    return response


def _read_query(call: Call) -> Query:
    body: dict[str, Any] = {}
    if call.method == "POST" and call.has_body:
        body = call.json_object()
    feed = {"live": "continuous"}.get(name := call.text("feed") or "normal", name)
    if feed == "eventsource":
        raise left_out("The eventsource feed is not served; use continuous or longpoll.")
    if feed not in ("normal", "longpoll", "continuous"):
        raise BadRequest("Supported `feed` types: normal, continuous, live, longpoll")
    style = call.text("style") or "main_only"
    if style not in ("main_only", "all_docs"):
        raise bad_parameter("style", "main_only or all_docs")
    limit = call.whole("limit")
    timeout_ms = call.whole("timeout")
    asked_s = call.limits.feed_heartbeat_s if timeout_ms is None else timeout_ms / 1000
    heartbeat_s = _heartbeat_s(call)
    if heartbeat_s is not None:
        asked_s = call.limits.feed_hold_s  # a heartbeat overrides the timeout, as in CouchDB
    return Query(
        feed=cast("Feed", feed),
        since=_since(call),
        # A replicator counts what is left with limit=0; a feed that waits, waits for something.
        limit=1 if limit == 0 and feed != "normal" else limit,
        style=cast("Style", style),
        descending=call.flag("descending"),
        include_docs=call.flag("include_docs"),
        conflicts=call.flag("conflicts"),
        attachments=call.flag("attachments"),
        doc_ids=_doc_ids(call, body),
        hold_s=min(asked_s, call.limits.feed_hold_s),
        heartbeat_s=heartbeat_s,
    )


def _since(call: Call) -> Seq:
    given = call.text("since") or call.request.headers.get("Last-Event-ID") or "0"
    if given == "now":
        return cast("Seq", call.database.info()["update_seq"])
    # CouchDB's own sequences arrive quoted from clients that send JSON.
    given = given.strip('"')
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else given


def _heartbeat_s(call: Call) -> float | None:
    given = call.text("heartbeat")
    if given is None or given == "false":
        return None
    if given == "true":
        return call.limits.feed_heartbeat_s
    milliseconds = call.whole("heartbeat")
    if not milliseconds:
        raise BadRequest("The heartbeat value should be a positive integer (in milliseconds).")
    return max(milliseconds / 1000, call.limits.feed_heartbeat_min_s)


def _doc_ids(call: Call, body: dict[str, Any]) -> list[str] | None:
    name = call.text("filter")
    if name is None:
        # CouchDB ignores doc_ids without the filter; so do we, or the two would answer differently.
        return None
    if name != "_doc_ids":
        raise left_out("The only filter served is _doc_ids; a database is the unit of access here.")
    given = body.get("doc_ids", call.json("doc_ids"))
    if given is None:
        raise BadRequest("`doc_ids` filter parameter is not an array.")
    return strings(given, "doc_ids")


def _ask(call: Call, query: Query, since: Seq, limit: int | None, *, wait_s: float = 0.0) -> ChangesPage:
    page_rows = call.limits.changes_page_rows
    return call.database.changes(
        since,
        limit=limit if query.descending else min(page_rows if limit is None else limit, page_rows),
        style=query.style,
        descending=query.descending,
        include_docs=query.include_docs,
        conflicts=query.conflicts,
        attachments=query.attachments,
        doc_ids=query.doc_ids,
        wait_s=wait_s,
    )


def _rows(call: Call, query: Query, page: ChangesPage) -> Iterator[bytes]:
    """Rows page by page, then the sequence they reach."""
    yield b'{"results":[\n'
    left, separator = query.limit, b""
    while True:
        if page.results:
            yield separator + b",\n".join(jsonwire.dumps(row) for row in page.results)
            separator = b",\n"
        left = None if left is None else left - len(page.results)
        full = len(page.results) >= min(page_rows := call.limits.changes_page_rows, query.limit or page_rows)
        if query.descending or left == 0 or page.pending == 0 or not full:
            break
        page = _ask(call, query, page.last_seq, left)
    yield b"\n]," + _end(page)[1:]


def _end(page: ChangesPage) -> bytes:
    end: dict[str, Any] = {"last_seq": page.last_seq}
    if page.pending is not None:
        end["pending"] = page.pending
    return jsonwire.dumps(end) + b"\n"


def _waits(call: Call, query: Query) -> Iterator[ChangesPage | None]:
    """Pages as they arrive, None where a heartbeat is due; ends when the feed has been held long enough."""
    since, ends = query.since, time.monotonic() + query.hold_s
    while (left_s := ends - time.monotonic()) > 0:
        wait_s = left_s if query.heartbeat_s is None else min(left_s, query.heartbeat_s)
        asked = time.monotonic()
        try:
            page = _ask(call, query, since, query.limit, wait_s=wait_s)
        except SyncError:
            # The status is long sent. An orderly end brings the peer back at once, to be told why with its own status.
            return
        if not page.results and time.monotonic() < min(ends, asked + call.limits.feed_heartbeat_min_s):
            # A database that cannot wait (or news of documents not asked for) must not make us spin.
            time.sleep(call.limits.feed_heartbeat_min_s)
        since = page.last_seq
        yield page if page.results else None


def _wait_once(call: Call, query: Query) -> Iterator[bytes]:
    """Longpoll: newlines until the first rows."""
    yield b'{"results":[\n'
    page = ChangesPage(last_seq=query.since, pending=0)
    for arrived in _waits(call, query):
        if arrived is not None:
            page = arrived
            yield b",\n".join(jsonwire.dumps(row) for row in page.results)
            break
        if query.heartbeat_s is not None:
            yield b"\n"
    yield b"\n]," + _end(page)[1:]


def _follow(call: Call, query: Query) -> Iterator[bytes]:
    """Continuous: a line a row, an empty line a heartbeat, and at the end the sequence to come back with."""
    last, left = ChangesPage(last_seq=query.since, pending=0), query.limit
    for arrived in _waits(call, query):
        if arrived is None:
            if query.heartbeat_s is not None:
                yield b"\n"
            continue
        rows = arrived.results if left is None else arrived.results[:left]
        last = arrived if rows is arrived.results else ChangesPage(rows, rows[-1]["seq"], None)
        yield b"".join(jsonwire.dumps(row) + b"\n" for row in rows)
        if left is not None and (left := left - len(rows)) <= 0:
            break
    yield _end(last)
