"""The app behind `thidua couch`: a folder of Stores served as CouchDB serves databases. It knows no Thidua rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import flask

from sync.face import Limits, make_face, request_id
from sync.store_folder import StoreFolder

SESSION_S = 600
"""CouchDB's own: a cookie that is not used for ten minutes is worth nothing."""

RENEWED_AFTER = 0.1
"""Of `SESSION_S`, likewise: who goes on asking gets a new cookie with an answer, so that no long run is cut off."""

COOKIE = "AuthSession"

FORM = "application/x-www-form-urlencoded"

SIGN_IN_BYTES_MAX = 10_000
"""A name and a password."""


def make_app(
    folder: StoreFolder,
    *,
    user: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    replicate_with: Sequence[str] = (),
    gzip: bool = True,
    now: Callable[[], float] = time.time,
) -> flask.Flask:
    """The WSGI app of the peer: every Store of `folder`, created and deleted over HTTP.

    `replicate_with` are the beginnings of addresses that `_replicate` may name as an end; `loopback` stands for all of
    this machine. Without `gzip` answers are not packed.
    """
    app = flask.Flask(__name__)
    if user is not None:
        _Guard(user, now=now).watch(app)
    app.register_blueprint(
        make_face(
            folder.open,
            databases=folder,
            limits=limits,
            server_uuid=_server_uuid(folder.path),
            may_reach=lambda url: any(_begins(url, allowed) for allowed in replicate_with),
            gzip=gzip,
        )
    )
    return app


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine and nobody else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _begins(url: str, allowed: str) -> bool:
    try:
        asked = urlsplit(url)
        if allowed == "loopback":
            return is_loopback(asked.hostname)
        start = urlsplit(allowed)
        same = (asked.scheme, asked.hostname, asked.port) == (start.scheme, start.hostname, start.port)
    except ValueError:
        return False
    path = start.path.rstrip("/")
    return same and (asked.path == path or asked.path.startswith(path + "/"))


class _Guard:
    """Basic authentication, or a cookie got with it from `/_session`: CouchDB's clients use either."""

    def __init__(self, user: str, *, now: Callable[[], float]) -> None:
        self._name, _, self._password = user.partition(":")
        # Of this process: a restart signs everybody out, and clients sign in again.
        self._secret = secrets.token_bytes(32)
        self._now = now

    def watch(self, app: flask.Flask) -> None:
        app.before_request(self._ask)
        app.after_request(self._after)

    def _ask(self) -> flask.Response | None:
        request = flask.request
        path = request.path.rstrip("/")
        if path == "/_up":  # for whoever watches whether we live
            return None
        if not _is_basic_readable(request.headers.get("Authorization", "")):
            return _refusal(400, "bad_request", "Authorization header has invalid base64 value")
        if path == "/_session":
            return self._session(request)
        if self._how(request) is not None:
            return None
        given = request.authorization
        if given is not None and given.type == "basic":
            return _unauthorized("Name or password is incorrect.", challenge=True)
        return _unauthorized("You are not authorized to access this server.", challenge=True)

    def _how(self, request: flask.Request) -> str | None:
        """By what the caller is known: `default` (Basic), `cookie`, or None."""
        if self._is_cookie(request.cookies.get(COOKIE, "")):
            return "cookie"
        given = request.authorization
        named = given is not None and given.type == "basic" and self._is_user(given.username, given.password)
        return "default" if named else None

    def _is_user(self, name: Any, password: Any) -> bool:
        # Both are compared, in constant time: a wrong name must not answer sooner.
        pairs = ((name, self._name), (password, self._password))
        same = [hmac.compare_digest(str(given or "").encode(errors="replace"), own.encode()) for given, own in pairs]
        return all(same)

    def _session(self, request: flask.Request) -> flask.Response | None:
        if request.method == "POST":
            return self._sign_in(request)
        if request.method == "DELETE":
            answer = flask.jsonify(ok=True)
            answer.delete_cookie(COOKIE, httponly=True)
            return _sent_on(answer, "next")
        if request.method not in ("GET", "HEAD"):
            return None  # the face says which methods there are
        how = self._how(request)
        if how is None and request.authorization is not None and request.authorization.type == "basic":
            return _unauthorized("Name or password is incorrect.")
        if how is None and request.args.get("basic") == "true":
            return _unauthorized("Please login.")
        known = {} if how is None else {"authenticated": how}
        nobody: dict[str, Any] = {"name": None, "roles": []}
        context = nobody if how is None else {"name": self._name, "roles": ["_admin"]}
        info = {"authentication_handlers": ["cookie", "default"], **known}
        return flask.jsonify(ok=True, userCtx=context, info=info)

    def _sign_in(self, request: flask.Request) -> flask.Response:
        request.max_content_length = SIGN_IN_BYTES_MAX
        if request.mimetype not in ("application/json", FORM):
            reason = f"Content-Type must be '{FORM}' or 'application/json'"
            return _refusal(415, "bad_content_type", reason)
        given: Any = request.get_json(silent=True) if request.is_json else request.form
        if given is None:
            return _refusal(400, "bad_request", "invalid UTF-8 JSON")
        if not isinstance(given, Mapping):
            given = {}
        name = given.get("name") or given.get("username")
        if not name:
            return _refusal(400, "bad_request", "request body must contain a username")
        if not self._is_user(name, given.get("password")):
            # Without a challenge: with one, CouchDB's replicator asks again with Basic.
            refused = _unauthorized("Name or password is incorrect.")
            refused.delete_cookie(COOKIE, httponly=True)
            return _sent_on(refused, "fail")
        answer = flask.jsonify(ok=True, name=self._name, roles=["_admin"])
        self._give_cookie(answer)
        return _sent_on(answer, "next")

    def _give_cookie(self, answer: flask.Response) -> None:
        until = f"{int(self._now()) + SESSION_S:x}"
        answer.set_cookie(COOKIE, f"{until}:{self._seal(until)}", max_age=SESSION_S, httponly=True, samesite="Strict")

    def _after(self, answer: flask.Response) -> flask.Response:
        """What every answer bears, and a new cookie for who came with one.

        Unless that is nearly new or the answer says something of it already.
        """
        if "X-Couch-Request-ID" not in answer.headers:  # ours, not the face's
            answer.headers["X-Couch-Request-ID"] = request_id(flask.request.headers)
            answer.headers["Cache-Control"] = "must-revalidate"
        left_s = self._left_s(flask.request.cookies.get(COOKIE, ""))
        if 0 < left_s < SESSION_S * (1 - RENEWED_AFTER) and "Set-Cookie" not in answer.headers:
            self._give_cookie(answer)
        return answer

    def _is_cookie(self, cookie: str) -> bool:
        return self._left_s(cookie) > 0

    def _left_s(self, cookie: str) -> float:
        """How long the cookie is good for; 0 where it is none of ours, and less where it has run out."""
        until, _, seal = cookie.partition(":")
        if not hmac.compare_digest(seal.encode(errors="replace"), self._seal(until).encode()):
            return 0
        return int(until, 16) - self._now()

    def _seal(self, until: str) -> str:
        return hmac.new(self._secret, until.encode(errors="replace"), hashlib.sha256).hexdigest()


def _is_basic_readable(header: str) -> bool:
    """Whether what is given as Basic is base64; anything else is none of its business."""
    scheme, _, given = header.partition(" ")
    try:
        base64.b64decode(given.strip() if scheme.lower() == "basic" else "", validate=True)
    except ValueError:
        return False
    return True


def _sent_on(answer: flask.Response, to: str) -> flask.Response:
    """`answer`, as a redirection to the path of this server that the parameter `to` names, if it names one."""
    path = flask.request.args.get(to)
    if path is None:
        return answer
    if not path.startswith("/"):
        return _refusal(400, "bad_request", "path must begin with a /.")
    answer.status_code = 302
    # With the host before it: alone, `//elsewhere` would lead elsewhere.
    answer.headers["Location"] = flask.request.host_url.rstrip("/") + quote(path, safe="/?&=%:@+,;~")
    return answer


def _unauthorized(reason: str, *, challenge: bool = False) -> flask.Response:
    answer = _refusal(401, "unauthorized", reason)
    if challenge:
        answer.headers["WWW-Authenticate"] = 'Basic realm="thidua"'
    return answer


def _refusal(status: int, error: str, reason: str) -> flask.Response:
    answer = flask.jsonify(error=error, reason=reason)
    answer.status_code = status
    return answer


def _server_uuid(directory: Path) -> str:
    """The server's identity, kept beside its databases: with a new one PouchDB starts every replication over."""
    path = directory / "server.uuid"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        fresh = uuid.uuid4().hex
        draft = path.with_suffix(".new")
        draft.write_text(fresh)
        draft.replace(path)
        return fresh
