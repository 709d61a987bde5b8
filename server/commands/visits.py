"""`thidua visits`: a fair plan of cross-inspections, and how teams that scored the same units compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json

if TYPE_CHECKING:
    from server.board.models.said import Said
    from server.board.view import GroupView


@click.group(short_help="Plan cross-inspections fairly, compare teams.")
def command() -> None:
    """Cross-inspections of a group year."""


@command.command("plan")
@click.argument("group")
@click.argument("year", type=int)
@click.option("--teams", type=click.IntRange(1), default=1, show_default=True, help="How many units inspect each unit.")
@click.option("--stay-home", multiple=True, metavar="UNIT", help="A unit that is inspected and inspects nobody.")
@click.option("--never", multiple=True, nargs=2, metavar="UNIT UNIT", help="The first must not inspect the second.")
@data_option
@locale_option
@json_option
def plan(
    group: str,
    year: int,
    teams: int,
    stay_home: tuple[str, ...],
    *,
    never: tuple[tuple[str, str], ...],
    data: Path,
    locale: str | None,
    as_json: bool,
) -> None:
    """Propose who inspects whom in GROUP and YEAR. Nothing is decided: the leader plans each visit on its page."""
    with opened(data, locale=locale) as service:
        service.follower.sweep()
        locale = locale or service.config.locale
        found = service.board.visit_plan(
            None, group, year, teams_per_unit=teams, stay_home=stay_home, barred=frozenset(never)
        )
        view = service.board.view(None, group, year)
    if found.problems:
        raise click.ClickException(" ".join(_sentence(view, it, locale) for it in found.problems))
    if as_json:
        visits = [
            {"round": it.round, "inspecting": it.inspecting.unit, "inspected": it.inspected.unit} for it in found.visits
        ]
        reasons = [{"code": it.code, "sentence": _sentence(view, it, locale)} for it in found.reasons]
        print_json({"teams_per_unit": found.teams_per_unit, "visits": visits, "reasons": reasons})
        return
    from rich.console import Console
    from rich.table import Table

    heads = ("Round", "Team of", "inspects") if locale == "en" else ("Đợt", "Đoàn của", "kiểm tra")
    table = Table(*heads)
    for visit in found.visits:
        table.add_row(str(visit.round), visit.inspecting.short_names[locale], visit.inspected.short_names[locale])
    console = Console()
    console.print(table)
    for reason in found.reasons:
        console.print(f"· {_sentence(view, reason, locale)}")


@command.command("compare")
@click.argument("group")
@click.argument("year", type=int)
@data_option
@locale_option
@json_option
def compare(group: str, year: int, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Put teams that scored the same units side by side. Nothing here moves a score."""
    from server.commands.explain import plain

    with opened(data, locale=locale) as service:
        service.follower.sweep()
        locale = locale or service.config.locale
        found = service.board.comparison(None, group, year)
        view = service.board.view(None, group, year)
    if as_json:
        print_json({"visits": found.visits, "teams": plain(found.teams), "agreement": plain(found.agreement)})
        return
    from rich.console import Console
    from rich.table import Table

    from schemas.figures import format_points

    console = Console()
    if found.teams:
        heads = ("Team of", "Visits", "Compared", "Above the others, % of max")
        if locale == "vi":
            heads = ("Đoàn của", "Cuộc", "Số câu so sánh", "Cao hơn các đoàn khác, % điểm chuẩn")
        table = Table(*heads)
        for team in found.teams:
            share = "–" if team.share is None else format_points(team.share * 100, locale, places=1)
            names = ", ".join(unit.short_names[locale] for unit in team.units)
            table.add_row(names, str(team.visits), str(team.compared), share)
        console.print(table)
    for reason in found.reasons:
        console.print(_sentence(view, reason, locale))


def _sentence(view: GroupView, said: Said, locale: str) -> str:
    """With units by their short names."""
    from server.messages import say

    def shown(value: object) -> object:
        if isinstance(value, list | tuple):
            return ", ".join(str(shown(each)) for each in value)
        return view.unit(value).short_names[locale] if isinstance(value, str) and value in view.member_units else value

    return say(type(said)(said.code, {name: shown(value) for name, value in said.params.items()}), locale)
