"""The log of official acts, and the one way to add to it."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import asking, service
from server.api.forms import DecisionRequest

blueprint = Blueprint("decisions", __name__, description="Official acts, hash-chained")


@blueprint.route("/groups/<group>/<int:year>/decisions")
class Decisions(MethodView):
    @blueprint.response(200)
    def get(self, group: str, year: int) -> flask.Response:
        """The log, oldest first, as stored: every decision can be verified by whoever reads it."""
        return flask.jsonify({"decisions": service().board.decision_documents(asking().account, group, year)})

    @blueprint.arguments(DecisionRequest)
    @blueprint.response(201)
    def post(self, asked: dict[str, Any], group: str, year: int) -> tuple[flask.Response, int]:
        """The decision written; a refused act (403) names the rule and who could."""
        decision = service().acts.act(
            asking().account,
            group,
            year,
            asked["act"],
            asked["value"],
            reason=asked["reason"],
            inputs=asked["inputs"],
            settles=asked["settles"],
        )
        return flask.jsonify(decision), 201
