"""Every record says where it is: here, on its way, over there, counted, sent back or refused."""

from __future__ import annotations

import json

import pytest

from mobile.enrol import enrol
from mobile.worker import SyncWorker
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


def test_what_a_new_phone_reads_back_as_submitted_is_not_ready_to_be_submitted_again(lan, own, phone_of, service, sync):
    fill_answers(lan, own, "5")
    submission = lan.submit(own)
    sync(lan)
    service.promote()

    again = phone_of("lan", name="another")

    assert (again.checklist(own).state, again.checklist(own).changed) == ("verified", False)
    assert {item.state for item in again.outbox()} <= {"sent", "verified"}
    assert [item.id for item in again.outbox() if item.what == "checklist"] == [submission]
    again.set_answer(own, "i-1", points="6")
    assert again.checklist(own).state == "ready"
    # typed anew to what it was: again nothing that a submission would add
    again.set_answer(own, "i-1", points="5")
    assert again.checklist(own).state == "verified"


def test_another_photo_of_cited_evidence_makes_the_checklist_ready_again(lan, own, service, sync):
    fill_answers(lan, own, "5")
    lan.submit(own)
    sync(lan)
    service.promote()
    sync(lan)
    (cited,) = lan.evidence(checklist=own)

    lan.add_photo(cited.id, picture(9))

    assert lan.checklist(own).state == "ready"


def test_evidence_taken_out_of_an_answer_is_a_difference(lan, own, service, sync):
    fill_answers(lan, own, "5")
    lan.submit(own)
    sync(lan)
    service.promote()
    sync(lan)
    (cited,) = lan.evidence(checklist=own)
    more = lan.capture(picture(8), title="Hội thi", checklist=own)
    criterion = next(line.id for section in lan.checklist(own).sections for line in section.criteria if line.evidence)

    lan.attach(own, criterion, more.id)
    assert lan.checklist(own).changed
    lan.detach(own, criterion, more.id)
    assert not lan.checklist(own).changed
    lan.detach(own, criterion, cited.id)
    assert lan.checklist(own).changed


@pytest.mark.parametrize("who", ["lan", "tu"])
def test_what_came_from_the_server_waits_for_nothing(who, phone_of, service, sync):
    first = phone_of(who)
    card = first.capture(picture(), title="Hội diễn")
    if who == "lan":
        first.set_answer(first.self_key(GROUP, YEAR), "i-1", points="1")
    sync(first)

    told = []
    again = phone_of(who, name="another", synced=False)
    status = SyncWorker(again, on_status=told.append).sync_once()

    assert {each.pending for each in told} == {0}
    assert (status.message, again.unsent()) == ("all-sent", 0)
    assert state_of(again, card.id) in ("sent", "verified")
    # nor while what came has not been looked at by a push
    again.tools.local.edit(f"way:{U}", lambda before: {**before, "pushed": 0})
    assert (again.unsent(), state_of(again, card.id)) == (0, "sent")


def test_what_a_phone_had_not_sent_before_it_was_enrolled_again_is_still_counted(lan, service):
    lan.capture(picture(), title="Hội diễn")
    lan.log_out()
    enrol(lan, service.url, service.code("lan"), "again")

    assert lan.unsent() == 1


def test_a_status_never_says_all_is_sent_beside_a_count_of_what_waits(lan, service):
    worker = SyncWorker(lan)

    def saves_meanwhile(request):
        if request.path.endswith("/_bulk_docs"):
            service.meanwhile = lambda _: None
            lan.capture(picture(4), title="Hội thi")

    lan.capture(picture(3), title="Hội diễn")
    service.meanwhile = saves_meanwhile
    status = worker.sync_once()

    assert (status.message, status.pending) in (("rest-follows", 1), ("all-sent", 0))
    assert status.pending == lan.unsent()
