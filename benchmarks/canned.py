"""A server that lacks all it is offered and has every answer ready: what a client takes there is the client's own.

`python -m benchmarks.canned LINES PORT` serves the documents of a file, one JSON a line, as the database /db: what
PouchDB asks when it replicates, over plain sockets. It keeps nothing.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_PIECE_BYTES = 2**18
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Canned:
    def __init__(self, lines: Iterable[bytes]) -> None:
        self._rows: list[bytes] = []
        self._entries: dict[str, bytes] = {}
        for number, line in enumerate(lines, 1):
            document = json.loads(line)
            row = {"seq": number, "id": document["_id"], "changes": [{"rev": document["_rev"]}]}
            self._rows.append(json.dumps(row).encode())
            name = json.dumps(document["_id"]).encode()
            self._entries[document["_id"]] = b'{"id":%s,"docs":[{"ok":%s}]}' % (name, line.strip())

    def serve(self, port: int) -> None:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        while True:
            near, _ = listener.accept()
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        unread = b""
        with near:
            while True:
                while b"\r\n\r\n" not in unread:
                    piece = near.recv(_PIECE_BYTES)
                    if not piece:
                        return
                    unread += piece
                head, _, body = unread.partition(b"\r\n\r\n")
                told = _LENGTH.search(head)
                length = int(told[1]) if told else 0
                while len(body) < length:
                    body += near.recv(_PIECE_BYTES)
                unread = body[length:]
                method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
                status, data = self._answer(method, target, body[:length])
                top = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                near.sendall(top.encode() + data)

    def _answer(self, method: str, target: str, body: bytes) -> tuple[str, bytes]:
        parts = urlsplit(target)
        name = parts.path.rpartition("/")[2]
        if "/_local/" in parts.path:
            if method == "PUT":
                return "201 Created", b'{"ok":true,"id":"_local/x","rev":"0-1"}'
            return "404 Not Found", b'{"error":"not_found","reason":"missing"}'
        if name == "_revs_diff":
            return "200 OK", json.dumps({key: {"missing": revs} for key, revs in json.loads(body).items()}).encode()
        if name == "_bulk_docs":
            return "201 Created", b"[]"
        if name == "_changes":
            asked = parse_qs(parts.query)
            since = int(asked.get("since", ["0"])[0])
            rows = self._rows[since : since + int(asked["limit"][0])]
            last = since + len(rows)
            end = b'],"last_seq":%d,"pending":%d}' % (last, len(self._rows) - last)
            return "200 OK", b'{"results":[' + b",".join(rows) + end
        if name == "_bulk_get":
            wanted = [self._entries[each["id"]] for each in json.loads(body)["docs"]]
            return "200 OK", b'{"results":[' + b",".join(wanted) + b"]}"
        if "/" not in parts.path[1:] and name:
            return "200 OK", b'{"db_name":"db","update_seq":%d,"instance_start_time":"0"}' % len(self._rows)
        return "200 OK", b'{"couchdb":"Welcome","version":"3.5.0","uuid":"canned"}'


if __name__ == "__main__":
    Canned(Path(sys.argv[1]).read_bytes().splitlines()).serve(int(sys.argv[2]))
