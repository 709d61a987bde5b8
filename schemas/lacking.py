"""Why a unit has no place or no number, in as few sentences as say it all: what people read instead of one a criterion.

A ranking's own document keeps every reason; nothing here is computed a second way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemas.problem import Reason
from schemas.scoring import CriterionResult
from schemas.standings import Row


def lacking(row: Row) -> tuple[Reason, ...]:
    """A row's reasons, with what is missing told together: which stages, and what only waits for a decision on N/A."""
    rest = [_named(reason) for reason in row.reasons if reason.code not in ("missing", "no-number")]
    missing = [result for reason in row.reasons if (result := _missing(row, reason)) is not None]
    told = (*rest, *_together(missing))
    # That there is no number is seen where the number would stand; it is said only where nothing says why.
    return told or tuple(reason for reason in row.reasons if reason.code == "no-number")


def lacking_stages(result: CriterionResult) -> tuple[str, ...]:
    """The stages that a scheme of three weighed stages still waits for; none where it is not that which is missing."""
    if result.state != "missing":
        return ()
    found: Any = next((it.params["stages"] for it in result.reasons if it.code == "stage-missing"), ())
    return tuple(found)


def _missing(row: Row, reason: Reason) -> CriterionResult | None:
    return row.card.criterion(str(reason.params.get("criterion"))) if reason.code == "missing" else None


def _together(missing: Iterable[CriterionResult]) -> Iterator[Reason]:
    groups: dict[tuple[str, tuple[str, ...]], list[CriterionResult]] = {}
    for result in missing:
        if any(it.code == "na-not-approved" for it in result.reasons):
            kind: tuple[str, tuple[str, ...]] = ("na-waiting", ())
        elif stages := lacking_stages(result):
            kind = ("stages-missing", stages)
        else:
            kind = ("missing", ())
        groups.setdefault(kind, []).append(result)
    for (code, stages), results in groups.items():
        told: dict[str, Any] = {"stages": list(stages)} if stages else {}
        if len(results) == 1:
            yield Reason(f"{code}-criterion", {"criterion": results[0].criterion.id, **told})
        else:
            yield Reason(f"{code}-criteria", {"count": len(results), **told})


def _named(reason: Reason) -> Reason:
    """A return says which criterion it is of; the sentence of the ranking's own document leaves that to its place."""
    if reason.code != "returned" or "criterion" not in reason.params:
        return reason
    return Reason("returned-criterion", reason.params)
