"""Two servers and two leaders act at once on one store: no official act is lost, and the log says what happened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

import server.acts
from schemas import ids
from schemas.decision import fold
from schemas.freezing import recomputed
from server.app import create_app
from server.backends import StoreBackend, write_once
from server.config import load
from server.problems import Clash
from server.service import Service
from tests.server.test_couch_backend import our_couch, real_couch  # noqa: F401
from tests.server.test_follower import put
from tests.server.test_freezing import SPECIALISTS
from tests.server.test_web import PASSWORD, sign_in, token
from tests.server.world import BN, GROUP, HY, MEMBERS, YEAR, Clock, Dice, full_marks, make_world, submission_of

ON_BN = {"unit": BN, "criterion": "i-1"}


@pytest.fixture(
    params=[
        "store",
        "our_couch",
        pytest.param("real_couch", marks=[pytest.mark.couchdb, pytest.mark.xdist_group("real_couch")]),
    ]
)
def backends(request, tmp_path):
    """Two of them over the same databases."""
    if request.param == "store":
        return [StoreBackend(tmp_path / "shared"), StoreBackend(tmp_path / "shared")]
    open_backend = request.getfixturevalue(request.param)
    return [open_backend(), open_backend()]


@pytest.fixture
def servers(backends, tmp_path):
    """Two services; the year is set up through the first."""
    world = make_world(tmp_path / "one", clock=Clock(), backend=backends[0])
    other = Service.open(
        load(tmp_path / "two", environment={}), backend=backends[1], now=world.clock, random_bytes=Dice(thrown=5_000)
    )
    yield world, [world.service, other]
    other.close()
    world.service.close()


def act(service, login, name, value, reason="Lý do", **more):
    return service.acts.act(service.accounts.find(login), GROUP, YEAR, name, value, reason=reason, **more)


def log_of(service):
    service.backend.look_anew(ids.group_database(GROUP, YEAR))
    return fold(service.board.decision_documents(None, GROUP, YEAR))


@pytest.fixture
def at_once(monkeypatch):
    """Both servers have looked at the log before either writes to it."""
    gate = threading.Barrier(2, timeout=240)
    # One that says everything, whatever level a command asked for earlier in this process.
    everything = structlog.make_filtering_bound_logger(0)
    monkeypatch.setattr(server.acts, "_log", structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=everything))

    def held(database, documents):
        gate.wait()
        write_once(database, documents)

    def run(*work):
        monkeypatch.setattr(server.acts, "write_once", held)
        with ThreadPoolExecutor(2) as pool:
            found = [job.result() for job in [pool.submit(each) for each in work]]
        monkeypatch.setattr(server.acts, "write_once", write_once)
        return found

    return run


def test_acts_on_two_subjects_at_once_both_stand_and_the_next_joins_them(servers, at_once):
    _, (one, two) = servers
    with structlog.testing.capture_logs() as logged:
        first, second = at_once(
            lambda: act(one, "huong", "approve-na", {"unit": BN, "criterion": "i-1"}),
            lambda: act(two, "huong", "approve-na", {"unit": HY, "criterion": "i-2"}),
        )
    assert {"act", "act.forked"} <= {line["event"] for line in logged}
    for service in (one, two):
        assert set(log_of(service).heads) == {first["_id"], second["_id"]}
        assert set(log_of(service).contested) == set()
    with structlog.testing.capture_logs() as logged:
        joined = act(two, "huong", "approve-na", {"unit": HY, "criterion": "i-3"})
    assert joined["previous"] == sorted([first["_id"], second["_id"]])
    assert "act.joins_branches" in {line["event"] for line in logged}
    assert log_of(one).heads == (joined["_id"],)


def test_acts_on_one_subject_at_once_are_contested_until_somebody_settles_them(servers, at_once):
    _, (one, two) = servers
    first, second = at_once(
        lambda: act(one, "huong", "approve-na", ON_BN), lambda: act(two, "huong", "refuse-na", ON_BN)
    )
    sides = sorted([first["_id"], second["_id"]])
    for service in (one, two):
        assert [it["_id"] for it in log_of(service).contested[f"na:{BN}:i-1"].sides] == sides
    act(two, "huong", "approve-na", ON_BN, settles=sides)
    assert log_of(one).contested == {}


def scored(world, service):
    for number, unit in enumerate(MEMBERS, start=1):
        account = world.accounts[SPECIALISTS[unit]]
        put(world, ids.unit_database(unit, YEAR), submission_of(account, "d1", unit, full_marks(90), number=number))
    signed = [{"unit": unit, "date": "2024-04-25"} for unit in MEMBERS]
    pact = {"type": "pact", "v": 1, "group": GROUP, "year": YEAR, "signatures": signed, "targets": []}
    service.setup.pact(GROUP, YEAR, pact)
    service.follower.sweep()


def test_a_ranking_frozen_twice_at_once_is_published_only_after_one_freezing_settles_both(servers, at_once):
    world, (one, two) = servers
    scored(world, one)
    act(one, "huong", "lock-scores", {"locked": True})
    world.clock.pass_by(seconds=1)
    first, second = at_once(
        lambda: act(one, "huong", "freeze", {}, reason="một"), lambda: act(two, "huong", "freeze", {}, reason="hai")
    )
    with pytest.raises(Clash) as refused:
        act(two, "hoi-dong", "publish", {"frozen": first["_id"]})
    assert refused.value.said.code == "frozen-contested"
    act(one, "huong", "lock-scores", {"locked": True})  # joins the branches
    sides = sorted([first["_id"], second["_id"]])
    settled = act(one, "huong", "freeze", {}, settles=sides)
    act(two, "hoi-dong", "publish", {"frozen": settled["_id"]})
    assert recomputed(one.board.view(None, GROUP, YEAR).documents.values(), settled).faults == ()


def test_nothing_is_frozen_on_the_two_heads_that_another_server_left(servers, at_once):
    world, (one, two) = servers
    scored(world, one)
    at_once(
        lambda: act(one, "huong", "lock-scores", {"locked": True}),
        lambda: act(two, "huong", "rank-unit", {"unit": BN, "ranked": True}),
    )
    with pytest.raises(Clash) as refused:
        act(two, "huong", "freeze", {})
    assert "freeze-two-heads" in {said.code for _, said in refused.value.fields}


def test_many_acts_of_two_leaders_through_two_servers_are_all_in_the_log(servers):
    _, services = servers
    done: list[str] = []

    def work(number):
        value = {"unit": BN if number % 2 else HY, "criterion": f"i-{number % 5 + 1}"}
        name = "approve-na" if number % 3 else "refuse-na"
        done.append(act(services[number % 2], "huong", name, value, reason=f"Lý do {number}")["_id"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    folded = log_of(services[0])
    assert set(done) == set(folded.by_id) == set(log_of(services[1]).by_id)
    assert len(done) == 24
    assert (folded.absent, folded.broken) == ((), ())
    # Whatever clashed is shown; nothing silently replaced what its writer had not seen.
    for subject, acts in folded.history.items():
        lines = [it for it in acts if not any(folded.precedes(it["_id"], other["_id"]) for other in acts)]
        assert (len(lines) > 1) <= (subject in folded.contested)


def test_the_page_of_the_result_settles_two_freezings_that_stand_side_by_side(servers, at_once):
    world, (one, two) = servers
    scored(world, one)
    act(one, "huong", "lock-scores", {"locked": True})
    world.clock.pass_by(seconds=1)
    first, second = at_once(
        lambda: act(one, "huong", "freeze", {}, reason="một"), lambda: act(two, "huong", "freeze", {}, reason="hai")
    )
    one.accounts.set_password("huong", PASSWORD)
    client = create_app(one.config, service=one).test_client()
    assert sign_in(client, "huong", PASSWORD).status_code == 303
    url = f"/{GROUP}/{YEAR}/result"
    # What another server wrote is on our pages after a second at most; the test does not wait for it.
    one.backend.look_anew(ids.group_database(GROUP, YEAR))
    page = client.get(url).text
    assert "Hai quyết định song song" in page
    form = {"csrf_token": token(page)}
    assert "Khóa lại, nối hai nhánh nhật ký" in page
    assert client.post(url, data={**form, "act": "lock-scores", "locked": "true"}).status_code == 303
    page = client.get(url).text
    assert "Chốt một bản thay cho cả hai" in page
    seen = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("as_of", "seen")}
    sent = client.post(url, data={**form, "act": "freeze", "settles": [first["_id"], second["_id"]], **seen})
    assert sent.status_code == 303
    assert log_of(one).contested == {}
