"""A bad link between a real client and a real server: a proxy on the loopback that can be slow, far, cut and lied on.

    client ──▶ Link.url ═══ bandwidth · round trip · cuts · silence · strangers that answer instead ═══▶ server

`Weather` is what a link is like, by chance and seeded: its cuts fall on a byte or on a moment. `fate` decides one
request at a time, so that a test can cut before or after each call whatever the timing. `Traffic` counts what crossed.

**What is scaled.** With `speed` n the link's own clock runs n times as fast: bandwidth is n times as wide, round trips
and the seconds between cuts n times as short. Bytes are never scaled: what is cut, lost and sent again is exact. The
processor time of both ends is not scaled either, so that at a high speed they look n times as slow as they are.
`Link.clock` tells the link's seconds, for code under test that measures time.

What it is not: packets are not lost singly and latency has no jitter; the far end of a cut connection is reset too,
where a real one would wait. It must never know what the requests say, beyond where one ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, Self
from urllib.parse import urlsplit

PACKET_BYTES = 1_460
"""The least that is delivered at once: Ethernet's share of a TCP segment."""

STEP_S = 0.004
"""Sleeps shorter than this are not kept by an operating system: fast links deliver more than a packet at once."""

BUFFER_BYTES = 32_768
"""What waits before and behind the link: little, so that a sender feels the link and not our memory."""

FAREWELL_S = 2.0
"""How long an end that has finished is waited for by the other, in real time."""

Fate = Literal["cut-before", "cut-within", "cut-after", "silent-before", "silent-after"]
"""Before: the server never sees the request. Within: half of it. After: it did what was asked, the reply is lost.

A cut resets the connection; silence leaves it open and never says anything again (half-open).
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a box in the middle sees it. `number` counts from 0 over the whole link."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stranger in the middle says instead of the server, which never sees the request."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def bytes(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode() + self.body


_PORTAL = "<!doctype html><title>Wi-Fi</title><h1>Đăng nhập để dùng Wi-Fi</h1>".encode()
_HTML = {"Content-Type": "text/html; charset=utf-8"}

PORTAL_PAGE = Answer(200, "OK", _HTML, _PORTAL)
"""A captive portal that answers everything with its own page."""
PORTAL_REDIRECT = Answer(302, "Found", {"Location": "http://portal.invalid/login"})
PORTAL_511 = Answer(511, "Network Authentication Required", _HTML, _PORTAL)
BAD_GATEWAY = Answer(502, "Bad Gateway", _HTML, b"<h1>502 Bad Gateway</h1>")


def unavailable(retry_after_s: int | None = None) -> Answer:
    """A proxy whose server is away, with the time to come back where it says one."""
    headers = dict(_HTML) if retry_after_s is None else {**_HTML, "Retry-After": str(retry_after_s)}
    return Answer(503, "Service Unavailable", headers, b"<h1>503</h1>")


def too_large(bytes_max: int) -> Callable[[Request], Answer | None]:
    """A proxy that takes no body above `bytes_max`, as nginx says so: at once, with a page."""
    answer = Answer(413, "Request Entity Too Large", _HTML, b"<h1>413 Request Entity Too Large</h1>")
    return lambda request: answer if request.body_bytes > bytes_max else None


@dataclass(frozen=True, slots=True)
class Weather:
    """What a link is like, in its own seconds. None: no limit, or never.

    `cut_every_*` are means of exponential draws, or the exact distance with `regular`. `silent_share` of the cuts
    leave the connection open and dumb; `lost_reply_share` of the requests take effect and get no reply.
    """

    up_bits_s: float | None = None
    down_bits_s: float | None = None
    round_trip_s: float = 0.0
    cut_every_bytes: float | None = None
    cut_every_s: float | None = None
    regular: bool = False
    silent_share: float = 0.0
    lost_reply_share: float = 0.0


CLEAR = Weather()
GPRS = Weather(up_bits_s=64_000, down_bits_s=64_000, round_trip_s=0.6)
"""The edge of a village: 64 kbit/s, more than half a second away."""
MOBILE_3G = Weather(up_bits_s=1_000_000, down_bits_s=4_000_000, round_trip_s=0.12)


@dataclass
class Traffic:
    """Bytes that crossed the link, headers included; what happened to connections and requests."""

    up_bytes: int = 0
    down_bytes: int = 0
    lost_bytes: int = 0
    """Of `up_bytes`, those of requests whose connection broke before the reply began: they are sent again."""
    connections: int = 0
    requests: int = 0
    cuts: int = 0
    silences: int = 0
    answered_instead: int = 0


class Link:
    """A link to the server at `target` (`http://host:port`). Change `weather`, `fate` and `down` at any time.

    with Link(server.url, GPRS, seed=7, speed=50) as link:
        RemoteDatabase(f"{link.url}/db/name")
    """

    def __init__(self, target: str, weather: Weather = CLEAR, *, seed: int = 0, speed: float = 1.0) -> None:
        parts = urlsplit(target)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self.speed = speed
        self.traffic = Traffic()
        self.fate: Callable[[Request], Fate | Answer | None] = lambda _: None
        self.down = False
        """No network: connections are refused as they come."""
        self._chance = random.Random(seed)
        self._weather = weather
        self._ways: dict[str, float] = {"up": 0.0, "down": 0.0}  # when each direction is free again, in real time
        self._bytes_to_cut = self._draw(weather.cut_every_bytes)
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def weather(self) -> Weather:
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._weather = weather
        self._bytes_to_cut = self._draw(weather.cut_every_bytes)

    def clock(self) -> float:
        """The link's seconds, from no particular moment on."""
        return time.monotonic() * self.speed

    def cut(self) -> None:
        """Reset every open connection, now."""
        asyncio.run_coroutine_threadsafe(self._cut_all(), self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        for work in (self._accept(), self._cut_by_time()):
            asyncio.run_coroutine_threadsafe(self._keep(work), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    # In the loop's thread

    async def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        await self._cut_all(count=False)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _cut_all(self, *, count: bool = True) -> None:
        for connection in list(self._open):
            self.traffic.cuts += count
            connection.abort()

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            if self.down:
                _reset(client)
                continue
            await self._keep(self._serve(client))

    async def _serve(self, client: socket.socket) -> None:
        self.traffic.connections += 1
        reader, writer = await asyncio.open_connection(sock=client, limit=BUFFER_BYTES)
        # The client's handshake ended at our door; the link's would have taken a round trip.
        await self.pass_time(self._weather.round_trip_s)
        try:
            connection = _Connection(self, reader, writer, *await self._reach())
        except OSError:
            _abort(writer)
            return
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
            connection.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._target, limit=BUFFER_BYTES)

    async def _cut_by_time(self) -> None:
        while True:
            every = self._weather.cut_every_s
            if every is None:
                await asyncio.sleep(0.01)
                continue
            await self.pass_time(self._draw(every))
            if self._weather.cut_every_s is not None:
                for connection in list(self._open):
                    connection.break_by_chance()

    # What connections ask

    def chance(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    async def pass_time(self, link_s: float) -> None:
        if link_s > 0:
            await asyncio.sleep(link_s / self.speed)

    def step_bytes(self, way: str) -> int:
        """How much to deliver at once."""
        bits_s = self._bits_s(way)
        return BUFFER_BYTES if bits_s is None else max(PACKET_BYTES, int(bits_s / 8 * self.speed * STEP_S))

    def leaves_at(self, way: str, size: int) -> float:
        """When the last of `size` bytes has left, in real time, behind all that was before."""
        bits_s = self._bits_s(way)
        took_s = 0.0 if bits_s is None else size * 8 / bits_s / self.speed
        self._ways[way] = max(self._ways[way], time.monotonic()) + took_s
        return self._ways[way]

    @property
    def flight_s(self) -> float:
        """How long a byte that has left is under way, in real time."""
        return self._weather.round_trip_s / 2 / self.speed

    def spend(self, size: int) -> int | None:
        """Count `size` bytes towards the next cut; answers after how many of them it comes, None where it does not."""
        every = self._weather.cut_every_bytes
        if every is None:
            return None
        if size < self._bytes_to_cut:
            self._bytes_to_cut -= size
            return None
        passed = int(self._bytes_to_cut)
        self._bytes_to_cut = self._draw(every)
        return passed

    def count(self, way: str, size: int) -> None:
        if way == "up":
            self.traffic.up_bytes += size
        else:
            self.traffic.down_bytes += size

    def _bits_s(self, way: str) -> float | None:
        return self._weather.up_bits_s if way == "up" else self._weather.down_bits_s

    def _draw(self, mean: float | None) -> float:
        if mean is None:
            return float("inf")
        return mean if self._weather.regular else self._chance.expovariate(1 / mean)


class _Broken(Exception):
    """This connection has ended, for whatever reason."""


class _Connection:
    """One connection of the client with the one behind it."""

    def __init__(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        self._link = link
        self._reader, self._writer = reader, writer
        self._far_reader, self._far_writer = far_reader, far_writer
        for each in (writer, far_writer):
            each.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self._silent = False
        self._ended = False
        self._lose_reply: Fate | None = None
        self._unanswered = 0
        self._flying: dict[str, deque[tuple[bytes, asyncio.StreamWriter]]] = {"up": deque(), "down": deque()}

    async def run(self) -> None:
        ways = [asyncio.ensure_future(self._up()), asyncio.ensure_future(self._down())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if ways[0].done() and not self._silent:
                # The client has said all; what the server still says is delivered.
                await asyncio.wait([ways[1]], timeout=FAREWELL_S)
            ways[0].cancel()
            await asyncio.wait([ways[0]])
            if self._silent:  # half-open: until the client has had enough, or the link ends
                await self._until_client_leaves()
            elif not self._ended:
                await self._close_politely()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def abort(self) -> None:
        self._ended = True
        self._link.traffic.lost_bytes += self._unanswered
        self._unanswered = 0
        _abort(self._writer)
        _abort(self._far_writer)

    def break_by_chance(self) -> None:
        """Cut now: reset, or fall silent, as the weather has it."""
        if self._link.chance(self._link.weather.silent_share):
            self._fall_silent()
        else:
            self._link.traffic.cuts += 1
            self.abort()

    def _fall_silent(self) -> None:
        self._link.traffic.silences += 1
        self._silent = True
        _abort(self._far_writer)

    async def _until_client_leaves(self) -> None:
        # What it still sends vanishes, as it would on the way.
        with contextlib.suppress(OSError):
            while await self._reader.read(BUFFER_BYTES):
                pass

    async def _close_politely(self) -> None:
        await self._landed("down")
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._writer.write_eof()
            await asyncio.wait_for(self._until_client_leaves(), FAREWELL_S)

    # The two ways

    async def _up(self) -> None:
        with contextlib.suppress(_Broken, OSError):
            while await self._request():
                pass

    async def _request(self) -> bool:
        """Take one request over; answers whether another may follow."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        except asyncio.LimitOverrunError:
            self._cut()
        request = self._parsed(head)
        fate = self._link.fate(request)
        if isinstance(fate, Answer):
            await self._answer(request, fate)
            return False
        if fate is None and self._link.chance(self._link.weather.lost_reply_share):
            fate = "cut-after"
        if fate in ("cut-before", "silent-before"):
            self._end(fate)
        whole = len(head) + request.body_bytes
        last = whole // 2 if fate == "cut-within" else whole
        self._lose_reply = fate if fate in ("cut-after", "silent-after") else None
        await self._carry("up", head[:last], self._far_writer)
        left = last - len(head)
        chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
        while left > 0 or chunked:
            piece = await self._reader.read(self._link.step_bytes("up") if chunked else min(left, BUFFER_BYTES))
            if not piece:
                return False
            left -= len(piece)
            await self._carry("up", piece, self._far_writer)
        if fate == "cut-within":
            self._cut()
        return True

    def _parsed(self, head: bytes) -> Request:
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, _, rest = first.partition(" ")
        number, self._link.traffic.requests = self._link.traffic.requests, self._link.traffic.requests + 1
        length = headers.get("content-length", "0")
        return Request(number, method, rest.rpartition(" ")[0], headers, int(length) if length.isdecimal() else 0)

    async def _answer(self, request: Request, answer: Answer) -> None:
        """Say it at once, then hear the rest of the request: closing on unread bytes would reset the answer away."""
        self._link.traffic.answered_instead += 1
        await self._carry("down", answer.bytes(), self._writer)
        await self._landed("down")
        left = request.body_bytes
        while left > 0 and (piece := await self._reader.read(BUFFER_BYTES)):
            left -= len(piece)

    async def _down(self) -> None:
        with contextlib.suppress(_Broken, OSError):
            while piece := await self._far_reader.read(self._link.step_bytes("down")):
                if self._lose_reply is not None:
                    self._end("cut-before" if self._lose_reply == "cut-after" else "silent-before")
                await self._carry("down", piece, self._writer)

    async def _carry(self, way: str, data: bytes, to: asyncio.StreamWriter) -> None:
        step = self._link.step_bytes(way)
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            cut_after = self._link.spend(len(piece))
            if cut_after is not None:
                piece = piece[:cut_after]
            wait_s = self._link.leaves_at(way, len(piece)) - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if self._silent or self._ended:
                raise _Broken
            self._link.count(way, len(piece))
            self._unanswered = self._unanswered + len(piece) if way == "up" else 0
            if cut_after is not None:  # what is still in the air is lost with it
                self.break_by_chance()
                raise _Broken
            self._flying[way].append((piece, to))
            if self._link.flight_s > 0:
                asyncio.get_running_loop().call_later(self._link.flight_s, self._land, way)
            else:
                self._land(way)
            await to.drain()

    def _land(self, way: str) -> None:
        """The oldest piece in the air arrives: in order, whatever the weather did meanwhile."""
        piece, to = self._flying[way].popleft()
        if not self._silent and not self._ended:
            to.write(piece)

    async def _landed(self, way: str) -> None:
        """Wait until what is in the air has arrived: nothing follows it."""
        if self._flying[way]:
            await asyncio.sleep(self._link.flight_s)

    def _end(self, fate: Fate) -> NoReturn:
        if fate.startswith("silent"):
            self._fall_silent()
            raise _Broken
        self._cut()

    def _cut(self) -> NoReturn:
        self._link.traffic.cuts += 1
        self.abort()
        raise _Broken


def _abort(writer: asyncio.StreamWriter) -> None:
    """Reset, as a link that is gone does sooner or later: a polite end would look like the answer's end."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
