"""`thidua doctor`: is this installation sound? Every check says what to do when it is not."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands._shared import data_option, json_option, opened, print_json

if TYPE_CHECKING:
    from server.service import Service

FREE_BYTES_MIN = 1 * 2**30
"""A day of a busy cluster's photos."""


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    said: str


@click.command(short_help="Check an installation.")
@data_option
@json_option
def command(data: Path, *, as_json: bool) -> None:
    """Check the data folder: secrets, space, every database, what waits. Exits with 1 when something is wrong.

    Databases are named where something is wrong with them, and counted where nothing is.
    """
    with opened(data) as service:
        findings = list(_examine(data, service))
    if as_json:
        print_json([{"check": it.check, "ok": it.ok, "said": it.said} for it in findings])
    else:
        for it in findings:
            click.echo(f"{'✓' if it.ok else '✗'} {it.check}: {it.said}")
    if not all(it.ok for it in findings):
        raise SystemExit(1)


def _examine(data: Path, service: Service) -> Iterator[Finding]:
    from sync.errors import SyncError
    from sync.store import Store

    mode = stat.S_IMODE((data / "secret.key").stat().st_mode)
    yield Finding(
        "secret.key", mode & 0o077 == 0, f"mode {mode:o}" + ("" if mode & 0o077 == 0 else ": chmod 600 secret.key")
    )
    free = shutil.disk_usage(data).free
    yield Finding("space", free >= FREE_BYTES_MIN, f"{free // 2**20} MiB free; below 1,024 free some")
    names = list(service.backend.names())
    documents = faults = 0
    for name in names:
        database = service.backend.open(name)
        try:
            if isinstance(database, Store):
                database.check()
            counts = database.info()
        except SyncError as error:
            faults += 1
            yield Finding(name, ok=False, said=f"{error} Keep the file; restore the database from a backup.")
        else:
            documents += int(counts["doc_count"])
    yield Finding(
        "databases", ok=faults == 0, said=f"{len(names) - faults} of {len(names)} sound, {documents} documents"
    )
    service.follower.sweep()
    waiting = service.projection.waiting()
    yield Finding(
        "waiting",
        ok=True,
        said="nothing waits"
        if not waiting
        else "; ".join(f"{it.document} for {len(it.absent)} documents" for it in waiting),
    )
