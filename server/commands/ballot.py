"""`thidua ballot`: what a meeting voted, written down as decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from schemas.acts import subject_of, units_of
from server.commands._shared import by_option, data_option, decider, json_option, locale_option, opened, print_json

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]

SETTLES: Decorator = click.option(
    "--settles", is_flag=True, help="It stands in place of what two servers recorded side by side."
)
MINUTES: Decorator = click.option(
    "--minutes", "reason", required=True, help="What the minutes say; everybody of the group reads it."
)


class Votes(click.ParamType):  # type: ignore[type-arg]  # generic in some releases of click alone
    """`so-vhttdl-ha-nam=4`."""

    name = "unit=votes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        unit, sign, given = str(value).partition("=")
        if not sign or not given.isdecimal():
            self.fail(f"“{value}” is not UNIT=VOTES.", param, ctx)
        return unit, int(given)


def _options(*more: Decorator, settles: bool = True) -> Callable[[Command], Command]:
    common: tuple[Decorator, ...] = (
        click.argument("group"),
        click.argument("year", type=int),
        *more,
        *((SETTLES,) if settles else ()),
        by_option,
        data_option,
        locale_option,
        json_option,
    )

    def add(command: Command) -> Command:
        for each in reversed(common):
            command = each(command)
        return command

    return add


def _counts(*, invalid: bool = True) -> tuple[Decorator, ...]:
    counts: tuple[Decorator, ...] = (
        click.option("--held", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day of the ballot."),
        click.option("--voters", type=int, required=True, help="Units with a vote: the members of that day."),
        click.option("--present", type=int, required=True, help="How many of them were there."),
        click.option("--votes", type=Votes(), multiple=True, required=True, help="For each unit voted on."),
        MINUTES,
    )
    return (*counts, click.option("--invalid", type=int, default=0, help="Invalid papers.")) if invalid else counts


@click.group(short_help="Write down what a meeting voted.")
def command() -> None:
    """Ballots are held in the room: counts and minutes are written down, never who voted for whom."""


@command.command("tie")
@_options(*_counts(invalid=False))
def tie(group: str, year: int, **said: Any) -> None:
    """Units of GROUP in YEAR that are equal in everything: more votes is the better place. Needs two thirds present."""
    _write(group, year, "tie-ballot", _held(said), said)


@command.command("honour")
@_options(click.argument("award", type=click.Choice(["flag", "merit"])), *_counts())
def honour(group: str, year: int, award: str, **said: Any) -> None:
    """Whom the meeting honours with AWARD: more than half of those present. A paper may name several units."""
    _write(group, year, "award-ballot", {"award": award, **_held(said), "invalid": said["invalid"]}, said)


@command.command("elect")
@_options(click.argument("role", type=click.Choice(["leader", "deputy"])), *_counts())
def elect(group: str, year: int, role: str, **said: Any) -> None:
    """The leader or the deputy of the year after YEAR: more than half of those present. A paper names one unit."""
    _write(group, year, "elect", {"role": role, **_held(said), "invalid": said["invalid"]}, said)


@command.command("depart")
@_options(
    click.argument("award", type=click.Choice(["flag", "merit"])),
    click.option("--unit", "units", multiple=True, required=True, help="Put forward."),
    click.option("--over", multiple=True, required=True, help="Eligible, better placed, and not put forward."),
    MINUTES,
)
def depart(group: str, year: int, award: str, units: tuple[str, ...], over: tuple[str, ...], **said: Any) -> None:
    """The reason, from the minutes, why proposals for AWARD depart from score order. Without it nothing is frozen."""
    _write(group, year, "depart-order", {"award": award, "units": sorted(units), "over": sorted(over)}, said)


@command.command("strike")
@_options(click.argument("matter"), MINUTES, settles=False)
def strike(group: str, year: int, matter: str, **said: Any) -> None:
    """None of the records counts that two servers made side by side on MATTER; the meeting may vote anew.

    MATTER is honour:AWARD, elected:ROLE, departure:AWARD or ballot:UNIT:UNIT…, as a refusal names those that wait.
    """
    _write(group, year, "strike", {"subject": matter}, said)


def _held(said: dict[str, Any]) -> dict[str, Any]:
    day: datetime = said["held"]
    votes = dict(said["votes"])
    counts = {"voters": said["voters"], "present": said["present"]}
    return {"units": sorted(votes), "held": day.date().isoformat(), **counts, "votes": votes}


def _write(group: str, year: int, act: str, value: dict[str, Any], said: dict[str, Any]) -> None:
    with opened(said["data"], locale=said["locale"]) as service:
        service.follower.sweep()
        folded = service.board.view(None, group, year).folded
        contested = folded.contested.get(subject_of(act, value)) if said.get("settles", True) else None
        beside = () if contested is None else contested.sides
        if act == "strike":
            value["units"] = sorted({unit for it in beside for unit in units_of(it["act"], it["value"])})
        account = decider(service, said["login"], act, value, group=group, year=year)
        sides = [it["_id"] for it in beside]
        decision = service.acts.act(account, group, year, act, value, reason=said["reason"], settles=sides)
    if said["as_json"]:
        print_json({"decision": decision["_id"], "act": act, **value})
    else:
        click.echo(decision["_id"])
