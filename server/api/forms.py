"""What requests and answers of the API look like, for the check at the border and for the description."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class Person(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class EnrolRequest(Schema):
    code = fields.String(required=True, validate=validate.Length(max=64))
    label = fields.String(load_default="", validate=validate.Length(max=200))
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
