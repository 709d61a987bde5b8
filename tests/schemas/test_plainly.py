"""Random years, ranked by `schemas` and by a second, plainly written computation: every figure and place agrees."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from schemas.figures import exact_string
from schemas.record import Record
from schemas.scoring import best_actuals, tally
from schemas.standings import Standings, standings
from tests.schemas import plainly
from tests.schemas.support import AS_OF, Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong", "hung-yen")
BANDS = [{"to": "2", "points": "10"}, {"to": "5.5", "points": "4.5"}, {"to": None, "points": "0"}]
WEIGHTS = {"self": "0.2", "cross": "0.3", "cluster": "0.5"}


def year(seed: int) -> Cluster:
    """A year in which about everything happens, drawn from a seed. Few distinct figures, so that ties come."""
    pick = random.Random(seed)
    target = pick.choice([None, "0", "10", "10", "10", "10"])
    scheme = scheme_document(
        section(
            "i", "60", criterion("i-1", "30", "quantitative", target=target), criterion("i-2", "20"),
            criterion("i-3", "10", "bands", bands=BANDS),
        ),
        section(
            "ii", "40", criterion("ii-1", "10", "pass_fail"), criterion("ii-2", "20", function="sports"),
            criterion("ii-3", "10", "per_occurrence", points_each="3"),
        ),
        _id="scheme:thu:1",
        scheme="thu",
        **({"mode": "weighted", "weights": WEIGHTS} if pick.random() < 0.3 else {}),
    )  # fmt: skip
    functions = {unit: ["culture"] for unit in UNITS if pick.random() < 0.15}
    cluster = Cluster(*UNITS, scheme_document=scheme, unit_functions=functions)
    full = pick.random() < 0.6
    accepts = pick.choice([0.2, 0.9, 1.0])

    def answers() -> dict[str, object]:
        every = {
            "i-1": {"actual": pick.choice(["0", "5", "10", "12.5", "20"])},
            "i-2": pick.choice(["0", "7.5", "20"]),
            "i-3": {"actual": pick.choice(["2", "5.5", "6"])},
            "ii-1": {"passed": pick.random() < 0.7},
            "ii-2": pick.choice(["0", "10", "20"]),
            "ii-3": {"count": pick.choice(["0", "2", "4"])},
        }
        chosen = {name: given for name, given in every.items() if full or pick.random() < 0.9}
        return {name: {"na": True} if pick.random() < 0.03 else given for name, given in chosen.items()}

    def submit(unit: str, visit: str | None = None) -> list[str]:
        flags = ["revoked"] if pick.random() < 0.05 else []
        made = [cluster.submit(unit, answers(), visit=visit, flags=flags)]
        while pick.random() < 0.25:
            supersedes = [pick.choice(made)] if pick.random() < 0.9 else []
            made.append(cluster.submit(unit, answers(), visit=visit, supersedes=supersedes))
        return made

    own_of: dict[str, list[str]] = {}
    for unit in UNITS:
        own = own_of[unit] = submit(unit)
        crosses = []
        for number in range(pick.randint(1, 3)):
            visit = f"v-{unit}-{number}"
            cluster.plan(visit, unit)
            crosses += submit(unit, visit)
            if pick.random() < 0.1:
                cluster.decide("cancel-visit", {"visit": visit})
        for name in ("i-1", "i-2", "i-3", "ii-1", "ii-2", "ii-3"):
            if pick.random() < accepts:
                cluster.accept(unit, name, *crosses)
            drawn = pick.random()
            if drawn < 0.05:
                cluster.approve_na(unit, name)
            elif drawn < 0.08:
                cluster.decide("refuse-na", {"unit": unit, "criterion": name})
            elif drawn < 0.12 and name == "i-2":
                cluster.adjust(unit, name, {"points": "7.5"})
            elif drawn < 0.16:
                value = {"unit": unit, "criterion": name, "submission": pick.choice(own), "deadline": "2024-11-20"}
                cluster.decide("return", value)
                if pick.random() < 0.5:
                    cluster.submit(unit, answers(), supersedes=own)
        if pick.random() < 0.2:
            cluster.decide("decide-section", {"unit": unit, "section": "ii", "points": "33.25"})
        for kind in ("bonus", "penalty"):
            for item in cluster.scheme[kind]["items"]:
                while pick.random() < 0.3:
                    number = pick.choice([None, "12/QĐ", "15/QĐ"])
                    cluster.claim(unit, item["id"], f"k-{pick.randint(1, 2)}", str(pick.randint(1, 4)), number)
        if pick.random() < 0.1:
            cluster.decide("rank-unit", {"unit": unit, "ranked": pick.random() < 0.5})
    if pick.random() < 0.4:
        # The lock names L as the plain computation finds it; then more arrives, and sometimes it is opened again.
        best = plainly.best_now(scheme["sections"][0]["criteria"][0], cluster.documents(), scheme)
        cluster.decide("lock-scores", {"locked": True, "best": {} if best is None else {"i-1": exact_string(best)}})
        for unit in UNITS:
            if pick.random() < 0.5:
                cluster.submit(unit, {"i-1": {"actual": pick.choice(["3", "15", "30"])}}, supersedes=own_of[unit])
        if pick.random() < 0.2:
            cluster.decide("lock-scores", {"locked": False})
    if pick.random() < 0.2:
        cluster.pact["signatures"] = cluster.pact["signatures"][1:]
    if pick.random() < 0.2:
        cluster.groupyear["members"][2]["to"] = "2024-07-01"
    if pick.random() < 0.2:
        cluster.pact["targets"] = [{"unit": "ha-noi", "criterion": "i-1", "target": pick.choice(["5", "12.5"])}]
    return cluster


def tied_year(seed: int) -> Cluster:
    """Few distinct scores and some ballots, so that places are shared, told apart, and shared again."""
    pick = random.Random(seed)
    scheme = scheme_document(section("i", "60", criterion("i-1", "60")), section("ii", "40", criterion("ii-1", "40")))
    cluster = Cluster(*UNITS, scheme_document=scheme)
    if pick.random() < 0.3:
        cluster.groupyear["members"][1]["to"] = pick.choice(["2024-12-09", "2024-12-10", "2024-12-20"])
    for unit in UNITS:
        cluster.submit(unit, {"i-1": pick.choice(["50", "55"]), "ii-1": pick.choice(["35", "40"])})
        if pick.random() < 0.2:
            cluster.claim(unit, "penalty-absent", "hop", pick.choice(["1", "11"]))
    _vote(cluster, pick)
    return cluster


def _vote(cluster: Cluster, pick: random.Random) -> None:
    """Ballots among whoever is tied: some without a quorum, some with another number of voters, some held twice."""
    places: dict[int, list[str]] = {}
    for unit, place, _, _ in plainly.rank(cluster.documents()):
        if place is not None:
            places.setdefault(place, []).append(unit)
    for tied in (sorted(units) for units in places.values() if len(units) > 1):
        for _ in range(pick.randint(1, 3)):
            present = pick.randint(2, 4)
            votes = dict.fromkeys(tied, 0)
            for _ in range(pick.randint(0, present)):
                votes[pick.choice(tied)] += 1
            held = {"units": tied, "held": "2024-12-10", "voters": pick.choice([4, 5]), "present": present}
            cluster.decide("tie-ballot", {**held, "votes": votes})


def honoured_year(seed: int) -> Cluster:
    """Ballots on awards and elections, some too few, some written with other voters, some held again."""
    pick = random.Random(seed)
    scheme = scheme_document(section("i", "60", criterion("i-1", "60")), section("ii", "40", criterion("ii-1", "40")))
    cluster = Cluster(*UNITS, scheme_document=scheme)
    if pick.random() < 0.3:
        cluster.groupyear["members"][1]["to"] = pick.choice(["2024-12-09", "2024-12-10"])
    for unit in UNITS:
        cluster.submit(unit, {"i-1": pick.choice(["44", "52", "57", "60"]), "ii-1": pick.choice(["27.5", "36", "40"])})
        if pick.random() < 0.15:
            flag = {"unit": unit, "opened": "2024-11-01", "kind": "complaint"}
            cluster.groupyear["flags"].append({**flag, "closed": pick.choice([None, "2024-12-01", "2024-12-20"])})
    for _ in range(pick.randint(1, 4)):
        units, present = sorted(pick.sample(UNITS, pick.randint(1, 4))), pick.randint(2, 4)
        held = {"units": units, "held": "2024-12-10", "voters": pick.choice([4, 5, 5]), "present": present}
        if pick.random() < 0.7:
            votes = {unit: pick.randint(0, present) for unit in units}
            value = {**held, "invalid": 0, "votes": votes, "award": pick.choice(["flag", "flag", "merit"])}
            cluster.decide("award-ballot", value)
        else:
            papers = [pick.choice(units) for _ in range(present)]
            value = {**held, "invalid": 0, "votes": {unit: papers.count(unit) for unit in units}}
            cluster.decide("elect", {**value, "role": pick.choice(["leader", "deputy"])})
    return cluster


def figures(ranking: Standings) -> list[tuple[str, int | None, str | None, str]]:
    found = []
    for row in ranking.rows:
        base = "none" if row.card.base is None else str(row.card.base)
        total = None if row.total is None else str(row.total)
        found.append((row.unit, row.place, total, f"{base} {row.card.bonus.points} {row.card.penalty.points}"))
    return found


@pytest.mark.parametrize("block", range(10))
def test_random_years_are_ranked_as_the_plain_computation_ranks_them(block: int) -> None:
    for seed in range(block * 12, block * 12 + 12):
        cluster = year(seed)
        ranking = cluster.standings()
        assert figures(ranking) == plainly.rank(cluster.documents()), f"year({seed})"
        waited_for = [it.params["units"] for it in ranking.reasons if it.code == "units-without-number"]
        assert waited_for == [it for it in [plainly.waited_for(cluster.documents())] if it], f"year({seed})"
        apart = {(row.unit, it.criterion, it.submission) for row in ranking.rows for it in row.card.discrepancies}
        assert apart == plainly.apart(cluster.documents()), f"year({seed})"


def test_random_ties_are_told_apart_as_the_plain_computation_does() -> None:
    rankings = []
    for seed in range(80):
        cluster = tied_year(seed)
        rankings.append(cluster.standings())
        assert figures(rankings[-1]) == plainly.rank(cluster.documents()), f"tied_year({seed})"
    rows = [row for ranking in rankings for row in ranking.rows]
    assert sum(row.ballot is not None for row in rows) > 30
    assert sum(row.shared and row.ballot is None for row in rows) > 30
    assert any(row.shared and row.ballot is not None for row in rows)


def test_random_ballots_honour_elect_and_depart_as_the_plain_computation_says() -> None:
    departed = 0
    for seed in range(120):
        cluster = honoured_year(seed)
        ranking, documents = cluster.standings(), cluster.documents()
        proposed = {
            award.id: sorted(row.unit for row in ranking.rows for it in row.awards if it.award == award and it.proposed)
            for award in ranking.scheme.awards
        }
        assert proposed == plainly.proposals(documents), f"honoured_year({seed})"
        departures = {it.award: (list(it.units), list(it.over)) for it in ranking.departures}
        assert departures == plainly.out_of_order(documents), f"honoured_year({seed})"
        for role in ("leader", "deputy"):
            first = plainly.more_than_half(f"elected:{role}", documents)[:1]
            assert [it.vote.unit for it in ranking.elected if it.role == role] == first, f"honoured_year({seed})"
        departed += len(departures)
    assert departed > 10


def test_the_years_drawn_hold_numbers_ties_and_units_without_a_number() -> None:
    rankings = [year(seed).standings() for seed in range(60)]
    rows = [row for ranking in rankings for row in ranking.rows]
    assert sum(row.total is not None for row in rows) > 40
    assert sum(row.total is None for row in rows) > 40
    assert any(row.total is not None and row.total != Fraction(int(row.total)) for row in rows)
    states = {it.state for row in rows for part in row.card.sections for it in part.criteria}
    assert {"counted", "missing", "excluded", "na", "returned", "error"} <= states
    assert any(row.card.discrepancies for row in rows)
    assert any(
        it.fixed_by for row in rows for part in row.card.sections for it in part.criteria if it.state == "counted"
    )


def test_the_best_actuals_alone_are_those_of_the_whole_tally() -> None:
    for seed in range(30):
        record = year(seed).record()
        whole = {name: value for name, value in tally(record, AS_OF).best.items() if value is not None}
        assert best_actuals(record, AS_OF) == whole


def test_order_and_repetition_of_documents_change_nothing_of_a_year_or_a_meeting() -> None:
    for seed in range(20):
        for cluster in (year(seed), tied_year(seed), honoured_year(seed)):
            documents = cluster.documents()
            again = documents + random.Random(seed).sample(documents, len(documents) // 2)
            random.Random(seed + 1).shuffle(again)
            assert standings(Record.from_documents(again), AS_OF).to_json() == cluster.standings().to_json(), seed
