"""Does a log of decisions still lead to what we hold? Pure, over `previous`.

A server that lost or swapped its log would name heads from which a decision seen earlier cannot be reached; every
phone that holds that decision is a witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def unreachable(decisions: Sequence[Mapping[str, Any]], heads: Sequence[str], held: Iterable[str]) -> list[str]:
    """Of `held` (seen before these heads were told), what no path of `previous` from `heads` reaches, sorted.

    `decisions` is all this phone has now. A head that has not arrived yet may lead anywhere: then nothing is said.
    """
    previous = {decision["_id"]: decision["previous"] for decision in decisions}
    reached: set[str] = set()
    pending = list(heads)
    while pending:
        decision = pending.pop()
        if decision in reached:
            continue
        if decision not in previous:
            return []
        reached.add(decision)
        pending.extend(previous[decision])
    return sorted(set(held) - reached)
