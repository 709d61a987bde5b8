"""A leader's computer in the demonstration: a device of their account that acts through the API."""

from __future__ import annotations

from typing import Any, Final

import requests

from server.demo.data import Cluster, Person
from server.demo.stage import DemoFailed, Stage

REQUEST_TIMEOUT_S: Final = 60


class Desk:
    """A leader's computer: a device of their account that acts through the API."""

    def __init__(self, stage: Stage, person: Person) -> None:
        self._stage = stage
        self._unit = person.unit
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._post("/api/v1/enrol", {"code": stage.code(person), "label": "Máy tính", "app": "demo"})
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
