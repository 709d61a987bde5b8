"""One life of a phone in a process of its own: works and synchronises until somebody kills it.

Before each thing it does it says `("try", …)`, and after it `("saved", …)`: what was said to be saved must be found
again, what was only tried may be.
"""

from __future__ import annotations

import io
import os
import signal
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from PIL import Image

from mobile.phone import Phone
from mobile.problems import CannotSubmit
from mobile.worker import SyncWorker
from tests.support.phones import GROUP, YEAR, Service

CRITERIA = ("i-1", "i-2", "i-3", "i-4", "ii-1", "iii-5")
HURRY_S = 0.03
"""Between rounds, so that most deaths meet one under way."""


def open_phone(folder: Path) -> Phone:
    return Phone(folder, now=lambda: datetime.now(UTC), random_bytes=os.urandom, app_version="0.1.0")


def noise(random: Random) -> bytes:
    """A photo that does not compress: three chunks."""
    size = (480, 360)
    out = io.BytesIO()
    Image.frombytes("RGB", size, random.randbytes(size[0] * size[1] * 3)).save(out, "JPEG", quality=85)
    return out.getvalue()


def live(folder: Path, seed: str, said: Connection) -> None:
    """Answer, note, photograph and submit as fast as it goes, with the worker beside, for ever."""
    random = Random(seed)
    phone = open_phone(folder)
    key = phone.self_key(GROUP, YEAR)
    SyncWorker(phone, every_s=HURRY_S).start()
    said.send(("born",))
    step = 0
    while True:
        step += 1
        what = random.random()
        criterion = random.choice(CRITERIA)
        if what < 0.6:
            points = str(random.randrange(60) / 2).removesuffix(".0")
            said.send(("try", "points", criterion, points))
            phone.set_answer(key, criterion, points=points)
            said.send(("saved", "points", criterion, points))
        elif what < 0.75:
            note = f"{seed}-{step}"
            said.send(("try", "note", criterion, note))
            phone.set_note(key, criterion, note)
            said.send(("saved", "note", criterion, note))
        elif what < 0.87:
            title = f"{seed}-{step}"
            said.send(("try", "evidence", title, ""))
            card = phone.capture(noise(random), title=title, checklist=key)
            said.send(("saved", "evidence", title, card.id))
            phone.attach(key, criterion, card.id)
        else:
            for each in (each for section in phone.checklist(key).sections for each in section.criteria):
                if each.evidence_required and each.answer and not each.evidence and phone.evidence():
                    phone.attach(key, each.id, phone.evidence()[0].id)
            try:
                said.send(("try", "submission", "", ""))
                said.send(("saved", "submission", phone.submit(key), ""))
            except CannotSubmit:
                pass


def serve(folder: Path, port: int, ready: Connection) -> None:
    """The service in a process of its own, until it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    service = Service(folder, port=port).fill()
    with service:
        ready.send(service.url)
        while True:
            time.sleep(60)
