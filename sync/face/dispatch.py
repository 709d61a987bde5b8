"""From a request to the endpoint that serves it, and from an error to CouchDB's words for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from sync.database import Database
from sync.documents import check_id
from sync.errors import BadRequest, IllegalDocumentId, NotFound
from sync.face import bulk, changes, lifecycle, listing, local, server, updates
from sync.face.answer import json_answer, minimise, request_id
from sync.face.attachments import attachment
from sync.face.call import Call
from sync.face.documents import document, post
from sync.face.folder import DatabaseFolder
from sync.face.limits import Limits
from sync.face.problems import describe, left_out
from sync.face.replication import Replications
from sync.face.routing import check_escapes, document_and_rest, is_db_name, is_text, raw_path, segments_below

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "PATCH", "OPTIONS", "TRACE")

_log = logging.getLogger(__name__)

# Parts of CouchDB's API that exist there and not here, by the segment that names them.
# fmt: off
_LEFT_OUT_OF_DATABASES = frozenset({
    "_find", "_index", "_explain", "_purge", "_purged_infos", "_purged_infos_limit", "_auto_purge", "_shards",
    "_sync_shards", "_partition", "_view_cleanup", "_temp_view", "_search", "_nouveau",
})
_LEFT_OUT_OF_SERVER = frozenset({
    "_replicator", "_users", "_config", "_node", "_scheduler", "_utils", "_reshard", "_cluster_setup",
    "_search_analyze", "_stats", "_global_changes",
})
# fmt: on


_ENDPOINTS = listing.NAMES | _LEFT_OUT_OF_DATABASES | {
    "_changes", "_revs_diff", "_missing_revs", "_bulk_get", "_bulk_docs", "_ensure_full_commit", "_compact",
    "_revs_limit", "_security",
}  # fmt: skip


# What CouchDB would compute of a design document, by the segment behind its name.
_COMPUTED = frozenset(
    {"_view", "_show", "_list", "_update", "_info", "_rewrite", "_search", "_search_info", "_nouveau"}
)


def _to_its_slash(call: Call) -> Response:
    """301 to where CouchDB has design documents: the slash of their ids stands as one of the path."""
    kind, _, name = call.segments[0].partition("/")
    headers = call.location(kind, name, *call.segments[1:])
    if query := call.request.query_string.decode():
        headers["Location"] += f"?{query}"
    response = Response(status=301, headers=headers)
    del response.headers["Content-Type"]
    return response


def _refuse_what_is_no_text(call: Call) -> None:
    """Under a name that is no UTF-8 there is nothing, and can be nothing."""
    at = next((at for at, segment in enumerate(call.segments) if not is_text(segment)), None)
    if at is None:
        return
    in_id = at == 0 or (at == 1 and call.segments[0] in ("_design", "_local"))
    if call.method != "PUT":
        raise NotFound("missing" if in_id else "Document is missing attachment")
    if in_id:
        raise IllegalDocumentId("Document id must be valid UTF-8")
    raise BadRequest("Attachment name is not UTF-8 encoded")


class _AnyPath(PathConverter):
    """Everything, empty segments too: the raw target is read anyway, the rule has only to let it through."""

    regex = r"[\s\S]*?"
    part_isolating = False


class Dispatch:
    """The face's one view."""

    def __init__(
        self,
        *,
        open_database: Callable[[str], Database],
        folder: DatabaseFolder | None,
        limits: Limits,
        server_uuid: str,
        version: str,
        new_uuid: Callable[[], str],
        may_reach: Callable[[str], bool],
        gzip: bool,
    ) -> None:
        self._open_database = open_database
        self._folder = folder
        self._limits = limits
        self._uuid = server_uuid
        self._version = version
        self._new_uuid = new_uuid
        self._gzip = gzip
        self._waiting = changes.WaitingFeeds(limits.feeds_waiting_max)
        self._updates = None if folder is None else updates.Updates(folder)
        self._replications = (
            None
            if folder is None
            else Replications(folder, may_reach=may_reach, jobs_max=limits.replications_max, new_uuid=new_uuid)
        )
        self._prefix = ""

    def mounted(self, state: BlueprintSetupState) -> None:
        """Called by Flask before the rules are added."""
        self._prefix = state.url_prefix or ""
        state.app.url_map.converters.setdefault("couch_path", _AnyPath)

    def serve(self, _path: str = "") -> Response:
        """Any request below the mount."""
        call = Call(request, self._limits, "", (), self._open, packs=self._gzip)
        try:
            prefix = request.root_path.rstrip("/") + self._prefix
            call.mount = prefix
            segments = segments_below(prefix, raw_path(request.environ))
            check_escapes(request.query_string.decode("latin-1"))
            name = segments[0] if segments else ""
            # A name that is no UTF-8 is none in any case; it is told with the letter that stands for such.
            call.db_name, call.segments = name.encode(errors="surrogateescape").decode(errors="replace"), segments[1:]
            response = self._route(call)
        except Exception as error:  # noqa: BLE001 - a peer is answered in CouchDB's words whatever failed
            response = self._refusal(call, error)
        response.headers["X-Couch-Request-ID"] = request_id(call.request.headers)
        response.headers["X-CouchDB-Body-Time"] = str(round(call.body_s * 1000))
        if call.request.headers.get("Prefer", "").lower() == "return=minimal":
            minimise(response)
        return response

    def _open(self, name: str) -> Database:
        if not is_db_name(name):
            raise lifecycle.missing_database()
        return self._open_database(name)

    def _route(self, call: Call) -> Response:
        name = call.db_name
        if name == "" and not call.segments:
            return server.welcome(call, uuid=self._uuid, version=self._version)
        if name.startswith("_"):
            return self._server_endpoint(call)
        if call.segments or call.method not in ("PUT", "DELETE"):
            _ = call.database  # what is not there, or not for this caller, comes before what is wrong with the request
        _refuse_what_is_no_text(call)
        if not call.segments:
            return post(call) if call.method == "POST" else lifecycle.database(call, self._folder)
        first = call.segments[0]
        if first == "_local" or first.startswith("_local/"):
            return local.local(call)
        if first.startswith("_") and not (first == "_design" or first.startswith("_design/")):
            return self._database_endpoint(call)
        return self._document_endpoint(call)

    def _server_endpoint(self, call: Call) -> Response:
        if call.segments and call.db_name not in _LEFT_OUT_OF_SERVER | {"_session"}:
            raise lifecycle.missing_database()
        match call.db_name:
            case "_all_dbs":
                return server.all_dbs(call, self._folder)
            case "_dbs_info":
                return server.dbs_info(call, self._folder)
            case "_db_updates":
                return updates.db_updates(call, self._updates, self._waiting)
            case "_membership":
                return server.membership(call)
            case "_replicate" if self._replications is not None:
                return self._replications.replicate(call)
            case "_active_tasks" if self._replications is not None:
                return self._replications.tasks(call)
            case "_replicate" | "_active_tasks":
                raise left_out("This server does not replicate on request.")
            case "_up":
                return server.up(call)
            case "_uuids":
                return server.uuids(call, new_uuid=self._new_uuid)
            case "_session":
                return server.session(call)
            case name if name in _LEFT_OUT_OF_SERVER:
                raise left_out(f"{name} is not served here.")
            case name if call.method == "PUT":
                raise lifecycle.illegal_name(name)
            case _:
                raise lifecycle.missing_database()

    def _database_endpoint(self, call: Call) -> Response:
        if call.method == "PUT" and call.segments[0] not in _ENDPOINTS:
            raise IllegalDocumentId("Only reserved document ids may start with underscore.")
        first, queries = call.segments[0], call.segments[1:] == ("queries",) and call.segments[0] in listing.NAMES
        if len(call.segments) > 1 and not queries and first not in _LEFT_OUT_OF_DATABASES:
            raise left_out(f"{'/'.join(call.segments)} is not served here.")
        match first:
            case "_changes":
                return changes.changes(call, self._waiting)
            case "_revs_diff":
                return bulk.revs_diff(call)
            case "_missing_revs":
                return bulk.missing_revs(call)
            case "_bulk_get":
                return bulk.bulk_get(call)
            case "_bulk_docs":
                return bulk.bulk_docs(call)
            case name if name in listing.NAMES:
                return listing.listing(call, name)
            case "_ensure_full_commit":
                return lifecycle.ensure_full_commit(call)
            case "_compact":
                return lifecycle.compact(call, self._folder)
            case "_revs_limit":
                return lifecycle.revs_limit(call, self._folder)
            case "_security":
                return lifecycle.security(call, self._folder)
            case name if name in _LEFT_OUT_OF_DATABASES:
                raise left_out(f"{name} is not served here.")
            case _:
                raise NotFound("missing")

    def _document_endpoint(self, call: Call) -> Response:
        if call.method == "GET" and call.segments[0].startswith("_design/"):
            return _to_its_slash(call)
        doc_id, rest = document_and_rest(call.segments)
        if not doc_id or doc_id in ("_design", "_design/"):
            if call.method == "PUT":
                check_id(doc_id or "_design")
            raise NotFound("missing")
        if not rest:
            return document(call, doc_id)
        if doc_id.startswith("_design/") and rest[0] in _COMPUTED:
            call.database.get(doc_id)  # what is not there is not left out
            raise left_out("Views, shows, lists and updates of design documents are not served.")
        return attachment(call, doc_id, "/".join(rest))

    def _refusal(self, call: Call, error: Exception) -> Response:
        described = describe(error)
        if described is None:
            # A defect of ours: in the log with its trace, to the peer as CouchDB says it.
            _log.error("%s %s failed", call.request.method, call.db_name, exc_info=error)
            described = 500, {"error": "internal_server_error", "reason": "The server failed; it is in its log."}, {}
        status, body, headers = described
        return json_answer(call, body, status=status, headers=headers)
