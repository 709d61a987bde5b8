"""Who asks the API: a phone by its token, a person by the pages' session. It must never know what they may."""

from __future__ import annotations

from dataclasses import dataclass

import flask
from flask import request
from flask_login import current_user

from server.accounts import Account, Device
from server.problems import Invalid, NotSignedIn, Refused
from server.service import Service


@dataclass(frozen=True, slots=True)
class Asking:
    account: Account
    device: Device | None


def service() -> Service:
    found: Service = flask.current_app.extensions["thidua"]
    return found


def asking() -> Asking:
    """Raises NotSignedIn, and Refused for a phone whose right was withdrawn: it pushes still, it reads no more."""
    given = request.authorization
    if given is not None and given.type == "bearer":
        known = service().accounts.by_token(given.token or "")
        if known is None:
            raise NotSignedIn("token-unknown")
        account, device = known
        if device.state != "active" or not account.active:
            raise Refused("device-revoked")
        return Asking(account, device)
    if current_user.is_authenticated:
        # Another site can make a browser send a form here, but not JSON: that it must first ask us.
        if request.method != "GET" and not request.is_json:
            raise Invalid("not-json")
        return Asking(current_user.account, None)
    raise NotSignedIn("signed-out")


def phone() -> tuple[Account, Device]:
    """A device, whatever its state. Raises NotSignedIn."""
    given = request.authorization
    known = service().accounts.by_token(given.token or "") if given is not None and given.type == "bearer" else None
    if known is None:
        raise NotSignedIn("token-unknown")
    return known
