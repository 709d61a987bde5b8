"""A page of a store's feed or listing: which rows, from where to where. It must never write, and never wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.canonical import INTEGER_MAX
from sync.database import ChangesPage, Document, Seq, Style
from sync.errors import BadRequest
from sync.store_reading import Reader, Row, is_text

NO_LIMIT = -1  # SQLite's LIMIT for none


def sequence_number(since: Seq) -> int:
    try:
        return whole(int(since))
    except (TypeError, ValueError) as error:
        raise BadRequest("Malformed sequence supplied in 'since' parameter.") from error


def whole(number: int) -> int:
    """Within what SQLite counts with; beyond it nothing is kept anyway."""
    return min(max(number, 0), INTEGER_MAX)


def changes_page(
    reader: Reader,
    after: int,
    before: int = INTEGER_MAX,
    *,
    limit: int,
    style: Style,
    descending: bool,
    doc_ids: Sequence[str] | None,
    with_docs: Mapping[str, Any] | None,
) -> ChangesPage:
    if doc_ids is None:
        page = reader.rows_between(after, before, limit=limit, descending=descending)
        matching = len(page) if len(page) < limit or limit == NO_LIMIT else reader.count_between(after, before)
    else:
        named = reader.rows(doc_id for doc_id in doc_ids if is_text(doc_id))
        found = [row for row in named.values() if after < row.seq < before]
        found.sort(key=lambda row: row.seq, reverse=descending)
        page = found if limit == NO_LIMIT else found[:limit]
        matching = len(found)
    results = [row.change(style) for row in page]
    if with_docs is not None:
        for change, document in zip(results, reader.winners(page, **with_docs), strict=True):
            change["doc"] = document
    pending = matching - len(page)
    if limit == 0:
        return ChangesPage(results, after, pending)
    if page and (pending or descending):
        return ChangesPage(results, page[-1].seq, pending)
    return ChangesPage(results, reader.last_seq() if before == INTEGER_MAX else before, pending)


def id_bounds(
    start_key: str | None, end_key: str | None, *, inclusive_end: bool, descending: bool
) -> tuple[str, list[str]]:
    if not all(key is None or is_text(key) for key in (start_key, end_key)):
        raise BadRequest("start_key and end_key must be text.")
    bounds, values = "", []
    if start_key is not None:
        bounds += " AND id <= ?" if descending else " AND id >= ?"
        values.append(start_key)
    if end_key is not None:
        bounds += (" AND id >" if descending else " AND id <") + ("= ?" if inclusive_end else " ?")
        values.append(end_key)
    return bounds, values


def listed(reader: Reader, rows: Sequence[Row], with_docs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Rows of `_all_docs`."""
    live = [row for row in rows if not row.deleted] if with_docs is not None else []
    documents = iter(reader.winners(live, **(with_docs or {})))
    return [_listed(row, documents, with_docs=with_docs is not None) for row in rows]


def _listed(row: Row, documents: Iterator[Document], *, with_docs: bool) -> dict[str, Any]:
    listed: dict[str, Any] = {"id": row.doc_id, "key": row.doc_id, "value": {"rev": row.winner}}
    if row.deleted:
        listed["value"]["deleted"] = True
    if with_docs:
        listed["doc"] = None if row.deleted else next(documents)
    return listed


def rows_of_keys(reader: Reader, keys: Sequence[str], with_docs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    rows = reader.rows(key for key in keys if is_text(key))
    found = iter(listed(reader, [rows[key] for key in keys if key in rows], with_docs))
    return [next(found) if key in rows else {"key": key, "error": "not_found"} for key in keys]
