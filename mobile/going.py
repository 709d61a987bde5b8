"""What a person is told while synchronisation goes on: what is being sent, what is left, how long it may take.

Estimates are calm: none before there is something to go by, whole minutes, and never a count of seconds that jumps.
"""

from __future__ import annotations

from math import ceil

from mobile.i18n import _, ngettext_

TELLING_S = 3.0
"""Before this, how fast it goes is chance."""


def remaining_s(*, done: int, total: int, elapsed_s: float) -> float | None:
    """How long the rest takes if it goes on as it went; None where nobody can tell yet."""
    if done <= 0 or total <= done or elapsed_s < TELLING_S:
        return None
    return elapsed_s * (total - done) / done


def sentence(*, items: int, photos: int, remaining_s: float | None) -> str:
    """Such as "Đang gửi 12 mục, còn 34 ảnh – khoảng 3 phút"; empty where nothing of the person's own is on its way."""
    parts = []
    if items:
        parts.append(ngettext_("Sending {n} item", "Sending {n} items", items))
    if photos:
        left = ngettext_("{n} photo left", "{n} photos left", photos)
        parts.append(left if parts else left[:1].upper() + left[1:])
    told = ", ".join(parts)
    if not told or remaining_s is None:
        return told
    return f"{told} – {duration(remaining_s)}"


def duration(seconds: float) -> str:
    """In words, rounded up to minutes."""
    if seconds < 60:
        return _("less than a minute")
    minutes = ceil(seconds / 60)
    return ngettext_("about {n} minute", "about {n} minutes", minutes)
