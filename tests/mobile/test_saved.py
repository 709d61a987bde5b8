"""What a phone answered as saved, when its battery goes that very moment or its process ends between any two writes."""

from __future__ import annotations

import shutil

import pytest

from mobile.submitting import documents_of
from tests.simulation.disk import Disks, Killed, installed
from tests.support.phones import GROUP, YEAR, Clock, U, fill_answers, make_phone, picture


@pytest.fixture
def lan(phone_of):
    phone = phone_of("lan")
    fill_answers(phone, phone.self_key(GROUP, YEAR), "5")
    return phone


def line(phone, criterion):
    return phone.checklist(phone.self_key(GROUP, YEAR)).criterion(criterion)


ACTS = {
    "points": (
        lambda phone, key: phone.set_answer(key, "i-1", points="7"),
        lambda phone, _: line(phone, "i-1").answer.points == "7",
    ),
    "a note": (
        lambda phone, key: phone.set_note(key, "i-2", "mưa to"),
        lambda phone, _: line(phone, "i-2").note == "mưa to",
    ),
    "a cleared answer": (
        lambda phone, key: phone.clear_answer(key, "i-1"),
        lambda phone, _: line(phone, "i-1").answer is None,
    ),
    "a claim": (
        lambda phone, key: phone.set_claim(key, "bonus-prize", subject="giải nhất", number="12/QĐ"),
        lambda phone, _: "giải nhất" in str(phone.checklist(phone.self_key(GROUP, YEAR)).claims),
    ),
    "evidence": (
        lambda phone, key: phone.capture(picture(3), title="Hội làng", checklist=key, criterion="i-1"),
        lambda phone, card: (
            [each.photos[0].file for each in phone.evidence() if each.id == card.id] == [card.photos[0].file]
        ),
    ),
    "a submission": (
        lambda phone, key: phone.submit(key),
        lambda phone, submission: phone.tools.local.stores.open(U).get(submission)["type"] == "submission",
    ),
}


@pytest.mark.parametrize("what", ACTS)
def test_what_was_saved_is_there_though_the_battery_goes_that_moment(lan, tmp_path, what):
    act, is_there = ACTS[what]
    disks = Disks()
    disk = disks.disk(tmp_path / "lan")
    with installed(disks):
        saved = act(lan, lan.self_key(GROUP, YEAR))
        lan.close()
        disk.lose_unsynced()
    again = make_phone(tmp_path / "lan", clock=Clock())
    assert is_there(again, saved)
    again.close()


def test_a_phone_that_dies_anywhere_in_a_submit_has_the_whole_submission_or_nothing_of_it(lan, tmp_path):
    key, before = lan.self_key(GROUP, YEAR), ids_in(lan)
    lan.close()
    for writes in range(1, 20):
        folder, disks = tmp_path / f"lan-{writes}", Disks()
        shutil.copytree(tmp_path / "lan", folder)
        disk = disks.disk(folder)
        phone = make_phone(folder, clock=Clock())
        with installed(disks):
            disk.dies_after = writes
            try:
                submission = phone.submit(key)
            except Killed:
                submission = None
            phone.close()
        again = make_phone(folder, clock=Clock())
        news = ids_in(again) - before
        sent = {name for name in news if name.startswith("submission:")}
        whole = {each for name in sent for each in documents_of(again.tools.local.stores.open(U).get(name))}
        assert news == whole - before
        assert whole <= ids_in(again)
        again.close()
        if submission is not None:
            assert sent == {submission}
            assert len(news) > 1
            assert writes > 1
            return
    pytest.fail("it never came to the end")


def ids_in(phone):
    return {row["id"] for row in phone.tools.local.stores.open(U).all_docs()["rows"]}
