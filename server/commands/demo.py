"""`thidua demo`: two clusters and a block, played by simulated phones over HTTP, then served."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from server.config import Config
    from server.demo.stage import Clock

_STEP_WORDS = {
    "setup": "Units, people, scheme",
    "photos-first": "Grassroots phones enrolled",
    "photos": "Their photos, taken offline, synced",
    "self-first": "Specialists' phones enrolled",
    "self": "Self-scores, made offline, synced",
    "cross-first": "Inspectors' phones enrolled",
    "cross": "Cross-inspections, made offline, synced",
    "appraisal": "The leaders' decisions",
    "frozen": "Scores locked, rankings frozen",
    "next-year": "2025: new leaders, a block of agencies",
    "merged": "Half a year of a unit that is merged",
    "next-self": "Self-scores of 2025",
    "next-cross": "Inspectors' visits of 2025",
    "next-acts": "What is accepted, returned, left out",
}
# The phone printed for a newcomer belongs to an inspector who has visits left to make.
_NEWCOMER = "hieu"


@click.command(short_help="Clusters of 2024 and 2025, ranked from simulated phones, in your browser.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port to listen on.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Folder that keeps the demonstration; a second start goes on from it.",
)
@click.option(
    "--couchdb",
    metavar="URL",
    envvar="THIDUA_COUCHDB_URL",
    help="Keep the databases in this CouchDB (http://NAME:PASSWORD@HOST:5984) instead of in --data.",
)
@click.option("--browser/--no-browser", default=True, help="Open the page.")
@click.option("--play-only", is_flag=True, help="Prepare the data and stop, without serving.")
@click.option("--json", "as_json", is_flag=True, help="Say address and sign-ins as JSON.")
def command(port: int, data: Path, couchdb: str | None, *, browser: bool, play_only: bool, as_json: bool) -> None:
    """Play the demonstration's years once, then serve it. Scores and people are invented; clusters are real."""
    import logging

    from server import log
    from server.commands._shared import read_config
    from server.wsgi import require_free, serve_made

    # What is printed is for the newcomer: no line a request between it.
    log.configure(level=logging.WARNING)
    if not play_only:
        require_free("127.0.0.1", port)
    kept = _kept(data)
    if kept is None:
        _play(data, couchdb, as_json=as_json)
        kept = _kept(data)
        assert kept is not None
    elif (kept.get("couchdb") is None) != (couchdb is None):
        where = "in this folder" if kept.get("couchdb") is None else f"in the CouchDB at {kept['couchdb']}"
        raise click.ClickException(
            f"The demonstration of {data} is kept {where}: start it so, or choose another --data."
        )
    if play_only:
        return
    config = read_config(data / "server", locale="vi", couchdb=couchdb)
    clock = _clock(kept)
    url = f"http://127.0.0.1:{port}"
    code = _newcomers_code(config, clock)

    def ready() -> None:
        _say(url, kept, code, as_json=as_json)
        if browser and (sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(url)

    def make_app() -> Any:
        from server.app import create_app
        from server.service import Service

        service = Service.open(config, now=clock)
        service.start()
        return create_app(config, service=service)

    serve_made(make_app, host="127.0.0.1", port=port, on_start=ready)


def _kept(data: Path) -> dict[str, Any] | None:
    """What a finished play wrote: the password, and how far its clock is behind. None: not played, or cut short."""
    try:
        found: dict[str, Any] = json.loads((data / "demo.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _play(data: Path, couchdb: str | None, *, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from server.app import create_app
    from server.commands._shared import read_config
    from server.demo.play import play
    from server.demo.setting import prepare
    from server.demo.stage import STEPS, Clock, Stage
    from server.service import Service
    from server.wsgi import BackgroundServer

    if data.exists() and any(data.iterdir()):
        # Only what an unfinished play left: a finished one has demo.json, and is never touched.
        unfinished = data / "unfinished"
        if not unfinished.exists():
            raise click.ClickException(f"{data} holds something else than a demonstration: choose another --data.")
        shutil.rmtree(data)
    data.mkdir(parents=True)
    (data / "unfinished").touch()
    config = read_config(data / "server", locale="vi", couchdb=couchdb)
    where = None if couchdb is None else _empty_couchdb(config)
    console = Console(stderr=True)
    console.print(
        "[bold]Thidua[/bold] plays 2024 and 2025 of two clusters and a block: phones work offline, then sync."
    )
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<42}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    clock = Clock("2024-01-15T02:00:00+00:00")
    with Progress(*columns, console=console, disable=as_json) as bars:
        tasks = {step: bars.add_task(_STEP_WORDS[step], total=None, start=False) for step in STEPS}

        def progress(step: str, done: int, total: int) -> None:
            bars.start_task(tasks[step])
            bars.update(tasks[step], completed=done, total=total)

        service = Service.open(config, now=clock)
        service.start()
        with service, BackgroundServer(create_app(config, service=service)) as server:
            stage = Stage(service, clock, server.url, data / "phones", f"sen-{secrets.token_hex(3)}-2024", progress)
            prepare(stage)
            play(stage)
            service.follower.sweep()
        behind_s = int((datetime.now(UTC) - clock()).total_seconds())
    kept = {"password": stage.password, "behind_s": behind_s, "couchdb": where}
    target = data / "demo.json"
    scratch = target.with_suffix(".part")
    scratch.write_text(json.dumps(kept), encoding="utf-8")
    scratch.chmod(0o600)
    scratch.rename(target)
    (data / "unfinished").unlink()


def _empty_couchdb(config: Config) -> str:
    """Its address without the account. Raises a sentence where an installation is kept there already."""
    from urllib.parse import urlsplit

    from server.service import backend_of

    assert config.couchdb is not None
    backend = backend_of(config)
    try:
        if backend.names():
            raise click.ClickException(
                "That CouchDB keeps an installation already. Give another, or set THIDUA_COUCHDB_PREFIX=demo- to keep"
                " this one beside it."
            )
    finally:
        backend.close()
    return urlsplit(config.couchdb).netloc.rpartition("@")[2]


def _clock(kept: dict[str, Any]) -> Clock:
    from server.demo.stage import Clock

    return Clock((datetime.now(UTC) - timedelta(seconds=kept["behind_s"])).isoformat())


def _newcomers_code(config: Config, clock: Clock) -> str:
    from server.service import Service

    with Service.open(config, now=clock) as service:
        account = service.accounts.by_login(_NEWCOMER)
        assert account is not None
        return service.accounts.new_code(account.account, valid_for=timedelta(days=1)).code


def _say(url: str, kept: dict[str, Any], code: str, *, as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from server.demo.data import ADMIN, BLOCK, CLUSTERS, COUNCIL, everybody

    people = [*everybody(), COUNCIL, ADMIN]
    if as_json:
        signs_in = [{"login": each.login, "name": each.name, "unit": each.unit} for each in people]
        click.echo(json.dumps({"url": url, "password": kept["password"], "sign_ins": signs_in, "code": code}))
        return
    console = Console()
    table = Table(
        title="Sign-ins (people and scores are invented)", title_justify="left", box=None, header_style="bold"
    )
    for heading in ("Login", "Name", "What they do", "Group"):
        table.add_column(heading)
    for cluster in (*CLUSTERS, BLOCK):
        shown: set[str] = set()
        for person in cluster.people:
            if person.job[0] not in shown:
                shown.add(person.job[0])
                table.add_row(f"[bold]{person.login}[/bold]", person.name, person.job[1], cluster.vi)
    table.add_row(f"[bold]{COUNCIL.login}[/bold]", COUNCIL.name, COUNCIL.job[1], "all")
    table.add_row(f"[bold]{ADMIN.login}[/bold]", ADMIN.name, ADMIN.job[1], "units and phones")
    console.print()
    console.print(table)
    console.print(f"\nThe pages             [bold underline]{url}[/bold underline]")
    console.print(f"Password of everyone  [bold]{kept['password']}[/bold]")
    console.print(f"The app, beside it    [bold].venv/bin/thidua mobile --server {url}[/bold]")
    console.print(f"  enrol it with code  [bold]{code}[/bold] (an inspector with a visit still to make)")
    console.print("Stop with Ctrl+C. A second start goes on from here.\n")
