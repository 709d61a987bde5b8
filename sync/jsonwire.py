"""JSON as it crosses the wire: strict about what enters, fast about what leaves. It knows no HTTP.

What SQLite, UTF-8 or another peer could not hold is refused here, at the border: NaN and infinities, lone surrogates,
nesting beyond what a parser can walk back. orjson writes where it is installed; reading stays with the standard
library, which keeps whole numbers beyond 64 bits exact instead of rounding them to floats in silence.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NoReturn

try:
    import orjson
except ImportError:  # a phone carries the standard library alone
    orjson = None  # type: ignore[assignment]

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def dumps(value: Any) -> bytes:
    """`value` as UTF-8 JSON without spaces; bytes (of an attachment) become base64."""
    if orjson is not None:
        try:
            return orjson.dumps(value, default=_base64)
        except (TypeError, RecursionError):  # whole numbers beyond 64 bits, or nested deeper than orjson goes
            pass
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_base64).encode()


def loads(data: bytes) -> Any:
    """The value `data` holds. ValueError when it is not JSON, not UTF-8, or holds what no peer could keep."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse_constant)
        # Escapes are the only way a lone surrogate passes a UTF-8 decoder; most bodies have none to look at.
        if _SURROGATE_ESCAPE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is not JSON")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
