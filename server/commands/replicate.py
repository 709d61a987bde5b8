"""`thidua replicate`: copy a database from anywhere to anywhere."""

from __future__ import annotations

import json
import secrets
import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from sync.database import Database
    from sync.replicate import Progress, Result


@click.command(short_help="Copy what one database has and another lacks.")
@click.argument("source")
@click.argument("target")
@click.option("--continuous", is_flag=True, help="Go on with every change until stopped; wait out lost networks.")
@click.option("--doc-ids", metavar="ID,ID…", help="Copy these documents alone.")
@click.option("--create", is_flag=True, help="Create the target if it is not there.")
@click.option(
    "--batch", type=click.IntRange(1, 10_000), help="At most so many documents at a time (else: what the line bears)."
)
@click.option("--progress/--no-progress", default=None, help="Show a progress bar (by default on a terminal).")
@click.option(
    "--json", "as_json", is_flag=True, help="Say the result as JSON; with --progress, each step too, a line each."
)
def command(  # noqa: PLR0917 - click names them
    source: str,
    target: str,
    continuous: bool,
    doc_ids: str | None,
    create: bool,
    batch: int | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Copy what SOURCE has and TARGET lacks, with conflicts, deletions and attachments.

    Each is the file of a database (DIR/name.sqlite, or DIR/name), or the URL of one on any CouchDB-compatible server,
    with credentials if it asks for them: https://name:password@host/db. It resumes where the last run ended. Documents
    the target refuses are listed and do not stop the others; the exit status is then 3. Ctrl-C ends it after the
    request under way and keeps its place; a second one ends it at once.
    """
    from rich.console import Console

    from sync.replicate import Line, replicate

    console = Console(stderr=True)
    ends = open_end(source), open_end(target, create=create)
    line = Line()

    def run(show: Callable[[Progress], None]) -> Result:
        return replicate(
            *ends,
            doc_ids=None if doc_ids is None else [doc_id for doc_id in doc_ids.split(",") if doc_id],
            batch_docs=batch,
            on_progress=show,
            new_session_id=lambda: secrets.token_hex(16),
            now=lambda: datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            durable=True,
            continuous=continuous,
            cancelled=stopped.is_set,
            line=line,
        )

    shown = console.is_terminal if progress is None else progress
    told = _lines() if as_json and progress else _progress(console, shown=shown and not as_json)
    with _asked_to_stop() as stopped, told as show:
        result = _patiently(run, show, console, stopped) if continuous else run(show)
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False))
    else:
        _say(result, console)
    if result.refused:
        raise SystemExit(3)


def open_end(where: str, *, create: bool = False) -> Database:
    """The database at a URL or in a file."""
    from sync.errors import FileExists
    from sync.remote import RemoteDatabase

    if where.startswith(("http://", "https://")):
        remote = RemoteDatabase(where)
        if create:
            with suppress(FileExists):
                remote.create()
        return remote
    return _open_file(Path(where), create=create)


def _open_file(path: Path, *, create: bool) -> Database:
    """`DIR/name.sqlite` as it is, or `DIR/name` by the name it was created under."""
    from sync.errors import NotFound
    from sync.store import Store
    from sync.store_folder import SUFFIX, StoreFolder

    if path.suffix == SUFFIX:
        if not path.exists() and not create:
            raise NotFound(f"There is no database {path}; with --create it is made.")
        return Store(path)
    if not path.parent.is_dir() and not create:
        raise NotFound(f"There is no folder {path.parent}.")
    folder = StoreFolder(path.parent)
    if create:
        return folder.ensure(path.name)
    try:
        return folder.open(path.name)
    except NotFound as error:
        raise NotFound(f"There is no database {path.name} in {path.parent}.") from error


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, once; the next one interrupts as usual."""
    stopped = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield stopped  # only the main thread may catch signals
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _lines() -> Iterator[Callable[[Progress], None]]:
    """Each step as a line of JSON on stdout."""

    def show(progress: Progress) -> None:
        told = {
            **asdict(progress),
            "docs_per_s": progress.docs_per_s,
            "bytes_per_s": progress.bytes_per_s,
            "remaining_s": progress.remaining_s,
        }
        click.echo(json.dumps({"progress": told}, ensure_ascii=False))

    yield show


@contextmanager
def _progress(console: Console, *, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr, or nothing: documents, bytes, how fast, how long it has taken, how long it will."""
    from rich import filesize
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[documents]}"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[remaining]}"),
    )
    with bars.Progress(*columns, console=console, disable=not shown) as bar:
        task = bar.add_task("changes", total=None, documents="", remaining="")

        def show(progress: Progress) -> None:
            documents = f"{progress.docs_written} documents, {filesize.decimal(progress.bytes_written)}"
            if progress.docs_per_s is not None:
                documents += f", {progress.docs_per_s:.0f}/s"
            if progress.docs_refused:
                documents += f", {progress.docs_refused} refused"
            left_s = progress.remaining_s
            done, pending = progress.changes_done, progress.pending
            bar.update(
                task,
                completed=done,
                total=None if pending is None else done + pending,
                documents=documents,
                remaining="" if not left_s else f"about {timedelta(seconds=round(left_s))} left",
            )

        yield show


def _patiently(
    run: Callable[..., Result], show: Callable[[Progress], None], console: Console, stopped: threading.Event
) -> Result:
    """Again and again, waiting longer after each failure in a row; what did not cross waits at its source."""
    import random

    from sync.backoff import Backoff
    from sync.errors import PeerUnreachable

    backoff, failures = Backoff(), 0

    def alive(progress: Progress) -> None:
        nonlocal failures
        failures = 0
        show(progress)

    while True:
        try:
            return run(alive)
        except PeerUnreachable as error:
            delay_s = backoff.delay_s(failures, random=random.random, retry_after_s=error.retry_after_s)
            failures += 1
            console.print(f"{error} Trying again in {delay_s:.0f} s.", markup=False)
            if stopped.wait(delay_s):
                raise


def _say(result: Result, console: Console) -> None:
    click.echo(f"{result.docs_written} documents written, {result.docs_read} read, up to sequence {result.last_seq}.")
    for refused in result.refused:
        console.print(f"refused: {refused.id} {refused.rev} – {refused.error}: {refused.reason}", markup=False)
