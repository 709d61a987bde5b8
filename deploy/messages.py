"""Collect the app's texts and compile its catalogues: `python deploy/messages.py`.

Reads every `_("…")`, `N_("…")`, `self.words("…")` and `ngettext_("…", "…", n)` of `mobile`, in Python and in kv, into
`mobile/locale/<language>/LC_MESSAGES/mobile.po`, keeps the translations there, and writes the `.mo` beside it. English
texts are their own translation. Needs Babel.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
MOBILE = ROOT / "mobile"
LANGUAGES = ("vi", "en")

STRING = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
ONE = re.compile(rf"(?:\b_|\bN_|\bwords)\(\s*((?:{STRING}\s*)+)[,)]")
MANY = re.compile(rf"\bngettext_\(\s*((?:{STRING}\s*)+),\s*((?:{STRING}\s*)+),")

Text = str | tuple[str, str]


def texts() -> dict[Text, list[tuple[str, int]]]:
    """Every text of the app, and where it stands."""
    found: dict[Text, list[tuple[str, int]]] = {}
    for path in sorted(MOBILE.rglob("*")):
        if path.suffix not in (".py", ".kv"):
            continue
        source = path.read_text("utf-8")
        name = path.relative_to(ROOT).as_posix()
        for match in ONE.finditer(source):
            found.setdefault(ast.literal_eval(f"({match[1]})"), []).append((name, _line(source, match)))
        for match in MANY.finditer(source):
            both = (ast.literal_eval(f"({match[1]})"), ast.literal_eval(f"({match[2]})"))
            found.setdefault(both, []).append((name, _line(source, match)))
    found.pop("", None)
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue as it stands on disk."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, domain="mobile")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="mobile")


def po_file(language: str) -> Path:
    return MOBILE / "locale" / language / "LC_MESSAGES" / "mobile.po"


def updated(language: str) -> Catalog:
    """The catalogue with exactly the texts of now: translations are kept, what nobody says any more is dropped."""
    before = catalogue(language)
    after = Catalog(locale=language, domain="mobile", project="Thidua", fuzzy=False)
    after.creation_date = after.revision_date = before.creation_date
    for text, places in sorted(texts().items(), key=lambda item: str(item[0])):
        kept = before.get(text if isinstance(text, str) else text[0])
        string = kept.string if kept is not None and kept.string else None
        if string is None and language == "en":
            string = text
        # Without line numbers: a catalogue should change when a text does, not when code above it moves.
        after.add(text, string or "", locations=[(name, None) for name in dict.fromkeys(name for name, _ in places)])
    return after


def missing(language: str) -> list[Text]:
    """Texts of the app that the catalogue on disk does not say."""
    there = catalogue(language)
    found = []
    for text in texts():
        message = there.get(text if isinstance(text, str) else text[0])
        strings = [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        if not strings or not all(strings):
            found.append(text)
    return found


def _line(source: str, match: re.Match[str]) -> int:
    return source.count("\n", 0, match.start()) + 1


def main() -> int:
    for language in LANGUAGES:
        fresh = updated(language)
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, fresh, width=118, omit_header=False, include_lineno=False)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, fresh)
    untranslated = {language: missing(language) for language in LANGUAGES}
    for language, left in untranslated.items():
        for text in left:
            print(f"{language}: {text!r}", file=sys.stderr)
    return 1 if any(untranslated.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
