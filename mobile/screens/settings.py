"""Settings: language, look, when photos go, what they take on this phone, and signing out."""

from __future__ import annotations

from typing import Any

from kivy.properties import BooleanProperty, ListProperty, StringProperty

from mobile.i18n import ngettext_
from mobile.screens.page import Page
from mobile.screens.phrases import megabytes
from mobile.theme.tokens import FONT_SCALES
from mobile.widgets.kv import load
from mobile.widgets.sheet import ask, toast


class SettingsPage(Page):
    """Each choice takes effect and is kept at once."""

    person = StringProperty("")
    unit = StringProperty("")
    server = StringProperty("")
    scale = StringProperty("1.0")
    scales = ListProperty([])
    modes = ListProperty([])
    wifi_only = BooleanProperty(False)
    storage = StringProperty("")
    can_free = BooleanProperty(False)
    freeable = StringProperty("")

    def refresh(self) -> None:
        account = self.phone.account
        if account is None:
            return
        home = self.phone.home()
        self.person = account.person_name
        self.unit = home.unit_name
        self.server = account.server_url
        self.scale = str(self.app.theme.scale)
        names = (self.words("Small"), self.words("Normal"), self.words("Large"), self.words("Very large"))
        self.scales = [(str(scale), name) for scale, name in zip(FONT_SCALES, names, strict=True)]
        self.modes = [("light", self.words("Light")), ("dark", self.words("Dark"))]
        self.wifi_only = self.phone.setting("wifi_only", "no") == "yes"
        storage = self.phone.storage()
        locale = self.app.locale
        self.storage = self.words(
            "Photos take {photos}; the phone has {free} left.",
            photos=megabytes(storage.photos_bytes, locale),
            free=megabytes(storage.free_bytes, locale),
        )
        self.can_free = storage.freeable_bytes > 0
        self.freeable = megabytes(storage.freeable_bytes, locale)

    def keep(self, name: str, value: Any) -> None:
        """Keep a setting."""
        if isinstance(value, bool):
            value = "yes" if value else "no"
        self.app.keep(name, str(value))
        self.refresh()

    def free_space(self) -> None:
        """Remove from this phone the photos whose whole the server has confirmed."""
        ask(
            title=self.words("Free {size}?", size=self.freeable),
            message=self.words(
                "Only photos that the server has confirmed are removed from this phone. They stay on the server."
            ),
            yes=self.words("Free the space"),
            no=self.words("Keep them"),
            then=self._free,
        )

    def _free(self) -> None:
        self.phone.free_photos()
        self.refresh()
        toast(self.words("Space freed"))

    def sign_out(self) -> None:
        """Ask, and say what has not been sent."""
        unsent = self.phone.unsent()
        if unsent:
            message = ngettext_(
                "{n} item has not been sent. It stays on this phone and is sent after you enrol again.",
                "{n} items have not been sent. They stay on this phone and are sent after you enrol again.",
                unsent,
            )
        else:
            message = self.words("Everything is sent. To work here again, this phone needs a new code.")
        ask(
            title=self.words("Sign out?"),
            message=message,
            yes=self.words("Sign out"),
            no=self.words("Stay"),
            then=self._sign_out,
        )

    def _sign_out(self) -> None:
        self.phone.log_out()
        self.app.account_changed()


load(__file__)
