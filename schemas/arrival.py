"""What the server notes when a submission arrives, and what the inspected unit answers to a deduction or a return."""

from __future__ import annotations

from typing import Final

from schemas.document import Document
from schemas.fields import Hash, Inner, ListOf, Member, OneOf, Ref, Stamp, Time, Word, Year

ARRIVAL_FLAGS: Final = ("late", "revoked", "cancelled", "lost")


class ArrivalForm(Document):
    type_name = "arrival"

    submission = Ref("submission")
    server = Word()
    at = Time()
    account = Word()
    device = Word(nullable=True)
    flags = ListOf(OneOf(*ARRIVAL_FLAGS), most=len(ARRIVAL_FLAGS), unique=True)


class ReplyForm(Document):
    type_name = "reply"

    group = Word()
    year = Year()
    unit = Word()
    criterion = Word()
    answers: Member = Ref("decision", "submission")
    text = Hash()
    by = Word()
    made = Inner(Stamp)
