"""A file of documents that a person carries where no network goes: its form, with the seal of the phone that wrote it.

One JSON object, a document a line, so that a gigabyte of photos is neither written nor read at once:

    {"thidua": "unsent", "v": 1, "account": …, "device": …, "at": …, "documents": [
    {"database": …, "document": …},
    …
    ], "seal": "<HMAC-SHA256 of all before this line>"}

The seal's key is what the service keeps of the phone's token, its SHA-256: a file is a request that came by hand. It
must never know what a document means.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

FORM: Final = "unsent"
VERSION: Final = 1

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A document's JSON is 8 MB at most, and base64 makes a photo's chunk a third longer."""

BEGUN: Final = "device"
"""Where a phone keeps minutes and replies that were begun: in the file they are witnesses, no service takes them."""

_ENTRY: Final = b'{"database": '
_END: Final = b'], "seal": "'


class Unreadable(Exception):
    """This is no such file."""


class Broken(Exception):
    """The file is not as its phone wrote it: damaged, cut, or changed by somebody."""


@dataclass(frozen=True, slots=True)
class Head:
    """Who wrote the file, and when by the phone's clock."""

    account: str
    device: str
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the file, whose database it is of, and how long its line is."""

    database: str
    document: dict[str, Any]
    bytes: int


def key_of(token: str) -> str:
    """What the service keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def written(head: Head, entries: Iterable[Mapping[str, Any]], *, key: str) -> Iterator[bytes]:
    """The file in pieces; `entries` are `{"database", "document"}`."""
    seal = hmac.new(key.encode(), digestmod=hashlib.sha256)
    for piece in _unsealed(head, entries):
        seal.update(piece)
        yield piece
    yield _END + seal.hexdigest().encode() + b'"}\n'


def _unsealed(head: Head, entries: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    told = {"thidua": FORM, "v": VERSION, "account": head.account, "device": head.device, "at": head.at}
    yield json.dumps(told).encode()[:-1] + b', "documents": ['
    separator = b"\n"
    for entry in entries:
        yield separator + json.dumps(entry, ensure_ascii=False, sort_keys=True).encode()
        separator = b",\n"
    yield b"\n"


def head_of(first_line: bytes) -> Head:
    """Raises Unreadable."""
    try:
        told = json.loads(first_line.strip() + b"]}")
        if (told["thidua"], told["v"], told["documents"]) != (FORM, VERSION, []):
            raise Unreadable
        return Head(**{name: str(told[name]) for name in ("account", "device", "at")})
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable from error


def check(lines: Iterable[bytes], *, key: str) -> None:
    """All lines, the first and the last too, are as the phone with this key wrote them, and each is an entry of it.

    Raises Broken.
    """
    seal, last = hmac.new(key.encode(), digestmod=hashlib.sha256), b""
    for line in lines:
        seal.update(last)
        last = line
        _entry(line)
    if not hmac.compare_digest(last, _END + seal.hexdigest().encode() + b'"}\n'):
        raise Broken


def entries_of(lines: Iterable[bytes]) -> Iterator[Entry]:
    """What a file carries that was checked."""
    return (entry for entry in map(_entry, lines) if entry is not None)


def _entry(line: bytes) -> Entry | None:
    """The entry of a line; None for the first and the last."""
    if not line.startswith(_ENTRY):
        return None
    try:
        told = json.loads(line.rstrip().removesuffix(b","))
    except ValueError as error:
        raise Broken from error
    database, document = told.get("database"), told.get("document")
    names = (database, document.get("_id"), document.get("_rev")) if isinstance(document, dict) else (None,)
    if not all(isinstance(each, str) for each in names):
        raise Broken
    return Entry(database, document, len(line))
