"""The strict members documents are made of: each accepts one spelling of a value and refuses all others.

A refusal is a `Fault` (code and figures), never a sentence: those are made where the reader's language is known.
Every limit is named here with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, ClassVar, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from schemas import figures, ids
from schemas.problem import Problem

NAME_CHARS_MAX: Final = 300
"""A name, a title, a theme: the longest official one we met has 170."""

NOTE_CHARS_MAX: Final = 4_000
"""A note or a reason: about a page and a half. More belongs into an attached photo or the minutes."""

PROBLEMS_MAX: Final = 50
"""As many as a person can put right at once; the rest shows itself on the next try."""


_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc and Cs without the line break and the tab."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A `Problem` that does not know its path yet."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


def fault(code: str, **params: Any) -> ValidationError:
    """What a member raises."""
    return ValidationError([Fault(code, params)])


def flatten(messages: Any, path: str = "") -> Iterator[Problem]:
    """Marshmallow's tree of errors as problems with dotted paths."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from flatten(inner, path if name == "_schema" else f"{path}.{name}" if path else str(name))
        return
    for message in messages:
        if isinstance(message, Fault):
            yield Problem(path, message.code, message.params)
        else:
            yield Problem(path, "invalid", {"detail": str(message)})


class Form(Schema):
    """An object whose members are all declared. `agree` says what must hold between them."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar[dict[str, Any]] = {"unknown": Fault("unknown-member"), "type": Fault("not-object")}  # type: ignore[misc]

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        """Pairs of a member's path and its fault; asked only when each member is right by itself."""
        del body
        return iter(())

    def fits(self, value: Any) -> bool:
        """Is nothing wrong with it? Exactly when `validate` finds nothing, at a fraction of its cost: nearly all that
        is ever judged is right, and only what is not needs its faults collected.
        """
        if not isinstance(value, dict):
            return False
        try:
            fits = self._all_fit(value) if value.keys() == self._judges.keys() else self._some_fit(value)
        except (ValidationError, TypeError):  # TypeError: a pattern was given what is no text
            return False
        return fits and next(iter(self.agree(value)), None) is None

    def _all_fit(self, value: dict[str, Any]) -> bool:
        """Does each member fit, none lacking? Those of one pattern are matched without a call of ours between."""
        for _, pick, matches in self._alike:
            if not all(map(matches, pick(value))):
                return False
        for name, judge, nullable in self._single:
            held = value[name]
            if held is not None:
                judge(held)
            elif not nullable:
                return False
        return True

    def _some_fit(self, value: dict[str, Any]) -> bool:
        judges = self._judges
        seen = 0
        for name, held in value.items():
            if name not in judges:
                return False
            judge, nullable, needed = judges[name]
            seen += needed
            if held is not None:
                judge(held)
            elif not nullable:
                return False
        return seen == self._needed

    @cached_property
    def _judges(self) -> dict[str, tuple[Callable[[Any], None], bool, bool]]:
        """Of each member: what judges it, whether it may be null, whether it must be there."""
        return {
            name: (member.judge, member.allow_none, member.required)  # type: ignore[attr-defined]  # they are `Member`s
            for name, member in self.fields.items()
        }

    @cached_property
    def _alike(self) -> list[tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], Callable[[str], object]]]:
        """Members that may not be null, two or more of one pattern: what picks them, and what each must match."""
        found: dict[Callable[[str], object], list[str]] = {}
        for name, member in self.fields.items():
            if isinstance(member, Matching) and type(member).judge is Matching.judge and not member.allow_none:
                found.setdefault(member.accepts, []).append(name)
        return [(tuple(names), itemgetter(*names), accepts) for accepts, names in found.items() if len(names) > 1]

    @cached_property
    def _single(self) -> list[tuple[str, Callable[[Any], None], bool]]:
        """All other members: what judges each, and whether it may be null."""
        alike = {name for names, _, _ in self._alike for name in names}
        return [(name, judge, nullable) for name, (judge, nullable, _) in self._judges.items() if name not in alike]

    @cached_property
    def _needed(self) -> int:
        return sum(needed for _, _, needed in self._judges.values())

    @validates_schema
    def _members_agree(self, body: dict[str, Any], **_kwargs: Any) -> None:
        tree: dict[str, Any] = {}
        for path, found in self.agree(body):
            at = tree
            # An object and a member of it may both be wrong: what is said of the object itself stands in `_schema`.
            for step in path.split(".") if path else []:
                at = at.setdefault(step, {})
            at.setdefault("_schema", []).append(found)
        if tree:
            raise ValidationError(tree)


class Member(fields.Field[Any], ABC):
    """A member that must be there and be no null, unless said otherwise."""

    default_error_messages = {"required": [Fault("required")], "null": [Fault("null")]}  # noqa: RUF012

    def __init__(self, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(required=not optional, allow_none=nullable)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_kwargs: Any) -> Any:
        del attr, data
        self.judge(value)
        return value

    @abstractmethod
    def judge(self, value: Any) -> None:
        """Raise ValidationError when `value` is not what this member holds."""


class Text(Member):
    """Text in NFC, not blank, without control characters other than line breaks and tabs."""

    def __init__(self, *, chars_max: int = NAME_CHARS_MAX, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.chars_max = chars_max

    def judge(self, value: Any) -> None:
        if not isinstance(value, str):
            raise fault("not-text")
        if len(value) > self.chars_max:
            raise fault("text-too-long", limit=self.chars_max, length=len(value))
        if not value.strip():
            raise fault("text-empty")
        if not unicodedata.is_normalized("NFC", value):
            raise fault("text-not-nfc")
        if _CONTROL.search(value):
            raise fault("text-control")


class AnyText(Member):
    """Text that somebody else judges."""

    def judge(self, value: Any) -> None:
        if not isinstance(value, str):
            raise fault("not-text")


class Matching(Member):
    """Text of one exact form; `code` says what it is not."""

    def __init__(
        self, accepts: Callable[[str], object], code: str, *, optional: bool = False, nullable: bool = False
    ) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.accepts, self.code = accepts, code

    def judge(self, value: Any) -> None:
        if not isinstance(value, str) or not self.accepts(value):
            raise fault(self.code)


class Word(Matching):
    """One segment of an id."""

    def __init__(self, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(ids.WORD.fullmatch, "not-id-word", optional=optional, nullable=nullable)


class Hash(Matching):
    """A SHA-256 in hex: of a photo, a part, a body."""

    def __init__(self, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(ids.HASH.fullmatch, "not-hash", optional=optional, nullable=nullable)


class Hex(Matching):
    """Exactly `digits` hex digits."""

    def __init__(self, digits: int) -> None:
        super().__init__(re.compile(f"[0-9a-f]{{{digits}}}").fullmatch, "not-hex")


class Ref(Matching):
    """The id of a document of one of `types`."""

    def __init__(self, *types: str, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(lambda text: _is_ref(text, types), "not-ref", optional=optional, nullable=nullable)
        self.types = types

    def judge(self, value: Any) -> None:
        if not isinstance(value, str) or not self.accepts(value):
            raise fault(self.code, types=self.types)


class Decimal(Member):
    """A canonical decimal string. A JSON number is refused: two machines may read it differently."""

    def __init__(
        self,
        *,
        signed: bool = False,
        whole: bool = False,
        positive: bool = False,
        optional: bool = False,
        nullable: bool = False,
    ) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.signed, self.whole, self.positive = signed, whole, positive

    def judge(self, value: Any) -> None:
        if not isinstance(value, str):
            raise fault("decimal-not-text")
        if len(value) > 20 or not figures.is_decimal(value):
            raise fault("decimal-not-canonical", given=value[:20])
        if value.startswith("-") and not self.signed:
            raise fault("decimal-negative")
        if self.whole and "." in value:
            raise fault("decimal-not-whole")
        if self.positive and value == "0":
            raise fault("decimal-zero")


class Exact(Member):
    """An exact number that was worked out: a canonical decimal string, or the fraction where no decimal is exact."""

    def judge(self, value: Any) -> None:
        if not isinstance(value, str):
            raise fault("decimal-not-text")
        if not figures.is_exact(value):
            raise fault("decimal-not-canonical", given=value[:20])


class Whole(Member):
    """A JSON integer between two bounds."""

    def __init__(self, least: int, most: int, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.least, self.most = least, most

    def judge(self, value: Any) -> None:
        if type(value) is not int:  # nor true or false
            raise fault("not-whole")
        if not self.least <= value <= self.most:
            raise fault("whole-out-of-range", least=self.least, most=self.most)


class Year(Whole):
    """A year that ids can carry."""

    def __init__(self) -> None:
        super().__init__(2000, 2099)


class Bool(Member):
    """true or false, nothing that merely reads like it."""

    def judge(self, value: Any) -> None:
        if not isinstance(value, bool):
            raise fault("not-bool")


class OneOf(Member):
    """One of a few words."""

    def __init__(self, *choices: str, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.choices = choices

    def judge(self, value: Any) -> None:
        if not isinstance(value, str) or value not in self.choices:
            raise fault("not-choice", choices=self.choices)


class Day(Matching):
    """`2024-10-08`, a day that exists."""

    def __init__(self, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(_is_day, "not-date", optional=optional, nullable=nullable)


class Time(Matching):
    """`2024-10-08T02:14:05Z`, a moment in UTC."""

    def __init__(self, *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(_is_time, "not-time", optional=optional, nullable=nullable)


class Inner(Member):
    """An object of another form."""

    def __init__(self, form: type[Form], *, optional: bool = False, nullable: bool = False) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.form = form()

    def judge(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise fault("not-object")
        if not self.form.fits(value):
            raise ValidationError(self.form.validate(value))


class ListOf(Member):
    """A list of at most `most` equal members; `sorted_unique` where order carries no meaning."""

    def __init__(
        self,
        member: Member,
        *,
        most: int,
        least: int = 0,
        unique: bool = False,
        sorted_unique: bool = False,
        optional: bool = False,
        nullable: bool = False,
    ) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.member, self.most, self.least = member, most, least
        self.unique, self.sorted_unique = unique or sorted_unique, sorted_unique

    def judge(self, value: Any) -> None:
        if not isinstance(value, list):
            raise fault("not-list")
        if len(value) > self.most:
            raise fault("list-too-long", limit=self.most, length=len(value))
        if len(value) < self.least:
            raise fault("list-too-short", least=self.least)
        _judge_each(self.member, enumerate(value))
        if self.unique and len({str(item) for item in value}) < len(value):
            raise fault("list-repeats")
        if self.sorted_unique and value != sorted(value):
            raise fault("list-not-sorted")


class MapOf(Member):
    """An object whose names are `key` words and whose values are equal members."""

    def __init__(
        self,
        member: Member,
        *,
        most: int,
        least: int = 0,
        key: Callable[[str], bool] = ids.is_word,
        optional: bool = False,
        nullable: bool = False,
    ) -> None:
        super().__init__(optional=optional, nullable=nullable)
        self.member, self.most, self.least, self.key = member, most, least, key

    def judge(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise fault("not-object")
        if len(value) > self.most:
            raise fault("list-too-long", limit=self.most, length=len(value))
        if len(value) < self.least:
            raise fault("list-too-short", least=self.least)
        wrong = {name[:80]: [Fault("not-id-word")] for name in value if not self.key(name)}
        if wrong:
            raise ValidationError(wrong)
        _judge_each(self.member, value.items())


def _judge_each(member: Member, items: Any) -> None:
    found: dict[Any, Any] = {}
    for name, item in items:
        if item is None:
            if not member.allow_none:
                found[name] = [Fault("null")]
            continue
        try:
            member.judge(item)
        except ValidationError as error:
            found[name] = error.messages
            if len(found) >= PROBLEMS_MAX:
                break
    if found:
        raise ValidationError(found)


def _is_ref(text: str, types: tuple[str, ...]) -> bool:
    if len(text) > 400 or ids.type_of(text) not in types:
        return False
    try:
        ids.parse(text)
    except ids.NotAnId:
        return False
    return True


def _is_day(text: str) -> bool:
    if len(text) != 10:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text[4] == text[7] == "-"


@lru_cache(maxsize=4_096)  # as `figures.parse_time`: the same moments come many times
def _is_time(text: str) -> bool:
    try:
        return figures.time_string(figures.parse_time(text)) == text
    except ValueError:
        return False


class Names(Form):
    """What people read, in both languages."""

    vi = Text()
    en = Text()


OFFSET_S_MAX: Final = 5_000_000_000
"""How far a device's clock may be off: 158 years. One without a battery begins in 1970, or in 1900; further off is no
clock, and what it says of the time is unknown."""


class Stamp(Form):
    """When and on which device something was made; the offset is the last one known, so time is never trusted alone."""

    at = Time()
    offset_s = Whole(-OFFSET_S_MAX, OFFSET_S_MAX, nullable=True)
    device = Word()
