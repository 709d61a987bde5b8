"""Well-formed documents that make no sense together are ranked, explained and told of: no rule ever raises.

units absent · criteria of another scheme · visits without a plan · other groups and years · reversed and extreme
dates · huge counts · rings · forks · ids twice
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import decision, ids
from schemas.access import unauthorised
from schemas.acts import ACTS
from schemas.base import body_sha256, problems_of
from schemas.explaining import explain_criterion, explain_total
from schemas.freezing import digest, exceptions, obstacles, ranking_inputs
from schemas.leniency import leniency
from schemas.problem import InvalidDocument
from schemas.record import Record
from schemas.scoring import best_actuals
from schemas.standings import Standings, standings
from schemas.succession import applied, unit_at
from tests.schemas.support import GROUP, YEAR, Cluster, criterion, scheme_document, section, unit

UNITS = ("a", "b", "c", "nowhere")
CRITERIA = {"i-1": "judged", "i-2": "quantitative", "i-3": "pass_fail", "ii-1": "per_occurrence", "ii-2": "bands"}
NAMED = (*CRITERIA, "of-another-scheme")
VISITS = ("v1", "v2", "unplanned")
DAYS = ("0001-01-01", "1999-12-31", "2024-01-01", "2024-06-30", "2024-10-31", "2024-12-31", "9999-12-30", "9999-12-31")
TIMES = ("1000-01-01T00:00:00Z", "2024-10-31T17:00:00Z", "2024-11-02T00:00:00Z", "9999-12-31T23:59:59Z")
NUMBERS = ("0", "1", "5", "999999999999", "0.000001", "999999999999.999999")
SIGNED = (*NUMBERS, "-1", "-999999999999")
MEMBER = {"judged": "points", "quantitative": "actual", "pass_fail": "passed", "per_occurrence": "count"}
HASH = "a" * 64


class Odd:
    """One group year of nonsense, drawn from a seed. About half of it is of the right group, year, scheme and kind."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.tame = pick.random() < 0.6
        self.made = 0
        self.submissions: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []

    def documents(self) -> list[dict[str, Any]]:
        found = [self.scheme(version) for version in (1, 2)]
        self.schemes = [it["_id"] for it in found]
        found += [it for group, year in {(GROUP, YEAR), self.place()} for it in self.year(group, year)]
        found += [unit(name, self.some(("culture", "sports"))) for name in UNITS if self.pick.random() < 0.9]
        self.events = [self.event() for _ in range(self.pick.randint(0, 2))]
        for _ in range(self.pick.randint(0, 14)):
            self.submissions.append(self.submission())
        arrivals = [it for body in self.submissions for it in self.arrivals(body)]
        for _ in range(self.pick.randint(0, 16)):
            self.decide()
        found += [*self.events, *self.submissions, *arrivals, *self.log]
        assert [it for it in found if problems_of(it)] == []
        if self.pick.random() < 0.2:
            found.append({**copy.deepcopy(self.pick.choice(found)), "_rev": "2-b"})
        self.pick.shuffle(found)
        return found

    def one(self, *choices: Any) -> Any:
        return self.pick.choice(choices)

    def some(self, choices: Any) -> list[Any]:
        return self.pick.sample(list(choices), self.pick.randint(0, len(choices)))

    def place(self) -> tuple[str, int]:
        return (GROUP, YEAR) if self.tame else (self.one(GROUP, GROUP, "cum-2"), self.one(YEAR, YEAR, 2023))

    def scheme(self, version: int) -> dict[str, Any]:
        functions = (None, None, "sports")
        more: dict[str, dict[str, Any]] = {
            "quantitative": {"target": "5" if self.tame else self.one(None, "0", "5")},
            "per_occurrence": {"points_each": self.one("1", "0.000001", "999999999999")},
            "bands": {"bands": [{"to": "-5", "points": "1"}, {"to": "3", "points": "0"}, {"to": None, "points": "1"}]},
        }
        made = {
            name: criterion(name, self.one("1", "2", "10"), kind, function=self.one(*functions), **more.get(kind, {}))
            for name, kind in CRITERIA.items()
        }
        parts = [[made["i-1"], made["i-2"], made["i-3"]], [made["ii-1"], made["ii-2"]]]
        sections = [
            section(name, str(sum(int(it["max"]) for it in part)), *part)
            for name, part in zip(("i", "ii"), parts, strict=True)
        ]
        weighted = {"mode": "weighted", "weights": {"self": "0", "cross": "0.5", "cluster": "0.5"}}
        return scheme_document(
            *sections, _id=ids.scheme_id("odd", version), scheme="odd", version=version,
            applicable_percent=self.one("50", "50", "0", "100", "999999999999"), **self.one({}, {}, weighted),
        )  # fmt: skip

    def period(self, name: str) -> dict[str, Any]:
        starts = self.one("2024-01-01", *DAYS) if not self.tame else self.one("2024-01-01", "2024-06-30")
        return {"unit": name, "from": starts, "to": self.one(None, *(it for it in DAYS if it >= starts))}

    def year(self, group: str, year: int) -> Iterator[dict[str, Any]]:
        members = [self.period(name) for name in self.some(UNITS)]
        base = Cluster().groupyear
        yield {
            **base, "_id": ids.groupyear_id(group, year), "group": group, "year": year, "members": members,
            "leaders": [{**self.pick.choice(members), "role": role} for role in ("leader", "deputy") if members],
            "scheme": self.schemes[0] if self.tame else self.one(self.schemes[0], "scheme:nowhere:1"),
            "deadlines": {"self": self.one(None, *DAYS), "cross": self.one(None, *DAYS)}, "holidays": self.some(DAYS),
            "flags": [{"unit": self.one(*UNITS), "kind": "complaint", "opened": self.one(*DAYS), "closed": None}],
        }  # fmt: skip
        aims = ("5",) if self.tame else NUMBERS
        targets = [{"unit": name, "criterion": self.one(*NAMED), "target": self.one(*aims)} for name in UNITS]
        yield {
            "_id": ids.pact_id(group, year), "type": "pact", "v": 1, "group": group, "year": year,
            "signatures": [{"unit": name, "date": self.one(*DAYS)} for name in self.some(UNITS)], "targets": targets,
        }  # fmt: skip

    def event(self) -> dict[str, Any]:
        day, successor = self.one(*DAYS), self.one(*UNITS)
        return {
            "_id": ids.unit_event_id(day, successor), "type": "unitevent", "v": 1, "kind": "merge", "date": day,
            "to": successor, "from": [next(it for it in UNITS if it != successor)], "number": "1", "named": None,
            "was": None,
        }  # fmt: skip

    def value(self, name: str) -> dict[str, Any]:
        kind = CRITERIA.get(name) if self.tame or self.pick.random() < 0.9 else None
        member = self.one("points", "actual", "count", "passed") if kind is None else MEMBER.get(kind, "actual")
        if member == "passed":
            return {"passed": self.one(True, False)}
        plain = ("0", "1") if self.tame else NUMBERS
        choices = {"actual": SIGNED, "count": ("0", "1", "999999999999")}.get(member, plain)
        return {member: self.one(*choices)}

    def answered(self, name: str) -> dict[str, Any]:
        return self.value(name) if self.tame or self.pick.random() < 0.9 else {"na": True}

    def stamp(self) -> dict[str, Any]:
        return {"at": self.one(*TIMES), "offset_s": self.one(None, 0, 5_000_000_000), "device": "d"}

    def submission(self) -> dict[str, Any]:
        group, year = self.place()
        name, visit = self.one(*UNITS), self.one(None, *VISITS)
        self.made += 1
        made, gone = ids.ulid(self.made, self.made), ids.submission_id(group, name, "self", None, ids.ulid(99, 99))
        stage = "self" if visit is None else "cross"
        own_id = ids.submission_id(group, name, stage, visit, made)
        same = [it["_id"] for it in self.submissions if ids.checklist_of(it["_id"]) == ids.checklist_of(own_id)]
        later = ids.submission_id(group, name, stage, visit, ids.ulid(self.made + 1, self.made + 1))
        before = same if self.tame else self.some([*same, later])
        given = {
            it: {**self.answered(it), "by": "x", "at": self.stamp()}
            for it in NAMED
            if self.pick.random() < (1 if self.tame else 0.9)
        }
        return {
            "_id": own_id, "type": "submission", "v": 1, "group": group, "year": year, "unit": name, "stage": stage,
            "visit": visit, "scheme": self.schemes[0] if self.tame else self.one(*self.schemes), "answers": given,
            "claims": [], "supersedes": sorted(before), "by": self.one("lan", "binh"), "note": None,
            "self_version": None if visit is None else self.one(None, gone),
            "approved_by": self.one("head", "head", None) if visit is None else None, "made": self.stamp(),
        }  # fmt: skip

    def arrivals(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for server in self.some(("m1", "m2")):
            yield {
                "_id": ids.arrival_id(body["_id"], server), "type": "arrival", "v": 1, "submission": body["_id"],
                "server": server, "at": self.one(*TIMES), "account": "lan", "device": None,
                "flags": self.one([], [], ["revoked"], ["late", "lost"]),
            }  # fmt: skip

    def said(self, act: str) -> dict[str, Any] | None:
        name, of = self.one(*UNITS), self.one(*NAMED)
        on = {"unit": name, "criterion": of}
        held = [it["_id"] for it in self.submissions] or [ids.submission_id(GROUP, name, "self", None, ids.ulid(9, 9))]
        mine = [it for it in held if ids.parse(it)["unit"] == name] or [
            ids.submission_id(GROUP, name, "self", None, ids.ulid(9, 9))
        ]
        team = [{"account": self.one("lan", "binh"), "unit": next(it for it in UNITS if it != name)}]
        days = {"from": "2024-10-01", "to": "2024-10-02", "place": "x"}
        event = self.one("unitevent:2024-07-01:nowhere", *(it["_id"] for it in self.events))
        item = self.one("bonus-prize", "bonus-practice", "penalty-late", "of-another-scheme")
        claim = {"unit": name, "item": item, "key": "k", "occurrences": self.one("1", "999999999999")}
        best = {of: self.one("1/3", "-7/11", "999999999999999999999")}
        votes = {"units": ["a", "b"], "held": self.one(*DAYS), "voters": 3, "present": 2, "votes": {"a": 1, "b": 0}}
        return {
            "lock-scheme": {"scheme": self.one("scheme:nowhere:1", *self.schemes)},
            "plan-visit": {"visit": self.one(*VISITS[:2]), "inspected": name, "team": team, **days},
            "cancel-visit": {"visit": self.one(*VISITS)},
            "accept": on,
            "return": {**on, "submission": self.one(*mine), "deadline": self.one(*DAYS)},
            "adjust": {**on, "answer": self.value(of)},
            "approve-na": on,
            "carry-over": {**on, "event": event, "from": self.one(*UNITS), "answer": self.value(of)},
            "count-claim": {**claim, "number": self.one(None, "1/QĐ", "1 / qđ", "1:2")},
            "refuse-claim": {**claim, "number": None},
            "decide-section": {"unit": name, "section": self.one("i", "x"), "points": self.one("1", "999999999999")},
            "rank-unit": {"unit": name, "ranked": self.one(True, False)},
            "tie-ballot": votes,
            "lock-scores": self.one({"locked": True, "best": best}, {"locked": False}),
            "count-submission": {"submission": self.one(*held), "counts": self.one(True, False)},
        }.get(act)

    def decide(self) -> None:
        act = self.one(*ACTS)
        value = self.said(act)
        if value is None:
            return
        bodies = [(it["_id"], body_sha256(it)) for it in self.submissions]
        group, year = self.place()
        try:
            made = decision.build(
                self.log if self.pick.random() < 0.6 else self.some(self.log), act, value,
                group=group, year=year, by="binh", at=self.one(*TIMES), reason=HASH,
                authority={"unit": self.one(*UNITS), "as": self.one("leader", "deputy", "council")},
                inputs=[*self.some(bodies), ("submission:gone", HASH)],
                settles=[it["_id"] for it in self.some(self.log)] if self.pick.random() < 0.1 else [],
            )  # fmt: skip
        except InvalidDocument:
            return
        self.log.append(made)


def read(documents: list[dict[str, Any]], as_of: date) -> Standings:
    """Ask every pure rule about these documents, in both languages."""
    record = Record.from_documents(documents)
    ranking = standings(record, as_of)
    ranking.to_json()
    best_actuals(record, as_of)
    leniency(record, {row.unit: row.card for row in ranking.rows})
    ranking_inputs(documents)
    told = [*ranking.reasons, *obstacles(record, ranking), *exceptions(record, ranking)]
    for row in ranking.rows:
        lines = [*explain_total(ranking, row.unit)]
        for part in row.card.sections:
            assert part.points is None or 0 <= part.points <= part.section.max
            for result in part.criteria:
                lines += explain_criterion(ranking, row.unit, result.criterion.id)
                told += result.reasons
        for line in lines:
            line.to_json(ranking)
        told += [*row.reasons, *(reason for held in row.card.checklists for reason in held.reasons)]
    for reason in told:
        assert "…" not in ranking.sentence(reason, "vi") + ranking.sentence(reason, "en"), reason
    if record.groupyear is not None:
        applied(record.groupyear, record.events)
        unauthorised(record.folded, record.groupyear, record.folded.by_id)
    for body in record.units.values():
        unit_at(body, record.events, "2024-07-01")
    return ranking


@given(st.randoms(use_true_random=False), st.sampled_from(DAYS))
@settings(max_examples=60, deadline=None)
def test_no_rule_raises_on_documents_that_are_well_formed(pick: random.Random, day: str) -> None:
    documents = Odd(pick).documents()
    ranking = read(documents, date.fromisoformat(day))
    if len({it["_id"] for it in documents}) == len(documents):
        pick.shuffle(documents)
        assert digest(standings(Record.from_documents(documents), ranking.as_of)) == digest(ranking)


def test_the_nonsense_drawn_holds_units_without_a_number_and_some_with_one() -> None:
    rows = [
        row
        for seed in range(120)
        for row in standings(Record.from_documents(Odd(random.Random(seed)).documents()), date(2024, 12, 20)).rows
    ]
    assert any(row.total is None for row in rows)
    assert any(row.total is not None for row in rows)


@pytest.mark.parametrize("foreign", [{"group": "cum-2"}, {"year": 2023}])
def test_what_another_group_or_year_says_of_a_unit_counts_nothing_here(foreign: dict[str, Any]) -> None:
    cluster = Cluster("ha-noi", scheme_document=scheme_document(section("i", "10", criterion("i-1", "10"))))
    cluster.submit("ha-noi", {"i-1": "6"})
    there = Cluster("ha-noi", scheme_document=cluster.scheme)
    there.submit("ha-noi", {"i-1": "10"})
    (said,) = there.submissions.values()
    of = {"group": GROUP, "year": YEAR, **foreign}
    own_id = ids.submission_id(of["group"], "ha-noi", "self", None, ids.ulid(7, 7))
    act = decision.build(
        [], "adjust", {"unit": "ha-noi", "criterion": "i-1", "answer": {"points": "9"}}, by="binh", reason=HASH,
        at="2024-11-01T00:00:00Z", authority={"unit": "ha-noi", "as": "council"}, **of,
    )  # fmt: skip
    pact = {**cluster.pact, **of, "_id": ids.pact_id(of["group"], of["year"]), "signatures": []}
    strangers = [{**said, **of, "_id": own_id}, act, pact]
    assert [problems_of(it) for it in strangers] == [[], [], []]
    alone = cluster.standings()
    together = standings(Record.from_documents([*strangers, *cluster.documents()]), alone.as_of)
    assert alone.row("ha-noi").total == 6
    assert digest(together) == digest(alone)


def test_an_act_made_to_look_like_another_groups_is_still_named_as_broken() -> None:
    cluster = Cluster("ha-noi")
    cluster.approve_na("ha-noi", "i-1")
    cluster.decisions[0] = {**cluster.decisions[0], "group": "cum-2"}
    assert "log-broken" in {it.code for it in cluster.standings().reasons}
