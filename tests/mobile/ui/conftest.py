"""A running app over a real phone, in a window nobody sees."""

from __future__ import annotations

import shutil

import pytest

from tests.support.window import Driver, prepare

prepare()


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory):
    """The folder of Lan's phone after its first exchange: enrolled and filled once for all tests here."""
    from mobile.enrol import enrol
    from mobile.worker import SyncWorker
    from tests.support.phones import Clock, Service, make_phone

    base = tmp_path_factory.mktemp("filled")
    with Service(base / "server").fill() as service:
        phone = make_phone(base / "lan", clock=Clock())
        enrol(phone, service.url, service.code("lan"), "phone of lan")
        status = SyncWorker(phone).sync_once()
        assert status.state == "idle", status
        phone.close()
    return base / "lan"


@pytest.fixture
def lan(filled_folder, tmp_path):
    """Lan's phone: an inspector of one visit and the specialist of her unit, in a folder of this test alone."""
    from tests.support.phones import Clock, make_phone

    folder = tmp_path / "lan"
    shutil.copytree(filled_folder, folder)
    phone = make_phone(folder, clock=Clock())
    yield phone
    phone.close()


@pytest.fixture
def run():
    """`run(phone)` is the driver of an app over it; closed before the next one and after the test."""
    from mobile import i18n
    from mobile.app import ThiduaApp

    opened = []

    def start(phone, *, size=(412, 892), sync=False, **options):
        end()  # one window, one app
        driver = Driver(ThiduaApp(phone, sync=sync, **options), size=size)
        opened.append(driver.__enter__())
        return driver

    def end():
        while opened:
            opened.pop().__exit__()

    yield start
    end()
    i18n.set_language(i18n.FIRST)


@pytest.fixture
def screen(lan, run):
    """The app on Lan's phone, at its first page."""
    return run(lan)
