"""Which form each type of document has. Readers keep what they do not know; only writing is held to these."""

from __future__ import annotations

from typing import Final

from schemas.arrival import ArrivalForm, ReplyForm
from schemas.checklist import DraftForm, SubmissionForm
from schemas.decision import DecisionForm
from schemas.document import Document
from schemas.evidence import CitedForm, EvidenceForm, PartForm
from schemas.kept import KeptForm
from schemas.minutes import MinutesForm
from schemas.movement import MovementForm
from schemas.organisation import (
    AccountForm,
    DeviceForm,
    EnrolmentForm,
    GroupForm,
    GroupYearForm,
    MemberForm,
    PactForm,
    PersonForm,
    UnitEventForm,
    UnitForm,
)
from schemas.recognition import AwardForm
from schemas.scheme import SchemeForm

FORMS: Final[dict[str, Document]] = {
    form.type_name: form()
    for form in (
        AccountForm,
        ArrivalForm,
        AwardForm,
        CitedForm,
        DecisionForm,
        DeviceForm,
        DraftForm,
        EnrolmentForm,
        EvidenceForm,
        GroupForm,
        GroupYearForm,
        KeptForm,
        MemberForm,
        MinutesForm,
        MovementForm,
        PactForm,
        PartForm,
        PersonForm,
        ReplyForm,
        SchemeForm,
        SubmissionForm,
        UnitEventForm,
        UnitForm,
    )
}
