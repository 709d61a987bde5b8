"""Plays the demonstration's year against a running service: simulated phones over HTTP, the leader over the API.

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
from server.demo.data import CLUSTERS, COUNCIL, MINISTRY, MOVEMENTS, YEAR, Cluster, Person, Unit
from server.demo.scores import Sheet
from server.demo.year import YEARS
from server.service import Service

SCHEME: Final = "cum-1000"
PLAYERS: Final = 2
"""Processes that play phones at once: one a core of a small machine."""

CODE_VALID_FOR: Final = timedelta(days=400)
"""Codes are made while the demonstration's clock stands in January and used in autumn."""

REQUEST_TIMEOUT_S: Final = 60

Sheets = dict[str, dict[str, Sheet]]
"""Group → unit → its invented values."""

Progress = Callable[[str, int, int], None]
"""(what, done, total) – what is a word of `STEPS`."""

STEPS: Final = ("setup", "photos-first", "photos", "self-first", "self", "cross-first", "cross", "appraisal")


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
    """Units, groups, people and the scheme: what an administrator enters before the year begins."""
    setup, accounts = stage.service.setup, stage.service.accounts
    total = sum(len(cluster.people) + len(cluster.units) for cluster in CLUSTERS)
    setup.scheme(shipped(SCHEME))
    _put_unit(stage, MINISTRY)
    _add(stage, COUNCIL)
    done = 0
    for cluster in CLUSTERS:
        for unit in (*cluster.units, *cluster.grassroots):
            _put_unit(stage, unit)
            done += 1
        for person in cluster.people:
            _add(stage, person)
            done += 1
            stage.progress("setup", min(done, total), total)
        setup.group(cluster.group, names={"vi": cluster.vi, "en": cluster.en}, kind="cluster")
        setup.group_year(_group_year(cluster))
        for movement in MOVEMENTS:
            setup.movement(
                cluster.group,
                YEAR,
                {
                    "type": "movement",
                    "v": 1,
                    "movement": movement.movement,
                    "names": {"vi": movement.vi, "en": movement.en},
                    "issuer": movement.issuer,
                    "phases": [],
                },
            )
        setup.pact(cluster.group, YEAR, _pact(cluster))
        council = accounts.by_login(COUNCIL.login)
        assert council is not None
    stage.progress("setup", total, total)


def play(stage: Stage) -> None:
    """The year, from the pact to the appraisal. Raises DemoFailed."""
    scheme = Scheme.from_document(shipped(SCHEME))
    sheets = {cluster.group: scripts.sheets(cluster, scheme) for cluster in CLUSTERS}

    stage.clock.set("2024-04-26T02:00:00+00:00")
    leaders = {cluster.group: _Desk(stage, _person(cluster, cluster.leader)) for cluster in CLUSTERS}
    deputies = {cluster.group: _Desk(stage, _person(cluster, cluster.deputy)) for cluster in CLUSTERS}
    planned: list[scripts.PlannedVisit] = []
    for cluster in CLUSTERS:
        leaders[cluster.group].act(cluster, "lock-scheme", {"scheme": shipped(SCHEME)["_id"]})
        planned += _plan(stage, cluster, leaders[cluster.group], deputies[cluster.group])

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
            _approve(stage)

    stage.clock.set("2024-12-12T02:00:00+00:00")
    _appraise(stage, leaders, deputies)


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


def _approve(stage: Stage) -> None:
    """Each unit's head reads what the specialist prepared, and approves it on the page."""
    stage.service.follower.sweep()
    for cluster in CLUSTERS:
        for person in cluster.heads().values():
            _Desk(stage, person).approve(cluster)


def _appraise(stage: Stage, leaders: dict[str, _Desk], deputies: dict[str, _Desk]) -> None:
    """Accept, adjust, return, approve and count, each with its reason; on the leader's own unit the deputy does it."""
    acts = [(cluster, unit, act) for cluster in CLUSTERS for unit in cluster.units for act in _acts_on(unit.unit)]
    for done, (cluster, unit, (act, value, reason)) in enumerate(acts, start=1):
        desks = deputies if unit.unit == cluster.leader else leaders
        desks[cluster.group].act(cluster, act, value, reason)
        stage.progress("appraisal", done, len(acts))


def _acts_on(unit: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    year = YEARS[unit]
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
        yield "return", {"unit": unit, "criterion": criterion, "deadline": "2024-12-20"}, reason


def _plan(stage: Stage, cluster: Cluster, leader: _Desk, deputy: _Desk) -> list[scripts.PlannedVisit]:
    inspectors = cluster.inspectors()
    planned = []
    for inspected, inspecting, day in scripts.visits(cluster):
        person = stage.service.accounts.by_login(inspectors[inspecting.unit].login)
        assert person is not None
        desk = deputy if inspected.unit == cluster.leader else leader
        decision = desk.act(
            cluster,
            "plan-visit",
            {
                "inspected": inspected.unit,
                "team": [{"account": person.account, "unit": inspecting.unit}],
                "from": day,
                "to": day,
                "place": cluster.places[inspected.unit],
            },
        )
        planned.append(
            scripts.PlannedVisit(
                visit=decision["value"]["visit"], inspected=inspected.unit, inspecting=inspecting.unit, day=day
            )
        )
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
        path = f"/api/v1/groups/{cluster.group}/{YEAR}/decisions"
        return self._post(path, {"act": act, "value": value, "reason": reason})

    def approve(self, cluster: Cluster) -> None:
        """The unit's head approves its self-score. Raises DemoFailed."""
        prepared = self._submission_of(cluster, self._unit)
        self._post(f"/api/v1/groups/{cluster.group}/{YEAR}/approvals", {"submission": prepared})

    def _submission_of(self, cluster: Cluster, unit: str) -> str:
        """The unit's self submission, as the group holds it."""
        group = self._stage.service.backend.open(f"g-{cluster.group}-{YEAR}")
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
    leaders = ((cluster.leader, "leader"), (cluster.deputy, "deputy"))
    return {
        "type": "groupyear",
        "v": 1,
        "group": cluster.group,
        "year": YEAR,
        "kind": "cluster",
        "names": {"vi": cluster.vi, "en": cluster.en},
        "theme": {"vi": cluster.theme_vi, "en": cluster.theme_en},
        "members": [{"unit": unit.unit, "from": f"{YEAR}-01-01", "to": None} for unit in cluster.units],
        "leaders": [{"unit": unit, "role": role, "from": f"{YEAR}-01-01", "to": None} for unit, role in leaders],
        "scheme": f"scheme:{SCHEME}:1",
        "deadlines": {"self": "2024-10-31", "cross": "2024-11-30"},
        "holidays": ["2024-09-02", "2024-09-03"],
        "flags": [],
        "sample": True,
    }


def _pact(cluster: Cluster) -> dict[str, Any]:
    return {
        "type": "pact",
        "v": 1,
        "group": cluster.group,
        "year": YEAR,
        "signatures": [
            {"unit": unit.unit, "date": cluster.signed} for unit in cluster.units if not YEARS[unit.unit].unsigned
        ],
        "targets": [],
    }
