"""Our replicator as one whole process, for `benchmarks.replication`: what a program that uses `sync` would do.

`python -m benchmarks.ours fill STORE LINES [FIRST COUNT]` · `push STORE URL` · `pull URL STORE`; the last two print
`{"read", "written", "refused"}`. With `--ready` they say so once everything is loaded, and begin at a line on stdin.
With `--gzip` they spare the line, as a phone does, instead of the processor.
"""

from __future__ import annotations

import gc
import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from sync import jsonwire
from sync.database import Database
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from sync.store import Store

FILL_DOCS = 1_000
CONNECTIONS = 2
"""As many as the best bare loop has."""


# What documents are made of makes no circles: looking for some takes a tenth of a copy's time.
gc.set_threshold(50_000)


def fill(store: Store, lines: list[bytes]) -> None:
    for start in range(0, len(lines), FILL_DOCS):
        batch = [jsonwire.loads(line) for line in lines[start : start + FILL_DOCS]]
        failures = store.bulk_docs(batch, new_edits=False, durable=False)
        assert not failures, failures[0]


def copy(source: Database, target: Database) -> dict[str, int]:
    result = replicate(
        source,
        target,
        new_session_id=lambda: secrets.token_hex(16),
        now=lambda: datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
    )
    return {"read": result.docs_read, "written": result.docs_written, "refused": len(result.refused)}


def main(errand: str, source: str, target: str, *span: str) -> None:
    if errand == "fill":
        lines = Path(target).read_bytes().splitlines()
        first, count = (int(each) for each in span) if span else (0, len(lines))
        store = Store(Path(source))
        fill(store, lines[first : first + count])
        store.close()
        return
    ends: tuple[Database, Database]
    packed = "--gzip" in span
    connections = 1 if packed else CONNECTIONS
    if errand == "push":
        ends = Store(source), RemoteDatabase(target, gzip=packed, connections=connections)
    else:
        ends = RemoteDatabase(source, gzip=packed, connections=connections), Store(target)
    if "--ready" in span:
        print("ready", flush=True)
        sys.stdin.readline()
    print(json.dumps(copy(*ends)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
