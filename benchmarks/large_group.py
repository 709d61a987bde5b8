"""The largest group year we know of, invented: 12 units, 60 criteria, every unit inspected by the 11 others.

Points, people and places are made up from a seed; documents are as the service writes them, every one well-formed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas import decision, ids, scheme
from schemas.answer import answer
from schemas.hashing import body_sha256, part, part_hash

YEAR = 2024
UNITS = 12
CRITERIA = 60
SECTIONS = 6
CITED = 2
"""Pieces of evidence beside each checklist."""
STAMP = {"at": "2024-10-08T02:14:05Z", "offset_s": 0, "device": "01jb0000000000000000000000"}
KINDS = ("judged",) * 6 + ("quantitative", "quantitative", "pass_fail", "per_occurrence")


@dataclass
class LargeGroup:
    """The documents of `g-<group>-2024`, and one more submission that was not there yet."""

    group: str = "cum-1"
    units: int = UNITS
    seed: int = 1

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.group} {self.seed}")
        self._made = 0
        self.decisions: list[dict[str, Any]] = []
        self.unit_ids = [f"so-{number:02d}" for number in range(self.units)]
        self.scheme = _scheme()

    def documents(self) -> list[dict[str, Any]]:
        """All of them: group year, scheme, units, pact, visits, self and cross submissions, arrivals, an acceptance."""
        found = [self._group_year(), self.scheme, self._pact(), *map(self._unit, self.unit_ids)]
        self.decisions.clear()
        for inspected in self.unit_ids:
            for inspecting in self.unit_ids:
                if inspecting != inspected:
                    self.decide("plan-visit", _visit(inspecting, inspected))
        submissions = []
        for unit in self.unit_ids:
            own = self.submission(unit)
            submissions.append(own)
            submissions += [
                self.submission(unit, visit=f"{other}-{unit}", self_version=own["_id"])
                for other in self.unit_ids
                if other != unit
            ]
        for body in submissions[:: len(submissions) // 12]:
            if body["stage"] == "cross":
                self.decide(
                    "accept",
                    {"unit": body["unit"], "criterion": "c-00"},
                    inputs=[(it["_id"], body_sha256(it)) for it in submissions if it["unit"] == body["unit"]],
                )
        cited = [document for body in submissions for document in self.evidence_of(body)]
        return [*found, *self.decisions, *submissions, *(self.arrival(it) for it in submissions), *cited]

    def submission(
        self, unit: str, *, visit: str | None = None, self_version: str | None = None, supersedes: str | None = None
    ) -> dict[str, Any]:
        stage = "self" if visit is None else "cross"
        name = ids.submission_id(self.group, unit, stage, visit, self._ulid())
        cited = [self._evidence(unit, name, number)["_id"] for number in range(CITED)]
        answers = {}
        for number, criterion in enumerate(self._criteria()):
            given = answer(by="lan", at=STAMP, **self._value(criterion))
            answers[criterion["id"]] = {**given, "evidence": [cited[number % CITED]]}
        return {
            "_id": name,
            "type": "submission",
            "v": 1,
            "group": self.group,
            "year": YEAR,
            "unit": unit,
            "stage": stage,
            "visit": visit,
            "scheme": self.scheme["_id"],
            "answers": answers,
            "claims": [],
            "supersedes": [] if supersedes is None else [supersedes],
            "self_version": self_version,
            "by": "lan",
            "approved_by": "truong" if stage == "self" else None,
            "made": STAMP,
            "note": None,
        }

    def evidence_of(self, submission: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What it cites, with the titles."""
        for number in range(CITED):
            yield _title(submission["_id"], number)
            yield self._evidence(submission["unit"], submission["_id"], number)

    def decide(self, act: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
        """One more decision, of whoever may take it: what concerns the leader is its deputy's."""
        leader, deputy = self.unit_ids[:2]
        concerned = value.get("inspected", value.get("unit"))
        unit, as_ = (deputy, "deputy") if concerned == leader else (leader, "leader")
        built = decision.build(
            self.decisions[-1:],
            act,
            value,
            group=self.group,
            year=YEAR,
            by="binh",
            authority={"unit": unit, "as": as_},
            at="2024-11-01T02:00:00Z",
            **more,
        )
        self.decisions.append(built)
        return built

    def arrival(self, submission: dict[str, Any]) -> dict[str, Any]:
        return {
            "_id": ids.arrival_id(submission["_id"], "may-chu"),
            "type": "arrival",
            "v": 1,
            "submission": submission["_id"],
            "server": "may-chu",
            "at": "2024-10-09T03:00:00Z",
            "account": "lan",
            "device": STAMP["device"],
            "flags": [],
        }

    def _criteria(self) -> list[dict[str, Any]]:
        return [it for section in self.scheme["sections"] for it in section["criteria"]]

    def _value(self, criterion: dict[str, Any]) -> dict[str, Any]:
        pick = self._random.randint
        return {
            "judged": lambda: {"points": str(pick(0, int(criterion["max"]) * 2) / 2).removesuffix(".0")},
            "quantitative": lambda: {"actual": str(pick(50, 200))},
            "pass_fail": lambda: {"passed": pick(0, 3) > 0},
            "per_occurrence": lambda: {"count": str(pick(0, 12))},
        }[criterion["kind"]]()

    def _evidence(self, unit: str, submission: str, number: int) -> dict[str, Any]:
        photo = hashlib.sha256(f"{submission} {number}".encode()).hexdigest()
        body = {
            "type": "cited",
            "v": 1,
            "of": f"evidence:{unit}:{submission[-26:]}",
            "group": self.group,
            "year": YEAR,
            "unit": unit,
            "title": part_hash(_title(submission, number)),
            "note": None,
            "place": None,
            "movement": None,
            "criterion": None,
            "people": None,
            "photos": [{"photo": photo, "width": 1600, "height": 1200, "taken": None}],
            "children": False,
            "consent": None,
            "by": "lan",
            "made": STAMP,
        }
        return {"_id": f"cited:{body_sha256(body)}", **body}

    def _group_year(self) -> dict[str, Any]:
        names = {"vi": "Cụm thử tải", "en": "Load test cluster"}
        return {
            "_id": ids.groupyear_id(self.group, YEAR),
            "type": "groupyear",
            "v": 1,
            "group": self.group,
            "year": YEAR,
            "kind": "cluster",
            "names": names,
            "theme": names,
            "members": [{"unit": unit, "from": "2024-01-01", "to": None} for unit in self.unit_ids],
            "leaders": [
                {"unit": unit, "role": role, "from": "2024-01-01", "to": None}
                for unit, role in zip(self.unit_ids, ("leader", "deputy"), strict=False)
            ],
            "scheme": self.scheme["_id"],
            "deadlines": {"self": "2024-10-31", "cross": "2024-11-30"},
            "holidays": ["2024-09-02"],
            "flags": [],
            "sample": True,
        }

    def _pact(self) -> dict[str, Any]:
        return {
            "_id": ids.pact_id(self.group, YEAR),
            "type": "pact",
            "v": 1,
            "group": self.group,
            "year": YEAR,
            "signatures": [{"unit": unit, "date": "2024-04-25"} for unit in self.unit_ids],
            "targets": [],
        }

    def _unit(self, unit: str) -> dict[str, Any]:
        names = {"vi": f"Sở {unit[3:]}", "en": f"Department {unit[3:]}"}
        return {
            "_id": ids.unit_id(unit),
            "type": "unit",
            "v": 1,
            "unit": unit,
            "names": names,
            "short_names": names,
            "kind": "department",
            "parent": None,
            "functions": ["culture", "sports", "tourism", "family"],
            "valid_from": "2000-01-01",
            "valid_to": None,
        }

    def _ulid(self) -> str:
        self._made += 1
        return ids.ulid(1_728_000_000_000 + self._made, self._made)


def _title(submission: str, number: int) -> dict[str, Any]:
    text = f"Hoạt động {number} của {submission}"
    return part(text, hashlib.sha256(text.encode()).hexdigest()[:32])


def _visit(inspecting: str, inspected: str) -> dict[str, Any]:
    return {
        "visit": f"{inspecting}-{inspected}",
        "inspected": inspected,
        "team": [{"account": "lan", "unit": inspecting}],
        "from": "2024-10-01",
        "to": "2024-10-02",
        "place": "Hải Dương",
    }


def _scheme() -> dict[str, Any]:
    names = {"vi": "Tiêu chí", "en": "Criterion"}
    criteria = [
        {
            "id": f"c-{number:02d}",
            "names": names,
            "max": "20",
            "kind": KINDS[number % len(KINDS)],
            "function": None,
            "evidence_required": False,
            "step": None,
            "target": "100" if KINDS[number % len(KINDS)] == "quantitative" else None,
            "points_each": "2" if KINDS[number % len(KINDS)] == "per_occurrence" else None,
            "bands": None,
        }
        for number in range(CRITERIA)
    ]
    each = CRITERIA // SECTIONS
    return {
        **scheme.shipped("cum-1000"),
        "_id": "scheme:thu-tai:1",
        "scheme": "thu-tai",
        "total": str(20 * CRITERIA),
        "sections": [
            {"id": f"s-{part}", "names": names, "max": str(20 * each), "criteria": criteria[part * each :][:each]}
            for part in range(SECTIONS)
        ],
    }
