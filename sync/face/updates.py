"""`_db_updates`: which databases came, went or changed, the latest of each.

It is kept in memory: a hint for who follows many databases. A server that was started anew tells everything once more
to whoever comes with a sequence of its former life, so that nothing is missed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Response

from sync import jsonwire
from sync.errors import BadRequest
from sync.face.answer import json_answer, stream_answer
from sync.face.call import Call
from sync.face.changes import WaitingFeeds, heartbeat_s
from sync.face.folder import DatabaseFolder
from sync.face.problems import left_out, method_not_allowed


class Updates:
    """The latest event of each database, in order. For any number of threads."""

    def __init__(self, folder: DatabaseFolder) -> None:
        self._folder = folder
        self._life = secrets.token_hex(4)
        self._changed = threading.Condition()
        self._seq = 0
        self._latest: dict[str, tuple[int, str]] = {}  # the most recent last
        for name in folder.names():
            self._note(name, "updated")
        folder.subscribe(self._tell)

    def since(self, seq: int) -> list[dict[str, Any]]:
        with self._changed:
            newer = []
            for name, (at, kind) in reversed(self._latest.items()):
                if at <= seq:
                    break
                newer.append({"db_name": name, "type": kind, "seq": self.sequence(at)})
            return newer[::-1]

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
        if sequence == "now":
            return self._seq
        number, _, life = sequence.strip('"').partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise BadRequest("Malformed sequence supplied in 'since' parameter.")
        return int(number) if life == self._life else 0

    def _tell(self, name: str) -> None:
        known = self._latest.get(name)
        if name not in self._folder:
            self._note(name, "deleted")
        else:
            self._note(name, "created" if known is None or known[1] == "deleted" else "updated")

    def _note(self, name: str, kind: str) -> None:
        with self._changed:
            self._seq += 1
            self._latest.pop(name, None)
            self._latest[name] = (self._seq, kind)
            self._changed.notify_all()


def db_updates(call: Call, updates: Updates | None, waiting: WaitingFeeds) -> Response:
    """GET `/_db_updates`: normal, longpoll, continuous, eventsource."""
    if call.method != "GET":
        raise method_not_allowed("GET")
    if updates is None:
        raise left_out("This server does not tell which databases change.")
    feed = call.text("feed") or "normal"
    if feed not in ("normal", "longpoll", "continuous", "eventsource"):
        raise BadRequest("Supported `feed` types: normal, continuous, longpoll, eventsource")
    since, limit = updates.number(call.text("since") or "0"), call.whole("limit")
    rows = _page(updates.since(since), limit)
    if feed == "normal" or (feed == "longpoll" and rows):
        return json_answer(call, _whole(updates, rows, since))
    beat_s = heartbeat_s(call)
    timeout_ms = call.whole("timeout")
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
    yield jsonwire.dumps(_whole(updates, found, since)) + b"\n"


def _follow(
    updates: Updates, since: int, limit: int | None, hold_s: float, beat_s: float | None, *, events: bool
) -> Iterator[bytes]:
    left, last = limit, updates.sequence(since)
    for rows in _arrivals(updates, since, hold_s, beat_s):
        if not rows and beat_s is not None:
            yield b"event: heartbeat\ndata: \n\n" if events else b"\n"
        for row in _page(rows, left):
            last = row["seq"]
            told = jsonwire.dumps(row)
            yield b"data: " + told + b"\nid: " + jsonwire.dumps(last) + b"\n\n" if events else told + b"\n"
        if left is not None and (left := left - len(rows)) <= 0:
            break
    if not events:
        yield jsonwire.dumps({"last_seq": last}) + b"\n"
