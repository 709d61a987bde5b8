"""What the simulation found on phones, one test each: folders copied and put back, links cut at odd places."""

from __future__ import annotations

import shutil

import pytest

from mobile import capture
from mobile.enrol import EnrolmentError, enrol
from mobile.putback import leaves_of, witnessed
from mobile.worker import SyncWorker
from sync import media
from sync.documents import with_revision
from tests.support.phones import (
    GROUP,
    HOME,
    VISIT,
    YEAR,
    Clock,
    G,
    M,
    U,
    V,
    decide,
    fill_answers,
    make_phone,
    picture,
)  # fmt: skip


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


def answers(phone, key, criterion):
    line = phone.checklist(key).criterion(criterion)
    return {choice.points for choice in line.choices} or {line.answer.points}


def test_an_answer_typed_on_a_copy_of_the_phone_is_not_lost_to_the_phone_it_was_copied_from(lan, sync, tmp_path):
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="1")
    sync(lan)
    lan.close()
    shutil.copytree(tmp_path / "lan", tmp_path / "copy")
    one, other = (make_phone(tmp_path / name, clock=Clock()) for name in ("lan", "copy"))

    one.set_answer(key, "i-1", points="10")
    other.set_answer(key, "i-1", points="20")
    other.set_answer(key, "i-1", points="30")
    for phone in (one, other, one):
        sync(phone)

    assert answers(one, key, "i-1") == answers(other, key, "i-1") == {"10", "30"}
    one.close()
    other.close()


def test_photos_added_to_one_evidence_on_a_phone_and_its_copy_all_arrive(lan, service, sync, tmp_path):
    card = lan.capture(picture(1), title="Hội diễn", checklist=lan.cross_key(VISIT))
    sync(lan)
    lan.close()
    shutil.copytree(tmp_path / "lan", tmp_path / "copy")
    one, other = (make_phone(tmp_path / name, clock=Clock()) for name in ("lan", "copy"))
    one.add_photo(card.id, picture(2))
    one.add_photo(card.id, picture(3))
    other.add_photo(card.id, picture(4))
    for phone in (one, other, one, other, one):
        sync(phone)
        service.settle()

    cards = [next(each for each in phone.evidence() if each.id == card.id) for phone in (one, other)]
    assert len(cards[0].photos) == 4
    assert [shot.sha256 for shot in cards[0].photos] == [shot.sha256 for shot in cards[1].photos]
    names = [shot.sha256 for shot in cards[0].photos]
    assert media.receipts(service.stores.open(M), names) == set(names)
    one.close()
    other.close()


def test_a_phone_put_back_to_an_older_copy_does_not_overwrite_what_it_had_sent_since(lan, sync, tmp_path):
    key = lan.cross_key(VISIT)
    lan.close()
    shutil.copytree(tmp_path / "lan", tmp_path / "backup")
    before = make_phone(tmp_path / "lan", clock=Clock())
    before.set_answer(key, "i-1", points="10")
    sync(before)
    before.close()
    shutil.rmtree(tmp_path / "lan")
    shutil.copytree(tmp_path / "backup", tmp_path / "lan")
    after = make_phone(tmp_path / "lan", clock=Clock())

    after.set_answer(key, "i-1", points="20")
    after.set_answer(key, "i-1", points="30")
    sync(after)

    assert answers(after, key, "i-1") == {"10", "30"}
    assert after.unsent() == 0
    after.close()


def test_a_list_of_databases_that_breaks_off_is_a_bad_network_and_no_bug(lan, service):
    service.meanwhile = lambda request: Broken() if request.path == "/api/v1/databases" else None

    assert SyncWorker(lan).sync_once().state == "offline"


class Broken:
    """A WSGI answer that promises more than it sends."""

    def __call__(self, _environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "100")])
        return [b'{"databases": []']


def test_a_photo_whose_evidence_was_never_saved_is_not_asked_after_for_ever(lan, sync, service, monkeypatch):
    key = lan.cross_key(VISIT)

    def die(*_arguments):
        raise OSError("the battery is empty")

    monkeypatch.setattr(capture, "_shots", die)
    with pytest.raises(OSError, match="battery"):
        lan.capture(picture(), title="Ngày hội", checklist=key)
    assert list(lan.tools.local.photos.iterdir())
    service.seen.clear()

    worker = SyncWorker(lan)
    assert worker.sync_once().state == "idle"

    assert worker._receipts_awaited == 0
    assert not [path for _, path in service.seen if path.startswith(f"/db/{M}/")]


def test_what_only_a_colleague_may_send_is_refused_no_more_once_the_colleague_sent_it(phone_of, sync, service):
    lan, minh = phone_of("lan"), phone_of("minh")
    card = minh.capture(picture(), title="Ngày hội", checklist=minh.cross_key(VISIT))
    sync(minh)
    sync(lan)
    service.stores.delete(V)
    service.stores.create(V)

    assert sync(lan).refused == 1
    sync(minh)
    assert sync(lan).refused == 0
    assert service.stores.open(V).get(card.id)


def test_what_was_refused_for_want_of_a_colleagues_evidence_is_offered_again_once_that_came(phone_of, sync, service):
    lan, minh = phone_of("lan"), phone_of("minh")
    card = minh.capture(picture(), title="Ngày hội", checklist=minh.cross_key(VISIT))
    sync(minh)
    sync(lan)
    lan.set_answer(lan.cross_key(VISIT), "i-1", points="3")
    service.stores.delete(V)
    service.stores.create(V)
    service.refuse = lambda document: "The evidence first." if document["type"] == "draft" else None

    assert sync(lan).refused == 2
    sync(minh)
    service.refuse = lambda _: None
    assert sync(lan).refused == 0
    assert service.stores.open(V).get(card.id)
    assert service.stores.open(V).all_docs(start_key="draft:", end_key="draft;")["rows"]


def test_an_enrolment_whose_answer_was_lost_is_asked_again_with_the_same_secret(service, tmp_path):
    phone, asked = make_phone(tmp_path / "lan"), []

    def lose(request):
        asked.append(request.get_json()["key"])
        return ("", 502) if len(asked) < 3 else None

    service.meanwhile = lose
    code = service.code("lan")
    for _ in range(2):
        with pytest.raises(EnrolmentError):
            enrol(phone, service.url, code, "x")
    phone.close()
    phone = make_phone(tmp_path / "lan")
    enrol(phone, service.url, code, "x")
    with pytest.raises(EnrolmentError):
        enrol(phone, service.url, code, "x")

    assert len(set(asked[:3])) == 1
    assert len(asked[0]) == 64
    assert asked[3] != asked[0]
    phone.close()


def test_a_server_put_back_unnoticed_gets_again_what_a_phone_sent_in_between(lan, service, tmp_path):
    key, worker = lan.self_key(GROUP, YEAR), SyncWorker(lan)
    lan.set_answer(key, "i-1", points="1")
    worker.sync_once()
    lan.set_answer(key, "i-1", points="2")
    worker.sync_once()
    service.stores.open(U).copy_to(tmp_path / "backup")
    card = lan.capture(picture(), title="Ngày hội", group=GROUP, year=YEAR)
    worker.sync_once()
    assert service.stores.open(U).get(card.id)

    service.stores.delete(U)
    shutil.copy(tmp_path / "backup", service.stores.file_of(U))
    for points in range(3, 9):  # it is soon further than it was
        lan.set_answer(key, "i-1", points=str(points))
        worker.sync_once()
    SyncWorker(lan).sync_once()

    assert service.stores.open(U).get(card.id)


def test_what_a_server_put_back_unnoticed_lost_of_a_colleague_is_not_called_sent(phone_of, service, tmp_path):
    lan, minh = phone_of("lan"), phone_of("minh")
    worker = SyncWorker(lan)
    worker.sync_once()
    service.stores.open(V).copy_to(tmp_path / "backup")
    card = minh.capture(picture(), title="Ngày hội", checklist=minh.cross_key(VISIT))
    SyncWorker(minh).sync_once()
    worker.sync_once()
    read = lan.tools.local.stores.open(V).get(card.id)

    service.stores.delete(V)
    shutil.copy(tmp_path / "backup", service.stores.file_of(V))
    for points in "34":
        lan.set_answer(lan.cross_key(VISIT), "i-1", points=points)
        worker.sync_once()
    there = service.stores.open(V)
    assert there.get(f"part:{read['title']}"), "what anybody may send is sent"
    assert [each.id for each in lan.refused()] == [card.id], "only its author may send it"

    SyncWorker(minh).sync_once()
    worker.sync_once()
    assert there.get(card.id)
    assert lan.refused() == []


@pytest.mark.parametrize("year", ["1066", "1899", "1970", "2150"])
def test_a_clock_decades_off_keeps_nobody_from_working_and_sending(phone_of, sync, service, year):
    clock = Clock(f"{year}-01-01T00:00:00Z")
    phone = phone_of("lan", clock=clock)
    key = phone.self_key(GROUP, YEAR)
    fill_answers(phone, key, "5")
    submission = phone.submit(key)
    phone.set_answer(key, "i-1", points="6")
    assert sync(phone).refused == 0
    for name in (submission, *(card.id for card in phone.evidence())):
        stamp = service.stores.open(U).get(name)["made"]
        known = abs(stamp["offset_s"] or 0)
        assert known == 0 if year == "1066" else known > 20 * 365 * 86_400
    assert phone.unsent() == 0


def test_a_phone_reads_the_group_as_a_server_that_was_put_back_has_it_and_bears_witness_to_what_was_lost(
    lan, service, tmp_path
):
    group, home = service.stores.open(G), lan.tools.local.stores.open(G)
    worker = SyncWorker(lan)
    group.copy_to(tmp_path / "backup")
    log = bodies(group, "decision:")
    lost = decide(log, "rank-unit", {"unit": HOME, "ranked": False}, reason="0" * 64)
    group.put_all([lost, {"_id": "practice:lost", "type": "practice", "v": 1}])
    unit = group.get(f"unit:{HOME}")
    group.put({**unit, "functions": ["culture"]})
    worker.sync_once()
    assert not lan.groups()[0].unreachable

    service.stores.delete(G)
    shutil.copy(tmp_path / "backup", service.stores.file_of(G))
    group = service.stores.open(G)
    other = decide(log, "rank-unit", {"unit": HOME, "ranked": True}, reason="0" * 64)
    group.put_all([other, *({"_id": f"practice:{n}", "type": "practice", "v": 1} for n in range(5))])
    assert worker.sync_once().message == "log-broken"

    assert leaves_of(home) == leaves_of(group)
    assert home.get(f"unit:{HOME}")["functions"] == unit["functions"]
    assert lan.groups()[0].unreachable == (lost["_id"],)
    assert witnessed(lan.tools.local, G)[lost["_id"]]["decision"]["value"] == lost["value"]
    assert SyncWorker(lan).sync_once().message == "log-broken"

    group.put(lost)  # the office typed its log in again
    assert SyncWorker(lan).sync_once().message == "all-sent"
    assert not lan.groups()[0].unreachable


def test_a_phone_does_not_list_the_group_again_while_nothing_tells_that_it_was_put_back(lan, service):
    worker = SyncWorker(lan)
    for count in range(3):
        service.stores.open(G).put({"_id": f"practice:{count}", "type": "practice", "v": 1})
        service.seen.clear()
        worker.sync_once()
        assert [path for _, path in service.seen if G in path and path.endswith("_changes")] == [f"/db/{G}/_changes"]


def bodies(store, prefix):
    return [
        {name: value for name, value in row["doc"].items() if name != "_rev"}
        for row in store.all_docs(start_key=prefix, end_key=prefix + "~", include_docs=True)["rows"]
    ]


@pytest.mark.parametrize("thorough", [True, False])
def test_what_a_server_wrote_before_it_was_put_back_does_not_stay_beside_what_it_wrote_anew(lan, service, thorough):
    worker = SyncWorker(lan)
    worker.sync_once()
    group, here = service.stores.open(G), lan.tools.local.stores.open(G)
    before = with_revision({"_id": "arrival:x:s", "type": "arrival", "at": "2024-10-08T01:00:00Z"})
    after = with_revision({"_id": "arrival:x:s", "type": "arrival", "at": "2024-10-08T02:00:00Z"})
    here.bulk_docs([before], new_edits=False)  # read in a round that died before it could remember having read it
    group.bulk_docs([after], new_edits=False)
    if thorough:
        here.bulk_docs([after], new_edits=False)  # and the next one died as well
        worker = SyncWorker(lan)
    worker.sync_once()
    assert leaves_of(here) == leaves_of(group)
