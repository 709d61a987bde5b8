"""The decisions of a group year as they stand in its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.board.models.head import GroupHead
from server.board.models.refs import PersonRef, UnitRef


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    decision: str
    n: int
    act: str
    subject: str
    value: Mapping[str, Any]
    reason: str | None
    by: PersonRef
    authority_unit: UnitRef | None
    authority_as: str
    at: str
    inputs: tuple[str, ...]
    previous: tuple[str, ...]
    settles: tuple[str, ...]
    contested: bool
    stands: bool
    """False once a later decision on the same subject has replaced it."""


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    head: GroupHead
    decisions: tuple[DecisionEntry, ...]
    heads: tuple[str, ...]
