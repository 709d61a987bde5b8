"""The API for programs, at /api/v1: load, authorise, call, answer JSON. Described at /api/openapi.json.

Who asks is a phone by its token or a person by the session of the pages; what they may is decided by the service.
"""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from server.api import approvals, databases, decisions, enrolment, explanations, results, standings, units

VERSION = "v1"


def init_app(app: Flask) -> None:
    """Mount the blueprints and the description; nothing of it is loaded from elsewhere."""
    app.config.update(
        API_TITLE="Thidua",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": {
                    "device": {"type": "http", "scheme": "bearer", "description": "A phone's token, from enrolment"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "thidua"},
                }
            },
            "security": [{"device": []}, {"session": []}],
        },
    )
    description = Api(app)
    for module in (enrolment, databases, standings, explanations, decisions, results, approvals, units):
        description.register_blueprint(module.blueprint, url_prefix=f"/api/{VERSION}")
