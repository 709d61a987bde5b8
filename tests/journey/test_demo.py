"""The demonstration as a newcomer meets it: one command, a page, the same figures in a terminal, a second start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

from schemas.figures import format_points
from server.demo.data import CLUSTERS
from tests.support.backends import placed
from tests.support.browser import browser, page_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@contextmanager
def demo(folder, *more):
    """`thidua demo` in `folder`, served; yields what it said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "server.cli", "demo", "--port", str(port), "--no-browser", "--json", *more]
    errors = folder / "errors.log"
    with (
        errors.open("w") as log,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        said = process.stdout.readline()
        assert said, errors.read_text()[-3000:]
        try:
            yield json.loads(said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def in_the_terminal(folder, group):
    command = [sys.executable, "-m", "server.cli", "standings", group, "2024", "--json"]
    return json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)


def sign_in(page, said, login):
    page.goto(f"{said['url']}/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", said["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{said['url']}/")


def as_an_inspector(said):
    """A phone's token, for the API."""
    answer = requests.post(f"{said['url']}/api/v1/enrol", json={"code": said["code"], "label": "x"}, timeout=30)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_one_command_shows_ranked_clusters_and_a_second_start_keeps_everything(tmp_path):
    with demo(tmp_path) as said, browser() as chromium, page_of(chromium) as page:
        sign_in(page, said, "thuong-truc")
        for cluster in CLUSTERS:
            ranking = in_the_terminal(tmp_path, cluster.group)
            assert {unit["unit"] for unit in ranking["units"]} == {unit.unit for unit in cluster.units}
            page.goto(f"{said['url']}/{cluster.group}/2024")
            rows = page.locator("table").first.locator("tbody tr")
            assert rows.count() == len(ranking["units"])
            for index, unit in enumerate(ranking["units"]):
                text = " ".join(rows.nth(index).inner_text().split())
                assert unit["short_names"]["vi"] in text
                figures = [unit["total"], *(section["points"] for section in unit["sections"])]
                for figure in figures:
                    if figure is not None:
                        assert format_points(figure, "vi", places=2) in text, (unit["unit"], figure, text)
            assert "Số liệu mẫu" in page.locator("main").inner_text()
        worked = next(unit for unit in in_the_terminal(tmp_path, "cum-1")["units"] if unit["unit"] == "so-vhtt-ha-noi")
        assert (worked["base"], worked["total"], worked["place"]) == ("948.00", "968.00", 1)
        before = in_the_terminal(tmp_path, "cum-1")
        phone = as_an_inspector(said)
        path = "/api/v1/groups/cum-1/2024/standings"
        over_http = requests.get(f"{said['url']}{path}", headers=phone, timeout=30).json()
        assert over_http["units"] == before["units"]

    with demo(tmp_path) as again:
        assert again["password"] == said["password"]
        assert in_the_terminal(tmp_path, "cum-1") == before
        # The phone enrolled before is still known.
        assert requests.get(f"{again['url']}{path}", headers=phone, timeout=30).json()["units"] == before["units"]


@pytest.mark.couchdb
@pytest.mark.timeout(900)
def test_the_demonstration_in_a_couchdb_ends_with_the_same_figures(tmp_path, monkeypatch):
    with placed("couchdb") as where:
        for name, value in where.environment.items():
            monkeypatch.setenv(name, value)
        with demo(tmp_path):
            in_couchdb = {cluster.group: in_the_terminal(tmp_path, cluster.group) for cluster in CLUSTERS}
            assert list((tmp_path / "var/demo/server/databases").iterdir()) == []
        monkeypatch.delenv("THIDUA_COUCHDB_URL")
        here = tmp_path / "here"
        here.mkdir()
        command = [sys.executable, "-m", "server.cli", "demo", "--no-browser"]
        elsewhere = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "kept in the CouchDB at" in elsewhere.stderr
        monkeypatch.setenv("THIDUA_COUCHDB_URL", where.environment["THIDUA_COUCHDB_URL"])
        taken = subprocess.run(
            [*command, "--data", "second"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "keeps an installation already" in taken.stderr
        monkeypatch.delenv("THIDUA_COUCHDB_URL")
        with demo(here):
            for group, found in in_couchdb.items():
                assert found["units"] == in_the_terminal(here, group)["units"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.txt").write_text("x")
    command = [sys.executable, "-m", "server.cli", "demo", "--play-only", "--data", str(tmp_path / "photos")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "choose another" in ended.stderr
    assert (tmp_path / "photos" / "mine.txt").read_text() == "x"
