"""Units, groups, people, accounts, devices, the group year and its pact: who takes part, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

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

FUNCTIONS: Final = ("culture", "sports", "tourism", "family")
ROLES: Final = ("specialist", "head", "inspector", "grassroots", "council", "admin")


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


class GroupForm(Document):
    type_name = "group"

    group = Word()
    names = Inner(Names)
    kind = OneOf("cluster", "block")
    parent = Word(nullable=True)


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
    sample = Bool()


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


def _ordered(body: dict[str, Any], first: str, last: str) -> Iterator[tuple[str, Fault]]:
    if body.get(last) is not None and body[last] < body[first]:
        yield last, Fault("ends-before-start")
