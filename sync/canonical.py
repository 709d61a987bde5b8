"""Canonical JSON: one byte string for one value, so that equal content has an equal hash on every machine.

UTF-8, object members sorted by code point, no spaces, nothing escaped that need not be. What two JSON libraries could
read differently is refused here, at the border: NaN and infinities, integers beyond 64 bits, lone surrogates.
It must never know what a document is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sync.errors import BadRequest

try:
    import orjson
except ImportError:  # the phone goes without
    orjson = None  # type: ignore[assignment, unused-ignore]

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1
"""What SQLite, Erlang's small tools and most JSON libraries hold in one machine word."""

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def canonical_json(value: Any) -> bytes:
    """The one spelling of `value`. Raises BadRequest with the rule that `value` breaks."""
    try:
        if _all_plain((value,)) and orjson is not None:
            try:
                return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
            except TypeError:  # names that are no text, half a surrogate, deeper than orjson goes
                pass
        return _encode(value).encode()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    except UnicodeEncodeError as error:
        raise BadRequest("Text holds half of a UTF-16 surrogate pair, which UTF-8 cannot carry.") from error
    except (ValueError, OverflowError) as error:
        raise BadRequest("NaN and infinite numbers are not JSON.") from error
    except TypeError as error:
        raise BadRequest("Not JSON: members must have text for names and JSON for values.") from error


def parse_json(data: bytes | str) -> Any:
    """Read back what `canonical_json` wrote. A stranger's JSON is read by `sync.jsonwire`."""
    return orjson.loads(data) if orjson is not None else json.loads(data)


def _all_plain(values: Iterable[Any]) -> bool:
    """Whether orjson spells `values` as the standard library does: no floats, whose exponents the two write otherwise,
    and nothing but JSON's own types. Raises BadRequest for an integer beyond 64 bits.
    """
    plain = True
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if isinstance(value, int):
            if not INTEGER_MIN <= value <= INTEGER_MAX:
                raise BadRequest("An integer is beyond 64 bits: write it as text.")
            plain = plain and (kind is int or kind is bool)
        elif isinstance(value, dict):
            plain = _all_plain(value.values()) and plain and kind is dict
        elif isinstance(value, (list, tuple)):
            plain = _all_plain(value) and plain and kind is list
        elif value is not None:
            plain = False
    return plain
