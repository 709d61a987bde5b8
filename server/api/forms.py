"""What requests and answers of the API look like, for the check at the border and for the description."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class Person(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class EnrolRequest(Schema):
    code = fields.String(required=True, validate=validate.Length(max=64))
    label = fields.String(required=True, validate=validate.Length(max=200))
    app = fields.String(load_default="", validate=validate.Length(max=40))
    key = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=32, max=64))


class EnrolAnswer(Schema):
    token = fields.String(required=True)
    device = fields.String(required=True)
    account = fields.String(required=True)
    person = fields.Nested(Person, required=True)
    unit = fields.String(required=True)
    unit_names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    unit_short_names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    locale = fields.String(required=True)
    server = fields.String(required=True)


class ApprovalRequest(Schema):
    submission = fields.String(required=True, validate=validate.Length(max=400))


class MovementEntry(Schema):
    movement = fields.String(required=True)
    names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class DatabaseEntry(Schema):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["group", "unit", "visit", "media"]))
    group = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    visit = fields.String(required=True, allow_none=True)
    pull = fields.Boolean(required=True)
    push = fields.Boolean(required=True)
    uuid = fields.String(required=True, allow_none=True)
    update_seq = fields.Raw(required=True)
    heads = fields.List(fields.String(), required=True, allow_none=True)
    movements = fields.List(fields.Nested(MovementEntry), required=True, allow_none=True)


class DatabasesQuery(Schema):
    opening = fields.String(
        validate=validate.Length(min=1, max=64),
        metadata={"description": "Random, new whenever the app starts: tells when a phone's folder was copied."},
    )


class DatabasesAnswer(Schema):
    server = fields.String(required=True)
    time = fields.String(required=True)
    oldest_app = fields.String(required=True)
    account = fields.String(required=True)
    databases = fields.List(fields.Nested(DatabaseEntry), required=True)


class Input(Schema):
    id = fields.String(required=True)
    sha256 = fields.String(required=True)


class DecisionRequest(Schema):
    act = fields.String(required=True)
    value = fields.Dict(keys=fields.String(), required=True)
    reason = fields.String(load_default=None, allow_none=True)
    inputs = fields.List(fields.Nested(Input), load_default=list)
    settles = fields.List(fields.String(), load_default=list)


class NamesGiven(Schema):
    vi = fields.String(required=True)
    en = fields.String(required=True)


class UnitNamed(Schema):
    names = fields.Nested(NamesGiven, required=True)
    short_names = fields.Nested(NamesGiven, required=True)


class GroupYearNamed(Schema):
    group = fields.String(required=True)
    year = fields.Integer(required=True)


class UnitEventRequest(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["merge", "rename", "dissolve"]))
    date = fields.Date(required=True, metadata={"description": "The day it takes effect"})
    number = fields.String(required=True, metadata={"description": "The number of the decision it rests on"})
    to = fields.String(load_default=None, allow_none=True, metadata={"description": "A merger's successor"})
    named = fields.Nested(
        UnitNamed, load_default=None, allow_none=True, metadata={"description": "A rename's new name"}
    )

    class Meta:
        include = {  # noqa: RUF012 - `from` is a word of Python
            "from": fields.List(fields.String(), required=True, validate=validate.Length(min=1, max=20))
        }


class UnitEventAnswer(Schema):
    event = fields.Dict(keys=fields.String(), required=True, metadata={"description": "As stored"})
    changed = fields.List(fields.Nested(GroupYearNamed), required=True)


class UnitEntry(Schema):
    unit = fields.String(required=True)
    names = fields.Nested(NamesGiven, required=True)
    short_names = fields.Nested(NamesGiven, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["department", "agency", "grassroots"]))
    parent = fields.String(required=True, allow_none=True)
    functions = fields.List(fields.String(), required=True)
    valid_from = fields.String(required=True)
    valid_to = fields.String(required=True, allow_none=True)
    alive = fields.Boolean(required=True)
    became = fields.String(required=True, allow_none=True)


class EventEntry(Schema):
    event = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["merge", "rename", "dissolve"]))
    date = fields.String(required=True)
    to = fields.String(required=True, allow_none=True)
    named = fields.Nested(UnitNamed, required=True, allow_none=True)
    number = fields.String(required=True)

    class Meta:
        include = {"from": fields.List(fields.String(), required=True)}  # noqa: RUF012


class GroupEntry(Schema):
    group = fields.String(required=True)
    names = fields.Nested(NamesGiven, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["cluster", "block"]))
    parent = fields.String(required=True, allow_none=True)


class UnitsAnswer(Schema):
    as_of = fields.String(required=True)
    units = fields.List(fields.Nested(UnitEntry), required=True)
    events = fields.List(fields.Nested(EventEntry), required=True)
    groups = fields.List(fields.Nested(GroupEntry), required=True)


class AsOf(Schema):
    as_of = fields.Date(load_default=None, metadata={"description": "The day that dates membership, law, deadlines"})


class OfCriterion(Schema):
    criterion = fields.String(
        load_default=None,
        validate=validate.Length(max=64),
        metadata={"description": "The criterion to explain; without one, the unit's total"},
    )


class BundleChoice(Schema):
    photos = fields.Boolean(load_default=False, metadata={"description": "With the photos that evidence names"})
    public = fields.Boolean(load_default=False, metadata={"description": "Without private parts: texts, places, names"})
