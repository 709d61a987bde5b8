"""Every record says where it is: here, on its way, over there, counted, sent back or refused."""

from __future__ import annotations

import json

import pytest

from schemas import base
from tests.support.phones import GROUP, HOME, VISIT, YEAR, G, U, decide, fill_answers, picture


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def own(lan):
    return lan.self_key(GROUP, YEAR)


def state_of(phone, doc_id):
    return next(item for item in phone.outbox() if item.id == doc_id).state


def test_a_checklist_goes_from_draft_to_verified(lan, own, service, sync):
    assert lan.checklist(own).state == "draft"
    lan.set_answer(own, "i-1", points="1")
    assert lan.checklist(own).state == "incomplete"
    fill_answers(lan, own, "5")
    assert lan.checklist(own).state == "ready"
    submission = lan.submit(own)
    assert (lan.checklist(own).state, state_of(lan, submission)) == ("sending", "sending")
    sync(lan)
    assert (lan.checklist(own).state, state_of(lan, submission)) == ("sent", "sent")
    service.promote()
    sync(lan)
    assert (lan.checklist(own).state, state_of(lan, submission)) == ("verified", "verified")
    assert lan.home().sent_count == 1
    # and a change after that is a draft again
    lan.set_answer(own, "i-1", points="6")
    assert lan.checklist(own).state == "ready"
    assert lan.checklist(own).changed


def test_evidence_goes_from_sending_to_verified(lan, service, sync):
    card = lan.capture(picture(), title="Hội diễn")
    assert (card.state, card.percent) == ("sending", 0)
    sync(lan)
    assert state_of(lan, card.id) == "sent"
    service.settle()
    sync(lan)
    assert state_of(lan, card.id) == "verified"


def returned(service, submission, log_more=()):
    """The leader sends one criterion back."""
    store = service.stores.open(G)
    rows = store.all_docs(start_key="decision:", end_key="decision:~", include_docs=True)["rows"]
    log = [{name: value for name, value in row["doc"].items() if name != "_rev"} for row in rows]
    reason = base.part("Bổ sung minh chứng", "0" * 32)
    decision = decide(
        log,
        "return",
        {"unit": HOME, "criterion": "i-1", "submission": submission, "deadline": "2024-11-01"},
        reason=base.part_hash(reason),
        inputs=[(submission, "0" * 64)],
    )
    store.put_all([reason, decision])
    return decision["_id"]


def test_what_is_sent_back_says_why_and_until_when_and_closes_with_the_next_submission(lan, own, service, sync):
    fill_answers(lan, own, "5")
    first = lan.submit(own)
    sync(lan)
    service.promote()
    decision = returned(service, first)
    sync(lan)

    view = lan.checklist(own)
    assert (view.state, view.returned) == ("returned", ("i-1",))
    sent_back = view.criterion("i-1").returned
    assert (sent_back.decision, sent_back.reason, sent_back.deadline) == (decision, "Bổ sung minh chứng", "2024-11-01")
    (item,) = [item for item in lan.outbox() if item.id == first]
    assert (item.state, item.reason, item.key) == ("returned", "Bổ sung minh chứng", own)

    lan.set_answer(own, "i-1", points="4")
    second = lan.submit(own)
    assert not lan.checklist(own).returned
    sync(lan)
    service.promote()
    sync(lan)
    assert (state_of(lan, first), state_of(lan, second)) == ("verified", "verified")
    assert lan.checklist(own).state == "verified"


def test_a_dispute_stands_in_the_outbox(phone_of, sync):
    lan, minh = phone_of("lan"), phone_of("minh")
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="1")
    minh.set_answer(key, "i-1", points="2")
    for phone in (lan, minh):
        sync(phone)

    (item,) = minh.outbox()
    assert (item.state, item.key) == ("disputed", key)


def test_unsent_counts_what_a_person_would_name(lan, own, sync):
    assert lan.unsent() == 0
    lan.set_answer(own, "i-1", points="1")
    lan.set_note(own, "i-1", "Chú thích")
    assert lan.unsent() == 1
    lan.capture(picture(), title="Hội diễn")
    assert lan.unsent() == 2
    sync(lan)
    assert lan.unsent() == 0


def test_what_others_sent_is_not_counted_as_mine(phone_of, sync):
    lan, minh = phone_of("lan"), phone_of("minh")
    key = lan.cross_key(VISIT)
    fill_answers(lan, key, "5")
    lan.submit(key)
    sync(lan)
    sync(minh)

    assert minh.outbox() == [] or {item.state for item in minh.outbox()} <= {"sent"}
    assert minh.unsent() == 0


def test_everything_unsent_can_be_carried_away_in_a_file(lan, own, tmp_path):
    lan.capture(picture(), title="Hội diễn", checklist=own, criterion="i-1")
    file = tmp_path / "unsent.json"

    count = lan.export_unsent(file)

    documents = json.loads(file.read_text(encoding="utf-8"))["documents"]
    assert len(documents) == count
    kinds = {each["document"]["_id"].split(":")[0] for each in documents}
    assert kinds == {"draft", "evidence", "part", "photo", "thumb", "chunk"}
    assert all("_revisions" in each["document"] for each in documents)
    assert {each["database"] for each in documents} == {U, f"m-{GROUP}-{YEAR}"}
