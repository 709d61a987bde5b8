"""Awards as they were decided or made public: how many collectives and individuals, by form and level.

Figures of awards stand beside a ranking and never bear on it. Who may propose or decide one is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from schemas.document import Document
from schemas.fields import Day, Fault, Form, Inner, Names, OneOf, Text, Whole, Word, Year

SUBJECTS_MAX: Final = 100_000
"""Counted in one award: a province praises some hundreds a year; what is beyond this is a slip of the keyboard."""

AWARD_FORMS: Final = ("emulation-flag", "merit-certificate", "commendation")
"""Cờ thi đua, bằng khen, giấy khen."""

AWARD_LEVELS: Final = ("state", "ministry", "province", "department")
"""The most honoured first: pages list awards in this order."""


class AwardCounts(Form):
    collective = Whole(0, SUBJECTS_MAX)
    individual = Whole(0, SUBJECTS_MAX)


class AwardForm(Document):
    """`form` is null where the source names a level alone; what was `decided` has its decision's number and day,
    what was `published` is a figure somebody made public, perhaps without them."""

    type_name = "award"

    group = Word()
    year = Year()
    award = Word()
    form = OneOf(*AWARD_FORMS, nullable=True)
    level = OneOf(*AWARD_LEVELS)
    counts = Inner(AwardCounts)
    number = Text(nullable=True)
    date = Day(nullable=True)
    authority = Inner(Names, nullable=True)
    source = OneOf("decided", "published")

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        if body["source"] == "decided":
            for member in ("number", "date"):
                if body[member] is None:
                    yield member, Fault("award-decided-without")
