"""The bound: the same bytes over HTTP with no replicator around them, as one whole process.

`python -m benchmarks.bare push LINES URL BATCH THREADS` posts the lines in `_bulk_docs`, new_edits=false.
`python -m benchmarks.bare pull URL - BATCH THREADS` reads `_changes`, then all by `_bulk_get`, and keeps nothing.
Nothing but the standard library's http.client: whatever a library adds is not the wire's.
"""

from __future__ import annotations

import base64
import http.client
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import unquote, urlsplit


class Peer:
    """POST and GET on one kept connection a thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self.path = parts.hostname or "", parts.port or 80, parts.path
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        self._mine = local()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = http.client.HTTPConnection(self._host, self._port)
        connection.request(method, self.path + path, body, self._headers)
        answer = connection.getresponse()
        data: bytes = answer.read()
        assert answer.status < 300, (answer.status, data[:200])
        return data


def push(lines: list[bytes], peer: Peer, batch: int, threads: int) -> None:
    bodies = (
        b'{"new_edits":false,"docs":[' + b",".join(lines[at : at + batch]) + b"]}" for at in range(0, len(lines), batch)
    )
    each(lambda body: peer.ask("POST", "/_bulk_docs", body), bodies, threads)


def pull(peer: Peer, batch: int, threads: int) -> None:
    # Without the sequence of every row, which is half of the feed's cost, and which nobody here reads.
    rows = json.loads(peer.ask("GET", f"/_changes?style=all_docs&seq_interval={10**9}"))["results"]
    wanted = [{"id": row["id"], "rev": leaf["rev"]} for row in rows for leaf in row["changes"]]
    bodies = (json.dumps({"docs": wanted[at : at + batch]}).encode() for at in range(0, len(wanted), batch))
    each(lambda body: peer.ask("POST", "/_bulk_get?revs=true&latest=true", body), bodies, threads)


def each(post: object, bodies: Iterable[bytes], threads: int) -> None:
    assert callable(post)
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(post, bodies):
            pass


def main(errand: str, source: str, target: str, batch: str, threads: str) -> None:
    if errand == "push":
        push(Path(source).read_bytes().splitlines(), Peer(target), int(batch), int(threads))
    else:
        pull(Peer(source), int(batch), int(threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
