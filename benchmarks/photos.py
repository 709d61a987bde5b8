"""Photos over a link that keeps breaking, and a phone's memory with a gigabyte of them.

`python -m benchmarks.photos` sends 100 photos of 400 KB over 64 kbit/s, cut every 100 KB on average: once as Thidua's
phone sends them to `thidua serve`, once as plain attachments, replicated to `thidua couch`, which is given up when
three times the photos' bytes have crossed. The link runs faster than life (`--speed`): bytes and cuts are exact, its
seconds are scaled, processor time is not; the hours printed are therefore reckoned: bytes over 64 kbit/s, and a round
trip for each request.
`python -m benchmarks.photos memory` has a phone of its own process take a gigabyte, and another one send it over the
loopback, sampling their memory; with `--folder DIR --only capture`, then `--only send`, in two calls.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import process
from benchmarks.drawing import of_size
from benchmarks.phone import capture
from mobile import imaging
from mobile.phone import Phone
from mobile.worker import SyncWorker
from sync.errors import SyncError
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from sync.store import Store
from tests.journey.support import ROOT, ServeProcess, enrolled_phone, open_phone, prepare_data
from tests.support.link import GPRS, Link

PHOTO_BYTES = 400_000
CUT_EVERY_BYTES = 100_000
GIVE_UP = 3
"""Times the photos' own bytes: who has not ended by then does not end."""

LOGIN = "minh"
MB = 1_000_000


class Scene:
    """A server process with its phone, enrolled; in a folder that has both already, they go on."""

    def __init__(self, folder: Path) -> None:
        self.folder, note = folder / LOGIN, folder / "visit"
        codes: dict[str, str] = {}
        if not note.exists():
            visit, codes = prepare_data(folder / "data", LOGIN)
            note.write_text(visit)
        self.visit = note.read_text()
        self.server = ServeProcess(folder / "data")
        self.server.spawn()
        self.server.ready()
        if codes:
            enrolled_phone(self.folder, self.server.url, codes[LOGIN]).close()
        else:
            phone = self.phone()
            self.reach(phone, self.server.url)
            phone.close()

    def phone(self) -> Phone:
        return open_phone(self.folder)

    def reach(self, phone: Phone, url: str) -> None:
        """The phone meets its server at this address from now on."""
        phone.tools.local.edit("account", lambda kept: {**kept, "server_url": url})


def photos_safe(phone: Phone) -> tuple[int, int]:
    shots = [shot for card in phone.evidence() for shot in card.photos]
    return sum(shot.safe for shot in shots), len(shots)


def as_thidua(folder: Path, count: int, speed: float) -> dict[str, object]:
    """All photos by the phone's own rounds. Ends when the phone calls every one safe, or at `GIVE_UP`."""
    scene = Scene(folder)
    try:
        phone = scene.phone()
        size = capture(phone, scene.visit, (of_size(PHOTO_BYTES, number) for number in range(count)))
        with Link(scene.server.url, replace(GPRS, cut_every_bytes=CUT_EVERY_BYTES), seed=7, speed=speed) as link:
            scene.reach(phone, link.url)
            worker = SyncWorker(phone, clock=link.clock, pause=lambda s: time.sleep(s / speed))
            rounds = 0
            while photos_safe(phone) != (count, count) and link.traffic.up_bytes < GIVE_UP * size:
                worker.sync_once()
                rounds += 1
                time.sleep(2 / speed)
            arrived = photos_safe(phone)[0]
            return _row("Thidua: slices and chunks", arrived, count, size, link, f"{rounds} rounds")
    finally:
        phone.close()
        scene.server.kill()


def as_attachments(folder: Path, count: int, speed: float) -> dict[str, object]:
    """The same photos, each the attachment of one document, by our own replicator."""
    store = Store(folder / "plain.sqlite")
    size = 0
    for number in range(count):
        photo = imaging.prepare(of_size(PHOTO_BYTES, number)).jpeg
        size += len(photo)
        data = {"content_type": "image/jpeg", "data": photo}
        store.put({"_id": f"photo-{number}", "_attachments": {"photo.jpg": data}})
    with process.couch(folder / "couch") as url:
        direct = RemoteDatabase(f"{url}/plain")
        direct.create()
        weather = replace(GPRS, cut_every_bytes=CUT_EVERY_BYTES)
        with Link(url, weather, seed=7, speed=speed) as link:
            remote = RemoteDatabase(f"{link.url}/plain")
            tries = 0
            while link.traffic.up_bytes < GIVE_UP * size:
                tries += 1
                try:
                    replicate(store, remote, new_session_id=lambda: os.urandom(8).hex(), now=lambda: "now")
                    break
                except SyncError:
                    time.sleep(1 / speed)
            arrived = direct.info()["doc_count"]
            store.close()
            return _row("plain attachments, our replicator", arrived, count, size, link, f"{tries} tries")


WAYS = {"thidua": as_thidua, "attachments": as_attachments}


def _row(way: str, arrived: int, count: int, size: int, link: Link, note: str) -> dict[str, object]:
    traffic = link.traffic
    return {
        "way": way,
        "arrived": f"{arrived} of {count}",
        "ended": "yes" if arrived == count else "no",
        "MB of photos": f"{size / MB:.1f}",
        "MB sent": f"{traffic.up_bytes / MB:.1f}",
        "sent again": f"{traffic.lost_bytes / size:.1%}",
        "all that is not photo": f"{traffic.up_bytes / size - 1:.1%}" if arrived == count else "–",
        "cuts": traffic.cuts,
        "requests": traffic.requests,
        "hours on such a link": f"{(traffic.up_bytes * 8 / 64_000 + traffic.requests * GPRS.round_trip_s) / 3600:.1f}",
        "": note,
    }


def table(rows: list[dict[str, object]]) -> str:
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


# Memory


class Meter(threading.Thread):
    """Samples a process's memory until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status, self._done = Path(f"/proc/{pid}/status"), threading.Event()
        self.seen_mb: list[float] = []

    def run(self) -> None:
        while not self._done.wait(0.05):
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            self.seen_mb += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")]

    def stop(self) -> list[float]:
        self._done.set()
        self.join()
        return self.seen_mb


STAGES = ("capture", "send")


def memory(count: int, folder: Path, stages: Sequence[str]) -> None:
    """A phone in its own process takes `count` photos, another sends them; their memory by tenths of the way."""
    scene = Scene(folder)
    try:
        for what in stages:
            command = [sys.executable, "-m", "benchmarks.phone", what, str(scene.folder), scene.visit]
            began = time.monotonic()
            child = subprocess.Popen([*command, str(count)], cwd=ROOT)
            meter = Meter(child.pid)
            meter.start()
            code = child.wait()
            seen = meter.stop()
            tenth = max(1, len(seen) // 10)
            peaks = [max(seen[start : start + tenth]) for start in range(0, tenth * 10, tenth)]
            print(
                f"{what}: {time.monotonic() - began:.0f} s, peak {max(seen):.0f} MB;"
                f" by tenths {' '.join(f'{each:.0f}' for each in peaks)}",
                flush=True,
            )
            assert code == 0
        phone = scene.phone()
        safe, of = photos_safe(phone)
        size = sum(path.stat().st_size for path in phone.tools.local.photos.glob("*.jpg"))
        phone.close()
        print(f"{safe} of {of} photos safe, {size / MB:.0f} MB on the phone")
    finally:
        scene.server.kill()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["link", "memory"], default="link")
    parser.add_argument("--photos", type=int)
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--way", choices=WAYS, help="link: this way alone")
    parser.add_argument("--folder", type=Path, help="memory: keep everything here for the next call")
    parser.add_argument("--only", choices=STAGES, help="memory: this stage alone")
    asked = parser.parse_args(arguments)
    if asked.what == "memory":
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as temporary:
            memory(asked.photos or 1_400, asked.folder or Path(temporary), [asked.only] if asked.only else STAGES)
        return
    count = asked.photos or 100
    rows = []
    for way in [WAYS[asked.way]] if asked.way else WAYS.values():
        with tempfile.TemporaryDirectory() as folder:
            rows.append(way(Path(folder), count, asked.speed))
    print(f"{count} photos of {PHOTO_BYTES // 1000} KB, 64 kbit/s, 0.6 s away, cut every 100 KB; × {asked.speed:g}")
    print(table(rows))


if __name__ == "__main__":
    main()
