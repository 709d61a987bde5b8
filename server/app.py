"""The application: the gateway at /db, the API at /api/v1, the pages everywhere else, one factory.

The gateway is an application of its own inside: a phone's request need not pass sessions, limits on sign-in, and what
else pages ask.

What holds for every request stands here: its number in the log, what a browser may do with the answer, and in which
form a problem is said – CouchDB's words below /db, JSON below /api, a page elsewhere. It must never know a rule.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
import structlog
from flask import Flask, Response, request
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import server.web
from schemas.base import InvalidDocument
from server import api, log, metrics
from server.api.asking import phone
from server.board.models.said import Said
from server.config import Config
from server.messages import best_locale, say
from server.naming import named
from server.problems import NotSignedIn, Problem
from server.service import Service
from server.web.errors import RETRY_AFTER_S
from sync.database import Database
from sync.errors import DatabaseError, PeerUnreachable, StoreFull, Unauthorized
from sync.face import make_face

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TRIES: Final = "10 per minute"
"""Sign-in and enrolment, from one address: a person mistypes thrice; a guesser has 14,400 tries a day at 2^40 codes."""

BODY_BYTES_MAX: Final = 64 * 2**20
"""A batch of the replicator with photo chunks has a few MiB; what is larger is a mistake or an attack."""

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""What programs are sent. Pages bring a policy of their own, which lets them use our styles and scripts."""

_log = structlog.get_logger(__name__)


def create_app(config: Config, *, service: Service | None = None) -> Flask:
    """The WSGI application over `service`, or over one opened at `config.data` with its follower started.

    Call it inside the process that serves: it owns threads and open databases.
    """
    if not structlog.is_configured():
        log.configure()
    if service is None:
        service = Service.open(config)
        service.start()
    app = Flask("server", static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        # The face compresses its own answers, in pieces as they come.
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"],
        COMPRESS_STREAMS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.extensions["thidua"] = service
    Compress(app)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    _number_requests(app)
    _dress(app)
    api.init_app(app)
    _answer_problems(app)  # after the API, which brings answers of its own
    metrics.init_app(app)
    _health(app, service)
    server.web.init_app(app)
    # A whole department enrols its phones in a minute; what is counted are the tries that failed.
    limit = limiter.limit(TRIES, methods=["POST"], deduct_when=lambda answer: answer.status_code >= 400)
    for endpoint in ("web.sign_in_sent", "enrolment.Enrol"):
        limited: Callable[..., Any] = limit(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
    within = DispatcherMiddleware(app.wsgi_app, {"/db": _for_phones(app, service)})
    app.wsgi_app = _one_address(within)  # type: ignore[method-assign,assignment]
    if config.proxies:
        # `Host` a proxy hands on as it is: what a client says in X-Forwarded-Host need not be believed as well.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=0)  # type: ignore[method-assign]
    return app


def _one_address(within: WSGIApplication) -> WSGIApplication:
    """Flask-Login ties a session to the first entry of X-Forwarded-For, which any client may write: it reads ours."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if "HTTP_X_FORWARDED_FOR" in environ:
            environ["HTTP_X_FORWARDED_FOR"] = environ.get("REMOTE_ADDR", "")
        return within(environ, start)

    return answer


def _for_phones(app: Flask, service: Service) -> Flask:
    """The gateway. It shares what `app` is about and none of what hangs on it."""
    phones = Flask("server.phones", static_folder=None)
    phones.extensions, phones.json = app.extensions, app.json
    phones.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    _number_requests(phones)
    _dress(phones)
    phones.register_blueprint(make_face(_open_for_phone, server_uuid=service.uuid, limits=service.config.limits))
    _answer_problems(phones)
    metrics.count(phones)
    return phones


def _open_for_phone(name: str) -> Database:
    """What the face asks once a request. Raises Unauthorized, Forbidden, NotFound."""
    service: Service = flask.current_app.extensions["thidua"]
    locale = locale_of_request()
    try:
        account, device = phone()
    except NotSignedIn as problem:
        raise Unauthorized(say(problem.said, locale)) from problem
    return service.gateway.open(name, account, device, locale=locale_of_request(account.locale))


def locale_of_request(default: str | None = None) -> str:
    """What the caller reads: `Accept-Language`, else `default` (an account's), else the installation's language."""
    service: Service = flask.current_app.extensions["thidua"]
    return best_locale((tag for tag, _ in request.accept_languages), default or service.config.locale)


def _number_requests(app: Flask) -> None:
    """One number a request, in the log, the answer's headers and the sentence of a failure."""

    @app.before_request
    def begin() -> None:
        flask.g.request_number = secrets.token_hex(6)
        flask.g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=flask.g.request_number)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = flask.g.get("request_number", "")
        # The path alone: never a query, a header or a body, where a secret may stand.
        _log.info(
            "request",
            method=request.method,
            path=_path(),
            status=response.status_code,
            ms=round((time.perf_counter() - flask.g.get("began", time.perf_counter())) * 1000, 1),
        )
        return response


def _dress(app: Flask) -> None:
    @app.after_request
    def dress(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def _health(app: Flask, service: Service) -> None:
    @app.get("/healthz")
    def healthz() -> tuple[dict[str, Any], int]:
        """200 while requests are answered and the follower works; 503 tells a supervisor to start us anew."""
        following = service.follower.alive
        return {"status": "ok" if following else "trouble", "follower": following}, 200 if following else 503


def _answer_problems(app: Flask) -> None:
    @app.errorhandler(Problem)
    def problem(error: Problem) -> Any:
        return _said(error.status, error.said, _fields(error))

    @app.errorhandler(InvalidDocument)
    def invalid(error: InvalidDocument) -> Any:
        locale = locale_of_request()
        fields = [
            {"path": it.path, "message": say(_named(Said(it.code, it.params), locale), locale)} for it in error.problems
        ]
        return _said(422, Said("invalid"), fields)

    @app.errorhandler(DatabaseError)
    def refused(error: DatabaseError) -> Any:
        return _said(error.status, Said("bad-request", {"why": error.reason}))

    @app.errorhandler(StoreFull)
    def full(error: StoreFull) -> Any:
        _log.error("disk_full", why=str(error))
        return _said(507, Said("disk-full"))

    @app.errorhandler(PeerUnreachable)
    def away(error: PeerUnreachable) -> Any:
        _log.error("database_away", why=str(error))
        answer = flask.make_response(_said(503, Said("database-away")))
        answer.retry_after = RETRY_AFTER_S
        return answer

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.response is not None or error.code is None:
            return error
        if not _for_programs():
            return server.web.errors.nothing_here(error)
        code = {404: "no-page", 429: "too-many-tries", 401: "signed-out", 422: "invalid"}.get(error.code)
        said = Said("bad-request", {"why": HTTPStatus(error.code).phrase}) if code is None else Said(code)
        return _said(error.code, said, _smorest_fields(error))

    @app.errorhandler(sqlite3.Error)
    @app.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        _log.exception("request.failed", path=_path(), exc_info=error)
        if not _for_programs():
            return server.web.errors.page(500)
        return _said(500, Said("our-fault", {"request": flask.g.get("request_number", "")}))


def _for_programs() -> bool:
    return _path().startswith(("/api/", "/db/", "/healthz", "/metrics"))


def _path() -> str:
    """The whole of it, from whichever of the two applications."""
    return request.root_path + request.path


def _said(status: int, said: Said, fields: list[dict[str, str]] | None = None) -> Any:
    locale = locale_of_request()
    sentence = say(_named(said, locale), locale)
    if not _for_programs():
        return server.web.errors.page(status, sentence=sentence)
    body: dict[str, Any] = {"code": said.code, "message": sentence}
    if fields:
        body["fields"] = fields
    return flask.jsonify(body), status


def _named(said: Said, locale: str) -> Said:
    service: Service = flask.current_app.extensions["thidua"]
    return Said(said.code, named(service.registry, said.params, locale))


def _fields(error: Problem) -> list[dict[str, str]]:
    locale = locale_of_request()
    return [{"path": path, "message": say(_named(said, locale), locale)} for path, said in error.fields]


_MARSHMALLOW: Final = (
    (re.compile(r"Missing data for required field|Field may not be null"), "required"),
    (re.compile(r"Unknown field"), "field-unknown"),
    (re.compile(r"Not a valid string"), "field-text"),
    (re.compile(r"Not a valid list"), "field-list"),
    (re.compile(r"Not a valid date"), "field-date"),
    (re.compile(r"Longer than maximum length (?P<maximum>\d+)"), "field-long"),
    (re.compile(r"Not a valid mapping|Invalid input type"), "not-json"),
)
"""What marshmallow says, in English only, and which sentence of ours says it. All else reads `field-unfit`."""


def _smorest_fields(error: HTTPException) -> list[dict[str, str]]:
    """What flask-smorest found wrong with a body or a query, flattened to paths, in the reader's language."""
    messages = getattr(error, "data", {}).get("messages", {})
    found: list[dict[str, str]] = []
    locale = locale_of_request()

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                # "_schema" is marshmallow's name for the whole, and no entry of anybody's.
                walk(f"{path}.{name}" if path else "" if name == "_schema" else str(name), inner)
        else:
            texts = value if isinstance(value, list) else [value]
            found.extend({"path": path, "message": say(_said_by_us(str(text)), locale)} for text in texts)

    inside = messages.get("json", messages.get("query", messages)) if isinstance(messages, dict) else {}
    walk("", inside)
    return found


def _said_by_us(text: str) -> Said:
    for pattern, code in _MARSHMALLOW:
        match = pattern.match(text)
        if match is not None:
            return Said(code, match.groupdict())
    return Said("field-unfit")
