"""The app's phone and worker against the service itself: nothing between is replaced but the network's length."""

from __future__ import annotations

import pytest

from mobile.enrol import CodeUsed, enrol
from mobile.worker import SyncWorker
from tests.server.world import BN, GROUP, HY, YEAR, make_world, served
from tests.support.phones import fill_answers, make_phone, picture


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path / "data")
    yield made
    made.service.close()


@pytest.fixture
def url(world):
    with served(world) as url:
        yield url


@pytest.fixture
def phone_of(world, url, tmp_path):
    phones = []

    def make(login):
        phone = make_phone(tmp_path / login, clock=world.clock)
        code = world.service.accounts.new_code(world.accounts[login].account).code
        enrol(phone, url, code, f"phone of {login}")
        phones.append(phone)
        world.settle()
        assert SyncWorker(phone).sync_once().state == "idle"
        return phone

    yield make
    for phone in phones:
        phone.close()


def sync(world, *phones, rounds=2):
    for _ in range(rounds):
        for phone in phones:
            status = SyncWorker(phone).sync_once()
            assert (status.state, status.refused) == ("idle", 0), (status, phone.refused())
        world.settle()


def test_a_self_score_with_evidence_is_promoted_and_its_photos_are_confirmed(world, phone_of):
    lan = phone_of("lan")
    key = lan.self_key(GROUP, YEAR)
    assert lan.home().self_checklists[0].unit == HY
    fill_answers(lan, key)
    lan.set_note(key, "i-1", "Đầy đủ")
    lan.set_claim(key, "bonus-prize", subject="Giải Nhất", number="12/QĐ")
    submission = lan.submit(key, "Kính gửi")

    sync(world, lan, rounds=3)

    assert submission in world.ids_of("submission")
    assert world.ids_of("arrival")
    assert {item.state for item in lan.outbox()} == {"verified"}
    assert lan.checklist(key).state == "verified"
    row = next(row for row in lan.standings(GROUP, YEAR).rows if row.unit == HY)
    assert row.total == 1000 or row.base == 1000


def test_a_visit_is_scored_by_its_team_and_sent_back_criteria_reach_the_phone(world, phone_of):
    visit = world.plan_visit(BN, "minh", "dung")
    minh, dung = phone_of("minh"), phone_of("dung")
    key = minh.cross_key(visit)
    fill_answers(minh, key)
    sync(world, minh, dung)
    assert dung.checklist(key).done == minh.checklist(key).done > 0
    minh.set_answer(key, "i-1", points="10")
    dung.set_answer(key, "i-1", points="20")
    sync(world, minh, dung, minh)
    assert minh.checklist(key).disputed == ("i-1",)
    minh.choose(key, "i-1", 0)
    submission = minh.submit(key)
    sync(world, minh, dung)

    assert submission in world.ids_of("submission")
    assert dung.checklist(key).submitted == submission


def test_a_village_says_which_movement_an_activity_belongs_to_without_reading_the_group(world, phone_of):
    world.service.setup.movement(
        GROUP,
        YEAR,
        {
            "type": "movement", "v": 1, "movement": "doi-song-van-hoa", "issuer": "MTTQ", "phases": [],
            "names": {"vi": "Toàn dân đoàn kết xây dựng đời sống văn hóa", "en": "All people unite"},
        },
    )  # fmt: skip
    thu = phone_of("thu")
    assert thu.years() == [(GROUP, YEAR)]
    (movement,) = thu.movements(GROUP, YEAR)
    assert movement.name == "Toàn dân đoàn kết xây dựng đời sống văn hóa"
    card = thu.capture(picture(4), title="Đêm hội", movement=movement.movement)
    sync(world, thu)
    assert thu.evidence()[0].id == card.id
    assert f"g-{GROUP}-{YEAR}" not in thu.tools.local.stores.names()


def test_a_closed_database_is_refused_with_the_name_of_the_unit_it_belongs_to(world, phone_of):
    from sync.errors import PeerRefused
    from sync.remote import RemoteDatabase

    lan = phone_of("lan")
    account = lan.account
    remote = RemoteDatabase(f"{account.server_url}/db/u-{BN}-{YEAR}", token=account.token)
    with pytest.raises(PeerRefused) as refused:
        remote.info()
    assert "Bắc Ninh" in refused.value.reason
    assert BN not in refused.value.reason


def test_what_a_village_photographs_reaches_its_department_and_is_cited(world, phone_of):
    thu, lan = phone_of("thu"), phone_of("lan")
    card = thu.capture(picture(3), title="Đêm hội")
    sync(world, thu, lan)
    key = lan.self_key(GROUP, YEAR)
    (seen,) = lan.evidence(checklist=key)
    assert (seen.id, seen.title, seen.mine) == (card.id, "Đêm hội", False)

    lan.set_answer(key, "i-3", points="30")
    lan.attach(key, "i-3", card.id)
    lan.submit(key)
    sync(world, lan, thu)

    assert world.ids_of("cited")
    assert thu.evidence()[0].state == "verified"
    sync(world, lan)
    assert lan.evidence()[0].thumbnail is not None


def test_a_code_enrols_one_phone(world, url, tmp_path):
    code = world.service.accounts.new_code(world.accounts["lan"].account).code
    phone = make_phone(tmp_path / "one")
    enrol(phone, url, code, "x")
    with pytest.raises(CodeUsed):
        enrol(phone, url, code, "x")
    phone.close()
