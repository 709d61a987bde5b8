"""`thidua units`: the units of an installation."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json


@click.group(short_help="Departments, agencies and grassroots units.")
def command() -> None:
    """Departments, agencies and grassroots units."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@locale_option
@json_option
def import_(file: Path, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Read the units of a CSV FILE. All of it is read, or nothing; every bad row is named.

    Columns: unit, name_vi, name_en, short_vi, short_en, kind (department, agency, grassroots), parent, functions
    (culture sports tourism family), valid_from, valid_to.
    """
    from server.messages import say
    from server.unit_list import read

    with opened(data, locale=locale) as service:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise click.ClickException(f"{file} is not UTF-8: save it as “CSV UTF-8” and repeat.") from error
        found = read(text, known={unit["unit"] for unit in service.registry.all("unit")})
        if found.bad:
            locale = locale or service.config.locale
            lines = [
                say("csv-row", locale, line=bad.line, path=bad.path, problem=say(bad.said, locale)) for bad in found.bad
            ]
            raise click.ClickException("\n".join([str(file), *lines]))
        service.registry.put_all(found.units)
    if as_json:
        print_json({"units": [unit["unit"] for unit in found.units]})
    else:
        click.echo(f"{len(found.units)} units read from {file}.")
