"""Every implementation of the port, each as a fresh, empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.database import Database
from sync.guarded import GuardedDatabase
from sync.store import Store
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served


def memory(_: Path) -> Iterator[Database]:
    yield MemoryDatabase("contract")


def store(folder: Path) -> Iterator[Database]:
    opened = Store(folder / "contract.sqlite")
    yield opened
    opened.close()


def guarded(_: Path) -> Iterator[Database]:
    yield GuardedDatabase(MemoryDatabase("contract"), Rules())


def over_http(folder: Path) -> Iterator[Database]:
    """A store seen from the other end of the wire: RemoteDatabase, HTTP, face, Store."""
    opened = Store(folder / "contract.sqlite")
    with Served() as served:
        yield served.remote("contract", opened)
    opened.close()


KINDS: dict[str, Any] = {"memory": memory, "store": store, "guarded": guarded, "over_http": over_http}


@pytest.fixture(params=[pytest.param(kind, id=kind) for kind in KINDS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from KINDS[request.param](tmp_path)
