"""The zip of a bundle, in one spelling: stored, sorted by name, one date, no comment, nothing before, between or after.

Any zip program opens it. We write it ourselves because the same documents must give the same bytes on every machine
and in every year; and take it apart by spelling it again, so that no second reading of the same bytes exists. Nothing
is ever decompressed. It must never know what the files mean.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

MEMBERS_MAX: Final = 65_534
"""Without zip64, whose variants no two programs agree on; ten times the documents and photos of the largest year."""

ARCHIVE_BYTES_MAX: Final = 2**32 - 2
"""Likewise: offsets are 32 bits."""

NAME_CHARS_MAX: Final = 420
"""An id of the longest kind with its ending."""

_NAME = re.compile(rb"[a-z0-9-]+(?:/[a-z0-9-]+)*\.(?:json|jpg)")

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")

_STORED_VERSION: Final = 10
_MADE_BY: Final = 3 << 8 | 10  # Unix, whose permissions follow
_DAY: Final = 0x0021  # 1 January 1980, the first that a zip can say
_MODE: Final = 0o100644 << 16


class ArchiveFault(Exception):
    """The bytes are not an archive of ours. `code` and `params` say the first thing that is not as we write it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, Any] = params


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    crc: int
    size: int
    at: int

    def local(self) -> bytes:
        return (
            _LOCAL.pack(
                b"PK\3\4", _STORED_VERSION, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(self.name), 0
            )
            + self.name
        )  # fmt: skip

    def central(self) -> bytes:
        return (
            _CENTRAL.pack(
                b"PK\1\2", _MADE_BY, _STORED_VERSION, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(self.name),
                0, 0, 0, 0, _MODE, self.at,
            )
            + self.name
        )  # fmt: skip


class Writer:
    """Writes files in the order of their names. `finish` ends the archive."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._at = 0
        self._entries: list[_Entry] = []

    def add(self, name: str, data: bytes) -> None:
        """Raises ValueError where the name is none of a bundle's, comes too early, or the archive grows too large."""
        entry = _Entry(name.encode("ascii"), zlib.crc32(data), len(data), self._at)
        if not _NAME.fullmatch(entry.name) or len(entry.name) > NAME_CHARS_MAX:
            raise ValueError(f"no name for a file of a bundle: {name!r}")
        if self._entries and self._entries[-1].name >= entry.name:
            raise ValueError(f"{name!r} comes after {self._entries[-1].name.decode()!r}")
        if len(self._entries) == MEMBERS_MAX or self._at + len(data) > ARCHIVE_BYTES_MAX // 2:
            raise ValueError("the year is too large for one bundle: leave the photos out")
        self._entries.append(entry)
        self._write(entry.local() + data)

    def finish(self) -> None:
        for piece in _tail(self._entries, self._at):
            self._out.write(piece)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._at += len(data)


def take_apart(data: memoryview) -> dict[str, memoryview]:
    """The files by name, in order, without copying one. Raises ArchiveFault with the first thing that is not ours."""
    if len(data) > ARCHIVE_BYTES_MAX:
        raise ArchiveFault("bundle-too-large")
    if bytes(data[:4]) != b"PK\3\4":
        raise ArchiveFault("bundle-not-zip")
    entries: list[_Entry] = []
    files: dict[str, memoryview] = {}
    at = 0
    while bytes(data[at : at + 4]) == b"PK\3\4":
        entry = _entry_at(data, at, len(entries))
        if entries and entries[-1].name >= entry.name:
            raise ArchiveFault("bundle-order", name=entry.name.decode())
        begins = at + _LOCAL.size + len(entry.name)
        content = data[begins : begins + entry.size]
        if len(content) < entry.size:
            raise ArchiveFault("bundle-cut", name=entry.name.decode())
        if zlib.crc32(content) != entry.crc:
            raise ArchiveFault("bundle-damaged", name=entry.name.decode())
        if len(entries) == MEMBERS_MAX:
            raise ArchiveFault("bundle-too-large")
        entries.append(entry)
        files[entry.name.decode()] = content
        at = begins + entry.size
    if bytes(data[at:]) != b"".join(_tail(entries, at)):
        raise ArchiveFault("bundle-tail")
    return files


def _entry_at(data: memoryview, at: int, number: int) -> _Entry:
    header = bytes(data[at : at + _LOCAL.size])
    if len(header) < _LOCAL.size:
        raise ArchiveFault("bundle-header", number=number + 1)
    (*_, crc, _stored, size, name_chars, _extra) = _LOCAL.unpack(header)
    name = bytes(data[at + _LOCAL.size : at + _LOCAL.size + min(name_chars, NAME_CHARS_MAX + 1)])
    entry = _Entry(name, crc, size, at)
    # Whatever else a header may say (compressed, encrypted, sizes told later), ours says it in one way only.
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARS_MAX or header + name != entry.local():
        raise ArchiveFault("bundle-header", number=number + 1)
    return entry


def _tail(entries: list[_Entry], at: int) -> Iterator[bytes]:
    size = 0
    for entry in entries:
        piece = entry.central()
        size += len(piece)
        yield piece
    yield _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), size, at, 0)
