"""What one installation is told and what it keeps for itself: the data folder, its secret, its name.

Read once at the start and frozen; everything else is given a `Config`. It must never know how a setting is used.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sync.face.limits import Limits, changed

SECRET_BYTES: Final = 32
"""256 bits: what signs session cookies is never guessed."""

SERVER_ID_BYTES: Final = 5
"""40 random bits tell the few servers of one installation apart in the ids of arrivals."""

OLDEST_APP: Final = "0.1.0"
"""The oldest app this version still serves (`GET /api/v1/databases`)."""


_COUCHDB_PREFIX: Final = re.compile(r"([a-z][a-z0-9_-]{0,40})?")
"""CouchDB's names begin with a letter; what is ours follows, and must stay below its limit for a file's name."""


class ConfigRefused(Exception):
    """A setting that cannot be used as it is. The sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Config:
    """`data` holds `databases/`, `projection.sqlite`, `secret.key`, `signing.key` and `server.id`.

    Environment: THIDUA_DATA, THIDUA_LOCALE, THIDUA_SECURE_COOKIES, THIDUA_COUCHDB_URL, THIDUA_COUCHDB_PREFIX,
    THIDUA_LIMITS (`name=number`, separated by commas), THIDUA_PROXIES.
    """

    data: Path
    secret_key: bytes = field(repr=False)
    server: str
    """This server's word in `arrival:<submission>:<server>`; kept, so that a restart writes the same id."""
    signing_key: bytes = field(default=b"", repr=False)
    """The 32 secret bytes that sign bundles: never logged, and in no backup but one that is asked for."""
    locale: str = "vi"
    oldest_app: str = OLDEST_APP
    secure_cookies: bool = False
    """Cookies only over HTTPS: on where the service stands behind TLS, off for the demo on loopback."""
    couchdb: str | None = field(default=None, repr=False)
    """Address of the CouchDB that keeps the databases, with its account; None keeps them in `data`."""
    couchdb_prefix: str = ""
    """With what the names of our databases begin there: several installations may share one CouchDB."""
    limits: Limits = field(default_factory=Limits)
    """How much one request of a phone may ask of the gateway (docs/the-wire.md)."""
    proxies: int = 0
    """Through how many proxies of ours a request comes: as many of the last `X-Forwarded-…` are believed."""
    sweep_every_s: float = 300.0
    """Every five minutes the follower looks at everything, whatever hints it had."""

    @property
    def databases(self) -> Path:
        return self.data / "databases"

    @property
    def projection(self) -> Path:
        return self.data / "projection.sqlite"


def load(
    data: Path | None = None,
    *,
    locale: str | None = None,
    secure_cookies: bool | None = None,
    couchdb: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Flags first, then the environment, then what fits one machine. Creates the folder and its two kept files."""
    told = os.environ if environment is None else environment
    folder = data or Path(told.get("THIDUA_DATA") or "thidua-data")
    chosen = locale or told.get("THIDUA_LOCALE") or "vi"
    if chosen not in ("vi", "en"):
        raise ConfigRefused(f"The language is vi or en, not {chosen!r}: change THIDUA_LOCALE.")
    secure = (
        told.get("THIDUA_SECURE_COOKIES", "").lower() in ("1", "true", "yes")
        if secure_cookies is None
        else secure_cookies
    )
    prefix = told.get("THIDUA_COUCHDB_PREFIX", "")
    if _COUCHDB_PREFIX.fullmatch(prefix) is None:
        raise ConfigRefused(
            f"Names of databases in CouchDB cannot begin with {prefix!r}: in THIDUA_COUCHDB_PREFIX give small letters,"
            " digits, - and _, a letter first."
        )
    proxies = told.get("THIDUA_PROXIES") or "0"
    if not (proxies.isascii() and proxies.isdecimal()):
        raise ConfigRefused(
            f"THIDUA_PROXIES is how many proxies stand before the service, a number such as 0 or 1, not {proxies!r}."
        )
    try:
        limits = changed(each for each in told.get("THIDUA_LIMITS", "").split(",") if each.strip())
    except ValueError as error:
        raise ConfigRefused(f"THIDUA_LIMITS cannot be used: {error}") from error
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "databases").mkdir(mode=0o700, exist_ok=True)
        secret = bytes.fromhex(_kept(folder / "secret.key", lambda: secrets.token_hex(SECRET_BYTES)))
        signing = bytes.fromhex(_kept(folder / "signing.key", lambda: secrets.token_hex(SECRET_BYTES)))
        server = _kept(folder / "server.id", lambda: f"s-{secrets.token_hex(SERVER_ID_BYTES)}")
    except OSError as error:
        raise ConfigRefused(f"The data folder {folder} cannot be used: {error.strerror}.") from error
    if len(signing) != SECRET_BYTES:
        raise ConfigRefused(
            f"{folder / 'signing.key'} is damaged: restore it from where it was kept. "
            "A new one has another fingerprint than the one printed on published rankings."
        )
    if len(secret) != SECRET_BYTES:
        raise ConfigRefused(f"{folder / 'secret.key'} is damaged: restore it, or remove it and have everybody sign in.")
    return Config(
        data=folder,
        secret_key=secret,
        signing_key=signing,
        server=server,
        locale=chosen,
        secure_cookies=secure,
        couchdb=couchdb or told.get("THIDUA_COUCHDB_URL") or None,
        couchdb_prefix=prefix,
        limits=limits,
        proxies=int(proxies),
    )


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The file's one line; made once, readable by its owner alone, and appearing whole (two starts may race)."""
    if not path.exists():
        scratch = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # link, unlike rename, leaves alone what the other start has put there meanwhile.
            os.link(scratch, path)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    return path.read_text(encoding="ascii").strip()
