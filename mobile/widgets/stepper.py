"""[–] slider [+] and the figure, which can be typed too: how a number is scored with one thumb.

It holds a decimal string or None (missing, which is never nought) and reports a change worth saving: at once for a tap
on + or −, on release for the slider, on leaving for what was typed. It never saves and never knows a criterion.
"""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.widgets.kv import load
from mobile.widgets.steps import at_ratio, clamp, nudge, ratio_of
from schemas.figures import format_points, fraction, parse_points

REPEAT_AFTER_S = 0.45
"""Holding + or − this long means "go on", and is longer than a slow tap."""
REPEAT_EVERY_S = 0.09

SLIP_DP = 10
"""A finger that moves this far up or down first is scrolling the page, and must not change a score."""


class Track(Widget):
    """The slider. Only a sideways drag or a clean tap moves it, so scrolling past never changes a score."""

    ratio = NumericProperty(0.0)
    empty = BooleanProperty(True)
    held = BooleanProperty(False)
    __events__ = ("on_slide", "on_drop")

    def on_touch_down(self, touch: Any) -> bool:
        if self.disabled or not self.collide_point(*touch.pos) or touch.is_mouse_scrolling:
            return bool(super().on_touch_down(touch))
        touch.grab(self)
        touch.ud[self] = "undecided"
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_move(touch))
        sideways, upward = abs(touch.x - touch.ox), abs(touch.y - touch.oy)
        if touch.ud[self] == "undecided":
            if upward > dp(SLIP_DP) and upward > sideways:
                touch.ungrab(self)
                return False
            if sideways > dp(SLIP_DP):
                touch.ud[self] = "sliding"
                self.held = True
        if touch.ud[self] == "sliding":
            self.dispatch("on_slide", self._ratio_at(touch.x))
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        self.held = False
        self.dispatch("on_slide", self._ratio_at(touch.x))
        self.dispatch("on_drop")
        return True

    def _ratio_at(self, x: float) -> float:
        inset = dp(12)
        return min(max((x - self.x - inset) / max(self.width - 2 * inset, 1), 0.0), 1.0)

    def on_slide(self, ratio: float) -> None:
        """The finger stands at this share of the track."""

    def on_drop(self) -> None:
        """The finger left: what stands is meant."""


class Stepper(BoxLayout):
    """The whole control. `limit` "" means no upper end, and then there is no slider.

    `after` stands behind the figure where there is no slider: what to write, then what it earns.
    `value` "" is missing. `on_commit(value)` fires when a change is meant; `on_wrong(text)` when what was typed is no
    number between 0 and the limit.
    """

    tag = StringProperty("")
    value = StringProperty("")
    limit = StringProperty("")
    step = StringProperty("1")
    start = StringProperty("")
    locale = StringProperty("vi")
    shown = StringProperty("")
    after = StringProperty("")
    __events__ = ("on_commit", "on_wrong")

    def __init__(self, **kwargs: Any) -> None:
        self._repeat: Any = None
        super().__init__(**kwargs)
        self.bind(value=self._show, locale=self._show, limit=self._show)
        self._show()

    def _show(self, *_: Any) -> None:
        self.shown = format_points(self.value, self.locale) if self.value else ""
        if "entry" in self.ids and not self.ids.entry.focus:
            self.ids.entry.text = self.shown

    def ratio(self, value: str, limit: str) -> float:
        """Where the thumb stands."""
        return ratio_of(value or None, limit) if limit else 0.0

    def press(self, direction: int) -> None:
        """A finger went down on + or −: one step now, and more while it stays."""
        self._nudge(direction)
        self._repeat = Clock.schedule_once(lambda _: self._start_repeating(direction), REPEAT_AFTER_S)

    def release(self) -> None:
        """The finger left + or −: what stands is meant."""
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
            self.dispatch("on_commit", self.value)

    def _start_repeating(self, direction: int) -> None:
        self._repeat = Clock.schedule_interval(lambda _: self._nudge(direction), REPEAT_EVERY_S)

    def _nudge(self, direction: int) -> None:
        self.value = nudge(
            self.value or None, direction, step=self.step, limit=self.limit or None, start=self.start or None
        )

    def slide(self, ratio: float) -> None:
        """The slider's finger moved; nothing is saved yet."""
        self.value = at_ratio(ratio, step=self.step, limit=self.limit)

    def commit(self) -> None:
        """What stands is meant."""
        self.dispatch("on_commit", self.value)

    def typed(self, text: str) -> None:
        """The entry lost the keyboard or Enter was pressed. An emptied entry goes back to what stood."""
        if not text.strip() or text == self.shown:
            self._show()
            self.commit()
            return
        try:
            value = parse_points(text, self.locale)
        except ValueError:
            self.dispatch("on_wrong", text)
            return
        if value != clamp(fraction(value), self.limit or None):
            self.dispatch("on_wrong", text)
            return
        self.value = value
        self._show()
        self.commit()

    def on_commit(self, value: str) -> None:
        """A value to save."""

    def on_wrong(self, text: str) -> None:
        """What was typed cannot be a value here."""


load(__file__)
