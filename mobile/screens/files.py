"""The desk's camera: a sheet that walks through folders to a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobile.camera import Taken, pictures_in
from mobile.i18n import _
from mobile.widgets.kv import load
from mobile.widgets.sheet import Option, Sheet

SHOWN_MAX = 300
"""More rows than anybody scrolls through; the rest is reached by a better folder."""


class FileSheet(Sheet):
    """Folders and pictures of one folder; a tap goes in, or chooses. Closing it chooses nothing."""

    def __init__(self, *, folder: Path, taken: Taken, **kwargs: Any) -> None:
        self._taken: Taken | None = taken
        super().__init__(title=_("Choose a photo"), **kwargs)
        self._walk(folder)

    def _walk(self, folder: Path) -> None:
        self.ids.where.text = str(folder)
        rows = self.ids.rows
        rows.clear_widgets()
        folders, pictures = pictures_in(folder)
        if folder.parent != folder:
            rows.add_widget(self._row("arrow-left", _("The folder above"), folder.parent))
        for path in folders[:SHOWN_MAX]:
            rows.add_widget(self._row("folder-open-outline", path.name, path))
        for path in pictures[:SHOWN_MAX]:
            rows.add_widget(self._row("image-outline", path.name, path))

    def _row(self, icon: str, text: str, path: Path) -> Option:
        row = Option(icon=icon, text=text, tag=f"file:{path.name}")
        row.bind(on_release=lambda _w: self._walk(path) if path.is_dir() else self._choose(path))
        return row

    def _choose(self, path: Path | None) -> None:
        taken, self._taken = self._taken, None
        self.dismiss()
        if taken is not None:
            taken(path)

    def on_dismiss(self) -> None:
        """Closed without a choice."""
        if self._taken is not None:
            self._choose(None)


def choose_file(taken: Taken) -> None:
    """Open the list where pictures usually are."""
    pictures = Path.home() / "Pictures"
    FileSheet(folder=pictures if pictures.is_dir() else Path.home(), taken=taken).open()


load(__file__)
