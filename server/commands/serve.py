"""`thidua serve`: gateway, API and pages over a data folder."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import config_of, data_option, json_option, print_json


@click.command(short_help="Serve phones, pages and programs.")
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--couchdb",
    metavar="URL",
    envvar="THIDUA_COUCHDB_URL",
    help="Keep the databases in this CouchDB (http://NAME:PASSWORD@HOST:5984) instead of in --data.",
)
@json_option
def command(data: Path, host: str, port: int, couchdb: str | None, *, as_json: bool) -> None:
    """Serve the installation in --data until Ctrl+C. Behind TLS, set THIDUA_SECURE_COOKIES=1 and
    THIDUA_PROXIES=1 (docs/running.md).

    Give --couchdb as THIDUA_COUCHDB_URL: a password on the command line is seen by others of the machine, and the other
    commands read it too.
    """
    from server.app import create_app
    from server.log import configure
    from server.wsgi import serve_made

    configure()
    config = config_of(data, couchdb=couchdb)
    url = f"http://{host}:{port}/"

    def say() -> None:
        if as_json:
            print_json({"url": url, "data": str(data)})
        else:
            click.echo(f"{data} is served at {url} – stop with Ctrl+C")

    serve_made(lambda: create_app(config), host=host, port=port, on_start=say)
