"""`_all_docs`, `_design_docs` and `_local_docs`: documents in the order of their ids, by range or by key.

Whole databases are listed, so rows leave page by page: what changes between two pages may show in the later one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from flask import Response

from sync import jsonwire
from sync.database import Database, Document
from sync.documents import LOCAL_PREFIX
from sync.errors import BadRequest, DatabaseError, TooLarge
from sync.face.answer import json_pieces
from sync.face.call import WHOLE_MAX, Call, as_told
from sync.face.problems import WireError, method_not_allowed

DESIGN_PREFIX = "_design/"
_BEHIND_DESIGNS = "_design0"  # the next text after all that begin so


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for: `start_key` stands where the listing begins, also when it descends."""

    keys: list[Any] | None
    start_key: str | None
    end_key: str | None
    inclusive_end: bool
    # The one end lies before the other.
    nothing: bool
    descending: bool
    skip: int
    limit: int | None
    include_docs: bool
    conflicts: bool
    attachments: bool
    update_seq: bool


Pages = Iterator[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is said before the rows, and the rows as they are asked for."""

    head: dict[str, Any]
    pages: Pages


Lister = Callable[[Call, Query], Listing]


def listing(call: Call, name: str) -> Response:
    """GET and POST `/{db}/_all_docs` and its kin; POST `…/queries` answers several at once."""
    lister = _LISTERS[name]
    if call.segments[1:] == ("queries",):
        return _queries(call, lister)
    if call.method not in ("GET", "POST"):
        raise method_not_allowed("GET", "HEAD", "POST")
    body: Mapping[str, Any] = {}
    if call.method == "POST":
        body = call.json_object()
    return json_pieces(call, chain(_listed(call, lister, _Options(call, body).query()), (b"\n",)))


def _queries(call: Call, lister: Lister) -> Response:
    if call.method != "POST":
        raise method_not_allowed("POST")
    body = call.json_object()
    queries = body.get("queries")
    if "queries" not in body:
        raise BadRequest("POST body must include `queries` parameter.")
    if not isinstance(queries, list) or not all(isinstance(each, dict) for each in queries):
        raise BadRequest("`queries` member must be an array.")
    if len(queries) > call.limits.queries_max:
        raise TooLarge(f"At most {call.limits.queries_max} queries at a time.")
    # All are read before the first is answered: a bad one still has its status.
    asked = [_Options(call, each, own=True).query() for each in queries]

    def pieces() -> Iterator[bytes]:
        yield b'{"results":['
        for at, query in enumerate(asked):
            yield b"," if at else b""
            yield from _listed(call, lister, query)
        yield b"]}\n"

    return json_pieces(call, pieces())


def _listed(call: Call, lister: Lister, query: Query) -> Iterator[bytes]:
    """The JSON of one listing. Its first page is asked for before the first piece, so that a refusal has its status."""
    found = lister(call, query)
    head = found.head
    if query.update_seq:
        # What stands nowhere in the order of ids was looked up one by one: as it was at no one sequence.
        head = {**head, "update_seq": None if head["offset"] is None else call.database.info()["update_seq"]}
    yield jsonwire.dumps(head)[:-1] + b',"rows":['
    separator = b""
    for rows in found.pages:
        if rows:
            yield separator + b",".join(map(jsonwire.dumps, rows))
            separator = b","
    yield b"]}"


def _page_rows(call: Call, query: Query) -> int:
    return call.limits.page_docs if query.include_docs else call.limits.page_rows


def _all_docs(call: Call, query: Query) -> Listing:
    if query.keys is None:
        return _range(call, query)
    wanted = list(reversed(query.keys)) if query.descending else query.keys
    wanted = wanted[query.skip :] if query.limit is None else wanted[query.skip : query.skip + query.limit]
    how: dict[str, Any] = {
        "include_docs": query.include_docs,
        "conflicts": query.conflicts,
        "attachments": query.attachments,
    }

    def page(start: int) -> dict[str, Any]:
        keys = wanted[start : start + at_once]
        found = call.database.all_docs(keys=[key for key in keys if isinstance(key, str)], **how)
        rows = iter(found["rows"])
        listed = [next(rows) if isinstance(key, str) else {"key": key, "error": "not_found"} for key in keys]
        return {**found, "rows": listed}

    at_once = _page_rows(call, query)
    first = page(0)
    later = (page(start)["rows"] for start in range(at_once, len(wanted), at_once))
    # Rows by name stand nowhere in the order of ids.
    return Listing({"total_rows": first["total_rows"], "offset": None}, chain((first["rows"],), later))


def _range(call: Call, query: Query) -> Listing:
    at_once, limit = _page_rows(call, query), 0 if query.nothing else query.limit
    how: dict[str, Any] = {
        "end_key": query.end_key,
        "inclusive_end": query.inclusive_end,
        "descending": query.descending,
        "include_docs": query.include_docs,
        "conflicts": query.conflicts,
        "attachments": query.attachments,
    }
    asked = at_once if limit is None else min(limit, at_once)
    first = call.database.all_docs(start_key=query.start_key, skip=query.skip, limit=asked, **how)
    rows = first.pop("rows")

    def pages(rows: list[dict[str, Any]], asked: int, left: int | None) -> Pages:
        while True:
            yield rows
            left = None if left is None else left - len(rows)
            if len(rows) < asked or left == 0:
                return
            asked, last = at_once if left is None else min(left, at_once), rows[-1]["id"]
            # From the last row on, which may be gone by now: passing one row unseen could pass its neighbour.
            rows = call.database.all_docs(start_key=last, limit=asked + 1, **how)["rows"]
            rows = rows[1:] if rows and rows[0]["id"] == last else rows[:asked]

    return Listing(first, pages(rows, asked, limit))


def _design_docs(call: Call, query: Query) -> Listing:
    """The same among the ids that begin with `_design/`, counted alone."""
    before, until = (
        call.database.all_docs(start_key=key, limit=0)["offset"] for key in (DESIGN_PREFIX, _BEHIND_DESIGNS)
    )
    total = until - before
    if query.keys is not None:
        keys = [key for key in query.keys if isinstance(key, str) and key.startswith(DESIGN_PREFIX)]
        found = _all_docs(call, replace(query, keys=keys))
        return Listing({**found.head, "total_rows": total}, found.pages)
    low, high = (query.end_key, query.start_key) if query.descending else (query.start_key, query.end_key)
    inclusive = query.inclusive_end
    if low is None or low < DESIGN_PREFIX:
        low, inclusive = DESIGN_PREFIX, inclusive or query.descending
    if high is None or high >= _BEHIND_DESIGNS:
        # No id is the last of them; none of them is what stands behind.
        high, inclusive = _BEHIND_DESIGNS, inclusive and query.descending
    start_key, end_key = (high, low) if query.descending else (low, high)
    nothing = query.nothing or low >= _BEHIND_DESIGNS or high < DESIGN_PREFIX
    found = _range(call, replace(query, start_key=start_key, end_key=end_key, inclusive_end=inclusive, nothing=nothing))
    # As CouchDB counts: what stands before the first row of all documents, and at most as many as are listed.
    return Listing({"total_rows": total, "offset": min(found.head["offset"], total)}, found.pages)


def _local_docs(call: Call, query: Query) -> Listing:
    """Of these the ids are in memory at once; the documents are not."""
    present = set(call.database.local_ids())
    if query.keys is not None:
        chosen = [key for key in query.keys if isinstance(key, str) and key.startswith(LOCAL_PREFIX)]
        chosen = list(reversed(chosen)) if query.descending else chosen
        chosen = chosen[query.skip :] if query.limit is None else chosen[query.skip : query.skip + query.limit]
    else:
        chosen = _chosen(sorted(LOCAL_PREFIX + each for each in present), query)
    pages = ([_local_row(call.database, key, query, present)] for key in chosen)
    return Listing({"total_rows": None, "offset": None}, pages)


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


def _chosen(ids: list[str], query: Query) -> list[str]:
    """Of `ids` in order, those of the query's page."""

    def begun(key: str) -> bool:
        return query.start_key is None or (key <= query.start_key if query.descending else key >= query.start_key)

    def ended(key: str) -> bool:
        if query.end_key is None or (key == query.end_key and query.inclusive_end):
            return False
        return key == query.end_key or (key < query.end_key if query.descending else key > query.end_key)

    if query.nothing:
        return []
    within = [key for key in (reversed(ids) if query.descending else ids) if begun(key) and not ended(key)]
    return within[query.skip :] if query.limit is None else within[query.skip : query.skip + query.limit]


_LISTERS: dict[str, Lister] = {"_all_docs": _all_docs, "_design_docs": _design_docs, "_local_docs": _local_docs}


NAMES = frozenset(_LISTERS)


class _Options:
    """Options of one listing, from the query string and from a body, in which what is said last counts.

    CouchDB reads the body first, and of `own` options – those of one of several `queries` – the body last.
    """

    def __init__(self, call: Call, body: Mapping[str, Any], *, own: bool = False) -> None:
        self._call, self._body, self._own = call, body, own

    def query(self) -> Query:
        keys, start, end = self._rows()
        if keys is not None and len(keys) > self._call.limits.keys_max:
            raise TooLarge(f"At most {self._call.limits.keys_max} keys at a time.")
        # Of a view these choose among rows of one key. Here the id is the key, and they count where there is no other.
        start = self._id_named(*_START_IDS) if start is _ABSENT else start
        end = self._id_named(*_END_IDS) if end is _ABSENT else end
        self._refuse_reducing()
        self._refuse_unknown()
        descending, inclusive_end = self._flag("descending"), self._flag("inclusive_end", default=True)
        start_key, end_key = _place(start), _place(end)
        crossed = start_key is not None and end_key is not None and start_key != end_key
        return Query(
            keys=keys,
            start_key=start_key,
            end_key=end_key,
            inclusive_end=inclusive_end,
            nothing=crossed and keys is None and (str(start_key) > str(end_key)) != descending,
            descending=descending,
            skip=self._whole("skip") or 0,
            limit=self._limit(),
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

    def _refuse_unknown(self) -> None:
        """What is of no consequence here is still said in CouchDB's way."""
        for name in ("att_encoding_info", "sorted"):
            self._flag(name)
        for name, allowed in _FRESHNESS.items():
            told = self._body.get(name) if self._in_body(name) else self._call.text(name)
            if told is not None and not (isinstance(told, bool) and name != "stale") and told not in allowed:
                raise WireError(400, "query_parse_error", f"Invalid value for `{name}`.")
        if self._call.text("partition") is not None or "partition" in self._body:
            raise WireError(400, "query_parse_error", "`partition` parameter is not supported on this db")

    def _limit(self) -> int | None:
        given = self._call.text("limit")
        if given is not None and given.isdigit() and len(given) < 100 and int(given) > _LIMIT_MAX:
            reason = f"Limit is too large, must not exceed {_LIMIT_MAX}"
            raise WireError(400, "query_parse_error", reason)
        return self._whole("limit")

    def _told(self, *names: str) -> list[tuple[str, Any]]:
        """What is said under these names, in the order in which it counts."""
        asked = [(name, self._call.json(name)) for name in self._call.request.args if name in names]
        sent = [(name, value) for name, value in self._body.items() if name in names]
        return [*asked, *sent] if self._own else [*sent, *asked]

    def _rows(self) -> tuple[list[Any] | None, Any, Any]:
        """The keys asked for, or where the listing begins and ends.

        Keys in the body, or of a GET, are answered one by one; where they are told otherwise, one alone is as good as
        `key`.
        """
        keys: list[Any] | None = None
        names = _ENDS
        if not self._own and ("keys" in self._body or self._call.method == "GET"):
            where = "body member" if "keys" in self._body else "parameter"
            keys = self._body["keys"] if "keys" in self._body else self._call.json("keys")
            if not isinstance(keys, list) and (keys is not None or "keys" in self._body):
                raise BadRequest(f"`keys` {where} must be an array.")
            if "keys" in self._body and not (_ENDS | {"keys"}).isdisjoint(self._call.request.args):
                raise _incompatible()
        else:
            names = _ENDS | {"keys"}
        start = end = _ABSENT
        for name, value in self._told(*names):
            if name == "keys" and not isinstance(value, list):
                raise WireError(400, "query_parse_error", "`keys` must be an array of strings.")
            if name == "keys" and len(value) != 1:
                keys = value
                continue
            key = value[0] if name == "keys" else value
            if name in ("keys", "key", "startkey", "start_key"):
                start = key
            if name in ("keys", "key", "endkey", "end_key"):
                end = key
        if keys is not None and len(keys) != 1 and not (start is _ABSENT and end is _ABSENT):
            raise _incompatible()
        return keys, start, end

    def _id_named(self, *names: str) -> Any:
        """The id that the last of these options holds; text even where its JSON is none."""
        asked = [self._call.text(name) for name in self._call.request.args if name in names]
        sent = [value for name, value in self._body.items() if name in names]
        told = [_ABSENT, *asked, *sent] if self._own else [_ABSENT, *sent, *asked]
        return told[-1] if told[-1] is _ABSENT or isinstance(told[-1], str) else jsonwire.dumps(told[-1]).decode()

    def _in_body(self, name: str) -> bool:
        return name in self._body and (self._own or self._call.text(name) is None)

    def _flag(self, name: str, *, default: bool = False) -> bool:
        if not self._in_body(name):
            return self._call.flag(name, default=default)
        value = self._body[name]
        told = value.lower() == "true" if isinstance(value, str) and value.lower() in ("true", "false") else value
        if not isinstance(told, bool):
            raise WireError(400, "query_parse_error", f"Invalid boolean parameter: {as_told(value)}")
        return told

    def _whole(self, name: str) -> int | None:
        if not self._in_body(name):
            return self._call.whole(name)
        value = self._body[name]
        if not isinstance(value, int) or isinstance(value, bool):
            told = f'<<"{value[:80]}">>' if isinstance(value, str) else as_told(value)
            raise WireError(400, "query_parse_error", f"Invalid value for integer: {told}")
        if value < 0:
            raise WireError(400, "query_parse_error", f"Invalid value for positive integer: {value}")
        return min(value, WHOLE_MAX)


_ABSENT: Any = object()


def _incompatible() -> WireError:
    return WireError(400, "query_parse_error", "`keys` is incompatible with `key`, `start_key` and `end_key`")


# CouchDB's own: the largest small integer of Erlang.
_LIMIT_MAX = 576460752303423487
# How fresh a view has to be; a listing always is.
_FRESHNESS: dict[str, tuple[Any, ...]] = {
    "stable": ("true", "false"),
    "update": ("true", "false", "lazy"),
    "stale": ("ok", "update_after"),
}
_ENDS = frozenset({"key", "startkey", "start_key", "endkey", "end_key"})
_START_IDS = ("startkey_docid", "start_key_doc_id")
_END_IDS = ("endkey_docid", "end_key_doc_id")


def _place(key: Any) -> str | None:
    """Where `key` stands among ids, which are text. To CouchDB's listings any other value stands before all text."""
    return None if key is _ABSENT else key if isinstance(key, str) else ""
