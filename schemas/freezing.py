"""A frozen ranking: what stands against freezing, what it was computed from, and computing it again.

The same code runs where it is frozen and on a stranger's laptop; a ranking is the same when its printed form is, to the
last digit. Signatures and files are not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from schemas import ids
from schemas.hashing import body_sha256, canonical_bytes
from schemas.kept import KEPT_TYPES, keep
from schemas.problem import Reason
from schemas.proposals import Departure
from schemas.record import Body, Record
from schemas.standings import Standings, standings

INPUT_TYPES: Final = frozenset({
    "arrival", "cited", "decision", "groupyear", "pact", "reply", "scheme", "submission", "unit", "unitevent"
})  # fmt: skip
"""What standings read. Parts and persons are not among them: they can be erased, and the ranking still verifies."""


AFTERWARDS: Final = ("elected:", "published", "withheld:")
"""What is decided on these subjects follows a freezing in the course of things and bears on no figure."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen ranking computed again. `faults` is empty exactly when it is what was frozen."""

    standings: Standings
    exceptions: tuple[Reason, ...]
    faults: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The ranking as a bundle holds it."""
        return {"standings": self.standings.to_json(), "exceptions": [it.to_json() for it in self.exceptions]}


def obstacles(record: Record, ranking: Standings) -> tuple[Reason, ...]:
    """Why this ranking cannot be frozen yet: whatever makes places provisional, a departure from score order without a
    reason in the minutes, and a log with two heads.
    """
    heads = record.folded.heads
    forked = (Reason("freeze-two-heads", {"count": len(heads)}),) if len(heads) > 1 else ()
    return (*ranking.reasons, *unminuted(ranking).values(), *forked)


def unminuted(ranking: Standings) -> dict[str, Reason]:
    """Award → its departure from score order, of which no minutes give a reason yet."""
    silent = (it for it in ranking.departures if it.decision is None)
    return {it.award: _departs("departure-unminuted", ranking, it) for it in silent}


def _departs(code: str, ranking: Standings, found: Departure) -> Reason:
    awards = () if ranking.scheme is None else ranking.scheme.awards
    item = next((dict(it.names) for it in awards if it.id == found.award), {"vi": found.award})
    return Reason(code, {"item": item, "units": list(found.units), "over": list(found.over)})


def ranking_inputs(documents: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Id and body hash of every document a ranking is computed from, sorted: the inputs of a freezing decision."""
    used = {it["_id"]: it for it in documents if ids.type_of(it["_id"]) in INPUT_TYPES and not it.get("_deleted")}
    return [(name, body_sha256(used[name])) for name in sorted(used)]


def digest(ranking: Standings) -> str:
    """The SHA-256 of a ranking's printed form."""
    return hashlib.sha256(canonical_bytes(ranking.to_json())).hexdigest()


def to_keep(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The copies to write before freezing: of every input that somebody may write over afterwards."""
    return [keep(it) for it in documents if ids.type_of(it["_id"]) in KEPT_TYPES and not it.get("_deleted")]


def as_named(documents: Iterable[Mapping[str, Any]], freeze: Mapping[str, Any]) -> tuple[list[Body], list[Reason]]:
    """The inputs as the freezing decision names them, from what stands here or was kept; and what is not as named."""
    held = {it["_id"]: it for it in documents}
    found: list[Body] = []
    faults = []
    for named in freeze["inputs"]:
        standing = held.get(named["id"])
        if standing is not None and body_sha256(standing) == named["sha256"]:
            found.append(standing)
            continue
        copy = held.get(ids.kept_id(named["sha256"]))
        if copy is not None and copy["of"] == named["id"] and body_sha256(copy["document"]) == named["sha256"]:
            found.append({"_id": named["id"], **copy["document"]})
            continue
        faults.append(Reason("input-absent" if standing is None else "input-differs", {"id": named["id"]}))
        if standing is not None:
            found.append(standing)
    return found, faults


def recomputed(documents: Iterable[Mapping[str, Any]], freeze: Mapping[str, Any]) -> Frozen:
    """Compute a frozen ranking again from exactly the inputs its decision names, and say what does not agree."""
    found, faults = as_named(documents, freeze)
    record = Record.from_documents(found)
    ranking = standings(record, date.fromisoformat(freeze["value"]["as_of"]))
    if digest(ranking) != freeze["value"]["sha256"]:
        faults.append(Reason("ranking-differs", {"expected": freeze["value"]["sha256"]}))
    return Frozen(ranking, exceptions(record, ranking), tuple(faults))


def exceptions(record: Record, ranking: Standings) -> tuple[Reason, ...]:
    """What a reader must know beside the places: open flags, and whatever did not go as the rule goes."""
    found: list[Reason] = []
    for row in ranking.rows:
        unit = {"unit": row.unit}
        flags = record.open_flags(row.unit, ranking.as_of)
        found += [Reason("frozen-flag", {**unit, "kinds": flags})] if flags else []
        found += [Reason("frozen-unranked", {**unit, "why": reason.code}) for reason in row.reasons]
        coverage = row.card.coverage
        if coverage.answered < coverage.applicable:
            params = {"count": coverage.applicable - coverage.answered, "of": coverage.applicable}
            found.append(Reason("frozen-unanswered", {**unit, **params}))
        if coverage.visits_done < coverage.visits_planned:
            params = {"count": coverage.visits_planned - coverage.visits_done, "of": coverage.visits_planned}
            found.append(Reason("frozen-unvisited", {**unit, **params}))
        for held in row.card.checklists:
            found += [Reason("frozen-late", {**unit, "submission": name}) for name in held.late]
            found += [Reason("frozen-aside", {**unit, "submission": name}) for name in held.aside]
            found += [Reason("frozen-later", {**unit, "submission": name}) for name in held.later]
        apart = sum(not it.commented for it in row.card.discrepancies)
        found += [Reason("frozen-uncommented", {**unit, "count": apart})] if apart else []
        for it in row.awards:
            if it.vote is not None and it.vote.chosen and not it.eligible:
                found.append(Reason("frozen-not-proposed", {**unit, "item": dict(it.award.names)}))
    found += [_departs("frozen-departure", ranking, it) for it in ranking.departures]
    for each in ranking.beside:
        if each.struck is not None:
            told = {"matter": ranking.matter(each.subject), "units": list(each.units)}
            found.append(Reason("frozen-struck", {**told, "n": ids.parse(each.struck)["n"]}))
    return tuple(found)


def later(documents: Iterable[Mapping[str, Any]], freeze: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs a ranking would read today that the frozen one did not: what came, or was decided, after it.

    A unit that was no member is none: who decided there and is of no member has a name, and bears on no figure.
    """
    held = {it["_id"]: it for it in documents}
    members = {
        ids.unit_id(member["unit"])
        for it in held.values()
        if ids.type_of(it["_id"]) == "groupyear"
        for member in it["members"]
    }
    named = {(it["id"], it["sha256"]) for it in freeze["inputs"]}
    return tuple(
        name
        for name, sha256 in ranking_inputs(held.values())
        if (name, sha256) not in named
        and name != freeze["_id"]
        and not held[name].get("subject", "").startswith(AFTERWARDS)
        and (ids.type_of(name) != "unit" or name in members)
    )


def frozen_hash(freeze: Mapping[str, Any]) -> str:
    """What is printed on the published ranking: the SHA-256 of its decision, which names every input by its own."""
    return body_sha256(freeze)
