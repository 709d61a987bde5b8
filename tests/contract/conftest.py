"""Every implementation of the port, each as a fresh, empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.database import Database
from sync.store import Store
from tests.support.memory import MemoryDatabase


def memory(_: Path) -> Iterator[Database]:
    yield MemoryDatabase("contract")


def store(folder: Path) -> Iterator[Database]:
    opened = Store(folder / "contract.sqlite")
    yield opened
    opened.close()


KINDS: dict[str, Any] = {"memory": memory, "store": store}


@pytest.fixture(params=[pytest.param(kind, id=kind) for kind in KINDS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from KINDS[request.param](tmp_path)
