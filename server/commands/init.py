"""`thidua init`: a data folder with its keys and the schemes that are shipped."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, tell


@click.command(short_help="Make a data folder.")
@data_option
@locale_option
@json_option
def command(data: Path, *, locale: str | None, as_json: bool) -> None:
    """Make the data folder with its secret and its registry. Safe to repeat: what is there stays."""
    from server.bundle.signing import fingerprint, grouped, public_key

    with opened(data, must_exist=False, locale=locale) as service:
        spoken = locale or service.config.locale
        for scheme in _shipped():
            if service.registry.find(str(scheme["_id"])) is None:
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
        tell("folder-ready", spoken, data=data, key=grouped(made["key"]))


def _shipped() -> list[dict[str, object]]:
    from schemas.scheme import SHIPPED, shipped

    return [shipped(name) for name in SHIPPED]
