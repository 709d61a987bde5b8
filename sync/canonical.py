"""Canonical JSON: one byte string for one value, so that equal content has an equal hash on every machine.

UTF-8, object members sorted by code point, no spaces, nothing escaped that need not be. What two JSON libraries could
read differently is refused here, at the border: NaN and infinities, integers beyond 64 bits, lone surrogates.
It must never know what a document is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sync.errors import BadRequest

try:
    import orjson
except ImportError:  # the phone goes without
    orjson = None  # type: ignore[assignment, unused-ignore]

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1
"""What SQLite, Erlang's small tools and most JSON libraries hold in one machine word."""

_LONG_DIGITS = re.compile(rb"[0-9]{19}")  # 2**63 has 19 digits: only then is the slow walk needed

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def canonical_json(value: Any) -> bytes:
    """The one spelling of `value`. Raises BadRequest with the rule that `value` breaks."""
    try:
        text = _encode(value)
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    except (ValueError, OverflowError) as error:
        raise BadRequest(_why_not(value)) from error
    except TypeError as error:
        raise BadRequest("Not JSON: members must have text for names and JSON for values.") from error
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("Text holds half of a UTF-16 surrogate pair, which UTF-8 cannot carry.") from error
    if _LONG_DIGITS.search(encoded):
        _refuse_wide_integers(value)
    return encoded


def parse_json(data: bytes | str) -> Any:
    """Read back what `canonical_json` wrote. A stranger's JSON is read by `sync.jsonwire`."""
    return orjson.loads(data) if orjson is not None else json.loads(data)


def _why_not(value: Any) -> str:
    try:
        _refuse_wide_integers(value)
    except BadRequest as refusal:
        return refusal.reason
    return "NaN and infinite numbers are not JSON."


def _refuse_wide_integers(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, int) and not INTEGER_MIN <= item <= INTEGER_MAX:
            raise BadRequest("An integer is beyond 64 bits: write it as text.")
