"""Phones at the door, over HTTP: what is theirs, what lands, what is refused and how."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from schemas import ids
from schemas.counting import checklists
from schemas.evidence import cite
from server.gateway import Gateway
from sync import media
from sync.documents import with_revision
from sync.errors import PeerRefused, PeerUnreachable
from tests.server.world import (
    BN,
    GROUP,
    HY,
    WARD,
    YEAR,
    draft_of,
    evidence_of,
    full_marks,
    salted,
    submission_of,
)

U_HY = "u-so-hy-2024"


# Refusals first


def test_a_stranger_is_asked_who_they_are(url):
    answered = requests.get(f"{url}/db/g-cum-1-2024", timeout=120)
    assert answered.status_code == 401
    assert answered.json()["error"] == "unauthorized"
    assert requests.get(f"{url}/api/v1/databases", timeout=120).status_code == 401


@pytest.mark.parametrize("name", ["registry", "u-so-bn-2024", "g-cum-2-2024", "v-khong-co"])
def test_a_database_of_others_is_refused_with_the_rule(phone, name):
    lan = phone("lan")
    with pytest.raises(PeerRefused) as refused:
        lan.remote(name).info()
    assert refused.value.status in (401, 403)
    assert refused.value.reason


def test_the_group_takes_nothing_from_phones(phone, world):
    lan = phone("lan")
    document = submission_of(lan.account, lan.device, HY, {"i-1": "50"})
    entries = lan.remote("g-cum-1-2024").bulk_docs([{**document, "_rev": "1-a"}], new_edits=False)
    assert entries[0]["error"] == "forbidden"
    world.settle()
    assert world.ids_of("submission") == []


def test_nobody_writes_in_anothers_name(phone):
    lan, minh = phone("lan"), phone("minh")
    document = submission_of(minh.account, minh.device, HY, {"i-1": "50"})
    lan.write(U_HY, document)
    result = lan.push(U_HY)
    assert [refused.id for refused in result.refused] == [document["_id"]]


def test_one_bad_document_of_a_batch_is_refused_alone_in_the_callers_language(phone):
    lan = phone("lan")
    good = [draft_of(lan.account, lan.device, HY, {"i-1": "50"}), salted("một ghi chú")]
    bad = submission_of(lan.account, lan.device, HY, {"i-1": "50"}) | {"color": "red"}
    lan.write(U_HY, *good, bad)
    result = lan.push(U_HY)
    assert [refused.id for refused in result.refused] == [bad["_id"]]
    assert "color" in result.refused[0].reason
    landed = lan.remote(U_HY).all_docs()["rows"]
    assert sorted(row["id"] for row in landed) == sorted(document["_id"] for document in good)
    entry = lan.remote(U_HY, locale="vi").bulk_docs([{**bad, "_rev": "1-abc"}], new_edits=False)[0]
    assert entry["reason"] != result.refused[0].reason


def test_a_submission_once_taken_is_never_replaced(phone, world):
    lan = phone("lan")
    first = submission_of(lan.account, lan.device, HY, {"i-1": "50"})
    lan.write(U_HY, first)
    lan.push(U_HY)
    for rev in ("1-ffff", "2-ffff"):
        entry = lan.remote(U_HY).bulk_docs(
            [{**submission_of(lan.account, lan.device, HY, {"i-1": "60"}), "_rev": rev}], new_edits=False
        )[0]
        assert entry["error"] == "forbidden"
    world.settle()
    assert world.group_database().get(first["_id"])["answers"]["i-1"]["points"] == "50"


def test_a_grassroots_unit_sends_its_own_evidence_and_reads_only_that_back(phone):
    thu, lan = phone("thu"), phone("lan")
    evidence, title = evidence_of(thu.account, thu.device, title="Đêm chèo")
    thu.write(U_HY, evidence, title)
    assert not thu.push(U_HY).refused
    own = thu.remote(U_HY).all_docs(start_key=f"evidence:{WARD}:", end_key=f"evidence:{WARD}:\ufff0")
    assert [row["id"] for row in own["rows"]] == [evidence["_id"]]
    for forbidden in (thu.remote(U_HY).changes, thu.remote(U_HY).all_docs):
        with pytest.raises(PeerRefused):
            forbidden()
    draft = draft_of(lan.account, lan.device, HY, {"i-1": "50"})
    thu.write(U_HY, draft)
    assert [refused.id for refused in thu.push(U_HY).refused] == [draft["_id"]]


def test_no_unit_inspects_itself(phone, world):
    visit = world.plan_visit(HY, "dung")
    with pytest.raises(PeerRefused):
        phone("minh").remote(f"v-{visit}").info()
    assert phone("dung").remote(f"v-{visit}").info()["doc_count"] == 0


def test_of_two_bodies_under_one_new_id_one_lands_in_a_batch(phone, world):
    lan = phone("lan")
    one, two = (submission_of(lan.account, lan.device, HY, {"i-1": points}) for points in ("50", "60"))
    batch = [{**one, "_rev": f"1-{'c' * 32}"}, {**two, "_rev": f"1-{'d' * 32}"}]
    (entry,) = lan.remote(U_HY).bulk_docs(batch, new_edits=False)
    assert (entry["error"], entry["id"]) == ("forbidden", one["_id"])
    world.settle()
    assert world.group_database().get(one["_id"])["answers"]["i-1"]["points"] == "50"
    same_revision = lan.remote(U_HY).bulk_docs([{**two, "_rev": f"1-{'c' * 32}"}], new_edits=False)
    assert same_revision[0]["error"] == "forbidden"


def test_of_two_bodies_under_one_new_id_one_lands_from_two_requests_at_once(phone, world, monkeypatch):
    lan = phone("lan")
    ready = threading.Barrier(2)
    noting = Gateway.noting

    def slowly(*given):
        time.sleep(0.2)  # judged, and not written yet
        return noting(*given)

    monkeypatch.setattr(Gateway, "noting", slowly)
    refused = []

    def send(points: str) -> None:
        document = submission_of(lan.account, lan.device, HY, {"i-1": points})
        ready.wait()
        refused.extend(lan.remote(U_HY).bulk_docs([{**document, "_rev": f"1-{points * 16}"}], new_edits=False))

    threads = [threading.Thread(target=send, args=(points,)) for points in ("50", "60")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry["error"] for entry in refused] == ["forbidden"]


def test_a_colleagues_evidence_is_not_written_over(phone, world):
    lan, minh = phone("lan"), phone("minh")
    evidence, title = evidence_of(lan.account, lan.device, title="Đêm chèo")
    lan.write(U_HY, evidence, title)
    lan.push(U_HY)
    forged = {**evidence, "by": minh.account.account, "photos": []}
    (entry,) = minh.remote(U_HY).bulk_docs([{**forged, "_rev": f"2-{'a' * 32}"}], new_edits=False)
    assert entry["error"] == "forbidden"
    assert lan.remote(U_HY).get(evidence["_id"])["by"] == "lan"
    changed = with_revision({**evidence, "children": True}, parent=with_revision(evidence)["_rev"])
    assert lan.remote(U_HY).bulk_docs([changed], new_edits=False) == []


def test_evidence_is_cited_as_its_author_made_it_now_or_earlier(phone):
    thu, lan = phone("thu"), phone("lan")
    evidence, title = evidence_of(thu.account, thu.device, title="Đêm chèo")
    never_sent = {**evidence, "_id": evidence["_id"][:-1] + "9"}
    lan.write(U_HY, title, cite(never_sent))
    assert [it.id for it in lan.push(U_HY).refused] == [cite(never_sent)["_id"]]
    thu.write(U_HY, evidence, title)
    thu.push(U_HY)
    forged = cite({**evidence, "consent": True})
    lan.write(U_HY, forged)
    assert forged["_id"] in [it.id for it in lan.push(U_HY).refused]
    changed = with_revision({**evidence, "children": True}, parent=with_revision(evidence)["_rev"])
    assert thu.remote(U_HY).bulk_docs([changed], new_edits=False) == []
    # Cited before the change was known: it still arrives.
    lan.write(U_HY, cite(evidence), cite(changed))
    lan.push(U_HY)
    landed = {row["id"] for row in lan.remote(U_HY).all_docs()["rows"]}
    assert {cite(evidence)["_id"], cite(changed)["_id"]} <= landed
    assert forged["_id"] not in landed


def test_an_answer_names_nobody_outside_the_unit(phone):
    lan = phone("lan")
    document = submission_of(lan.account, lan.device, HY, {"i-1": "50"})
    colleagues = {**document, "answers": {"i-1": {**document["answers"]["i-1"], "by": "minh"}}}
    strangers = {**document, "answers": {"i-1": {**document["answers"]["i-1"], "by": "bac"}}}
    lan.write(U_HY, strangers)
    assert "Lê Thị Bắc" in lan.push(U_HY).refused[0].reason
    assert lan.remote(U_HY).bulk_docs([with_revision(colleagues)], new_edits=False) == []


def test_a_checklist_of_another_scheme_does_not_look_sent(phone, world):
    lan = phone("lan")
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "50"}, scheme="scheme:khoi-100:1"))
    (refused,) = lan.push(U_HY).refused
    assert "scheme:cum-1000:1" in refused.reason
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"x-9": "50"}, number=2))
    assert any("x-9" in it.reason for it in lan.push(U_HY).refused)
    assert world.ids_of("arrival") == []


# What is theirs


def test_one_request_tells_a_phone_all_its_databases(phone, world):
    visit = world.plan_visit(BN, "minh")
    told = phone("minh").databases()
    assert told["account"] == "minh"
    assert told["server"] == world.service.config.server
    by_name = {entry["name"]: entry for entry in told["databases"]}
    assert sorted(by_name) == ["g-cum-1-2024", "m-cum-1-2024", U_HY, f"v-{visit}"]
    assert by_name["g-cum-1-2024"]["heads"] == world.ids_of("decision")
    assert (by_name["g-cum-1-2024"]["pull"], by_name["g-cum-1-2024"]["push"]) == (True, False)
    assert (by_name["m-cum-1-2024"]["pull"], by_name["m-cum-1-2024"]["push"]) == (False, True)
    uuid = world.service.backend.open(f"v-{visit}").info()["uuid"]
    assert by_name[f"v-{visit}"] | {"update_seq": 0} == {
        "uuid": uuid, "name": f"v-{visit}", "kind": "visit", "group": GROUP, "year": YEAR, "unit": BN, "visit": visit,
        "pull": True, "push": True, "update_seq": 0, "heads": None, "movements": None,
    }  # fmt: skip


def test_a_member_pulls_the_whole_group(phone, world):
    minh = phone("minh")
    result = minh.pull("g-cum-1-2024")
    assert not result.refused
    pulled = minh.store("g-cum-1-2024").all_docs()["rows"]
    assert [row["id"] for row in pulled] == [row["id"] for row in world.group_database().all_docs()["rows"]]
    assert not any(row["id"].startswith(("account:", "device:")) for row in pulled)


# Arrivals


def test_an_arrival_is_written_once_however_often_a_push_is_repeated(phone, world):
    lan = phone("lan")
    document = submission_of(lan.account, lan.device, HY, full_marks(90))
    lan.write(U_HY, document)
    lan.push(U_HY)
    world.clock.pass_by(days=60)
    remote = lan.remote(U_HY)
    remote.bulk_docs(lan.store(U_HY).bulk_get([{"id": document["_id"]}], revs=True)[0]["docs"][0]["ok"] and [
        lan.store(U_HY).bulk_get([{"id": document["_id"]}], revs=True)[0]["docs"][0]["ok"]
    ], new_edits=False)  # fmt: skip
    arrivals = [world.group_database().get(doc_id) for doc_id in world.ids_of("arrival")]
    assert [(it["at"], it["account"], it["device"], it["flags"]) for it in arrivals] == [
        ("2024-10-08T05:00:00Z", "lan", lan.device, [])
    ]


def test_a_submission_that_a_crash_parted_from_its_arrival_is_asked_for_again(phone, world, monkeypatch):
    lan, minh = phone("lan"), phone("minh")
    document = with_revision(submission_of(lan.account, lan.device, HY, full_marks(90)))

    def power_cut(*_):
        raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "note_arrivals", power_cut)
        with pytest.raises(PeerUnreachable):
            lan.remote(U_HY).bulk_docs([document], new_edits=False)
    asked = {document["_id"]: [document["_rev"]]}
    assert world.service.backend.open(U_HY).revs_diff(asked) == {}, "it stands"
    assert minh.remote(U_HY).revs_diff(asked) == {}, "a colleague could not send it"
    assert lan.remote(U_HY).revs_diff(asked) == {document["_id"]: {"missing": [document["_rev"]]}}
    lan.write(U_HY, document)
    assert not lan.push(U_HY).refused
    assert [ids.parse(each)["submission"] for each in world.ids_of("arrival")] == [document["_id"]]
    assert lan.remote(U_HY).revs_diff(asked) == {}


@pytest.mark.parametrize("state", ["revoked", "lost"])
def test_what_counts_by_decision_only_never_stands_without_its_mark(phone, world, monkeypatch, state):
    lan = phone("lan")
    world.service.accounts.set_device_state("lan", lan.device, state)
    document = with_revision(submission_of(lan.account, lan.device, HY, full_marks(90)))

    def power_cut(*_):
        raise OSError("the power is gone")

    monkeypatch.setattr(Gateway, "note_arrivals", power_cut)
    with pytest.raises(PeerUnreachable):
        lan.remote(U_HY).bulk_docs([document], new_edits=False)
    asked = {document["_id"]: [document["_rev"]]}
    assert world.service.backend.open(U_HY).revs_diff(asked) == {document["_id"]: {"missing": [document["_rev"]]}}


def test_a_late_submission_counts_and_is_marked(phone, world):
    lan = phone("lan")
    world.clock.pass_by(days=30)
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "50"}))
    lan.push(U_HY)
    assert world.group_database().get(world.ids_of("arrival")[0])["flags"] == ["late"]


def test_a_revoked_phone_reads_nothing_more_and_its_work_is_taken_in_flagged_for_thirty_days(phone, world):
    lan = phone("lan")
    accounts = world.service.accounts
    accounts.set_device_state("lan", lan.device, "revoked")
    with pytest.raises(PeerRefused):
        lan.pull("g-cum-1-2024")
    first = submission_of(lan.account, lan.device, HY, {"i-1": "50"})
    lan.write(U_HY, first)
    assert not lan.push(U_HY).refused
    assert world.group_database().get(world.ids_of("arrival")[0])["flags"] == ["revoked"]
    assert [entry["pull"] for entry in lan.databases()["databases"]] == [False, False, False]
    world.clock.pass_by(days=31)
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "90"}, number=2))
    assert len(lan.push(U_HY).refused) == 1


def test_of_a_lost_phone_only_submissions_are_kept_and_they_count_by_decision(phone, world):
    lan = phone("lan")
    world.service.accounts.set_device_state("lan", lan.device, "lost")
    submission = submission_of(lan.account, lan.device, HY, {"i-1": "50"})
    draft = draft_of(lan.account, lan.device, HY, {"i-2": "50"})
    evidence, title = evidence_of(lan.account, lan.device, title="Đêm chèo")
    lan.write(U_HY, submission, draft, evidence, title)
    assert {it.id for it in lan.push(U_HY).refused} == {draft["_id"], evidence["_id"]}
    assert world.group_database().get(world.ids_of("arrival")[0])["flags"] == ["lost"]
    world.settle()
    view = world.service.board.view(lan.account, GROUP, YEAR)
    (checklist,) = checklists(view.record).values()
    assert (checklist.counted, list(checklist.aside)) == (None, [submission["_id"]])


def test_a_closed_accounts_phone_pushes_for_thirty_days_and_no_longer(phone, world):
    lan = phone("lan")
    world.service.accounts.close("lan")
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "50"}))
    assert not lan.push(U_HY).refused
    assert world.group_database().get(world.ids_of("arrival")[0])["flags"] == ["revoked"]
    world.clock.pass_by(days=31)
    world.service.accounts.set_device_state("lan", lan.device, "revoked")
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "90"}, number=2))
    assert len(lan.push(U_HY).refused) == 1


def test_a_right_withdrawn_while_a_phone_waits_ends_the_wait(phone, world):
    lan = phone("lan")
    remote = lan.remote("g-cum-1-2024")
    newest = remote.info()["update_seq"]
    outcome = []

    def wait() -> None:
        try:
            outcome.append(remote.changes(newest, wait_s=20))
        except PeerRefused as refused:
            outcome.append(refused)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    world.service.accounts.set_device_state("lan", lan.device, "revoked")
    world.act("huong", "lock-scheme", {"scheme": "scheme:cum-1000:1"})
    waiting.join()
    # The answer had begun, so it ends without a row; the next question is refused.
    assert isinstance(outcome[0], PeerRefused) or outcome[0].results == []
    assert world.group_database().info()["update_seq"] > newest
    with pytest.raises(PeerRefused):
        remote.changes(newest)


def test_a_submission_for_a_cancelled_visit_arrives_flagged(phone, world):
    visit = world.plan_visit(BN, "minh")
    minh = phone("minh")
    world.act("huong", "cancel-visit", {"visit": visit}, "Bão")
    minh.write(f"v-{visit}", submission_of(minh.account, minh.device, BN, {"i-1": "50"}, visit=visit))
    assert not minh.push(f"v-{visit}").refused
    assert world.group_database().get(world.ids_of("arrival")[0])["flags"] == ["cancelled"]


# Photos


def picture(number: int) -> bytes:
    return bytes([number]) * 100_000


def test_photos_are_pushed_in_pieces_and_read_by_who_may_read_what_names_them(phone, world):
    thu, bac = phone("thu"), phone("bac")
    name = media.name_of(picture(1))
    evidence, title = evidence_of(thu.account, thu.device, title="Đêm chèo", photos=(name,))
    thu.write(U_HY, evidence, title)
    thu.push(U_HY)
    pushed = media.cut(picture(1), b"thumb", content_type="image/jpeg", width=40, height=30)
    assert thu.remote("m-cum-1-2024").bulk_docs(pushed, new_edits=False) == []
    world.settle()
    assert media.receipts(thu.remote("m-cum-1-2024"), [name]) == {name}
    # Bắc Ninh is a member too, but nothing it may read names the photo yet.
    assert media.receipts(bac.remote("m-cum-1-2024"), [name]) == set()
    lan = phone("lan")
    lan.write(U_HY, title, cite(evidence))
    lan.write(U_HY, submission_of(lan.account, lan.device, HY, {"i-1": "50"}, cited={"i-1": [cite(evidence)["_id"]]}))
    assert [it.reason for it in lan.push(U_HY).refused] == []
    world.settle()
    assert media.receipts(bac.remote("m-cum-1-2024"), [name]) == {name}
    assert media.read_photo(bac.remote("m-cum-1-2024"), name).data == picture(1)


def test_the_photo_database_takes_photos_alone_and_is_never_listed(phone):
    lan = phone("lan")
    remote = lan.remote("m-cum-1-2024")
    for document in (salted("x"), {"_id": f"receipt:{'a' * 64}", "type": "receipt", "photo": "a" * 64}):
        assert remote.bulk_docs([{**document, "_rev": "1-a"}], new_edits=False)[0]["error"] == "forbidden"
    with pytest.raises(PeerRefused):
        remote.changes()
