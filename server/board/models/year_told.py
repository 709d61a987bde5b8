"""What a year gave to tell: its course, its awards."""

from __future__ import annotations

from dataclasses import dataclass

from server.board.models.refs import Names, UnitRef


@dataclass(frozen=True, slots=True)
class AwardGiven:
    """How many were honoured, at one level. `form` is None where the source names the level alone."""

    form: str | None
    level: str
    collectives: int
    individuals: int
    number: str | None
    date: str | None
    authority: Names | None
    source: str
    """decided: by the decision named; published: a figure made public, beside which scores may be a sample."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something in the course of a year, with its day or days. Of a merger `units` are the old and, last, the new."""

    kind: str
    date: str
    until: str | None = None
    place: str | None = None
    units: tuple[UnitRef, ...] = ()
