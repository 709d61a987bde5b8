"""`thidua group`: a cluster or block, and its year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, tell


@click.group(short_help="Clusters, blocks and their years.")
def command() -> None:
    """Clusters, blocks and their years."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@locale_option
@json_option
def import_(file: Path, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Open a group's year from a JSON FILE, or bring it up to date: a member that joined, a flag, a signature.

    The file holds `groupyear` (as docs/documents.md describes it) and, where known, `parent` (the group it stands
    within), `pact`, `movements` and `awards`.
    Who the year before elected leads this one where the file names nobody; where it names others, both are said.
    Its units and its scheme must have been read in before. What is missing is created: the group, its databases. Where
    anything in the file is wrong, all of it is named and nothing is written.
    """
    from schemas.handover import told
    from schemas.messages import say
    from server.naming import named

    with opened(data, locale=locale) as service:
        read = _read(file)
        groupyear = {"type": "groupyear", "v": 1, **read["groupyear"]}
        group, year = groupyear["group"], groupyear["year"]
        parent = read.get("parent", service.setup.parent_of(str(group)))
        seats = service.setup.open_year(
            groupyear,
            parent=parent,
            movements=read.get("movements", []),
            awards=read.get("awards", []),
            pact=read.get("pact"),
        )
        members = [member["unit"] for member in groupyear["members"]]
        spoken = locale or service.config.locale
        reasons = [told(each, groupyear) for each in seats]
        lines = [say(it.code, spoken, **named(service.registry, it.params, spoken)) for it in reasons]
    if as_json:
        offices = [{"role": it.role, "elected": it.elected, "holder": it.holder} for it in seats]
        print_json({"group": group, "year": year, "members": members, "elected": offices})
    else:
        tell("group-open", spoken, group=group, year=year, count=len(members))
        for line in lines:
            click.echo(line)


def _read(file: Path) -> dict[str, Any]:
    """What the file holds. Raises Invalid where that can be no group's year."""
    from server.problems import Invalid

    try:
        read: Any = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Invalid("json-broken", {"file": file, "error": error}) from error
    if not isinstance(read, dict) or not isinstance(read.get("groupyear"), dict):
        raise Invalid("group-file-none", {"file": file})
    missing = sorted({"group", "year", "names", "kind", "members", "scheme"} - read["groupyear"].keys())
    if missing:
        raise Invalid("group-file-lacks", {"file": file, "missing": missing})
    return read
