"""`python -m mobile`: the app in a window of a desk (or the whole screen of a phone).

Kivy reads its configuration when it is first imported, so everything is told to it here, before `mobile.app` is.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from mobile.machine import is_android
from mobile.version import APP_VERSION

DEFAULT_SIZE = "412x892"
"""A common phone's screen, so that what is tried at a desk is what is carried outside."""


def size(text: str) -> tuple[int, int]:
    """`412x892` as two whole numbers."""
    width, cross, height = text.lower().partition("x")
    if not cross or not width.isdecimal() or not height.isdecimal() or not (int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"a size is like {DEFAULT_SIZE}, not {text!r}")
    return int(width), int(height)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    options = argparse.ArgumentParser(
        prog="python -m mobile", description="Thidua on a desk: the phone's app in a window."
    )
    options.add_argument("--data", type=Path, help="folder that holds this phone (made where there is none)")
    options.add_argument("--server", default="", help="address filled in when enrolling")
    options.add_argument(
        "--size", type=size, default=size(DEFAULT_SIZE), help=f"of the window, {DEFAULT_SIZE} if not said"
    )
    options.add_argument("--photo", type=Path, help="a picture the camera always takes (for demonstrations)")
    options.add_argument("--offline", action="store_true", help="do not look for the server")
    return options


def data_folder() -> Path:
    """Where this phone is kept when nothing else was said."""
    if is_android():
        return Path(os.environ["ANDROID_PRIVATE"]) / "thidua"
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "thidua" / "phone"


def main(arguments: list[str] | None = None) -> int:
    """Run the app until its window closes."""
    told = parser().parse_args(arguments)
    if not is_android():
        os.environ.setdefault("KIVY_NO_ARGS", "1")
        os.environ.setdefault("KIVY_NO_FILELOG", "1")
        os.environ.setdefault("KIVY_LOG_MODE", "MIXED")
        from kivy.config import Config

        Config.set("graphics", "width", str(told.size[0]))
        Config.set("graphics", "height", str(told.size[1]))
        Config.set("input", "mouse", "mouse,disable_multitouch")  # no red dots on a right click
    from kivy.config import Config

    Config.set("kivy", "exit_on_escape", "0")  # Escape goes back, as Android's button does

    from mobile.app import ThiduaApp
    from mobile.camera import GivenFile
    from mobile.phone import Phone

    phone = Phone(
        told.data or data_folder(), now=lambda: datetime.now(UTC), random_bytes=os.urandom, app_version=APP_VERSION
    )
    try:
        ThiduaApp(
            phone,
            camera=GivenFile(told.photo) if told.photo else None,
            default_server=told.server,
            sync=not told.offline,
        ).run()
    finally:
        phone.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
