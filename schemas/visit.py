"""Visits, as the decisions on them say: planned, moved, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.decision import Folded


@dataclass(frozen=True, slots=True)
class Visit:
    """One cross-inspection. `team` holds pairs of account and unit; days are `2024-10-08`.

    `state` is planned, cancelled or contested (also after an act of a later version); where it is not planned, the last
    plan is shown. `decision` is the id of the decision that stands, None where it is contested. `former` are the
    accounts of every plan it ever had.
    """

    visit: str
    inspected: str
    team: tuple[tuple[str, str], ...]
    starts: str
    ends: str
    place: str
    state: str
    decision: str | None
    group: str
    year: int
    former: frozenset[str] = frozenset()

    @property
    def accounts(self) -> frozenset[str]:
        return frozenset(account for account, _ in self.team)

    @property
    def units(self) -> frozenset[str]:
        """The units that inspect."""
        return frozenset(unit for _, unit in self.team)


def visits(folded: Folded) -> dict[str, Visit]:
    """Every visit that was ever planned, by id, in the order of ids."""
    found: dict[str, Visit] = {}
    for subject in folded.subjects("visit:"):
        plans = [act for act in folded.history[subject] if act["act"] == "plan-visit"]
        if not plans:
            continue
        standing = folded.standing.get(subject)
        acts = {"plan-visit": "planned", "cancel-visit": "cancelled"}
        state = "contested" if standing is None else acts.get(standing["act"], "contested")
        plan: Mapping[str, Any] = plans[-1]
        value = plan["value"]
        found[value["visit"]] = Visit(
            visit=value["visit"],
            inspected=value["inspected"],
            team=tuple((person["account"], person["unit"]) for person in value["team"]),
            starts=value["from"],
            ends=value["to"],
            place=value["place"],
            state=state,
            decision=None if standing is None else standing["_id"],
            group=plan["group"],
            year=plan["year"],
            former=frozenset(person["account"] for each in plans for person in each["value"]["team"]),
        )
    return found
