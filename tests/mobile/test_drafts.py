"""Two phones on one checklist: what they answered apart is merged answer by answer, and a clash waits for a person."""

from __future__ import annotations

import random
import threading

import pytest

from mobile import drafts
from mobile.problems import CannotSubmit
from schemas import checklist
from sync.replicate import replicate
from sync.store import Store
from tests.support.phones import VISIT, V, fill_answers, scheme


@pytest.fixture
def two(phone_of):
    lan, minh = phone_of("lan"), phone_of("minh")
    return lan, minh, lan.cross_key(VISIT)


def test_answers_given_apart_to_different_criteria_are_all_kept(two, sync):
    lan, minh, key = two
    lan.set_answer(key, "i-1", points="10")
    minh.set_answer(key, "i-2", points="20")
    for phone in (lan, minh, lan):
        sync(phone)

    for phone in (lan, minh):
        view = phone.checklist(key)
        assert (view.criterion("i-1").answer.points, view.criterion("i-2").answer.points) == ("10", "20")
        assert not view.disputed


def test_answers_given_apart_to_one_criterion_are_disputed_until_a_person_chooses(two, sync, service):
    lan, minh, key = two
    fill_answers(lan, key, "5")
    sync(lan)
    sync(minh)
    lan.set_answer(key, "i-1", points="10")
    minh.set_answer(key, "i-1", points="20")
    for phone in (lan, minh, lan):
        sync(phone)

    draft = key.partition("/")[2]
    assert "_conflicts" not in service.stores.open(V).get(draft, conflicts=True)
    assert "_conflicts" not in lan.tools.local.stores.open(V).get(draft, conflicts=True)
    view = lan.checklist(key)
    assert view.state == "disputed"
    assert view.disputed == ("i-1",)
    choices = view.criterion("i-1").choices
    assert {choice.points for choice in choices} == {"10", "20"}
    assert {choice.by_name for choice in choices} == {"Nguyễn Thị Lan", "Trần Minh"}
    with pytest.raises(CannotSubmit):
        lan.submit(key)

    wanted = next(index for index, choice in enumerate(choices) if choice.points == "20")
    lan.choose(key, "i-1", wanted)
    for phone in (lan, minh):
        sync(phone)
    assert minh.checklist(key).criterion("i-1").answer.points == "20"
    assert not minh.checklist(key).disputed


def test_an_answer_to_a_disputed_criterion_settles_it(two, sync):
    lan, minh, key = two
    lan.set_answer(key, "i-1", points="10")
    minh.set_answer(key, "i-1", points="20")
    for phone in (lan, minh):
        sync(phone)
    assert minh.checklist(key).disputed == ("i-1",)

    view = minh.set_answer(key, "i-1", points="15")
    assert (view.state, view.answer.points, view.note) == ("answered", "15", "")


def draft_store(path, device, criterion, points):
    store = Store(path)
    empty = checklist.new_draft(
        group="cum-1", year=2024, unit="hai-duong", stage="cross", scheme=scheme()["_id"], visit="vis-1"
    )
    stamp = {"at": "2024-10-08T02:00:00Z", "offset_s": None, "device": device}
    given = checklist.answer(by="lan", at=stamp, points=points)
    drafts.change(store, empty, lambda draft: checklist.set_answer(draft, criterion, given, device))
    return store, empty["_id"]


def copy(source, target):
    replicate(source, target, new_session_id=lambda: random.randbytes(8).hex(), now=lambda: "2024-10-08T00:00:00Z")


def test_phones_that_merge_apart_write_the_same_revision(tmp_path):
    one, draft = draft_store(tmp_path / "1.sqlite", "d1", "i-1", "10")
    two, _ = draft_store(tmp_path / "2.sqlite", "d2", "i-1", "20")
    copy(one, two)
    copy(two, one)

    assert drafts.merge_all(one) == drafts.merge_all(two) == 1
    assert one.get(draft, conflicts=True) == two.get(draft, conflicts=True)
    assert "_conflicts" not in one.get(draft, conflicts=True)
    assert drafts.merge_all(one) == 0

    copy(one, two)
    assert "_conflicts" not in two.get(draft, conflicts=True)


def test_a_change_and_a_merge_at_the_same_moment_both_stand(two):
    lan, _, key = two
    store = lan.tools.local.stores.open(V)
    stop = threading.Event()

    def merge():
        while not stop.is_set():
            drafts.merge_all(store)

    merging = threading.Thread(target=merge)
    merging.start()
    try:
        for n in range(40):
            lan.set_answer(key, f"i-{n % 6 + 1}", points=str(n % 30))
    finally:
        stop.set()
        merging.join()
    assert lan.checklist(key).done == 6
    assert lan.checklist(key).criterion("i-4").answer.points == str(39 % 30)


def test_an_answer_a_later_app_wrote_stops_nobody_from_answering_beside_it(two):
    lan, _, key = two
    lan.set_answer(key, "i-2", points="3")
    store, draft = lan.tools.local.stores.open(V), key.partition("/")[2]
    written = store.get(draft)
    written["answers"]["i-2"][0]["answer"]["confidence"] = "high"
    store.put(written)

    lan.set_answer(key, "i-1", points="4")

    after = store.get(draft)["answers"]
    assert after["i-2"][0]["answer"]["confidence"] == "high"
    assert lan.checklist(key).criterion("i-1").answer.points == "4"
