"""Who somebody is: accounts and their passwords, devices and their tokens, enrolment by a code used once.

Everything secret is kept as what cannot be turned back: passwords by argon2, tokens and codes by SHA-256 (they are
random, so a slow hash would protect nothing). What somebody may do is not decided here (`schemas.access`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas import ids
from schemas.base import check
from schemas.figures import parse_time, time_string
from schemas.hashing import nfc
from schemas.organisation import ROLES
from server.problems import Clash, Gone, Invalid, Missing, NotSignedIn
from server.registry import Registry
from sync.database import Document
from sync.errors import Conflict

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O or U, so that a code read over the telephone is typed as it was meant."""

CODE_CHARS: Final = 8
"""8 × 5 = 40 bits; with ten tries a minute and a day's validity a guess succeeds once in 76 million days."""

CODE_VALID_FOR: Final = timedelta(hours=24)
"""Long enough to reach a commune by post, telephone or a colleague; short enough to be forgotten safely."""

TOKEN_BYTES: Final = 32
PASSWORD_CHARS_MIN: Final = 8
LABEL_CHARS_MAX: Final = 80

MARK_CHARS: Final = 16
"""Of the SHA-256 of what is kept of a password, which is salted: it tells two apart and nothing else."""

NO_PASSWORD: Final = "-"  # noqa: S105 - the absence of one
"""Kept for an account that signs in nowhere: no password has this for its hash."""

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account, without anything secret. `password_mark` is another once the password is."""

    account: str
    login: str
    person: str
    name: str | None
    unit: str
    roles: tuple[str, ...]
    locale: str
    active: bool
    closed_at: str | None = None
    password_mark: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A phone, as its owner and the gateway see it."""

    device: str
    account: str
    label: str
    enrolled_at: str
    state: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A fresh code, shown once: it is kept nowhere."""

    code: str
    account: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a phone gets for its code. `token` is told here and never again."""

    token: str
    device: Device
    account: Account


class Accounts:
    """Sign-in, enrolment, devices. Time and randomness are given."""

    def __init__(
        self, registry: Registry, *, now: Callable[[], datetime], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._registry = registry
        self._now = now
        self._random_bytes = random_bytes
        self._hasher = PasswordHasher()
        # Verified when a login is unknown, so that the answer takes as long as for a wrong password.
        self._nobody = self._hasher.hash("nobody")

    # People

    def find(self, account: str) -> Account | None:
        return self._found(account, self._registry.now())

    def by_login(self, login: str) -> Account | None:
        document = self._by_login(login)
        return None if document is None else self._account(document)

    def all(self) -> list[Account]:
        return [self._account(document) for document in self._registry.all("account")]

    def sign_in(self, login: str, password: str) -> Account:
        """Raises NotSignedIn with one sentence for an unknown login, a wrong password and a closed account alike."""
        document = self._by_login(login)
        may = document is not None and document["password"] != NO_PASSWORD
        kept = document["password"] if document is not None and may else self._nobody
        try:
            self._hasher.verify(kept, nfc(password))
        except (VerificationError, InvalidHashError) as error:
            raise NotSignedIn("sign-in-refused") from error
        if document is None or not may or document["state"] != "active":
            raise NotSignedIn("sign-in-refused")
        if self._hasher.check_needs_rehash(kept):
            document = self._registry.put({**document, "password": self._hasher.hash(nfc(password))})
        return self._account(document)

    def add(
        self,
        *,
        login: str,
        name: str,
        unit: str,
        roles: Sequence[str],
        password: str | None,
        locale: str = "vi",
        account: str | None = None,
    ) -> Account:
        """A new person with an account. Raises Clash (the login is taken), Invalid, Missing (no such unit).

        Without a password the account signs in nowhere; its phone is enrolled by a code all the same.
        """
        problems = []
        if not _LOGIN.fullmatch(login):
            problems.append(("login", "login-form"))
        if not name.strip():
            problems.append(("name", "required"))
        if password is not None and len(password) < PASSWORD_CHARS_MIN:
            problems.append(("password", "password-short"))
        if not roles or not set(roles) <= set(ROLES):
            problems.append(("roles", "roles-unknown"))
        if problems:
            raise Invalid.of(problems, minimum=PASSWORD_CHARS_MIN, roles=", ".join(ROLES))
        if self._registry.find(ids.unit_id(unit)) is None:
            raise Missing("unit-unknown", {"unit": unit})
        new_account, person = account or self._ulid(), self._ulid()
        with self._registry.writing():
            if self._by_login(login) is not None:
                raise Clash("login-taken", {"login": login})
            # The person first: an account that names nobody would be worse than a person without an account.
            self._registry.write(
                {"_id": ids.person_id(person), "type": "person", "v": 1, "person": person, "name": nfc(name.strip())}
            )
            document = self._registry.write(
                {
                    "_id": ids.account_id(new_account),
                    "type": "account",
                    "v": 1,
                    "account": new_account,
                    "login": login,
                    "person": person,
                    "unit": unit,
                    "roles": sorted(set(roles)),
                    "locale": locale,
                    "password": NO_PASSWORD if password is None else self._hasher.hash(nfc(password)),
                    "state": "active",
                }
            )
        return self._account(document)

    def close(self, account: str) -> Account:
        """The person signs in nowhere any more and their phones only push, for a while. Raises Missing."""
        document = self._open_account(account)
        return self._account(self._registry.put({**document, "state": "closed", "closed_at": time_string(self._now())}))

    def set_password(self, account: str, password: str) -> Account:
        """Who signed in with the old one is signed out. Raises Missing, Invalid."""
        document = self._open_account(account)
        if len(password) < PASSWORD_CHARS_MIN:
            raise Invalid.of([("password", "password-short")], minimum=PASSWORD_CHARS_MIN)
        return self._account(self._registry.put({**document, "password": self._hasher.hash(nfc(password))}))

    def set_roles(self, account: str, roles: Sequence[str]) -> Account:
        """These roles and no others. Raises Missing, Invalid."""
        document = self._open_account(account)
        if not roles or not set(roles) <= set(ROLES):
            raise Invalid.of([("roles", "roles-unknown")], roles=", ".join(ROLES))
        return self._account(self._registry.put({**document, "roles": sorted(set(roles))}))

    def _open_account(self, account: str) -> Document:
        document = self._registry.find(ids.account_id(account)) if ids.is_word(account) else None
        if document is None or document["state"] != "active":
            raise Missing("account-unknown", {"account": account})
        return document

    # Phones

    def new_code(self, account: str, *, valid_for: timedelta = CODE_VALID_FOR) -> Enrolment:
        """A code by which one phone becomes this account's. Raises Missing."""
        known = self.find(account)
        if known is None or not known.active:
            raise Missing("account-unknown", {"account": account})
        random = int.from_bytes(self._random_bytes(CODE_CHARS))
        code = "".join(CODE_ALPHABET[random >> 5 * place & 31] for place in range(CODE_CHARS))
        expires = time_string(self._now() + valid_for)
        self._registry.write(
            {
                "_id": ids.enrolment_id(_sha256(code)),
                "type": "enrolment",
                "v": 1,
                "account": account,
                "expires_at": expires,
                "used_at": None,
                "device": None,
            }
        )
        return Enrolment(f"{code[:4]}-{code[4:]}", account, expires)

    def redeem(self, code: str, label: str, *, key: str | None = None) -> Enrolled:
        """Turn a code into a device, once. Raises Missing (no such code), Clash (used), Gone (expired), and
        InvalidDocument where the phone can have no such name.

        `key` is a secret of the phone's own: while the code lives, the phone that used it may ask again with the same
        one, because the answer, and the token in it, may have been lost on the way. It gets the same device.
        """
        typed = normal_code(code)
        document = None if typed is None else self._registry.find(ids.enrolment_id(_sha256(typed)))
        if document is None:
            raise Missing("enrolment-unknown")
        again = document["used_at"] is not None
        if again and not _same_key(document, key):
            raise Clash("enrolment-used")
        now = self._now()
        if now >= parse_time(document["expires_at"]):
            raise Gone("enrolment-expired")
        account = self.find(document["account"])
        if account is None or not account.active:
            raise Gone("enrolment-expired")
        if again:
            device = str(document["device"])
            known = self._registry.find(ids.device_id(device))
            if known is not None and known["state"] != "active":
                raise Clash("enrolment-used")
        else:
            device = self._ulid()
        token = f"{device}.{self._random_bytes(TOKEN_BYTES).hex()}"
        document_of_device = _device_document(device, account.account, label, token, now)
        check(document_of_device)  # a name that cannot be must not cost the code
        if not again:
            claimed = {} if key is None else {"key_sha256": _sha256(key)}
            try:
                # The revision decides who was first: a crash after this line never gives two devices.
                self._registry.write({**document, "used_at": time_string(now), "device": device, **claimed})
            except Conflict as error:
                raise Clash("enrolment-used") from error
        # A slow first request must not take back the token its own repetition was given meanwhile.
        write = self._registry.put if again else self._registry.write
        try:
            written = write(document_of_device)
        except Conflict as error:
            raise Clash("enrolment-used") from error
        return Enrolled(token, _device(written), account)

    def by_token(self, token: str) -> tuple[Account, Device] | None:
        """Whose token this is, whatever the device's state; None for a token never given."""
        device, _, _ = token.partition(".")
        # One look at the registry for all three: this is asked at every request.
        now = self._registry.now()
        document = now.get(ids.device_id(device)) if ids.is_word(device) else None
        if document is None or not hmac.compare_digest(document["token_sha256"], _sha256(token)):
            return None
        account = self._found(document["account"], now)
        return None if account is None else (account, _device(document))

    def by_device(self, device: str) -> tuple[Account, Device] | None:
        """The same for a device already known, as it stands now."""
        now = self._registry.now()
        document = now.get(ids.device_id(device))
        account = None if document is None else self._found(document["account"], now)
        return None if document is None or account is None else (account, _device(document))

    def seal_key(self, device: str) -> str | None:
        """By what a file of this phone is sealed (`schemas.carried`): what is kept of its token."""
        document = self._registry.find(ids.device_id(device)) if ids.is_word(device) else None
        return None if document is None else str(document["token_sha256"])

    def devices(self, account: str) -> list[Device]:
        """The account's phones, newest first."""
        found = [_device(each) for each in self._registry.all("device") if each["account"] == account]
        return sorted(found, key=lambda each: (each.enrolled_at, each.device), reverse=True)

    def set_device_state(self, account: str, device: str, state: str) -> Device:
        """Revoke a phone or report it lost. Raises Missing: no such phone of this account."""
        document = self._registry.find(ids.device_id(device)) if ids.is_word(device) else None
        if document is None or document["account"] != account:
            raise Missing("device-unknown")
        revoked_at = document["revoked_at"] or time_string(self._now())
        changed = {**document, "state": state, "revoked_at": None if state == "active" else revoked_at}
        return _device(self._registry.put(changed))

    def _by_login(self, login: str) -> Document | None:
        wanted = login.strip().lower()
        return next((each for each in self._registry.all("account") if each["login"] == wanted), None)

    def _found(self, account: str, now: Mapping[str, Document]) -> Account | None:
        document = now.get(ids.account_id(account)) if ids.is_word(account) else None
        return None if document is None else self._account(document, now)

    def _account(self, document: Document, now: Mapping[str, Document] | None = None) -> Account:
        person = (self._registry.now() if now is None else now).get(ids.person_id(document["person"]))
        return Account(
            account=document["account"],
            login=document["login"],
            person=document["person"],
            name=None if person is None else person["name"],
            unit=document["unit"],
            roles=tuple(document["roles"]),
            locale=document["locale"],
            active=document["state"] == "active",
            closed_at=document.get("closed_at"),
            password_mark=_sha256(document["password"])[:MARK_CHARS],
        )

    def _ulid(self) -> str:
        return ids.new_ulid(self._now(), self._random_bytes)


def normal_code(typed: str) -> str | None:
    """The code somebody meant: any case, spaces and dashes anywhere, O for 0, I and L for 1. None: no code at all."""
    code = re.sub(r"[\s\-‐-―.]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    return code if len(code) == CODE_CHARS and set(code) <= set(CODE_ALPHABET) else None


def _same_key(enrolment: Document, key: str | None) -> bool:
    kept = enrolment.get("key_sha256")
    return key is not None and kept is not None and hmac.compare_digest(kept, _sha256(key))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _device_document(device: str, account: str, label: str, token: str, now: datetime) -> Document:
    return {
        "_id": ids.device_id(device),
        "type": "device",
        "v": 1,
        "device": device,
        "account": account,
        "label": nfc(label.strip())[:LABEL_CHARS_MAX],
        "token_sha256": _sha256(token),
        "enrolled_at": time_string(now),
        "state": "active",
        "revoked_at": None,
    }


def _device(document: Document) -> Device:
    return Device(
        device=document["device"],
        account=document["account"],
        label=document["label"],
        enrolled_at=document["enrolled_at"],
        state=document["state"],
        revoked_at=document["revoked_at"],
    )
