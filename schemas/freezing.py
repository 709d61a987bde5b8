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
from schemas.problem import Reason
from schemas.record import Record
from schemas.standings import Standings, standings

INPUT_TYPES: Final = frozenset({
    "arrival", "cited", "decision", "groupyear", "pact", "reply", "scheme", "submission", "unit"
})  # fmt: skip
"""What standings read. Parts and persons are not among them: they can be erased, and the ranking still verifies."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen ranking computed again. `faults` is empty exactly when it is what was frozen."""

    standings: Standings
    faults: tuple[Reason, ...]


def obstacles(record: Record, ranking: Standings) -> tuple[Reason, ...]:
    """Why this ranking cannot be frozen yet: whatever makes places provisional, and a log with two heads."""
    heads = record.folded.heads
    forked = (Reason("freeze-two-heads", {"count": len(heads)}),) if len(heads) > 1 else ()
    return (*ranking.reasons, *forked)


def ranking_inputs(documents: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Id and body hash of every document a ranking is computed from, sorted: the inputs of a freezing decision."""
    used = {it["_id"]: it for it in documents if ids.type_of(it["_id"]) in INPUT_TYPES and not it.get("_deleted")}
    return [(name, body_sha256(used[name])) for name in sorted(used)]


def digest(ranking: Standings) -> str:
    """The SHA-256 of a ranking's printed form."""
    return hashlib.sha256(canonical_bytes(ranking.to_json())).hexdigest()


def recomputed(documents: Iterable[Mapping[str, Any]], freeze: Mapping[str, Any]) -> Frozen:
    """Compute a frozen ranking again from exactly the inputs its decision names, and say what does not agree."""
    held = {it["_id"]: it for it in documents}
    named = {it["id"]: it["sha256"] for it in freeze["inputs"]}
    faults = [Reason("input-absent", {"id": name}) for name in named if name not in held]
    faults += [
        Reason("input-differs", {"id": name})
        for name, sha256 in named.items()
        if name in held and body_sha256(held[name]) != sha256
    ]
    record = Record.from_documents(held[name] for name in named if name in held)
    ranking = standings(record, date.fromisoformat(freeze["value"]["as_of"]))
    if digest(ranking) != freeze["value"]["sha256"]:
        faults.append(Reason("ranking-differs", {"expected": freeze["value"]["sha256"]}))
    return Frozen(ranking, tuple(faults))
