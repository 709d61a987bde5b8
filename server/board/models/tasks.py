"""What a person must do today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.board.models.refs import UnitRef
from server.board.models.said import Said

TaskKind = Literal[
    "overdue_return",
    "open_return",
    "contested",
    "departure",
    "unsigned_pact",
    "waiting",
    "approval",
    "error",
    "undecided",
    "na",
    "claim",
    "difference",
]


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person must do today, most urgent first."""

    kind: TaskKind
    unit: UnitRef | None
    criterion: str | None
    subject: str
    said: Said
    due: str | None
