"""What a document's bytes are: one canonical JSON, its SHA-256, text in NFC, and parts.

Two machines must agree here to the last byte; nothing in this module may depend on locale, platform or time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

try:
    import orjson
except ImportError:  # a phone carries the standard library alone
    orjson = None  # type: ignore[assignment]

_PLAIN: Final = (str, int, bool, type(None))


def canonical_bytes(value: Any) -> bytes:
    """UTF-8 JSON with keys sorted by code point and no spaces. Raises TypeError on a float, wherever it stands."""
    if _refuse_floats(value) and orjson is not None:
        with contextlib.suppress(TypeError):  # names that are no text, half a surrogate, integers beyond 64 bits
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def body_sha256(document: Mapping[str, Any]) -> str:
    """SHA-256, lower-case hex, of the body as stored: everything but the members that begin with `_`."""
    return hashlib.sha256(canonical_bytes(body_of(document))).hexdigest()


def body_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without the members that begin with `_`: those belong to the database."""
    return {name: value for name, value in document.items() if name[:1] != "_"}


def nfc(value: Any) -> Any:
    """The same value with every text, keys too, in Unicode's composed form. Call it where text enters."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {nfc(key): nfc(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [nfc(item) for item in value]
    return value


def part(value: str | Mapping[str, Any], salt: str) -> dict[str, Any]:
    """The document that holds one erasable text or place. `salt` is 32 random hex digits, so a hash tells nothing.

    The text is brought to NFC first; a body then names it by `part_hash(part(…))`.
    """
    body = {"type": "part", "v": 1, "salt": salt, "value": nfc(value)}
    return {"_id": f"part:{body_sha256(body)}", **body}


def part_hash(part_document: Mapping[str, Any]) -> str:
    """The 64 hex digits a body holds in the part's place."""
    return str(part_document["_id"]).partition(":")[2]


def _refuse_floats(value: Any) -> bool:
    """Answers whether all else is of JSON's own types, which orjson spells as the standard library does."""
    plain = True
    pending = [value]
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind is dict:
            pending.extend([each for each in item.values() if type(each) is not str])
        elif kind is list:
            pending.extend([each for each in item if type(each) is not str])
        elif isinstance(item, float):
            raise TypeError("a document holds no floating-point numbers: write points as text")
        elif kind in _PLAIN:
            continue
        elif isinstance(item, Mapping):
            plain = False
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            plain = False
            pending.extend(item)
        else:
            plain = False
    return plain
