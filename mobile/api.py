"""The service's JSON as a phone asks for it: enrolment and the list of its databases. One request each, failures named.

`/db` is spoken by `sync.remote`; this is the little that is ours alone. It must never write anything.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from sync.errors import PeerMisbehaved, PeerRefused, PeerUnreachable


class ServerBusy(PeerUnreachable):
    """Something is there and says "later": 429 (`too_often`) or 5xx."""

    def __init__(self, message: str, *, too_often: bool, retry_after_s: float | None) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.too_often = too_often


TIMEOUTS_S = (20.0, 60.0)
"""To connect, and between two pieces of an answer: a 2G link needs some seconds for TCP and TLS."""

ANSWER_BYTES_MAX = 4 * 2**20
"""A phone of a busy inspector lists some hundred databases of some hundred bytes."""


def tidy_url(text: str) -> str:
    """What a person typed as the server's address, as an URL without path; https unless they said otherwise.

    Raises ValueError where it names no host.
    """
    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(text)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def enrol(
    session: requests.Session, server_url: str, *, code: str, key: str, label: str, app: str, locale: str
) -> dict[str, Any]:
    """What `POST /api/v1/enrol` answers. Raises PeerUnreachable, PeerRefused (`error` is the server's code),
    PeerMisbehaved.
    """
    body = {"code": code, "key": key, "label": label, "app": app}
    return _json(session, "POST", f"{server_url}/api/v1/enrol", body=body, locale=locale)


def databases(session: requests.Session, server_url: str, *, token: str, opening: str, locale: str) -> dict[str, Any]:
    """What `GET /api/v1/databases` answers, its shape checked. Raises as `enrol`.

    By `opening` (of the folder, random) the service learns when a copy of this phone asks with the same token.
    """
    url = f"{server_url}/api/v1/databases?opening={opening}"
    answer = _json(session, "GET", url, token=token, locale=locale)
    listed = answer.get("databases")
    if not isinstance(listed, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("kind"), str)
        for entry in listed
    ):
        raise PeerMisbehaved(f"{server_url} does not list databases.")
    return answer


def _json(
    session: requests.Session,
    method: str,
    url: str,
    *,
    body: dict[str, Any] | None = None,
    token: str | None = None,
    locale: str,
) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Accept-Language": locale}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        # A captive portal redirects; following it would hand our token to whoever it names.
        response = session.request(
            method, url, json=body, headers=headers, timeout=TIMEOUTS_S, allow_redirects=False, stream=True
        )
        with response:
            raw = response.raw.read(ANSWER_BYTES_MAX + 1, decode_content=True)
    except requests.exceptions.SSLError as error:
        raise PeerMisbehaved(f"{url} shows a certificate that cannot be trusted.") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise PeerMisbehaved(f"{url} is no address of a server.") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        # `raw` breaks off in urllib3's own words: requests translates those of `content` alone.
        raise PeerUnreachable(f"{url} cannot be reached.") from error
    status = response.status_code
    if status >= 500 or status == 429:
        later_s = _seconds(response.headers.get("Retry-After"))
        raise ServerBusy(f"{url} answers {status}.", too_often=status == 429, retry_after_s=later_s)
    try:
        answer = json.loads(raw)
    except ValueError as error:
        raise PeerMisbehaved(f"{url} answers {status} without JSON.") from error
    if not isinstance(answer, dict):
        raise PeerMisbehaved(f"{url} answers with something else than an object.")
    if status >= 400:
        code, message = str(answer.get("code", "")), str(answer.get("message", ""))
        if not code:
            raise PeerMisbehaved(f"{url} refuses with {status} and no reason.")
        raise PeerRefused(message or code, status=status, error=code, reason=message)
    if status >= 300:
        raise PeerMisbehaved(f"{url} sends us elsewhere.")
    return answer


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None
