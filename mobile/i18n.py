"""The language the phone speaks: gettext over our own catalogues, switchable while the app runs.

Texts in code are English; Vietnamese is the first language of the product and what the phone starts in. Screens that
are open ask `on_change` to be told and write themselves anew. It must never know a screen.
"""

from __future__ import annotations

import gettext
import threading
from collections.abc import Callable
from pathlib import Path

LOCALES = ("vi", "en")
FIRST = "vi"
DOMAIN = "mobile"
FOLDER = Path(__file__).parent / "locale"

_lock = threading.Lock()
_language = FIRST
_catalogues: dict[str, gettext.NullTranslations] = {}
_listeners: list[Callable[[str], None]] = []


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text for translation where it is written; `_` says it where it is shown."""
    return text


STATE_WORDS = {
    "draft": N_("Draft"),
    "incomplete": N_("Incomplete"),
    "ready": N_("Ready to send"),
    "sending": N_("Sending"),
    "sent": N_("Sent"),
    "verified": N_("Verified"),
    "returned": N_("Returned"),
    "disputed": N_("Disputed"),
    "refused": N_("Refused"),
}


def _(text: str) -> str:
    """`text` in the language of now. The English text itself where a catalogue lacks it."""
    return _catalogue(_language).gettext(text) if text else ""


def ngettext_(one: str, many: str, n: int) -> str:
    """The form for `n`, with `{n}` filled in."""
    return _catalogue(_language).ngettext(one, many, n).format(n=n)


def state_word(state: str) -> str:
    """The word for a record's state, the same on phone and page."""
    return _(STATE_WORDS[state])


def language() -> str:
    return _language


def set_language(locale: str) -> None:
    """Speak `locale` from now on and tell all listeners. Raises ValueError for a language we do not have."""
    global _language
    if locale not in LOCALES:
        raise ValueError(f"no catalogue for {locale!r}")
    with _lock:
        changed, _language = _language != locale, locale
        listeners = tuple(_listeners) if changed else ()
    for listener in listeners:
        listener(locale)


def on_change(listener: Callable[[str], None]) -> Callable[[], None]:
    """Call `listener(locale)` after every switch; answers how to stop that."""
    with _lock:
        _listeners.append(listener)

    def stop() -> None:
        with _lock:
            if listener in _listeners:
                _listeners.remove(listener)

    return stop


def _catalogue(locale: str) -> gettext.NullTranslations:
    found = _catalogues.get(locale)
    if found is None:
        # fallback: a source checkout before `deploy/messages.sh` still runs, in English
        found = _catalogues[locale] = gettext.translation(DOMAIN, FOLDER, languages=[locale], fallback=True)
    return found
