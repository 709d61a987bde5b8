"""From an installation's databases to a bundle's file. It decides nothing: `contents` chooses, `writing` spells."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import ids
from server.backends import Backend
from server.board.models.said import Said
from server.board.view import GroupView
from server.bundle.contents import Contents, choose
from server.bundle.verify import Report, verify_file
from server.bundle.writing import write
from server.problems import Clash
from sync import media
from sync.database import Database
from sync.errors import NotFound


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file that was made, and what verifying it found. `hash` and `key` are what the published ranking prints."""

    path: Path
    report: Report

    @property
    def hash(self) -> str:
        return str(self.report.hash)

    @property
    def key(self) -> str:
        return str(self.report.key)


def frozen_ranking(view: GroupView) -> Mapping[str, Any]:
    """The freezing decision in force: the published one, else the last. Raises Clash."""
    published = view.folded.on("published", "publish")
    if published is not None:
        return view.documents[published["value"]["frozen"]]
    freeze = view.folded.on("ranking", "freeze")
    if freeze is None:
        raise Clash("frozen-contested" if "ranking" in view.folded.contested else "not-frozen")
    return freeze


def export(view: GroupView, backend: Backend, secret: bytes, path: Path, *, photos: bool, public: bool) -> Bundle:
    """Write the bundle of the frozen ranking to `path`; it appears whole, and was verified before.

    Raises Clash: nothing is frozen, or what is here does not verify; then no file is left.
    """
    if public and photos:
        raise Clash("public-photos")
    freeze = frozen_ranking(view)
    chosen = choose(view.documents.values(), freeze, public=public)
    pictures = _photos(backend.open(ids.media_database(view.group, view.year)), chosen) if photos else None
    with _appearing(path) as scratch:
        with scratch.open("wb") as out:
            write(out, chosen, freeze, secret=secret, public=public, photos=pictures)
            out.flush()
            os.fsync(out.fileno())
        report = verify_file(scratch)
        if not report.holds:
            # Ours to look into: a bundle that nobody could verify must not leave the house.
            raise Clash("bundle-not-whole", {"why": report.verdict.sentence("vi")}, fields=(("", _said(report)),))
    return Bundle(path, report)


def _said(report: Report) -> Said:
    return Said(report.verdict.code, report.verdict.params)


def _photos(database: Database, chosen: Contents) -> dict[str, Callable[[], bytes]]:
    """Those that are here whole, each read when it is written."""
    here = media.receipts(database, chosen.photos)
    return {photo: lambda photo=photo: _bytes(database, photo) for photo in sorted(here)}  # type: ignore[misc]


def _bytes(database: Database, photo: str) -> bytes:
    try:
        return media.read_photo(database, photo).data
    except NotFound as error:
        raise Clash("no-photo") from error


@contextlib.contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
