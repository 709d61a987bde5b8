"""Mango selectors: which documents a `_selector` filter lets through. Pure.

A selector is compiled once into a question about a document. Values compare across types as CouchDB collates them:
null, false, true, numbers, text, arrays, objects. A field that is missing satisfies nothing but `{"$exists": false}`,
negations included, because negations are pushed down to the fields they speak of.

`$regex` is left out: a pattern can be written that holds the process for hours, and Python's engine cannot be stopped.
Text is ordered by code points, where CouchDB orders by ICU's rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync.errors import BadRequest, NotImplementedHere

SELECTOR_TERMS_MAX = 1_000
"""Every document of a feed is asked every term: more than anybody writes by hand, and still fast."""

_INDEX = re.compile("[0-9]{1,9}")

Predicate = Callable[[Any], bool]


def matcher(selector: object) -> Predicate:
    """The question that `selector` asks of a document. Raises BadRequest, NotImplementedHere."""
    if not isinstance(selector, Mapping):
        raise BadRequest("Selector error: expected a JSON object")
    return _Compiler().compile(selector, (), negated=False)


def projection(fields: object) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """What is shown of a document where only `fields` are asked for; none named are all. Raises BadRequest."""
    if not isinstance(fields, list):
        raise BadRequest("Selector error: fields must be JSON array")
    if len(fields) > SELECTOR_TERMS_MAX:
        raise BadRequest(f"More than {SELECTOR_TERMS_MAX} fields are asked for.")
    for name in fields:
        if not isinstance(name, str):
            raise BadRequest(f"Invalid JSON for field spec: {_in_erlang(name)[:200]}")
        if not name:
            raise BadRequest("Invalid field name: ")
    paths = [_fields(name) for name in fields]
    return (lambda document: _shown(document, paths)) if paths else (lambda document: document)


def _shown(document: Mapping[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for path in paths:
        value = _field(document, tuple(path))
        if isinstance(value, _Missing):
            continue
        within: Any = shown
        for name in path[:-1]:
            # A copy: what stands there already may be the document's own.
            within[name] = dict(within[name]) if isinstance(within.get(name), Mapping) else {}
            within = within[name]
        within[path[-1]] = value
    return shown


class _Missing:
    """Where a field would be."""


_MISSING = _Missing()
# Below what is no object and no array, or an array has no such place: not even missing.
_NOWHERE = _Missing()

_NEGATION = {
    "$lt": "$gte", "$gte": "$lt", "$gt": "$lte", "$lte": "$gt",
    "$eq": "$ne", "$ne": "$eq", "$in": "$nin", "$nin": "$in",
}  # fmt: skip


class _Compiler:
    def __init__(self) -> None:
        self._terms = 0

    def compile(self, selector: object, path: tuple[str, ...], *, negated: bool) -> Predicate:
        self._terms += 1
        if self._terms > SELECTOR_TERMS_MAX:
            raise BadRequest(f"The selector has over {SELECTOR_TERMS_MAX} terms.")
        if not isinstance(selector, Mapping) or (not selector and path):
            return self._term("$eq", selector, path, negated=negated)
        parts = [self._member(name, value, path, negated=negated) for name, value in selector.items()]
        return _any(parts) if negated and parts else _all(parts)

    def _member(self, name: str, value: Any, path: tuple[str, ...], *, negated: bool) -> Predicate:
        match name:
            case "$and" | "$or" | "$nor":
                if not isinstance(value, list):
                    raise _bad_argument(name, value)
                inner = negated != (name == "$nor")
                parts = [self.compile(each, path, negated=inner) for each in value]
                # An empty list is true either way; De Morgan turns the one into the other.
                every = (name == "$and") != inner
                return _all(parts) if every or not parts else _any(parts)
            case "$not":
                if not isinstance(value, Mapping):
                    raise _bad_argument(name, value)
                return self.compile(value, path, negated=not negated)
            case "" if not path:
                raise BadRequest("One or more conditions is missing a field name.")
            case _ if name.startswith("$"):
                return self._term(name, value, path, negated=negated)
            case _:
                return self.compile(value, (*path, *_fields(name)), negated=negated)

    def _term(self, name: str, argument: Any, path: tuple[str, ...], *, negated: bool) -> Predicate:
        if name == "$exists":
            if not isinstance(argument, bool):
                raise _bad_argument(name, argument)
            wanted = argument != negated
            return lambda document: (
                (value := _field(document, path)) is not _NOWHERE and ((value is not _MISSING) == wanted)
            )
        if negated and name in _NEGATION:
            name, negated = _NEGATION[name], False
        holds = self._test(name, argument)

        def ask(document: Any) -> bool:
            value = _field(document, path)
            return not isinstance(value, _Missing) and holds(value) != negated

        return ask

    def _test(self, name: str, argument: Any) -> Predicate:
        if name in _COMPARISONS:
            compare = _COMPARISONS[name]
            return lambda value: compare(collate(value, argument))
        if name in ("$elemMatch", "$allMatch", "$keyMapMatch"):
            if not isinstance(argument, Mapping):
                raise _bad_argument(name, argument)
            # Of nothing asked, CouchDB asks whether they are equal to nothing.
            inner = self.compile(argument, (), negated=False) if argument else self._test("$eq", {})
            return _of_elements(name, inner)
        if name == "$regex":
            raise NotImplementedHere("$regex is not served in selectors: a pattern could hold the server for hours.")
        if name not in _TESTS:
            raise BadRequest(f"Invalid operator: {name}")
        is_argument, make = _TESTS[name]
        if not is_argument(argument):
            # CouchDB knows this one with text alone.
            raise BadRequest(f"Invalid operator: {name}") if name == "$beginsWith" else _bad_argument(name, argument)
        return make(argument)


def collate(left: Any, right: Any) -> int:
    """-1, 0 or 1 as `left` stands before, with or after `right` in CouchDB's order."""
    rank = _rank(left)
    if rank != _rank(right):
        return -1 if rank < _rank(right) else 1
    if rank in (_NUMBER, _TEXT):
        return int(left > right) - int(left < right)
    if rank == _ARRAY:
        return _collate_each(left, right)
    if rank == _OBJECT:
        return _collate_each([each for item in left.items() for each in item], [e for i in right.items() for e in i])
    return 0


def _collate_each(left: Sequence[Any], right: Sequence[Any]) -> int:
    for one, other in zip(left, right, strict=False):
        order = collate(one, other)
        if order:
            return order
    return (len(left) > len(right)) - (len(left) < len(right))


_NULL, _FALSE, _TRUE, _NUMBER, _TEXT, _ARRAY, _OBJECT = range(7)


def _rank(value: Any) -> int:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, (int, float)):
        return _NUMBER
    if isinstance(value, str):
        return _TEXT
    return _ARRAY if isinstance(value, list) else _OBJECT


def _field(document: Any, path: tuple[str, ...]) -> Any:
    value = document
    for name in path:
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return _MISSING if isinstance(value, Mapping) else _NOWHERE
    return value


def _fields(name: str) -> list[str]:
    """`a.b` is the member b of the member a; a dot in a name is written with a backslash before it."""
    fields, current, escaped = [], "", False
    for letter in name:
        if escaped:
            current += letter if letter in ".\\" else "\\" + letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == ".":
            fields.append(current)
            current = ""
        else:
            current += letter
    fields.append(current + ("\\" if escaped else ""))
    if "" in fields and len(fields) > 1:
        raise BadRequest(f"Invalid field name: {name[:80]}")
    # The nameless member is how $elemMatch speaks of the element itself.
    return fields if fields != [""] else []


def _all(parts: Sequence[Predicate]) -> Predicate:
    return lambda document: all(part(document) for part in parts)


def _any(parts: Sequence[Predicate]) -> Predicate:
    return lambda document: any(part(document) for part in parts)


def _of_elements(name: str, holds: Predicate) -> Predicate:
    if name == "$elemMatch":
        return lambda value: isinstance(value, list) and any(holds(each) for each in value)
    if name == "$allMatch":
        return lambda value: isinstance(value, list) and bool(value) and all(holds(each) for each in value)
    return lambda value: isinstance(value, Mapping) and any(holds(each) for each in value)


def _is_in(argument: list[Any]) -> Predicate:
    def holds(value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        return any(collate(each, wanted) == 0 for wanted in argument for each in values)

    return holds


def _is_not_in(argument: list[Any]) -> Predicate:
    holds = _is_in(argument)
    return lambda value: not holds(value)


def _has_all(argument: list[Any]) -> Predicate:
    def holds(value: Any) -> bool:
        if not isinstance(value, list) or not argument:
            return False
        if len(argument) == 1 and isinstance(argument[0], list) and collate(argument[0], value) == 0:
            return True
        return all(any(collate(each, wanted) == 0 for each in value) for wanted in argument)

    return holds


def _leaves(argument: list[int]) -> Predicate:
    divisor, remainder = argument
    # The sign follows the dividend, as in Erlang.
    return lambda value: _is_whole(value) and abs(value) % abs(divisor) * (1 if value >= 0 else -1) == remainder


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_division(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_whole, value)) and value[0] != 0


_TYPES = {_NULL: "null", _FALSE: "boolean", _TRUE: "boolean", _NUMBER: "number", _TEXT: "string", _ARRAY: "array"}

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "$lt": lambda order: order < 0,
    "$lte": lambda order: order <= 0,
    "$eq": lambda order: order == 0,
    "$ne": lambda order: order != 0,
    "$gte": lambda order: order >= 0,
    "$gt": lambda order: order > 0,
}

# What each operator takes, and the question it makes of that.
_TESTS: dict[str, tuple[Predicate, Callable[[Any], Predicate]]] = {
    "$in": (_is_list, _is_in),
    "$nin": (_is_list, _is_not_in),
    "$all": (_is_list, _has_all),
    "$type": (_is_text, lambda argument: lambda value: _TYPES.get(_rank(value), "object") == argument),
    "$mod": (_is_division, _leaves),
    "$size": (
        lambda argument: _is_whole(argument) and argument >= 0,
        lambda argument: lambda value: isinstance(value, list) and len(value) == argument,
    ),
    "$beginsWith": (_is_text, lambda argument: lambda value: isinstance(value, str) and value.startswith(argument)),
}


def _bad_argument(name: str, argument: Any) -> BadRequest:
    return BadRequest(f"Bad argument for operator {name}: {_in_erlang(argument)[:200]}")


def _in_erlang(value: Any) -> str:
    """`value` as CouchDB shows it in this sentence."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, str):
        return f"<<{','.join(map(str, value.encode()))}>>"
    if isinstance(value, list):
        return f"[{','.join(map(_in_erlang, value))}]"
    if isinstance(value, Mapping):
        return "{[" + ",".join(f"{{{_in_erlang(name)},{_in_erlang(each)}}}" for name, each in value.items()) + "]}"
    return str(value)
