"""The cluster a simulation begins with: made once a process, copied for every seed.

A year of three departments with its scheme locked, one visit planned with two inspectors, and six phones that are
enrolled and have synchronised once.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import tempfile
from pathlib import Path
from random import Random

import pytest
from argon2 import PasswordHasher
from PIL import Image

from mobile import capture
from mobile.enrol import enrol
from schemas import ids
from server import accounts
from tests.server.world import BN, GROUP, HD, HY, YEAR, World, make_world
from tests.simulation.disk import Disk
from tests.simulation.link import Wire, call
from tests.simulation.machines import URL, PhoneMachine, ServerMachine

PHONES = {
    "dung": "dung",
    "minh": "minh",
    "huong": "huong",
    "lan": "lan",
    "lan-2": "lan",
    "thu": "thu",
}
"""Phone → its account. Two inspectors on one visit, two departments' specialists, one of them with a second phone, and
a ward's cultural house."""

G = ids.group_database(GROUP, YEAR)
M = ids.media_database(GROUP, YEAR)
U_HD, U_HY, U_BN = (ids.unit_database(unit, YEAR) for unit in (HD, HY, BN))

FOLDER = "THIDUA_SIMULATION_FOLDER"
"""Where several processes that simulate put their folders, for one to clear them all."""

SERVERS = ("server-a", "server-b")

MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 1 << 28
"""What all that simulates at once takes, with room. A container is often given 64 MB of it."""


@functools.cache
def root() -> Path:
    given = os.environ.get(FOLDER)
    return Path(tempfile.mkdtemp(dir=given)) if given else new_folder()


def new_folder() -> Path:
    """In memory, where there is such a disk: a thousand seeds wait for no platter."""
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return Path(tempfile.mkdtemp(prefix="thidua-simulation-", dir=MEMORY if there else None))


def cleared() -> None:
    shutil.rmtree(root(), ignore_errors=True)
    root.cache_clear()
    template.cache_clear()


@functools.cache
def photos() -> tuple[bytes, ...]:
    """Camera files of one to four chunks; the same photo may well be taken by two phones."""
    random, made = Random("photos"), []
    for side in (40, 120, 150, 180, 210, 240, 270, 300, 330, 350, 370, 400):
        out = io.BytesIO()
        Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3)).save(out, "JPEG", quality=85)
        made.append(out.getvalue())
    return tuple(made)


def quick(patch: pytest.MonkeyPatch) -> None:
    """What is pure and slow is done once: passwords hashed for nobody's benefit, photos resized."""
    patch.setattr(accounts, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    patch.setattr(capture.imaging, "prepare", functools.cache(capture.imaging.prepare))


@functools.cache
def template() -> Path:
    """The folder of the cluster: `server-a`, `server-b` beside it over the same databases, and the phones."""
    folder = root() / "template"
    for name in SERVERS:  # what an installation draws by lot is the same in every run
        (folder / name).mkdir(parents=True)
        (folder / name / "server.id").write_text(f"s-{name}\n")
        (folder / name / "secret.key").write_text("0" * 64 + "\n")
    server = folder / "server-a"
    world: World = make_world(server)
    world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    world.plan_visit(BN, "dung", "minh")
    codes = {name: world.service.accounts.new_code(who).code for name, who in PHONES.items()}
    world.service.close()
    (folder / "server-b" / "databases").symlink_to(Path("..") / "server-a" / "databases")
    machine = ServerMachine(server, Disk(server), "template")
    machine.start()
    for name, who in PHONES.items():
        wire = Wire(lambda request: call(machine.app, request), lambda _request: None)
        phone = PhoneMachine(folder / name, Disk(folder / name), "template", who=who, wire=wire)
        enrol(phone.phone, URL, codes[name], name, session=phone.session())
        phone.sync()
        phone.phone.close()
    machine.stop()
    return folder


def copy(to: Path) -> Path:
    if to.exists():
        shutil.rmtree(to)
    shutil.copytree(template(), to, symlinks=True)
    return to
