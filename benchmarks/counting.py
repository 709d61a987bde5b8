"""A way to a server that counts what passes: requests, and bytes both ways. It changes nothing.

with Counting("http://127.0.0.1:5984") as way:
    …  # talk to way.url
way.requests, way.bytes
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
from typing import Self
from urllib.parse import urlsplit

_HEAD = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) /\S* HTTP/1\.1\r\n")
_HEAD_BYTES_MAX = 8_192
_PIECE_BYTES = 2**18


class Counting:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._peer = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        host = parts.netloc.rpartition("@")[0]
        self.url = f"http://{host + '@' if host else ''}127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = self.bytes = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def take(self) -> tuple[int, int]:
        """Requests and bytes since the last time."""
        with self._lock:
            taken, self.requests, self.bytes = (self.requests, self.bytes), 0, 0
        return taken

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._peer)
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        # not select(): it knows no descriptor above 1,023, and a long test run may have more open
        with near, far, selectors.DefaultSelector() as both:
            unseen = b""  # a head may come in two pieces
            for each in (near, far):
                both.register(each, selectors.EVENT_READ)
            while True:
                for side in (near if key.fileobj is near else far for key, _ in both.select()):
                    try:
                        piece = side.recv(_PIECE_BYTES)
                        if not piece:
                            return
                        (far if side is near else near).sendall(piece)
                    except OSError:
                        return
                    heads = 0
                    if side is near:
                        unseen += piece
                        found = list(_HEAD.finditer(unseen))
                        heads = len(found)
                        unseen = unseen[found[-1].end() if found else 0 :][-_HEAD_BYTES_MAX:]
                    with self._lock:
                        self.bytes += len(piece)
                        self.requests += heads
