"""Which machine this is, and the one way onto the interface thread. Loads without Kivy."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path


def is_android() -> bool:
    """Running inside python-for-android."""
    return "ANDROID_ARGUMENT" in os.environ


def device_label() -> str:
    """What the list of devices calls this machine: a phone's model, or a computer's name."""
    if is_android():
        from jnius import autoclass

        build = autoclass("android.os.Build")
        return f"{build.MANUFACTURER} {build.MODEL}".strip()
    return platform.node() or platform.system()


def export_folder() -> Path:
    """Where a file goes that a person is to carry away: a folder a cable or a file manager reaches."""
    if is_android():
        from android import mActivity

        return Path(mActivity.getExternalFilesDir(None).getAbsolutePath())
    downloads = Path.home() / "Downloads"
    return downloads if downloads.is_dir() else Path.home()


def on_unmetered_network() -> bool:
    """Photos may go when their owner wants them on Wi-Fi only. A computer's network counts as that."""
    if not is_android():
        return True
    from android import mActivity
    from jnius import autoclass

    context = autoclass("android.content.Context")
    manager = mActivity.getSystemService(context.CONNECTIVITY_SERVICE)
    return not manager.isActiveNetworkMetered()


def on_interface_thread(act: Callable[[], None]) -> None:
    """Run `act` in the interface's next frame."""
    from kivy.clock import Clock

    Clock.schedule_once(lambda _dt: act(), 0)
