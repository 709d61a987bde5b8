"""The server we ship: connections are kept, requests run side by side, a stop is orderly."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from gunicorn import util

from server import wsgi
from server.wsgi import REQUEST_LINE_BYTES_MAX, BackgroundServer, PortTaken, serve
from tests.support.ports import free_port

OPEN = Path("/proc/self/fd")


@pytest.fixture
def app() -> flask.Flask:
    made = flask.Flask("app")

    @made.post("/unread")
    def unread() -> tuple[str, int]:
        return "no", 403

    @made.post("/form")
    def form() -> str:
        return str(len(flask.request.get_data()))

    @made.get("/raw/<path:_>")
    def raw(_: str) -> str:
        return str(flask.request.environ["RAW_URI"])

    @made.get("/asked")
    def asked() -> str:
        return f"{flask.request.scheme} {flask.request.script_root}{flask.request.path}"

    return made


def test_nobody_on_this_machine_says_by_a_header_in_which_scheme_it_asks(app: flask.Flask) -> None:
    with BackgroundServer(app) as server, socket.create_connection((server.host, server.port)) as line:
        line.sendall(b"GET /asked HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nSCRIPT_NAME: /as\r\n\r\n")
        assert answer_of(line.makefile("rb")) == (b"200", b"http /asked")


def test_a_connection_serves_many_requests_refused_bodies_included(app: flask.Flask) -> None:
    """A body nobody read must not be taken for the next request."""
    with BackgroundServer(app) as server, socket.create_connection((server.host, server.port)) as line:
        stream = line.makefile("rb")
        for _ in range(3):
            body = b"GET /evil HTTP/1.1\r\n\r\n" * 500
            line.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert answer_of(stream) == (b"403", b"no")


def test_a_request_that_names_its_content_type_twice_is_answered(app: flask.Flask) -> None:
    """CouchDB's own clients send one name of a header in two spellings."""
    with BackgroundServer(app) as server, socket.create_connection((server.host, server.port)) as line:
        types = b"Content-Type: application/json\r\nContent-type: application/json\r\n"
        line.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\n" + types + b"Content-Length: 1\r\n\r\n5")
        assert answer_of(line.makefile("rb")) == (b"200", b"1")


def test_a_request_to_two_hosts_is_refused(app: flask.Flask) -> None:
    with BackgroundServer(app) as server, socket.create_connection((server.host, server.port)) as line:
        line.sendall(b"GET /asked HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
        assert answer_of(line.makefile("rb"))[0] == b"400"


def answer_of(stream: Any) -> tuple[bytes, bytes]:
    status = stream.readline().split()[1]
    length = 0
    while (line := stream.readline().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, stream.read(length)


def test_a_request_line_without_end_is_refused_and_not_kept(app: flask.Flask) -> None:
    with (
        BackgroundServer(app) as server,
        socket.create_connection((server.host, server.port), 10) as line,
        # What has not been read may cut the answer off; a server that waits for more is what must not be.
        contextlib.suppress(ConnectionError),
    ):
        line.sendall(b"GET /raw/" + b"a" * 2 * REQUEST_LINE_BYTES_MAX)
        assert line.makefile("rb").readline()[9:12] in (b"414", b"")


def test_the_longest_id_and_attachment_name_fit_a_request_line(app: flask.Flask) -> None:
    path = "/raw/" + "/".join(("%E1%BB%87" * (7_168 // 3), "%E1%BB%87" * 2_000))
    with BackgroundServer(app) as server:
        assert requests.get(server.url + path, timeout=120).text == path


def test_clients_that_fall_silent_in_a_request_hold_up_nobody(
    app: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wsgi, "SILENCE_S", 0.2)
    with BackgroundServer(app, threads=2) as server, contextlib.ExitStack() as lines:
        for begun in (b"GET /raw/x HT", b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc") * 3:
            line = lines.enter_context(socket.create_connection((server.host, server.port)))
            line.sendall(begun)
        assert requests.get(f"{server.url}/raw/x", timeout=20).text == "/raw/x"


class Held:
    """An app whose requests wait in it until they are released."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.released = threading.Event()

    def __call__(self, _: Any, start_response: Any) -> list[bytes]:
        self.arrived.release()
        self.released.wait()
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


class Asking:
    """So many requests at once, each of them already in the app."""

    def __init__(self, app: Held, url: str, count: int) -> None:
        self._answers: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=(url,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()
        for _ in range(count):
            app.arrived.acquire()

    def _ask(self, url: str) -> None:
        self._answers.append(requests.get(url).text)

    def answers(self) -> list[str]:
        for thread in self._threads:
            thread.join()
        return self._answers


def test_requests_run_side_by_side() -> None:
    with BackgroundServer(held := Held()) as server:
        asking = Asking(held, server.url, 5)  # for ever, if one waited for another
        held.released.set()
        assert asking.answers() == ["ok"] * 5


def test_the_target_arrives_as_it_was_sent(app: flask.Flask) -> None:
    with BackgroundServer(app) as server:
        assert requests.get(f"{server.url}/raw/a%2Fb%20c").text == "/raw/a%2Fb%20c"


def test_a_stop_lets_a_running_request_end() -> None:
    server = BackgroundServer(held := Held()).start()
    asking = Asking(held, server.url, 1)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    held.released.set()
    stopping.join()
    assert asking.answers() == ["ok"]
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url)


def test_a_request_that_outlives_the_stop_writes_into_no_file_that_was_opened_since(tmp_path: Path) -> None:
    """A byte at the beginning of a SQLite file, and it is "not a database"."""
    server = BackgroundServer(held := Held()).start()
    asking = Asking(held, server.url, 3)
    server.stop()
    with contextlib.ExitStack() as stack:  # enough to be given whatever number the server had
        files = [tmp_path / str(number) for number in range(20)]
        for file in files:
            file.write_bytes(b"SQLite format 3")
            stack.enter_context(file.open("r+b"))
        held.released.set()
        answers = asking.answers()
        time.sleep(0.1)
        assert {file.read_bytes() for file in files} == {b"SQLite format 3"}
    assert answers == ["ok"] * 3


def test_who_is_slow_to_close_holds_up_nobody(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    closing, closed = threading.Event(), threading.Event()
    close = util.close_graceful

    def slow(line: socket.socket) -> None:
        closing.set()
        closed.wait(240)
        close(line)

    monkeypatch.setattr(util, "close_graceful", slow)
    with BackgroundServer(app) as server, requests.Session() as session:
        leaving = threading.Thread(
            target=requests.get, args=(f"{server.url}/raw/x",), kwargs={"headers": {"Connection": "close"}}
        )
        leaving.start()
        try:
            assert closing.wait(240)
            assert session.get(f"{server.url}/raw/y", timeout=120).text == "/raw/y"
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


_LIMITED = """
import resource, sys
import flask
from server import wsgi
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
app = flask.Flask("app")
app.get("/may")(lambda: str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
wsgi.serve(app, host="127.0.0.1", port=int(sys.argv[3]), on_start=lambda: print("ready", flush=True))
"""


@contextlib.contextmanager
def served_with(may: int, most: int) -> Iterator[str]:
    """Where a process with these limits of open files serves; it must have complained of nothing at the end."""
    port = free_port()
    command = [sys.executable, "-c", _LIMITED, str(may), str(most), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            complained = process.stdout.read()
    assert not complained


def test_a_service_takes_the_descriptors_it_may_have() -> None:
    with served_with(256, 700) as url:
        assert requests.get(f"{url}/may").text == "700"
    with served_with(256, 4_000) as url:
        assert requests.get(f"{url}/may").text == str(wsgi.DESCRIPTORS)


def test_more_connections_than_descriptors_wait_and_end_nothing() -> None:
    with served_with(200, 200) as url, contextlib.ExitStack() as held, requests.Session() as kept:
        port = int(url.rpartition(":")[2])
        assert kept.get(f"{url}/may").text == "200"
        idle = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(250)]
        assert kept.get(f"{url}/may").text == "200"
        for each in idle:
            each.close()
        assert requests.get(f"{url}/may").text == "200"
        assert kept.get(f"{url}/may").text == "200"


@pytest.mark.skipif(not OPEN.is_dir(), reason="counts descriptors as Linux lists them")
def test_a_server_that_stopped_keeps_nothing_open(app: flask.Flask) -> None:
    def serve_once() -> None:
        with BackgroundServer(app) as server:
            assert requests.get(f"{server.url}/raw/x").text == "/raw/x"

    serve_once()  # what is loaded and opened once for all
    before = len(list(OPEN.iterdir()))
    for _ in range(10):
        serve_once()
    assert len(list(OPEN.iterdir())) < before + 10


def test_a_port_that_is_taken_is_said_in_a_sentence(app: flask.Flask) -> None:
    with BackgroundServer(app) as server, pytest.raises(PortTaken, match="choose another"):
        serve(app, host=server.host, port=server.port)
