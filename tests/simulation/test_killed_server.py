"""A server whose process dies at any moment while a phone sends: restarted, it ends with everything, once."""

from __future__ import annotations

import multiprocessing
import threading
import time
from random import Random

import pytest

from mobile.enrol import enrol
from mobile.worker import SyncWorker
from schemas.base import canonical_bytes
from sync import media
from sync.backoff import Backoff
from sync.store_folder import StoreFolder
from tests.simulation import life
from tests.support.phones import GROUP, YEAR, M, U
from tests.support.ports import free_port

DEATHS = 12

SENT_S = 240
"""What takes seconds takes minutes on a machine that has much else to do; nothing waits longer than it must."""

pytestmark = pytest.mark.timeout(900)

process = multiprocessing.get_context("forkserver")
process.set_forkserver_preload(["tests.simulation.life"])


def start(folder, port):
    ears, mouth = process.Pipe(duplex=False)
    child = process.Process(target=life.serve, args=(folder, port, mouth), daemon=True)
    child.start()
    mouth.close()
    return child, ears.recv()


@pytest.mark.parametrize("seed", range(2))
def test_a_server_that_is_killed_while_a_phone_sends_ends_with_everything_once(tmp_path, seed):
    random, port = Random(f"server {seed}"), free_port()
    folder = tmp_path / "server"
    server, url = start(folder, port)
    phone = life.open_phone(tmp_path / "phone")
    enrol(phone, url, "CODE-any", "x")
    SyncWorker(phone).sync_once()
    key = phone.self_key(GROUP, YEAR)
    worker = SyncWorker(phone, every_s=0.02, backoff=Backoff(base_s=0.02, cap_s=0.05))
    worker.start()
    done = threading.Event()

    def work():
        for n in range(30):
            if done.is_set():
                return
            phone.set_answer(key, life.CRITERIA[n % 6], points=str(n))
            phone.capture(life.noise(random), title=f"ảnh {n}", checklist=key, criterion=life.CRITERIA[n % 6])
            if n % 5 == 4:
                phone.submit(key)

    working = threading.Thread(target=work)
    working.start()
    try:
        for _ in range(DEATHS):
            time.sleep(random.uniform(0.01, 0.25))
            server.kill()
            server.join()
            server, _ = start(folder, port)
        working.join()
        until = time.monotonic() + SENT_S
        while phone.unsent() and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        done.set()
        worker.stop(SENT_S)
        server.kill()
        server.join()

    assert phone.unsent() == 0, worker.status
    stores = StoreFolder(folder)
    here, there = phone.tools.local.stores.open(U), stores.open(U)
    for kind in ("submission:", "evidence:", "cited:", "part:", "draft:"):
        mine, theirs = (
            {
                row["id"]: canonical_bytes({name: value for name, value in row["doc"].items() if name[0] != "_"})
                for row in store.all_docs(start_key=kind, end_key=kind + "~", include_docs=True)["rows"]
            }
            for store in (here, there)
        )
        assert mine == theirs
    assert len([card for card in phone.evidence() if card.title.startswith("ảnh ")]) == 30
    for card in phone.evidence():
        for shot in card.photos:
            assert media.assemble(stores.open(M), shot.sha256) == shot.file.read_bytes()
    stores.close()
    phone.close()
