"""The icons the app draws, by name: code points of Material Design Icons (`@mdi/font`, Apache-2.0).

`deploy/fonts.py` cuts the committed font down to exactly these; a name added here needs that script run once.
"""

from __future__ import annotations

from typing import Final

ICONS: Final[dict[str, int]] = {
    "account-child-outline": 0xF10C8,
    "account-outline": 0xF0013,
    "alert-circle-outline": 0xF05D6,
    "alert-outline": 0xF002A,
    "arrow-left": 0xF004D,
    "arrow-right": 0xF0054,
    "calendar-blank-outline": 0xF0B66,
    "call-split": 0xF00FB,
    "camera-outline": 0xF0D5D,
    "camera-plus": 0xF0EDB,
    "cancel": 0xF073A,
    "check": 0xF012C,
    "check-circle": 0xF05E0,
    "check-decagram": 0xF0791,
    "chevron-down": 0xF0140,
    "chevron-right": 0xF0142,
    "circle-half-full": 0xF1396,
    "circle-outline": 0xF0766,
    "circle-slice-3": 0xF0AA0,
    "clipboard-check-outline": 0xF08A8,
    "clock-outline": 0xF0150,
    "close": 0xF0156,
    "close-circle-outline": 0xF015A,
    "cloud-check-outline": 0xF1BEC,
    "cloud-off-outline": 0xF0164,
    "cloud-sync-outline": 0xF12D6,
    "cloud-upload-outline": 0xF0B7E,
    "cog-outline": 0xF08BB,
    "content-save-check-outline": 0xF18EB,
    "contrast-circle": 0xF0197,
    "database-outline": 0xF1632,
    "delete-outline": 0xF09E7,
    "folder-open-outline": 0xF0DCF,
    "format-size": 0xF027F,
    "image-multiple-outline": 0xF02EF,
    "image-outline": 0xF0976,
    "image-plus-outline": 0xF1B46,
    "information-outline": 0xF02FD,
    "key-variant": 0xF030B,
    "lock-outline": 0xF0341,
    "logout": 0xF0343,
    "map-marker-outline": 0xF07D9,
    "medal-outline": 0xF1326,
    "minus": 0xF0374,
    "minus-circle-outline": 0xF0377,
    "note-plus-outline": 0xF039D,
    "note-text-outline": 0xF11D7,
    "office-building-outline": 0xF151F,
    "pencil-outline": 0xF0CB6,
    "plus": 0xF0415,
    "podium-gold": 0xF0D27,
    "qrcode-scan": 0xF0433,
    "run": 0xF070E,
    "send-check-outline": 0xF1162,
    "send-outline": 0xF1165,
    "server-network": 0xF048D,
    "shield-check-outline": 0xF0CC8,
    "sync": 0xF04E6,
    "theme-light-dark": 0xF050E,
    "translate": 0xF05CA,
    "undo-variant": 0xF054D,
    "wifi": 0xF05A9,
}


def glyph(name: str) -> str:
    """The character to draw for `name`, empty for no name. Raises KeyError for a name the font does not hold."""
    return chr(ICONS[name]) if name else ""
