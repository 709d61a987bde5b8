"""Merging drafts that were edited apart, answer by answer.

    phone A   {a:1} ──► {a:2}                      dominates {a:1}: alone it settles
    phone B   {a:1} ──► {a:1,b:1}                  concurrent with {a:2}: both stay, disputed
    a person  {a:2} + {a:1,b:1} ──► {a:2,b:2}      chosen on B: dominates both

What is left is the set of entries that no other dominates. A set of maximal elements does not depend on the order in
which one looks, so merging is commutative, associative and idempotent, and two phones that merge apart write the same
body. It knows no clock and no author.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.hashing import body_of, canonical_bytes

Vector = Mapping[str, int]


def dominates(one: Vector, other: Vector) -> bool:
    """Has whoever wrote `one` seen all that `other` knew, and more?"""
    return one != other and all(one.get(device, 0) >= n for device, n in other.items())


def join(vectors: Iterable[Vector]) -> dict[str, int]:
    """The least vector that knows all of them."""
    joined: dict[str, int] = {}
    for vector in vectors:
        for device, n in vector.items():
            joined[device] = max(n, joined.get(device, 0))
    return joined


def undominated(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries no other dominates, each once, in the order of their bytes."""
    unique = {canonical_bytes(entry): dict(entry) for entry in entries}
    kept = [
        (key, entry)
        for key, entry in unique.items()
        if not any(dominates(other["vector"], entry["vector"]) for other in unique.values())
    ]
    return [entry for _, entry in sorted(kept, key=lambda pair: pair[0])]


def merge_drafts(leaves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One draft that holds what all `leaves` of the same id hold. Members of `_` other than `_id` are dropped.

    Raises ValueError for no leaves, or leaves of different checklists.
    """
    if len({leaf["_id"] for leaf in leaves}) != 1:
        raise ValueError("drafts of one checklist can be merged, and at least one is needed")
    bodies = [body_of(leaf) for leaf in leaves]
    merged: dict[str, Any] = {"_id": leaves[0]["_id"]}
    # Members other than answers are fixed by the id; one that a later version added must still come out the same.
    for name in sorted({name for body in bodies for name in body if name != "answers"}):
        merged[name] = max((body[name] for body in bodies if name in body), key=canonical_bytes)
    criteria = sorted({criterion for body in bodies for criterion in body["answers"]})
    merged["answers"] = {
        criterion: undominated(entry for body in bodies for entry in body["answers"].get(criterion, ()))
        for criterion in criteria
    }
    return merged
