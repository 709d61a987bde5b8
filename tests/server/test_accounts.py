"""Who somebody is: sign-in, codes used once, tokens."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from schemas import ids
from schemas.problem import InvalidDocument
from server.accounts import Accounts, normal_code
from server.problems import Clash, Gone, Invalid, Missing, NotSignedIn
from server.registry import Registry
from sync.store import Store
from tests.support.at_once import at_once

NOON = datetime(2024, 10, 8, 5, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


class Dice:
    """Random bytes that differ at every throw and are the same in every run."""

    def __init__(self) -> None:
        self.thrown = 0

    def __call__(self, count: int) -> bytes:
        self.thrown += 1
        return (self.thrown * 0x9E3779B97F4A7C15).to_bytes(count + 9)[-count:]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def registry(tmp_path):
    store = Store(tmp_path / "registry.sqlite")
    registry = Registry(store)
    registry.put(
        {
            "_id": "unit:so-hy", "type": "unit", "v": 1, "unit": "so-hy", "kind": "department", "parent": None,
            "names": {"vi": "Sở VHTTDL Hưng Yên", "en": "Hưng Yên"},
            "short_names": {"vi": "Hưng Yên", "en": "Hưng Yên"},
            "functions": ["culture"], "valid_from": "2020-01-01", "valid_to": None,
        }
    )  # fmt: skip
    yield registry
    store.close()


@pytest.fixture
def accounts(registry, clock):
    return Accounts(registry, now=clock, random_bytes=Dice())


@pytest.fixture
def lan(accounts):
    return accounts.add(
        login="lan", name="Phạm Thị Lan", unit="so-hy", roles=["specialist"], password="mật khẩu của Lan"
    )


def test_a_wrong_password_an_unknown_login_and_a_closed_account_are_told_apart_by_nobody(accounts, registry, lan):
    refused = []
    for login, password in (("lan", "sai mật khẩu"), ("ai-do", "mật khẩu của Lan")):
        with pytest.raises(NotSignedIn) as problem:
            accounts.sign_in(login, password)
        refused.append(problem.value.said)
    registry.put({**registry.find(ids.account_id(lan.account)), "state": "closed"})
    with pytest.raises(NotSignedIn) as problem:
        accounts.sign_in("lan", "mật khẩu của Lan")
    assert refused == [problem.value.said] * 2


def test_the_right_password_signs_in_however_the_keyboard_composed_it(accounts, lan):
    decomposed = "mật khẩu của Lan"
    assert accounts.sign_in("Lan ", decomposed) == lan


def test_an_account_without_a_password_signs_in_with_no_password_at_all(accounts):
    accounts.add(login="may", name="Máy", unit="so-hy", roles=["inspector"], password=None)
    for password in ("", "-", "nobody"):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("may", password)


def test_nothing_secret_is_kept_as_it_was_given(accounts, registry, lan):
    code = accounts.new_code(lan.account)
    enrolled = accounts.redeem(code.code, "Điện thoại")
    kept = str([document for kind in ("account", "device", "enrolment") for document in registry.all(kind)])
    for secret in ("mật khẩu của Lan", code.code, code.code.replace("-", ""), enrolled.token):
        assert secret not in kept


def test_a_code_becomes_a_device_once(accounts, lan):
    code = accounts.new_code(lan.account).code
    enrolled = accounts.redeem(code, "Điện thoại của Lan")
    assert accounts.by_token(enrolled.token) == (lan, enrolled.device)
    with pytest.raises(Clash) as problem:
        accounts.redeem(code, "Máy khác")
    assert problem.value.said.code == "enrolment-used"
    assert [device.label for device in accounts.devices(lan.account)] == ["Điện thoại của Lan"]


@pytest.mark.parametrize("label", ["", "  ", "\ud800"])
def test_a_name_no_phone_can_have_does_not_cost_the_code(accounts, lan, label):
    code = accounts.new_code(lan.account).code
    with pytest.raises(InvalidDocument) as invalid:
        accounts.redeem(code, label)
    assert [it.path for it in invalid.value.problems] == ["label"]
    assert accounts.redeem(code, "Máy của Lan").account == lan


def test_wrong_and_expired_codes_say_which_they_are(accounts, clock, lan):
    code = accounts.new_code(lan.account).code
    with pytest.raises(Missing):
        accounts.redeem("AAAA-AAAA", "x")
    with pytest.raises(Missing):
        accounts.redeem("không phải mã", "x")
    clock.time += timedelta(days=1)
    with pytest.raises(Gone):
        accounts.redeem(code, "x")


def test_of_many_who_try_one_code_at_once_one_gets_a_device(accounts, lan):
    code = accounts.new_code(lan.account).code
    outcomes = at_once(8, lambda _: accounts.redeem(code, "x").token)
    assert sorted(type(each).__name__ for each in outcomes) == ["Clash"] * 7 + ["str"]
    assert len(accounts.devices(lan.account)) == 1


def test_a_code_is_understood_as_people_type_it(accounts, lan):
    code = accounts.new_code(lan.account).code
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert accounts.redeem(typed, "x").account == lan
    assert normal_code("abcd–efgh") == "ABCDEFGH"
    assert normal_code("abcd-efg") is None
    assert normal_code("abcd-efgu") is None


def test_a_forged_token_is_nobody(accounts, lan):
    token = accounts.redeem(accounts.new_code(lan.account).code, "x").token
    for forged in (token[:-1] + ("0" if token[-1] != "0" else "1"), token.partition(".")[0], "", "registry", "../x"):
        assert accounts.by_token(forged) is None


def test_a_login_is_given_once_even_to_two_at_once(accounts, lan):
    with pytest.raises(Clash):
        accounts.add(login="lan", name="Lan khác", unit="so-hy", roles=["head"], password="một mật khẩu dài")
    outcomes = []

    def add() -> None:
        try:
            accounts.add(login="minh", name="Minh", unit="so-hy", roles=["head"], password=None)
            outcomes.append("added")
        except Clash:
            outcomes.append("taken")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added", "taken", "taken", "taken"]


def test_all_that_is_wrong_with_a_new_account_is_said_at_once(accounts):
    with pytest.raises(Invalid) as problem:
        accounts.add(login="Lân", name=" ", unit="so-hy", roles=["vua"], password="ngắn")
    assert [path for path, _ in problem.value.fields] == ["login", "name", "password", "roles"]
    with pytest.raises(Missing):
        accounts.add(login="an", name="An", unit="so-nao-do", roles=["head"], password=None)


def test_a_revoked_device_is_known_and_says_so(accounts, clock, lan):
    enrolled = accounts.redeem(accounts.new_code(lan.account).code, "x")
    accounts.set_device_state(lan.account, enrolled.device.device, "revoked")
    known = accounts.by_token(enrolled.token)
    assert known is not None
    assert (known[1].state, known[1].revoked_at) == ("revoked", "2024-10-08T05:00:00Z")
    with pytest.raises(Missing):
        accounts.set_device_state("ai-do", enrolled.device.device, "lost")


def test_a_phone_whose_answer_was_lost_asks_again_and_no_other_phone_does(accounts, lan):
    code, key = accounts.new_code(lan.account).code, "k" * 32
    lost = accounts.redeem(code, "Điện thoại của Lan", key=key)

    again = accounts.redeem(code, "Điện thoại của Lan", key=key)

    assert again.device.device == lost.device.device
    assert accounts.by_token(again.token) == (lan, again.device)
    assert accounts.by_token(lost.token) is None
    for other in ("o" * 32, None):
        with pytest.raises(Clash):
            accounts.redeem(code, "Máy khác", key=other)


def test_a_code_whose_server_died_before_it_wrote_the_device_still_enrols_its_phone(
    accounts, registry, lan, monkeypatch
):
    code, key = accounts.new_code(lan.account).code, "k" * 32
    write = registry.write
    with monkeypatch.context() as dying:
        dying.setattr(registry, "write", lambda it: 1 / 0 if it["type"] == "device" else write(it))
        with pytest.raises(ZeroDivisionError):
            accounts.redeem(code, "x", key=key)

    assert accounts.by_token(accounts.redeem(code, "x", key=key).token)


def test_a_phone_that_asked_again_keeps_its_token_though_its_first_request_ends_late(
    accounts, registry, lan, monkeypatch
):
    code, key = accounts.new_code(lan.account).code, "k" * 32
    write, again = registry.write, []

    def slow(document):
        if document["type"] == "device" and not again:
            again.append(None)
            again[0] = accounts.redeem(code, "x", key=key)
        return write(document)

    monkeypatch.setattr(registry, "write", slow)
    with pytest.raises(Clash):
        accounts.redeem(code, "x", key=key)

    assert accounts.by_token(again[0].token) == (lan, again[0].device)


def test_a_device_that_was_revoked_is_not_enrolled_again_by_its_old_code(accounts, lan):
    code, key = accounts.new_code(lan.account).code, "k" * 32
    device = accounts.redeem(code, "x", key=key).device.device
    accounts.set_device_state(lan.account, device, "revoked")

    with pytest.raises(Clash):
        accounts.redeem(code, "x", key=key)
