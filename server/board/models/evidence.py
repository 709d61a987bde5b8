"""Evidence as it was cited, with its photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.board.models.head import GroupHead
from server.board.models.refs import Names, PersonRef, UnitRef

PhotoState = Literal["verified", "arriving", "absent", "withheld"]


@dataclass(frozen=True, slots=True)
class Use:
    """Where else a photo is cited: for which unit, criterion (or claim) and year. `group` may be another than ours."""

    group: str
    year: int
    unit: UnitRef
    target: str
    cited: str


@dataclass(frozen=True, slots=True)
class Photo:
    """`photo` is its SHA-256; pages show `/<group>/<year>/thumbs/<photo>` and `…/photos/<photo>` once verified."""

    photo: str
    state: PhotoState
    width: int | None
    height: int | None
    taken: str | None
    also: tuple[Use, ...] = ()
    """Other units, criteria and years it was submitted for, by the photo index."""


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    cited: str
    evidence: str
    unit: UnitRef
    title: str | None
    """None once withheld; so are note and place."""
    note: str | None
    place: Mapping[str, str | None] | None
    movement: Names | None
    criteria: tuple[str, ...]
    """Criteria whose counted answers cite it."""
    units: tuple[str, ...]
    """Units scored by the answers citing it."""
    photos: tuple[Photo, ...]
    children: bool
    consent: bool | None
    by: PersonRef
    made_at: str
    offset_s: int | None
    private: tuple[tuple[str, str], ...] = ()
    """Its private parts that are still here: which, and the hash that withholding names."""


@dataclass(frozen=True, slots=True)
class EvidencePage:
    head: GroupHead
    cards: tuple[EvidenceCard, ...]
    total: int
