"""What holds for every request: headers, numbers, problems in the caller's form and language, limits."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib.resources import files

import pytest
import structlog

from server.app import create_app
from server.messages import codes, say
from server.metrics import PROXIED
from server.web import errors  # noqa: F401 - mounted by the application
from sync.errors import PeerUnreachable
from tests.server.world import BN, GROUP, YEAR, session_of


@pytest.fixture
def client(world):
    world.service.follower.start()
    return create_app(world.service.config, service=world.service).test_client()


@pytest.fixture
def signed_in(world, client):
    """signed_in(login): the client with that person's session."""

    # A session made by hand lacks the mark of the browser that signed in.
    client.application.login_manager.session_protection = None

    def sign_in(login):
        with client.session_transaction() as session:
            session.update(session_of(world.accounts[login]))
        return client

    return sign_in


def enrol(client, code, **headers):
    return client.post("/api/v1/enrol", json={"code": code, "label": "máy"}, headers=headers)


def test_every_answer_is_numbered_and_dressed(client):
    for path in ("/healthz", "/api/openapi.json", "/db/", "/sign-in", "/nowhere"):
        answer = client.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert len(answer.headers["X-Request-Id"]) == 12, path


def test_health_tells_whether_the_follower_lives(world, client):
    assert client.get("/healthz").json == {"status": "ok", "follower": True}
    world.service.follower.stop()
    assert client.get("/healthz").status_code == 503


def test_figures_are_for_this_machine_alone(client):
    client.get("/healthz")
    assert b"thidua_requests_total" in client.get("/metrics").data
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.5"}).status_code == 404


@pytest.mark.parametrize("header", PROXIED)
def test_figures_are_not_for_who_comes_through_a_proxy_on_this_machine(client, header):
    assert client.get("/metrics", headers={header: "203.0.113.5"}).status_code == 404


def test_the_session_cookie_is_the_one_the_api_describes(client):
    described = client.get("/api/openapi.json").json["components"]["securitySchemes"]["session"]["name"]
    (cookie,) = client.get("/sign-in").headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{described}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_api_describes_itself_without_the_internet(client):
    described = client.get("/api/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/v1/enrol", "/api/v1/databases", "/api/v1/groups/{group}/{year}/standings",
        "/api/v1/groups/{group}/{year}/decisions", "/api/v1/groups/{group}/{year}/approvals",
        "/api/v1/groups/{group}/{year}/result", "/api/v1/groups/{group}/{year}/bundle",
        "/api/v1/groups/{group}/{year}/units/{unit}/explanation", "/api/v1/units", "/api/v1/units/events",
    }  # fmt: skip
    assert "http" not in json.dumps(described).replace('"type": "http"', "")


@pytest.mark.parametrize(("locale", "word"), [("vi", "Mã"), ("en", "code"), ("fr, en;q=0.5", "code"), ("xx", "Mã")])
def test_a_problem_is_said_in_the_callers_language(client, locale, word):
    answer = enrol(client, "AAAA-AAAA", **{"Accept-Language": locale})
    assert answer.status_code == 404
    assert answer.json["code"] == "enrolment-unknown"
    assert word in answer.json["message"]


def test_a_wrong_a_used_and_an_expired_code_have_their_own_answers(world, client):
    code = world.service.accounts.new_code("lan").code
    assert enrol(client, code).status_code == 200
    assert enrol(client, code).status_code == 409
    expired = world.service.accounts.new_code("lan").code
    world.clock.pass_by(days=2)
    assert enrol(client, expired).status_code == 410


def test_what_is_wrong_with_a_body_is_named_by_its_path(client):
    answer = client.post("/api/v1/enrol", json={"label": 5})
    assert answer.status_code == 422
    assert {"code", "label"} <= {field["path"] for field in answer.json["fields"]}


def test_guesses_are_counted_and_right_codes_are_not(world, client):
    for _ in range(15):
        assert enrol(client, world.service.accounts.new_code("lan").code).status_code == 200
    answers = [enrol(client, "AAAA-AAAA").status_code for _ in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert enrol(client, "AAAA-AAAA", **{"Accept-Language": "en"}).json["code"] == "too-many-tries"


def guess(client, forwarded):
    """The status of a wrong code that a program of this machine brings, with this X-Forwarded-For."""
    sent = {"environ_base": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {"X-Forwarded-For": forwarded}}
    code = {"code": "AAAA-AAAA", "label": "máy"}
    return client.post("/api/v1/enrol", json=code, **sent).status_code


def test_a_forged_address_wins_no_guesses_where_no_proxy_is_known(client):
    answers = [guess(client, f"203.0.113.{n}") for n in range(12)]
    assert answers == [404] * 10 + [429] * 2


@pytest.mark.parametrize(("proxies", "between"), [(1, ""), (2, ", 198.51.100.7")])
def test_each_client_behind_a_known_proxy_has_guesses_of_its_own(world, proxies, between):
    client = create_app(replace(world.service.config, proxies=proxies), service=world.service).test_client()
    first, second = f"203.0.113.1{between}", f"203.0.113.2{between}"
    assert [guess(client, first) for _ in range(12)] == [404] * 10 + [429] * 2
    assert guess(client, second) == 404, "somebody else pays for it"
    assert [guess(client, f"192.0.2.{n}, {first}") for n in range(2)] == [429] * 2, (
        "a name of one's own in front helped"
    )


@pytest.mark.parametrize(
    ("proxies", "then", "stays"), [(0, "192.0.2.9", True), (1, "203.0.113.1, 198.51.100.7", False)]
)
def test_a_session_belongs_to_the_address_that_is_believed_and_to_no_forged_one(world, proxies, then, stays):
    world.service.accounts.set_password("lan", "mật khẩu mới")
    client = create_app(replace(world.service.config, proxies=proxies), service=world.service).test_client()
    own = {"X-Forwarded-For": "203.0.113.1"}
    token = client.get("/sign-in", headers=own).text.split('csrf_token" value="')[1].split('"')[0]
    sent = {"login": "lan", "password": "mật khẩu mới", "csrf_token": token}
    client.post("/sign-in", data=sent, headers=own)
    url = f"/{GROUP}/{YEAR}"
    assert client.get(url, headers=own).status_code == 200
    assert (client.get(url, headers={"X-Forwarded-For": then}).status_code == 200) == stays


@pytest.mark.parametrize(("proxies", "secure"), [(0, False), (1, True)])
def test_a_request_is_https_when_a_known_proxy_says_so(world, proxies, secure):
    client = create_app(replace(world.service.config, proxies=proxies), service=world.service).test_client()
    told = {"X-Forwarded-For": "203.0.113.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    answer = client.get("/sign-in", headers=told)
    assert ("Strict-Transport-Security" in answer.headers) == secure
    assert "evil.example" not in answer.text + str(answer.headers)


def test_an_unknown_address_answers_in_the_form_of_its_part(client):
    assert client.get("/api/v1/nowhere").json["code"] == "no-page"
    assert client.get("/db/nowhere").json["error"] == "unauthorized"
    assert client.get("/nowhere").mimetype == "text/html"


def test_a_page_that_is_not_there_may_use_the_styles_of_the_others(client):
    assert (
        client.get("/nowhere").headers["Content-Security-Policy"]
        == client.get("/sign-in").headers["Content-Security-Policy"]
    )


def test_standings_are_refused_to_who_is_not_of_the_group(client, signed_in):
    url = f"/api/v1/groups/{GROUP}/{YEAR}/standings"
    assert client.get(url).status_code == 401
    assert signed_in("thu").get(url).status_code == 403
    assert signed_in("lan").get(url).json["units"][0]["unit"] == "so-bn"
    assert signed_in("hoi-dong").get(url).status_code == 200
    assert signed_in("lan").get("/api/v1/groups/cum-9/2024/standings").status_code == 404


def test_an_act_through_the_api_is_written_or_refused_with_the_rule(client, signed_in):
    url = f"/api/v1/groups/{GROUP}/{YEAR}/decisions"
    asked = {"act": "approve-na", "value": {"unit": BN, "criterion": "i-1"}, "reason": "Không có chức năng này"}
    refused = signed_in("lan").post(url, json=asked)
    assert (refused.status_code, refused.json["code"]) == (403, "act-of-leader")
    written = signed_in("huong").post(url, json=asked)
    assert written.status_code == 201
    assert client.get(url).json["decisions"] == [written.json]
    invalid = client.post(url, json={**asked, "reason": None})
    assert invalid.status_code == 422
    assert invalid.json["fields"][0]["path"] == "reason"


@pytest.mark.parametrize(("group", "year"), [(GROUP, 1999), (GROUP, 99_999), ("cum-9", YEAR), ("Cụm", YEAR)])
def test_an_act_on_a_year_there_is_none_of_is_missing_in_words(signed_in, group, year):
    asked = {"act": "lock-scores", "value": {"locked": True}}
    answer = signed_in("huong").post(f"/api/v1/groups/{group}/{year}/decisions", json=asked)
    assert (answer.status_code, answer.json["code"]) == (404, "no-group-year")


def test_a_form_from_another_site_cannot_act_through_a_session(signed_in):
    url = f"/api/v1/groups/{GROUP}/{YEAR}/decisions"
    answer = signed_in("huong").post(url, data='{"act": "approve-na"}', content_type="text/plain")
    assert answer.status_code in (400, 415, 422)


def test_a_failure_of_ours_is_numbered_and_tells_no_secret(world, client, monkeypatch):
    monkeypatch.setattr(world.service.accounts, "redeem", lambda *_: 1 / 0)
    answer = enrol(client, "AAAA-AAAA")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.json["message"]
    assert "division" not in answer.text


def test_while_the_database_is_away_programs_are_told_to_come_again(world, client, monkeypatch):
    def away(*_, **__):
        raise PeerUnreachable("http://admin:secret@127.0.0.1:5984 refused")

    monkeypatch.setattr(world.service.accounts, "redeem", away)
    answer = enrol(client, "AAAA-AAAA")
    assert (answer.status_code, answer.json["code"]) == (503, "database-away")
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text


def test_no_secret_is_in_the_log(world, client):
    from server import log

    written = io.StringIO()
    log.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written), cache_logger_on_first_use=False)
    code = world.service.accounts.new_code("lan").code
    token = enrol(client, code).json["token"]
    client.get("/api/v1/databases", headers={"Authorization": f"Bearer {token}"})
    client.get(f"/db/_all_docs?token={token}", headers={"Authorization": f"Bearer {token}"})
    structlog.get_logger("x").info("careless", password="mật khẩu", device_token=token)
    log.configure()
    assert "careless" in written.getvalue()
    for secret in (code, token, "mật khẩu"):
        assert secret not in written.getvalue()


def test_the_services_sentences_stand_in_the_order_of_their_codes() -> None:
    text = (files("server") / "sentences.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_every_sentence_of_ours_stands_in_both_languages_with_the_same_figures():
    import re

    read = json.loads((files("server") / "sentences.json").read_text(encoding="utf-8"))
    for code in codes():
        vi, en = (sorted(set(re.findall(r"{(\w+)}", read[code][locale]))) for locale in ("vi", "en"))
        assert vi == en, code
        assert say(code, "vi", **dict.fromkeys(vi, "1"))


@pytest.mark.parametrize(
    ("locale", "sentences"),
    [
        ("vi", {"code": "Mục này phải có.", "label": "Mục này phải là chữ."}),
        ("en", {"code": "This is needed.", "label": "This must be text."}),
    ],
)
def test_what_a_body_lacks_is_said_in_the_readers_language(client, locale, sentences):
    answer = client.post("/api/v1/enrol", json={"label": 5}, headers={"Accept-Language": locale})

    assert {each["path"]: each["message"] for each in answer.json["fields"]} == sentences


def test_an_enrolled_phone_is_told_what_its_unit_is_called(world, client):
    answer = enrol(client, world.service.accounts.new_code("thu").code).json

    unit = world.service.registry.find("unit:nvh-hien-nam")
    assert (answer["unit_names"], answer["unit_short_names"]) == (unit["names"], unit["short_names"])


def test_a_refusal_names_units_as_people_call_them(world, client):
    token = enrol(client, world.service.accounts.new_code("ninh").code).json["token"]
    answer = client.post(
        f"/api/v1/groups/{GROUP}/{YEAR}/decisions",
        json={"act": "lock-scores", "value": {"locked": True}},
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "vi"},
    )

    leader = world.service.registry.find("unit:so-hd")["short_names"]["vi"]
    assert leader in answer.json["message"]
    assert "so-hd" not in answer.json["message"]
