"""Who reads: the signed-in account as Flask-Login's user, and the service behind the pages.

The session holds the account's id and the mark of its password; whether the account is still active, and the password
still that one, is asked at every request. This module must never know what a reader may see: the board and the acts
say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from server.accounts import Account

if TYPE_CHECKING:
    from server.service import Service


class Reader(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The signed-in person."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def get_id(self) -> str:
        return f"{self.account.account}.{self.account.password_mark}"

    @property
    def name(self) -> str:
        """Their name; once it is erased, what they sign in with."""
        return self.account.name or self.account.login

    @property
    def locale(self) -> str:
        return self.account.locale


def service() -> Service:
    """The service these pages show."""
    found: Service = current_app.extensions["thidua"]
    return found


def account() -> Account:
    """The signed-in account. Only for views behind the sign-in."""
    reader: Reader = current_user
    return reader.account


def _load(session_id: str) -> Reader | None:
    account_id, _, mark = session_id.partition(".")
    found = service().accounts.find(account_id)
    return Reader(found) if found is not None and found.active and found.password_mark == mark else None


def ask_to_sign_in() -> Response:
    """To the sign-in page, and back to the one asked for afterwards."""
    # By its path alone: never to another site.
    asked = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("web.sign_in", next=asked if asked != "/" else None))


def init_app(app: Flask) -> None:
    """Sessions by signed cookie: not readable by scripts, not sent along from other sites."""
    # Assigned: Flask's own defaults are there already, so that setdefault would leave the cookie called `session`.
    app.config["SESSION_COOKIE_NAME"] = "thidua"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = app.config.get("SESSION_COOKIE_SAMESITE") or "Lax"
    manager = LoginManager(app)
    manager.session_protection = "strong"
    manager.login_message = _("Mời đăng nhập để xem trang này.")
    manager.user_loader(_load)
    manager.unauthorized_handler(ask_to_sign_in)
