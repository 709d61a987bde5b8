"""A small cluster in memory: units, a scheme, submissions and decisions, built the way the product builds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from schemas import decision, ids, scheme
from schemas.base import body_sha256, check
from schemas.checklist import answer
from schemas.record import Record
from schemas.standings import Standings, standings

GROUP, YEAR = "cum-1", 2024
AS_OF = date(2024, 12, 20)
LEADER = {"unit": "hai-duong", "as": "leader"}
REASON = "a" * 64
ARRIVED = "2024-10-09T03:00:00Z"
"""When a submission is received where a test says nothing else; of another year's cluster, in that year."""
STAMP = {"at": "2024-10-08T02:14:05Z", "offset_s": 0, "device": "may-1"}
FUNCTIONS = ["culture", "sports", "tourism", "family"]


def names(vi: str, en: str | None = None) -> dict[str, str]:
    return {"vi": vi, "en": en or vi}


def unit(name: str, functions: Sequence[str] = tuple(FUNCTIONS), **more: Any) -> dict[str, Any]:
    return {
        "_id": ids.unit_id(name),
        "type": "unit",
        "v": 1,
        "unit": name,
        "names": names(name),
        "short_names": names(name),
        "kind": "department",
        "parent": None,
        "functions": list(functions),
        "valid_from": "2000-01-01",
        "valid_to": None,
        **more,
    }


def criterion(name: str, points: str, kind: str = "judged", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "names": names(name),
        "max": points,
        "kind": kind,
        "function": None,
        "evidence_required": False,
        "step": None,
        "target": None,
        "points_each": None,
        "bands": None,
        **more,
    }


def section(name: str, points: str, *criteria: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "names": names(name), "max": points, "criteria": list(criteria)}


def scheme_document(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = scheme.shipped("cum-1000")
    total = str(sum(int(it["max"]) for it in sections))
    return {**base, "sections": list(sections), "total": total, **more}


def locked_scheme(document: Mapping[str, Any]) -> dict[str, Any]:
    check(document)
    return dict(document)


class Cluster:
    """Documents of one group year. Every call adds some; `standings()` reads them all."""

    def __init__(
        self,
        *units: str,
        scheme_document: Mapping[str, Any] | None = None,
        unit_functions: Mapping[str, Sequence[str]] = {},
        group: str = GROUP,
        year: int = YEAR,
    ) -> None:
        self.group, self.year = group, year
        self.scheme = locked_scheme(scheme_document or scheme.shipped("cum-1000"))
        self.units = [unit(name, unit_functions.get(name, FUNCTIONS)) for name in units]
        self.groupyear: dict[str, Any] = {
            "_id": ids.groupyear_id(group, year),
            "type": "groupyear",
            "v": 1,
            "group": group,
            "year": year,
            "kind": "cluster",
            "names": names("Cụm 1"),
            "theme": names("Đoàn kết"),
            "members": [{"unit": name, "from": f"{year}-01-01", "to": None} for name in units],
            "leaders": [{"unit": LEADER["unit"], "role": "leader", "from": f"{year}-01-01", "to": None}],
            "scheme": self.scheme["_id"],
            "deadlines": {"self": f"{year}-10-31", "cross": f"{year}-11-30"},
            "holidays": [f"{year}-09-02"],
            "flags": [],
            "sample": True,
        }
        self.pact: dict[str, Any] = {
            "_id": ids.pact_id(group, year),
            "type": "pact",
            "v": 1,
            "group": group,
            "year": year,
            "signatures": [{"unit": name, "date": f"{year}-04-25"} for name in units],
            "targets": [],
        }
        self.submissions: dict[str, dict[str, Any]] = {}
        self.arrivals: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self._made = 0

    def ulid(self) -> str:
        self._made += 1
        return ids.ulid(1_728_000_000_000 + self._made, self._made)

    def submit(
        self,
        unit_name: str,
        answers: Mapping[str, Any],
        *,
        visit: str | None = None,
        supersedes: Sequence[str] = (),
        arrived: str | None = ARRIVED,
        flags: Sequence[str] = (),
        self_version: str | None = None,
        approved_by: str | None = "truong",
    ) -> str:
        """Answers are points as text, or members of an Answer."""
        stage = "self" if visit is None else "cross"
        document = {
            "_id": ids.submission_id(self.group, unit_name, stage, visit, self.ulid()),
            "type": "submission",
            "v": 1,
            "group": self.group,
            "year": self.year,
            "unit": unit_name,
            "stage": stage,
            "visit": visit,
            "scheme": self.scheme["_id"],
            "answers": {
                name: answer(by="lan", at=STAMP, **({"points": given} if isinstance(given, str) else given))
                for name, given in answers.items()
            },
            "claims": [],
            "supersedes": sorted(supersedes),
            "self_version": self_version,
            "by": "lan",
            "approved_by": None if visit else approved_by,
            "made": STAMP,
            "note": None,
        }
        check(document)
        self.submissions[document["_id"]] = document
        if arrived is not None:
            arrived = arrived.replace(str(YEAR), str(self.year), 1) if arrived is ARRIVED else arrived
            self.arrive(document["_id"], arrived, flags)
        return str(document["_id"])

    def arrive(self, submission: str, at: str, flags: Sequence[str] = (), server: str = "may-chu") -> None:
        document = {
            "_id": ids.arrival_id(submission, server),
            "type": "arrival",
            "v": 1,
            "submission": submission,
            "server": server,
            "at": at,
            "account": "lan",
            "device": "may-1",
            "flags": list(flags),
        }
        check(document)
        self.arrivals.append(document)

    def decide(self, act: str, value: Mapping[str, Any], **more: Any) -> str:
        """A decision after all others, or after `after` only."""
        after = more.pop("after", None)
        seen = self.decisions if after is None else [it for it in self.decisions if it["_id"] in after]
        authority = more.pop("authority", LEADER)
        more.setdefault("reason", REASON)
        document = decision.build(
            seen,
            act,
            value,
            group=self.group,
            year=self.year,
            by="binh",
            authority=authority,
            at=f"{self.year}-11-{1 + len(self.decisions) % 28:02d}T02:00:00Z",
            **more,
        )
        check(document)
        self.decisions.append(document)
        return str(document["_id"])

    def plan(self, visit: str, inspected: str, *, inspecting: str | None = None, **more: Any) -> str:
        unit_of_team = inspecting or ("ha-noi" if inspected != "ha-noi" else "bac-ninh")
        value = {
            "visit": visit,
            "inspected": inspected,
            "team": [{"account": "binh", "unit": unit_of_team}],
            "from": f"{self.year}-10-01",
            "to": f"{self.year}-10-02",
            "place": "Hải Dương",
        }
        return self.decide("plan-visit", value, **more)

    def accept(self, unit_name: str, criterion_name: str, *submissions: str, **more: Any) -> str:
        inputs = [(name, body_sha256(self.submissions[name])) for name in submissions]
        return self.decide("accept", {"unit": unit_name, "criterion": criterion_name}, inputs=inputs, **more)

    def adjust(self, unit_name: str, criterion_name: str, given: Mapping[str, Any], **more: Any) -> str:
        return self.decide("adjust", {"unit": unit_name, "criterion": criterion_name, "answer": dict(given)}, **more)

    def approve_na(self, unit_name: str, criterion_name: str, **more: Any) -> str:
        return self.decide("approve-na", {"unit": unit_name, "criterion": criterion_name}, **more)

    def claim(
        self, unit_name: str, item: str, key: str, occurrences: str = "1", number: str | None = None, **more: Any
    ) -> str:
        value = {"unit": unit_name, "item": item, "key": key, "occurrences": occurrences, "number": number}
        return self.decide("count-claim", value, **more)

    def documents(self) -> list[dict[str, Any]]:
        fixed = [self.groupyear, self.pact, self.scheme, *self.units]
        return [*fixed, *self.submissions.values(), *self.arrivals, *self.decisions]

    def record(self) -> Record:
        return Record.from_documents(self.documents())

    def standings(self, as_of: date = AS_OF) -> Standings:
        return standings(self.record(), as_of)

    def full(self) -> dict[str, str]:
        """The best answer to every judged criterion."""
        return {it["id"]: it["max"] for part in self.scheme["sections"] for it in part["criteria"]}
