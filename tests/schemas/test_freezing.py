from __future__ import annotations

import json

import pytest

from schemas.base import check, problems_of
from schemas.freezing import digest, obstacles, ranking_inputs, recomputed
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

ONE = scheme_document(section("i", "100", criterion("i-1", "60"), criterion("i-2", "40")))


def ranked() -> Cluster:
    cluster = Cluster("ha-noi", "hai-duong", scheme_document=ONE)
    cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]})
    cluster.submit("ha-noi", {"i-1": "60", "i-2": "40"})
    cluster.submit("hai-duong", {"i-1": "50", "i-2": "40"})
    return cluster


def frozen(cluster: Cluster) -> dict:
    value = {"as_of": AS_OF.isoformat(), "sha256": digest(cluster.standings())}
    cluster.decide("freeze", value, inputs=ranking_inputs(cluster.documents()))
    check(cluster.decisions[-1])
    return cluster.decisions[-1]


def test_a_frozen_ranking_computes_again_whatever_came_after_it() -> None:
    cluster = ranked()
    assert obstacles(cluster.record(), cluster.standings()) == ()
    decision = frozen(cluster)
    cluster.adjust("ha-noi", "i-1", {"points": "0"})
    cluster.submit("hai-duong", {"i-1": "1", "i-2": "1"})
    again = recomputed(json.loads(json.dumps(cluster.documents())), decision)
    assert again.faults == ()
    assert [row.unit for row in again.standings.rows] == ["ha-noi", "hai-duong"]


@pytest.mark.parametrize("change", ["absent", "changed"])
def test_an_input_that_is_missing_or_was_changed_is_named(change) -> None:
    cluster = ranked()
    decision = frozen(cluster)
    name = next(iter(cluster.submissions))
    if change == "absent":
        del cluster.submissions[name]
    else:
        made = cluster.submissions[name]
        answers = {**made["answers"], "i-1": {**made["answers"]["i-1"], "points": "59.5"}}
        cluster.submissions[name] = {**made, "answers": answers}
    faults = recomputed(cluster.documents(), decision).faults
    assert [fault.code for fault in faults] == [
        "input-absent" if change == "absent" else "input-differs",
        "ranking-differs",
    ]
    assert faults[0].params["id"] == name


def test_nothing_is_frozen_on_two_heads_or_a_contested_subject() -> None:
    cluster = ranked()
    root = cluster.decisions[0]["_id"]
    cluster.adjust("ha-noi", "i-1", {"points": "1"}, after=[root])
    cluster.adjust("ha-noi", "i-2", {"points": "2"}, after=[root])
    assert [it.code for it in obstacles(cluster.record(), cluster.standings())] == ["freeze-two-heads"]
    cluster.adjust("ha-noi", "i-2", {"points": "3"}, after=[root])
    found = {it.code for it in obstacles(cluster.record(), cluster.standings())}
    assert {"contested-open", "freeze-two-heads"} <= found


def test_withholding_needs_a_reason_and_names_what_is_erased() -> None:
    cluster = ranked()
    name = cluster.decide("withhold", {"kind": "photo", "sha256": "a" * 64})
    assert cluster.record().folded.standing[f"withheld:photo:{'a' * 64}"]["_id"] == name
    without = {**cluster.decisions[-1], "reason": None}
    assert "reason-required" in {problem.code for problem in problems_of(without)}
