"""CouchDB's HTTP API over any `Database`: the serving end of the wire.

`make_face` gives a Flask blueprint. `dispatch` takes the target as it was sent (`routing`), finds database and
endpoint, and lets one module an endpoint do the rest: server, updates, replication, lifecycle, documents, attachments,
bulk, changes, listing, local. `call` is the border where input is checked, `answer` sends, `problems` words every
refusal as CouchDB.

It serves what replicators and PouchDB use (the protocol's pages at docs.couchdb.org, and CouchDB 3.5's source);
what it leaves out answers 501 with a sentence. Who may do what is decided by `open_database` and by the database it
returns (`sync.guarded`). It must never know what a document means.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from sync.database import Database
from sync.face.answer import request_id
from sync.face.dispatch import METHODS, Dispatch
from sync.face.folder import DatabaseFolder
from sync.face.limits import Limits

__all__ = ["DatabaseFolder", "Limits", "make_face", "request_id"]


def make_face(
    open_database: Callable[[str], Database],
    *,
    databases: DatabaseFolder | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    name: str = "couch",
    url_prefix: str | None = None,
    server_uuid: str | None = None,
    version: str = "0",
    new_uuid: Callable[[], str] = lambda: secrets.token_hex(16),
    may_reach: Callable[[str], bool] = lambda _url: False,
    gzip: bool = True,
) -> Blueprint:
    """A blueprint serving databases below `url_prefix` (or below the one it is registered with).

    `open_database(name)` is called at most once a request, inside its context, for names CouchDB allows; it raises
    NotFound, Unauthorized or Forbidden. With `databases` the face also creates, deletes, lists, compacts and
    replicates them, for everyone who reaches it; `may_reach(url)` says which other servers a caller may name as an end
    of such a replication, which is made in this server's name: none, unless given. `server_uuid` is the server's
    identity at GET `/`: keep it over restarts, or PouchDB starts its replications over.
    Without `gzip` answers are sent as they are, for a line that costs nothing: packing is a third of a pull's work.
    """
    dispatch = Dispatch(
        open_database=open_database,
        folder=databases,
        limits=limits,
        server_uuid=server_uuid or uuid.uuid4().hex,
        version=version,
        new_uuid=new_uuid,
        may_reach=may_reach,
        gzip=gzip,
    )
    blueprint = Blueprint(name, __name__, url_prefix=url_prefix)
    blueprint.record(dispatch.mounted)
    for rule in ("/", "/<couch_path:_path>"):
        blueprint.add_url_rule(
            rule,
            "serve",
            dispatch.serve,
            methods=METHODS,
            strict_slashes=False,
            merge_slashes=False,
            provide_automatic_options=False,
        )
    blueprint.record(_any_method)
    return blueprint


def _any_method(state: BlueprintSetupState) -> None:
    """A method that nobody knows is refused in CouchDB's words, too, and not by the app's page."""
    ours = f"{state.name}.serve" if not state.name_prefix else f"{state.name_prefix}.{state.name}.serve"
    for rule in state.app.url_map.iter_rules(ours):
        rule.methods = None
