"""HTTP to one peer: one kept-alive connection, small bodies, and every failure named by who can act on it.

It knows requests, JSON and CouchDB's form of errors, and never what is asked for. The status of an answer becomes:

- no answer, a time-out, 429 or 5xx: PeerUnreachable (wait; with the time the peer named);
- 401 and 403: PeerRefused. They are said of us and our credentials, so a person must act. They are never Unauthorized
  or Forbidden, which a server over a CouchDB would pass on to its own callers as if said of them;
- 202: PeerUnreachable too. A cluster says so when fewer of its machines than a majority have written: what only the
  others know of is not accepted yet, and is sent again;
- 400, 404, 409, 412, 413, 501 in CouchDB's form: the DatabaseError of that word; 413 in any form is TooLarge;
- a page, a redirection, JSON of the wrong shape: PeerMisbehaved. A captive portal's sign-in page is the usual case.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Generator, Mapping
from email.utils import parsedate_to_datetime
from gzip import compress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from sync import jsonwire
from sync.errors import (
    BadRequest,
    Conflict,
    DatabaseError,
    DocumentInvalid,
    DocumentTooLarge,
    FileExists,
    IllegalDatabaseName,
    IllegalDocumentId,
    MissingStub,
    NotFound,
    NotImplementedHere,
    PeerMisbehaved,
    PeerRefused,
    PeerUnreachable,
    TooLarge,
)

# A 2G link needs some seconds for TCP and TLS; a server that is there answers within.
CONNECT_TIMEOUT_S = 20.0
# Between two pieces of an answer, not for the whole of it: a slow link is no failure, a silent one is.
READ_TIMEOUT_S = 60.0
# Smaller bodies fit one packet anyway.
GZIP_FROM_BYTES = 1_024
# Thorough where bytes are dear; on a line that took a large body faster than this, pressing harder is what takes time.
GZIP_LEVEL_SLOW, GZIP_LEVEL_FAST = 6, 1
FAST_BYTES_PER_S = 512 * 1024
# Smaller bodies tell more about the round trip than about the line.
TELLING_BYTES = 32 * 1024
# Far above a batch of photos' chunks; an answer without end must not fill the phone's memory.
ANSWER_BYTES_MAX = 256 * 1024 * 1024

_PIECE_BYTES = 64 * 1024
_PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity"}
_BY_WORD: dict[str, type[DatabaseError]] = {
    error.error: error
    for error in (
        BadRequest, Conflict, DocumentInvalid, FileExists, IllegalDatabaseName, IllegalDocumentId, MissingStub,
        NotFound, NotImplementedHere, TooLarge,
    )
}  # fmt: skip
_BY_STATUS: dict[int, type[DatabaseError]] = {
    400: BadRequest,
    404: NotFound,
    409: Conflict,
    412: FileExists,
    413: TooLarge,
    415: BadRequest,
    501: NotImplementedHere,
}


class Transport:
    """Requests below one URL. `url` is without credentials, for people and logs."""

    def __init__(
        self,
        url: str,
        *,
        session: requests.Session | None = None,
        token: str | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        repeat_bytes_max: int | None = None,
        gzip: bool = True,
    ) -> None:
        """`repeat_bytes_max`: a larger body is not sent again unseen when its connection breaks. For who counts what
        the line costs. Without `gzip` nothing is compressed either way: on a line that costs nothing and carries more
        than some 10 MB/s, packing takes longer than sending.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRequest("A peer's address begins with http:// or https:// and names a host.")
        host = parts.netloc.rpartition("@")[2]
        self.url = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        if token is None and parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._authorization = {"Authorization": f"Basic {b64encode(secret).decode()}"}
        self._session = session or _kept_alive_session()
        # Proxies and certificates of the environment, read once: for every request it would take longer than all else.
        self._way: dict[str, Any] = {**self._session.merge_environment_settings(self.url, {}, True, None, None)}
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._sound_urls: dict[str, str] = {}
        self._gzip_level = GZIP_LEVEL_SLOW
        self._repeat_bytes_max = repeat_bytes_max
        self._gzip = gzip

    def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        extra_wait_s: float = 0.0,
        repeatable: bool = True,
        url: str | None = None,
    ) -> Any:
        """The JSON the peer answers with. `repeatable` requests are sent again, once, when a kept connection was gone.

        `path` is percent-encoded already and starts with `/` or is empty. Raises as the module says.
        """
        with self.open(
            method, path, params=params, body=body, extra_wait_s=extra_wait_s, repeatable=repeatable, url=url
        ) as response:
            return self._read_json(response)

    def open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        extra_wait_s: float = 0.0,
        repeatable: bool = True,
        url: str | None = None,
    ) -> requests.Response:
        """An answer whose status is a success, its body still on the wire; close it."""
        sent = {"Accept": "application/json"} if self._gzip else _PLAIN
        sent = {**sent, **(headers or {})}
        data: bytes | None = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = jsonwire.dumps(body)
            if self._gzip and len(data) >= GZIP_FROM_BYTES:
                sent["Content-Encoding"] = "gzip"
                data = compress(data, self._gzip_level, mtime=0)
        if self._repeat_bytes_max is not None and len(data or b"") > self._repeat_bytes_max:
            repeatable = False
        for attempt in (1, 2):
            began = time.monotonic()
            try:
                response = self._session.get_adapter(self.url).send(
                    self._prepared(method, self._address(self.url if url is None else url, path, params), data, sent),
                    timeout=(self._timeouts_s[0], self._timeouts_s[1] + extra_wait_s),
                    **self._way,
                )
                break
            except requests.exceptions.SSLError as error:
                raise PeerMisbehaved(
                    f"{self._host} shows a certificate that cannot be trusted. Check the device's date and the network."
                ) from error
            except requests.exceptions.ConnectionError as error:
                # A kept connection the peer had closed meanwhile looks like this: once more, on a fresh one.
                gone = bool(error.args) and isinstance(error.args[0], ProtocolError)
                if attempt == 2 or not repeatable or not gone:
                    raise PeerUnreachable(f"{self._host} cannot be reached.") from error
            except requests.exceptions.Timeout as error:
                raise PeerUnreachable(f"{self._host} does not answer.") from error
            except (requests.exceptions.RequestException, UnicodeError) as error:
                raise BadRequest(f"The request to {self._host} cannot be sent: {type(error).__name__}.") from error
        if data is not None and len(data) >= TELLING_BYTES:
            is_fast = len(data) >= FAST_BYTES_PER_S * (time.monotonic() - began)
            self._gzip_level = GZIP_LEVEL_FAST if is_fast else GZIP_LEVEL_SLOW
        if response.status_code >= 300:
            with response:
                raise self._refusal(response)
        if response.status_code == HTTPStatus.ACCEPTED:
            response.close()
            raise PeerUnreachable(
                f"{self._host} holds this in fewer copies than it promises. It is sent again later.",
                status=HTTPStatus.ACCEPTED,
            )
        return response

    def _prepared(
        self, method: str, address: str, data: bytes | None, headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        """What `Session.request` would make of it, without the third of the time that it takes beside: here are neither
        cookies nor hooks, and no redirection is followed (a captive portal redirects, and would be handed our token).
        """
        request = requests.PreparedRequest()
        request.prepare_method(method)
        request.url = address
        request.prepare_headers({**self._session.headers, **headers, **self._authorization})
        request.body = data
        if data is not None:
            request.headers["Content-Length"] = str(len(data))
        return request

    def _address(self, url: str, path: str, params: Mapping[str, Any] | None) -> str:
        """Raises requests' InvalidURL."""
        if url not in self._sound_urls:  # its host's name in ASCII
            sound = requests.PreparedRequest()
            sound.prepare_url(url, None)
            self._sound_urls[url] = str(sound.url).rstrip("/")
        query = urlencode({name: value for name, value in (params or {}).items() if value is not None})
        return self._sound_urls[url] + path + (f"?{query}" if query else "")

    def pieces(self, response: requests.Response) -> Generator[bytes, None, None]:
        """The body of `response` as it arrives; closes it at the end."""
        with response:
            try:
                yield from response.iter_content(_PIECE_BYTES)
            except requests.exceptions.RequestException as error:
                raise PeerUnreachable(f"The connection to {self._host} broke off.") from error

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    def _read(self, response: requests.Response) -> bytes:
        pieces: list[bytes] = []
        length = 0
        for piece in self.pieces(response):
            length += len(piece)
            if length > ANSWER_BYTES_MAX:
                raise PeerMisbehaved(f"{self._host} answers without end.")
            pieces.append(piece)
        return b"".join(pieces)

    def _read_json(self, response: requests.Response) -> Any:
        body = self._read(response)
        try:
            return jsonwire.loads(body)
        except ValueError as error:
            raise self._not_a_database() from error

    def _not_a_database(self) -> PeerMisbehaved:
        return PeerMisbehaved(
            f"{self._host} answers with something else than a database. If this network asks people to sign in, open"
            " a browser and do so; otherwise check the address."
        )

    def _refusal(self, response: requests.Response) -> Exception:
        status = response.status_code
        if status == 429 or (status >= 500 and status != 501):
            return PeerUnreachable(
                f"{self._host} cannot answer now ({status}).",
                retry_after_s=_retry_after_s(response.headers),
                status=status,
            )
        error, reason = self._words(response)
        if status == 413:
            kind = DocumentTooLarge if error == DocumentTooLarge.error else TooLarge
            return kind(reason or "The peer takes no body this large.")
        if error is None:
            return self._not_a_database()
        if status in (401, 403):
            return PeerRefused(
                f"{self._host} refuses: {reason or error}", status=status, error=error, reason=reason or ""
            )
        known = _BY_WORD.get(error) or _BY_STATUS.get(status)
        if known is None:
            return PeerMisbehaved(f"{self._host} answers {status} ({error}), which no rule of ours expects.")
        return known(reason or error)

    def _words(self, response: requests.Response) -> tuple[str | None, str | None]:
        """`error` and `reason` as CouchDB gives them, or None where the answer is not of that form."""
        try:
            body = jsonwire.loads(self._read(response))
        except (ValueError, PeerUnreachable):
            # Cut off or a page: the status has been read and says enough.
            return None, None
        if not isinstance(body, dict) or not isinstance(body.get("error"), str):
            return None, None
        reason = body.get("reason")
        return body["error"], reason if isinstance(reason, str) else None


def _kept_alive_session() -> requests.Session:
    session = requests.Session()
    # A thread uses one connection over and over; the threads of a server before a CouchDB keep one each.
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=48, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def one_connection() -> requests.Session:
    """A session that holds one kept-alive connection to a peer: for a phone, whose line is too narrow for two. Threads
    take turns; read an answer to its end before asking again.
    """
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0, pool_block=True))
    return session


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, whichever of its two forms was used; a date is read against the peer's own clock."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None
