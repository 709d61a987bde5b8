"""The demonstration's years as they pass, from the pact to the published ranking and half into the next.

Everything that counts comes from phones by replication or from decisions through the API. It must never write a score
into a database itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from schemas.scheme import Scheme, shipped
from server.demo import scripts
from server.demo.data import (
    BLOCK,
    CAO_BANG,
    CLUSTER_1,
    CLUSTER_4,
    CLUSTER_4_NEXT,
    CLUSTERS,
    COUNCIL,
    FINANCE,
    GENERAL,
    HA_GIANG,
    HA_NOI,
    HUNG_YEN,
    LANG_SON,
    LEGAL,
    MERGED_BY,
    MERGED_ON,
    MERGERS,
    NEXT,
    TRAINING,
    TUYEN_QUANG,
    Cluster,
    Person,
    Unit,
    next_scheme,
)
from server.demo.desk import Desk
from server.demo.phones import run
from server.demo.scores import Sheet
from server.demo.setting import BLOCK_SCHEME, SCHEME, open_year
from server.demo.stage import Stage
from server.demo.year import YEARS

Sheets = dict[str, dict[str, Sheet]]
"""Group → unit → its invented values."""


def play(stage: Stage) -> None:
    """2024 from the pact to the published ranking, then 2025 as far as it has come. Raises DemoFailed."""
    council = Desk(stage, COUNCIL)
    _play_2024(stage, council)
    _play_2025(stage)


def _play_2024(stage: Stage, council: Desk) -> None:
    scheme = Scheme.from_document(shipped(SCHEME))
    sheets = {cluster.group: scripts.sheets(cluster, scheme) for cluster in CLUSTERS}

    stage.clock.set("2024-04-26T02:00:00+00:00")
    leaders = {cluster.group: Desk(stage, _person(cluster, cluster.leader)) for cluster in CLUSTERS}
    deputies = {cluster.group: Desk(stage, _person(cluster, cluster.deputy)) for cluster in CLUSTERS}
    planned: list[scripts.PlannedVisit] = []
    for cluster in CLUSTERS:
        leaders[cluster.group].act(cluster, "lock-scheme", {"scheme": cluster.scheme})
        planned += _plan(stage, cluster, scripts.visits(cluster), leaders[cluster.group], deputies[cluster.group])

    phases: tuple[tuple[str, Callable[[], list[scripts.Script]], str, str], ...] = (
        ("photos", lambda: _grassroots(stage), "2024-09-13T02:00:00Z", "2024-09-16T01:00:00Z"),
        ("self", lambda: _own(stage, scheme, sheets), "2024-10-07T02:00:00Z", "2024-10-10T03:00:00Z"),
        ("cross", lambda: _cross(stage, scheme, sheets, planned), "2024-10-11T02:00:00Z", "2024-11-18T02:00:00Z"),
    )
    for step, told, online, offline_until in phases:
        stage.clock.set(online)
        people = told()
        run(stage, f"{step}-first", [scripts.first_sync(script, online) for script in people])
        # Days pass without a network; then everybody comes back to one.
        stage.clock.set(offline_until)
        run(stage, step, [scripts.back_online(script, offline_until) for script in people])
        if step == "self":
            for cluster in CLUSTERS:
                _approve(stage, cluster, cluster.units)

    stage.clock.set("2024-12-12T02:00:00+00:00")
    _appraise(stage, leaders, deputies)
    stage.clock.set("2024-12-23T02:00:00+00:00")
    _settle(leaders)
    _freeze(stage, leaders, council)


def _settle(leaders: dict[str, Desk]) -> None:
    """What was returned came back: the leader says what it comes to."""
    for cluster in CLUSTERS:
        for unit in cluster.units:
            settled = YEARS[cluster.key][unit.unit].settled
            if settled is not None:
                criterion, points, reason = settled
                value = {"unit": unit.unit, "criterion": criterion, "answer": {"points": points}}
                leaders[cluster.group].act(cluster, "adjust", value, reason)


def _freeze(stage: Stage, leaders: dict[str, Desk], council: Desk) -> None:
    """Cluster 1 is published; cluster 4 is frozen at its review and waits for the council."""
    for done, (cluster, day) in enumerate(((CLUSTER_1, "2024-12-30"), (CLUSTER_4, "2025-01-17")), start=1):
        stage.clock.set(f"{day}T02:00:00+00:00")
        leaders[cluster.group].act(cluster, "lock-scores", {"locked": True})
        _meet(cluster, day, leaders[cluster.group], council)
        leaders[cluster.group].act(cluster, "freeze", {})
        stage.progress("frozen", done, 3)
    stage.clock.set("2025-01-20T02:00:00+00:00")
    council.act(CLUSTER_1, "publish", {})
    stage.progress("frozen", 3, 3)


def _meet(cluster: Cluster, day: str, leader: Desk, council: Desk) -> None:
    """The year-end meeting: next year's leader and deputy as they were published, and cluster 4's certificates.

    Of its two certificates one is the leader's own and one the deputy's: the council writes that ballot down. How many
    voted is invented.
    """
    units = len(cluster.units)
    room = {"held": day, "voters": units, "present": units, "invalid": 0}
    chosen = _ELECTED[cluster.group]
    for role, unit in zip(("leader", "deputy"), chosen, strict=True):
        value = {"role": role, "units": [unit.unit], "votes": {unit.unit: units - 1}, **room}
        leader.act(cluster, "elect", value, f"Biên bản hội nghị tổng kết năm 2024: bầu {unit.short_vi} cho năm 2025.")
    honoured = sorted(unit.unit for unit in _HONOURED.get(cluster.group, ()))
    if honoured:
        value = {"award": "merit", "units": honoured, "votes": dict.fromkeys(honoured, units), **room}
        council.act(cluster, "award-ballot", value, "Biên bản họp bình xét, suy tôn tại hội nghị tổng kết năm 2024.")


_ELECTED: Final = {CLUSTER_1.group: (HUNG_YEN, HA_NOI), CLUSTER_4.group: (TUYEN_QUANG, CAO_BANG)}
_HONOURED: Final = {CLUSTER_4.group: (LANG_SON, TUYEN_QUANG)}


def _play_2025(stage: Stage) -> None:
    """New leaders, mergers in the middle of the year, and a block beside the clusters."""
    schemes = {
        CLUSTER_4_NEXT.key: Scheme.from_document(next_scheme(shipped(SCHEME))),
        BLOCK.key: Scheme.from_document(shipped(BLOCK_SCHEME)),
    }
    sheets = {cluster.key: scripts.sheets(cluster, schemes[cluster.key]) for cluster in (CLUSTER_4_NEXT, BLOCK)}

    def own(cluster: Cluster, unit: Unit, day: str) -> scripts.Script:
        person = cluster.specialists()[unit.unit]
        scheme, sheet = schemes[cluster.key], sheets[cluster.key][unit.unit]
        return scripts.brief_self(cluster, unit, person, code=stage.code(person), scheme=scheme, sheet=sheet, day=day)

    stage.clock.set("2025-02-24T02:00:00+00:00")
    for done, cluster in enumerate(NEXT, start=1):
        open_year(stage, cluster)
        stage.progress("next-year", done, len(NEXT))
    # Half a year's work of a unit that will not see the other half.
    day = "2025-06-20"
    stage.clock.set(f"{day}T{scripts.ONLINE}")
    leader = Desk(stage, _person(CLUSTER_4_NEXT, CLUSTER_4_NEXT.leader))
    deputy = Desk(stage, _person(CLUSTER_4_NEXT, CLUSTER_4_NEXT.deputy))
    leader.act(CLUSTER_4_NEXT, "lock-scheme", {"scheme": CLUSTER_4_NEXT.scheme})
    run(stage, "merged", [own(CLUSTER_4_NEXT, HA_GIANG, day)])
    stage.clock.set(f"{day}T08:00:00Z")
    _approve(stage, CLUSTER_4_NEXT, [HA_GIANG])

    stage.clock.set(f"{MERGED_ON}T02:00:00+00:00")
    for old, successor in MERGERS:
        stage.service.setup.unit_event("merge", [old.unit], date=MERGED_ON, number=MERGED_BY, to=successor.unit)
    stage.clock.set("2025-07-08T02:00:00+00:00")
    _carry_over(deputy)

    stage.clock.set("2025-09-22T02:00:00+00:00")
    khoi = Desk(stage, _person(BLOCK, BLOCK.leader)), Desk(stage, _person(BLOCK, BLOCK.deputy))
    khoi[0].act(BLOCK, "lock-scheme", {"scheme": BLOCK.scheme})
    in_block = _plan(stage, BLOCK, _BLOCK_VISITS, *khoi)
    in_cluster = _plan(stage, CLUSTER_4_NEXT, _NEXT_VISITS, leader, deputy)

    day = "2025-10-06"
    stage.clock.set(f"{day}T{scripts.ONLINE}")
    scored = [unit for unit in CLUSTER_4_NEXT.units if unit.unit in YEARS[CLUSTER_4_NEXT.key] and unit != HA_GIANG]
    own_scores = [own(CLUSTER_4_NEXT, unit, day) for unit in scored] + [own(BLOCK, unit, day) for unit in BLOCK.units]
    run(stage, "next-self", own_scores)
    stage.clock.set(f"{day}T08:00:00Z")
    _approve(stage, CLUSTER_4_NEXT, scored)
    _approve(stage, BLOCK, BLOCK.units)

    day = "2025-10-09"
    stage.clock.set(f"{day}T{scripts.ONLINE}")
    visiting: list[scripts.Script] = []
    # Two inspectors who are offline together both submit: neither knows of the other's.
    for cluster, planned, first in ((BLOCK, in_block, False), (CLUSTER_4_NEXT, in_cluster[:1], True)):
        for unit, person in cluster.inspectors().items():
            mine = [each for each in planned if each.inspecting == unit]
            told_sheets = sheets[cluster.key]
            if mine:
                visiting.append(
                    scripts.brief_cross(cluster, person, mine, told_sheets, schemes[cluster.key], day=day, first=first)
                )
    run(stage, "next-cross", visiting)

    stage.clock.set("2025-10-13T02:00:00+00:00")
    stage.service.follower.sweep()
    _appraise_block(stage, *khoi)
    stage.clock.set("2025-10-14T02:00:00+00:00")


_BLOCK_VISITS: Final = (
    (GENERAL, (LEGAL,), "2025-10-09"),
    (LEGAL, (FINANCE,), "2025-10-09"),
    (FINANCE, (TRAINING,), "2025-10-09"),
    (TRAINING, (GENERAL, FINANCE), "2025-10-09"),
)

_NEXT_VISITS: Final = tuple(
    (inspected, (inspecting,), day)
    for inspected, inspecting, day in (
        (CLUSTER_4.units[3], CLUSTER_4.units[0], "2025-10-09"),
        (CLUSTER_4.units[0], TUYEN_QUANG, "2025-10-16"),
        (CLUSTER_4.units[3], TUYEN_QUANG, "2025-10-17"),
        (TUYEN_QUANG, CLUSTER_4.units[0], "2025-10-21"),
        (TUYEN_QUANG, CLUSTER_4.units[3], "2025-10-22"),
        (CLUSTER_4.units[0], CLUSTER_4.units[3], "2025-10-23"),
    )
)
"""Only the first is over: an inspector of Tuyên Quang is told of the others by their phone."""


def _carry_over(deputy: Desk) -> None:
    """Hà Giang's praise counts for Tuyên Quang: the leader is concerned, so its deputy decides."""
    deputy.act(
        CLUSTER_4_NEXT,
        "carry-over",
        {
            "unit": TUYEN_QUANG.unit,
            "criterion": "iii-4",
            "from": HA_GIANG.unit,
            "event": f"unitevent:{MERGED_ON}:{TUYEN_QUANG.unit}",
            "answer": {"count": YEARS[CLUSTER_4_NEXT.key][HA_GIANG.unit].counts["iii-4"]},
        },
        "Sáu tháng khen thưởng của Hà Giang được tính tiếp cho đơn vị tiếp nhận, theo biên bản họp cụm.",
    )


def _appraise_block(stage: Stage, leader: Desk, deputy: Desk) -> None:
    acts = [(unit, act) for unit in BLOCK.units for act in _acts_on(BLOCK, unit.unit)]
    for done, (unit, (act, value, reason)) in enumerate(acts, start=1):
        (deputy if unit.unit == BLOCK.leader else leader).act(BLOCK, act, value, reason)
        stage.progress("next-acts", done, len(acts))


def _grassroots(stage: Stage) -> list[scripts.Script]:
    return [
        scripts.grassroots_script(cluster, person, stage.code(person))
        for cluster in CLUSTERS
        for person in cluster.people
        if "grassroots" in person.roles
    ]


def _own(stage: Stage, scheme: Scheme, sheets: Sheets) -> list[scripts.Script]:
    return [
        scripts.self_script(
            cluster,
            unit,
            person=person,
            code=stage.code(person),
            scheme=scheme,
            sheet=sheets[cluster.group][unit.unit],
        )
        for cluster in CLUSTERS
        for unit in cluster.units
        for person in (cluster.specialists()[unit.unit],)
    ]


def _cross(stage: Stage, scheme: Scheme, sheets: Sheets, planned: list[scripts.PlannedVisit]) -> list[scripts.Script]:
    return [
        scripts.cross_script(
            person,
            stage.code(person),
            [each for each in planned if each.inspecting == person.unit],
            sheets[cluster.group],
            scheme,
        )
        for cluster in CLUSTERS
        for person in cluster.inspectors().values()
    ]


def _approve(stage: Stage, cluster: Cluster, units: Iterable[Unit]) -> None:
    """Each unit's head reads what the specialist prepared, and approves it on the page."""
    stage.service.follower.sweep()
    for unit in units:
        Desk(stage, cluster.heads()[unit.unit]).approve(cluster)


def _appraise(stage: Stage, leaders: dict[str, Desk], deputies: dict[str, Desk]) -> None:
    """Accept, adjust, return, approve and count, each with its reason; on the leader's own unit the deputy does it."""
    acts = [
        (cluster, unit, act) for cluster in CLUSTERS for unit in cluster.units for act in _acts_on(cluster, unit.unit)
    ]
    for done, (cluster, unit, (act, value, reason)) in enumerate(acts, start=1):
        desks = deputies if unit.unit == cluster.leader else leaders
        desks[cluster.group].act(cluster, act, value, reason)
        stage.progress("appraisal", done, len(acts))


def _acts_on(cluster: Cluster, unit: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    year = YEARS[cluster.key][unit]
    for criterion in year.accepted:
        yield "accept", {"unit": unit, "criterion": criterion}, None
    if year.adjusted is not None:
        criterion, points, reason = year.adjusted
        yield "adjust", {"unit": unit, "criterion": criterion, "answer": {"points": points}}, reason
    if year.not_applicable is not None:
        criterion, reason = year.not_applicable
        yield "approve-na", {"unit": unit, "criterion": criterion}, reason
    for claim in year.claims:
        value = {
            "unit": unit,
            "item": claim.item,
            "key": claim.key,
            "occurrences": claim.occurrences,
            "number": claim.number,
        }
        yield "count-claim", value, claim.why
    if year.returned is not None:
        criterion, reason = year.returned
        yield "return", {"unit": unit, "criterion": criterion, "deadline": _RETURN_BY[cluster.year]}, reason


_RETURN_BY: Final = {2024: "2024-12-20", 2025: "2025-10-24"}


def _plan(
    stage: Stage,
    cluster: Cluster,
    wanted: Iterable[tuple[Unit, tuple[Unit, ...], str]],
    leader: Desk,
    deputy: Desk,
) -> list[scripts.PlannedVisit]:
    """The visits as decided, one entry for each unit of a team."""
    inspectors = cluster.inspectors()
    planned = []
    for inspected, inspecting, day in wanted:
        team = []
        for unit in inspecting:
            person = stage.service.accounts.by_login(inspectors[unit.unit].login)
            assert person is not None
            team.append({"account": person.account, "unit": unit.unit})
        desk = deputy if inspected.unit == cluster.leader else leader
        value = {
            "inspected": inspected.unit,
            "team": team,
            "from": day,
            "to": day,
            "place": cluster.places[inspected.unit],
        }
        visit = desk.act(cluster, "plan-visit", value)["value"]["visit"]
        planned += [scripts.PlannedVisit(cluster.key, visit, inspected.unit, unit.unit, day) for unit in inspecting]
    return planned


def _person(cluster: Cluster, unit: str) -> Person:
    return cluster.specialists()[unit]
