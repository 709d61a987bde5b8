"""Evidence: photos of an activity with title, place and time; and the copy of it that a submission cites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.document import Document, Hashed
from schemas.fields import (
    NOTE_CHARS_MAX,
    Bool,
    Fault,
    Form,
    Hash,
    Hex,
    Inner,
    ListOf,
    Member,
    Ref,
    Stamp,
    Text,
    Time,
    Whole,
    Word,
    Year,
    fault,
)
from schemas.hashing import body_of, body_sha256
from schemas.minutes import texts_named

PHOTOS_MAX: Final = 30
"""Of one activity; a set of more is several activities."""

PIXELS_MAX: Final = 50_000
"""No camera is wider; a larger figure is a mistake."""


class Photo(Form):
    photo = Hash()
    taken = Time(nullable=True)
    width = Whole(1, PIXELS_MAX)
    height = Whole(1, PIXELS_MAX)


class EvidenceMembers(Document):
    """What evidence and its cited copy share."""

    group = Word()
    year = Year()
    unit = Word()
    title = Hash()
    note = Hash(nullable=True)
    place = Hash(nullable=True)
    people = Hash(nullable=True)
    movement = Word(nullable=True)
    criterion = Word(nullable=True)
    photos = ListOf(Inner(Photo), most=PHOTOS_MAX)
    children = Bool()
    consent = Bool(nullable=True)
    by = Word()
    made = Inner(Stamp)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        photos = [shot["photo"] for shot in body["photos"]]
        if len(set(photos)) < len(photos):
            yield "photos", Fault("list-repeats")


class EvidenceForm(EvidenceMembers):
    type_name = "evidence"


class CitedForm(EvidenceMembers, Hashed):
    type_name = "cited"

    of = Ref("evidence")


class Place(Form):
    name = Text(nullable=True)
    lat = Text(chars_max=20, nullable=True)
    lon = Text(chars_max=20, nullable=True)
    accuracy_m = Text(chars_max=20, nullable=True)


class PartValue(Member):
    """A text, or a place."""

    _text = Text(chars_max=NOTE_CHARS_MAX)
    _place = Inner(Place)

    def judge(self, value: Any) -> None:
        if isinstance(value, str):
            # A title may be left empty on purpose; its part still has to exist.
            if value:
                self._text.judge(value)
        elif isinstance(value, dict):
            self._place.judge(value)
        else:
            raise fault("not-text")


class PartForm(Hashed):
    type_name = "part"

    salt = Hex(32)
    value = PartValue()


def cite(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The immutable copy of evidence as it stands now. Citing the same state twice gives the same document."""
    body = {**body_of(evidence), "type": "cited", "of": evidence["_id"]}
    return {"_id": f"cited:{body_sha256(body)}", **body}


def parts_named(body: Mapping[str, Any]) -> frozenset[str]:
    """The hashes of all parts that evidence, a cited copy, a submission, a reply, minutes or a decision names."""
    found = {body.get(name) for name in ("title", "note", "place", "people", "reason", "text")}
    found.update(answer.get("note") for answer in _answers(body))
    found.update((answer.get("paper") or {}).get("scored_by") for answer in _answers(body))
    if body.get("type") == "minutes":
        found.update(texts_named(body))
    found.update(claim.get("subject") for claim in body.get("claims") or [])
    return frozenset(text for text in found if isinstance(text, str))


def evidence_named(body: Mapping[str, Any]) -> frozenset[str]:
    """The ids of all evidence (in a draft) or cited copies (in a submission) that answers and claims name."""
    found: set[str] = set()
    for answer in _answers(body):
        found.update(answer.get("evidence") or [])
    for claim in body.get("claims") or []:
        found.update(claim.get("evidence") or [])
    return frozenset(found)


def photos_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The SHA-256 of each photo, in the order shown."""
    return tuple(shot["photo"] for shot in body.get("photos") or [])


def _answers(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for held in (body.get("answers") or {}).values() if isinstance(body.get("answers"), Mapping) else ():
        if isinstance(held, list):  # a draft
            yield from (entry["answer"] for entry in held)
        else:
            yield held
