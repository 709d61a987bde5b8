"""`_all_docs`, `_design_docs` and `_local_docs`: documents in the order of their ids, by range or by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response

from sync.database import Database, Document
from sync.documents import LOCAL_PREFIX
from sync.errors import BadRequest, DatabaseError, TooLarge
from sync.face.answer import json_answer
from sync.face.call import Call
from sync.face.problems import WireError, method_not_allowed

DESIGN_PREFIX = "_design/"


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for: `start_key` stands where the listing begins, also when it descends."""

    keys: list[Any] | None
    start_key: str | None
    end_key: str | None
    inclusive_end: bool
    nothing: bool
    descending: bool
    skip: int
    limit: int | None
    include_docs: bool
    conflicts: bool
    attachments: bool
    update_seq: bool


Lister = Callable[[Database, Query], dict[str, Any]]


def listing(call: Call, name: str) -> Response:
    """GET and POST `/{db}/_all_docs` and its kin; POST `…/queries` answers several at once."""
    lister = _LISTERS[name]
    if call.segments[1:] == ("queries",):
        return _queries(call, lister)
    if call.method not in ("GET", "POST"):
        raise method_not_allowed("GET", "HEAD", "POST")
    body: Mapping[str, Any] = {}
    if call.method == "POST":
        call.require_json()
        if not call.has_body:
            raise BadRequest("Missing request body")
        body = call.json_object()
    return json_answer(call, _list(call, lister, _Options(call, body)))


def _queries(call: Call, lister: Lister) -> Response:
    if call.method != "POST":
        raise method_not_allowed("POST")
    queries = call.json_object().get("queries")
    if not isinstance(queries, list) or not all(isinstance(each, dict) for each in queries):
        raise BadRequest("POST body must include `queries` parameter.")
    if len(queries) > call.limits.queries_max:
        raise TooLarge(f"At most {call.limits.queries_max} queries at a time.")
    return json_answer(call, {"results": [_list(call, lister, _Options(call, each)) for each in queries]})


def _list(call: Call, lister: Lister, options: _Options) -> dict[str, Any]:
    query = options.query()
    answer = lister(call.database, query)
    if query.update_seq:
        rows = answer.pop("rows")
        answer = {**answer, "update_seq": call.database.info()["update_seq"], "rows": rows}
    return answer


def _all_docs(database: Database, query: Query) -> dict[str, Any]:
    how: dict[str, Any] = {
        "descending": query.descending,
        "skip": query.skip,
        "limit": 0 if query.nothing else query.limit,
        "include_docs": query.include_docs,
        "conflicts": query.conflicts,
        "attachments": query.attachments,
    }
    if query.keys is None:
        return database.all_docs(
            start_key=query.start_key, end_key=query.end_key, inclusive_end=query.inclusive_end, **how
        )
    texts = [key for key in query.keys if isinstance(key, str)]
    if len(texts) == len(query.keys):
        # Rows by name stand nowhere in the order of ids.
        return {**database.all_docs(keys=texts, **how), "offset": None}
    wanted = list(reversed(query.keys)) if query.descending else query.keys
    wanted = wanted[query.skip :] if query.limit is None else wanted[query.skip : query.skip + query.limit]
    how |= {"skip": 0, "limit": None, "descending": False}
    found = database.all_docs(keys=[key for key in wanted if isinstance(key, str)], **how)
    rows = iter(found["rows"])
    listed = [next(rows) if isinstance(key, str) else {"key": key, "error": "not_found"} for key in wanted]
    return {**found, "offset": None, "rows": listed}


def _design_docs(database: Database, query: Query) -> dict[str, Any]:
    """The same among the ids that begin with `_design/`, counted alone."""
    everything = database.all_docs(start_key=DESIGN_PREFIX, end_key="_design0", inclusive_end=False)
    total = len(everything["rows"])
    if query.keys is not None:
        keys = [key for key in query.keys if isinstance(key, str) and key.startswith(DESIGN_PREFIX)]
        return {**_all_docs(database, replace(query, keys=keys)), "total_rows": total}
    ids = [row["id"] for row in everything["rows"]]
    chosen, passed = _chosen(ids, query)
    found = _all_docs(database, replace(query, keys=chosen, skip=0, limit=None, descending=False, nothing=False))
    return {**found, "total_rows": total, "offset": passed}


def _local_docs(database: Database, query: Query) -> dict[str, Any]:
    if query.keys is not None:
        chosen = [key for key in query.keys if isinstance(key, str) and key.startswith(LOCAL_PREFIX)]
        chosen = list(reversed(chosen)) if query.descending else chosen
        chosen = chosen[query.skip :] if query.limit is None else chosen[query.skip : query.skip + query.limit]
        present = set(database.local_ids())
    else:
        present = set(database.local_ids())
        chosen, _ = _chosen(sorted(LOCAL_PREFIX + each for each in present), query)
    rows = [_local_row(database, key, query, present) for key in chosen]
    return {"total_rows": None, "offset": None, "rows": rows}


def _local_row(database: Database, key: str, query: Query, present: set[str]) -> dict[str, Any]:
    local_id = key.removeprefix(LOCAL_PREFIX)
    try:
        found: Document | None = database.get_local(local_id) if local_id in present else None
    except DatabaseError:
        found = None
    if found is None:
        return {"key": key, "error": "not_found"}
    row: dict[str, Any] = {"id": key, "key": key, "value": {"rev": found["_rev"]}}
    return {**row, "doc": found} if query.include_docs else row


def _chosen(ids: list[str], query: Query) -> tuple[list[str], int]:
    """Of `ids` in order, those of the query's page; and how many stand before it."""

    def begun(key: str) -> bool:
        return query.start_key is None or (key <= query.start_key if query.descending else key >= query.start_key)

    def ended(key: str) -> bool:
        if query.end_key is None or (key == query.end_key and query.inclusive_end):
            return False
        return key == query.end_key or (key < query.end_key if query.descending else key > query.end_key)

    ordered = list(reversed(ids)) if query.descending else ids
    within = [key for key in ordered if begun(key) and not ended(key)]
    passed = sum(1 for key in ordered if not begun(key)) + min(query.skip, len(within))
    page = within[query.skip :] if query.limit is None else within[query.skip : query.skip + query.limit]
    return ([] if query.nothing else page), passed


_LISTERS: dict[str, Lister] = {"_all_docs": _all_docs, "_design_docs": _design_docs, "_local_docs": _local_docs}


NAMES = frozenset(_LISTERS)


class _Options:
    """Options of one listing: what the query string says counts before a member of the body."""

    def __init__(self, call: Call, body: Mapping[str, Any]) -> None:
        self._call, self._body = call, body

    def query(self) -> Query:
        keys = self._body.get("keys", self._call.json("keys"))
        if keys is not None and not isinstance(keys, list):
            where = "body member" if "keys" in self._body else "parameter"
            raise BadRequest(f"`keys` {where} must be an array.")
        if keys is not None and len(keys) > self._call.limits.keys_max:
            raise TooLarge(f"At most {self._call.limits.keys_max} keys at a time.")
        start, end = self._ends()
        if keys is not None and not (start is _ABSENT and end is _ABSENT):
            reason = "`keys` is incompatible with `key`, `start_key` and `end_key`"
            raise WireError(400, "query_parse_error", reason)
        self._refuse_reducing()
        descending, inclusive_end = self._flag("descending"), self._flag("inclusive_end", default=True)
        nothing = False
        # Ids are text, and to CouchDB's listings any other value stands before all text.
        if start is not _ABSENT and not isinstance(start, str):
            nothing = descending
        if end is not _ABSENT and not isinstance(end, str):
            nothing = nothing or not descending
        start_key, end_key = (key if isinstance(key, str) else None for key in (start, end))
        if start_key is not None and end_key is not None and start_key != end_key:
            nothing = nothing or (start_key > end_key) != descending
        return Query(
            keys=keys,
            start_key=start_key,
            end_key=end_key,
            inclusive_end=inclusive_end,
            nothing=nothing and keys is None,
            descending=descending,
            skip=self._whole("skip") or 0,
            limit=self._whole("limit"),
            include_docs=self._flag("include_docs"),
            conflicts=self._flag("conflicts"),
            attachments=self._flag("attachments"),
            update_seq=self._flag("update_seq"),
        )

    def _refuse_reducing(self) -> None:
        """A listing has nothing to reduce, and says so to who asks."""
        if self._flag("reduce"):
            raise WireError(400, "query_parse_error", "Reduce is invalid for map-only views.")
        if self._flag("group") or self._whole("group_level"):
            raise WireError(400, "query_parse_error", "Invalid use of grouping on a map view.")

    def _ends(self) -> tuple[Any, Any]:
        """Where the listing begins and ends; of several that say so, the last, and the body after the query."""
        start = end = _ABSENT
        told = [(name, self._call.json(name)) for name in self._call.request.args if name in _ENDS]
        for name, value in [*told, *self._body.items()]:
            if name in ("key", "startkey", "start_key"):
                start = value
            if name in ("key", "endkey", "end_key"):
                end = value
        return start, end

    def _flag(self, name: str, *, default: bool = False) -> bool:
        value = self._body.get(name)
        if value is None or self._call.text(name) is not None:
            return self._call.flag(name, default=default)
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise WireError(400, "query_parse_error", f"Invalid boolean parameter: {name}")

    def _whole(self, name: str) -> int | None:
        value = self._body.get(name)
        if value is None or self._call.text(name) is not None:
            return self._call.whole(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise WireError(400, "query_parse_error", f"Invalid value for positive integer: {name}")
        return min(value, 2**53)


_ABSENT: Any = object()
_ENDS = frozenset({"key", "startkey", "start_key", "endkey", "end_key"})
