"""Units over time: what an event makes of a group's year, and what a unit was called on a day. Pure (rule 6).

On the event's day the successor is a member and the old unit no longer is. Nothing here touches a score: what was
scored stays the old unit's, under its old name, and carries over only by decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

Body = Mapping[str, Any]
Event = TypeVar("Event", bound=Mapping[str, Any])


def eve(day: str) -> str:
    """The day before: an old unit's last. The calendar's first day has none, and stays."""
    first = date.min.isoformat()
    return first if day == first else (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def in_order(events: Iterable[Event]) -> list[Event]:
    """The earliest first; of one day by id."""
    return sorted(events, key=lambda event: (event["date"], event["_id"]))


def ended_by(events: Iterable[Body], unit: str) -> Body | None:
    """The merger or dissolution that ended a unit, if any."""
    return next((it for it in in_order(events) if it["kind"] != "rename" and unit in it["from"]), None)


def succeeds(event: Body, old: str, successor: str) -> bool:
    """Did this event make `successor` of `old`?"""
    return event["kind"] == "merge" and event["to"] == successor and old in event["from"]


def unit_at(unit: Body, events: Iterable[Body], day: str) -> dict[str, Any]:
    """The unit's document as it read on a day: later names and a later end are not known yet."""
    then = dict(unit)
    later = [it for it in in_order(events) if it["date"] > day and unit["unit"] in it["from"]]
    for event in reversed(later):
        if event["kind"] == "rename":
            then |= event["was"]
    if then["valid_to"] is not None and any(
        it["kind"] != "rename" and then["valid_to"] == eve(it["date"]) for it in later
    ):
        then["valid_to"] = None
    return then


def applied(groupyear: Body, events: Iterable[Body]) -> dict[str, Any]:
    """The group's year after these events: memberships and terms end on the eve, the successor's begin on the day.

    Safe to repeat. An event that concerns no member of the year, or lies after it, changes nothing.
    """
    found = dict(groupyear)
    for event in in_order(events):
        if event["kind"] == "rename" or int(event["date"][:4]) > found["year"]:
            continue
        found["members"] = _after(found["members"], event, _member_periods)
        found["leaders"] = _after(found["leaders"], event, _terms)
    return found


def concerns(groupyear: Body, event: Body) -> bool:
    """Has the event's day, or what came of it, a place in this year?"""
    units = {member["unit"] for member in groupyear["members"]}
    return int(event["date"][:4]) <= groupyear["year"] and bool(units & {*event["from"], event["to"]})


def _after(periods: Sequence[Body], event: Body, inherited: Any) -> list[dict[str, Any]]:
    day, last = event["date"], eve(event["date"])
    ended = [it for it in periods if it["unit"] in event["from"] and (it["to"] is None or it["to"] >= day)]
    # A period that would only begin after the unit's end never comes about.
    kept = [
        {**it, "to": last} if it in ended else dict(it) for it in periods if not (it in ended and it["from"] >= day)
    ]
    if event["to"] is None:
        return kept
    return [*kept, *inherited(kept, ended, event["to"], day)]


def _member_periods(kept: Sequence[Body], ended: Sequence[Body], successor: str, day: str) -> list[dict[str, Any]]:
    """One for however many units it follows; none where it is a member already."""
    if not ended or any(it["unit"] == successor and (it["to"] is None or it["to"] >= day) for it in kept):
        return []
    to = None if any(it["to"] is None for it in ended) else max(it["to"] for it in ended)
    return [{"unit": successor, "from": max(day, min(it["from"] for it in ended)), "to": to}]


def _terms(kept: Sequence[Body], ended: Sequence[Body], successor: str, day: str) -> list[dict[str, Any]]:
    """The successor takes the old unit's seat, its term with it, unless it already sits on that seat."""
    held = {it["role"] for it in kept if it["unit"] == successor and (it["to"] is None or it["to"] >= day)}
    return [
        {"unit": successor, "role": it["role"], "from": max(day, it["from"]), "to": it["to"]}
        for it in ended
        if it["role"] not in held
    ]
