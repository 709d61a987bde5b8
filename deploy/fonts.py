"""Rebuild the fonts the app carries, from their npm packages: `python deploy/fonts.py`.

Kivy has no font fallback, so one file must hold every letter a face shows: the latin, latin-ext and vietnamese
subsets are merged. Icons are cut down to `mobile.theme.icons.ICONS`. Needs npm, fonttools and brotli.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mobile.theme.icons import ICONS  # noqa: E402  (the script may run where the packages are not installed)

FONTS = ROOT / "mobile" / "theme" / "fonts"
TEXT_PACKAGE = "@fontsource/be-vietnam-pro@5.3.0"
ICON_PACKAGE = "@mdi/font@7.4.47"
FACES = {"400-normal": "Regular", "600-normal": "SemiBold", "600-italic": "SemiBoldItalic", "700-normal": "Bold"}
EPOCH = 3_500_000_000
"""A fixed date in a font's own count of seconds since 1904."""
SUBSETS = ("vietnamese", "latin", "latin-ext")


def unpack(package: str, into: Path) -> Path:
    """The folder of an npm package's files, fetched through npm itself."""
    into.mkdir()
    packed = subprocess.run(  # noqa: S603  (a fixed command, a fixed package)
        ["npm", "pack", "--silent", package],  # noqa: S607
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    with tarfile.open(into / packed) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def build_text(package: Path, work: Path) -> None:
    for face, name in FACES.items():
        parts = []
        for subset in SUBSETS:
            part = TTFont(package / "files" / f"be-vietnam-pro-{subset}-{face}.woff2")
            part.flavor = None
            path = work / f"{subset}-{face}.ttf"
            part.save(path)
            parts.append(str(path))
        merged = Merger().merge(parts)
        merged.recalcTimestamp = False  # the same input makes the same file
        merged["head"].modified = merged["head"].created = EPOCH
        merged.save(FONTS / f"BeVietnamPro-{name}.ttf")
    (FONTS / "BeVietnamPro-LICENSE.txt").write_text((package / "LICENSE").read_text("utf-8"), "utf-8")


def build_icons(package: Path) -> None:
    font = TTFont(package / "fonts" / "materialdesignicons-webfont.ttf")
    cutter = Subsetter(Options(layout_features=[], notdef_outline=True))
    cutter.populate(unicodes=list(ICONS.values()))
    cutter.subset(font)
    trim_sides(font)
    font.recalcTimestamp = False
    font.save(FONTS / "Icons.ttf")
    (FONTS / "Icons-LICENSE.txt").write_text((package / "LICENSE").read_text("utf-8"), "utf-8")


def trim_sides(font: TTFont) -> None:
    """Make each icon exactly as wide as its ink: SDL's text drops the space before the first letter, and an icon with
    such space would stand left of the middle of its button.
    """
    glyphs, metrics = font["glyf"], font["hmtx"].metrics
    for name in font.getGlyphOrder():
        glyph = glyphs[name]
        if glyph.numberOfContours > 0:
            left = glyph.xMin
            glyph.coordinates.translate((-left, 0))
            glyph.recalcBounds(glyphs)
            metrics[name] = (glyph.xMax, 0)


def main() -> None:
    FONTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        build_text(unpack(TEXT_PACKAGE, work / "text"), work)
        build_icons(unpack(ICON_PACKAGE, work / "icons"))
    for file in sorted(FONTS.iterdir()):
        print(f"{file.name}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
