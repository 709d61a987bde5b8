"""`_revs_diff`, `_missing_revs`, `_bulk_get`, `_bulk_docs`: what replication is made of."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask import Response

from sync import jsonwire, multipart
from sync.database import bulk_get_as_it_comes, bulk_get_to_pass_on
from sync.documents import check_form, check_id
from sync.errors import BadRequest, IllegalDocumentId, TooLarge
from sync.face.answer import json_answer, json_pieces, stream_answer
from sync.face.call import Call, strings
from sync.face.documents import as_failed_part, as_part
from sync.face.problems import method_not_allowed
from sync.revisions import parse_rev

# Parameters of a single document's reading or writing, which would have to be of each here.
_OF_ONE_DOCUMENT = ("rev", "open_revs", "atts_since", "w", "new_edits")


def revs_diff(call: Call) -> Response:
    return json_answer(call, _diff(call))


def missing_revs(call: Call) -> Response:
    missing = {doc_id: entry["missing"] for doc_id, entry in _diff(call).items()}
    return json_answer(call, {"missing_revs": missing})


def _diff(call: Call) -> dict[str, dict[str, list[str]]]:
    _only_post(call)
    asked = call.json_object()
    if len(asked) > call.limits.bulk_get_max:
        raise TooLarge(f"At most {call.limits.bulk_get_max} documents are compared at a time.")
    revisions = {doc_id: strings(revs, doc_id) for doc_id, revs in asked.items()}
    return call.database.revs_diff(revisions)


def bulk_get(call: Call) -> Response:
    """Exactly `{"results": […]}`, one a request in its order. Sent in slices, so attachments never gather in memory."""
    _only_post(call)
    for name in _OF_ONE_DOCUMENT:
        if call.text(name) is not None:
            raise BadRequest(f'"{name}" query parameter is not acceptable')
    body = call.json_object()
    asked = body.get("docs")
    if not isinstance(asked, list):
        raise BadRequest("Missing JSON list of 'docs'.")
    if len(asked) > call.limits.bulk_get_max:
        raise TooLarge(f"_bulk_get takes at most {call.limits.bulk_get_max} documents at a time.")
    requests = [_request(item) for item in asked]
    in_parts = not call.accepts("application/json") and (
        call.accepts("multipart/mixed") or call.accepts("multipart/related")
    )
    revs, latest = call.option("revs"), call.option("latest")
    attachments = call.option("attachments") and not in_parts

    if requests and not in_parts and not any(isinstance(each, _Unsound) for each in requests):
        sound_all = [each for each in requests if not isinstance(each, _Unsound)]
        as_it_comes = bulk_get_as_it_comes(call.database, sound_all, revs=revs, latest=latest, attachments=attachments)
        if as_it_comes is not None:
            return json_pieces(call, as_it_comes)

    def read(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Who says what he has of attachments wants the others, whatever is said of all."""

        def ask(wants: bool) -> Iterator[dict[str, Any]]:
            those = [each for each, wanted in zip(asked, wanting, strict=True) if wanted == wants]
            return iter(bulk_get_to_pass_on(call.database, those, revs=revs, latest=latest, attachments=wants))

        wanting = [bool(each.get("atts_since")) or attachments for each in asked]
        found = {wants: ask(wants) for wants in set(wanting)}
        return [next(found[wants]) for wants in wanting]

    def answers(start: int) -> list[dict[str, Any]]:
        part = requests[start : start + call.limits.bulk_get_slice]
        sound = [each for each in part if not isinstance(each, _Unsound)]
        if not sound:
            found = []
        elif in_parts:
            found = call.database.bulk_get(sound, revs=revs, latest=latest, attachments=False)
            _name_all(found)
        else:
            found = read(sound)
            _name_all(found)
        if len(sound) == len(part):
            return found
        in_order = iter(found)
        return [each.answer if isinstance(each, _Unsound) else next(in_order) for each in part]

    # The first slice is asked for before the status is sent, so that most failures still have one.
    first = answers(0)

    if in_parts:
        later = range(call.limits.bulk_get_slice, len(requests), call.limits.bulk_get_slice)
        known = [[] if isinstance(each, _Unsound) else each.get("atts_since", []) for each in requests]
        return _parts(call, chain(first, chain.from_iterable(map(answers, later))), known)

    def pieces() -> Iterator[bytes]:
        yield b'{"results":['
        yield b",".join(jsonwire.dumps(item) for item in first)
        for start in range(call.limits.bulk_get_slice, len(requests), call.limits.bulk_get_slice):
            yield b"," + b",".join(jsonwire.dumps(item) for item in answers(start))
        yield b"]}\n"

    return json_pieces(call, pieces())


def _parts(call: Call, found: Iterable[dict[str, Any]], known: list[list[str]]) -> Response:
    """The same as multipart, each document with the bytes behind it of the attachments its reader lacks."""
    kind = "multipart/mixed" if call.accepts("multipart/mixed") else "multipart/related"
    outer, inner = secrets.token_hex(16), secrets.token_hex(16)
    parts = (
        as_part(call, entry["ok"], inner, known=had, named=True) if "ok" in entry else as_failed_part(entry["error"])
        for answer, had in zip(found, known, strict=True)
        for entry in answer["docs"]
    )
    return stream_answer(multipart.write_mixed(parts, outer), content_type=f'{kind}; boundary="{outer}"')


def _name_all(found: list[dict[str, Any]]) -> None:
    """Of a document that is not there, CouchDB calls the revision nobody named `undefined`."""
    for answer in found:
        for entry in answer["docs"]:
            error = entry.get("error")
            if error is not None and error.get("rev") is None and error.get("error") == "not_found":
                error["rev"] = "undefined"


@dataclass(frozen=True, slots=True)
class _Unsound:
    """A request that is none: it is answered in its place, like any other."""

    answer: dict[str, Any]


def _request(item: Any) -> dict[str, Any] | _Unsound:
    if not isinstance(item, dict) or not item:
        return _unsound(None, "document must be a JSON object")
    doc_id = item.get("id")
    if doc_id is None:
        return _unsound(None, "document id missed")
    try:
        check_id(doc_id)
    except IllegalDocumentId as error:
        return _unsound(doc_id, error.reason, error=error.error)
    request: dict[str, Any] = {"id": doc_id}
    if "rev" in item:
        if not _is_rev(item["rev"]):
            return _unsound(doc_id, "Invalid rev format", rev=item["rev"])
        request["rev"] = item["rev"]
    if "atts_since" in item:
        since = item["atts_since"]
        if not isinstance(since, list):
            return _unsound(doc_id, "att_since value must be array of revs.", rev=since)
        for each in since:
            if not _is_rev(each):
                return _unsound(doc_id, "Invalid rev format", rev=each)
        request["atts_since"] = since
    return request


def _is_rev(told: Any) -> bool:
    try:
        parse_rev(told)
    except BadRequest:
        return False
    return True


def _unsound(doc_id: Any, reason: str, *, rev: Any = None, error: str = "bad_request") -> _Unsound:
    told = {"id": doc_id, "rev": rev, "error": error, "reason": reason}
    return _Unsound({"id": doc_id, "docs": [{"error": told}]})


def bulk_docs(call: Call) -> Response:
    """201 with an entry a document (new_edits), or with the failures alone (new_edits=false)."""
    _only_post(call)
    body = call.json_object()
    if "docs" not in body:
        raise BadRequest("POST body must include `docs` parameter.")
    documents = body["docs"]
    if not isinstance(documents, list):
        raise BadRequest("`docs` parameter must be an array.")
    if len(documents) > call.limits.bulk_docs_max:
        raise TooLarge(f"_bulk_docs takes at most {call.limits.bulk_docs_max} documents at a time.")
    new_edits = body.get("new_edits", True)
    if not isinstance(new_edits, bool):
        raise BadRequest("`new_edits` parameter must be a boolean.")
    if not all(isinstance(document, dict) for document in documents):
        raise BadRequest("Document must be a JSON object")
    if new_edits:
        # As CouchDB: what is no document refuses the batch. Of a replicated one it is an entry: its sender could do
        # nothing about the neighbours, and would send them for ever.
        for document in documents:
            check_form(document)
    elif documents and all(document.keys().isdisjoint(("_rev", "_revisions")) for document in documents):
        # One among others is an entry. A batch without any is no replication, and nobody's neighbour is lost.
        raise BadRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
    if body.get("all_or_nothing") and documents:
        refused = {"error": "not_implemented", "reason": "all_or_nothing is not supported"}
        return json_answer(call, [{"id": each.get("_id"), **refused} for each in documents], status=417)
    return json_answer(call, call.database.bulk_docs(documents, new_edits=new_edits), status=201)


def _only_post(call: Call) -> None:
    if call.method != "POST":
        raise method_not_allowed("POST")
