"""`thidua standings`: the ranking of a group year, with the numbers of its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json

if TYPE_CHECKING:
    from fractions import Fraction

    from server.board.models.standings import StandingsPage


@click.command(short_help="The ranking of a group year.")
@click.argument("group")
@click.argument("year", type=int)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that dates membership, law and deadlines.")
@data_option
@locale_option
@json_option
def command(group: str, year: int, as_of: datetime | None, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Print the ranking of GROUP in YEAR: exactly the numbers that its page shows."""
    day: date | None = None if as_of is None else as_of.date()
    from server.naming import named

    with opened(data, locale=locale) as service:
        service.follower.sweep()
        page = service.board.standings(None, group, year, as_of=day)
        spoken = locale or service.config.locale
        if as_json:
            print_json(page.document)
        else:
            _print(page, spoken, lambda params: named(service.registry, params, spoken))


def _print(page: StandingsPage, locale: str, names: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from schemas.figures import format_points, format_time
    from server.messages import say

    def figure(value: Fraction | None) -> str:
        return "–" if value is None else format_points(value, locale, places=2)

    table = Table(title=f"{page.head.names[locale]}, {page.head.year}")
    table.add_column("#", justify="right")
    table.add_column("")
    for section in page.sections:
        table.add_column(section.section.upper(), justify="right")
    base, total = ("base", "total") if locale == "en" else ("cơ bản", "tổng")
    for name in (base, "+", "−", total):
        table.add_column(name, justify="right")
    for row in page.rows:
        table.add_row(
            "–" if row.place is None else str(row.place),
            row.unit.short_names[locale],
            *(figure(section.points) for section in row.sections),
            *(figure(value) for value in (row.base, row.bonus, row.penalty, row.total)),
        )
    console = Console()
    console.print(table)
    as_of = "–" if page.coverage.as_of is None else format_time(page.coverage.as_of, locale)
    if page.head.sample:
        console.print(say("sample-scores", locale))
    console.print(say("coverage", locale, **{**asdict(page.coverage), "as_of": as_of}))
    for reason in page.contested:
        console.print(say(reason, locale, **names(reason.params)))
    for row in page.rows:
        for reason in row.reasons:
            console.print(f"{row.unit.short_names[locale]}: {say(reason, locale, **names(reason.params))}")
