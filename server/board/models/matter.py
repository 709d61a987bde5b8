"""What a unit may reply to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """What a unit may reply to: `answers` is the return, or the cross submission that deducts; `due` its last day.

    A return stays open until it is answered or decided, also after its deadline. `stage` is that of the checklist
    returned or compared.
    """

    answers: str
    kind: Literal["return", "difference"]
    stage: str
    due: str | None

    def open_on(self, day: date) -> bool:
        return self.kind == "return" or self.due is None or day.isoformat() <= self.due
