"""One group year as it stands at one sequence: its documents by id, and small questions about them.

Built once for a sequence and shared by all readers until the next change. It must never know who reads or a figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from schemas import ids
from schemas.decision import Folded, withheld
from schemas.figures import corrected
from schemas.record import Record
from schemas.scoring import Tally, tally
from schemas.standings import Standings, standings
from schemas.visit import Visit
from server.board.models.evidence import EvidenceCard, Photo
from server.board.models.refs import Names, PersonRef, UnitRef
from sync.database import Document, Seq


@dataclass(frozen=True)
class GroupView:
    """`documents` of the group's database at `seq`. Never changed."""

    group: str
    year: int
    seq: Seq
    documents: Mapping[str, Document]

    @cached_property
    def group_year(self) -> Document:
        return self.documents[ids.groupyear_id(self.group, self.year)]

    @cached_property
    def scheme(self) -> Document:
        return self.documents[self.group_year["scheme"]]

    def all(self, kind: str) -> list[Document]:
        """Documents of a type, by id."""
        return [self.documents[name] for name in self.record.of_type(kind)]

    # What follows from them

    @cached_property
    def record(self) -> Record:
        return Record.from_documents(self.documents.values())

    def advanced(self, seq: Seq, changed: Iterable[Document], gone: Iterable[str]) -> GroupView:
        """The view at a later sequence: what has not changed is shared, and is not counted again."""
        written, dropped = {it["_id"]: it for it in changed}, set(gone)
        documents = dict(self.documents)
        for name in dropped & documents.keys():
            del documents[name]
        documents |= written
        later = GroupView(self.group, self.year, seq, documents)
        vars(later)["record"] = self.record.updated(written.values(), dropped)
        vars(later)["_tallies"] = dict(self._tallies)
        return later

    @property
    def folded(self) -> Folded:
        return self.record.folded

    @property
    def visits(self) -> Mapping[str, Visit]:
        return self.record.visits

    @cached_property
    def _rankings(self) -> dict[date, Standings]:
        return {}

    def standings(self, as_of: date) -> Standings:
        """The ranking on a day, computed once."""
        if as_of not in self._rankings:
            self._rankings[as_of] = standings(self.record, as_of, counted=self.tally(as_of))
        return self._rankings[as_of]

    def tally(self, as_of: date) -> Tally:
        """The scorecards behind it."""
        counted = self._tallies[as_of] = tally(self.record, as_of, self._tallies.get(as_of))
        return counted

    @cached_property
    def _tallies(self) -> dict[date, Tally]:
        """By day: this view's own, or those of the view it came from."""
        return {}

    # Units and people

    @cached_property
    def member_units(self) -> tuple[str, ...]:
        """Every unit that was a member in this year, in the group year's order."""
        return tuple(dict.fromkeys(member["unit"] for member in self.group_year["members"]))

    def members_on(self, day: date) -> tuple[str, ...]:
        return tuple(it["unit"] for it in self.group_year["members"] if _within(it, day))

    def unit(self, unit: str) -> UnitRef:
        """A unit no document tells of is shown by its id."""
        document = self.documents.get(f"unit:{unit}")
        if document is None:
            return UnitRef(unit, {"vi": unit, "en": unit}, {"vi": unit, "en": unit})
        return UnitRef(unit, document["names"], document["short_names"])

    def person(self, account: str) -> PersonRef:
        member = self.documents.get(f"member:{account}")
        if member is None:
            return PersonRef(account, None, None)
        person = self.documents.get(f"person:{member['person']}")
        return PersonRef(account, None if person is None else person["name"], member["unit"])

    # Texts

    def part(self, part_hash: str | None) -> Any:
        """The value of a part; None when there is none, or it is withheld."""
        document = None if part_hash is None else self.documents.get(f"part:{part_hash}")
        return None if document is None else document["value"]

    @cached_property
    def withheld(self) -> frozenset[tuple[str, str]]:
        """Kind and hash of all that a decision erased; one in a branch that had not met another erased it too."""
        return frozenset(withheld(self.folded))

    def text(self, part_hash: str | None) -> str | None:
        value = self.part(part_hash)
        return value if isinstance(value, str) else None

    # Arrivals

    @property
    def arrivals(self) -> Mapping[str, Mapping[str, Any]]:
        """Submission → its earliest arrival: several servers may have written one each."""
        return self.record.arrivals

    @cached_property
    def last_change(self) -> str | None:
        """The time of the newest thing the server took in or decided."""
        times = [it["at"] for it in (*self.all("arrival"), *self.all("decision"))]
        return max(times, default=None)

    # Evidence

    @cached_property
    def citations(self) -> Mapping[str, list[tuple[Document, str]]]:
        """Cited evidence → the submissions and criteria that cite it."""
        found: dict[str, list[tuple[Document, str]]] = {}
        for submission in self.all("submission"):
            for criterion, answer in submission["answers"].items():
                for cited in answer.get("evidence", ()):
                    found.setdefault(cited, []).append((submission, criterion))
            for claim in submission["claims"]:
                for cited in claim["evidence"]:
                    found.setdefault(cited, []).append((submission, claim["item"]))
        return found

    @cached_property
    def photos(self) -> frozenset[str]:
        """Every photo that cited evidence names."""
        return frozenset(photo["photo"] for cited in self.all("cited") for photo in cited["photos"])

    def evidence(self, cited: Document, states: Mapping[str, str]) -> EvidenceCard:
        citing = self.citations.get(cited["_id"], [])
        movement = self.documents.get(f"movement:{cited['movement']}") if cited.get("movement") else None
        place = self.part(cited.get("place"))
        return EvidenceCard(
            cited=cited["_id"],
            evidence=cited["of"],
            unit=self.unit(cited["unit"]),
            title=self.text(cited["title"]),
            note=self.text(cited.get("note")),
            place=place if isinstance(place, Mapping) else None,
            movement=None if movement is None else _names(movement),
            criteria=tuple(sorted({criterion for _, criterion in citing})),
            units=tuple(sorted({submission["unit"] for submission, _ in citing})),
            photos=tuple(
                Photo(
                    photo=it["photo"],
                    state="withheld" if ("photo", it["photo"]) in self.withheld else
                    "verified" if states.get(it["photo"]) == "verified" else
                    "arriving" if it["photo"] in states else "absent",
                    width=it.get("width"),
                    height=it.get("height"),
                    taken=it.get("taken"),
                )
                for it in cited["photos"]
            ),
            children=cited["children"],
            consent=cited.get("consent"),
            by=self.person(cited["by"]),
            made_at=corrected(cited["made"]),
            offset_s=cited["made"]["offset_s"],
            private=tuple(
                (name, cited[name])
                for name in ("title", "note", "place", "people")
                if self.part(cited.get(name)) is not None
            ),
        )  # fmt: skip


def raw_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    """An answer's kind and its value as text: ("points", "132.5"), ("passed", "true"), ("na", "true")."""
    for kind in ("points", "actual", "count"):
        if kind in answer:
            return kind, str(answer[kind])
    kind = "passed" if "passed" in answer else "na"
    return kind, "true" if answer.get(kind) else "false"


def _names(document: Document) -> Names:
    names: Names = document["names"]
    return names


def _within(period: Mapping[str, Any], day: date) -> bool:
    return str(period["from"]) <= day.isoformat() and (period["to"] is None or day.isoformat() <= str(period["to"]))
