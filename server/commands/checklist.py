"""`thidua checklist`: a checklist filled in as a workbook, or typed in from paper."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, refuse_cells, tell


@click.group(short_help="A checklist as a workbook: its layout, and what was filled in.")
def command() -> None:
    """A checklist as a workbook: its layout, and what was filled in."""


@command.command()
@click.argument("group")
@click.argument("year", type=int)
@click.argument("unit")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--visit", help="Of this visit; else the unit's self-score.")
@data_option
@locale_option
def template(  # noqa: PLR0917 - click hands over each argument by name
    group: str, year: int, unit: str, out: Path, visit: str | None, data: Path, *, locale: str | None
) -> None:
    """Write the empty checklist of UNIT, with the criteria that concern it, to the workbook OUT."""
    from server import typed_in
    from server.checklist_book import write

    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        view = service.board.view(None, group, year)
        _, draft = typed_in.draft_of(view, unit, visit)
        title = f"{'Phiếu tự chấm điểm' if visit is None else 'Phiếu kiểm tra chéo'} – {view.unit(unit).names['vi']}"
        scheme, functions = typed_in.scheme_of(view), typed_in.functions_of(view, unit)
        out.write_bytes(write(scheme, functions, title=f"{title} – {year}", subject=draft["_id"]))
    tell("checklist-written", spoken, unit=unit, file=out)


@command.command("import")
@click.argument("group")
@click.argument("year", type=int)
@click.argument("unit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--visit", help="Of this visit; else the unit's self-score.")
@click.option("--by", "login", required=True, help="The sign-in name of who types it in: of the unit, or of the team.")
@click.option("--paper-on", metavar="YYYY-MM-DD", help="It was scored on paper, on this day.")
@click.option("--paper-by", metavar="NAME", help="Who scored it on paper.")
@data_option
@locale_option
@json_option
def import_(  # noqa: PLR0917 - click hands over each argument by name
    group: str,
    year: int,
    unit: str,
    file: Path,
    visit: str | None,
    login: str,
    paper_on: str | None,
    paper_by: str | None,
    data: Path,
    *,
    locale: str | None,
    as_json: bool,
) -> None:
    """Read a filled workbook into the draft of UNIT: all of it, or nothing with every bad cell named.

    The phone shows the answers at its next sync; evidence is attached and the checklist submitted there.
    """
    from server import typed_in
    from server.checklist_book import read
    from server.problems import Missing
    from server.workbooks import read_xlsx

    if (paper_on is None) != (paper_by is None):
        raise click.UsageError("--paper-on and --paper-by go together.")
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        account = service.accounts.by_login(login)
        if account is None:
            raise Missing("account-unknown", {"account": login})
        view = service.board.view(None, group, year)
        _, draft = typed_in.draft_of(view, unit, visit)
        scheme, functions = typed_in.scheme_of(view), typed_in.functions_of(view, unit)
        answers, bad = read(read_xlsx(file.read_bytes()), scheme, functions, subject=draft["_id"])
        refuse_cells(file, bad, spoken)
        typed_in.type_in(
            service.backend,
            view,
            account,
            answers,
            unit=unit,
            visit=visit,
            paper=None if paper_on is None or paper_by is None else (paper_on, paper_by),
            now=service.now,
            random_bytes=secrets.token_bytes,
        )
    if as_json:
        print_json({"draft": draft["_id"], "answers": sorted(answers)})
    else:
        tell("answers-read", spoken, count=len(answers), file=file, unit=unit)
