"""Movements: campaigns over several years, with phases and the reports due in each."""

from __future__ import annotations

from schemas.document import Document
from schemas.fields import Day, Form, Inner, ListOf, Names, Text, Word


class Report(Form):
    names = Inner(Names)
    due = Day()


class Phase(Form):
    names = Inner(Names)
    reports = ListOf(Inner(Report), most=50)

    class Meta(Form.Meta):
        include = {"from": Day(), "to": Day(nullable=True)}  # noqa: RUF012


class MovementForm(Document):
    type_name = "movement"

    movement = Word()
    names = Inner(Names)
    issuer = Text()
    phases = ListOf(Inner(Phase), most=20)
