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
    from server.board.models.standings import Explained
    from server.board.models.trace import CriterionTrace


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
    """Explain the total of UNIT line by line, each with its rule; with CRITERION, every answer and decision there."""
    with opened(data, locale=locale) as service:
        service.follower.sweep()
        locale = locale or service.config.locale
        explained = service.board.explain(None, group, year, unit, criterion)
        lines = list(_lines(explained, locale))
        trace = None
        if criterion is not None:
            trace = service.board.trace(None, group, year, unit, criterion)
            lines += _trace(trace, locale)
    if as_json:
        derivation = [line.to_json(explained.ranking) for line in explained.lines]
        print_json({"lines": derivation, "trace": None if trace is None else plain(trace)})
    else:
        click.echo("\n".join(lines))


def _lines(explained: Explained, locale: str) -> Iterator[str]:
    from schemas.explaining import rule_sentence
    from server.messages import say

    yield f"{explained.unit.names[locale]}, {explained.head.names[locale]} {explained.head.year}"
    if explained.head.sample:
        yield say("sample-scores", locale)
    for line in explained.lines:
        rule = "" if line.rule is None else f"  [{rule_sentence(line.rule, locale)}]"
        yield f"{'  ' * line.level}{explained.ranking.sentence(line.reason, locale)}{rule}"


def _trace(trace: CriterionTrace, locale: str) -> Iterator[str]:
    yield trace.row.names[locale]
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
