"""The one place where ids and database names are built and taken apart.

An id carries type and subject, so that a retry can never make a second document. Whether what an id names exists,
and who may touch it, is not known here. (Ids of photos and their chunks: `sync.media`.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

ID_CHARS_MAX: Final = 64
"""One segment; four of them and a ULID stay far under CouchDB's practical limit for an id."""

STAGES: Final = ("self", "cross")

WORD: Final = re.compile(rf"[a-z0-9-]{{1,{ID_CHARS_MAX}}}")
HASH: Final = re.compile(r"[0-9a-f]{64}")
_ULID = re.compile(r"[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_YEAR = re.compile(r"20[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"

_SEGMENTS: Final[dict[str, re.Pattern[str]]] = {
    "ulid": _ULID,
    "hash": HASH,
    "short": re.compile(r"[0-9a-f]{16}"),
    "n": _NUMBER,
    "version": _NUMBER,
    "year": _YEAR,
    "date": _DAY,
    "stage": re.compile("|".join(STAGES)),
}

# Every type's forms, longest first. A name without a pattern above is a plain word.
_FORMS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "unit": (("unit",),),
    "unitevent": (("date", "unit"),),
    "group": (("group",),),
    "person": (("person",),),
    "account": (("account",),),
    "device": (("device",),),
    "enrolment": (("hash",),),
    "scheme": (("scheme", "version"),),
    "groupyear": (("group", "year"),),
    "member": (("account",),),
    "movement": (("movement",),),
    "award": (("award",),),
    "pact": (("group", "year"),),
    "draft": (("group", "unit", "stage", "visit"), ("group", "unit", "stage")),
    "submission": (("group", "unit", "stage", "visit", "ulid"), ("group", "unit", "stage", "ulid")),
    "evidence": (("unit", "ulid"),),
    "cited": (("hash",),),
    "part": (("hash",),),
    "kept": (("hash",),),
    "decision": (("n", "short"),),
    "reply": (("unit", "criterion", "ulid"),),
    "minutes": (("unit", "visit", "ulid"),),
}

TYPES: Final = (*_FORMS, "arrival")


class NotAnId(ValueError):
    """The text is no id of this product; the sentence says of what it failed to be one."""


@dataclass(frozen=True, slots=True)
class DocumentId:
    """An id taken apart: `fields` by the names of docs/documents.md (`hash` and `short` are hex digits)."""

    type: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def get(self, name: str) -> str | None:
        return self.fields.get(name)


@lru_cache(maxsize=1_024)  # judging a document takes its id apart three times; none is longer than 7 KB
def parse(document_id: str) -> DocumentId:
    """Take an id apart. Raises NotAnId."""
    kind, _, rest = document_id.partition(":")
    if kind == "arrival":
        submission, _, server = rest.rpartition(":")
        if parse(submission).type == "submission" and WORD.fullmatch(server):
            return DocumentId("arrival", {"submission": submission, "server": server})
        raise NotAnId(document_id)
    words = rest.split(":")
    for form in _FORMS.get(kind, ()):
        if len(form) == len(words) and all(
            _SEGMENTS.get(name, WORD).fullmatch(word) for name, word in zip(form, words, strict=True)
        ):
            fields = dict(zip(form, words, strict=True))
            # A self checklist has no visit; a cross one belongs to exactly one.
            if "stage" in fields and (fields["stage"] == "cross") != ("visit" in fields):
                break
            return DocumentId(kind, fields)
    raise NotAnId(document_id)


def type_of(document_id: str) -> str:
    """The first word of an id, known or not."""
    return document_id.partition(":")[0]


def is_word(text: str) -> bool:
    """May this be one segment of an id?"""
    return bool(WORD.fullmatch(text))


def is_hash(text: str) -> bool:
    """64 lower-case hex digits?"""
    return bool(HASH.fullmatch(text))


def ulid(time_ms: int, random_80: int) -> str:
    """A ULID in lower case from a time in milliseconds and 80 random bits; sorts by time."""
    if not 0 <= time_ms < 1 << 48 or not 0 <= random_80 < 1 << 80:
        raise ValueError("a ULID is made of 48 bits of time and 80 random bits")
    number = time_ms << 80 | random_80
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def new_ulid(at: datetime, random_bytes: Callable[[int], bytes]) -> str:
    """A ULID of the moment `at` (a clock without a battery may begin before 1970: then of 1970).

    `random_bytes(n)` gives n bytes that nobody can guess.
    """
    return ulid(max(0, int(at.timestamp() * 1000)), int.from_bytes(random_bytes(10)))


def _build(kind: str, **fields: str | int | None) -> str:
    given = [str(value) for value in fields.values() if value is not None]
    built = ":".join([kind, *given])
    parse(built)  # A wrong word stops here, never in a database.
    return built


def unit_id(unit: str) -> str:
    return _build("unit", unit=unit)


def unit_event_id(date: str, unit: str) -> str:
    return _build("unitevent", date=date, unit=unit)


def group_id(group: str) -> str:
    return _build("group", group=group)


def person_id(person: str) -> str:
    return _build("person", person=person)


def account_id(account: str) -> str:
    return _build("account", account=account)


def device_id(device: str) -> str:
    return _build("device", device=device)


def member_id(account: str) -> str:
    return _build("member", account=account)


def movement_id(movement: str) -> str:
    return _build("movement", movement=movement)


def award_id(award: str) -> str:
    return _build("award", award=award)


def enrolment_id(code_sha256: str) -> str:
    return _build("enrolment", hash=code_sha256)


def scheme_id(scheme: str, version: int) -> str:
    return _build("scheme", scheme=scheme, version=version)


def groupyear_id(group: str, year: int) -> str:
    return _build("groupyear", group=group, year=year)


def pact_id(group: str, year: int) -> str:
    return _build("pact", group=group, year=year)


def draft_id(group: str, unit: str, stage: str, visit: str | None = None) -> str:
    return _build("draft", group=group, unit=unit, stage=stage, visit=visit)


def submission_id(group: str, unit: str, stage: str, visit: str | None, made_ulid: str) -> str:
    return _build("submission", group=group, unit=unit, stage=stage, visit=visit, ulid=made_ulid)


def evidence_id(unit: str, made_ulid: str) -> str:
    return _build("evidence", unit=unit, ulid=made_ulid)


def cited_id(body_hash: str) -> str:
    return _build("cited", hash=body_hash)


def part_id(body_hash: str) -> str:
    return _build("part", hash=body_hash)


def kept_id(body_hash: str) -> str:
    return _build("kept", hash=body_hash)


def decision_id(n: int, body_hash: str) -> str:
    return _build("decision", n=n, short=body_hash[:16])


def arrival_id(submission: str, server: str) -> str:
    return _build("arrival", submission=submission, server=server)


def reply_id(unit: str, criterion: str, made_ulid: str) -> str:
    return _build("reply", unit=unit, criterion=criterion, ulid=made_ulid)


def minutes_id(unit: str, visit: str, made_ulid: str) -> str:
    return _build("minutes", unit=unit, visit=visit, ulid=made_ulid)


def checklist_subject(group: str, unit: str, stage: str, visit: str | None = None) -> str:
    """What submissions of one checklist share, and what `count-submission` decides on."""
    return draft_id(group, unit, stage, visit).replace("draft:", "checklist:", 1)


def checklist_of(document_id: str) -> str:
    """The checklist a draft or a submission belongs to."""
    parsed = parse(document_id)
    return checklist_subject(parsed["group"], parsed["unit"], parsed["stage"], parsed.get("visit"))


# Databases


REGISTRY: Final = "registry"


@dataclass(frozen=True, slots=True)
class DatabaseName:
    """A database's name taken apart. `kind` is registry, group, unit, visit or media."""

    kind: str
    group: str | None = None
    year: int | None = None
    unit: str | None = None
    visit: str | None = None


def group_database(group: str, year: int) -> str:
    return _database(f"g-{group}-{year}")


def media_database(group: str, year: int) -> str:
    return _database(f"m-{group}-{year}")


def unit_database(unit: str, year: int) -> str:
    return _database(f"u-{unit}-{year}")


def visit_database(visit: str) -> str:
    return _database(f"v-{visit}")


@lru_cache(maxsize=1_024)  # asked for every document of a batch
def parse_database(name: str) -> DatabaseName:
    """Take a database's name apart. Raises NotAnId."""
    if name == REGISTRY:
        return DatabaseName("registry")
    letter, _, rest = name.partition("-")
    if letter == "v" and WORD.fullmatch(rest):
        return DatabaseName("visit", visit=rest)
    subject, _, year = rest.rpartition("-")
    if letter in ("g", "m", "u") and WORD.fullmatch(subject) and _YEAR.fullmatch(year):
        if letter == "u":
            return DatabaseName("unit", unit=subject, year=int(year))
        return DatabaseName("group" if letter == "g" else "media", group=subject, year=int(year))
    raise NotAnId(name)


def _database(name: str) -> str:
    parse_database(name)
    return name
