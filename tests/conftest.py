"""What every test may rely on: no network but loopback, and no skip that nobody sees."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Shared machines are noisy: a slow moment is no failure, and a failure must replay.
settings.register_profile("thidua", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# What a change must pass tries the same examples each time: a new one is found by whoever runs the tests, and never
# refuses a change that did not bring it.
settings.register_profile("same", settings.get_profile("thidua"), derandomize=True)
settings.load_profile("same" if os.environ.get("THIDUA_SAME_EXAMPLES") else "thidua")

PEERS = Path(__file__).parent / "peers" / "node_modules" / "pouchdb-server"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_SKIPS = bool(os.environ.get("THIDUA_NO_SKIPS"))


def _lacking(marker: str) -> str | None:
    if marker == "couchdb" and not os.environ.get("COUCHDB_URL"):
        return "no real CouchDB: set COUCHDB_URL"
    if marker == "node" and not (shutil.which("node") and PEERS.is_dir()):
        return "Node.js or the packages of tests/peers are missing: make setup-test"
    if marker == "browser" and not any(shutil.which(name) for name in BROWSERS):
        return "Chromium is missing: apt-get install chromium"
    if marker == "window":
        try:
            import kivy  # noqa: F401
        except ImportError:
            return "Kivy is missing: make setup-test"
    return None


@pytest.fixture(scope="session", autouse=True)
def _quiet_kivy(tmp_path_factory):
    """Kivy writes its settings where it is told, never into a developer's home."""
    os.environ.setdefault("KIVY_HOME", str(tmp_path_factory.mktemp("kivy")))


def pytest_configure(config):
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_CONSOLELOG", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")


def pytest_runtest_setup(item):
    for marker in ("couchdb", "node", "browser", "window"):
        if item.get_closest_marker(marker) and (reason := _lacking(marker)):
            pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail") and not item.get_closest_marker("couchdb"):
        report.outcome = "failed"
        report.longrepr = f"skipped where no skip is allowed: {report.longrepr}"
