"""JSON as it crosses the wire: strict about what enters, fast about what leaves. It knows no HTTP.

What SQLite, UTF-8 or another peer could not hold is refused here, at the border: NaN and infinities, lone surrogates,
nesting beyond what a parser can walk back. orjson writes where it is installed; reading stays with the standard
library, which keeps whole numbers beyond 64 bits exact instead of rounding them to floats in silence.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

try:
    import orjson
except ImportError:  # a phone carries the standard library alone
    orjson = None  # type: ignore[assignment]

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


class Spelled(Mapping[str, Any]):
    """A JSON object as text, taken apart only when more is asked for than what is `known` of it; `dumps` writes it as
    it stands. For who passes on what another will read.
    """

    __slots__ = ("_known", "_members", "text")

    def __init__(self, text: bytes, known: Mapping[str, Any]) -> None:
        self.text = text
        self._known = known
        self._members: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._known[name] if name in self._known else self.members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def members(self) -> dict[str, Any]:
        """All of it."""
        if self._members is None:
            self._members = loads(self.text)
        return self._members


def dumps(value: Any) -> bytes:
    """`value` as UTF-8 JSON without spaces; bytes (of an attachment) become base64."""
    if orjson is not None:
        try:
            return orjson.dumps(value, default=_as_it_stands)
        except (TypeError, RecursionError):  # whole numbers beyond 64 bits, or nested deeper than orjson goes
            pass
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_in_words).encode()


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


def _as_it_stands(value: Any) -> Any:
    return orjson.Fragment(value.text) if isinstance(value, Spelled) else _in_words(value)


def _in_words(value: Any) -> Any:
    if isinstance(value, Spelled):
        return value.members
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is not JSON")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
