"""A camera's file becomes the photo that travels: upright, at most 1600 pixels, and with nothing hidden inside.

When and where the camera says it was taken is read out first, because the file that leaves holds neither. Pure but for
Pillow; it must never know where photos are kept.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base

from mobile.problems import UnreadablePhoto
from schemas.figures import VIET_NAM, time_string

SIDE_PX_MAX = 1_600
"""What a reviewer needs to read a banner in the background; about 300 KB at quality 80."""

QUALITY = 80

THUMBNAIL_SIDE_PX = 256
THUMBNAIL_QUALITY = 70
"""A list shows a photo at 96 dp, three pixels a dp at most; some 12 KB, one piece of a 2G link."""

PIXELS_MAX = 120_000_000
"""Phones make 108-megapixel photos; more is a bomb."""

PHOTO_BYTES_MAX = 60 * 2**20
"""The largest file a phone's camera writes, with room."""

COORDINATE_DECIMALS = 6
"""Eleven centimetres."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What travels (`jpeg`, `thumbnail`), and what its camera knew. Coordinates are decimal strings."""

    jpeg: bytes
    thumbnail: bytes
    width: int
    height: int
    taken: str | None
    lat: str | None
    lon: str | None
    accuracy_m: str | None


def prepare(photo: bytes) -> Picture:
    """Resize, turn upright, strip. The same bytes give the same picture. Raises UnreadablePhoto."""
    if len(photo) > PHOTO_BYTES_MAX:
        raise UnreadablePhoto("photo-too-large")
    try:
        with Image.open(io.BytesIO(photo)) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise UnreadablePhoto("photo-too-large")
            exif = opened.getexif()
            # A JPEG is decoded at an eighth, a quarter or a half where that is enough: four times less memory.
            opened.draft("RGB", (SIDE_PX_MAX, SIDE_PX_MAX))
            # One copy at a time: made small first, where colours allow it, and turned upright in its own place.
            image = opened if opened.mode == "RGB" else opened.convert("RGB")
            image.thumbnail((SIDE_PX_MAX, SIDE_PX_MAX), Image.Resampling.LANCZOS)
            ImageOps.exif_transpose(image, in_place=True)
    except Image.DecompressionBombError as error:
        raise UnreadablePhoto("photo-too-large") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadablePhoto("photo-unreadable") from error
    jpeg, (width, height) = _jpeg(image, QUALITY), image.size
    image.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.LANCZOS)
    lat, lon, accuracy_m = _position(exif)
    return Picture(
        jpeg=jpeg,
        thumbnail=_jpeg(image, THUMBNAIL_QUALITY),
        width=width,
        height=height,
        taken=_taken(exif),
        lat=lat,
        lon=lon,
        accuracy_m=accuracy_m,
    )


def _jpeg(image: Image.Image, quality: int) -> bytes:
    # A fresh image has no metadata to carry over.
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _taken(exif: Image.Exif) -> str | None:
    """When the shutter went. A camera that does not name its zone writes the local time, which is Viet Nam's."""
    inner = exif.get_ifd(IFD.Exif)
    text = inner.get(Base.DateTimeOriginal) or exif.get(Base.DateTime)
    try:
        moment = datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - its zone follows
    except ValueError:
        return None
    zone = _zone(inner.get(Base.OffsetTimeOriginal)) or VIET_NAM
    try:
        return time_string(moment.replace(tzinfo=zone).astimezone(UTC))
    except OverflowError:
        return None


def _zone(text: Any) -> timezone | None:
    try:
        offset = datetime.strptime(str(text), "%z").utcoffset()
    except ValueError:
        return None
    return timezone(offset) if offset is not None and abs(offset) < timedelta(hours=15) else None


def _position(exif: Image.Exif) -> tuple[str | None, str | None, str | None]:
    gps = exif.get_ifd(IFD.GPSInfo)
    lat = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), negative="S", limit=90)
    lon = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), negative="W", limit=180)
    if lat is None or lon is None:
        return None, None, None
    return lat, lon, _decimal(gps.get(GPS.GPSHPositioningError), decimals=0)


def _degrees(value: Any, reference: Any, *, negative: str, limit: int) -> str | None:
    try:
        degrees, minutes, seconds = (float(item) for item in value)
        angle = degrees + minutes / 60 + seconds / 3600
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not 0 <= angle <= limit:  # NaN, too: cameras write 0/0
        return None
    return decimal_text(-angle if reference == negative else angle, decimals=COORDINATE_DECIMALS)


def _decimal(value: Any, *, decimals: int) -> str | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return decimal_text(number, decimals=decimals) if 0 <= number < 1e6 else None


def decimal_text(number: float, *, decimals: int) -> str:
    """A measured number in the one spelling documents have: no exponent, no zero too many, no minus zero."""
    text = f"{number:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
