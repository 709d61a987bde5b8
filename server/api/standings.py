"""The ranking, as `thidua standings GROUP YEAR --json` prints it."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import asking, service
from server.api.forms import AsOf

blueprint = Blueprint("standings", __name__, description="The ranking of a group year")


@blueprint.route("/groups/<group>/<int:year>/standings")
class Standings(MethodView):
    @blueprint.arguments(AsOf, location="query")
    @blueprint.response(200)
    def get(self, asked: dict[str, Any], group: str, year: int) -> flask.Response:
        """Exact figures as decimal strings."""
        page = service().board.standings(asking().account, group, year, as_of=asked["as_of"])
        return flask.jsonify(page.document)
