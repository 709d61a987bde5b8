"""`thidua doctor`: is this installation sound? Every check says what to do when it is not."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.board.models.said import Said
from server.commands._shared import data_option, json_option, locale_option, opened, print_json

if TYPE_CHECKING:
    from server.service import Service

FREE_BYTES_MIN = 1 * 2**30
"""A day of a busy cluster's photos."""

NAMES = {"space": "sound-check-space", "databases": "sound-check-databases", "waiting": "sound-check-waiting"}
"""What is checked, as it is read; what is missing here is a file or a database and bears its own name."""


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    told: tuple[Said, ...]

    def said(self, locale: str) -> str:
        from server.messages import say

        return "; ".join(say(each, locale) for each in self.told)


@click.command(short_help="Check an installation.")
@data_option
@locale_option
@json_option
def command(data: Path, *, locale: str | None, as_json: bool) -> None:
    """Check the data folder: secrets, space, every database, what waits. Exits with 1 when something is wrong.

    Databases are named where something is wrong with them, and counted where nothing is.
    """
    from server.messages import say

    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        findings = list(_examine(data, service))
    if as_json:
        # Programs read one language, whoever calls them.
        print_json([{"check": it.check, "ok": it.ok, "said": it.said("en")} for it in findings])
    else:
        for it in findings:
            name = say(NAMES[it.check], spoken) if it.check in NAMES else it.check
            click.echo(f"{'✓' if it.ok else '✗'} {name}: {it.said(spoken)}")
    if not all(it.ok for it in findings):
        raise SystemExit(1)


def _examine(data: Path, service: Service) -> Iterator[Finding]:
    from sync.errors import SyncError
    from sync.store import Store

    mode = stat.S_IMODE((data / "secret.key").stat().st_mode)
    sound = mode & 0o077 == 0
    yield Finding("secret.key", sound, (Said("sound-secret" if sound else "sound-secret-open", {"mode": f"{mode:o}"}),))
    free = shutil.disk_usage(data).free
    yield Finding("space", free >= FREE_BYTES_MIN, (Said("sound-space", {"free": free // 2**20}),))
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
            yield Finding(name, ok=False, told=(Said("sound-not", {"error": error}),))
        else:
            documents += int(counts["doc_count"])
    counted = {"sound": len(names) - faults, "all": len(names), "documents": documents}
    yield Finding("databases", ok=faults == 0, told=(Said("sound-databases", counted),))
    service.follower.sweep()
    waiting = service.projection.waiting()
    waits = tuple(Said("sound-waits", {"document": it.document, "count": len(it.absent)}) for it in waiting)
    yield Finding("waiting", ok=True, told=waits or (Said("sound-nothing-waits"),))
