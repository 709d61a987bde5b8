"""`thidua couch` and `thidua replicate` as a person runs them: real processes, a real port, real files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from server.cli import main
from sync.store_folder import StoreFolder
from tests.support.everything import everything
from tests.support.histories import graft, revision
from tests.support.ports import free_port
from tests.support.wire import Rules, Served


def thidua(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "server.cli", *map(str, arguments)]


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def couch(tmp_path: Path) -> Iterator[Callable[..., tuple[str, subprocess.Popen[str]]]]:
    running: list[subprocess.Popen[str]] = []

    def start(*more: str) -> tuple[str, subprocess.Popen[str]]:
        command = thidua("couch", tmp_path / "served", "--port", str(free_port()), "--json", *more)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"})
        running.append(process)
        assert process.stdout is not None
        return json.loads(process.stdout.readline())["url"].rstrip("/"), process

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_a_folder_is_served_as_a_couchdb_and_stops_when_told(couch: Any) -> None:
    url, process = couch()
    assert requests.put(f"{url}/db").status_code == 201
    assert requests.put(f"{url}/db/a", json={"n": 1}).status_code == 201
    uuid = requests.get(url).json()["uuid"]
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    url, _ = couch()
    assert requests.get(f"{url}/db/a").json()["n"] == 1
    assert requests.get(url).json()["uuid"] == uuid


def test_credentials_are_asked_for(couch: Any) -> None:
    url, _ = couch("--user", "an:mật khẩu")
    refused = requests.get(f"{url}/_all_dbs")
    assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized")
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert requests.get(f"{url}/_all_dbs", auth=("an", "wrong")).status_code == 401
    assert requests.get(f"{url}/_all_dbs", auth=(b"an", "mật khẩu".encode())).json() == []
    # CouchDB's replicator asks for a session first.
    session = requests.Session()
    assert session.post(f"{url}/_session", data={"name": "an", "password": "sai"}).status_code == 401
    assert session.post(f"{url}/_session", data={"name": "an", "password": "mật khẩu"}).status_code == 200
    assert session.get(f"{url}/_all_dbs").json() == []


def test_a_folder_is_copied_to_a_server_and_on_to_another_folder(couch: Any, tmp_path: Path) -> None:
    here, there = StoreFolder(tmp_path / "here"), StoreFolder(tmp_path / "there")
    store = here.create("db")
    graft(store, revision("a", "2-b", "1-a", n=1), revision("a", "2-c", "1-a"), revision("gone", "1-d", deleted=True))
    url, _ = couch()
    first = run("replicate", tmp_path / "here" / "db", f"{url}/db", "--create", "--json")
    assert first.exit_code == 0
    assert json.loads(first.stdout)["docs_written"] == 3
    again = json.loads(run("replicate", tmp_path / "here" / "db", f"{url}/db", "--json").stdout)
    assert again["docs_read"] == 0
    onward = run("replicate", f"{url}/db", tmp_path / "there" / "db", "--create", "--progress")
    assert "3 documents written" in onward.stdout
    assert everything(there.open("db")) == everything(store)
    here.close()
    there.close()


def test_each_step_is_a_line_of_json_where_both_are_asked_for(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path)
    graft(folder.create("here"), *(revision(f"d{n}", "1-a", n=n) for n in range(30)))
    told = run("replicate", tmp_path / "here", tmp_path / "there", "--create", "--json", "--progress", "--batch", 10)
    *steps, result = map(json.loads, told.stdout.splitlines())
    assert [step["progress"]["pending"] for step in steps] == [20, 10, 0]
    assert steps[-1]["progress"]["bytes_written"] > 30 * 20
    assert steps[-1]["progress"]["remaining_s"] == 0
    assert result["docs_written"] == 30
    folder.close()


def test_ctrl_c_ends_a_run_that_waits_and_keeps_its_place(couch: Any, tmp_path: Path) -> None:
    url, _ = couch()
    requests.put(f"{url}/db").raise_for_status()
    requests.post(f"{url}/db", json={"_id": "one"}).raise_for_status()
    arguments = (
        "replicate",
        f"{url}/db",
        tmp_path / "there" / "db",
        "--create",
        "--continuous",
        "--json",
        "--progress",
    )
    with subprocess.Popen(thidua(*arguments), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        step = json.loads(running.stdout.readline())
        running.send_signal(signal.SIGINT)
        result = json.loads(running.communicate()[0].splitlines()[-1])
    assert running.returncode == 0
    assert (step["progress"]["docs_written"], result["docs_written"], result["cancelled"]) == (1, 1, True)
    assert result["last_seq"] == step["progress"]["last_seq"]


def test_refused_documents_are_listed_and_change_the_exit_status(tmp_path: Path) -> None:
    from sync.guarded import GuardedDatabase
    from tests.support.memory import MemoryDatabase

    folder = StoreFolder(tmp_path)
    graft(folder.create("db"), revision("good", "1-a"), revision("bad", "1-a"))
    rules = Rules(write=lambda document: "not yours" if document["_id"] == "bad" else None)
    with Served() as served:
        url = served.add("target", GuardedDatabase(MemoryDatabase(), rules))
        answer = run("replicate", tmp_path / "db.sqlite", url, "--json")
    assert answer.exit_code == 3
    assert json.loads(answer.stdout)["refused"] == [
        {"id": "bad", "rev": "1-a", "error": "forbidden", "reason": "not yours"}
    ]
    folder.close()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{folder}/nowhere", "There is no database nowhere"),
        ("{folder}/nowhere.sqlite", "There is no database"),
        ("{folder}/no/folder", "There is no folder"),
        ("http://127.0.0.1:9/db", "cannot be reached"),
    ],
)
def test_an_end_that_is_not_there_is_said_in_a_sentence(tmp_path: Path, source: str, sentence: str) -> None:
    StoreFolder(tmp_path).create("target")
    answer = run("replicate", source.format(folder=tmp_path), tmp_path / "target")
    assert answer.exit_code == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.output


def test_every_command_is_found_by_its_file_and_says_what_it_does() -> None:
    listed = run("--help").stdout
    for name in ("couch", "replicate"):
        assert name in listed
        assert "Usage" in run(name, "--help").stdout
    assert run("nothing-of-the-kind").exit_code == 2


def test_every_command_is_documented() -> None:
    root = Path(__file__).parents[2]
    pages = "".join(page.read_text(encoding="utf-8") for page in (root / "README.md", *(root / "docs").glob("*.md")))
    known = re.findall(r"^  ([a-z]+) ", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert len(known) > 20
    assert [name for name in known if not re.search(rf"thidua {name}\b", pages)] == []
