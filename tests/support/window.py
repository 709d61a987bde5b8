"""Drives the app in this process, frame by frame: tap by words or tag, type, wait for something, take a picture.

Kivy reads its environment on import, so `prepare()` comes before anything of `mobile.app`. One window serves a whole
test run; each `Driver` opens a fresh app in it.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

SETTLE_S = 0.35
TOUCH_S = 0.08
UNTIL_S = 240.0
"""What takes half a second takes minutes on a machine that has much else to do; nothing waits longer than it must."""
FRAME_S = 1 / 60
"""The longest a frame is for the app, however long it takes: a toast goes, a held button repeats by this time."""
STILL_FRAMES, STILL_FRAMES_MAX = 3, 120


def prepare(*, density: float = 1.0, pictures: bool = False) -> None:
    """Set Kivy up to run without a screen. With `pictures`, software OpenGL draws; else only logic runs."""
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_CONSOLELOG", "1")
    os.environ.setdefault("KIVY_LOG_MODE", "MIXED")  # Kivy must not swallow what others write to stderr
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_HOME", tempfile.mkdtemp(prefix="kivy-"))
    os.environ.setdefault("KIVY_METRICS_DENSITY", str(density))
    os.environ.setdefault("KIVY_DPI", str(int(160 * density)))
    if not pictures:
        os.environ.setdefault("KIVY_GL_BACKEND", "mock")
    from kivy.config import Config

    Config.set("graphics", "maxfps", "0")  # nobody watches: a frame ends when its work does


class Pace:
    """The app's clock: as fast as the real one, but a frame that a busy machine is long about is as short as any.

    Kivy asks twice a frame.
    """

    def __init__(self, real: Callable[[], float]) -> None:
        self._real, self._lock = real, threading.Lock()
        self._then = self._now = real()

    def __call__(self) -> float:
        with self._lock:
            then, self._then = self._then, self._real()
            self._now += min(self._then - then, FRAME_S / 2)
            return self._now


class NotOnScreen(AssertionError):
    """Nothing visible answers to that name."""


class Driver:
    """One running app. `with Driver(app) as screen: screen.tap("submit")`."""

    def __init__(self, app: Any, *, size: tuple[int, int] = (412, 892)) -> None:
        self.app = app
        self.size = size

    def __enter__(self) -> Self:
        from kivy.base import EventLoop, runTouchApp
        from kivy.clock import Clock
        from kivy.core.window import Window

        if not isinstance(Clock.time, Pace):
            Clock.time = Pace(Clock.time)

        EventLoop.ensure_window()
        for child in list(Window.children):
            Window.remove_widget(child)
        Window.size = self.size
        self.window = Window
        if EventLoop.status == "started":
            self.frames(8)  # the window learns its new size before the app is built for it
        self.app._run_prepare()
        runTouchApp(embedded=True)
        self.frames(4)
        return self

    def __exit__(self, *_: object) -> None:
        from kivy.app import App

        for child in list(self.window.children):
            if hasattr(child, "dismiss"):
                child.dismiss(animation=False)
        self.app.dispatch("on_stop")
        for child in list(self.window.children):
            self.window.remove_widget(child)
        App._running_app = None

    # Time

    def frames(self, count: int = 2) -> None:
        """Let `count` frames pass."""
        from kivy.base import EventLoop

        for _ in range(count):
            EventLoop.idle()

    def settle(self) -> None:
        """Let what moves come to rest: a sheet fades for 200 ms, a list gives a touch on after 55."""
        self.pass_by(SETTLE_S)

    def pass_by(self, seconds: float) -> None:
        """Let so much time pass for the app."""
        from kivy.clock import Clock

        end = Clock.get_time() + seconds
        while Clock.get_time() < end:
            time.sleep(FRAME_S / 2)
            self.frames(1)

    def until(self, true: Callable[[], Any], *, what: str = "", seconds: float = UNTIL_S) -> Any:
        """Step frames until `true()` is; answers what it was."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.frames(1)
            found = true()
            if found:
                return found
            time.sleep(0.002)
        raise AssertionError(f"did not happen in {seconds} s: {what or true}")

    # Finding

    def visible(self) -> Iterator[Any]:
        """Every widget that can be seen: an open sheet hides the page beneath."""
        from kivy.uix.modalview import ModalView

        children = list(self.window.children)
        modals = [child for child in children if isinstance(child, ModalView)]
        for root in modals[:1] or children:
            yield from self._walk(root)

    def _walk(self, widget: Any) -> Iterator[Any]:
        if widget.opacity == 0:
            return
        yield widget
        for child in reversed(widget.children):
            yield from self._walk(child)

    def find(self, name: str) -> Any:
        """The widget with this `tag`, or the one that shows exactly these words."""
        for widget in self.visible():
            if getattr(widget, "tag", None) == name and widget.width > 0 and widget.height > 0:
                return widget
        for widget in self.visible():
            if getattr(widget, "text", None) == name and widget.width > 0:
                return widget
        raise NotOnScreen(f"{name!r} is not among {self.tags()} nor in {self.texts()}")

    def has(self, name: str) -> bool:
        """Is there such a widget?"""
        try:
            self.find(name)
        except NotOnScreen:
            return False
        return True

    def tags(self) -> list[str]:
        """The names of all that can be tapped."""
        return [widget.tag for widget in self.visible() if getattr(widget, "tag", "")]

    def texts(self) -> list[str]:
        """Every text on screen, in order."""
        from kivy.uix.label import Label

        return [w.text for w in self.visible() if isinstance(w, Label) and w.text and w.font_name != "Icons"]

    def says(self, words: str) -> bool:
        """Do these words stand somewhere on screen?"""
        return any(words in text for text in self.texts())

    # Acting

    def tap(self, name: str) -> None:
        """Touch and let go, as a finger does: scrolled into sight first."""
        widget = self.reveal(name)
        self.tap_at(*widget.to_window(*widget.center))

    def reveal(self, name: str) -> Any:
        """Scroll until the widget lies in its list's window, and answer it."""
        from kivy.uix.scrollview import ScrollView

        widget = self.find(name)
        parent = widget.parent
        while parent is not None and parent is not self.window:
            if isinstance(parent, ScrollView):
                parent.scroll_to(widget, padding=20, animate=False)
                break
            parent = parent.parent
        self.frames(8)  # wrapped text and lists take a few passes to settle
        place, still = None, 0
        for _ in range(STILL_FRAMES_MAX):  # a finger waits for what moves, too
            before, place = place, (*widget.to_window(*widget.pos), *widget.size)
            still = still + 1 if place == before else 0
            if still == STILL_FRAMES:
                break
            self.frames(1)
        return widget

    def tap_at(self, x: float, y: float) -> None:
        """A tap at a point of the window."""
        touch = self.touch_down(x, y)
        self.frames(2)
        touch.touch_up()
        self.pass_by(TOUCH_S)  # a scrolling list holds a touch back until it knows it is no scroll

    def touch_down(self, x: float, y: float) -> Any:
        """The beginning of a gesture; move and lift it with the touch answered."""
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        return touch

    def drag(self, name: str, to_ratio: float, *, steps: int = 8) -> None:
        """Pull a slider's finger sideways to a share of its width."""
        widget = self.reveal(name)
        x, y = widget.to_window(*widget.center)
        left = widget.to_window(widget.x, widget.y)[0]
        touch = self.touch_down(x, y)
        self.pass_by(2 * TOUCH_S)  # a list gives a touch on after 55 ms and three frames
        target = left + widget.width * to_ratio
        for step in range(1, steps + 1):
            touch.touch_move(x + (target - x) * step / steps, y)
            self.frames(1)
        touch.touch_up()
        self.frames(3)

    def type(self, name: str, text: str) -> None:
        """Write into a field, in place of what stands there."""
        field = self.reveal(name)
        widget = next(each for each in field.walk() if hasattr(each, "select_all"))  # a field may be framed
        widget.focus = True
        self.frames(2)
        widget.select_all()
        widget.delete_selection()
        self.window.dispatch("on_textinput", text)
        self.frames(2)
        widget.focus = False
        self.frames(3)

    def back(self) -> None:
        """Android's back button."""
        self.window.dispatch("on_keyboard", 1001, 0, None, [])
        self.frames(3)

    def resize(self, width: int, height: int) -> None:
        """Another window size."""
        self.window.size = (width, height)
        self.frames(4)

    def picture(self, path: Path) -> Path:
        """What is on screen now, as a PNG. Needs `prepare(pictures=True)`."""
        from kivy.graphics import ClearBuffers, ClearColor, Fbo

        self.frames(6)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Through a frame buffer of our own: the offscreen driver's keeps the size the window began with.
        width, height = (int(side) for side in self.window.size)
        fbo = Fbo(size=(width, height), with_stencilbuffer=True)
        with fbo:
            ClearColor(*self.window.clearcolor)
            ClearBuffers(clear_color=True, clear_stencil=True)
        shown = list(reversed(self.window.children))
        for child in shown:
            self.window.canvas.remove(child.canvas)
            fbo.add(child.canvas)
        fbo.draw()
        fbo.texture.save(str(path), flipped=True)
        for child in shown:
            fbo.remove(child.canvas)
            self.window.canvas.add(child.canvas)
        return path
