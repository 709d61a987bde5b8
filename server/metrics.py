"""Figures for a monitor at /metrics: requests, refusals, what waits. It must never hold a name or a text."""

from __future__ import annotations

import time
from typing import Final

import flask
from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY: Final = CollectorRegistry()

REQUESTS: Final = Counter("thidua_requests", "Requests answered.", ["part", "method", "status"], registry=REGISTRY)
SECONDS: Final = Histogram("thidua_request_seconds", "Time to answer.", ["part"], registry=REGISTRY)
REFUSED: Final = Counter("thidua_refused_documents", "Documents the gateway refused.", ["code"], registry=REGISTRY)
FOLLOWED: Final = Counter("thidua_followed_rows", "Changes followed.", ["kind"], registry=REGISTRY)
FOLLOW_FAILURES: Final = Counter("thidua_follow_failures", "Databases that could not be followed.", registry=REGISTRY)
WAITING: Final = Gauge("thidua_waiting_submissions", "Submissions that wait for what they cite.", registry=REGISTRY)

LOCAL: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
"""Who may ask: a monitor on this machine, without a proxy between."""

PROXIED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")
"""What proxies add. One on this machine asks from loopback for strangers anywhere."""


def init_app(app: Flask) -> None:
    """Count the application's requests, and show what was counted."""
    count(app)

    @app.get("/metrics")
    def metrics() -> Response:
        if request.remote_addr not in LOCAL or any(name in request.headers for name in PROXIED):
            flask.abort(404)
        WAITING.set(len(app.extensions["thidua"].projection.waiting()))
        return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def count(app: Flask) -> None:
    """Count what an application answers."""

    @app.before_request
    def begin() -> None:
        flask.g.metrics_began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        part = _part(request.root_path + request.path)
        REQUESTS.labels(part, request.method, response.status_code).inc()
        SECONDS.labels(part).observe(time.perf_counter() - flask.g.get("metrics_began", time.perf_counter()))
        return response


def _part(path: str) -> str:
    """Few and known: a label for every address would be a leak and a burden."""
    first = path.split("/", 2)[1]
    return first if first in ("db", "api", "static", "healthz", "metrics") else "pages"
