"""Serving an app over HTTP: one process, many threads, connections that are kept.

gunicorn's threaded worker, and no other server anywhere: CouchDB's replicator and Node's fetch reuse connections and
lose requests when a server drops them (Flask's development server does). One worker process, because the store has one
writer and the follower must run once. It must never know what the app does.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self

from gunicorn.app.base import BaseApplication
from gunicorn.http import message
from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker

from sync.errors import SyncError

# CouchDB's replicator keeps idle connections for 30 s, proxies in front of us for 60 s; ours must outlive both, or a
# request meets a closing connection.
KEEP_ALIVE_S = 90
# Between two pieces of a request: longer than a phone takes to find another cell, which itself waits 60 s at most.
SILENCE_S = 90.0
# Deployments kill a service that has not stopped after 30 s. A feed that is cut resumes where it was.
GRACEFUL_STOP_S = 10
# Waiting feeds (24) plus work; more threads only queue before SQLite's one writer.
THREADS = 48
CONNECTIONS_MAX = 1_000
# Each connection is a descriptor; a hundred databases in use hold some five hundred, 1,500 at their busiest
# (sync.store_folder), and a photo on its way another. Systems give 1,024 unless asked.
DESCRIPTORS = CONNECTIONS_MAX + 2_000
# The longest id, percent-encoded, is 21 KB, and the name of an attachment may follow; a line without end is an attack.
REQUEST_LINE_BYTES_MAX = 64 * 1024

WsgiApp = Callable[..., Any]


class PortTaken(SyncError):
    """Another program listens there: stop it, or choose another port."""


class _MethodQueue(PollableMethodQueue):  # type: ignore[misc]  # gunicorn ships no types
    """How request threads wake gunicorn's worker: by a byte into a pipe, and never once that pipe is closed.

    A request that outlives a stop would write its byte to whatever got the pipe's number since: at the beginning of a
    SQLite file it makes "not a database" of it (gunicorn 27).
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()  # a signal may come while this very thread holds it
        self._closed = False

    def defer(self, callback: Callable[..., object], *arguments: Any) -> None:
        with self._lock:
            if not self._closed:
                super().defer(callback, *arguments)
                return
        callback(*arguments)  # nobody else will: without it the connection stays open

    def close(self) -> None:
        with self._lock:
            self._closed = True
            super().close()


class _Line(socket.socket):
    """A connection that ends when its client falls silent in the middle of a request.

    A phone that leaves its cell says no goodbye. gunicorn waits for the rest without end, and after as many such phones
    as there are threads nobody is answered any more.
    """

    def recv(self, *arguments: Any) -> bytes:
        if self.gettimeout() is None and not self._speaks():
            raise ConnectionResetError(errno.ECONNRESET, f"silent for {SILENCE_S} s")
        return super().recv(*arguments)

    def _speaks(self) -> bool:
        heard = select.poll()
        heard.register(self, select.POLLIN)
        return bool(heard.poll(SILENCE_S * 1000))

    def expect_answers(self) -> None:
        """Have the system end it too where nothing of what was sent is heard to have arrived."""
        if hasattr(socket, "TCP_USER_TIMEOUT") and self.family in (socket.AF_INET, socket.AF_INET6):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_S * 1000))


class _Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, whose late requests harm no file, and whose silent and slow clients hold up nobody.

    A connection is closed once the client has closed it too, or two seconds later. gunicorn waits for that on the one
    thread that accepts connections and gives out work; here the request's own thread does. And where no descriptor is
    left for one more connection, gunicorn's worker dies, and with it all it was answering; here the connection waits.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.method_queue = _MethodQueue()

    def accept(self, listener: socket.socket) -> None:
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            time.sleep(0.1)

    def handle(self, conn: Any) -> Any:
        if not isinstance(conn.sock, _Line):
            conn.sock = _Line(fileno=conn.sock.detach())
            conn.sock.expect_answers()
        kept = super().handle(conn)
        if not kept:
            conn.close(graceful=True)
        return kept

    def finish_request(self, conn: Any, handled: Future[Any]) -> None:
        if handled.cancelled() or handled.exception() is not None or handled.result():
            super().finish_request(conn, handled)
        else:
            self.nr_conns -= 1


# gunicorn knows no limit between 8,190 bytes and none at all; this is the greatest it accepts.
message.MAX_REQUEST_LINE = REQUEST_LINE_BYTES_MAX
# A Content-Type may come twice, and the last counts: clients of CouchDB send it in two spellings, and gunicorn 27 ends
# such a connection. A browser, against which that header guards, sends one.
message.RFC9110_5_3_SINGLETON_FIELDS = frozenset({"HOST"})

_SETTINGS: dict[str, Any] = {
    "workers": 1,
    "worker_class": _Worker,
    "worker_connections": CONNECTIONS_MAX,
    "keepalive": KEEP_ALIVE_S,
    # The worker's main thread says it lives; requests may take what they need.
    "timeout": 120,
    "loglevel": "warning",
    "accesslog": None,
    "errorlog": "-",
    # Document ids and attachment names travel there, percent-encoded.
    "limit_request_line": REQUEST_LINE_BYTES_MAX,
    # The worker's heartbeat touches a file: not on the data's disk, which may be slow.
    "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
    # What a header says of where a request came from is the app's to believe, from nobody unasked: gunicorn would take
    # scheme and path from any program of this machine.
    "forwarded_allow_ips": "",
    # No door into the running server that we did not put there.
    "control_socket_disable": True,
}


def serve(
    app: WsgiApp,
    *,
    host: str,
    port: int,
    threads: int = THREADS,
    on_start: Callable[[], None] | None = None,
) -> None:
    """Serve `app` until SIGTERM or SIGINT. Raises PortTaken."""
    serve_made(lambda: app, host=host, port=port, threads=threads, on_start=on_start)


def serve_made(
    make_app: Callable[[], WsgiApp],
    *,
    host: str,
    port: int,
    threads: int = THREADS,
    on_start: Callable[[], None] | None = None,
) -> None:
    """As `serve`, with the app made inside the one worker process: what owns threads or an open SQLite file must not
    cross gunicorn's fork. `on_start` is called outside of it, once connections are accepted.
    """
    require_free(host, port)
    hooks = {} if on_start is None else {"when_ready": lambda _arbiter: on_start()}
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    settings = {"bind": bind, "threads": threads, "worker_connections": min(CONNECTIONS_MAX, _descriptors() // 2)}
    _Application(make_app, {"graceful_timeout": GRACEFUL_STOP_S, **settings, **hooks}).run()


class BackgroundServer:
    """The same HTTP as `serve`, on a free port of this machine, from a thread of this process: for tests and tools that
    must reach into the app they talk to.

        with BackgroundServer(app) as server:
            requests.get(server.url)

    It is gunicorn's own threaded worker without the process around it, so that a test meets the very code that keeps
    connections in production.
    """

    def __init__(self, app: WsgiApp, *, host: str = "127.0.0.1", port: int = 0, threads: int = 16) -> None:
        self._listener = socket.create_server((host, port), backlog=128)
        # As gunicorn sets it on its own: headers and body leave apart, and Nagle would hold each body for 40 ms.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.port = host, int(self._listener.getsockname()[1])
        self._ready = threading.Event()
        application = _Application(
            lambda: app,
            {"threads": threads, "graceful_timeout": 1, "post_worker_init": lambda _worker: self._ready.set()},
        )
        self._worker = _ThreadedWorker(
            0, os.getppid(), [self._listener], application, application.cfg.timeout, application.cfg,
            application.cfg.logger_class(application.cfg),
        )  # fmt: skip
        self._thread = threading.Thread(target=self._worker.init_process, name=f"http-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> Self:
        """Accept connections; they queue in the listener from the moment of construction."""
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Finish what is being answered (for a second at most) and close."""
        self._worker.handle_exit(None, None)
        self._thread.join()
        self._listener.close()
        # gunicorn leaves the rest to the end of its process; ours goes on.
        pipe, self._worker.PIPE = self._worker.PIPE, ()
        for end in pipe:
            os.close(end)
        self._worker.tmp.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Application(BaseApplication):  # type: ignore[misc]
    """gunicorn configured for us, whatever its version knows."""

    def __init__(self, make_app: Callable[[], WsgiApp], settings: dict[str, Any]) -> None:
        self._make_app = make_app
        self._settings = _SETTINGS | settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        return self._make_app()


class _ThreadedWorker(_Worker):
    """The same where signals belong to someone else, and a stop need not be polite to idle connections."""

    def init_signals(self) -> None:
        pass

    def _cap_keepalive(self, _deadline: float) -> None:
        super()._cap_keepalive(0.0)


def _descriptors() -> int:
    """How many this process may open: as many as a service needs, or as the system lets it."""
    may, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if may == resource.RLIM_INFINITY:
        return DESCRIPTORS
    if may < DESCRIPTORS:
        may = DESCRIPTORS if most == resource.RLIM_INFINITY else min(DESCRIPTORS, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (may, most))
    return may


def require_free(host: str, port: int) -> None:
    """Raises PortTaken: in a sentence, and at once, what gunicorn says after five retries."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"Port {port} on {host} cannot be used ({error.strerror}); choose another.") from error
