"""`thidua units`: the units of an installation, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from server.commands._shared import (
    Command,
    data_option,
    json_option,
    locale_option,
    opened,
    print_json,
    refuse_cells,
    tell,
)


@click.group(short_help="Departments, agencies and grassroots units.")
def command() -> None:
    """Departments, agencies and grassroots units."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@locale_option
@json_option
def import_(file: Path, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Read the units of FILE, a CSV or an Excel workbook: all of it, or nothing with every bad row named.

    Columns: unit, name_vi, name_en, short_vi, short_en, kind (department, agency, grassroots), parent, functions
    (culture sports tourism family), valid_from, valid_to.
    """
    from server.unit_list import read
    from server.workbooks import read_csv, read_xlsx

    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        content, sheet = file.read_bytes(), ""
        if file.suffix.lower() == ".xlsx":
            sheet, rows = next(iter(read_xlsx(content).items()))
        else:
            rows = read_csv(content)
        found = read(rows, known={unit["unit"]: unit["parent"] for unit in service.registry.all("unit")}, sheet=sheet)
        refuse_cells(file, found.bad, spoken)
        service.registry.put_all(found.units)
    if as_json:
        print_json({"units": [unit["unit"] for unit in found.units]})
    else:
        tell("units-read", spoken, count=len(found.units), file=file)


def _event_options(command: Command) -> Command:
    for option in (
        click.option("--date", "on", required=True, metavar="YYYY-MM-DD", help="The day it takes effect."),
        click.option("--number", required=True, help="The number of the decision it rests on."),
        data_option,
        locale_option,
        json_option,
    )[::-1]:
        command = option(command)
    return command


@command.command()
@click.argument("old", nargs=-1, required=True)
@click.option("--to", "successor", required=True, metavar="UNIT", help="The unit that takes them in.")
@_event_options
def merge(
    old: tuple[str, ...], successor: str, on: str, number: str, data: Path, *, locale: str | None, as_json: bool
) -> None:
    """Merge the units OLD… into another: from that day it is a member in their stead, and they no longer are."""
    _event(data, locale, "merge", old, as_json=as_json, date=on, number=number, to=successor)


@command.command()
@click.argument("unit")
@click.option("--name-vi", required=True)
@click.option("--name-en", help="Else as in Vietnamese.")
@click.option("--short-vi", help="Else the whole name.")
@click.option("--short-en", help="Else as in Vietnamese.")
@_event_options
def rename(  # noqa: PLR0917 - click hands over each option by name
    unit: str,
    name_vi: str,
    name_en: str | None,
    short_vi: str | None,
    short_en: str | None,
    on: str,
    number: str,
    data: Path,
    *,
    locale: str | None,
    as_json: bool,
) -> None:
    """Give UNIT a new name from a day on. Years before it keep the old one."""
    named = {
        "names": {"vi": name_vi, "en": name_en or name_vi},
        "short_names": {"vi": short_vi or name_vi, "en": short_en or short_vi or name_en or name_vi},
    }
    _event(data, locale, "rename", (unit,), as_json=as_json, date=on, number=number, named=named)


@command.command()
@click.argument("unit")
@_event_options
def dissolve(unit: str, on: str, number: str, data: Path, *, locale: str | None, as_json: bool) -> None:
    """End UNIT on a day, without a successor."""
    _event(data, locale, "dissolve", (unit,), as_json=as_json, date=on, number=number)


def _event(data: Path, locale: str | None, kind: str, units: tuple[str, ...], *, as_json: bool, **said: Any) -> None:
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        written, changed = service.setup.unit_event(kind, units, **said)
    if as_json:
        print_json({"event": written["_id"], "changed": [{"group": group, "year": year} for group, year in changed]})
        return
    tell("event-written", spoken, event=written["_id"], number=written["number"])
    for group, year in changed:
        tell("event-follows", spoken, group=group, year=year)
