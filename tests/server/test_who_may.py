"""Every address there is, and who is let in: a new one is closed until it is named here, and written in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.app import create_app
from tests.server.world import BN, GROUP, YEAR, session_of

OPEN = {
    "GET /sign-in", "POST /sign-in", "GET /enrol", "POST /preferences", "GET /static/<path:filename>",
    "POST /api/v1/enrol", "GET /api/openapi.json", "GET /healthz", "GET /metrics",
}  # fmt: skip
"""To anybody. /metrics answers this machine alone (tests/server/test_app.py)."""

PHONES = "/api/v1/databases"
"""A token's, never a session's."""

DOCS = Path(__file__).parents[2] / "docs" / "the-service.md"

BODIES = {
    "/api/v1/groups/<group>/<int:year>/approvals": {"submission": "submission:cum-1:so-bn:self:x"},
    "/api/v1/groups/<group>/<int:year>/decisions": {"act": "lock-scores", "value": {"locked": True}},
    "/api/v1/units/events": {"kind": "dissolve", "from": [BN], "date": "2024-10-01", "number": "1/QĐ"},
}
"""What is asked there in good form, so that it is the right and not the form that refuses."""


@pytest.fixture
def client(world):
    app = create_app(world.service.config, service=world.service)
    # Sessions are made by hand here: they lack the mark of the browser that signed in, and the forms their token.
    app.login_manager.session_protection = None
    app.config["WTF_CSRF_METHODS"] = []
    return app.test_client()


@pytest.fixture
def signed_in(world, client):
    def sign_in(login):
        with client.session_transaction() as session:
            session.update(session_of(world.accounts[login]))
        return client

    return sign_in


def addresses(client) -> Iterator[tuple[str, str]]:
    for rule in client.application.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule


def ask(client, method: str, rule: str):
    named = {"<group>": GROUP, "<int:year>": str(YEAR), "<unit>": BN, "<criterion>": "i-1"}
    path = re.sub(r"<[^>]*>", lambda it: named.get(it[0], "x"), rule)
    if not rule.startswith("/api/"):
        return client.open(path, method=method, data={"act": "accept"} if method == "POST" else None)
    return client.open(path, method=method, json=BODIES.get(rule) if method == "POST" else None)


def test_a_stranger_is_let_in_nowhere_but_where_it_is_meant(client):
    for method, rule in addresses(client):
        if f"{method} {rule}" in OPEN:
            continue
        answer = ask(client, method, rule)
        if rule.startswith("/api/"):
            assert answer.status_code == 401, f"{method} {rule}"
        else:
            assert answer.status_code == 302, f"{method} {rule}"
            assert answer.headers["Location"].startswith("/sign-in"), f"{method} {rule}"
    assert {f"{method} {rule}" for method, rule in addresses(client)} >= OPEN


def test_who_is_not_of_a_group_is_refused_at_every_address_of_it(client, signed_in):
    stranger = signed_in("thu")
    of_groups = [(method, rule) for method, rule in addresses(client) if "<group>" in rule]
    assert len(of_groups) > 25
    for method, rule in of_groups:
        # An approval names a submission: one that is not there is said not to be.
        refused = 404 if rule.endswith(("/approval", "/approvals")) else 403
        assert ask(stranger, method, rule).status_code == refused, f"{method} {rule}"


def test_a_member_without_an_office_decides_nothing_about_units(client, signed_in):
    member = signed_in("ninh")
    decisions = f"/api/v1/groups/{GROUP}/{YEAR}/decisions"
    for method, rule in addresses(client):
        if method == "POST" and rule.startswith("/api/") and rule in BODIES:
            assert ask(member, method, rule).status_code in (403, 404), rule
    assert member.get(decisions).json == {"decisions": []}


def test_a_session_is_no_phone(client, signed_in):
    assert signed_in("huong").get(PHONES).status_code == 401


def test_a_new_password_ends_the_sessions_of_the_old_one(enter, world):
    lan, minh = enter("lan"), enter("minh")
    assert lan.get("/").status_code == 200
    world.service.accounts.set_password("lan", "một mật khẩu khác")
    assert (lan.get("/").status_code, minh.get("/").status_code) == (302, 200)
    assert enter("lan").get("/").status_code == 200


def test_a_closed_account_is_signed_out(enter, world):
    lan = enter("lan")
    world.service.accounts.close("lan")
    assert lan.get("/").status_code == 302


def test_somebody_elses_phone_is_not_revoked(client, signed_in, world):
    code = world.service.accounts.new_code("lan").code
    device = client.post("/api/v1/enrol", json={"code": code, "label": "Máy của Lan"}).json["device"]
    assert signed_in("huong").post(f"/devices/{device}", data={"state": "lost"}).status_code == 404
    assert world.service.accounts.by_device(device)[1].state == "active"


def test_every_address_for_programs_is_documented(client):
    documented = DOCS.read_text(encoding="utf-8")
    for method, rule in addresses(client):
        path = rule.replace("<int:year>", "<year>")
        if rule.startswith("/api/v1/"):
            assert re.search(rf"`{method} {re.escape(path)}[`\[? ]", documented), f"{method} {path}"
