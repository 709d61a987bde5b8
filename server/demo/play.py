"""Plays the demonstration's years against a running service: simulated phones over HTTP, the leader over the API.

Administrators' work (units, groups, accounts) is done as `thidua init` does it; everything that counts comes from
phones by replication and from decisions through the API. It must never write a score into a database itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests

from schemas.scheme import Scheme, shipped
from server.demo import scripts
from server.demo.data import (
    BLOCK,
    CLUSTER_1,
    CLUSTER_4,
    CLUSTER_4_NEXT,
    CLUSTERS,
    COUNCIL,
    FINANCE,
    GENERAL,
    GROUP_YEARS,
    HA_GIANG,
    LEGAL,
    MERGED_BY,
    MERGED_ON,
    MERGERS,
    MINISTRY,
    MOVEMENTS,
    NEXT,
    SUCCESSORS,
    TRAINING,
    TUYEN_QUANG,
    Cluster,
    Person,
    Unit,
    everybody,
    next_scheme,
)
from server.demo.scores import Sheet
from server.demo.year import YEARS
from server.service import Service

SCHEME: Final = "cum-1000"
BLOCK_SCHEME: Final = "khoi-100"
PLAYERS: Final = 2
"""Processes that play phones at once: one a core of a small machine."""

CODE_VALID_FOR: Final = timedelta(days=400)
"""Codes are made while the demonstration's clock stands in spring and used in autumn."""

REQUEST_TIMEOUT_S: Final = 60

Sheets = dict[str, dict[str, Sheet]]
"""Group → unit → its invented values."""

Progress = Callable[[str, int, int], None]
"""(what, done, total) – what is a word of `STEPS`."""

STEPS: Final = (
    "setup", "photos-first", "photos", "self-first", "self", "cross-first", "cross", "appraisal", "frozen", "next-year",
    "merged", "next-self", "next-cross", "next-acts",
)  # fmt: skip


class DemoFailed(Exception):
    """A simulated person could not do what the script says; the sentence says which and why."""


class Clock:
    """A clock that is set to days of the demonstration's year and ticks on from there."""

    def __init__(self, at: str) -> None:
        self.set(at)

    def set(self, at: str) -> None:
        self._at = datetime.fromisoformat(at)
        self._since = time.monotonic()

    def __call__(self) -> datetime:
        return self._at.astimezone(UTC) + timedelta(seconds=time.monotonic() - self._since)


@dataclass
class Stage:
    """Where the play takes place."""

    service: Service
    clock: Clock
    url: str
    phones: Path
    password: str
    progress: Progress


def prepare(stage: Stage) -> None:
    """Units, people, schemes and the clusters of 2024: what an administrator enters before the year begins."""
    setup = stage.service.setup
    people = everybody()
    units = [*{unit.unit: unit for it in GROUP_YEARS for unit in (*it.units, *it.grassroots)}.values(), *SUCCESSORS]
    for scheme in (shipped(SCHEME), shipped(BLOCK_SCHEME), next_scheme(shipped(SCHEME))):
        setup.scheme(scheme)
    _put_unit(stage, MINISTRY)
    for unit in units:
        _put_unit(stage, unit)
    for done, person in enumerate((COUNCIL, *people)):
        _add(stage, person)
        stage.progress("setup", done, len(people))
    for cluster in CLUSTERS:
        _open(stage, cluster)


def _open(stage: Stage, cluster: Cluster) -> None:
    """A group's year, with its movements, its pact and what is public of its awards."""
    setup = stage.service.setup
    setup.group(cluster.group, names={"vi": cluster.vi, "en": cluster.en}, kind=cluster.kind)
    setup.group_year(_group_year(cluster))
    for movement in MOVEMENTS if cluster.kind == "cluster" else ():
        setup.movement(
            cluster.group,
            cluster.year,
            {
                "type": "movement",
                "v": 1,
                "movement": movement.movement,
                "names": {"vi": movement.vi, "en": movement.en},
                "issuer": movement.issuer,
                "phases": [],
            },
        )
    setup.pact(cluster.group, cluster.year, _pact(cluster))
    for award in cluster.awards:
        setup.award(
            cluster.group,
            cluster.year,
            {
                "type": "award",
                "v": 1,
                "award": award.award,
                "form": award.form,
                "level": award.level,
                "counts": {"collective": award.collectives, "individual": award.individuals},
                "number": None,
                "date": None,
                "authority": None,
                "source": "published",
            },
        )


def play(stage: Stage) -> None:
    """2024 from the pact to the published ranking, then 2025 as far as it has come. Raises DemoFailed."""
    council = _Desk(stage, COUNCIL)
    _play_2024(stage, council)
    _play_2025(stage)


def _play_2024(stage: Stage, council: _Desk) -> None:
    scheme = Scheme.from_document(shipped(SCHEME))
    sheets = {cluster.group: scripts.sheets(cluster, scheme) for cluster in CLUSTERS}

    stage.clock.set("2024-04-26T02:00:00+00:00")
    leaders = {cluster.group: _Desk(stage, _person(cluster, cluster.leader)) for cluster in CLUSTERS}
    deputies = {cluster.group: _Desk(stage, _person(cluster, cluster.deputy)) for cluster in CLUSTERS}
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
        _run(stage, f"{step}-first", [scripts.first_sync(script, online) for script in people])
        # Days pass without a network; then everybody comes back to one.
        stage.clock.set(offline_until)
        _run(stage, step, [scripts.back_online(script, offline_until) for script in people])
        if step == "self":
            for cluster in CLUSTERS:
                _approve(stage, cluster, cluster.units)

    stage.clock.set("2024-12-12T02:00:00+00:00")
    _appraise(stage, leaders, deputies)
    stage.clock.set("2024-12-23T02:00:00+00:00")
    _settle(leaders)
    _freeze(stage, leaders, council)


def _settle(leaders: dict[str, _Desk]) -> None:
    """What was returned came back: the leader says what it comes to."""
    for cluster in CLUSTERS:
        for unit in cluster.units:
            settled = YEARS[cluster.key][unit.unit].settled
            if settled is not None:
                criterion, points, reason = settled
                value = {"unit": unit.unit, "criterion": criterion, "answer": {"points": points}}
                leaders[cluster.group].act(cluster, "adjust", value, reason)


def _freeze(stage: Stage, leaders: dict[str, _Desk], council: _Desk) -> None:
    """Cluster 1 is published; cluster 4 is frozen at its review and waits for the council."""
    for done, (cluster, day) in enumerate(((CLUSTER_1, "2024-12-30"), (CLUSTER_4, "2025-01-17")), start=1):
        stage.clock.set(f"{day}T02:00:00+00:00")
        leaders[cluster.group].act(cluster, "lock-scores", {"locked": True})
        leaders[cluster.group].act(cluster, "freeze", {})
        stage.progress("frozen", done, 3)
    stage.clock.set("2025-01-20T02:00:00+00:00")
    council.act(CLUSTER_1, "publish", {})
    stage.progress("frozen", 3, 3)


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
        return scripts.brief_self(cluster, unit, person, code=_code(stage, person), scheme=scheme, sheet=sheet, day=day)

    stage.clock.set("2025-02-24T02:00:00+00:00")
    for done, cluster in enumerate(NEXT, start=1):
        _open(stage, cluster)
        stage.progress("next-year", done, len(NEXT))
    # Half a year's work of a unit that will not see the other half.
    day = "2025-06-20"
    stage.clock.set(f"{day}T{scripts.ONLINE}")
    leader = _Desk(stage, _person(CLUSTER_4_NEXT, CLUSTER_4_NEXT.leader))
    deputy = _Desk(stage, _person(CLUSTER_4_NEXT, CLUSTER_4_NEXT.deputy))
    leader.act(CLUSTER_4_NEXT, "lock-scheme", {"scheme": CLUSTER_4_NEXT.scheme})
    _run(stage, "merged", [own(CLUSTER_4_NEXT, HA_GIANG, day)])
    stage.clock.set(f"{day}T08:00:00Z")
    _approve(stage, CLUSTER_4_NEXT, [HA_GIANG])

    stage.clock.set(f"{MERGED_ON}T02:00:00+00:00")
    for old, successor in MERGERS:
        stage.service.setup.unit_event("merge", [old.unit], date=MERGED_ON, number=MERGED_BY, to=successor.unit)
    stage.clock.set("2025-07-08T02:00:00+00:00")
    _carry_over(deputy)

    stage.clock.set("2025-09-22T02:00:00+00:00")
    khoi = _Desk(stage, _person(BLOCK, BLOCK.leader)), _Desk(stage, _person(BLOCK, BLOCK.deputy))
    khoi[0].act(BLOCK, "lock-scheme", {"scheme": BLOCK.scheme})
    in_block = _plan(stage, BLOCK, _BLOCK_VISITS, *khoi)
    in_cluster = _plan(stage, CLUSTER_4_NEXT, _NEXT_VISITS, leader, deputy)

    day = "2025-10-06"
    stage.clock.set(f"{day}T{scripts.ONLINE}")
    scored = [unit for unit in CLUSTER_4_NEXT.units if unit.unit in YEARS[CLUSTER_4_NEXT.key] and unit != HA_GIANG]
    own_scores = [own(CLUSTER_4_NEXT, unit, day) for unit in scored] + [own(BLOCK, unit, day) for unit in BLOCK.units]
    _run(stage, "next-self", own_scores)
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
    _run(stage, "next-cross", visiting)

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


def _carry_over(deputy: _Desk) -> None:
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


def _appraise_block(stage: Stage, leader: _Desk, deputy: _Desk) -> None:
    acts = [(unit, act) for unit in BLOCK.units for act in _acts_on(BLOCK, unit.unit)]
    for done, (unit, (act, value, reason)) in enumerate(acts, start=1):
        (deputy if unit.unit == BLOCK.leader else leader).act(BLOCK, act, value, reason)
        stage.progress("next-acts", done, len(acts))


def _grassroots(stage: Stage) -> list[scripts.Script]:
    return [
        scripts.grassroots_script(cluster, person, _code(stage, person))
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
            code=_code(stage, person),
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
            _code(stage, person),
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
        _Desk(stage, cluster.heads()[unit.unit]).approve(cluster)


def _appraise(stage: Stage, leaders: dict[str, _Desk], deputies: dict[str, _Desk]) -> None:
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
    leader: _Desk,
    deputy: _Desk,
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


class _Desk:
    """A leader's computer: a device of their account that acts through the API."""

    def __init__(self, stage: Stage, person: Person) -> None:
        self._stage = stage
        self._unit = person.unit
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._post("/api/v1/enrol", {"code": _code(stage, person), "label": "Máy tính", "app": "demo"})
        self._session.headers["Authorization"] = f"Bearer {answer['token']}"

    def act(self, cluster: Cluster, act: str, value: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        """One decision, written by the service. Raises DemoFailed with its sentence."""
        if act == "return":
            value = value | {"submission": self._submission_of(cluster, value["unit"])}
        path = f"/api/v1/groups/{cluster.group}/{cluster.year}/decisions"
        return self._post(path, {"act": act, "value": value, "reason": reason})

    def approve(self, cluster: Cluster) -> None:
        """The unit's head approves its self-score. Raises DemoFailed."""
        prepared = self._submission_of(cluster, self._unit)
        self._post(f"/api/v1/groups/{cluster.group}/{cluster.year}/approvals", {"submission": prepared})

    def _submission_of(self, cluster: Cluster, unit: str) -> str:
        """The unit's self submission, as the group holds it."""
        group = self._stage.service.backend.open(f"g-{cluster.group}-{cluster.year}")
        prefix = f"submission:{cluster.group}:{unit}:self:"
        # The last is the one its head approved.
        return str(group.all_docs(start_key=prefix, end_key=prefix + "~")["rows"][-1]["id"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._session.post(self._stage.url + path, json=body, timeout=REQUEST_TIMEOUT_S)
        if not answer.ok:
            raise DemoFailed(f"{path} answered {answer.status_code}: {answer.text} to {body}")
        found: dict[str, Any] = answer.json()
        return found


def _run(stage: Stage, step: str, told: list[scripts.Script]) -> None:
    """Play scripts on simulated phones, a few processes at once. Raises DemoFailed."""
    done = 0
    stage.progress(step, 0, len(told))

    def player(share: list[scripts.Script], number: int) -> Iterator[None]:
        stage.phones.mkdir(parents=True, exist_ok=True)
        file = stage.phones / f"{step}-{number}.json"
        file.write_text(json.dumps(share, ensure_ascii=False, indent=1), encoding="utf-8")
        command = [sys.executable, "-m", "mobile.simulated", "--folder", str(stage.phones), "--server", stage.url]
        with subprocess.Popen(  # noqa: S603 – our own module, our own arguments
            [*command, "--play", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            failures = []
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "failed":
                    failures.append(f"{event['name']}: {event.get('sentence')}")
                elif event["event"] == "done":
                    yield
            errors = process.stderr.read()
        if process.returncode or failures:
            raise DemoFailed("; ".join(failures) or errors[-2000:])

    def exhaust(share: list[scripts.Script], number: int) -> None:
        nonlocal done
        for _ in player(share, number):
            done += 1
            stage.progress(step, done, len(told))

    with ThreadPoolExecutor(PLAYERS) as pool:
        for future in [
            pool.submit(exhaust, share, number) for number, share in enumerate(_shares(told, PLAYERS)) if share
        ]:
            future.result()


def _shares(told: list[scripts.Script], count: int) -> Iterable[list[scripts.Script]]:
    return (told[number::count] for number in range(count))


def _code(stage: Stage, person: Person) -> str:
    account = stage.service.accounts.by_login(person.login)
    assert account is not None
    return stage.service.accounts.new_code(account.account, valid_for=CODE_VALID_FOR).code


def _person(cluster: Cluster, unit: str) -> Person:
    return cluster.specialists()[unit]


def _add(stage: Stage, person: Person) -> None:
    stage.service.accounts.add(
        login=person.login, name=person.name, unit=person.unit, roles=person.roles, password=stage.password
    )


def _put_unit(stage: Stage, unit: Unit) -> None:
    stage.service.setup.unit(
        unit.unit,
        names={"vi": unit.vi, "en": unit.en},
        short_names={"vi": unit.short_vi, "en": unit.short_en},
        kind=unit.kind,
        functions=sorted(unit.functions),
        parent=unit.parent,
        valid_from="2008-01-01",
    )


def _group_year(cluster: Cluster) -> dict[str, Any]:
    leaders, begin = ((cluster.leader, "leader"), (cluster.deputy, "deputy")), f"{cluster.year}-01-01"
    return {
        "type": "groupyear",
        "v": 1,
        "group": cluster.group,
        "year": cluster.year,
        "kind": cluster.kind,
        "names": {"vi": cluster.vi, "en": cluster.en},
        "theme": {"vi": cluster.theme_vi, "en": cluster.theme_en},
        "members": [{"unit": unit.unit, "from": begin, "to": None} for unit in cluster.units],
        "leaders": [{"unit": unit, "role": role, "from": begin, "to": None} for unit, role in leaders],
        "scheme": cluster.scheme,
        "deadlines": {"self": f"{cluster.year}-10-31", "cross": f"{cluster.year}-11-30"},
        "holidays": _HOLIDAYS[cluster.year],
        "flags": [{"unit": it.unit, "kind": it.kind, "opened": it.opened, "closed": None} for it in cluster.flags],
        "conferences": [{"kind": it.kind, "date": it.date, "place": it.place} for it in cluster.conferences],
        "sample": True,
    }


_HOLIDAYS: Final = {2024: ["2024-09-02", "2024-09-03"], 2025: ["2025-09-01", "2025-09-02"]}


def _pact(cluster: Cluster) -> dict[str, Any]:
    signed = [] if cluster.signed is None else [{"unit": unit.unit, "date": cluster.signed} for unit in cluster.units]
    return {
        "type": "pact",
        "v": 1,
        "group": cluster.group,
        "year": cluster.year,
        "signatures": signed,
        "targets": [],
    }
