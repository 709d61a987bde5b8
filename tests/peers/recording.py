"""Exchanges of RemoteDatabase with a peer: kept as JSON, played back, and compared by shape.

`COUCHDB_URL=… python -m tests.peers.recording` records every scene anew, in the folder of that CouchDB's version. Look
at what `git diff` says then: it is what CouchDB has changed.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from sync.remote import RemoteDatabase
from tests.peers.couchdb import CouchDB
from tests.peers.scenarios import SCENES

RECORDED = Path(__file__).parent / "recorded"
# Where a session is played back; the address is no part of a recording.
NOWHERE = "http://recorded.invalid"
HEADERS = ("Content-Type", "Content-Encoding", "Retry-After")

Exchange = dict[str, Any]


class Recorder(HTTPAdapter):
    """The wire itself, and what went over it."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        response = super().send(request, **{**how, "stream": False})
        body = response.content  # read whole, and kept for who asked
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        answered = {"status": response.status_code, "headers": headers, **_body(body, headers.get("Content-Type", ""))}
        self.exchanges.append({"request": _asked(request), "response": answered})
        return response


class Player(BaseAdapter):
    """Answers from a recording, and insists on being asked what was asked then."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        super().__init__()
        self._left = list(exchanges)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        assert self._left, f"{request.method} {request.path_url} is one request more than was recorded"
        exchange = self._left.pop(0)
        assert _asked(request) == exchange["request"]
        told = exchange["response"]
        response = requests.Response()
        response.status_code = told["status"]
        # The body is kept as it reads, not as it was packed.
        response.headers.update({name: value for name, value in told["headers"].items() if name != "Content-Encoding"})
        response.raw = io.BytesIO(_bytes(told))
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        assert not self._left, f"{len(self._left)} recorded requests were not made"


def session_with(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", adapter)
    return session


def record(name: str, url: str) -> tuple[list[Exchange], Any]:
    """A scene with the database at `url`: what went over the wire, and what was understood."""
    adapter = Recorder()
    database = RemoteDatabase(url, session=session_with(adapter))
    understood = SCENES[name](database)
    return adapter.exchanges, json.loads(json.dumps(understood))


def record_couchdb(name: str, couchdb: CouchDB) -> dict[str, Any]:
    """A scene with a database of its own: one that is deleted and made anew at once is not safely empty."""
    database = couchdb.reserve() if name == "life" else couchdb.create(shards=1)
    exchanges, understood = record(name, f"{couchdb.root}/{database}")
    return {"scene": name, "database": database, "exchanges": exchanges, "understood": understood}


def play(kept: dict[str, Any]) -> Any:
    adapter = Player(kept["exchanges"])
    database = RemoteDatabase(f"{NOWHERE}/{kept['database']}", session=session_with(adapter))
    understood = SCENES[kept["scene"]](database)
    adapter.close()
    return json.loads(json.dumps(understood))


def shape(value: Any, name: str = "") -> Any:
    """Members and types. Sequences are opaque, and so are ids made on the spot; a list is what its items are like."""
    if name == "seq" or name.endswith("_seq"):
        return "sequence"
    if isinstance(value, dict):
        return {member: shape(each, member) for member, each in sorted(value.items())}
    if isinstance(value, list):
        kinds = {json.dumps(shape(each, name), sort_keys=True) for each in value}
        return [json.loads(kind) for kind in sorted(kinds)]
    return "null" if value is None else {bool: "flag", int: "number", float: "number", str: "text"}[type(value)]


def target(exchange: Exchange) -> str:
    """Method and path, without what every peer names in its own way."""
    path = re.sub(r"^/[a-z][^/?]*", "/DB", exchange["request"]["path"])
    path = re.sub(r"\d+-[0-9a-f]{32}", "REV", path)
    path = re.sub(r"since=[^&]*", "since=SEQ", path)
    return f"{exchange['request']['method']} {re.sub(r'_local/[0-9a-f]{32,}', '_local/ID', path)}"


def _asked(request: requests.PreparedRequest) -> dict[str, Any]:
    body = request.body or b""
    assert isinstance(body, bytes)
    encoding = request.headers.get("Content-Encoding")
    plain = gzip.decompress(body) if encoding == "gzip" else body
    asked = {"method": request.method, "path": request.path_url, "accept": request.headers["Accept"]}
    if encoding is not None:
        asked["encoding"] = encoding
    return {**asked, **_body(plain, request.headers.get("Content-Type", ""))} if plain else asked


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        return {"json": json.loads(body)}
    return {"base64": base64.b64encode(body).decode()}


def _bytes(told: dict[str, Any]) -> bytes:
    return json.dumps(told["json"]).encode() if "json" in told else base64.b64decode(told["base64"])


def main() -> None:
    couchdb = CouchDB(os.environ["COUCHDB_URL"])
    version = couchdb("GET", "")["version"]
    folder = RECORDED / f"couchdb-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCENES:
        kept = {"couchdb": version, **record_couchdb(name, couchdb)}
        (folder / f"{name}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
        print(f"{name}: {len(kept['exchanges'])} exchanges")
    couchdb.clean()


if __name__ == "__main__":
    main()
