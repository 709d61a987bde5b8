"""Teams that scored the same, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from server.board.models.head import GroupHead
from server.board.models.refs import Names, UnitRef
from server.board.models.said import Said


@dataclass(frozen=True, slots=True)
class TeamFigure:
    """How far above (+) or below (−) the other teams a team scored at the same units, as a share of the maxima."""

    units: tuple[UnitRef, ...]
    visits: int
    compared: int
    share: Fraction | None
    apart: bool


@dataclass(frozen=True, slots=True)
class AgreementFigure:
    criterion: str
    names: Names
    pairs: int
    agreeing: int
    apart: Fraction


@dataclass(frozen=True, slots=True)
class Comparison:
    """Teams that scored the same, side by side. `reasons` caution, or say that there is too little to compare."""

    head: GroupHead
    visits: int
    teams: tuple[TeamFigure, ...]
    agreement: tuple[AgreementFigure, ...]
    reasons: tuple[Said, ...]
