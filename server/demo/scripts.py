"""The demonstration's people, told step by step what to do on their phones (docs/the-phone.md has the form).

Pure: from the cast, the scheme and the invented scores to scripts. It must never know how a script is played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from schemas.scheme import Criterion as SchemeCriterion
from schemas.scheme import Scheme
from server.demo.activities import CROSS_SEEN, Activity, activity_for
from server.demo.data import Cluster, Person, Unit
from server.demo.scores import Criterion, Sheet, invent
from server.demo.year import YEARS, UnitYear

Script = dict[str, Any]

_SEED = 2024
_GRASSROOTS_CRITERION = "i-3"
"""Where a department cites what its grassroots unit photographed: performing arts and festivals."""

ONLINE = "04:00:00Z"
"""When the days of 2025 have a network; what is scored there is scored from `_WORK` on, without one."""

_WORK = "01:10:00Z"

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

    key: tuple[str, int]
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
    """Unit → its invented self and cross values; none of units for which nothing is invented."""
    years = YEARS[cluster.key]
    random = Random(f"{cluster.year}:{cluster.group}")  # noqa: S311 – invented figures, no secret
    everybody = [unit.unit for unit in cluster.units]
    return {
        unit.unit: invent(
            {
                section.id: [
                    Criterion(it.id, it.max, _is_judged_here(it, unit, years[unit.unit])) for it in section.criteria
                ]
                for section in scheme.sections
            },
            years[unit.unit].targets,
            [other for other in everybody if other != unit.unit],
            random,
            boldest=years[unit.unit].boldest,
        )
        for unit in cluster.units
        if unit.unit in years
    }


def _is_judged_here(criterion: SchemeCriterion, unit: Unit, year: UnitYear) -> bool:
    if criterion.id in year.counts or (year.not_applicable is not None and year.not_applicable[0] == criterion.id):
        return False
    return criterion.function is None or criterion.function in unit.functions


def visits(cluster: Cluster) -> Iterator[tuple[Unit, tuple[Unit, ...], str]]:
    """(inspected, team's units, day): everybody visits everybody, one visit a day from the middle of October."""
    days = iter(f"2024-{month:02d}-{day:02d}" for month, day in _working_days())
    for distance in range(1, len(cluster.units)):
        for index, inspecting in enumerate(cluster.units):
            yield cluster.units[(index + distance) % len(cluster.units)], (inspecting,), next(days)


def grassroots_script(cluster: Cluster, person: Person, code: str) -> Script:
    """Photographs two activities."""
    where = next(unit for unit in cluster.grassroots if unit.unit == person.unit)
    captures = [
        {
            "do": "capture",
            "group": cluster.group,
            "year": cluster.year,
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
            "year": cluster.year,
            "answers": _answers(cluster, unit, sheet.own),
            "evidence": evidence,
            "cite": cited,
        },
        {"do": "submit"},
    ]
    return _script(person, code, "2024-10-08T01:12:00Z", steps)


def brief_self(
    cluster: Cluster, unit: Unit, person: Person, *, code: str, scheme: Scheme, sheet: Sheet, day: str
) -> Script:
    """Enrols, scores the own unit on the evidence of two activities, submits, sends: all on one day."""
    asked = [it for it in scheme.criteria if it.evidence_required and it.id in {*sheet.own, *_counts(cluster, unit)}]
    suited = [activity_for(it.function, it.section, nth) for nth, it in enumerate(asked[:2])]
    activities = [replace(it, title=f"{it.title.removesuffix(' năm 2024')} ({cluster.year})") for it in suited]
    steps: list[dict[str, Any]] = [
        {"do": "sync"},
        {"do": "clock", "at": f"{day}T{_WORK}"},
        {
            "do": "self",
            "group": cluster.group,
            "year": cluster.year,
            "answers": _answers(cluster, unit, sheet.own),
            "evidence": [
                {"title": activity.title, "criterion": it.id, "movement": _movement(cluster, activity), "photos": 1}
                for activity, it in zip(activities, asked[:2], strict=True)
            ],
            "cite": [{"title": activities[nth % 2].title, "criterion": it.id} for nth, it in enumerate(asked[2:])],
        },
        {"do": "submit"},
        {"do": "clock", "at": f"{day}T{ONLINE}"},
        {"do": "sync"},
    ]
    return _script(person, code, f"{day}T{ONLINE}", steps)


def brief_cross(
    cluster: Cluster,
    person: Person,
    planned: Sequence[PlannedVisit],
    sheets_by_unit: Mapping[str, Sheet],
    scheme: Scheme,
    *,
    day: str,
    first: bool = False,
) -> Script:
    """Its visits, scored one after the other, then sent; `first` where the phone must fetch them before."""
    steps: list[dict[str, Any]] = [{"do": "sync"}] if first else []
    steps.append({"do": "clock", "at": f"{day}T{_WORK}"})
    units = {unit.unit: unit for unit in cluster.units}
    for nth, visit in enumerate(planned):
        step = _cross_step(visit, sheets_by_unit[visit.inspected], scheme, nth)
        answers = _answers(cluster, units[visit.inspected], {})
        steps += [{**step, "answers": answers | step["answers"]}, {"do": "submit"}]
    steps += [{"do": "clock", "at": f"{day}T{ONLINE}"}, {"do": "sync"}]
    return _script(person, "", f"{day}T{ONLINE}", steps)


def _movement(cluster: Cluster, activity: Activity) -> str | None:
    return activity.movement if cluster.kind == "cluster" else None


def _counts(cluster: Cluster, unit: Unit) -> dict[str, str]:
    return YEARS[cluster.key][unit.unit].counts


def _answers(cluster: Cluster, unit: Unit, points: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Points where a criterion is judged, counts where it is counted, N/A where that is what the unit says."""
    year = YEARS[cluster.key][unit.unit]
    told: dict[str, dict[str, Any]] = {name: {"points": given} for name, given in points.items()}
    told |= {name: {"count": given} for name, given in year.counts.items()}
    if year.not_applicable is not None:
        criterion, reason = year.not_applicable
        told[criterion] = {"na": True, "note": reason}
    return told


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
        if visit.inspecting in YEARS[visit.key][visit.inspected].not_visited_by:
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
