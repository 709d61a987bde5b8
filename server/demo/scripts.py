"""The demonstration's people, told step by step what to do on their phones (docs/the-phone.md has the form).

Pure: from the cast, the scheme and the invented scores to scripts. It must never know how a script is played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from schemas.scheme import Scheme
from server.demo.activities import CROSS_SEEN, activity_for
from server.demo.data import YEAR, Cluster, Person, Unit
from server.demo.scores import Criterion, Sheet, invent
from server.demo.year import YEARS

Script = dict[str, Any]

_SEED = 2024
_GRASSROOTS_CRITERION = "i-3"
"""Where a department cites what its grassroots unit photographed: performing arts and festivals."""

_NOTES = (
    "Hồ sơ đầy đủ, số liệu khớp với báo cáo năm.",
    "Minh chứng rõ ràng; đề nghị bổ sung danh sách kèm theo.",
    "Đã kiểm tra thực tế tại cơ sở.",
    "Còn thiếu một biên bản, đơn vị đã bổ sung tại chỗ.",
)
_DIFFERENCE_NOTE = "Chênh lệch lớn: một phần kết quả tự chấm chưa có minh chứng kèm theo."


@dataclass(frozen=True)
class PlannedVisit:
    """One visit as the leader planned it; `day` is the first, a date."""

    visit: str
    inspected: str
    inspecting: str
    day: str


def first_sync(script: Script, at: str) -> Script:
    """The phone is enrolled and filled where there is a network; what follows needs none."""
    return {**script, "at": at, "steps": [{"do": "sync"}]}


def back_online(script: Script, at: str) -> Script:
    """The work of the script without a network, then the way back to one at `at`, and a sync."""
    return {**script, "steps": [*script["steps"], {"do": "clock", "at": at}, {"do": "sync"}]}


def sheets(cluster: Cluster, scheme: Scheme) -> dict[str, Sheet]:
    """Unit → its invented self and cross values."""
    random = Random(f"{_SEED}:{cluster.group}")  # noqa: S311 – invented figures, no secret
    everybody = [unit.unit for unit in cluster.units]
    return {
        unit.unit: invent(
            {
                section.id: [
                    Criterion(it.id, it.max, it.function is None or it.function in unit.functions)
                    for it in section.criteria
                ]
                for section in scheme.sections
            },
            YEARS[unit.unit].targets,
            [other for other in everybody if other != unit.unit],
            random,
            boldest=YEARS[unit.unit].boldest,
        )
        for unit in cluster.units
    }


def visits(cluster: Cluster) -> Iterator[tuple[Unit, Unit, str]]:
    """(inspected, inspecting, day): everybody visits everybody, one visit a day from the middle of October."""
    days = iter(f"2024-{month:02d}-{day:02d}" for month, day in _working_days())
    for distance in range(1, len(cluster.units)):
        for index, inspecting in enumerate(cluster.units):
            yield cluster.units[(index + distance) % len(cluster.units)], inspecting, next(days)


def grassroots_script(cluster: Cluster, person: Person, code: str) -> Script:
    """Photographs two activities."""
    where = next(unit for unit in cluster.grassroots if unit.unit == person.unit)
    captures = [
        {
            "do": "capture",
            "group": cluster.group,
            "year": YEAR,
            "title": title,
            "movement": "doi-song-van-hoa",
            "place": {"name": where.short_vi, "lat": None, "lon": None, "accuracy_m": None},
            "note": note,
            "photos": 1,
        }
        for title, note in grassroots_titles(where)
    ]
    return _script(person, code, "2024-09-14T12:30:00Z", captures)


def grassroots_titles(unit: Unit) -> tuple[tuple[str, str], ...]:
    """(title, note) of what a grassroots unit photographs."""
    return (
        (f"Đêm hội trăng rằm tại {unit.short_vi}", "Hơn 200 thiếu nhi và phụ huynh tham dự."),
        (f"Lớp truyền dạy hát dân ca của {unit.short_vi}", "Mỗi tuần hai buổi, 32 học viên."),
    )


def self_script(cluster: Cluster, unit: Unit, *, person: Person, code: str, scheme: Scheme, sheet: Sheet) -> Script:
    """Scores the own unit with evidence beside each criterion that asks for it, and submits."""
    evidence = []
    below = [each for each in cluster.grassroots if each.parent == unit.unit]
    cited = [
        {"title": title, "criterion": _GRASSROOTS_CRITERION} for each in below for title, _ in grassroots_titles(each)
    ]
    has_already = {each["criterion"] for each in cited}
    for section in scheme.sections:
        for nth, criterion in enumerate(section.criteria):
            if criterion.id in sheet.own and criterion.evidence_required and criterion.id not in has_already:
                activity = activity_for(criterion.function, section.id, nth)
                evidence.append(
                    {
                        "title": activity.title,
                        "criterion": criterion.id,
                        "movement": activity.movement,
                        "place": {
                            "name": f"{activity.where}, {cluster.places[unit.unit]}",
                            "lat": None,
                            "lon": None,
                            "accuracy_m": None,
                        },
                        "photos": 1,
                    }
                )
    steps: list[dict[str, Any]] = [
        {
            "do": "self",
            "group": cluster.group,
            "year": YEAR,
            "answers": {criterion: {"points": points} for criterion, points in sheet.own.items()},
            "evidence": evidence,
            "cite": cited,
        },
        {"do": "submit"},
    ]
    return _script(person, code, "2024-10-08T01:12:00Z", steps)


def cross_script(
    person: Person,
    code: str,
    planned: Sequence[PlannedVisit],
    sheets_by_unit: Mapping[str, Sheet],
    scheme: Scheme,
) -> Script:
    """Goes on every visit of one inspector: scores, photographs, submits."""
    steps: list[dict[str, Any]] = []
    for nth, visit in enumerate(planned):
        if visit.inspecting in YEARS[visit.inspected].not_visited_by:
            continue
        sheet = sheets_by_unit[visit.inspected]
        steps.append({"do": "clock", "at": f"{visit.day}T02:05:00Z"})
        steps.append(_cross_step(visit, sheet, scheme, nth))
        steps.append({"do": "submit"})
    return _script(person, code, "2024-10-14T00:30:00Z", steps)


def _cross_step(visit: PlannedVisit, sheet: Sheet, scheme: Scheme, nth: int) -> dict[str, Any]:
    seen = CROSS_SEEN[nth % len(CROSS_SEEN)]
    values = sheet.cross[visit.inspecting]
    answers: dict[str, dict[str, Any]] = {}
    for index, (criterion, points) in enumerate(values.items()):
        answers[criterion] = {"points": points}
        if _differs(scheme, criterion, points, sheet.own[criterion]):
            answers[criterion]["note"] = _DIFFERENCE_NOTE
        elif (index + nth) % 6 == 0:
            answers[criterion]["note"] = _NOTES[(index + nth) % len(_NOTES)]
    return {
        "do": "cross",
        "visit": visit.visit,
        "answers": answers,
        "evidence": [
            {
                "title": seen.title,
                "criterion": list(values)[nth % len(values)],
                "place": {"name": seen.where, "lat": None, "lon": None, "accuracy_m": None},
                "photos": 1,
            }
        ],
    }


def _differs(scheme: Scheme, criterion: str, one: str, other: str) -> bool:
    known = scheme.criterion(criterion)
    assert known is not None
    return abs(Fraction(one) - Fraction(other)) * 100 > known.max * scheme.discrepancy_percent


def _script(person: Person, code: str, at: str, steps: list[dict[str, Any]]) -> Script:
    return {
        "name": person.login,
        "code": code,
        "label": f"Điện thoại của {person.name}",
        "seed": f"{_SEED}:{person.login}",
        "at": at,
        "steps": steps,
    }


def _working_days() -> Iterator[tuple[int, int]]:
    """Weekdays from Monday 14 October 2024."""
    for month, last in ((10, 31), (11, 30)):
        for day in range(14 if month == 10 else 1, last + 1):
            weekday = (day - 14) % 7 if month == 10 else (day + 17) % 7
            if weekday < 5:
                yield month, day
