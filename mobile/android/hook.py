"""python-for-android's hook: it has no option for a FileProvider, and without one the camera app may not write to us.

Called by buildozer (`p4a.hook`) after the manifest was written and before gradle reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PROVIDER = Path(__file__).with_name("provider.xml")
MANIFEST = Path("src/main/AndroidManifest.xml")
END = "</application>"


def with_provider(manifest: str, provider: str) -> str:
    """The manifest with the provider inside its application. Safe to repeat; ValueError where it has none."""
    if provider in manifest:
        return manifest
    if END not in manifest:
        raise ValueError("the manifest has no application to put the provider into")
    return manifest.replace(END, f"{provider}{END}", 1)


def before_apk_assemble(_toolchain: Any) -> None:
    """Runs in the folder of the distribution."""
    MANIFEST.write_text(with_provider(MANIFEST.read_text("utf-8"), PROVIDER.read_text("utf-8")), "utf-8")
