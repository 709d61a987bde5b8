"""Phones of one small cluster, and the service they enrol with."""

from __future__ import annotations

import pytest

from mobile.enrol import enrol
from mobile.worker import SyncWorker
from tests.support.phones import Clock, Service, make_phone


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path / "server").fill() as running:
        yield running


@pytest.fixture
def phone_of(service, tmp_path):
    """`phone_of("lan")` is a phone enrolled and filled once; `name` tells several of one person apart."""
    phones = []

    def make(who, *, name=None, synced=True, clock=None, app_version="0.1.0"):
        phone = make_phone(tmp_path / (name or who), clock=clock or Clock(), app_version=app_version)
        enrol(phone, service.url, service.code(who), f"phone of {who}")
        phones.append(phone)
        if synced:
            status = SyncWorker(phone).sync_once()
            assert status.state == "idle", status
        return phone

    yield make
    for phone in phones:
        phone.close()


@pytest.fixture
def sync(service):
    """One thorough round of this phone, as the first of a process is."""
    return lambda phone, **options: SyncWorker(phone, **options).sync_once()
