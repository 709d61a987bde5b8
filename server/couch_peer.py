"""The app behind `thidua couch`: a folder of Stores served as CouchDB serves databases. It knows no Thidua rules."""

from __future__ import annotations

import hmac
import uuid
from pathlib import Path

import flask

from sync.face import make_face
from sync.store_folder import StoreFolder


def make_app(folder: StoreFolder, *, user: str | None = None) -> flask.Flask:
    """The WSGI app of the peer: every Store of `folder`, created and deleted over HTTP."""
    app = flask.Flask(__name__)
    if user is not None:
        _guard(app, user)
    app.register_blueprint(make_face(folder.open, databases=folder, server_uuid=_server_uuid(folder.path)))
    return app


def _guard(app: flask.Flask, user: str) -> None:
    """Basic authentication for everything: CouchDB's replicator and PouchDB send it with each request."""
    name, _, password = user.partition(":")

    @app.before_request
    def ask() -> flask.Response | None:
        given = flask.request.authorization
        if given is not None and given.type == "basic":
            # Both are compared, in constant time: a wrong name must not answer sooner.
            same = [
                hmac.compare_digest((left or "").encode(), right.encode())
                for left, right in ((given.username, name), (given.password, password))
            ]
            if all(same):
                return None
        answer = flask.jsonify(error="unauthorized", reason="Name or password is incorrect.")
        answer.status_code = 401
        answer.headers["WWW-Authenticate"] = 'Basic realm="thidua"'
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
