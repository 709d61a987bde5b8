"""Nonsense on the gateway and the API, from a stranger and from a phone: answered with 2xx or 4xx, in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from server.app import create_app
from server.config import ConfigRefused, load
from tests.server.world import HD, make_world

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="/?#%"), max_size=6)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    world = make_world(tmp_path_factory.mktemp("world"))
    world.service.accounts.set_roles(world.accounts["dung"].account, ("inspector", "admin"))
    app = create_app(world.service.config, service=world.service)
    code = world.service.accounts.new_code(world.accounts["dung"].account).code
    opened = app.test_client()
    answered = opened.post("/api/v1/enrol", json={"code": code, "label": "x", "app": "1"})
    opened.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answered.json['token']}"
    yield opened
    world.service.close()


def answered(response: Any) -> int:
    assert response.status_code < 500 or response.status_code == 501, (response.status_code, response.data)
    if response.status_code >= 400 and response.data:
        assert json.loads(response.data)
    return response.status_code


KEYS = st.sampled_from(["docs", "keys", "new_edits", "selector", "a", "doc_ids"])
DOCUMENT = st.dictionaries(
    st.sampled_from(["_id", "_rev", "_revisions", "_deleted", "_attachments", "type", "v", "unit", "group", "answers"]),
    JSON | st.sampled_from(["draft:cum-1:so-hd:self", "submission:cum-1:so-hd:self:x", "1-a", "evidence:so-hd:x"]),
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    name=st.sampled_from([f"u-{HD}-2024", "g-cum-1-2024", "m-cum-1-2024", "registry", "v-x", "nowhere", "_replicate"]),
    path=st.sampled_from(
        [
            "", "/_changes", "/_all_docs", "/_local_docs", "/_design_docs", "/_bulk_docs", "/_bulk_get", "/_revs_diff",
            "/_changes?filter=_selector", "/_all_docs?include_docs=true", "/_security", "/_revs_limit", "/_compact",
            "/draft:cum-1:so-hd:self", "/_local/x", "/x/y", "/_find", "/x?meta=true", "/x?open_revs=all",
        ]
    ),
    body=JSON | st.dictionaries(KEYS, JSON | st.lists(DOCUMENT, max_size=2)) | DOCUMENT,
)  # fmt: skip
def test_the_gateway_answers_a_phone_that_talks_nonsense(
    client: FlaskClient, method: str, name: str, path: str, body: Any
) -> None:
    status = answered(client.open(f"/db/{name}{path}", method=method, json=body))
    # Nothing that concerns a database as a whole passes a gateway, whoever asks.
    if path in ("/_security", "/_revs_limit", "/_compact") or (path == "" and method in ("PUT", "DELETE")):
        assert status in (400, 401, 403, 404, 405, 415, 501) or method == "GET"


@given(docs=st.lists(DOCUMENT, max_size=4))
def test_the_gateway_refuses_each_bad_document_of_a_batch_alone(client: FlaskClient, docs: list[Any]) -> None:
    neighbour = {
        "_id": "evidence:so-hd:x",
        "_rev": f"1-{'a' * 32}",
    }  # where none names a revision, nothing is replicated
    sent = {"docs": [neighbour, *docs], "new_edits": False}
    response = client.post(f"/db/u-{HD}-2024/_bulk_docs", json=sent)
    assert response.status_code in (201, 403, 404), response.data
    if response.status_code == 201:
        assert {entry["error"] for entry in response.json} <= {"forbidden", "unauthorized", "missing_stub", "conflict"}


@given(body=st.binary(max_size=60), encoding=st.sampled_from(["gzip", "br", "identity"]))
def test_the_gateway_answers_any_bytes(client: FlaskClient, body: bytes, encoding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    answered(client.post(f"/db/u-{HD}-2024/_bulk_docs", data=body, headers=headers))


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    group=st.just("cum-1") | WORD,
    year=st.sampled_from(["2024", "0", "9" * 30, "-1", "x", "1.5"]),
    what=st.sampled_from(
        ["standings", "decisions", "approvals", "result", "bundle", f"units/{HD}/explanation", "units/x/explanation"]
    ),
    query=st.dictionaries(st.sampled_from(["as_of", "criterion", "private", "x"]), WORD | st.just("2024-13-45")),
    body=st.none() | JSON | st.dictionaries(st.sampled_from(["act", "value", "reason", "settles", "submission"]), JSON),
)
def test_the_api_answers_a_program_that_talks_nonsense(
    client: FlaskClient, method: str, group: str, year: str, what: str, query: dict[str, str], body: Any
) -> None:
    path = f"/api/v1/groups/{group}/{year}/{what}"
    answered(client.open(path, method=method, query_string=query, json=body))


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    what=st.sampled_from(["units", "units/events"]),
    query=st.dictionaries(st.just("as_of"), WORD | st.sampled_from(["2024-13-45", "2024-10-08", "0001-01-01"])),
    body=JSON
    | st.fixed_dictionaries(
        {"kind": st.sampled_from(["merge", "rename", "dissolve"]), "from": st.lists(WORD | st.just(HD), max_size=2)},
        optional={"date": WORD | st.just("0001-01-01"), "to": JSON, "number": WORD, "named": JSON},
    ),
)
def test_the_api_of_units_answers_a_program_that_talks_nonsense(
    client: FlaskClient, method: str, what: str, query: dict[str, str], body: Any
) -> None:
    answered(client.open(f"/api/v1/{what}", method=method, query_string=query, json=body))


@given(body=JSON | st.dictionaries(st.sampled_from(["code", "label", "app", "platform"]), JSON))
def test_enrolling_answers_any_body(client: FlaskClient, body: Any) -> None:
    answered(client.post("/api/v1/enrol", json=body))


@given(token=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30))
def test_a_stranger_with_any_token_is_told_so(client: FlaskClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/api/v1/databases", f"/db/u-{HD}-2024/_changes", "/api/v1/groups/cum-1/2024/standings"):
        assert answered(client.get(path, headers=headers)) in (400, 401, 403)


def test_a_limit_of_the_gateway_is_set_by_the_environment(tmp_path: Path) -> None:
    config = load(tmp_path, environment={"THIDUA_LIMITS": "body_bytes_max=1000, feed_hold_s=2.5"})
    assert (config.limits.body_bytes_max, config.limits.feed_hold_s) == (1000, 2.5)
    for wrong in ("nothing=1", "body_bytes_max=x", "body_bytes_max=0", "body_bytes_max"):
        with pytest.raises(ConfigRefused, match="THIDUA_LIMITS"):
            load(tmp_path, environment={"THIDUA_LIMITS": wrong})


def test_a_number_of_proxies_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    assert load(tmp_path, environment={}).proxies == 0
    assert load(tmp_path, environment={"THIDUA_PROXIES": "2"}).proxies == 2
    for wrong in ("-1", "yes", "1.0", "²"):
        with pytest.raises(ConfigRefused, match="THIDUA_PROXIES"):
            load(tmp_path, environment={"THIDUA_PROXIES": wrong})
