"""`thidua explain`: how a unit's numbers came about, down to answers, people, times and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, word

if TYPE_CHECKING:
    from server.board.models import CriterionTrace, UnitSheet


@click.command(short_help="How a unit's numbers came about.")
@click.argument("group")
@click.argument("year", type=int)
@click.argument("unit")
@click.argument("criterion", required=False)
@data_option
@locale_option
@json_option
def command(
    group: str, year: int, unit: str, criterion: str | None, data: Path, *, locale: str | None, as_json: bool
) -> None:
    """Explain the figures of UNIT, section by section; with CRITERION, every answer and decision behind that one."""
    with opened(data, locale=locale) as service:
        service.follower.sweep()
        locale = locale or service.config.locale
        shown: UnitSheet | CriterionTrace
        if criterion is None:
            shown = service.board.sheet(None, group, year, unit)
            lines = list(_sheet(shown, locale))
        else:
            shown = service.board.trace(None, group, year, unit, criterion)
            lines = list(_trace(shown, locale))
    if as_json:
        print_json(plain(shown))
    else:
        click.echo("\n".join(lines))


def _sheet(sheet: UnitSheet, locale: str) -> Iterator[str]:
    from server.messages import say

    yield f"{sheet.unit.names[locale]}, {sheet.head.names[locale]} {sheet.head.year}"
    for section in sheet.sections:
        figure = section.figure
        name = f"{figure.section.upper()}. {figure.names[locale]}"
        yield f"{name}: {_points(figure.points, locale)} / {_points(figure.max, locale)}"
        for row in section.criteria:
            stages = [row.self, row.cross_merged, row.cluster]
            columns = " ".join(f"{_points(None if cell is None else cell.points, locale):>8}" for cell in stages)
            state = word("criterion", row.state, locale)
            value = _points(row.value, locale)
            yield f"  {_label(row.criterion):8} {value:>8} | {columns}  {state:24} {row.names[locale]}"
    for reason in sheet.standing.reasons:
        yield say(reason, locale)


def _trace(trace: CriterionTrace, locale: str) -> Iterator[str]:
    row = trace.row
    yield f"{trace.unit.names[locale]}: {_label(row.criterion)} {row.names[locale]}"
    stage = "–" if row.stage is None else word("stage", row.stage, locale)
    state = word("criterion", row.state, locale)
    yield f"  {_points(row.value, locale)} / {_points(row.max, locale)} ({stage}, {state})"
    for answer in trace.answers:
        who = answer.by.name or answer.by.account
        flags = ", ".join(word("flag", flag, locale) for flag in answer.flags)
        yield (
            f"  {word('stage', answer.stage, locale):14} {_points(answer.points, locale):>8} "
            f"{word('answer', answer.state, locale)} · {who}, {_time(answer.answered_at, locale)} "
            f"→ {_time(answer.arrived_at, locale)} {flags}".rstrip()
        )
        if answer.note:
            yield f"         “{answer.note}”"
        for card in answer.evidence:
            photos = " ".join(f"{photo.photo[:12]}…({word('photo', photo.state, locale)})" for photo in card.photos)
            yield f"         {card.cited[:18]}… {card.title or '–'} {photos}"
    for entry in trace.decisions:
        mark = "!" if entry.contested else "=" if entry.stands else "·"
        who, at = entry.by.name or entry.by.account, _time(entry.at, locale)
        yield f"  {mark} {word('act', entry.act, locale)} · {who}, {at}: {entry.reason or '–'}"


def _points(value: Fraction | None, locale: str) -> str:
    from schemas.figures import format_points

    return "–" if value is None else format_points(value, locale)


def _time(at: str | None, locale: str) -> str:
    from schemas.figures import format_time

    return "–" if at is None else format_time(at, locale)


def _label(criterion: str) -> str:
    """As people number it: `I.1` for `i-1`."""
    return criterion.upper().replace("-", ".")


def plain(value: Any) -> Any:
    """Dataclasses as objects; an exact figure as a decimal string, or as a fraction where no decimal is exact."""
    if isinstance(value, Fraction):
        from schemas.figures import decimal_string

        text = decimal_string(value)
        return text if Fraction(text) == value else f"{value.numerator}/{value.denominator}"
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(each) for each in value]
    return value
