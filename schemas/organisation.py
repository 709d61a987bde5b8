"""Units, groups, people, accounts, devices, the group year and its pact: who takes part, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas import ids
from schemas.document import Document
from schemas.fields import (
    Bool,
    Day,
    Decimal,
    Fault,
    Form,
    Hash,
    Inner,
    ListOf,
    Names,
    OneOf,
    Ref,
    Text,
    Time,
    Word,
    Year,
)

MEMBERS_MAX: Final = 200
"""Of one group. The largest cluster has 12; a province's communes are at most 170."""

MERGED_MAX: Final = 20
"""Units that one event takes in. Provinces merged by threes at most, communes by less than ten."""

CONFERENCES_MAX: Final = 20
"""In one year. Three are usual."""

FUNCTIONS: Final = ("culture", "sports", "tourism", "family")
ROLES: Final = ("specialist", "head", "inspector", "grassroots", "council", "admin")


def in_circle(start: str, parents: Mapping[str, str | None]) -> bool:
    """Does the way up from `start` come back to it? Of units below units, and of groups within groups."""
    seen: set[str] = set()
    above = parents.get(start)
    while above is not None and above not in seen:
        if above == start:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


class UnitForm(Document):
    type_name = "unit"

    unit = Word()
    names = Inner(Names)
    short_names = Inner(Names)
    kind = OneOf("department", "agency", "grassroots")
    parent = Word(nullable=True)
    functions = ListOf(OneOf(*FUNCTIONS), most=len(FUNCTIONS), unique=True)
    valid_from = Day()
    valid_to = Day(nullable=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        yield from _ordered(body, "valid_from", "valid_to")
        if body["parent"] == body["unit"]:
            yield "parent", Fault("own-parent")


class UnitNames(Form):
    names = Inner(Names)
    short_names = Inner(Names)


class UnitEventForm(Document):
    """What became of units on a day. A merger's id names the successor, any other the unit itself.

    `was` keeps the names a rename replaced: what happened before it is told under them.
    """

    type_name = "unitevent"

    kind = OneOf("merge", "rename", "dissolve")
    date = Day()
    to = Word(nullable=True)
    number = Text()
    named = Inner(UnitNames, nullable=True)
    was = Inner(UnitNames, nullable=True)

    class Meta(Form.Meta):
        include = {"from": ListOf(Word(), most=MERGED_MAX, least=1, sorted_unique=True)}  # noqa: RUF012

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        units, to, kind = body["from"], body["to"], body["kind"]
        if kind == "merge" and to is None:
            yield "to", Fault("event-needs-successor")
        if kind == "merge" and to in units:
            yield "from", Fault("event-own-successor", {"unit": to})
        if kind != "merge" and to is not None:
            yield "to", Fault("event-without-successor")
        if kind != "merge" and len(units) > 1:
            yield "from", Fault("event-one-unit")
        for member in ("named", "was"):
            if (kind == "rename") != (body[member] is not None):
                yield member, Fault("event-names-of-rename")
        if body["_id"] != ids.unit_event_id(body["date"], to if to is not None else units[0]):
            yield "_id", Fault("event-id")


class GroupForm(Document):
    type_name = "group"

    group = Word()
    names = Inner(Names)
    kind = OneOf("cluster", "block")
    parent = Word(nullable=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        if body["parent"] == body["group"]:
            yield "parent", Fault("group-in-itself")


class PersonForm(Document):
    type_name = "person"

    person = Word()
    name = Text()


class AccountForm(Document):
    type_name = "account"

    account = Word()
    login = Text()
    person = Word()
    unit = Word()
    roles = ListOf(OneOf(*ROLES), most=len(ROLES), unique=True)
    locale = OneOf("vi", "en")
    password = Text()
    state = OneOf("active", "closed")
    # Accounts written before it was kept have none.
    closed_at = Time(nullable=True, optional=True)


class DeviceForm(Document):
    type_name = "device"

    device = Word()
    account = Word()
    label = Text()
    token_sha256 = Hash()
    enrolled_at = Time()
    state = OneOf("active", "revoked", "lost")
    revoked_at = Time(nullable=True)


class EnrolmentForm(Document):
    type_name = "enrolment"

    account = Word()
    expires_at = Time()
    used_at = Time(nullable=True)
    device = Word(nullable=True)
    # Of the phone that used it, which alone may ask again; absent where an older app did.
    key_sha256 = Hash(optional=True)


class MemberForm(Document):
    type_name = "member"

    account = Word()
    person = Word()
    unit = Word()
    roles = ListOf(OneOf(*ROLES), most=len(ROLES), unique=True)


class Membership(Form):
    unit = Word()
    # `from` is a word of Python: the two halves of a period are declared in `include`.

    class Meta(Form.Meta):
        include = {"from": Day(), "to": Day(nullable=True)}  # noqa: RUF012

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from _ordered(body, "from", "to")


class Leadership(Membership):
    role = OneOf("leader", "deputy")


class Deadlines(Form):
    self = Day(nullable=True)
    cross = Day(nullable=True)


class Conference(Form):
    """A meeting of the whole group: the pact is signed at its launch, results are gone through at the others."""

    kind = OneOf("launch", "midyear", "yearend")
    date = Day()
    place = Text(nullable=True)


class Flag(Form):
    unit = Word()
    kind = OneOf("discipline", "inspection", "complaint")
    opened = Day()
    closed = Day(nullable=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from _ordered(body, "opened", "closed")


class GroupYearForm(Document):
    type_name = "groupyear"

    group = Word()
    year = Year()
    kind = OneOf("cluster", "block")
    names = Inner(Names)
    theme = Inner(Names)
    members = ListOf(Inner(Membership), most=MEMBERS_MAX)
    leaders = ListOf(Inner(Leadership), most=40)
    scheme = Ref("scheme")
    deadlines = Inner(Deadlines)
    holidays = ListOf(Day(), most=60, unique=True)
    flags = ListOf(Inner(Flag), most=500)
    # Group years written before they were kept have none.
    conferences = ListOf(Inner(Conference), most=CONFERENCES_MAX, optional=True)
    sample = Bool()

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        for index, member in enumerate(body["members"]):
            if any(_overlap(member, it) for it in body["members"][:index] if it["unit"] == member["unit"]):
                yield f"members.{index}", Fault("membership-twice", {"unit": member["unit"]})
        for index, term in enumerate(body["leaders"]):
            if any(_overlap(term, it) for it in body["leaders"][:index] if it["role"] == term["role"]):
                yield f"leaders.{index}", Fault("terms-overlap")
            if not any(_overlap(term, it) for it in body["members"] if it["unit"] == term["unit"]):
                yield f"leaders.{index}.unit", Fault("leader-no-member", {"unit": term["unit"]})


class Signature(Form):
    unit = Word()
    date = Day()


class Target(Form):
    unit = Word()
    criterion = Word()
    target = Decimal()


class PactForm(Document):
    type_name = "pact"

    group = Word()
    year = Year()
    signatures = ListOf(Inner(Signature), most=MEMBERS_MAX)
    targets = ListOf(Inner(Target), most=5_000)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        # Of two targets one would count and nobody could say why.
        seen: set[tuple[str, str]] = set()
        for index, target in enumerate(body["targets"]):
            named = (target["unit"], target["criterion"])
            if named in seen:
                yield f"targets.{index}", Fault("list-repeats")
            seen.add(named)


def _ordered(body: dict[str, Any], first: str, last: str) -> Iterator[tuple[str, Fault]]:
    if body.get(last) is not None and body[last] < body[first]:
        yield last, Fault("ends-before-start")


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Have two periods a day in common? `to` is the last day."""
    return (other["to"] is None or one["from"] <= other["to"]) and (one["to"] is None or other["from"] <= one["to"])
