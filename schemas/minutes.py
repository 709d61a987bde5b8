"""The minutes of a visit (biên bản kiểm tra chéo): when, where, who was there, what differs, what is recommended.

The result is no part of them: it is that of the submission they name. All that people wrote stands in parts. Minutes
never change; corrected ones supersede them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from typing import Any, Final

from schemas import ids
from schemas.document import Document
from schemas.fields import Day, Fault, Form, Hash, Inner, ListOf, Matching, OneOf, Ref, Stamp, Time, Word, Year

SIDES: Final = ("team", "unit")
"""The inspecting team, the inspected unit."""

TEXTS: Final = ("place", "team_present", "unit_present", "differences", "recommendations")
"""The members that hold the hash of a part."""

AGREED_MAX: Final = 40
"""Names that agreed: two delegations of the largest conference room."""

SUPERSEDES_MAX: Final = 50


def is_clock(text: str) -> bool:
    """`08:30`, a time of day in Viet Nam?"""
    try:
        return time.fromisoformat(text).strftime("%H:%M") == text
    except ValueError:
        return False


class Agreed(Form):
    side = OneOf(*SIDES)
    name = Hash()
    at = Time()


class MinutesForm(Document):
    type_name = "minutes"

    group = Word()
    year = Year()
    unit = Word()
    visit = Word()
    submission = Ref("submission")
    on = Day()
    began = Matching(is_clock, "not-clock")
    ended = Matching(is_clock, "not-clock", nullable=True)
    place = Hash()
    team_present = Hash()
    unit_present = Hash()
    differences = Hash(nullable=True)
    recommendations = Hash(nullable=True)
    agreed = ListOf(Inner(Agreed), most=AGREED_MAX)
    supersedes = ListOf(Ref("minutes"), most=SUPERSEDES_MAX, sorted_unique=True)
    by = Word()
    made = Inner(Stamp)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        named = ids.parse(body["submission"])
        if (named["group"], named["unit"], named.get("visit")) != (body["group"], body["unit"], body["visit"]):
            yield "submission", Fault("minutes-of-other-visit")
        for index, superseded in enumerate(body["supersedes"]):
            other = ids.parse(superseded)
            if (other["unit"], other["visit"]) != (body["unit"], body["visit"]) or superseded == body["_id"]:
                yield f"supersedes.{index}", Fault("minutes-of-other-visit")
        if body["ended"] is not None and body["ended"] < body["began"]:
            yield "ended", Fault("minutes-end-first")


def texts_named(body: Mapping[str, Any]) -> Iterator[str]:
    """The hashes of what people wrote in minutes."""
    yield from (body[name] for name in TEXTS if body.get(name) is not None)
    yield from (each["name"] for each in body.get("agreed") or ())


def standing(minutes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that no other supersedes, by id; of one visit usually one."""
    held = {each["_id"]: each for each in minutes}
    superseded = {name for each in held.values() for name in each["supersedes"]}
    return [held[name] for name in sorted(held.keys() - superseded)]
