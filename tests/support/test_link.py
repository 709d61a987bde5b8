"""The link simulator does to bytes what it says, over real sockets."""

from __future__ import annotations

import flask
import pytest
import requests

from server.wsgi import BackgroundServer
from tests.support import link as links
from tests.support.link import Link, Weather

BODY = bytes(range(256)) * 400  # 100 KB


class Echo:
    """A server that notes what took effect."""

    def __init__(self) -> None:
        self.effects: list[int] = []
        app = flask.Flask("echo")
        app.add_url_rule("/", view_func=self._take, methods=["GET", "POST"])
        self.server = BackgroundServer(app)

    def _take(self) -> bytes:
        body = flask.request.get_data()
        self.effects.append(len(body))
        return body or b"hello"


@pytest.fixture(scope="module")
def server():
    echo = Echo()
    with echo.server:
        yield echo


@pytest.fixture
def echo(server):
    server.effects.clear()
    return server


ANSWERED_S = 240.0
"""What takes a moment takes minutes on a machine that has much else to do; nothing waits longer than it must."""

DUMB_S = 2.0
"""Long enough for a busy machine to carry a request, short enough to wait out."""


def post(link, body=BODY, *, timeout_s=ANSWERED_S, session=requests):
    return session.post(link.url, data=body, timeout=timeout_s)


def test_bytes_cross_unchanged_and_are_counted(echo):
    with Link(echo.server.url) as link, requests.Session() as session:
        for _ in range(3):
            assert post(link, session=session).content == BODY
    assert link.traffic.requests == 3
    assert link.traffic.connections == 1, "a kept connection is kept"
    assert 3 * len(BODY) < link.traffic.up_bytes < 3 * len(BODY) + 2_000
    assert link.traffic.lost_bytes == 0
    assert 3 * len(BODY) < link.traffic.down_bytes < 3 * len(BODY) + 2_000


def test_a_link_takes_the_time_its_bandwidth_and_distance_ask(echo):
    weather = Weather(up_bits_s=64_000, down_bits_s=640_000, round_trip_s=2)
    with Link(echo.server.url, weather, speed=50) as link:
        began = link.clock()
        post(link)
        took_s = link.clock() - began
    # 12.8 s up, 1.3 s down, and twice the distance: one for the handshake. The machine may only add.
    assert took_s >= 12.8 + 1.2 + 4


def test_distance_delays_and_does_not_narrow(echo):
    with Link(echo.server.url, Weather(up_bits_s=8_000_000, round_trip_s=0.4)) as link:
        for _ in range(10):  # a busy machine may add to each, hardly to all
            near, far = took_s(link, b"x" * 10), took_s(link, BODY)
            if far - near < 3:
                break
    assert far - near < 3, "100 KB fly one behind the other, not one after the other"


def took_s(link, body):
    began = link.clock()
    post(link, body)
    return link.clock() - began


def test_a_cut_falls_on_its_byte(echo):
    with Link(echo.server.url, Weather(cut_every_bytes=50_000, regular=True)) as link:
        with pytest.raises(requests.ConnectionError):
            post(link)
        assert link.traffic.cuts == 1
        assert link.traffic.up_bytes + link.traffic.down_bytes == 50_000
        assert link.traffic.lost_bytes == 50_000
    assert echo.effects == []


def test_cuts_come_at_their_mean_and_the_same_for_a_seed(echo):
    def life(seed):
        fates = []
        with Link(echo.server.url, Weather(cut_every_bytes=40_000), seed=seed) as link:
            for _ in range(60):
                try:
                    post(link, b"x" * 5_000)
                except requests.RequestException:
                    fates.append(False)
                else:
                    fates.append(True)
        return fates, link.traffic

    fates, traffic = life(3)
    assert life(3)[0] == fates
    assert life(4)[0] != fates
    assert 20_000 < (traffic.up_bytes + traffic.down_bytes) / traffic.cuts < 80_000


def test_cuts_by_time_break_who_only_waits(echo):
    with Link(echo.server.url, Weather(up_bits_s=8_000, cut_every_s=5, regular=True), speed=50) as link:
        with pytest.raises(requests.ConnectionError):
            post(link)
        assert link.traffic.cuts >= 1


def test_a_silent_cut_leaves_the_client_waiting(echo):
    with Link(echo.server.url, Weather(cut_every_bytes=50_000, regular=True, silent_share=1)) as link:
        with pytest.raises(requests.Timeout):
            post(link, timeout_s=DUMB_S)
        assert (link.traffic.silences, link.traffic.cuts) == (1, 0)


@pytest.mark.parametrize(
    ("fate", "error", "took_effect"),
    [
        ("cut-before", requests.ConnectionError, False),
        ("cut-within", requests.ConnectionError, False),
        ("cut-after", requests.ConnectionError, True),
        ("silent-before", requests.Timeout, False),
        ("silent-after", requests.Timeout, True),
    ],
)
def test_a_fate_breaks_one_request_where_it_says(echo, fate, error, took_effect):
    with Link(echo.server.url) as link:
        link.fate = lambda request: fate if request.number == 1 else None
        assert post(link).content == BODY
        with pytest.raises(error):
            post(link, timeout_s=DUMB_S if fate.startswith("silent") else ANSWERED_S)
        assert post(link).content == BODY
    assert len(echo.effects) == 2 + took_effect


def test_a_lost_reply_comes_after_the_effect(echo):
    with Link(echo.server.url, Weather(lost_reply_share=1)) as link, pytest.raises(requests.ConnectionError):
        post(link)
    assert echo.effects == [len(BODY)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (links.PORTAL_PAGE, 200),
        (links.PORTAL_REDIRECT, 302),
        (links.PORTAL_511, 511),
        (links.BAD_GATEWAY, 502),
        (links.unavailable(7), 503),
    ],
)
def test_a_stranger_answers_instead_of_the_server(echo, answer, status):
    with Link(echo.server.url) as link:
        link.fate = lambda _: answer
        got = requests.post(link.url, data=BODY, timeout=ANSWERED_S, allow_redirects=False)
    assert got.status_code == status
    assert got.content == answer.body
    assert dict(got.headers).items() >= dict(answer.headers).items()
    assert (echo.effects, link.traffic.answered_instead) == ([], 1)


def test_a_proxy_that_takes_no_large_body_takes_small_ones(echo):
    with Link(echo.server.url) as link:
        link.fate = links.too_large(50_000)
        assert post(link).status_code == 413
        assert post(link, b"small").status_code == 200


def test_a_link_that_is_down_is_refused_until_it_is_up(echo):
    with Link(echo.server.url) as link:
        link.down = True
        with pytest.raises(requests.ConnectionError):
            post(link)
        link.down = False
        assert post(link).content == BODY


def test_a_link_cut_by_hand_is_cut_for_who_had_it_open(echo):
    with Link(echo.server.url) as link, requests.Session() as session:
        assert session.post(link.url, data=b"a", timeout=ANSWERED_S).content == b"a"
        link.cut()
        assert session.post(link.url, data=b"a", timeout=ANSWERED_S).content == b"a"
    assert (link.traffic.cuts, link.traffic.connections) == (1, 2)


def test_a_request_sent_in_pieces_crosses_whole(echo):
    with Link(echo.server.url) as link:
        got = requests.post(link.url, data=iter([b"a" * 3_000, b"b" * 3_000]), timeout=ANSWERED_S)
    assert got.status_code in (200, 411)
