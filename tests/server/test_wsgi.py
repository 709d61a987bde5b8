"""The server we ship: connections are kept, requests run side by side, a stop is orderly."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from gunicorn import util

from server.wsgi import BackgroundServer, PortTaken, serve


@pytest.fixture
def app() -> flask.Flask:
    made = flask.Flask("app")

    @made.get("/slow")
    def slow() -> str:
        time.sleep(0.4)
        return "slow"

    @made.post("/unread")
    def unread() -> tuple[str, int]:
        return "no", 403

    @made.get("/raw/<path:_>")
    def raw(_: str) -> str:
        return str(flask.request.environ["RAW_URI"])

    return made


def test_a_connection_serves_many_requests_refused_bodies_included(app: flask.Flask) -> None:
    """A body nobody read must not be taken for the next request."""
    with BackgroundServer(app) as server, socket.create_connection((server.host, server.port)) as line:
        stream = line.makefile("rb")
        for _ in range(3):
            body = b"GET /evil HTTP/1.1\r\n\r\n" * 500
            line.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert answer_of(stream) == (b"403", b"no")


def answer_of(stream: Any) -> tuple[bytes, bytes]:
    status = stream.readline().split()[1]
    length = 0
    while (line := stream.readline().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, stream.read(length)


def test_requests_run_side_by_side(app: flask.Flask) -> None:
    with BackgroundServer(app) as server:
        started = time.monotonic()
        threads = [threading.Thread(target=requests.get, args=(f"{server.url}/slow",)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 1.6


def test_the_target_arrives_as_it_was_sent(app: flask.Flask) -> None:
    with BackgroundServer(app) as server:
        assert requests.get(f"{server.url}/raw/a%2Fb%20c").text == "/raw/a%2Fb%20c"


def test_a_stop_lets_a_running_request_end(app: flask.Flask) -> None:
    server = BackgroundServer(app).start()
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(requests.get(f"{server.url}/slow").text))
    thread.start()
    time.sleep(0.15)
    server.stop()
    thread.join()
    assert answers == ["slow"]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/slow")


def test_a_request_that_outlives_the_stop_writes_into_no_file_that_was_opened_since(tmp_path: Path) -> None:
    """A byte at the beginning of a SQLite file, and it is "not a database"."""
    released = threading.Event()

    def waits(_: Any, start_response: Any) -> list[bytes]:
        released.wait(20)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    answers: list[str] = []
    server = BackgroundServer(waits).start()
    threads = [threading.Thread(target=lambda: answers.append(requests.get(server.url).text)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    server.stop()
    with contextlib.ExitStack() as stack:  # enough to be given whatever number the server had
        files = [tmp_path / str(number) for number in range(20)]
        for file in files:
            file.write_bytes(b"SQLite format 3")
            stack.enter_context(file.open("r+b"))
        released.set()
        for thread in threads:
            thread.join()
        time.sleep(0.1)
        assert {file.read_bytes() for file in files} == {b"SQLite format 3"}
    assert answers == ["ok"] * 3


def test_who_is_slow_to_close_holds_up_nobody(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    closing, closed = threading.Event(), threading.Event()
    close = util.close_graceful

    def slow(line: socket.socket) -> None:
        closing.set()
        closed.wait(20)
        close(line)

    monkeypatch.setattr(util, "close_graceful", slow)
    with BackgroundServer(app) as server, requests.Session() as session:
        leaving = threading.Thread(
            target=requests.get, args=(f"{server.url}/raw/x",), kwargs={"headers": {"Connection": "close"}}
        )
        leaving.start()
        try:
            assert closing.wait(20)
            assert session.get(f"{server.url}/raw/y", timeout=10).text == "/raw/y"
        finally:
            closed.set()
            leaving.join()


def test_what_is_shipped_has_the_worker_that_is_tested(app: flask.Flask) -> None:
    """Above, the worker runs in a thread; `thidua serve` gives it a process."""
    from server.wsgi import _Application, _ThreadedWorker

    assert _Application(lambda: app, {}).cfg.worker_class in _ThreadedWorker.__mro__


def test_a_server_that_was_never_asked_anything_stops(app: flask.Flask) -> None:
    for _ in range(5):
        server = BackgroundServer(app).start()
        server.stop()
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url)


def test_a_port_that_is_taken_is_said_in_a_sentence(app: flask.Flask) -> None:
    with BackgroundServer(app) as server, pytest.raises(PortTaken, match="choose another"):
        serve(app, host=server.host, port=server.port)
