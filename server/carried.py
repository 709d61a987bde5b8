"""What a person brings from a phone that met no network: a sealed file, taken in by the rules of the gateway.

Nothing passes here that the phone could not have sent itself. It must never know a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from schemas import carried
from schemas.carried import Entry, Head
from server.accounts import Accounts
from server.gateway import Gateway
from server.messages import say
from server.problems import Invalid, Missing
from sync.database import Database, Document
from sync.errors import Forbidden, NotFound

BATCH_DOCS_MAX: Final = 100
BATCH_BYTES_MAX: Final = 2 * 1024 * 1024
"""As a phone sends them: photos are never in memory together."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A document that was not taken, and why, in the reader's language."""

    database: str
    id: str
    reason: str


@dataclass(slots=True)
class Received:
    """What became of a file: documents written, such as stood here already, and those refused."""

    head: Head
    name: str | None
    written: int = 0
    known: int = 0
    refused: list[Turned] = field(default_factory=list)


def receive(
    gateway: Gateway, accounts: Accounts, file: Path, *, handed_over: bool = False, locale: str
) -> Iterator[Received]:
    """Take the file in, batch by batch: the same `Received` after each. Safe to repeat.

    A phone whose right was withdrawn may send little or nothing; with `handed_over` somebody answers for it that its
    owner has brought the file, and it is judged as before. Its submissions bear the flag all the same.
    Raises Invalid (no such file, or not as it was written), Missing (no phone of ours wrote it); nothing is taken then.
    """
    with file.open("rb") as opened:
        try:
            head = carried.head_of(opened.readline(carried.LINE_BYTES_MAX))
        except carried.Unreadable as error:
            raise Invalid("carried-none", {"file": file.name}) from error
        known, key = accounts.by_device(head.device), accounts.seal_key(head.device)
        if known is None or key is None:
            raise Missing("carried-unknown-phone", {"file": file.name})
        opened.seek(0)
        try:
            carried.check(_lines(opened), key=key)
        except carried.Broken as error:
            raise Invalid("carried-broken", {"file": file.name}) from error
        opened.seek(0)
        account, device = known
        received = Received(head, account.name)
        yield received
        for name, documents in _batches(carried.entries_of(_lines(opened))):
            if name == carried.BEGUN:
                received.refused += [Turned(name, str(each["_id"]), say("carried-begun", locale)) for each in documents]
                continue
            try:
                database = gateway.open(name, account, device, locale=locale, handed_over=handed_over)
            except (Forbidden, NotFound) as refused:
                received.refused += [Turned(name, str(each["_id"]), refused.reason) for each in documents]
            else:
                _write(database, name, documents, received)
            yield received


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.readline(carried.LINE_BYTES_MAX), b"")


def _batches(entries: Iterable[Entry]) -> Iterator[tuple[str, list[Document]]]:
    """Documents of one database that follow one another, as many as may be in memory."""
    documents: list[Document] = []
    name, size = "", 0
    for entry in entries:
        full = len(documents) >= BATCH_DOCS_MAX or size >= BATCH_BYTES_MAX
        if documents and (full or entry.database != name):
            yield name, documents
            documents, size = [], 0
        name = entry.database
        documents.append(entry.document)
        size += entry.bytes
    if documents:
        yield name, documents


def _write(database: Database, name: str, documents: list[Document], received: Received) -> None:
    asked: dict[str, list[str]] = {}
    for each in documents:
        asked.setdefault(each["_id"], []).append(each["_rev"])
    missing = {doc_id: set(told["missing"]) for doc_id, told in database.revs_diff(asked).items()}
    new = [each for each in documents if each["_rev"] in missing.get(each["_id"], ())]
    failures = database.bulk_docs(new, new_edits=False) if new else []
    received.known += len(documents) - len(new)
    received.written += len(new) - len(failures)
    received.refused += [Turned(name, str(each["id"]), str(each["reason"])) for each in failures]
