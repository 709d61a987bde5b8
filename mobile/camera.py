"""Taking a photo: a port with a side for the desk (a file is chosen) and one for Android (the phone's camera app).

A camera answers with a file that belongs to the app, or with nothing when the person turned back. Imports of either
side are late, so that this module loads everywhere. It must never know evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

Taken = Callable[[Path | None], None]

PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp")

REQUEST_CAMERA: Final = 0x7D01
"""Our number for the camera's answer; any other is somebody else's."""


class Camera(Protocol):
    """`take` returns at once; `taken` is called later on the interface thread, once."""

    def take(self, taken: Taken) -> None:
        """Ask for one photo."""


class GivenFile:
    """Always the same photo: for demonstrations and tests."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, taken: Taken) -> None:
        taken(self._path)


class FileChooser:
    """The desk's camera: a photo is chosen from the files. `choose` opens the list and calls back with the choice."""

    def __init__(self, choose: Callable[[Taken], None]) -> None:
        self._choose = choose

    def take(self, taken: Taken) -> None:
        self._choose(taken)


class AndroidCamera:
    """The phone's own camera app, through an intent.

    The picture goes to a file of ours through a FileProvider: since Android 7 an app may not hand out plain file
    addresses, which is why plyer's camera crashes there (plyer #549, #812).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: tuple[Path, Taken] | None = None
        self._count = 0

    def take(self, taken: Taken) -> None:
        from android import activity, mActivity
        from jnius import autoclass, cast

        intent_class = autoclass("android.content.Intent")
        media_store = autoclass("android.provider.MediaStore")
        provider = autoclass("androidx.core.content.FileProvider")
        java_file = autoclass("java.io.File")

        self._folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        path = self._folder / f"taken-{self._count}.jpg"
        path.unlink(missing_ok=True)
        address = provider.getUriForFile(mActivity, f"{mActivity.getPackageName()}.photos", java_file(str(path)))
        intent = intent_class(media_store.ACTION_IMAGE_CAPTURE)
        intent.putExtra(media_store.EXTRA_OUTPUT, cast("android.os.Parcelable", address))
        intent.addFlags(intent_class.FLAG_GRANT_WRITE_URI_PERMISSION | intent_class.FLAG_GRANT_READ_URI_PERMISSION)

        self._waiting = (path, taken)
        activity.bind(on_activity_result=self._answered)
        mActivity.startActivityForResult(intent, REQUEST_CAMERA)

    def _answered(self, request: int, _result: int, _data: Any) -> None:
        from android import activity
        from kivy.clock import Clock

        if request != REQUEST_CAMERA or self._waiting is None:
            return
        activity.unbind(on_activity_result=self._answered)
        (path, taken), self._waiting = self._waiting, None
        # Some camera apps answer "cancelled" though they wrote the picture: what counts is whether it is there.
        photo = path if path.exists() and path.stat().st_size else None
        Clock.schedule_once(lambda _dt: taken(photo), 0)


def pictures_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Folders and pictures inside `folder`, hidden ones left out, by name. What cannot be read is empty."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name.lower())
    except OSError:
        return [], []
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    return (
        [entry for entry in shown if entry.is_dir()],
        [entry for entry in shown if entry.suffix.lower() in PICTURES],
    )
