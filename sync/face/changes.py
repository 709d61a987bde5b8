"""`_changes`: normal, longpoll, continuous and eventsource feeds.

A feed that waits holds a thread, so their number is capped, each is let go after `feed_hold_s` with the sequence to
come back with, and every wait goes through the database again, whose policy may have changed its mind meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn, cast

from flask import Response

from sync import jsonwire
from sync.database import ChangesPage, Seq, Style, changes_before
from sync.errors import BadRequest, NotFound, SyncError, TooLarge
from sync.face.answer import json_pieces, stream_answer
from sync.face.call import Call
from sync.face.problems import WireError, bad_parameter, left_out, method_not_allowed
from sync.selected import kept
from sync.selector import matcher, projection

Feed = Literal["normal", "longpoll", "continuous", "eventsource"]

_ROW = ("seq", "id", "changes", "deleted")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of the feed pass. One that looks into documents sees those the caller may see, and no others."""

    passes: Callable[[dict[str, Any]], bool]
    needs_docs: bool
    # What is shown of a document, where that is asked for.
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


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
    keep: Filter | None
    seq_interval: int
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
        raise method_not_allowed("GET", "POST", "HEAD")
    query = _read_query(call)
    if query.feed == "normal":
        return json_pieces(call, _rows(call, query, _ask(call, query, query.since, query.limit)))
    if query.feed == "longpoll":
        first = _first_rows(call, query)
        if first.results or query.limit == 0:
            return json_pieces(call, _rows(call, query, first))
        query = replace(query, since=first.last_seq)
        with waiting.seat(call.limits.feed_retry_after_s) as seat:
            return _stream(_wait_once(call, query), seat)
    # Ask once before the status is sent: refusals still have one.
    _ask(call, query, query.since, query.limit if query.descending else 1)
    form, content_type = (_EVENTS, "text/event-stream") if query.feed == "eventsource" else (_LINES, "application/json")
    with waiting.seat(call.limits.feed_retry_after_s) as seat:
        feed = _tell(call, query, form) if query.descending else _follow(call, query, form)
        return _stream(feed, seat, content_type=content_type)


def _first_rows(call: Call, query: Query) -> ChangesPage:
    """The first page that has rows, or the last of the feed."""
    page = _ask(call, query, query.since, query.limit)
    while not page.results and page.pending and query.limit != 0:
        page = _ask(call, query, page.last_seq, query.limit)
    return page


def _stream(pieces: Iterator[bytes], seat: Seat, *, content_type: str = "application/json") -> Response:
    response = stream_answer(pieces, content_type=content_type)
    # Also when the client goes away before the first row.
    response.call_on_close(seat.leave)
    return response


def _read_query(call: Call) -> Query:
    body: dict[str, Any] = {}
    if call.method == "POST":
        call.require_json()
        # A filter is told in a body; without one there need not be any.
        body = call.json_object() if call.has_body or call.text("filter") else {}
    name = call.text("feed")
    feed = {None: "normal", "live": "continuous"}.get(name, name)
    if feed not in ("normal", "longpoll", "continuous", "eventsource"):
        raise BadRequest("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
    style = call.text("style")
    style = "main_only" if style is None else style
    if style not in ("main_only", "all_docs"):
        raise bad_parameter("style", "main_only or all_docs")
    limit = None if _is_negative(call.text("limit")) else call.whole("limit")
    timeout_ms = 0 if _is_negative(call.text("timeout")) else call.whole("timeout")
    asked_s = call.limits.feed_heartbeat_s if timeout_ms is None else timeout_ms / 1000
    beat_s = _heartbeat_s(call)
    if beat_s is not None:
        asked_s = call.limits.feed_hold_s  # a heartbeat overrides the timeout, as in CouchDB
    doc_ids, keep = _filter(call, body)
    descending = call.option("descending")
    if descending and feed == "longpoll":
        feed = "normal"  # what is read backwards waits for nothing, as in CouchDB
    return Query(
        feed=cast("Feed", feed),
        # Read backwards, a feed begins at its end, wherever its reader was: as in CouchDB.
        since=0 if descending else _since(call, feed),
        limit=limit,
        style=cast("Style", style),
        descending=descending,
        include_docs=call.option("include_docs"),
        conflicts=call.option("conflicts"),
        attachments=call.option("attachments"),
        doc_ids=doc_ids,
        keep=keep,
        seq_interval=_seq_interval(call),
        hold_s=min(asked_s, call.limits.feed_hold_s),
        heartbeat_s=beat_s,
    )


def _is_negative(number: str | None) -> bool:
    """To CouchDB's feed, and to nothing else of it, a limit below 0 is none, and a timeout is over."""
    return number is not None and number.startswith("-") and Call.is_whole(number[1:])


def _since(call: Call, feed: str) -> Seq:
    again = call.request.headers.get("Last-Event-ID") if feed == "eventsource" else None
    given = again or call.text("last-event-id", "since")
    if given is None:
        return 0
    if given == "now":
        return cast("Seq", call.database.info()["update_seq"])
    # CouchDB's own sequences arrive quoted from clients that send JSON.
    given = given.strip('"')
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    if not given or given.lstrip("-").isdigit():
        raise BadRequest("Malformed sequence supplied in 'since' parameter.")
    return given


def _seq_interval(call: Call) -> int:
    given = call.text("seq_interval")
    if given is not None and (not call.is_whole(given) or int(given) == 0):
        raise BadRequest("invalid_seq_interval")
    return int(given or 1)


def _heartbeat_s(call: Call) -> float | None:
    """How often the caller wants a sign of life; None for never."""
    given = call.text("heartbeat")
    if given is None:
        return None
    if given == "true":
        return call.limits.feed_heartbeat_s
    if not call.is_whole(given.removeprefix("-")):
        raise BadRequest("Invalid heartbeat value. Expecting a positive integer value (in milliseconds).")
    milliseconds = int(given)
    if milliseconds <= 0:
        raise BadRequest("The heartbeat value should be a positive integer (in milliseconds).")
    return max(milliseconds / 1000, call.limits.feed_heartbeat_min_s)


def _filter(call: Call, body: dict[str, Any]) -> tuple[list[str] | None, Filter | None]:
    """The documents asked for by id, if that is the filter, else what each row is asked."""
    name = call.text("filter")
    if not name:
        # CouchDB ignores doc_ids and view without the filter; so do we, or the two would answer differently.
        return None, None
    if name == "_doc_ids":
        given = body.get("doc_ids") if call.method == "POST" else call.json("doc_ids")
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise BadRequest("`doc_ids` filter parameter is not a list of doc ids.")
        if len(given) > call.limits.keys_max:
            raise TooLarge(f"At most {call.limits.keys_max} ids at a time.")
        return given, None
    if name == "_design":
        return None, Filter(lambda row: str(row["id"]).startswith("_design/"), needs_docs=False)
    if name == "_selector":
        if call.method != "POST":
            raise BadRequest("Selector must be specified in POST payload")
        holds, shown = matcher(body.get("selector")), projection(body["fields"]) if "fields" in body else None
        return None, Filter(lambda row: row.get("doc") is not None and holds(row["doc"]), needs_docs=True, shown=shown)
    return _function(call, name)


def _function(call: Call, name: str) -> NoReturn:
    """A filter that a design document would compute: told as CouchDB tells what is not there, else left out."""
    if name == "_view":
        name, group = call.text("view") or "", "views"
        if not name:
            raise BadRequest("`view` filter parameter is not provided.")
    elif name.startswith("_"):
        raise BadRequest("unknown builtin filter name")
    else:
        group = "filters"
    design, slash, member = name.partition("/")
    if not slash or not design or not member or "/" in member:
        raise BadRequest("`filter` must be of the form `designname/filtername`")
    functions = call.database.get(f"_design/{design}").get(group)
    if not isinstance(functions, dict):
        raise NotFound(f"missing json key: {group}")
    if member not in functions:
        raise NotFound(f"missing json key: {member}")
    raise left_out("Functions of design documents are not run here; filter by _doc_ids or _selector.")


def _ask(
    call: Call, query: Query, since: Seq, limit: int | None, *, before: Seq | None = None, wait_s: float = 0.0
) -> ChangesPage:
    """A page: rows after `since`; where the feed descends, the latest of them before `before`."""
    page_rows = call.limits.page_rows
    if (query.keep is not None and query.keep.needs_docs) or query.include_docs:
        page_rows = min(page_rows, call.limits.page_docs)
    # What is filtered afterwards is asked for by whole pages.
    wanted = page_rows if limit is None or (query.keep is not None and limit != 0) else min(limit, page_rows)
    how: dict[str, Any] = {
        "limit": wanted,
        "style": query.style,
        "include_docs": query.include_docs or (query.keep is not None and query.keep.needs_docs),
        "conflicts": query.conflicts,
        "attachments": query.attachments and query.include_docs,
        "doc_ids": query.doc_ids,
    }
    page = changes_before(call.database, before, since=since, **how) if query.descending and limit != 0 else None
    in_one_answer = query.descending and page is None
    if page is None:
        page = call.database.changes(since, descending=query.descending, wait_s=wait_s, **how)
    if query.descending and limit == 0:
        page = replace(page, last_seq=call.database.info()["update_seq"])  # where it would begin
    if page.pending is None and len(page.results) < wanted:
        page = replace(page, pending=0)
    if query.keep is not None:
        page = kept(page, query.keep.passes, limit)
    if in_one_answer and page.pending != 0 and (limit is None or len(page.results) < limit):
        # Another server keeps it, and would give all at once: here that would have to lie in memory.
        raise BadRequest(f"Here a feed that descends reaches {page_rows} changes back; ask with a limit, or forwards.")
    if query.keep is not None and query.keep.shown is not None and query.include_docs:
        shown = query.keep.shown
        page = replace(page, results=[{**row, "doc": shown(row["doc"])} for row in page.results])
    if query.keep is not None and query.keep.needs_docs and not query.include_docs:
        page = replace(page, results=[{name: row[name] for name in _ROW if name in row} for row in page.results])
    return page


def _rows(call: Call, query: Query, first: ChangesPage) -> Iterator[bytes]:
    """Rows page by page, then the sequence they reach."""
    yield b'{"results":[\n'
    separator, told, page = b"", _Sequences(query.seq_interval, query.limit), first
    for page in _pages(call, query, first):
        if page.results:
            yield separator + b",\n".join(jsonwire.dumps(row) for row in told.thinned(page.results))
            separator = b",\n"
    yield b"\n],\n" + _end(page)[1:]


def _pages(call: Call, query: Query, page: ChangesPage) -> Iterator[ChangesPage]:
    """`page` and those that follow it, up to the limit or the end of the feed."""
    left = query.limit
    while True:
        yield page
        left = None if left is None else left - len(page.results)
        # A peer that does not count what is pending has given a full page.
        if left == 0 or page.pending == 0:
            return
        reached = page.last_seq
        if query.descending:
            page = _ask(call, query, query.since, left, before=reached)
        else:
            page = _ask(call, query, reached, left)
        if not page.results and page.last_seq == reached:
            yield page  # a database that says there is more and never gives it
            return


class _Sequences:
    """With `seq_interval`, only every so-manieth row tells its sequence: of many shards it is long, and costs.

    CouchDB counts them from the limit down, and where there is none from its own for none.
    """

    def __init__(self, every: int, limit: int | None) -> None:
        self._every, self._left = every, 10**16 if limit is None else limit

    def thinned(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._every == 1:
            return rows
        left, self._left = self._left, self._left - len(rows)
        return [row if (left - at) % self._every == 0 else {**row, "seq": None} for at, row in enumerate(rows)]


def _end(page: ChangesPage) -> bytes:
    end: dict[str, Any] = {"last_seq": page.last_seq}
    if page.pending is not None:
        end["pending"] = page.pending
    return jsonwire.dumps(end) + b"\n"


def _waits(call: Call, query: Query) -> Iterator[ChangesPage | None]:
    """Pages as they arrive, None where a heartbeat is due; ends when the feed has been held long enough."""
    since, began, caught_up = query.since, time.monotonic(), False
    ends, ends_anyway = began + query.hold_s, began + call.limits.feed_hold_s
    # What is there already is told also to who does not wait.
    while (left_s := max(0.0, ends - time.monotonic())) > 0 or not (caught_up or time.monotonic() > ends_anyway):
        wait_s = left_s if query.heartbeat_s is None else min(left_s, query.heartbeat_s)
        asked = time.monotonic()
        try:
            page = _ask(call, query, since, query.limit, wait_s=wait_s)
        except SyncError:
            # The status is long sent. An orderly end brings the peer back at once, to be told why with its own status.
            return
        if (
            not page.results
            and not page.pending
            and time.monotonic() < min(ends, asked + call.limits.feed_heartbeat_min_s)
        ):
            # A database that cannot wait (or news of documents not asked for) must not make us spin.
            time.sleep(call.limits.feed_heartbeat_min_s)
        since, caught_up = page.last_seq, not page.pending
        if page.results or caught_up:
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
    yield b"\n],\n" + _end(page)[1:]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a feed that goes on writes a row, a heartbeat and its end."""

    row: Callable[[dict[str, Any]], bytes]
    heartbeat: bytes
    end: Callable[[ChangesPage], bytes]


def _event(row: dict[str, Any]) -> bytes:
    return b"data: " + jsonwire.dumps(row) + b"\nid: " + jsonwire.dumps(row["seq"]) + b"\n\n"


# A line a row, an empty line a heartbeat, and at the end the sequence to come back with.
_LINES = _Form(lambda row: jsonwire.dumps(row) + b"\n", b"\n", _end)
# Browsers come back by themselves, with the id of the last event.
_EVENTS = _Form(_event, b"event: heartbeat\ndata: \n\n", lambda _: b"\n")


def _tell(call: Call, query: Query, form: _Form) -> Iterator[bytes]:
    """Continuous and eventsource read backwards: they end with the oldest row, as in CouchDB."""
    page = ChangesPage(last_seq=query.since, pending=0)
    with suppress(SyncError):  # the status is long sent: an orderly end brings the peer back, to be told why
        for page in _pages(call, query, _ask(call, query, query.since, query.limit)):
            yield b"".join(map(form.row, page.results))
    yield form.end(page)


def _follow(call: Call, query: Query, form: _Form) -> Iterator[bytes]:
    """Continuous and eventsource."""
    if query.limit == 0:
        yield form.end(_ask(call, query, query.since, 0))
        return
    last, left = ChangesPage(last_seq=query.since, pending=0), query.limit
    for arrived in _waits(call, query):
        if arrived is None:
            if query.heartbeat_s is not None:
                yield form.heartbeat
            continue
        rows = arrived.results if left is None else arrived.results[:left]
        last = arrived
        if len(rows) < len(arrived.results):
            untold = len(arrived.results) - len(rows)
            last = ChangesPage(rows, rows[-1]["seq"], None if arrived.pending is None else arrived.pending + untold)
        yield b"".join(map(form.row, rows))
        if left is not None and (left := left - len(rows)) <= 0:
            break
    yield form.end(last)
