"""A code becomes an account, or a sentence that says what to do instead."""

from __future__ import annotations

import flask
import pytest
import requests

from mobile import api
from mobile.enrol import CodeExpired, CodeUnknown, CodeUsed, NoNetwork, NotThidua, ServerTrouble, enrol
from mobile.i18n import LOCALES, set_language
from tests.support.phones import make_phone


@pytest.fixture
def phone(tmp_path):
    phone = make_phone(tmp_path / "new")
    yield phone
    phone.close()


def test_an_enrolled_phone_knows_who_it_belongs_to_and_keeps_its_token_out_of_sight(phone, service):
    account = enrol(phone, service.url + "/", f"  {service.code('lan')} ", "Máy của Lan")

    assert (account.account, account.person_name, account.unit, account.locale) == (
        "lan",
        "Nguyễn Thị Lan",
        "hung-yen",
        "vi",
    )
    assert phone.account == account
    assert account.token not in repr(account)


def test_each_enrolment_is_another_device(phone, service):
    one = enrol(phone, service.url, service.code("lan"), "x").device
    two = enrol(phone, service.url, service.code("lan"), "x").device

    assert one != two


def used(service):
    code = service.code("lan")
    service.spent.add(code)
    return code


def expired(service):
    code = service.code("lan")
    service.expired.add(code)
    return code


@pytest.mark.parametrize(
    ("code_of", "error"), [(lambda _: "WRONG", CodeUnknown), (used, CodeUsed), (expired, CodeExpired)]
)
def test_a_code_that_is_no_good_says_why_in_each_language(phone, service, code_of, error):
    with pytest.raises(error) as refused:
        enrol(phone, service.url, code_of(service), "x")

    said = set()
    for locale in LOCALES:
        set_language(locale)
        said.add(refused.value.message)
    set_language("vi")
    assert len(said) == 2
    assert phone.account is None


@pytest.mark.parametrize("address", ["", "ftp://x", "http://", "https://user:pass@host", "không phải địa chỉ"])
def test_what_is_no_address_is_refused_before_any_request(phone, address):
    with pytest.raises((NotThidua, NoNetwork)):
        enrol(phone, address, "CODE", "x", session=Silent())


class Silent(requests.Session):
    def request(self, *_args, **_kwargs):
        raise requests.exceptions.ConnectionError("no network")


def test_no_network_is_not_blamed_on_the_code(phone):
    with pytest.raises(NoNetwork):
        enrol(phone, "thidua.example", "CODE", "x", session=Silent())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: ("<html>Sign in to Wi-Fi</html>", 200), NotThidua),
        (lambda: flask.redirect("http://portal.example/"), NotThidua),
        (lambda: ({"hello": "world"}, 200), NotThidua),
        (lambda: flask.jsonify([1, 2]), NotThidua),
        (lambda: ({"code": "no-such-page", "message": "…"}, 404), NotThidua),
        (lambda: ("Not Found", 404), NotThidua),
        (lambda: ("Bad Gateway", 502), ServerTrouble),
        (lambda: ("", 429), ServerTrouble),
    ],
)
def test_whatever_else_answers_is_told_apart(phone, service, answer, error):
    service.meanwhile = lambda _: answer()

    with pytest.raises(error):
        enrol(phone, service.url, service.code("lan"), "x")
    assert phone.account is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("thidua.vn", "https://thidua.vn"),
        (" http://10.0.0.2:8080/ ", "http://10.0.0.2:8080"),
        ("https://so.gov.vn/thidua/", "https://so.gov.vn/thidua"),
    ],
)
def test_an_address_may_be_typed_as_people_type_it(typed, meant):
    assert api.tidy_url(typed) == meant


@pytest.mark.parametrize("who", ["lan", "tu"])
def test_a_phone_knows_its_units_name_before_it_has_exchanged_anything(phone, service, who):
    enrol(phone, service.url, service.code(who), "x")

    assert phone.home().unit_name == f"ĐV {who}"


def test_an_account_kept_before_names_were_told_still_opens(phone, service):
    enrol(phone, service.url, service.code("tu"), "x")
    old = {"unit_names", "unit_short_names"}
    phone.tools.local.edit("account", lambda kept: {name: kept[name] for name in kept if name not in old})

    assert phone.account is not None
    assert phone.home().unit_name == "thon-dong"


def test_who_logs_out_while_an_enrolment_is_written_is_logged_out_and_nothing_fails(phone, service):
    phone.subscribe(lambda: phone.account is not None and phone.log_out())
    account = enrol(phone, service.url, service.code("lan"), "x")

    assert account.account == "lan"
    assert phone.account is None
