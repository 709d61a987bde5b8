"""What all pages share: they are told what to show when entered, and read the phone again when something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kivy.app import App
from kivy.uix.screenmanager import Screen

if TYPE_CHECKING:
    from mobile.app import ThiduaApp
    from mobile.phone import Phone


class Page(Screen):
    """A screen of the app. `top_level` ones keep the navigation bar and are not gone back from."""

    top_level = False

    @property
    def app(self) -> ThiduaApp:
        return App.get_running_app()

    @property
    def phone(self) -> Phone:
        return self.app.phone

    def show(self, **what: Any) -> None:
        """Remember what to show (a key, a group) before the page is entered, then read it."""
        for name, value in what.items():
            setattr(self, name, value)
        self.refresh()

    def refresh(self) -> None:
        """Read the phone again and update what is on screen, in place: nothing may jump."""

    def leave(self) -> None:
        """Keep what is half entered: the app pauses, or another page comes."""

    def words(self, text: str, **params: Any) -> str:
        """`text` in the language of now, with its blanks filled."""
        return str(self.app._(text)).format(**params) if params else str(self.app._(text))
