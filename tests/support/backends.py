"""Where a service of a test keeps its databases: in its folder, or in a real CouchDB under names of its own.

@pytest.fixture(params=BACKENDS)
def place(request):
    with placed(request.param) as where:
        yield where
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from server.backends import Backend
from server.couch_backend import CouchBackend
from sync.errors import NotFound
from sync.remote import RemoteDatabase
from sync.transport import Transport

SWEPT_WITHIN_S = 60
"""A CouchDB that has much else to do deletes a dozen databases in some seconds."""

BACKENDS = [pytest.param("stores"), pytest.param("couchdb", marks=[pytest.mark.couchdb])]
"""The second is skipped where COUCHDB_URL names none."""


@dataclass(frozen=True)
class Place:
    """`backend()` is what `Service.open` and `make_world` take; `environment` says the same to a process."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def backend(self) -> Backend | None:
        """None where the databases lie in the service's own folder."""
        if not self.environment:
            return None
        return CouchBackend(self.environment["THIDUA_COUCHDB_URL"], prefix=self.environment["THIDUA_COUCHDB_PREFIX"])


@contextmanager
def placed(kind: str) -> Iterator[Place]:
    """A place nobody else uses; what was kept in a CouchDB is deleted at the end."""
    if kind == "stores":
        yield Place()
        return
    url, prefix = os.environ["COUCHDB_URL"].rstrip("/"), f"test-{uuid.uuid4().hex[:12]}-"
    try:
        yield Place({"THIDUA_COUCHDB_URL": url, "THIDUA_COUCHDB_PREFIX": prefix})
    finally:
        swept(url, prefix)


def swept(url: str, prefix: str) -> None:
    """Delete whatever stands there under names that begin so, and see it gone: the deletion is answered before."""
    server = Transport(url)
    end = time.monotonic() + SWEPT_WITHIN_S
    while names := [name for name in server.json("GET", "/_all_dbs") if name.startswith(prefix)]:
        for name in names:
            with contextlib.suppress(NotFound):
                RemoteDatabase(f"{url}/{name}").delete()
        if time.monotonic() > end:
            raise TimeoutError(f"{names} stay behind")
        time.sleep(0.05)
