"""A ranking reached step by step is the ranking of all documents at once."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.record import Record
from schemas.scoring import Tally, tally
from schemas.standings import standings
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

SCHEME = scheme_document(
    section("i", "60", criterion("i-1", "40", "quantitative", target="10"), criterion("i-2", "20")),
    section("ii", "40", criterion("ii-1", "40", "quantitative", target="10", function="sports")),
    _id="scheme:thu:1",
    scheme="thu",
)
UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong")
ACTUALS = st.integers(0, 40).map(str)
POINTS = st.integers(0, 40).map(lambda halves: str(halves / 2).removesuffix(".0"))

SUBMIT = st.tuples(st.just("submit"), st.sampled_from(UNITS), st.booleans(), ACTUALS, POINTS, ACTUALS, st.booleans())
DECIDE = st.tuples(st.just("decide"), st.sampled_from(UNITS), st.sampled_from(("adjust", "na", "return")), ACTUALS)
UNIT = st.tuples(st.just("unit"), st.sampled_from(UNITS), st.booleans())
GONE = st.tuples(st.just("gone"), st.integers(0, 50))


@example(
    [
        ("submit", "bac-ninh", False, "5", "3", "4", False),
        ("submit", "bac-ninh", True, "20", "9", "9", False),
        ("gone", 0),
        ("gone", 0),
    ]
)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(SUBMIT, SUBMIT, SUBMIT, DECIDE, UNIT, GONE), max_size=14))
def test_standings_reached_one_change_after_another_are_those_of_all_documents_read_at_once(
    steps: list[tuple[Any, ...]],
) -> None:
    cluster = Cluster(*UNITS, scheme_document=SCHEME)
    for unit in UNITS:
        cluster.plan(f"v-{unit}", unit)
    documents = {it["_id"]: it for it in cluster.documents()}
    record = Record.from_documents(documents.values())
    counted: Tally | None = None
    for step in steps:
        dropped = _do(cluster, step, list(documents))
        current = {it["_id"]: it for it in cluster.documents() if it["_id"] not in dropped}
        changed = [it for name, it in current.items() if documents.get(name) is not it]
        record = record.updated(changed, set(documents) - set(current))
        documents = current
        whole = Record.from_documents(documents.values())
        counted = tally(record, AS_OF, counted)
        assert counted.cards == tally(whole, AS_OF).cards
        assert standings(record, AS_OF, counted=counted) == standings(whole, AS_OF)


def _do(cluster: Cluster, step: tuple[Any, ...], names: list[str]) -> set[str]:
    """Carry out one step; answers what the record loses (an arrival that is no longer there)."""
    match step:
        case ("submit", unit, cross, actual, points, second, supersede):
            before = [name for name, it in cluster.submissions.items() if it["unit"] == unit]
            before = [name for name in before if (cluster.submissions[name]["visit"] is not None) == cross]
            cluster.submit(
                unit,
                {"i-1": {"actual": actual}, "i-2": points, "ii-1": {"actual": second}},
                visit=f"v-{unit}" if cross else None,
                supersedes=before if supersede else (),
            )
        case ("decide", unit, "adjust", actual):
            cluster.adjust(unit, "i-1", {"actual": actual})
        case ("decide", unit, "na", _):
            cluster.approve_na(unit, "ii-1")
        case ("decide", unit, _, _):
            for name in [name for name, it in cluster.submissions.items() if it["unit"] == unit][:1]:
                value = {"unit": unit, "criterion": "i-2", "submission": name, "deadline": "2024-11-20"}
                cluster.decide("return", value)
        case ("unit", unit, plays):
            at = next(index for index, it in enumerate(cluster.units) if it["unit"] == unit)
            cluster.units[at] = {**cluster.units[at], "functions": ["culture", "sports"] if plays else ["culture"]}
        case ("gone", at):
            arrivals = [name for name in names if name.startswith("arrival:")]
            gone = {arrivals[at % len(arrivals)]} if arrivals else set()
            cluster.arrivals = [it for it in cluster.arrivals if it["_id"] not in gone]
            return gone
    return set()
