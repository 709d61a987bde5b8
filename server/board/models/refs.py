"""Who and what a page names: persons, units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Who did it. `name` is None once the person's document is erased, or never known here: show the account id."""

    account: str
    name: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class UnitRef:
    unit: str
    names: Names
    short_names: Names
