"""A link without sockets: a phone's requests go straight into the service's WSGI application, or get lost on the way.

Each request meets a fate: it is lost before it arrives, its answer is lost after the effect, the answer breaks off in
its middle, or somebody between answers instead – a proxy with 502, a captive portal with a page.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

FATES = ("before", "after", "middle", "502", "503", "portal")

Reach = Callable[[requests.PreparedRequest], tuple[int, list[tuple[str, str]], bytes]]

PORTAL = b"<!doctype html><title>Wi-Fi</title><p>Please sign in to this network.</p>"


class Lost(requests.exceptions.ConnectionError):
    """What requests says when a connection is gone."""


class Wire(HTTPAdapter):
    """`reach(request)` takes a request to whoever listens; it raises Lost where nobody does. `fate()` is of FATES or
    None.
    """

    def __init__(self, reach: Reach, fate: Callable[[requests.PreparedRequest], str | None]) -> None:
        super().__init__()
        self._reach, self._fate = reach, fate

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:  # type: ignore[override]
        fate = self._fate(request)
        if fate == "before":
            raise Lost("the request was lost")
        if fate in ("502", "503"):
            return self._answer(request, int(fate), [("Retry-After", "1")], b"<html>Bad gateway</html>")
        if fate == "portal":
            return self._answer(request, 200, [("Content-Type", "text/html")], PORTAL)
        status, headers, body = self._reach(request)
        if fate == "after":
            raise Lost("the answer was lost")
        if fate == "middle" and body:
            body = body[: len(body) // 2]
        return self._answer(request, status, headers, body)

    def _answer(
        self, request: requests.PreparedRequest, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> requests.Response:
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(headers),
            status=status,
            preload_content=False,
            enforce_content_length=request.method != "HEAD",
            request_method=request.method,
        )
        return self.build_response(request, raw)


def call(app: Any, request: requests.PreparedRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    """One request into a WSGI application, its answer read to the end."""
    parts = urlsplit(str(request.url))
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "RAW_URI": request.path_url,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = (
            value if isinstance(value, str) else value.decode("latin-1")
        )
    began: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        began[:] = [int(status.split(maxsplit=1)[0]), headers]
        return began.append

    answer = app(environ, start_response)
    try:
        whole = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return began[0], began[1], whole
