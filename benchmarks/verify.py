"""`thidua verify` of a large cluster's bundle: 12 units, 60 criteria, 11 cross-inspections each, without photos."""

from __future__ import annotations

import hashlib
import io
import time
from datetime import date
from typing import Any, Final

from schemas import decision, ids, scheme
from schemas.answer import answer
from schemas.evidence import cite
from schemas.freezing import digest, ranking_inputs
from schemas.hashing import part, part_hash
from schemas.record import Record
from schemas.standings import standings
from server.bundle import contents
from server.bundle.verify import verify
from server.bundle.writing import write

UNITS: Final = 12
CRITERIA: Final = 60
RUNS: Final = 5
MOST_S: Final = 2.0
"""What a person waits for without wondering whether it still works."""

GROUP, YEAR = "cum-lon", 2024
STAMP = {"at": "2024-10-08T02:14:05Z", "offset_s": 0, "device": "may-1"}


def documents() -> list[dict[str, Any]]:
    """The group year: every unit scores itself with evidence beside each criterion, every other unit inspects it."""
    units = [f"so-{number:02}" for number in range(UNITS)]
    sheet = _scheme()
    criteria = [it["id"] for section in sheet["sections"] for it in section["criteria"]]
    made: list[dict[str, Any]] = [sheet, *(_unit(unit) for unit in units), _group_year(units, sheet), _pact(units)]
    visits = [(f"v-{team}-{unit}", team, unit) for unit in units for team in units if team != unit]
    log: list[dict[str, Any]] = []
    for visit, team, unit in visits:
        value = {
            "visit": visit,
            "inspected": unit,
            "team": [{"account": f"a-{team}", "unit": team}],
            "from": "2024-10-01",
            "to": "2024-10-02",
            "place": unit,
        }
        log.append(_decide(log, "plan-visit", value))
    for number, unit in enumerate(units):
        made += _self(unit, number, criteria, sheet["_id"])
    for number, (visit, team, unit) in enumerate(visits):
        made += _submission(unit, visit, f"a-{team}", 1_000 + number, criteria, sheet["_id"], {})
    log.append(_decide(log, "lock-scheme", {"scheme": sheet["_id"]}))
    log.append(_decide(log, "lock-scores", {"locked": True}))
    everything = [*made, *log]
    ranking = standings(Record.from_documents(everything), date(2024, 12, 20))
    value = {"as_of": "2024-12-20", "sha256": digest(ranking)}
    return [*everything, _decide(log, "freeze", value, inputs=ranking_inputs(everything))]


def bundle(held: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    write(
        out, contents.choose(held, held[-1], public=False), held[-1], secret=bytes(range(32)), public=False, photos=None
    )
    return out.getvalue()


def main() -> None:
    held = documents()
    data = bundle(held)
    spent = []
    for _ in range(RUNS):
        began = time.perf_counter()
        report = verify(data)
        spent.append(time.perf_counter() - began)
        assert report.holds, report.verdict.sentence("en")
    print(f"\nverify: {UNITS} units × {CRITERIA} criteria × {UNITS - 1} cross-inspections each")
    print(f"  {report.documents:,} documents, {len(data) / 1e6:.1f} MB: {min(spent):.2f} s (aim {MOST_S:.0f} s)")


def _decide(log: list[dict[str, Any]], act: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    # Nobody judges itself: what concerns the leader is its deputy's.
    unit, as_ = ("so-01", "deputy") if value.get("inspected") == "so-00" else ("so-00", "leader")
    return decision.build(
        log[-1:], act, value, group=GROUP, year=YEAR, by=f"a-{unit}", authority={"unit": unit, "as": as_},
        at="2024-09-20T02:00:00Z", **more,
    )  # fmt: skip


def _self(unit: str, number: int, criteria: list[str], sheet: str) -> list[dict[str, Any]]:
    made = []
    cited = {}
    for place, criterion in enumerate(criteria):
        title = _text(f"{unit} {criterion}")
        evidence = {
            "_id": ids.evidence_id(unit, ids.ulid(1_728_000_000_000, number * 1_000 + place)),
            "type": "evidence", "v": 1, "group": GROUP, "year": YEAR, "unit": unit, "title": part_hash(title),
            "note": None, "place": None, "people": None, "movement": None, "criterion": criterion,
            "photos": [{"photo": part_hash(title), "taken": None, "width": 1600, "height": 1200}],
            "children": False, "consent": None, "by": f"a-{unit}", "made": STAMP,
        }  # fmt: skip
        copy = cite(evidence)
        cited[criterion] = [copy["_id"]]
        made += [title, copy]
    return [*made, *_submission(unit, None, f"a-{unit}", number, criteria, sheet, cited)]


def _submission(
    unit: str, visit: str | None, by: str, number: int, criteria: list[str], sheet: str, cited: dict[str, list[str]]
) -> list[dict[str, Any]]:
    stage = "self" if visit is None else "cross"
    made = {
        "_id": ids.submission_id(GROUP, unit, stage, visit, ids.ulid(1_728_000_000_000, number)),
        "type": "submission", "v": 1, "group": GROUP, "year": YEAR, "unit": unit, "stage": stage, "visit": visit,
        "scheme": sheet, "claims": [], "supersedes": [], "self_version": None, "by": by,
        "approved_by": by if visit is None else None,
        "made": STAMP, "note": None,
        "answers": {
            criterion: answer(by=by, at=STAMP, points=str(8 + (number + place) % 3), evidence=cited.get(criterion, ()))
            for place, criterion in enumerate(criteria)
        },
    }  # fmt: skip
    arrival = {
        "_id": ids.arrival_id(made["_id"], "s-1"), "type": "arrival", "v": 1, "submission": made["_id"],
        "server": "s-1", "at": "2024-10-09T03:00:00Z", "account": by, "device": "may-1", "flags": [],
    }  # fmt: skip
    return [made, arrival]


def _text(text: str) -> dict[str, Any]:
    return part(text, hashlib.sha256(text.encode()).hexdigest()[:32])


def _names(text: str) -> dict[str, str]:
    return {"vi": text, "en": text}


def _unit(unit: str) -> dict[str, Any]:
    return {
        "_id": ids.unit_id(unit), "type": "unit", "v": 1, "unit": unit, "names": _names(unit),
        "short_names": _names(unit), "kind": "department", "parent": None, "functions": ["culture"],
        "valid_from": "2000-01-01", "valid_to": None,
    }  # fmt: skip


def _group_year(units: list[str], sheet: dict[str, Any]) -> dict[str, Any]:
    return {
        "_id": ids.groupyear_id(GROUP, YEAR), "type": "groupyear", "v": 1, "group": GROUP, "year": YEAR,
        "kind": "cluster", "names": _names("Cụm"), "theme": _names("Chủ đề"),
        "members": [{"unit": unit, "from": "2024-01-01", "to": None} for unit in units],
        "leaders": [
            {"unit": unit, "role": role, "from": "2024-01-01", "to": None}
            for unit, role in zip(units, ("leader", "deputy"), strict=False)
        ],
        "scheme": sheet["_id"], "deadlines": {"self": None, "cross": None}, "holidays": [], "flags": [],
        "sample": True,
    }  # fmt: skip


def _pact(units: list[str]) -> dict[str, Any]:
    return {
        "_id": ids.pact_id(GROUP, YEAR), "type": "pact", "v": 1, "group": GROUP, "year": YEAR, "targets": [],
        "signatures": [{"unit": unit, "date": "2024-03-01"} for unit in units],
    }  # fmt: skip


def _scheme() -> dict[str, Any]:
    shipped = scheme.shipped("cum-1000")
    pattern = shipped["sections"][0]["criteria"][0]
    sections = [
        {
            "id": f"s{section}", "names": _names(f"Nội dung {section}"), "max": "100",
            "criteria": [
                {**pattern, "id": f"s{section}-{number}", "kind": "judged", "max": "10", "function": None,
                 "step": None, "target": None, "points_each": None, "bands": None, "evidence_required": False}
                for number in range(10)
            ],
        }
        for section in range(CRITERIA // 10)
    ]  # fmt: skip
    return {**shipped, "_id": ids.scheme_id("lon", 1), "scheme": "lon", "version": 1, "sections": sections,
            "total": str(CRITERIA * 10)}  # fmt: skip


if __name__ == "__main__":
    main()
