"""Bad input at the service's door, sent by phones that were tampered with: refused alone, said in the reader's words.

Real phones and their real worker push through the real gateway; only what lies in a phone's store is doctored. What a
person can do wrong at the screen is in `test_bad_taps`.
"""

from __future__ import annotations

import json
from random import Random

import pytest
import requests

from mobile.worker import SyncWorker
from schemas.record import Record
from schemas.standings import standings
from sync.documents import with_revision
from sync.errors import PeerRefused
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from tests.journey.support import enrolled_phone, noise, real_now
from tests.server.world import (
    BN,
    GROUP,
    HY,
    YEAR,
    draft_of,
    evidence_of,
    full_marks,
    salted,
    submission_of,
)

U_HY, U_BN = f"u-{HY}-{YEAR}", f"u-{BN}-{YEAR}"


@pytest.fixture
def phone(world, url, tmp_path):
    """Lan's, of Hưng Yên, after its first exchange."""
    made = enrolled_phone(tmp_path / "lan", url, world.service.accounts.new_code("lan").code)
    yield made
    made.close()


def submission(world, phone, points, *, number, login="lan", unit=HY):
    return submission_of(world.accounts[login], phone.account.device, unit, points, number=number)


def doctored(world, phone):
    """What only a program can send: each bad document with the words its refusal has in both languages."""
    one = {"i-1": "10"}
    evidence, _ = evidence_of(world.accounts["bac"], phone.account.device, title="Của đơn vị khác")
    return {
        "no number": (
            submission(world, phone, {"i-1": "NaN"}, number=101),
            {"vi": ["answers.i-1.points", "“NaN” không phải là số"], "en": ["answers.i-1.points", "not a number"]},
        ),
        "a number of JavaScript": (
            submission(world, phone, {"i-1": "1e3"}, number=102),
            {"vi": ["answers.i-1.points", "không phải là số"], "en": ["answers.i-1.points", "not a number"]},
        ),
        "points above the maximum": (
            submission(world, phone, {"i-1": "61"}, number=103),
            {"vi": ["answers.i-1", "từ 0 đến 60", "61"], "en": ["answers.i-1", "from 0 to 60", "61"]},
        ),
        "a criterion nobody asked": (
            submission(world, phone, {"ix-9": "1"}, number=104),
            {"vi": ["answers.ix-9", "không có tiêu chí"], "en": ["answers.ix-9", "has no criterion"]},
        ),
        "a note of two megabytes": (
            salted("x" * 2_000_000),
            {"vi": ["value", "2.000.000 ký tự, tối đa 4.000"], "en": ["value", "2,000,000 characters", "4,000"]},
        ),
        "another unit's checklist": (
            submission(world, phone, one, number=105, unit=BN),
            {"vi": ["đơn vị Bắc Ninh"], "en": ["the unit Bắc Ninh"]},
        ),
        "another unit in the body than in the id": (
            submission(world, phone, one, number=106) | {"unit": BN},
            {"vi": ["unit", "so-hy"], "en": ["unit", "so-hy"]},
        ),
        "another unit's evidence": (evidence, {"vi": ["Bắc Ninh"], "en": ["Bắc Ninh"]}),
        "another person's submission": (
            submission(world, phone, one, number=107, login="minh"),
            {"vi": ["Nguyễn Văn Minh", "Phạm Thị Lan"], "en": ["Nguyễn Văn Minh", "Phạm Thị Lan"]},
        ),
        "a version nobody knows": (
            submission(world, phone, one, number=108) | {"v": 7},
            {"vi": ["v:", "phiên bản 7"], "en": ["v:", "version 7"]},
        ),
        "a member nobody knows": (
            submission(world, phone, one, number=109) | {"colour": "red"},
            {"vi": ["colour", "không nhận ra"], "en": ["colour", "not known"]},
        ),
        "a type that is written by the service alone": (
            {"_id": f"receipt:{'0' * 64}", "type": "receipt", "v": 1},
            {"vi": ["receipt"], "en": ["receipt"]},
        ),
    }  # fmt: skip


def put(phone, database, *documents):
    """Past all of the app's own checks, straight into the phone's store."""
    store = phone.tools.local.stores.ensure(database)
    failed = store.bulk_docs([with_revision(each) for each in documents], new_edits=False)
    assert not failed, failed


def held(world, database):
    return {row["id"] for row in world.service.backend.open(database).all_docs()["rows"]}


def ranking(world):
    world.settle()
    rows = world.group_database().all_docs(include_docs=True)["rows"]
    found = standings(Record.from_documents([row["doc"] for row in rows]), real_now().date())
    return [
        (row.unit, row.place, row.total, [(section.section.id, section.points) for section in row.card.sections])
        for row in found.rows
    ]


def test_every_bad_document_is_refused_alone_in_the_readers_language_and_its_neighbours_land(world, phone):
    put(phone, U_HY, submission(world, phone, full_marks(90), number=1))
    assert SyncWorker(phone).sync_once().refused == 0
    before = ranking(world)
    assert {row[0]: row[2] for row in before}[HY] > 0

    bad = doctored(world, phone)
    good = [draft_of(world.accounts["lan"], phone.account.device, HY, {"i-1": "50"}), salted("một ghi chú ngắn")]
    put(phone, U_HY, good[0], *(document for document, _ in bad.values()), good[1])
    status = SyncWorker(phone).sync_once()
    assert (status.state, status.refused) == ("idle", len(bad)), status
    landed = held(world, U_HY)
    assert {each["_id"] for each in good} <= landed
    assert not {document["_id"] for document, _ in bad.values()} & landed

    for locale in ("vi", "en"):
        phone.set_locale(locale)
        SyncWorker(phone).sync_once()
        reasons = {refusal.id: refusal.reason for refusal in phone.refused()}
        for what, (document, words) in bad.items():
            for each in words[locale]:
                assert each in reasons[document["_id"]], (what, locale, reasons[document["_id"]])
    phone.set_locale("vi")
    assert ranking(world) == before


def test_what_was_refused_is_shown_with_its_reason_kept_and_stops_nothing_after_it(world, phone, tmp_path):
    bad = doctored(world, phone)
    put(phone, U_HY, *(document for document, _ in bad.values()))
    SyncWorker(phone).sync_once()
    reasons = {refusal.id: refusal.reason for refusal in phone.refused()}

    shown = {item.id: item for item in phone.outbox()}
    for what, (document, _) in bad.items():
        item = shown[document["_id"]]
        assert (item.state, item.reason) == ("refused", reasons[document["_id"]]), what
        kept = phone.tools.local.stores.open(U_HY).get(document["_id"])
        assert {name: value for name, value in kept.items() if name != "_rev"} == document, what

    # The next answers and photos go out as if nothing had been refused.
    key = phone.self_key(GROUP, YEAR)
    phone.set_answer(key, "i-2", points="7")
    card = phone.capture(noise(Random(1)), title="Sau đó", checklist=key, criterion="i-2")
    status = SyncWorker(phone).sync_once()
    assert (status.state, status.refused) == ("idle", len(bad)), status
    assert card.id in held(world, U_HY)
    # And all of it can be carried away in a file.
    phone.export_unsent(tmp_path / "unsent.json")
    carried = json.loads((tmp_path / "unsent.json").read_text(encoding="utf-8"))["documents"]
    assert {document["_id"] for document, _ in bad.values()} <= {each["document"]["_id"] for each in carried}


def test_a_refused_draft_that_is_put_right_is_taken_in_the_next_round(world, phone):
    draft = draft_of(world.accounts["lan"], phone.account.device, HY, {"i-1": "NaN"})
    put(phone, U_HY, draft)
    assert SyncWorker(phone).sync_once().refused == 1
    assert draft["_id"] not in held(world, U_HY)
    phone.set_answer(phone.self_key(GROUP, YEAR), "i-1", points="50")
    status = SyncWorker(phone).sync_once()
    assert (status.state, status.refused, phone.refused()) == ("idle", 0, [])
    assert draft["_id"] in held(world, U_HY)


def test_somebody_elses_database_is_closed_with_the_rule_in_both_languages(world, phone):
    put(phone, U_BN, submission(world, phone, {"i-1": "10"}, number=1, unit=BN))
    store = phone.tools.local.stores.open(U_BN)
    reasons = {}
    for locale in ("vi", "en"):
        session = requests.Session()
        session.headers["Accept-Language"] = locale
        remote = RemoteDatabase(f"{phone.account.server_url}/db/{U_BN}", token=phone.account.token, session=session)
        with pytest.raises(PeerRefused) as refused:
            replicate(store, remote, new_session_id=lambda: "a", now=lambda: "2024-10-08T00:00:00Z")
        assert refused.value.status == 403
        reasons[locale] = refused.value.reason
    assert reasons["vi"] != reasons["en"]
    assert all(len(reason) > 20 for reason in reasons.values()), reasons
    assert held(world, U_BN) == set()
    # Its own round is not troubled by it.
    assert SyncWorker(phone).sync_once().state == "idle"
    assert len(store.all_docs()["rows"]) == 1


def test_bytes_that_are_no_json_document_are_answered_with_a_reason_and_change_nothing(world, phone):
    before = held(world, U_HY)
    for body in (b'{"docs": [{"_id": "draft:x", "points": NaN}]}', b"\xff\xfe", b"[" * 100_000, b'{"docs": 7}'):
        answered = requests.post(
            f"{phone.account.server_url}/db/{U_HY}/_bulk_docs",
            data=body,
            headers={"Authorization": f"Bearer {phone.account.token}", "Content-Type": "application/json"},
            timeout=120,
        )
        assert 400 <= answered.status_code < 500, (body[:40], answered.status_code)
        assert answered.json()["reason"]
    assert held(world, U_HY) == before
