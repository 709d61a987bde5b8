"""The thread that speaks to the server: calm about every network, and never the end of anybody's work."""

from __future__ import annotations

import shutil
import threading
import time

import flask
import pytest

from mobile import account as accounts
from mobile.worker import SyncWorker
from sync import media, replicate
from tests.support.phones import GROUP, VISIT, YEAR, Clock, G, M, U, V, decide, fill_answers, picture

FOR_EVER_S = 240.0
"""What takes a moment takes minutes on a machine that has much else to do; nothing waits longer than it must."""


def wait_for(condition, *, seconds=FOR_EVER_S):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def own(lan):
    return lan.self_key(GROUP, YEAR)


def test_a_phone_nobody_enrolled_asks_to_be_enrolled(tmp_path, service):
    from tests.support.phones import make_phone

    phone = make_phone(tmp_path / "new")
    assert SyncWorker(phone).sync_once().message == "not-enrolled"
    assert not service.seen
    phone.close()


def test_the_first_fill_says_so_and_progress_is_told(phone_of, service):
    told = []
    lan = phone_of("lan", synced=False)
    worker = SyncWorker(lan, on_status=told.append)

    status = worker.sync_once()

    assert told[0].first
    assert (told[0].state, told[0].message) == ("syncing", "first-fill")
    assert (status.state, status.first, status.pending) == ("idle", False, 0)
    assert status.last_sync is not None
    assert status.sentence()


def test_a_round_with_nothing_new_costs_one_request(lan, service):
    worker = SyncWorker(lan)
    worker.sync_once()
    service.seen.clear()

    worker.sync_once()

    assert service.seen == [("GET", "/api/v1/databases")]


def test_documents_go_before_photos(lan, own, service):
    fill_answers(lan, own, "5")
    lan.submit(own)
    service.seen.clear()

    SyncWorker(lan).sync_once()

    writes = [path for method, path in service.seen if method == "POST" and path.endswith("_bulk_docs")]
    assert writes.index(f"/db/{U}/_bulk_docs") < writes.index(f"/db/{M}/_bulk_docs")


def test_the_clock_offset_is_learnt_and_stamped(phone_of, service):
    lan = phone_of("lan", clock=Clock("2024-10-08T02:00:00Z", tick_s=0))
    service.clock = Clock("2024-10-08T03:00:00Z", tick_s=0)
    SyncWorker(lan).sync_once()

    key = lan.self_key(GROUP, YEAR)
    lan.set_answer(key, "i-1", points="1")
    (entry,) = lan.tools.local.stores.open(U).get(key.partition("/")[2])["answers"]["i-1"]
    assert entry["answer"]["at"] == {"at": "2024-10-08T02:00:00Z", "offset_s": 3600, "device": lan.account.device}


def test_no_network_is_calm_and_keeps_everything(lan, own, service):
    lan.set_answer(own, "i-1", points="1")
    service.__exit__()
    status = SyncWorker(lan).sync_once()
    service.__enter__()

    assert (status.state, status.message, status.pending) == ("offline", "offline", 1)
    assert lan.checklist(own).criterion("i-1").answer.points == "1"


@pytest.mark.parametrize(
    ("answer", "state", "message"),
    [
        (lambda: ("<html>Sign in</html>", 200), "trouble", "captive"),
        (lambda: flask.redirect("http://portal.example/"), "trouble", "captive"),
        (lambda: ("", 503), "trouble", "server-trouble"),
        (lambda: ({"code": "not-signed-in", "message": "…"}, 401), "signed_out", "signed-out"),
    ],
)
def test_what_answers_instead_of_the_server_is_named_and_nothing_is_lost(lan, own, service, answer, state, message):
    lan.set_answer(own, "i-1", points="1")
    service.meanwhile = lambda _: answer()
    status = SyncWorker(lan).sync_once()
    assert (status.state, status.message, status.pending) == (state, message, 1)
    assert status.sentence()

    service.meanwhile = lambda _: None
    assert SyncWorker(lan).sync_once().pending == 0


def test_trouble_of_one_database_stops_no_other(lan, own, service):
    lan.set_answer(own, "i-1", points="1")
    lan.set_answer(lan.cross_key(VISIT), "i-1", points="2")
    service.meanwhile = lambda request: ("", 500) if request.path.startswith(f"/db/{U}") else None

    status = SyncWorker(lan).sync_once()

    assert (status.state, status.message, status.pending) == ("trouble", "some-waiting", 1)
    assert service.stores.open(V).info()["doc_count"] == 1


def test_a_refused_document_is_kept_with_its_reason_and_its_neighbours_land(lan, own, service, sync):
    fill_answers(lan, own, "5")
    submission = lan.submit(own)
    service.refuse = lambda document: "The note is too long." if document["type"] == "submission" else None
    status = sync(lan)

    assert (status.state, status.message, status.refused) == ("idle", "some-refused", 1)
    (item,) = [item for item in lan.outbox() if item.id == submission]
    assert (item.state, item.reason) == ("refused", "The note is too long.")
    assert lan.checklist(own).state == "refused"
    assert lan.unsent() == 1
    assert service.stores.open(U).info()["doc_count"] > 1

    # nothing changed: it is not offered in every round
    service.seen.clear()
    worker = SyncWorker(lan)
    worker._rounds = 1  # not the thorough round a process begins with
    worker.sync_once()
    assert ("POST", f"/db/{U}/_bulk_docs") not in service.seen


def test_a_refusal_is_remembered_though_the_line_broke_before_the_round_had_ended(lan, own, service, sync):
    fill_answers(lan, own, "5")
    submission = lan.submit(own)
    service.refuse = lambda document: "The note is too long." if document["type"] == "submission" else None
    told = []

    def reply_lost(request):
        if request.method == "PUT" and request.path.startswith(f"/db/{U}/_local/"):
            told.append(service.stores.open(U).put_local(request.path.rpartition("/")[2], request.get_json()))
            flask.abort(502)

    service.meanwhile = reply_lost
    SyncWorker(lan).sync_once()
    service.meanwhile = lambda _: None
    assert told, "the server remembers that all of it was offered"
    sync(lan)
    (item,) = [item for item in lan.outbox() if item.id == submission]
    assert (item.state, item.reason) == ("refused", "The note is too long.")


@pytest.mark.parametrize("changed", ["app", "server", "asked"])
def test_a_refused_document_is_offered_again_when_the_reason_may_have_gone(lan, own, service, sync, changed):
    fill_answers(lan, own, "5")
    submission = lan.submit(own)
    service.refuse = lambda document: "no" if document["type"] == "submission" else None
    sync(lan)
    service.refuse = lambda _: None
    if changed == "app":
        object.__setattr__(lan.tools, "app_version", "0.2.0")
    elif changed == "server":
        service.version = "s-2"
    else:
        assert lan.offer_again() == 1

    status = sync(lan)

    assert (status.refused, status.pending, status.message) == (0, 0, "all-sent")
    assert service.stores.open(U).get(submission)


@pytest.mark.parametrize("since", ["the app was started again", "the server's database is another making"])
def test_what_was_refused_for_a_reason_no_phone_is_told_of_is_offered_again(phone_of, service, since):
    tu = phone_of("tu")
    card = tu.capture(picture(), title="Ngày hội", group=GROUP, year=YEAR)
    service.refuse = lambda document: "This phone was reported lost." if document["type"] == "evidence" else None
    worker = SyncWorker(tu)
    assert worker.sync_once().refused == 1
    service.refuse = lambda _: None
    assert worker.sync_once().refused == 1, "nothing tells the phone"

    if since == "the app was started again":
        worker = SyncWorker(tu)
    else:
        service.stores.open(U).remint_uuid()
    worker.sync_once()
    status = worker.sync_once()

    assert (status.refused, status.message) == (0, "all-sent")
    assert tu.evidence()[0].state != "refused"
    assert service.stores.open(U).get(card.id)


def test_many_refused_documents_are_offered_in_one_request(lan, own, service):
    fill_answers(lan, own, "5")
    lan.submit(own)
    service.refuse = lambda _: "This phone was reported lost."
    assert SyncWorker(lan).sync_once().refused > 2
    service.refuse = lambda _: None
    service.seen.clear()
    assert SyncWorker(lan).sync_once().refused == 0
    assert service.seen.count(("POST", f"/db/{U}/_bulk_docs")) == 1


def test_a_revoked_database_is_kept_no_longer_pulled_and_still_pushed(lan, service, sync):
    key = lan.cross_key(VISIT)
    lan.set_answer(key, "i-1", points="9")
    service.withheld.add(V)
    service.seen.clear()
    status = sync(lan)

    assert lan.checklist(key).criterion("i-1").answer.points == "9"
    assert (status.state, status.pending) == ("idle", 1)
    assert not [path for _, path in service.seen if path == f"/db/{V}/_changes"]

    service.withheld.clear()
    assert sync(lan).pending == 0


def test_an_old_app_is_asked_to_update_and_keeps_everything(lan, own, service, sync):
    lan.set_answer(own, "i-1", points="1")
    service.oldest_app = "1.0.0"

    assert sync(lan).message == "update-app"
    assert lan.unsent() == 1


def test_a_decision_the_servers_log_no_longer_leads_to_is_said_loudly(lan, service, sync):
    store = service.stores.open(G)
    rows = store.all_docs(start_key="decision:", end_key="decision:~", include_docs=True)["rows"]
    log = [{name: value for name, value in row["doc"].items() if name != "_rev"} for row in rows]
    lost = decide(log, "rank-unit", {"unit": "bac-ninh", "ranked": False}, reason="0" * 64)
    store.put(lost)
    sync(lan)
    assert not lan.groups()[0].unreachable

    store.put({"_id": lost["_id"], "_rev": store.get(lost["_id"])["_rev"], "_deleted": True})
    lan.tools.local.stores.open(G)  # a server that lost its log does not tell phones of the loss
    service.stores.delete(G)
    service.fill()
    status = sync(lan)

    assert status.message == "log-broken"
    assert lan.groups()[0].unreachable == (lost["_id"],)


def test_photos_wait_where_they_may_not_go_and_scores_do_not(lan, own, service):
    fill_answers(lan, own, "5")
    submission = lan.submit(own)

    status = SyncWorker(lan, photos_allowed=lambda: False).sync_once()

    assert (status.state, status.message, status.pending) == ("idle", "waiting-wifi", 1)
    assert service.stores.open(U).get(submission)
    assert service.stores.open(M).info()["doc_count"] == 0
    assert SyncWorker(lan).sync_once().pending == 0


def test_a_link_that_drops_costs_at_most_what_was_on_it(lan, service):
    big = picture(3, size=(1600, 1200))
    noisy = bytearray(big)
    lan.capture(bytes(noisy), title="Hội diễn")
    total = sum(1 for row in lan.tools.local.stores.open(M).changes(0).results)
    sent = []

    def drop_third(request):
        if request.path == f"/db/{M}/_bulk_docs":
            sent.append(1)
            if len(sent) == 2:
                return "", 503
        return None

    service.meanwhile = drop_third
    SyncWorker(lan).sync_once()
    there = service.stores.open(M).info()["doc_count"]
    assert 0 < there < total

    service.meanwhile = lambda _: None
    SyncWorker(lan).sync_once()
    assert service.stores.open(M).info()["doc_count"] == total


def test_a_server_put_back_from_an_older_copy_gets_again_what_it_lost(lan, own, service, sync, tmp_path):
    for name in (U, M):
        service.stores.open(name).copy_to(tmp_path / f"{name}.copy")
    card = lan.capture(picture(6, size=(1600, 1200)), title="Hội diễn", checklist=own)
    lan.set_answer(own, "iii-5", points="5")
    submission = lan.submit(own)
    sync(lan)
    service.settle()
    assert sync(lan).pending == 0
    assert lan.evidence()[0].state == "verified"

    for name in (U, M):
        service.stores.delete(name)
        shutil.copy(tmp_path / f"{name}.copy", service.stores.file_of(name))
    sync(lan)
    assert service.stores.open(U).get(submission)
    assert service.stores.open(U).get(card.id)
    service.settle()
    sync(lan)

    (shot,) = lan.evidence()[0].photos
    assert shot.safe
    assert media.read_photo(service.stores.open(M), shot.sha256).data == shot.file.read_bytes()


def test_the_next_round_learns_what_a_server_put_back_under_a_new_name_has_lost(lan, own, service, tmp_path):
    for name in (U, M):
        service.stores.open(name).copy_to(tmp_path / f"{name}.copy")
    worker = SyncWorker(lan)
    lan.capture(picture(6, size=(1600, 1200)), title="Hội diễn", checklist=own)
    lan.set_answer(own, "iii-5", points="5")
    submission = lan.submit(own)
    worker.sync_once()
    service.settle()
    worker.sync_once()
    assert lan.evidence()[0].state == "verified"

    for name in (U, M):
        service.stores.delete(name)
        shutil.copy(tmp_path / f"{name}.copy", service.stores.file_of(name))
        service.stores.open(name).remint_uuid()
    worker.sync_once()

    assert service.stores.open(U).get(submission)
    (shot,) = lan.evidence()[0].photos
    assert not shot.safe
    service.settle()
    worker.sync_once()
    assert lan.evidence()[0].photos[0].safe
    assert media.read_photo(service.stores.open(M), shot.sha256).data == shot.file.read_bytes()


def test_the_thread_sends_what_is_saved_soon_wakes_at_once_and_stops_quickly(lan, own, service, monkeypatch):
    told = []
    monkeypatch.setattr("mobile.worker.SOON_S", 3600.0)
    worker = SyncWorker(lan, on_status=told.append, every_s=3600)
    worker.start()
    try:
        wait_for(lambda: worker.status.state == "idle")
        lan.set_answer(own, "i-1", points="3")
        assert worker._due is not None  # nudged
        worker.wake()
        wait_for(lambda: lan.unsent() == 0)
        assert service.stores.open(U).info()["doc_count"] == 1
    finally:
        worker.stop(FOR_EVER_S)  # its next round is an hour away
    assert not worker.is_alive()
    assert all(status.sentence() for status in told)


def test_a_bug_in_one_round_is_logged_and_does_not_end_synchronisation(lan, monkeypatch, caplog):
    worker = SyncWorker(lan, every_s=3600)
    rounds = []

    def broken():
        rounds.append(1)
        raise ValueError("a bug")

    monkeypatch.setattr(worker, "sync_once", broken)
    worker.start()
    try:
        wait_for(lambda: rounds)
        wait_for(lambda: worker.status.state == "trouble")
        worker.wake()
        wait_for(lambda: len(rounds) >= 2)
    finally:
        worker.stop()
    assert "a bug" in caplog.text


def test_answers_are_not_held_up_by_a_server_that_does_not_answer(lan, own, service):
    held = threading.Event()
    service.meanwhile = lambda _: held.wait(FOR_EVER_S) and None
    worker = SyncWorker(lan)
    worker.start()
    try:
        wait_for(lambda: worker.status.state == "syncing")
        for n in range(20):
            lan.set_answer(own, "i-1", points=str(n))
        assert worker.status.state == "syncing", "they waited until the round was over"
    finally:
        held.set()
        worker.stop(FOR_EVER_S)


def test_an_account_that_moved_to_another_server_is_read_from_there(lan):
    assert accounts.read_server(lan.tools.local).grant(U).push
    assert accounts.read_server(lan.tools.local).grant("u-nowhere-2024") is None


def round_of(worker, service):
    """The requests of one round: methods and last segments of paths."""
    service.seen.clear()
    worker.sync_once()
    told = [(method, path.split("/")) for method, path in service.seen]
    return [f"{method} {'_local' if '_local' in parts else parts[-1]}" for method, parts in told]


def test_one_changed_document_costs_four_requests_in_a_whole_round_either_way(lan, own, service):
    worker = SyncWorker(lan)
    worker.sync_once()
    sending = ["GET databases", "POST _revs_diff", "POST _bulk_docs", "PUT _local"]

    lan.set_answer(own, "i-1", points="1")
    assert round_of(worker, service) == sending
    # What was sent is in the server's feed now: one look at it, and nothing to write down there.
    assert round_of(worker, service) == ["GET databases", "GET _changes"]
    assert round_of(worker, service) == ["GET databases"]
    lan.set_answer(own, "i-1", points="2")
    assert round_of(worker, service) == sending
    round_of(worker, service)

    service.stores.open(U).put({"_id": "part:0", "type": "part"})
    fetching = ["GET databases", "GET _changes", "POST _bulk_get", "PUT _local"]
    assert round_of(worker, service) == fetching
    assert round_of(worker, service) == ["GET databases"]


def test_a_round_uses_one_connection(lan, own, service):
    lan.set_answer(own, "i-1", points="1")
    ports = set()
    service.meanwhile = lambda request: ports.add(request.environ["REMOTE_PORT"])

    SyncWorker(lan).sync_once()

    assert len(service.seen) > 4
    assert len(ports) == 1


def test_a_document_the_server_fails_over_waits_alone_and_goes_once_the_server_is_mended(
    lan, own, service, monkeypatch
):
    monkeypatch.setattr(replicate, "RETRY_S", 0)
    lan.set_answer(own, "i-1", points="1")
    lan.set_note(own, "i-1", "Mái nhà văn hóa bị dột.")
    (part,) = [row["id"] for row in lan.tools.local.stores.open(U).changes(0).results if row["id"].startswith("part:")]

    def crash(document):
        if document["_id"] == part:
            raise LookupError("a bug of the server's")

    service.refuse = crash
    worker = SyncWorker(lan)
    status = worker.sync_once()

    assert (status.state, status.message, status.refused) == ("idle", "some-refused", 1)
    held = {row["id"] for row in service.stores.open(U).changes(0).results}
    assert part not in held
    assert held
    service.refuse = lambda _: None
    assert SyncWorker(lan).sync_once().refused == 0
    assert part in {row["id"] for row in service.stores.open(U).changes(0).results}


def test_a_photo_that_a_decision_withheld_leaves_the_phone_at_the_next_sync(lan, own, service, sync):
    card = lan.capture(picture(), title="Lễ hội", checklist=own, criterion="i-1")
    (name,) = [each.stem for each in lan.tools.local.photos.glob("*.jpg") if not each.stem.endswith(".thumb")]
    store = service.stores.open(G)
    rows = store.all_docs(start_key="decision:", end_key="decision:~", include_docs=True)["rows"]
    log = [{key: value for key, value in row["doc"].items() if key != "_rev"} for row in rows]
    store.put(decide(log, "withhold", {"kind": "photo", "sha256": name}, reason="0" * 64))
    sync(lan)
    sync(lan)

    assert not list(lan.tools.local.photos.glob(f"{name}*"))
    media = lan.tools.local.stores.open(G.replace("g-", "m-"))
    assert [row["id"] for row in media.all_docs()["rows"] if name in row["id"]] == []
    assert [each.title for each in lan.evidence()] == [card.title]
    lan.outbox()
