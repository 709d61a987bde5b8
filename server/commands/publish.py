"""`thidua publish`: the frozen ranking of a group year becomes final."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import (
    by_option,
    data_option,
    decider,
    hash_and_key,
    json_option,
    locale_option,
    opened,
    print_json,
)


@click.command(short_help="Publish the frozen ranking of a group year.")
@click.argument("group")
@click.argument("year", type=int)
@by_option
@data_option
@locale_option
@json_option
def command(group: str, year: int, login: str | None, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Publish the frozen ranking of GROUP in YEAR, in the council's name. What is published is final.

    Prints the hash and the fingerprint with which anybody checks the bundle: `thidua verify --expect HASH --key …`.
    """
    with opened(data, locale=locale) as service:
        account = decider(service, login, "publish", {}, group=group, year=year)
        decision = service.acts.act(account, group, year, "publish", {})
        result = service.results.result(None, group, year)
        spoken = locale or service.config.locale
    if as_json:
        print_json({"decision": decision["_id"], "hash": result.hash, "key": result.key})
    else:
        click.echo(decision["_id"])
        click.echo(hash_and_key(result.hash, result.key, spoken))
