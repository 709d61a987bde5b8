"""A phone's core in a process of its own, to be measured: `python -m benchmarks.phone capture|send FOLDER VISIT COUNT`.

It imports the app and nothing of a server or a test; pictures are drawn one at a time in another process, as a camera's
files come from elsewhere.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.drawing import of_size
from mobile import photos
from mobile.local import each_database
from mobile.phone import Phone
from mobile.worker import SyncWorker

HEAVY_BYTES = 780_000
"""A photo at the heavy end: a gigabyte of such is taken and sent in minutes."""


def capture(phone: Phone, visit: str, taken: Iterable[bytes]) -> int:
    """Photos as evidence, one each; answers their bytes."""
    total = 0
    for number, photo in enumerate(taken):
        card = phone.capture(photo, title=f"Ảnh {number}", checklist=phone.cross_key(visit))
        total += card.photos[0].file.stat().st_size if card.photos[0].file else 0
    return total


def main() -> None:
    what, folder, visit, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    phone = Phone(folder, now=lambda: datetime.now(UTC), random_bytes=os.urandom, app_version="0.1.0")
    if what == "capture":
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as artist:
            drawing = (artist.submit(of_size, HEAVY_BYTES, number).result() for number in range(count))
            capture(phone, visit, drawing)
    else:
        worker = SyncWorker(phone)
        stores = [phone.tools.local.stores.open(name) for name in each_database(phone.tools.local, "m")]
        while any(photos.waiting(phone.tools.local, store) for store in stores):
            worker.sync_once()
    phone.close()


if __name__ == "__main__":
    main()
