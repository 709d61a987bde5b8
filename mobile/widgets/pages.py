"""A list that scrolls up and down, and leaves a sideways finger at once to what lies in it: sliders, above all.

Kivy's own list keeps a touch for a quarter of a second before a slider may have it, so a quick slide was lost.
"""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.uix.scrollview import ScrollView

SIDEWAYS_DP = 8
"""A finger that went this far sideways, and further than up or down, means no scroll."""


class PageScroll(ScrollView):
    """`ScrollView` for pages of controls: vertical only."""

    def on_scroll_move(self, touch: Any) -> Any:
        held = touch.ud.get(self._get_uid())
        sideways, upward = abs(touch.x - touch.ox), abs(touch.y - touch.oy)
        if held is not None and held["mode"] == "unknown" and sideways > dp(SIDEWAYS_DP) and sideways > upward:
            self._change_touch_mode()
            return True
        return super().on_scroll_move(touch)
