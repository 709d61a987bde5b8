"""The head of a unit approves what its specialist prepared."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import asking, service
from server.api.forms import ApprovalRequest

blueprint = Blueprint("approvals", __name__, description="Self-scores approved by the unit's head")


@blueprint.route("/groups/<group>/<int:year>/approvals")
class Approvals(MethodView):
    @blueprint.arguments(ApprovalRequest)
    @blueprint.response(201)
    def post(self, asked: dict[str, Any], group: str, year: int) -> tuple[flask.Response, int]:
        """The head's own submission, which supersedes the prepared one; 403 names who could, 409 what changed."""
        return flask.jsonify(service().approvals.approve(asking().account, group, year, asked["submission"])), 201
