"""`thidua receive`: a file that a phone without a network wrote."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json


@click.command(short_help="Take in a file of unsent records, as the app saved it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--handed-over",
    is_flag=True,
    help="The phone is revoked or reported lost, and its owner brought this file: you answer for that.",
)
@data_option
@locale_option
@json_option
def command(file: Path, data: Path, *, handed_over: bool, locale: str | None, as_json: bool) -> None:
    """Take in FILE, which the app wrote where there is no network: by the same rules as if the phone had sent it.

    What is refused is named with its reason, and the rest is taken; taking a file again changes nothing.
    """
    from rich.console import Console

    from server.carried import receive
    from server.messages import say

    with opened(data, locale=locale) as service, Console(stderr=True).status(f"{file.name} …") as bar:
        reader = locale or service.config.locale
        for received in receive(service.gateway, service.accounts, file, handed_over=handed_over, locale=reader):
            bar.update(f"{file.name}: {received.written + received.known + len(received.refused)}")
    if as_json:
        print_json(asdict(received))
        return
    click.echo(
        say(
            "carried-taken",
            reader,
            file=file.name,
            name=received.name or received.head.account,
            at=_moment(received.head.at, reader),
            written=received.written,
            known=received.known,
            refused=len(received.refused),
        )
    )
    for each in received.refused:
        click.echo(f"  {each.database} {each.id}: {each.reason}")


def _moment(at: str, locale: str) -> str:
    """As it stands there where it is no time: only the phone's hand has written it."""
    from schemas.figures import format_time

    try:
        return format_time(at, locale)
    except ValueError:
        return at
