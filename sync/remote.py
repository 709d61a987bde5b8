"""`RemoteDatabase`: a CouchDB-compatible database somewhere else, as a `sync.database.Database`.

Each verb of the port is one HTTP request where CouchDB has one. Answers are checked for the shape the protocol gives
them before anything is built on them; how failures are named stands in `sync.transport`. It must never know what a
document means.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from sync import jsonwire
from sync.database import Attachment, ChangesPage, Document, Seq, Style
from sync.errors import BadRequest, DatabaseError, Forbidden, MissingStub, NotFound, PeerMisbehaved, PeerRefused
from sync.transport import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Transport

T = TypeVar("T")

# Smaller parts are not worth a connection of their own.
ITEMS_MIN = 100
# Peers let a feed go after this long at the latest (our own face after 55 s); the caller asks again.
WAIT_S_MAX = 55.0


class RemoteDatabase:
    """The database at `url` (`https://host/db/name`, credentials may stand before the host). Thread-safe as far as
    requests' sessions are; a thread that waits on `changes` should have its own.
    """

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
        connections: int = 1,
    ) -> None:
        """`gzip`: see `sync.transport`. With several `connections` a batch to graft goes in as many parts at once, and
        a replication reads as many parts at once: a CouchDB with cores to spare answers sooner. A phone's line gains
        nothing by it.
        """
        self.connections = connections
        self._http = Transport(
            url,
            session=session,
            token=token,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            repeat_bytes_max=repeat_bytes_max,
            gzip=gzip,
        )
        self._server_uuid: str | None = None

    @property
    def name(self) -> str:
        return self._http.url

    def create(self, *, shards: int | None = None) -> None:
        """Create the database, in a CouchDB with so many shards. Raises FileExists."""
        self._http.json("PUT", "", params={"q": shards}, repeatable=False)

    def delete(self) -> None:
        """Delete the database. Raises NotFound."""
        self._http.json("DELETE", "", repeatable=False)

    def info(self) -> dict[str, Any]:
        """What the peer says, with a `uuid` in any case: CouchDB gives databases none, but its server has one, and a
        database created anew starts at another time.
        """
        info = _object(self._http.json("GET", ""), "update_seq")
        if not isinstance(info.get("uuid"), str):
            info["uuid"] = f"{self._server()}/{info.get('db_name')}/{info.get('instance_start_time', '0')}"
        return info

    def changes(
        self,
        since: Seq = 0,
        *,
        limit: int | None = None,
        style: Style = "main_only",
        descending: bool = False,
        include_docs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
        doc_ids: Sequence[str] | None = None,
        wait_s: float = 0.0,
    ) -> ChangesPage:
        how = {"style": style, "descending": descending, "include_docs": include_docs}
        return self._changes(since, limit, doc_ids, wait_s, **how, conflicts=conflicts, attachments=attachments)

    def changes_to_replicate(
        self, since: Seq, *, limit: int, doc_ids: Sequence[str] | None, wait_s: float
    ) -> ChangesPage:
        """See `sync.database.changes_to_replicate`. Only a row in `limit` has a sequence."""
        return self._changes(since, limit, doc_ids, wait_s, style="all_docs", seq_interval=limit)

    def _changes(
        self, since: Seq, limit: int | None, doc_ids: Sequence[str] | None, wait_s: float, **how: Any
    ) -> ChangesPage:
        wait_s = min(wait_s, WAIT_S_MAX)
        params = {
            "since": since,
            "limit": limit,
            **{name: _true(value) if isinstance(value, bool) else value for name, value in how.items()},
            "filter": None if doc_ids is None else "_doc_ids",
            "feed": "longpoll" if wait_s > 0 else None,
            "timeout": round(wait_s * 1000) if wait_s > 0 else None,
        }
        body = None if doc_ids is None else {"doc_ids": list(doc_ids)}
        answer = self._http.json(
            "GET" if body is None else "POST", "/_changes", params=params, body=body, extra_wait_s=wait_s
        )
        page = _object(answer, "results", "last_seq")
        rows = _rows(page["results"])
        if not all(map(_is_row, rows)):
            raise PeerMisbehaved("The peer's _changes lists what is no change.")
        pending = page.get("pending")
        return ChangesPage(rows, page["last_seq"], pending if isinstance(pending, int) else None)

    def revs_diff(self, revisions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
        body = {doc_id: list(revs) for doc_id, revs in revisions.items()}
        answer = _object(self._http.json("POST", "/_revs_diff", body=body))
        for doc_id, entry in answer.items():
            if doc_id not in revisions or not isinstance(entry, dict) or not isinstance(entry.get("missing"), list):
                raise PeerMisbehaved("The peer's _revs_diff is not about what was asked.")
        return answer

    def bulk_get(
        self,
        requests: Sequence[Mapping[str, Any]],
        *,
        revs: bool = False,
        latest: bool = False,
        attachments: bool = False,
    ) -> list[dict[str, Any]]:
        if not requests:
            return []
        asked = _asked(requests, revs=revs, latest=latest, attachments=attachments)
        results = _rows(_object(self._http.json("POST", "/_bulk_get", **asked), "results")["results"])
        if [result.get("id") for result in results] != [request["id"] for request in requests]:
            raise PeerMisbehaved("The peer's _bulk_get does not answer in the order it was asked.")
        for result in results:
            if not all(map(_is_told, _rows(result.get("docs")))):
                raise PeerMisbehaved("The peer's _bulk_get answers neither with a document nor with an error.")
        return results

    def bulk_get_as_it_comes(
        self, requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool
    ) -> Iterator[bytes]:
        """See `sync.database.bulk_get_as_it_comes`. What breaks off at the peer breaks off here."""
        asked = _asked(requests, revs=revs, latest=latest, attachments=attachments)
        pieces = self._http.pieces(self._http.open("POST", "/_bulk_get", **asked))
        first = next(pieces, b"")
        if not first.startswith(b'{"results"'):
            pieces.close()
            raise PeerMisbehaved("The peer's _bulk_get answers with something else than documents.")
        return chain((first,), pieces)

    def bulk_docs(
        self,
        documents: Iterable[Document],
        *,
        new_edits: bool = True,
        durable: bool = True,  # noqa: ARG002 - a server answers once it is on its disk
    ) -> list[dict[str, Any]]:
        docs = list(documents)
        if not docs:
            return []
        if new_edits:
            entries = self._post_docs(docs, new_edits=True)
            if len(entries) != len(docs):
                raise PeerMisbehaved("The peer's _bulk_docs does not answer for each document.")
            return entries
        return self._side_by_side(docs, self._graft_all)

    def _side_by_side(self, items: Sequence[T], ask: Callable[[Sequence[T]], list[dict[str, Any]]]) -> list[Any]:
        """`ask` about all items, in parts on as many connections as there may be; what fails fails for all."""
        count = max(1, min(self.connections, len(items) // ITEMS_MIN))
        if count == 1:
            return ask(items) if items else []
        each = -(-len(items) // count)
        parts = [items[start : start + each] for start in range(0, len(items), each)]
        with ThreadPoolExecutor(len(parts), thread_name_prefix="remote") as pool:
            return [told for answer in pool.map(ask, parts) for told in answer]

    def _graft_all(self, docs: Sequence[Document]) -> list[dict[str, Any]]:
        try:
            return self._graft(docs)
        except (BadRequest, MissingStub) as error:
            # CouchDB refuses a whole batch for one document. An empty one tells whether it was a document at all.
            self._graft([])
            return self._graft_apart(docs, error)

    def _post_docs(self, docs: Sequence[Document], *, new_edits: bool) -> list[dict[str, Any]]:
        body = {"docs": docs if new_edits else [_with_revpos(document) for document in docs], "new_edits": new_edits}
        return _rows(self._http.json("POST", "/_bulk_docs", body=body, repeatable=not new_edits))

    def _graft(self, docs: Sequence[Document]) -> list[dict[str, Any]]:
        # Some peers list what landed as well; the port lists failures alone.
        return [entry for entry in self._post_docs(docs, new_edits=False) if "error" in entry]

    def _graft_apart(self, docs: Sequence[Document], refusal: BadRequest | MissingStub) -> list[dict[str, Any]]:
        """`docs`, refused together, in halves until the guilty stand alone and their neighbours have landed."""
        if len(docs) == 1:
            # What can never be accepted is `forbidden`, as our own databases say it; a stub can come with its bytes.
            word = refusal.error if isinstance(refusal, MissingStub) else Forbidden.error
            return [{"id": docs[0].get("_id"), "rev": docs[0].get("_rev"), "error": word, "reason": refusal.reason}]
        failures: list[dict[str, Any]] = []
        half = len(docs) // 2
        for part in (docs[:half], docs[half:]):
            try:
                failures += self._graft(part)
            except (BadRequest, MissingStub) as error:
                failures += self._graft_apart(part, error)
        return failures

    def get_local(self, local_id: str) -> Document | None:
        try:
            return _object(self._http.json("GET", f"/_local/{_quoted(local_id)}"))
        except NotFound as error:
            if error.reason in ("missing", "deleted"):
                return None
            raise

    def put_local(self, local_id: str, body: Mapping[str, Any]) -> str:
        return _rev(self._http.json("PUT", f"/_local/{_quoted(local_id)}", body=dict(body), repeatable=False))

    def local_ids(self) -> list[str]:
        rows = _rows(_object(self._http.json("GET", "/_local_docs"), "rows")["rows"])
        return [str(row.get("id", "")).removeprefix("_local/") for row in rows]

    def get(
        self,
        doc_id: str,
        *,
        rev: str | None = None,
        revs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> Document:
        params = {
            "rev": rev,
            "revs": _true(revs),
            "conflicts": _true(conflicts),
            "attachments": _true(attachments),
        }
        return _object(self._http.json("GET", _path(doc_id), params=params), "_id", "_rev")

    def put(self, document: Document) -> str:
        doc_id = document.get("_id")
        if not isinstance(doc_id, str) or not doc_id:
            raise BadRequest("A document needs an `_id` that is text.")
        return _rev(self._http.json("PUT", _path(doc_id), body=document, repeatable=False))

    def all_docs(
        self,
        *,
        keys: Sequence[str] | None = None,
        start_key: str | None = None,
        end_key: str | None = None,
        inclusive_end: bool = True,
        descending: bool = False,
        skip: int = 0,
        limit: int | None = None,
        include_docs: bool = False,
        conflicts: bool = False,
        attachments: bool = False,
    ) -> dict[str, Any]:
        params = {
            "start_key": _json(start_key),
            "end_key": _json(end_key),
            "inclusive_end": None if inclusive_end else "false",
            "descending": _true(descending),
            "skip": skip or None,
            "limit": limit,
            "include_docs": _true(include_docs),
            "conflicts": _true(conflicts),
            "attachments": _true(attachments),
        }
        body = None if keys is None else {"keys": list(keys)}
        answer = _object(
            self._http.json("GET" if body is None else "POST", "/_all_docs", params=params, body=body), "rows"
        )
        _rows(answer["rows"])
        return answer

    def attachment(self, doc_id: str, attachment_name: str, *, rev: str | None = None) -> Attachment:
        """Two requests: the stub, which alone knows digest and revpos, then the bytes of that very revision.

        No path leads to an attachment whose name is empty: it comes within the document.
        """
        document = self.get(doc_id, rev=rev, attachments=not attachment_name)
        stub = document.get("_attachments", {}).get(attachment_name)
        if not isinstance(stub, dict):
            raise NotFound("Document is missing attachment")
        try:
            told: dict[str, Any] = {
                "content_type": str(stub.get("content_type", "application/octet-stream")),
                "length": int(stub.get("length", 0)),
                "digest": str(stub.get("digest", "")),
                "revpos": int(stub.get("revpos", 0)),
            }
            data = b"" if attachment_name else base64.b64decode(str(stub.get("data", "")))
        except (TypeError, ValueError) as error:
            raise PeerMisbehaved(f"The peer describes an attachment of {doc_id} in a way that is none.") from error
        if not attachment_name:
            return Attachment(chunks=iter([data]), **{**told, "length": len(data)})
        response = self._http.open(
            "GET",
            f"{_path(doc_id)}/{_quoted(attachment_name)}",
            params={"rev": document["_rev"]},
            headers={"Accept": "*/*", "Accept-Encoding": "identity"},
        )
        return Attachment(chunks=self._http.pieces(response), **told)

    def _server(self) -> str:
        """The uuid of the server; a proxy that does not show its root leaves the address as its identity."""
        if self._server_uuid is None:
            root = self._http.url.rpartition("/")[0]
            try:
                welcome = self._http.json("GET", "/", url=root)
            except (DatabaseError, PeerRefused):
                welcome = None
            uuid = welcome.get("uuid") if isinstance(welcome, dict) else None
            self._server_uuid = uuid if isinstance(uuid, str) else root
        return self._server_uuid


def _path(doc_id: str) -> str:
    if doc_id in (".", ".."):
        raise BadRequest(f"The id {doc_id} cannot stand in a URL.")
    if doc_id.startswith("_design/"):
        return f"/_design/{_quoted(doc_id.removeprefix('_design/'))}"
    return f"/{_quoted(doc_id)}"


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise BadRequest("The id is not text that UTF-8 can carry.") from error


def _with_revpos(document: Document) -> Document:
    """CouchDB gives attachments of a replicated revision the generation 0 where none is named, and then keeps their
    bytes from every peer that has any ancestor.
    """
    if "_attachments" not in document:
        return document
    attachments, rev = document["_attachments"], document.get("_rev")
    if not isinstance(attachments, dict) or not isinstance(rev, str):
        return document
    generation = rev.partition("-")[0]
    if not generation.isdecimal():
        return document
    named = {
        name: {"revpos": int(generation), **entry} if isinstance(entry, dict) and "stub" not in entry else entry
        for name, entry in attachments.items()
    }
    return {**document, "_attachments": named}


def _asked(requests: Sequence[Mapping[str, Any]], *, revs: bool, latest: bool, attachments: bool) -> dict[str, Any]:
    """Parameters and body of `_bulk_get`."""
    params = {"revs": _true(revs), "latest": _true(latest), "attachments": _true(attachments)}
    return {"params": params, "body": {"docs": [dict(request) for request in requests]}}


def _true(value: bool) -> str | None:
    return "true" if value else None


def _json(value: str | None) -> str | None:
    return None if value is None else jsonwire.dumps(value).decode()


def _object(value: Any, *members: str) -> dict[str, Any]:
    if not isinstance(value, dict) or any(member not in value for member in members):
        raise PeerMisbehaved("The peer answers with JSON that is not what a database would say.")
    return value


def _rows(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise PeerMisbehaved("The peer answers with JSON that is not what a database would say.")
    return value


def _is_row(row: dict[str, Any]) -> bool:
    """Does this row of `_changes` name a document and its leaves?"""
    leaves = row.get("changes")
    return (
        isinstance(row.get("id"), str)
        and isinstance(leaves, list)
        and all(isinstance(leaf, dict) and isinstance(leaf.get("rev"), str) for leaf in leaves)
    )


def _is_told(entry: dict[str, Any]) -> bool:
    """Is this entry of `_bulk_get` a document that can be named, or an error?"""
    if "ok" not in entry:
        return isinstance(entry.get("error"), dict)
    document = entry["ok"]
    return isinstance(document, dict) and isinstance(document.get("_id"), str) and isinstance(document.get("_rev"), str)


def _rev(value: Any) -> str:
    rev = _object(value, "rev")["rev"]
    if not isinstance(rev, str):
        raise PeerMisbehaved("The peer answers with a revision that is no text.")
    return rev
