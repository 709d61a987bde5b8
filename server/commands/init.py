"""`thidua init`: a data folder, and the first administrator."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, json_option, opened, print_json


@click.command(short_help="Make a data folder.")
@data_option
@json_option
def command(data: Path, *, as_json: bool) -> None:
    """Make the data folder with its secret and its registry. Safe to repeat: what is there stays."""
    from server.bundle.signing import fingerprint, grouped, public_key

    with opened(data, must_exist=False) as service:
        for scheme in _shipped():
            service.setup.scheme(scheme)
        made = {
            "data": str(data),
            "server": service.config.server,
            "uuid": service.uuid,
            "key": fingerprint(public_key(service.config.signing_key)),
        }
    if as_json:
        print_json(made)
    else:
        click.echo(f"{data} is ready. Next: thidua units import FILE, thidua user add LOGIN, thidua serve.")
        click.echo(f"Fingerprint of the key that signs bundles: {grouped(made['key'])}")


def _shipped() -> list[dict[str, object]]:
    from schemas.scheme import SHIPPED, shipped

    return [shipped(name) for name in SHIPPED]
