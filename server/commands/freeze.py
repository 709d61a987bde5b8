"""`thidua freeze`: the ranking of a group year as it stands becomes a decision that names all it was computed from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from server.commands._shared import by_option, data_option, decider, json_option, locale_option, opened, print_json


@click.command(short_help="Freeze the ranking of a group year.")
@click.argument("group")
@click.argument("year", type=int)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that dates membership, flags and law: today.")
@by_option
@data_option
@locale_option
@json_option
def command(
    group: str, year: int, as_of: datetime | None, login: str | None, data: Path, *, locale: str | None, as_json: bool
) -> None:
    """Freeze the ranking of GROUP in YEAR, in the name of the leader's unit. Whatever hinders it is named.

    Scores must be locked first. Freezing closes nothing: what still arrives is kept and shown as later.
    """
    from schemas.freezing import recomputed
    from server.board.figures import said
    from server.messages import say
    from server.naming import named

    value: dict[str, Any] = {} if as_of is None else {"as_of": as_of.date().isoformat()}
    with opened(data, locale=locale) as service:
        service.follower.sweep()
        account = decider(service, login, "freeze", value, group=group, year=year)
        freeze = service.acts.act(account, group, year, "freeze", value)
        locale = locale or service.config.locale
        frozen = recomputed(service.board.view(None, group, year).documents.values(), freeze)
        told = [say(said(it), locale, **named(service.registry, it.params, locale)) for it in frozen.exceptions]
    if as_json:
        exceptions = [it.to_json() for it in frozen.exceptions]
        print_json({"decision": freeze["_id"], "inputs": len(freeze["inputs"]), "exceptions": exceptions})
        return
    click.echo(say("frozen", locale, decision=freeze["_id"], inputs=len(freeze["inputs"])))
    for sentence in told:
        click.echo(f"  {sentence}")
