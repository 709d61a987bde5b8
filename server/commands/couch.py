"""`thidua couch`: a bare CouchDB-compatible peer over a folder of Stores. It knows no Thidua rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from server.wsgi import WsgiApp
    from sync.face import Limits


@click.command(short_help="A bare CouchDB-compatible server over a folder of databases.")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), default=5984, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--user", metavar="NAME:PASSWORD", envvar="THIDUA_COUCH_USER", help="Ask for these credentials.")
@click.option(
    "--replicate-with",
    metavar="URL",
    multiple=True,
    help="What addresses begin with that POST /_replicate may name; repeat it. "
    "Without it: this machine alone if only this machine is served, else none.",
)
@click.option(
    "--limit",
    "limits",
    metavar="NAME=NUMBER",
    multiple=True,
    help="Another limit than the usual (docs/the-wire.md names them), such as body_bytes_max=67108864; repeat it.",
)
@click.option("--json", "as_json", is_flag=True, help="Say where it listens as JSON.")
def command(
    directory: Path,
    port: int,
    host: str,
    user: str | None,
    replicate_with: tuple[str, ...],
    *,
    limits: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve every database in DIR (one SQLite file each; made if absent) as CouchDB would.

    PouchDB, CouchDB's replicator and `thidua replicate` can push to it and pull from it. Without --user anyone who
    reaches the port reads and writes everything: keep it on this machine. Old revisions stay readable until a database
    is compacted (POST /{db}/_compact).
    """
    from server.couch_peer import is_loopback, make_app
    from server.wsgi import serve_made
    from sync.store_folder import StoreFolder

    if user is not None and ":" not in user:
        raise click.BadParameter("give NAME:PASSWORD", param_hint="--user")
    allowed = replicate_with or (("loopback",) if is_loopback(host) else ())
    changed = _limits(limits)
    directory.mkdir(parents=True, exist_ok=True)
    url = f"http://{host}:{port}/"

    def say() -> None:
        sentence = f"{directory} is served at {url} – stop with Ctrl+C"
        click.echo(json.dumps({"url": url, "directory": str(directory)}) if as_json else sentence)

    def make() -> WsgiApp:
        folder = StoreFolder(directory, keep_history=True)
        # Inside a machine bytes cost nothing, and packing them a third of a pull; a proxy before us packs by itself.
        gzip = not is_loopback(host)
        return make_app(folder, user=user, limits=changed, replicate_with=allowed, gzip=gzip)

    serve_made(make, host=host, port=port, on_start=say)


def _limits(given: tuple[str, ...]) -> Limits:
    from sync.face.limits import changed

    try:
        return changed(given)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--limit") from error
