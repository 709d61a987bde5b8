"""The disk of each simulated machine: between any two of its writes the process may die, or find no space left.

A Store's transaction is all or nothing, and a file appears by rename: so the boundaries of those are every state a
SIGKILL can leave. What was written without waiting for the disk is remembered as it stood before, so that a power cut
can take it back. Machines are told apart by their folder.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.projection import Projection
from sync.store_file import StoreFile


class Killed(BaseException):
    """The process of this machine is gone; nothing of it may handle that."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.folder.name)
        self.disk = disk

    def __reduce__(self) -> tuple[Any, ...]:
        """Of one that nothing caught, between processes: whose it was."""
        return SystemError, (f"nothing caught the death of {self.disk.folder.name}",)


class Disk:
    """The disk below `folder`. `boundary(where)` is called between writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        self.dies_after: int | None = None
        """So many boundaries from now the process is killed."""
        self.boundary: Callable[[str], None] = lambda _where: None
        self.at_risk: dict[Path, Path] = {}
        """Store → a copy of it from before the first write the disk was not waited for."""

    def pass_boundary(self, where: str) -> None:
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after <= 0:
                self.dies_after = None
                raise Killed(self)
        self.boundary(where)

    def before(self, path: Path, *, durable: bool) -> None:
        self.pass_boundary(f"before {path.name}")
        if not durable and path not in self.at_risk:
            kept = path.with_name(f".{path.name}.synced")
            for suffix in ("", "-wal"):
                source = path.with_name(path.name + suffix)
                if source.exists():
                    shutil.copy(source, kept.with_name(kept.name + suffix))
            self.at_risk[path] = kept

    def after(self, path: Path, *, durable: bool) -> None:
        if durable:
            self._settle(path)
        self.pass_boundary(f"after {path.name}")

    def _settle(self, path: Path) -> None:
        kept = self.at_risk.pop(path, None)
        if kept is not None:
            for suffix in ("", "-wal"):
                kept.with_name(kept.name + suffix).unlink(missing_ok=True)

    def lose_unsynced(self) -> None:
        """The power was cut: what no disk was waited for is as it was. Call it with every file closed."""
        for path, kept in self.at_risk.items():
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            kept.replace(path)
            log = kept.with_name(kept.name + "-wal")
            if log.exists():
                log.replace(path.with_name(path.name + "-wal"))
        self.at_risk.clear()

    def keep_all(self) -> None:
        """The process died and the machine did not: all that was written is there."""
        for path in list(self.at_risk):
            self._settle(path)


class Disks:
    """Every disk of a simulation; `installed` lets the product's files meet them."""

    def __init__(self) -> None:
        self._disks: dict[str, Disk] = {}

    def disk(self, folder: Path) -> Disk:
        return self._disks.setdefault(str(folder), Disk(folder))

    def forget(self) -> None:
        self._disks.clear()

    def of(self, path: Path) -> Disk | None:
        """The disk of the machine that uses the file. (Two servers over one folder: whoever works now.)"""
        text = str(path)
        for folder, disk in self._disks.items():
            if text.startswith(folder + "/"):
                return disk
        return None


def no_space() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


@contextlib.contextmanager
def installed(disks: Disks) -> Iterator[None]:
    """From here on Stores, projections and files of known machines pass their disk."""
    with pytest.MonkeyPatch.context() as patch:
        store_writing, followed, rows = StoreFile.writing, Projection.followed, Projection.rows
        replace, rename = Path.replace, Path.rename

        @contextlib.contextmanager
        def writing(self: StoreFile, *, durable: bool) -> Iterator[Any]:
            disk = disks.of(self.path)
            if disk is None:
                with store_writing(self, durable=durable) as connection:
                    yield connection
                return
            disk.before(self.path, durable=durable)
            with store_writing(self, durable=durable) as connection:
                yield connection
                if disk.full:
                    raise no_space()
            disk.after(self.path, durable=durable)

        def around(work: Any) -> Any:
            @contextlib.contextmanager
            def passed(self: Projection, *arguments: Any, **options: Any) -> Iterator[Any]:
                disk = disks.of(self._path)
                if disk is not None:
                    disk.pass_boundary("before projection")
                with work(self, *arguments, **options) as found:
                    yield found
                    if disk is not None and disk.full:
                        raise no_space()
                if disk is not None:
                    disk.pass_boundary("after projection")

            return passed

        def appears(work: Any) -> Any:
            def passed(self: Path, target: Path) -> Path:
                disk = disks.of(self)
                if disk is None or self.name.endswith((".synced", ".synced-wal")):
                    return work(self, target)
                disk.pass_boundary(f"before {self.name}")
                if disk.full:
                    raise OSError(errno.ENOSPC, "No space left on device", str(target))
                made = work(self, target)
                disk.pass_boundary(f"after {self.name}")
                return made

            return passed

        patch.setattr(StoreFile, "writing", writing)
        patch.setattr(Projection, "followed", around(followed))
        patch.setattr(Projection, "rows", around(rows))
        patch.setattr(Path, "replace", appears(replace))
        patch.setattr(Path, "rename", appears(rename))
        yield
