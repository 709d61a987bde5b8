"""`thidua decisions`: the log of official acts of a group year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, tell, word

if TYPE_CHECKING:
    from server.board.models.decisions import DecisionEntry


@click.command(short_help="The log of official acts.")
@click.argument("group")
@click.argument("year", type=int)
@data_option
@locale_option
@json_option
def command(group: str, year: int, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Print the decisions of GROUP in YEAR, oldest first; as JSON, exactly as they are stored.

    Times are Viet Nam's. Before an act: “!” two decisions contradict each other, “·” a later one has replaced it.
    """
    from schemas.ballots import ELECTED
    from schemas.figures import format_time
    from server.web.words import office

    with opened(data, locale=locale) as service:
        if as_json:
            print_json({"decisions": service.board.decision_documents(None, group, year)})
            return
        page = service.board.decisions(None, group, year)
        locale = spoken = locale or service.config.locale
        names = {unit["unit"]: unit["short_names"][locale] for unit in service.registry.all("unit")}
        names |= {it["_id"]: f"{it['names'][locale]} ({it['version']})" for it in service.registry.all("scheme")}
        scheme = service.board.view(None, group, year).scheme
        names |= {it["id"]: it["names"][locale] for side in ("bonus", "penalty") for it in scheme[side]["items"]}
        names |= {it["id"]: it["names"][locale] for it in scheme["awards"]}
        names |= {role: word("role", office(role, page.head.kind), locale) for role in ELECTED}

    # By number, which grows along the log; times of two servers may not.
    for entry in sorted(page.decisions, key=lambda each: (each.n, each.at, each.decision)):
        mark = "!" if entry.contested else " " if entry.stands else "·"
        who = entry.by.name or entry.by.account
        act = word("act", entry.act, locale)
        about = _about(entry, names)
        line = " · ".join(part for part in (act, about, who) if part)
        click.echo(f"{entry.n:4} {mark} {format_time(entry.at, locale)}  {line}")
        if entry.reason:
            click.echo(f"       {entry.reason}")
    tell("log-heads", spoken, heads=page.heads)


def _about(entry: DecisionEntry, names: Mapping[str, str]) -> str:
    """The subject as people know it: a unit by its short name, a scheme by its name, a criterion by its number.

    `names` are those of units, of items of bonus and penalty, of awards and offices and, by their ids, of schemes.
    """
    value = entry.value
    named = [value.get("unit") or value.get("inspected"), *value.get("units", ()), *value.get("over", ())]
    told = [names.get(unit, unit) for unit in named if unit]
    items = [str(value[member]) for member in ("criterion", "section", "item", "award", "role") if value.get(member)]
    told += [names.get(item, item.upper().replace("-", ".")) for item in items]
    if not told and value.get("scheme"):
        told.append(names.get(value["scheme"], value["scheme"]))
    return " ".join(told)
