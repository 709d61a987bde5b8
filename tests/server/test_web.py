"""Pages: who gets in, what they are shown, what they may send. Over fixed answers with every state at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import server.web
from schemas.figures import format_points
from tests.support.sample_board import GROUP, PASSWORD, PEOPLE, UNITS, YEAR, SampleBoard, sample_service

BASE = "/cum-1/2024"
CITED = SampleBoard().card(1).cited.removeprefix("cited:")
PAGES = (
    "/",
    BASE,
    f"{BASE}/units/ha-noi",
    f"{BASE}/units/bac-ninh",
    f"{BASE}/units/ha-noi/i-1",
    f"{BASE}/units/ha-noi/i-3",
    f"{BASE}/units/ha-noi/i-4",
    f"{BASE}/units/ha-noi/ii-2",
    f"{BASE}/units/bac-ninh/iii-1",
    f"{BASE}/appraisal",
    f"{BASE}/visits",
    f"{BASE}/evidence",
    f"{BASE}/evidence/{CITED}",
    f"{BASE}/decisions",
    f"{BASE}/decisions?act=adjust&unit=ha-noi",
    "/devices",
)


def application(**options: Any) -> Flask:
    app = Flask("pages", static_folder=None)
    app.config.update(SECRET_KEY="for tests alone", TESTING=False)
    app.extensions["thidua"] = sample_service(**options)
    server.web.init_app(app)
    return app


@pytest.fixture
def app() -> Flask:
    return application()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page holds no form with a token"
    return found[1]


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD, target: str = "/sign-in") -> Any:
    return client.post(
        target, data={"login": login, "password": password, "csrf_token": token(client.get(target).text)}
    )


class Links(HTMLParser):
    """Every link with its text, and the words of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._open: list[str] | None = None
        self._href = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open, self._href = [], dict(attrs).get("href") or ""

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.links.append((self._href, " ".join("".join(self._open).split())))
            self._open = None


# Signing in


def test_a_page_asks_a_stranger_to_sign_in_and_remembers_where_they_wanted_to_go(client: FlaskClient) -> None:
    asked = client.get(f"{BASE}/visits")
    assert asked.status_code == 302
    target = asked.headers["Location"]
    assert target == "/sign-in?next=/cum-1/2024/visits"
    signed_in = sign_in(client, "lan", target=target)
    assert signed_in.status_code == 303
    assert signed_in.headers["Location"] == "/cum-1/2024/visits"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_crafted_link_leads_nowhere_else_after_signing_in(client: FlaskClient, target: str) -> None:
    assert sign_in(client, "lan", target=f"/sign-in?next={target}").headers["Location"] == "/"


def test_a_wrong_password_is_said_in_words_and_opens_nothing(client: FlaskClient) -> None:
    answer = sign_in(client, "lan", "sai mật khẩu")
    assert answer.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in answer.text
    assert 'value="lan"' in answer.text, "the name need not be typed again"
    assert client.get("/").status_code == 302


def test_signing_out_ends_the_session(client: FlaskClient) -> None:
    sign_in(client, "lan")
    client.post("/sign-out", data={"csrf_token": token(client.get("/").text)})
    assert client.get("/").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = sign_in(client, "lan").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


# Who sees what


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith(BASE)])
def test_a_stranger_to_the_group_gets_403_in_plain_words(client: FlaskClient, path: str) -> None:
    sign_in(client, "xa")
    answer = client.get(path)
    assert answer.status_code == 403
    assert "Trang này dành cho người khác" in answer.text


@pytest.mark.parametrize("login", ["lan", "quan"])
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_renders_for_leader_and_member_in_both_languages(
    client: FlaskClient, path: str, language: str, login: str
) -> None:
    sign_in(client, login)
    client.set_cookie("language", language)
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert "</html>" in answer.text


@pytest.mark.parametrize(
    "path", ["/", BASE, f"{BASE}/visits", f"{BASE}/evidence", f"{BASE}/decisions", f"{BASE}/appraisal"]
)
def test_an_empty_page_says_what_to_do_first(path: str) -> None:
    client = application(empty=True).test_client()
    sign_in(client, "lan")
    assert 'class="empty"' in client.get(path).text


def test_invented_scores_say_so_on_every_page_that_shows_one() -> None:
    for sample in (True, False):
        client = application(sample=sample).test_client()
        sign_in(client, "lan")
        for path in PAGES:
            if path.startswith(BASE):
                assert ('class="banner attention sample"' in client.get(path).text) is sample, path


def test_a_member_sees_no_leaders_forms(client: FlaskClient) -> None:
    sign_in(client, "quan")
    assert 'name="act"' not in client.get(f"{BASE}/units/hung-yen/i-1").text
    assert 'name="inspected"' not in client.get(f"{BASE}/visits").text


def test_the_leader_reads_why_the_own_unit_is_the_deputys(client: FlaskClient) -> None:
    sign_in(client, "lan")
    page = client.get(f"{BASE}/units/hai-duong/i-1").text
    assert 'name="act"' not in page
    assert "Bảng điểm không có tiêu chí này." in page, "the refusal's own sentence"


def test_no_page_asks_anything_of_another_site(client: FlaskClient) -> None:
    sign_in(client, "lan")
    for path in PAGES:
        page = client.get(path)
        outside = re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page.text)
        assert not outside, path
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert " style=" not in page.text, f"{path}: the policy would drop an inline style"
        assert not re.search(r"<script(?![^>]*src=)", page.text), f"{path}: and an inline script"


# Figures


def figures(language: str) -> Iterator[tuple[str, str]]:
    """Where each figure of the standings leads → how it reads."""
    board = SampleBoard()
    for name in ("ha-noi", "hung-yen", "hai-duong", "ha-nam", "bac-ninh"):
        row = board.row(name)
        unit = f"{BASE}/units/{name}"
        if row.total is not None:
            yield unit, format_points(row.total, language, places=2)
        if row.place is not None:
            yield unit, str(row.place)
        for section in row.sections:
            if section.points is not None:
                yield f"{unit}#section-{section.section}", format_points(section.points, language, places=2)
        yield f"{unit}#claims", f"+{row.bonus}" if row.bonus else "0"
        yield f"{unit}#claims", f"−{row.penalty}" if row.penalty else "0"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_figure_of_the_standings_is_the_boards_and_leads_to_how_it_came_about(
    client: FlaskClient, language: str
) -> None:
    sign_in(client, "quan")
    client.set_cookie("language", language)
    links = Links(client.get(BASE).text).links
    for target, text in figures(language):
        assert (target, text) in links
        assert client.get(target.split("#")[0]).status_code == 200
        if "#" in target:
            page, _, anchor = target.partition("#")
            assert f'id="{anchor}"' in client.get(page).text


def test_every_criterion_of_a_scoresheet_leads_to_its_trace(client: FlaskClient) -> None:
    sign_in(client, "quan")
    targets = {href for href, _ in Links(client.get(f"{BASE}/units/ha-noi").text).links}
    for criterion in ("i-1", "i-2", "i-3", "i-4", "i-5", "ii-1", "ii-2", "iii-1", "iii-2"):
        assert f"{BASE}/units/ha-noi/{criterion}" in targets


def test_missing_is_an_empty_ring_and_na_a_dash_never_a_nought(client: FlaskClient) -> None:
    sign_in(client, "quan")
    page = client.get(f"{BASE}/units/ha-noi").text
    rows = {
        match[1]: match[0]
        for match in re.finditer(
            r"<tr role=\"row\" class=\"row\">.*?/units/ha-noi/([a-z0-9-]+)\".*?</tr>", page, re.DOTALL
        )
    }
    assert "empty-ring" in rows["ii-2"]
    assert not re.search(r">\s*0(,0+)?\s*<", rows["ii-2"])
    assert "Không áp dụng" in rows["i-4"]
    assert not re.search(r">\s*0(,0+)?\s*<", rows["i-4"])
    assert "hatch" in rows["iii-1"]


# Forms


def send(client: FlaskClient, path: str, **data: Any) -> Any:
    return client.post(path, data={"csrf_token": token(client.get(path).text), **data})


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/preferences", "/devices/codes", f"{BASE}/visits", f"{BASE}/units/ha-noi/i-1"]
)
def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient, path: str) -> None:
    sign_in(client, "lan")
    answer = client.post(path, data={"act": "accept"})
    assert answer.status_code == 400
    assert "Biểu mẫu đã để quá lâu" in answer.text
    assert app.extensions["thidua"].acts.written == []


def test_accepting_binds_to_exactly_the_answers_that_were_on_the_page(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "lan")
    path = f"{BASE}/units/ha-noi/i-1"
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(path).text)
    assert seen is not None
    assert send(client, path, act="accept", seen=seen[1]).status_code == 303
    ((_, act, value, reason, inputs, _),) = app.extensions["thidua"].acts.written
    assert (act, value, reason) == ("accept", {"unit": "ha-noi", "criterion": "i-1"}, None)
    assert [each["sha256"] for each in inputs] == seen[1].split()


def test_a_checklist_that_arrived_meanwhile_is_not_accepted_unseen(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "lan")
    answer = send(client, f"{BASE}/units/ha-noi/i-1", act="accept", seen="0" * 64)
    assert answer.status_code == 422
    assert "Vừa có phiếu mới về" in answer.text
    assert app.extensions["thidua"].acts.written == []


@pytest.mark.parametrize(("language", "typed"), [("vi", "132,5"), ("en", "132.5")])
def test_points_are_read_as_the_readers_language_writes_them(
    app: Flask, client: FlaskClient, language: str, typed: str
) -> None:
    sign_in(client, "lan")
    client.set_cookie("language", language)
    send(client, f"{BASE}/units/ha-noi/i-1", act="adjust", value=typed, reason="Theo biên bản.")
    ((_, act, value, reason, _, _),) = app.extensions["thidua"].acts.written
    assert act == "adjust"
    assert value["answer"] == {"points": "132.5"}
    assert reason == "Theo biên bản."


@pytest.mark.parametrize("typed", ["", "mười", "-1", "1,2,3"])
def test_points_that_cannot_be_are_refused_beside_their_field_and_stay_typed(
    app: Flask, client: FlaskClient, typed: str
) -> None:
    sign_in(client, "lan")
    answer = send(client, f"{BASE}/units/ha-noi/i-1", act="adjust", value=typed, reason="Theo biên bản.")
    assert answer.status_code == 422
    assert 'id="adjust-value-wrong"' in answer.text
    assert "Theo biên bản." in answer.text
    assert app.extensions["thidua"].acts.written == []


@pytest.mark.parametrize("act", ["return", "adjust", "approve-na"])
def test_what_weighs_on_a_unit_needs_a_reason(app: Flask, client: FlaskClient, act: str) -> None:
    sign_in(client, "lan")
    answer = send(client, f"{BASE}/units/ha-noi/i-1", act=act, value="100", deadline="2024-10-20", reason="  ")
    assert answer.status_code == 422
    assert f'id="{act}-reason-wrong"' in answer.text
    assert app.extensions["thidua"].acts.written == []


def test_a_return_names_its_submission_and_a_deadline_ahead(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "lan")
    path = f"{BASE}/units/ha-noi/i-1"
    submission = re.search(r'<option value="(submission:[^"]+)"', client.get(path).text)
    assert submission is not None
    past = send(client, path, act="return", submission=submission[1], deadline="2024-10-01", reason="Thiếu biên bản.")
    assert past.status_code == 422
    assert (
        send(
            client, path, act="return", submission=submission[1], deadline="2024-10-15", reason="Thiếu biên bản."
        ).status_code
        == 303
    )
    ((_, act, value, _, inputs, _),) = app.extensions["thidua"].acts.written
    assert act == "return"
    assert value["submission"] == submission[1]
    assert value["deadline"] == "2024-10-15"
    assert inputs[0]["id"] == submission[1]


def test_nobody_plans_a_unit_to_inspect_itself(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "lan")
    path = f"{BASE}/visits"
    plan = {"from": "2024-11-01", "to": "2024-11-02", "place": "Hội trường Sở"}
    answer = send(client, path, inspected="hung-yen", team=["01minh", "01quan"], **plan)
    assert answer.status_code == 422
    assert "Không đơn vị nào tự kiểm tra mình" in answer.text
    assert send(client, path, inspected="ha-nam", team=["01minh", "01quan"], **plan).status_code == 303
    ((_, act, value, _, _, _),) = app.extensions["thidua"].acts.written
    assert act == "plan-visit"
    assert value["team"] == [{"account": "01minh", "unit": "hung-yen"}, {"account": "01quan", "unit": "ha-noi"}]


def test_an_enrolment_code_is_shown_once_and_for_oneself_alone(client: FlaskClient) -> None:
    sign_in(client, "quan")
    made = client.post("/devices/codes", data={"csrf_token": token(client.get("/devices").text)})
    assert "7K3M-Q9TX" in made.text
    assert "<svg" in made.text
    assert made.headers["Cache-Control"] == "private, no-store"
    assert "7K3M-Q9TX" not in client.get("/devices").text
    others = client.post("/devices/codes", data={"csrf_token": token(client.get("/devices").text), "account": "01lan"})
    assert others.status_code == 403


def test_language_and_look_are_chosen_and_kept(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    client.post("/preferences", data={"csrf_token": token(page), "language": "en", "look": "dark", "next": "/sign-in"})
    changed = client.get("/sign-in").text
    assert '<html lang="en" data-look="dark">' in changed
    assert "Sign in" in changed


def test_a_photo_is_served_as_a_picture_and_as_nothing_else(client: FlaskClient) -> None:
    sign_in(client, "quan")
    photo = SampleBoard().card(1).photos[0].photo
    answer = client.get(f"{BASE}/photos/{photo}")
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_photo_is_lent_in_parts_so_that_a_broken_download_goes_on(client: FlaskClient) -> None:
    sign_in(client, "quan")
    photo = SampleBoard().card(1).photos[0].photo
    whole = client.get(f"{BASE}/photos/{photo}")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.content_length == len(whole.data)
    part = client.get(f"{BASE}/photos/{photo}", headers={"Range": "bytes=3-"})
    assert (part.status_code, part.data) == (206, whole.data[3:])
    beyond = client.get(f"{BASE}/photos/{photo}", headers={"Range": f"bytes={len(whole.data)}-"})
    assert beyond.status_code == 416
    again = client.get(f"{BASE}/photos/{photo}", headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_what_breaks_inside_is_told_without_its_insides(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "lan")

    def broken(*_: Any) -> None:
        raise RuntimeError("bí mật bên trong")

    app.extensions["thidua"].board.visits = broken
    answer = client.get(f"{BASE}/visits")
    assert answer.status_code == 500
    assert "Máy chủ gặp trục trặc" in answer.text
    assert "bí mật" not in answer.text


def test_the_log_names_the_scheme_as_people_know_it() -> None:
    client = application().test_client()
    sign_in(client, "lan")
    page = client.get(f"{BASE}/decisions").text
    assert "Cụm 1000, phiên bản 1" in page
    assert "scheme:" not in page


def test_the_samples_derivations_end_in_the_figures_beside_them() -> None:
    board = SampleBoard()
    reader = PEOPLE["lan"]
    for unit in UNITS:
        lines = board.explain(reader, GROUP, YEAR, unit).lines
        assert lines[0].value == board.row(unit).total
        for section in board.sheet(reader, GROUP, YEAR, unit).sections:
            for row in section.criteria:
                assert board.explain(reader, GROUP, YEAR, unit, row.criterion).lines[0].value == row.value


def test_a_scheme_that_weighs_three_stages_is_not_told_as_one_that_takes_the_latest(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client, "lan")
    assert "Thứ tự lấy điểm: thẩm định, rồi kiểm tra chéo, rồi tự chấm." in client.get(f"{BASE}/units/ha-noi/i-1").text
    app.extensions["thidua"].board.weights = {"self": "0.2", "cross": "0.3", "cluster": "0.5"}
    page = client.get(f"{BASE}/units/ha-noi/i-1").text
    assert "tự chấm 20 %, kiểm tra chéo 30 %, thẩm định 50 %; cần đủ cả ba" in page
    assert "Thứ tự lấy điểm" not in page
