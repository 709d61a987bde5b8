"""What the meeting voted: whom it honoured, whom it elected."""

from __future__ import annotations

from dataclasses import dataclass

from server.board.models.decisions import DecisionEntry
from server.board.models.refs import Names, UnitRef
from server.board.models.said import Said


@dataclass(frozen=True, slots=True)
class UnitVote:
    """What a ballot said of one unit: `chosen` by more than half of those present, and whether that is proposed."""

    unit: UnitRef
    place: int | None
    votes: int
    present: int
    chosen: bool
    proposed: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """`units` are put forward although `over` have better places; `reason` is the decision that says why, or None."""

    units: tuple[UnitRef, ...]
    over: tuple[UnitRef, ...]
    reason: DecisionEntry | None


@dataclass(frozen=True, slots=True)
class AwardVotes:
    """Whom the meeting honoured with an award. `candidates` are eligible and not honoured, `ballots` hold minutes."""

    award: str
    names: Names
    votes: tuple[UnitVote, ...]
    candidates: tuple[UnitRef, ...]
    ballots: tuple[DecisionEntry, ...]
    passed: Passed | None


@dataclass(frozen=True, slots=True)
class OfficeVotes:
    """Who was elected leader, or deputy, of the next year; `candidates` while nobody is."""

    role: str
    vote: UnitVote | None
    candidates: tuple[UnitRef, ...]
    ballots: tuple[DecisionEntry, ...]
    seat: Said | None = None
    """Who holds the office now that the next year is open; None while it is not."""


@dataclass(frozen=True, slots=True)
class Meeting:
    awards: tuple[AwardVotes, ...]
    offices: tuple[OfficeVotes, ...]

    @property
    def voted(self) -> bool:
        """Is there anything to tell?"""
        return any(it.votes for it in self.awards) or any(it.vote is not None for it in self.offices)
