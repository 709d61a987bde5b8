"""`_all_docs`: ids in order, by range or by key."""

from __future__ import annotations

from typing import Any

from flask import Response

from sync.errors import BadRequest
from sync.face.answer import json_answer
from sync.face.call import Call, strings
from sync.face.problems import bad_parameter, method_not_allowed


def all_docs(call: Call) -> Response:
    if call.method == "GET":
        options: dict[str, Any] = {}
    elif call.method == "POST":
        options = call.json_object()
    else:
        raise method_not_allowed("GET", "HEAD", "POST")
    keys = options.get("keys", call.json("keys"))
    if keys is not None:
        keys = strings(keys, "keys")
    start, end = _key(call, options, "start_key", "startkey"), _key(call, options, "end_key", "endkey")
    only = _key(call, options, "key", "key")
    if only is not None:
        start = end = only
    inclusive_end = _flag(call, options, "inclusive_end", default=True) or only is not None
    answer = call.database.all_docs(
        keys=keys,
        start_key=start,
        end_key=end,
        inclusive_end=inclusive_end,
        descending=_flag(call, options, "descending"),
        skip=_whole(call, options, "skip") or 0,
        limit=_whole(call, options, "limit"),
        include_docs=_flag(call, options, "include_docs"),
        conflicts=_flag(call, options, "conflicts"),
        attachments=_flag(call, options, "attachments"),
    )
    if keys is not None:
        # Rows by name stand nowhere in the order of ids.
        answer = {**answer, "offset": None}
    return json_answer(call, answer)


def _key(call: Call, options: dict[str, Any], *names: str) -> str | None:
    value = next((options[name] for name in names if name in options), None)
    if value is None:
        value = call.json(*names)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"`{names[0]}` must be a string: ids are.")
    return value


def _flag(call: Call, options: dict[str, Any], name: str, *, default: bool = False) -> bool:
    value = options.get(name)
    if value is None:
        return call.flag(name, default=default)
    if not isinstance(value, bool):
        raise bad_parameter(name, "true or false")
    return value


def _whole(call: Call, options: dict[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None:
        return call.whole(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_parameter(name, "a whole number")
    return value
