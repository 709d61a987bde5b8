"""`thidua withhold`: a private part or a photo is erased everywhere; its hash and the reason stay."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import by_option, data_option, decider, json_option, locale_option, opened, print_json


@click.command(short_help="Erase a private part or a photo everywhere.")
@click.argument("group")
@click.argument("year", type=int)
@click.argument("kind", type=click.Choice(["part", "photo"]))
@click.argument("sha256")
@click.option("--reason", required=True, help="Why: it is kept, and everybody of the group reads it.")
@by_option
@data_option
@locale_option
@json_option
def command(
    group: str,
    year: int,
    kind: str,
    sha256: str,
    *,
    reason: str,
    login: str | None,
    data: Path,
    locale: str | None,
    as_json: bool,
) -> None:
    """Erase the part or photo SHA256 of GROUP in YEAR from every database. It cannot be undone.

    Phones erase their copies when they next sync. Rankings and bundles go on verifying.
    """
    value = {"kind": kind, "sha256": sha256}
    with opened(data, locale=locale) as service:
        service.follower.sweep()
        account = decider(service, login, "withhold", value, group=group, year=year)
        decision = service.acts.act(account, group, year, "withhold", value, reason=reason)
    if as_json:
        print_json({"decision": decision["_id"], **value})
    else:
        click.echo(decision["_id"])
