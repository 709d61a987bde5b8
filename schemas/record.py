"""What a group's database says, read once: the documents standings follow from.

Reading is tolerant: unknown types and members are passed over, order and repetition do not matter. Nothing is judged
here; which submissions count is `schemas.counting`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from schemas import ids
from schemas.answer import value_of
from schemas.decision import Folded, fold, is_whole
from schemas.hashing import body_sha256
from schemas.scheme import Criterion, Scheme
from schemas.succession import in_order
from schemas.visit import Visit, visits

Body = Mapping[str, Any]
ByType = Mapping[str, Mapping[str, Body]]

_LASTING = ("scheme_id", "scheme", "score_lock", "visits", "_values")
"""What a record works out from its group year, scheme and decisions alone."""


@dataclass(frozen=True)
class Record:
    """The documents of one group year. `arrivals` holds the earliest arrival of each submission."""

    groupyear: Body | None
    schemes: Mapping[str, Body]
    units: Mapping[str, Body]
    events: tuple[Body, ...]
    pact: Body | None
    submissions: Mapping[str, Body]
    arrivals: Mapping[str, Body]
    cited: Mapping[str, Body]
    replies: tuple[Body, ...]
    folded: Folded
    _by_type: ByType = field(repr=False, compare=False)

    @classmethod
    def from_documents(cls, documents: Iterable[Body], *, folded: Folded | None = None) -> Record:
        """Read plain documents of a `g-` database; every other document, also of another group or year, does no harm.

        `folded` is their log, where somebody has folded it already.
        """
        by_type: dict[str, dict[str, Body]] = {}
        for document in documents:
            if not document.get("_deleted"):
                by_type.setdefault(ids.type_of(document["_id"]), {})[document["_id"]] = document
        return cls._of({kind: dict(sorted(held.items())) for kind, held in by_type.items()}, folded=folded)

    def updated(self, changed: Iterable[Body], gone: Iterable[str] = ()) -> Record:
        """The record with these documents written over, and those ids taken out: what `from_documents` of all would
        read. What they do not touch is shared with this one, and is the same object there.
        """
        by_type: dict[str, dict[str, Body]] = {}

        def of(doc_id: str) -> dict[str, Body]:
            kind = ids.type_of(doc_id)
            return by_type.setdefault(kind, dict(self._by_type.get(kind, {})))

        for document in changed:
            if document.get("_deleted"):
                of(document["_id"]).pop(document["_id"], None)
            else:
                of(document["_id"])[document["_id"]] = document
        for doc_id in gone:
            of(doc_id).pop(doc_id, None)
        fresh = {kind: dict(sorted(held.items())) for kind, held in by_type.items()}
        same_log = fresh.keys().isdisjoint(("decision", "groupyear"))
        record = self._of({**self._by_type, **fresh}, folded=self.folded if same_log else None)
        # What was worked out stays true while all that it follows from is the same.
        vars(record)["_hashes"] = self._hashes
        if fresh.keys().isdisjoint(("decision", "groupyear", "scheme")):
            vars(record).update({name: vars(self)[name] for name in _LASTING if name in vars(self)})
        return record

    @classmethod
    def _of(cls, by_type: ByType, *, folded: Folded | None = None) -> Record:
        def of(kind: str) -> Mapping[str, Body]:
            return by_type.get(kind, {})

        arrivals: dict[str, Body] = {}
        for arrival in sorted(of("arrival").values(), key=lambda it: (it["at"], it["_id"]), reverse=True):
            arrivals[arrival["submission"]] = arrival
        groupyear = next(iter(of("groupyear").values()), None)
        submissions = of("submission")
        if not all(_of_year(it, groupyear) for it in submissions.values()):
            submissions = {name: it for name, it in submissions.items() if _of_year(it, groupyear)}
        # An act of another group is none here; one that is not what its id says stays, for someone to look at.
        decisions = [it for it in of("decision").values() if _of_year(it, groupyear) or not is_whole(it)]
        if folded is not None and len(decisions) < len(of("decision")):
            folded = None
        return cls(
            groupyear=groupyear,
            schemes=of("scheme"),
            units={unit["unit"]: unit for unit in of("unit").values()},
            events=tuple(in_order(of("unitevent").values())),
            pact=next((it for it in of("pact").values() if _of_year(it, groupyear)), None),
            submissions=submissions,
            arrivals=arrivals,
            cited=of("cited"),
            replies=tuple(it for it in of("reply").values() if _of_year(it, groupyear)),
            folded=folded or fold(decisions),
            _by_type=by_type,
        )

    def of_type(self, kind: str) -> Mapping[str, Body]:
        """Every document of a type that was read, by id, of whatever group and year."""
        return self._by_type.get(kind, {})

    @cached_property
    def scheme_id(self) -> str | None:
        """The scheme locked by decision, else the one the group year names."""
        lock = self.folded.on("scheme", "lock-scheme")
        if lock is not None:
            return str(lock["value"]["scheme"])
        return None if self.groupyear is None else str(self.groupyear["scheme"])

    @cached_property
    def scheme(self) -> Scheme | None:
        """None while the group year or its scheme is not here."""
        document = self.schemes.get(self.scheme_id or "")
        return None if document is None else Scheme.from_document(document)

    @cached_property
    def score_lock(self) -> Body | None:
        """The decision that keeps scores locked, if one stands."""
        lock = self.folded.on("scores", "lock-scores")
        return lock if lock is not None and lock["value"]["locked"] else None

    @cached_property
    def visits(self) -> Mapping[str, Visit]:
        return visits(self.folded)

    @cached_property
    def of_unit(self) -> Mapping[str, tuple[Body, ...]]:
        """The submissions on each unit, by id."""
        found: dict[str, list[Body]] = {}
        for submission in self.submissions.values():
            found.setdefault(submission["unit"], []).append(submission)
        return {unit: tuple(held) for unit, held in found.items()}

    def value(self, criterion: Criterion, submission: Body) -> Fraction | None:
        """The number a submission gives for a criterion of this record's scheme (`schemas.answer.value_of`)."""
        known = self._values.setdefault(id(submission), (submission, {}))[1]
        if criterion.id not in known:
            known[criterion.id] = value_of(criterion, submission["answers"].get(criterion.id))
        return known[criterion.id]

    @cached_property
    def _values(self) -> dict[int, tuple[Body, dict[str, Fraction | None]]]:
        """By the body's identity; the body is kept beside, so that no other can take its place."""
        return {}

    @cached_property
    def _hashes(self) -> dict[int, tuple[Body, str]]:
        """By the body's identity, as above."""
        return {}

    def binds(self, submission: str, sha256: str) -> Body | None:
        """The submission a decision names as an input, if it is here as it was then."""
        document = self.submissions.get(submission)
        if document is None:
            return None
        known = self._hashes.get(id(document))
        if known is None:
            known = self._hashes[id(document)] = (document, body_sha256(document))
        return document if known[1] == sha256 else None

    def functions(self, unit: str) -> frozenset[str] | None:
        """What a unit does; None where its document is not here, and then nothing is excluded."""
        document = self.units.get(unit)
        return None if document is None else frozenset(document["functions"])

    def listed(self, as_of: date) -> tuple[Member, ...]:
        """The members of the year known on a day, each once, by unit."""
        if self.groupyear is None:
            return ()
        first = date(self.groupyear["year"], 1, 1).isoformat()
        # After New Year's Eve the year's members are those of its last day.
        day = min(as_of, date(self.groupyear["year"], 12, 31)).isoformat()
        periods: dict[str, list[tuple[str, str | None]]] = {}
        for member in self.groupyear["members"]:
            starts, ends = member["from"], member["to"]
            if starts <= day and (ends is None or ends >= first):
                periods.setdefault(member["unit"], []).append((starts, ends))
        return tuple(
            Member(
                unit=unit,
                active=any(starts <= day and (ends is None or ends >= day) for starts, ends in held),
                ended=max((ends for _, ends in held if ends is not None), default=None),
            )
            for unit, held in sorted(periods.items())
        )

    def signed(self, unit: str, as_of: date) -> bool:
        """Had the unit signed the pact by then?"""
        signatures = [] if self.pact is None else self.pact["signatures"]
        return any(it["unit"] == unit and it["date"] <= as_of.isoformat() for it in signatures)

    def target(self, unit: str, criterion: str) -> str | None:
        """The unit's own target of a criterion, from the pact."""
        targets = [] if self.pact is None else self.pact["targets"]
        return next((it["target"] for it in targets if (it["unit"], it["criterion"]) == (unit, criterion)), None)

    def open_flags(self, unit: str, as_of: date) -> tuple[str, ...]:
        """The kinds of flag open against a unit on a day."""
        day = as_of.isoformat()
        flags = [] if self.groupyear is None else self.groupyear["flags"]
        return tuple(
            flag["kind"]
            for flag in flags
            if flag["unit"] == unit and flag["opened"] <= day and (flag["closed"] is None or flag["closed"] > day)
        )


def _of_year(body: Body, groupyear: Body | None) -> bool:
    """Is it of this group's year, or does it not say?"""
    return groupyear is None or all(body.get(name, groupyear[name]) == groupyear[name] for name in ("group", "year"))


@dataclass(frozen=True, slots=True)
class Member:
    """A member listed in a year. `ended` is the last day of its latest closed period, `active` tells of today."""

    unit: str
    active: bool
    ended: str | None
