"""A code becomes an account on this phone. Blocking: call it off the interface thread.

What can go wrong is told apart, because each asks something else of the person: another code, another address, the
network, or patience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from mobile import api
from mobile.cards import Account
from mobile.problems import PhoneError
from sync.errors import PeerMisbehaved, PeerRefused, PeerUnreachable

if TYPE_CHECKING:
    from mobile.phone import Phone

LABEL_CHARS_MAX = 80
"""What a list of devices can show on one line."""


class EnrolmentError(PhoneError):
    """The root: this phone is as it was before."""


class CodeUnknown(EnrolmentError):
    """Nobody was given this code."""


class CodeUsed(EnrolmentError):
    """The code enrolled a phone already."""


class CodeExpired(EnrolmentError):
    """The code was good until some time ago."""


class NoNetwork(EnrolmentError):
    """Nothing answered at the address."""


class ServerTrouble(EnrolmentError):
    """The server answered that it cannot at the moment."""


class NotThidua(EnrolmentError):
    """Something answered that is no server of ours: a wrong address, or a captive portal."""


REFUSALS: dict[str, tuple[type[EnrolmentError], str]] = {
    "enrolment-unknown": (CodeUnknown, "code-unknown"),
    "enrolment-used": (CodeUsed, "code-used"),
    "enrolment-expired": (CodeExpired, "code-expired"),
    "invalid": (CodeUnknown, "code-unknown"),
}


def enrol(phone: Phone, server_url: str, code: str, label: str, *, session: requests.Session | None = None) -> Account:
    """Hand in `code` once and keep the account it was made for. Raises EnrolmentError."""
    try:
        url = api.tidy_url(server_url)
    except ValueError as error:
        raise NotThidua("not-thidua") from error
    with session or requests.Session() as http:
        try:
            answer = api.enrol(
                http,
                url,
                code=code.strip(),
                key=phone.enrolment_key(code.strip()),
                label=label.strip()[:LABEL_CHARS_MAX],
                app=phone.app_version,
                locale=phone.locale,
            )
        except PeerRefused as refusal:
            raise _refused(refusal) from refusal
        except PeerMisbehaved as error:
            raise NotThidua("not-thidua") from error
        except api.ServerBusy as error:
            raise ServerTrouble("code-limited" if error.too_often else "enrol-server-trouble") from error
        except PeerUnreachable as error:
            raise NoNetwork("no-network") from error
    if not _is_account(answer):
        raise NotThidua("not-thidua")
    return phone.enrolled(url, answer)


def _refused(refusal: PeerRefused) -> EnrolmentError:
    # JSON with a code nobody here wrote comes from some other service at that address.
    error, code = REFUSALS.get(refusal.error, (NotThidua, "not-thidua"))
    return error(code)


def _is_account(answer: dict[str, Any]) -> bool:
    person = answer.get("person")
    return (
        all(isinstance(answer.get(name), str) for name in ("token", "device", "account", "unit"))
        and isinstance(person, dict)
        and isinstance(person.get("id"), str)
        and isinstance(person.get("name"), str)
        and isinstance(answer.get("roles"), list)
    )
