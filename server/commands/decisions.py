"""`thidua decisions`: the log of official acts of a group year."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, json_option, opened, print_json


@click.command(short_help="The log of official acts.")
@click.argument("group")
@click.argument("year", type=int)
@data_option
@json_option
def command(group: str, year: int, data: Path, *, as_json: bool) -> None:
    """Print the decisions of GROUP in YEAR, oldest first; as JSON, exactly as they are stored."""
    with opened(data) as service:
        if as_json:
            print_json({"decisions": service.board.decision_documents(None, group, year)})
            return
        page = service.board.decisions(None, group, year)
    for entry in page.decisions:
        mark = "!" if entry.contested else " " if entry.stands else "·"
        who = entry.by.name or entry.by.account
        click.echo(f"{entry.n:4} {mark} {entry.at} {entry.act:16} {entry.subject}  {who}")
        if entry.reason:
            click.echo(f"       {entry.reason}")
    click.echo("heads: " + ", ".join(page.heads))
