"""What an administrator enters before a year of the demonstration begins, as `thidua init` enters it."""

from __future__ import annotations

from typing import Any, Final

from schemas.scheme import shipped
from server.demo.data import (
    ADMIN,
    CLUSTERS,
    COUNCIL,
    GROUP_YEARS,
    MINISTRY,
    MOVEMENTS,
    SUCCESSORS,
    Cluster,
    Person,
    Unit,
    everybody,
    next_scheme,
)
from server.demo.stage import Stage

SCHEME: Final = "cum-1000"
BLOCK_SCHEME: Final = "khoi-100"

_HOLIDAYS: Final = {2024: ["2024-09-02", "2024-09-03"], 2025: ["2025-09-01", "2025-09-02"]}


def prepare(stage: Stage) -> None:
    """Units, people, schemes and the clusters of 2024: what an administrator enters before the year begins."""
    setup = stage.service.setup
    people = [COUNCIL, ADMIN, *everybody()]
    units = [*{unit.unit: unit for it in GROUP_YEARS for unit in (*it.units, *it.grassroots)}.values(), *SUCCESSORS]
    for scheme in (shipped(SCHEME), shipped(BLOCK_SCHEME), next_scheme(shipped(SCHEME))):
        setup.scheme(scheme)
    _put_unit(stage, MINISTRY)
    for unit in units:
        _put_unit(stage, unit)
    for done, person in enumerate(people, 1):
        _add(stage, person)
        stage.progress("setup", done, len(people))
    for cluster in CLUSTERS:
        open_year(stage, cluster)


def open_year(stage: Stage, cluster: Cluster) -> None:
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
