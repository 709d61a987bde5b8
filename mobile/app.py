"""The app: one window, a stack of pages, one phone and one worker that syncs it.

It holds what every kv rule may ask for (`app.theme`, `app._`, `app.wide`, the status line) and moves between pages.
It must never know a document; pages ask `Phone`, and only `worker` waits for the network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.clock import Clock, mainthread
from kivy.core.window import Window
from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.modalview import ModalView
from kivy.uix.screenmanager import NoTransition, ScreenManager
from PIL import Image

from mobile import i18n
from mobile.camera import AndroidCamera, Camera, FileChooser
from mobile.i18n import state_word
from mobile.location import AndroidLocation, Location, Unknown
from mobile.machine import device_label, export_folder, is_android, on_unmetered_network
from mobile.messages import say
from mobile.phone import Phone
from mobile.problems import InvalidEvidence, UnreadablePhoto
from mobile.screens.capture import CapturePage
from mobile.screens.checklist import ChecklistPage
from mobile.screens.enrol import EnrolPage
from mobile.screens.files import choose_file
from mobile.screens.home import HomePage
from mobile.screens.minutes import MinutesPage
from mobile.screens.page import Page
from mobile.screens.phrases import brief_moment
from mobile.screens.replies import RepliesPage
from mobile.screens.sent import SentPage
from mobile.screens.settings import SettingsPage
from mobile.screens.sheets import EvidencePicture
from mobile.screens.standings import StandingsPage
from mobile.theme.theme import Theme, register_fonts
from mobile.theme.tokens import TWO_PANES_DP
from mobile.widgets.bars import NavBar
from mobile.widgets.sheet import toast
from mobile.worker import SyncStatus, SyncWorker
from sync.errors import StoreFull

PAGES: dict[str, type[Page]] = {
    "enrol": EnrolPage,
    "home": HomePage,
    "checklist": ChecklistPage,
    "minutes": MinutesPage,
    "replies": RepliesPage,
    "capture": CapturePage,
    "sent": SentPage,
    "standings": StandingsPage,
    "settings": SettingsPage,
}

STATUS_LOOK = {
    "offline": ("cloud-off-outline", "calm"),
    "syncing": ("cloud-sync-outline", "busy"),
    "idle": ("cloud-check-outline", "calm"),
    "trouble": ("alert-outline", "attention"),
    "signed_out": ("key-variant", "attention"),
}

REDRAW_S = 0.4
"""Data that arrives in bursts is shown at most this often, so that a page never stutters under a thumb."""

LAYOUT_PASSES = 25
"""Text that wraps inside cards inside lists settles in a dozen passes; Kivy's ten would spread it over two frames."""

BACK_KEYS = (27, 1001)
"""Escape on a desk, and Android's back button as SDL names it."""


class ThiduaApp(App):
    """The running app. `phone` is all the pages know; `worker` may be left out (tests, a phone that stays offline)."""

    title = "Thidua"
    theme = ObjectProperty()
    _ = ObjectProperty(i18n._)
    locale = StringProperty(i18n.FIRST)
    wide = BooleanProperty(False)
    root_height = NumericProperty(0)
    status_icon = StringProperty("cloud-off-outline")
    status_text = StringProperty("")
    status_tone = StringProperty("calm")
    status_progress = NumericProperty(-1)

    def __init__(
        self,
        phone: Phone,
        *,
        camera: Camera | None = None,
        location: Location | None = None,
        default_server: str = "",
        sync: bool = True,
        **kwargs: Any,
    ) -> None:
        register_fonts()
        self.phone = phone
        self.default_server = default_server
        self.device_label = device_label()
        self.camera = camera or (
            AndroidCamera(phone.tools.local.folder / "camera") if is_android() else FileChooser(choose_file)
        )
        self.export_folder = export_folder()
        self.location = location or (AndroidLocation() if is_android() else Unknown())
        self._sync = sync
        self.worker: SyncWorker | None = None
        self.sync_status: SyncStatus | None = None
        self._stack: list[tuple[str, dict[str, Any]]] = []
        self._stops: list[Callable[[], None]] = []
        self.theme = Theme()
        super().__init__(**kwargs)

    # Life

    def build(self) -> BoxLayout:
        self._read_settings()
        self.wide = Window.width >= dp(TWO_PANES_DP)
        self.root_height = Window.height
        self.shell = BoxLayout()
        self.navigation = NavBar()
        self.pages = ScreenManager(transition=NoTransition())
        for name, page in PAGES.items():
            self.pages.add_widget(page(name=name))
        self._arrange()
        Window.clearcolor = self.theme.background
        self.theme.bind(background=lambda _theme, colour: setattr(Window, "clearcolor", colour))
        Clock.max_iteration = LAYOUT_PASSES
        Window.softinput_mode = "below_target"
        Window.bind(size=self._resized, on_keyboard=self._key)
        return self.shell

    def on_start(self) -> None:
        self._stops.append(i18n.on_change(lambda _locale: self._spoken()))
        self._stops.append(self.phone.subscribe(self._data_arrived))
        self._stops.append(self.phone.on_saved(self._saved))
        self._redraw = Clock.create_trigger(lambda _dt: self.current.refresh(), REDRAW_S)
        self.account_changed()

    def on_pause(self) -> bool:
        self.current.leave()
        return True

    def on_resume(self) -> None:
        self.sync_now(quietly=True)

    def on_stop(self) -> None:
        self.current.leave()
        if self.worker is not None:
            self.worker.stop()
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._redraw.cancel()
        Window.unbind(size=self._resized, on_keyboard=self._key)

    def account_changed(self) -> None:
        """Somebody enrolled or signed out: begin at the right page, with or without a worker."""
        if not self._stops:  # enrolling ended after the app did: its account is there when it starts again
            return
        if self.phone.account is None:
            if self.worker is not None:
                self.worker.stop()
                self.worker = None
            self.top("enrol")
            return
        if self._sync and self.worker is None:
            self.worker = SyncWorker(self.phone, on_status=self._status_arrived, photos_allowed=self._photos_allowed)
            self._show_status(self.worker.status)
            self.worker.start()
        elif self.worker is None:
            self._show_status(SyncStatus("offline", "offline"))
        self.top("home")

    # Moving between pages

    @property
    def current(self) -> Page:
        """The page on screen."""
        return self.pages.current_screen

    def go(self, name: str, **what: Any) -> None:
        """Open a page over the one on screen."""
        self.current.leave()
        self._stack.append((name, what))
        self._enter(name, what)

    def top(self, name: str) -> None:
        """Open a page of the navigation bar; there is nothing behind it."""
        self.current.leave()
        self._stack = [(name, {})]
        self._enter(name, {})

    def back(self) -> bool:
        """Close what lies on top: a sheet, then the page. False at the first page, where the app may close."""
        for child in Window.children:
            if isinstance(child, ModalView):
                child.dismiss()
                return True
        if len(self._stack) > 1:
            self.current.leave()
            self._stack.pop()
            self._enter(*self._stack[-1])
            return True
        if self._stack and self._stack[0][0] == "standings":
            self.top("home")
            return True
        return False

    def _enter(self, name: str, what: dict[str, Any]) -> None:
        page = self.pages.get_screen(name)
        page.show(**what)
        self.pages.current = name
        self.navigation.current = name
        self._show_navigation(shown=page.top_level)

    def _show_navigation(self, *, shown: bool) -> None:
        if shown and self.navigation.parent is None:
            self.shell.add_widget(self.navigation, index=1 if self.wide else 0)
        elif not shown and self.navigation.parent is not None:
            self.shell.remove_widget(self.navigation)

    def _arrange(self) -> None:
        shown = self.navigation.parent is not None
        self.shell.clear_widgets()
        self.shell.orientation = "horizontal" if self.wide else "vertical"
        self.shell.add_widget(self.pages)
        self._show_navigation(shown=shown)

    def _resized(self, _window: Any, size: tuple[float, float]) -> None:
        self.root_height = size[1]
        wide = size[0] >= dp(TWO_PANES_DP)
        if wide != self.wide:
            self.wide = wide
            self._arrange()
            self.current.refresh()

    def _key(self, _window: Any, key: int, *_rest: Any) -> bool:
        return self.back() if key in BACK_KEYS else False

    # What the worker and the store report

    @mainthread
    def _status_arrived(self, status: SyncStatus) -> None:
        self._show_status(status)

    def _show_status(self, status: SyncStatus) -> None:
        self.sync_status = status
        self.status_icon, self.status_tone = STATUS_LOOK[status.state]
        waiting = i18n.ngettext_("{n} item waits", "{n} items wait", status.pending) if status.pending else ""
        last = (
            self._("last exchange {time}").format(time=brief_moment(status.last_sync, self.phone.tools.time()))
            if status.last_sync and status.state != "syncing"
            else ""
        )
        going = status.going()
        if going:
            waiting = ""
        offline = self._("Offline") if status.state == "offline" and (waiting or last) else ""
        first = going or offline or status.sentence()
        parts = [part for part in (first, waiting, last) if part]
        self.status_text = " · ".join([*(part.removesuffix(".") for part in parts[:-1]), parts[-1]])
        self.status_progress = -1 if status.percent is None or status.state != "syncing" else status.percent / 100

    @mainthread
    def _data_arrived(self) -> None:
        if self._stops:  # told in one frame, run in the next: the app may have stopped between
            self._redraw()

    def _saved(self) -> None:
        """A person saved something: send it soon."""
        if self.worker is not None:
            self.worker.nudge()

    def sync_now(self, *, quietly: bool = False) -> None:
        """Try at once."""
        if self.worker is not None:
            self.worker.wake()
        elif not quietly:
            toast(self.status_text, icon=self.status_icon)

    def _photos_allowed(self) -> bool:
        return self.phone.setting("wifi_only", "no") != "yes" or on_unmetered_network()

    # Settings

    def _read_settings(self) -> None:
        self.theme.mode = self.phone.setting("mode", "light")
        self.theme.contrast = self.phone.setting("contrast", "no") == "yes"
        self.theme.scale = float(self.phone.setting("scale", "1.0"))
        self.locale = self.phone.locale
        i18n.set_language(self.locale)

    def keep(self, name: str, value: str) -> None:
        """Keep a setting and let it take effect."""
        self.phone.set_setting(name, value)
        self._read_settings()

    def speak(self, locale: str) -> None:
        """Switch the language; what is on screen is said anew."""
        self.phone.set_locale(locale)
        i18n.set_language(locale)

    def _spoken(self) -> None:
        self.locale = i18n.language()
        # kv binds to `app._`: a new callable is what makes every rule ask again.
        self._ = partial(i18n._)
        if self.sync_status is not None:
            self._show_status(self.sync_status)
        self.current.refresh()

    # For kv rules

    def clock(self, at: str) -> str:
        """When, as people say it."""
        from mobile.screens.phrases import moment

        return moment(at, self.locale)

    def square(self, source: str) -> list[float]:
        """Texture coordinates of the middle square of a picture, so that thumbnails are not stretched."""
        return list(_square(source)) if source else [0, 1, 1, 1, 1, 0, 0, 0]

    def show_evidence(self, evidence: str, *, last: bool = False) -> None:
        """Open one piece of evidence, large; with `last`, at its newest photo."""
        for card in self.phone.evidence():
            if card.id == evidence:
                EvidencePicture(
                    title=card.title,
                    card=card,
                    state_text=state_word(card.state),
                    add_photo=lambda: self.camera.take(lambda path: self._add_photo(evidence, path)),
                    shown=len(card.photos) - 1 if last else 0,
                ).open()
                return

    def _add_photo(self, evidence: str, path: Path | None) -> None:
        if path is None:
            return
        try:
            self.phone.add_photo(evidence, path)
        except (InvalidEvidence, UnreadablePhoto) as error:
            toast(error.message, icon="alert-circle-outline")
            return
        except StoreFull:
            toast(say("phone-full"), icon="alert-circle-outline")
            return
        toast(self._("Photo added"))
        self.show_evidence(evidence, last=True)


@lru_cache(maxsize=256)
def _square(source: str) -> tuple[float, ...]:
    with Image.open(Path(source)) as picture:
        width, height = picture.size
    across, down = (max(width - height, 0) / width / 2, max(height - width, 0) / height / 2)
    left, right, low, high = across, 1 - across, down, 1 - down
    return (left, high, right, high, right, low, left, low)
