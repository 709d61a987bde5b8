"""Which databases a phone has: everything it must know before it replicates, in one request."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.figures import time_string
from server.api.asking import phone, service
from server.api.forms import DatabasesAnswer, DatabasesQuery

blueprint = Blueprint("databases", __name__, description="The databases of a device")


@blueprint.route("/databases")
class Databases(MethodView):
    @blueprint.arguments(DatabasesQuery, location="query")
    @blueprint.response(200, DatabasesAnswer)
    @blueprint.doc(security=[{"device": []}])
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Names, rights, sequences, and for groups the heads of the decisions: a phone compares what it holds."""
        account, device = phone()
        if "opening" in asked:
            service().sightings.saw(device.device, asked["opening"], now=service().now())
        return {
            "server": service().config.server,
            "time": time_string(service().now()),
            "oldest_app": service().config.oldest_app,
            "account": account.account,
            "databases": service().gateway.databases(account, device),
        }
