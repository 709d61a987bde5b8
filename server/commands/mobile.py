"""`thidua mobile`: the phone's app in a window of this computer."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click


@click.command(short_help="The phone's app in a desktop window.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The phone's folder.")
@click.option("--server", metavar="URL", help="The service to enrol with.")
@click.option("--size", metavar="WxH", help="The window's size, 412x892 when not given.")
def command(data: Path | None, server: str | None, size: str | None) -> None:
    """Open the app. It runs as a process of its own: the server's packages never load the phone's."""
    if find_spec("kivy") is None:
        raise click.ClickException('The app needs Kivy: pip install ".[mobile]" in a copy of the repository.')
    given = {"--data": data and str(data), "--server": server, "--size": size}
    arguments = [part for name, value in given.items() if value for part in (name, value)]
    raise SystemExit(subprocess.call([sys.executable, "-m", "mobile", *arguments]))  # noqa: S603 - our own module
