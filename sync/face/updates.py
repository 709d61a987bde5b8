"""`_db_updates`: which databases came, went or changed, each kind of event at its latest.

It is kept in memory: a hint for who follows many databases. A server that was started anew tells everything once more
to whoever comes with a sequence of its former life, so that nothing is missed.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Response

from sync import jsonwire
from sync.errors import BadRequest
from sync.face.answer import json_answer, stream_answer
from sync.face.call import WHOLE_MAX, Call
from sync.face.changes import WaitingFeeds
from sync.face.folder import DatabaseFolder
from sync.face.problems import left_out, method_not_allowed

# A sequence of this server, or of one of its former lives.
_SEQUENCE = re.compile(r"([0-9]{1,18})-([0-9a-f]{8})")
_INTEGER = re.compile(r"\+?([0-9]+)", re.ASCII)


class Updates:
    """The latest event of each kind of each database, in order. For any number of threads."""

    def __init__(self, folder: DatabaseFolder) -> None:
        self._folder = folder
        self._life = secrets.token_hex(4)
        self._changed = threading.Condition()
        self._seq = 0
        self._latest: dict[tuple[str, str], int] = {}  # the most recent last
        self._present: set[str] = set()
        for name in folder.names():
            self._note(name, "updated")
        folder.subscribe(self._tell)

    def since(self, seq: int) -> list[dict[str, Any]]:
        return self.backwards(seq)[::-1]

    def backwards(self, seq: int = 0) -> list[dict[str, Any]]:
        """What came after `seq`, the latest first."""
        with self._changed:
            newer = []
            for (name, kind), at in reversed(self._latest.items()):
                if at <= seq:
                    break
                newer.append({"db_name": name, "type": kind, "seq": self.sequence(at)})
            return newer

    def wait(self, seq: int, wait_s: float) -> None:
        """Until there is something after `seq`, or for `wait_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._seq > seq, wait_s)

    @property
    def last(self) -> int:
        return self._seq

    def sequence(self, at: int) -> str:
        return f"{at}-{self._life}"

    def number(self, sequence: str) -> int:
        """What `sequence` counts to; 0 for one of a former life. Raises BadRequest."""
        if sequence in ("0", "now"):
            return 0 if sequence == "0" else self._seq
        match = _SEQUENCE.fullmatch(sequence.strip('"'))
        if match is None:
            raise BadRequest("Malformed sequence supplied in 'since' parameter.")
        return min(int(match[1]), self._seq) if match[2] == self._life else 0

    def _tell(self, name: str) -> None:
        if name not in self._folder:
            self._note(name, "deleted")
        else:
            self._note(name, "updated" if name in self._present else "created")

    def _note(self, name: str, kind: str) -> None:
        with self._changed:
            self._seq += 1
            self._latest.pop((name, kind), None)
            self._latest[name, kind] = self._seq
            if kind == "deleted":
                self._present.discard(name)
            else:
                self._present.add(name)
            self._changed.notify_all()


def db_updates(call: Call, updates: Updates | None, waiting: WaitingFeeds) -> Response:
    """GET `/_db_updates`: normal, longpoll, continuous, eventsource."""
    if call.method != "GET":
        raise method_not_allowed("GET")
    if updates is None:
        raise left_out("This server does not tell which databases change.")
    feed = call.text("feed")
    feed = "normal" if feed is None else feed
    if feed not in ("normal", "longpoll", "continuous", "eventsource"):
        raise BadRequest("Supported `feed` types: normal, continuous, longpoll, eventsource")
    told = call.text("since")
    since, limit, beat_s = updates.number("0" if told is None else told), _integer(call, "limit"), _beat_s(call)
    timeout_ms = _integer(call, "timeout")
    if call.option("descending"):
        rows = _page(updates.backwards(), limit)
        return _told_backwards(call, updates, rows, feed)
    rows = _page(updates.since(since), limit)
    if feed == "normal" or (feed == "longpoll" and rows):
        return json_answer(call, _whole(updates, rows, since))
    asked_s = call.limits.feed_heartbeat_s if timeout_ms is None else timeout_ms / 1000
    hold_s = call.limits.feed_hold_s if beat_s is not None else min(asked_s, call.limits.feed_hold_s)
    with waiting.seat(call.limits.feed_retry_after_s) as seat:
        if feed == "longpoll":
            pieces = _longpoll(updates, since, limit, hold_s, beat_s)
        else:
            pieces = _follow(updates, since, limit, hold_s, beat_s, events=feed == "eventsource")
        kind = "text/event-stream" if feed == "eventsource" else "application/json"
        response = stream_answer(pieces, content_type=kind)
        response.call_on_close(seat.leave)
        return response


def _integer(call: Call, name: str) -> int | None:
    told = call.text(name)
    if told is None:
        return None
    match = _INTEGER.fullmatch(told)
    if match is None:
        raise BadRequest("invalid_integer")
    return int(match[1]) if call.is_whole(match[1]) else WHOLE_MAX


def _beat_s(call: Call) -> float | None:
    """As `heartbeat` of `_changes`, in other words where it is none."""
    told = call.text("heartbeat")
    if told in (None, "true", "false"):
        return call.limits.feed_heartbeat_s if told == "true" else None
    return max((_integer(call, "heartbeat") or 0) / 1000, call.limits.feed_heartbeat_min_s)


def _told_backwards(call: Call, updates: Updates, rows: list[dict[str, Any]], feed: str) -> Response:
    """From the latest on, wherever the reader was; it waits for nothing."""
    if feed in ("normal", "longpoll"):
        return json_answer(call, _whole(updates, rows, updates.last))
    events = feed == "eventsource"
    last = rows[-1]["seq"] if rows else updates.sequence(updates.last)
    pieces = [*(_event(row) if events else _line(row) for row in rows), b"" if events else _line({"last_seq": last})]
    return stream_answer(pieces, content_type="text/event-stream" if events else "application/json")


def _line(told: dict[str, Any]) -> bytes:
    return jsonwire.dumps(told) + b"\n"


def _event(row: dict[str, Any]) -> bytes:
    return b"data: " + _line(row) + b"id: " + jsonwire.dumps(row["seq"]) + b"\n\n"


def _page(rows: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    return rows if limit is None else rows[:limit]


def _whole(updates: Updates, rows: list[dict[str, Any]], since: int) -> dict[str, Any]:
    last = rows[-1]["seq"] if rows else updates.sequence(max(since, 0))
    return {"results": rows, "last_seq": last}


def _arrivals(updates: Updates, since: int, hold_s: float, beat_s: float | None) -> Iterator[list[dict[str, Any]]]:
    """Rows as they come; none where a heartbeat is due."""
    ends = time.monotonic() + hold_s
    while True:
        rows = updates.since(since)
        if rows:
            since = updates.number(rows[-1]["seq"])
            yield rows
            continue
        left_s = ends - time.monotonic()
        if left_s <= 0:
            return
        updates.wait(since, left_s if beat_s is None else min(left_s, beat_s))
        if updates.last <= since:
            yield []


def _longpoll(updates: Updates, since: int, limit: int | None, hold_s: float, beat_s: float | None) -> Iterator[bytes]:
    found: list[dict[str, Any]] = []
    for rows in _arrivals(updates, since, hold_s, beat_s):
        if rows:
            found = _page(rows, limit)
            break
        if beat_s is not None:
            yield b"\n"
    yield _line(_whole(updates, found, since))


def _follow(
    updates: Updates, since: int, limit: int | None, hold_s: float, beat_s: float | None, *, events: bool
) -> Iterator[bytes]:
    left, last = limit, updates.sequence(since)
    for rows in _arrivals(updates, since, hold_s, beat_s):
        if not rows and beat_s is not None:
            yield b"event: heartbeat\ndata: \n\n" if events else b"\n"
        for row in _page(rows, left):
            last = row["seq"]
            yield _event(row) if events else _line(row)
        if left is not None and (left := left - len(rows)) <= 0:
            break
    if not events:
        yield _line({"last_seq": last})
