"""`docs/sync-library.md` tells the truth: its examples run, in their order, and `sync` stands on what it says."""

from __future__ import annotations

import importlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from sync.store import Store
from sync.store_folder import StoreFolder
from tests.support.ports import free_port

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "sync-library.md"
PORT = "5984"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.terminate()
        process.wait()


def test_every_example_on_the_page_does_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.chdir(tmp_path)
    port = str(free_port())
    scope: dict[str, object] = {"__name__": "page"}
    text = PAGE.read_text()
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) > 10
    for block in blocks:
        kind, code = block[1], block[2].replace(f":{PORT}", f":{port}")
        if kind == "sh":
            started.append(_start(code))
            _await(int(port))
        elif code.startswith("# peer.py"):
            Path("peer.py").write_text(code)
        else:
            line = text[: block.start()].count("\n") + 1
            exec(compile("\n" * line + code, str(PAGE), "exec"), scope)  # a failure names the line of the page


def _start(command: str) -> subprocess.Popen[bytes]:
    program, *arguments = command.split()
    return subprocess.Popen([sys.executable, "-m", program, *arguments], env={"PYTHONPATH": f"{ROOT}:.", "HOME": "."})


def _await(port: int) -> None:
    for _ in range(4_000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server of the page does not start")


def test_every_name_the_page_promises_is_there_and_every_verb_of_a_database_is_on_the_page() -> None:
    page = PAGE.read_text()
    rows = re.findall(r"^\| (`sync\.[^|]*) \| (.*) \|$", page.partition("## Names")[2], re.MULTILINE)
    assert len(rows) > 10
    for modules, names in rows:
        found = [importlib.import_module(module) for module in re.findall(r"`(sync[.\w]*)`", modules)]
        for name in re.findall(r"`(\w+)`", names):
            assert any(hasattr(module, name) for module in found), f"{modules} has no {name}"
    for kind in (Store, StoreFolder, RemoteDatabase, GuardedDatabase):
        for verb in (name for name in vars(kind) if not name.startswith("_")):
            assert re.search(rf"\b{verb}\b", page), f"the page says nothing of {kind.__name__}.{verb}"


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("store store_folder replicate remote guarded media backoff", "flask werkzeug orjson"),
        ("store store_folder guarded", "flask werkzeug orjson requests urllib3"),
        ("face replicate store", "orjson"),
    ],
)
def test_sync_needs_requests_for_what_is_far_and_flask_for_the_face_and_nothing_of_ours(
    modules: str, absent: str
) -> None:
    told = f"""
import sys
for absent in "{absent} schemas server mobile marshmallow rich".split():
    sys.modules[absent] = None
for module in "{modules}".split():
    __import__("sync." + module)
"""
    subprocess.run([sys.executable, "-c", told], check=True, cwd=ROOT)
