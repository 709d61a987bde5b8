"""How a figure came about, line by line, in both languages and with the rule of each step."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import asking, service
from server.api.forms import OfCriterion

blueprint = Blueprint("explanations", __name__, description="Where a figure comes from")


@blueprint.route("/groups/<group>/<int:year>/units/<unit>/explanation")
class Explanation(MethodView):
    @blueprint.arguments(OfCriterion, location="query")
    @blueprint.response(200)
    def get(self, asked: dict[str, Any], group: str, year: int, unit: str) -> flask.Response:
        """The derivation of a unit's total, or with `criterion` of its points there. Figures are exact."""
        explained = service().board.explain(asking().account, group, year, unit, asked["criterion"])
        return flask.jsonify(
            {
                "group": group,
                "year": year,
                "unit": explained.unit.unit,
                "criterion": explained.criterion,
                "as_of": explained.ranking.as_of.isoformat(),
                "lines": [line.to_json(explained.ranking) for line in explained.lines],
            }
        )
