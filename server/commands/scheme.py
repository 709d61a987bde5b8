"""`thidua scheme`: the library of schemes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from server.commands._shared import data_option, json_option, opened, print_json


@click.group(short_help="The library of schemes.")
def command() -> None:
    """The library of schemes."""


@command.command("import")
@click.argument("source", metavar="FILE")
@data_option
@json_option
def import_(source: str, data: Path, *, as_json: bool) -> None:
    """Read a scheme into the library: FILE is a JSON file, or the name of a shipped scheme."""
    document = _read(source)
    with opened(data) as service:
        written = service.setup.scheme(document)
    if as_json:
        print_json({"scheme": written["_id"]})
    else:
        click.echo(f"{written['_id']} is in the library.")


def _read(source: str) -> dict[str, Any]:
    from schemas.scheme import SHIPPED, shipped

    if source in SHIPPED:
        return shipped(source)
    try:
        read: Any = json.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(SHIPPED)
        raise click.ClickException(f"{source}: {error.strerror}. Shipped schemes are: {names}.") from error
    except ValueError as error:
        raise click.ClickException(f"{source} is no JSON file: {error}.") from error
    if not isinstance(read, dict) or not {"scheme", "version"} <= read.keys():
        raise click.ClickException(f"{source} holds no scheme: it must be an object with `scheme` and `version`.")
    return read
