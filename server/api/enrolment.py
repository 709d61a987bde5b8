"""A phone's first request: a code becomes a token, once."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import service
from server.api.forms import EnrolAnswer, EnrolRequest

blueprint = Blueprint("enrolment", __name__, description="A code becomes a device's token, once")


@blueprint.route("/enrol")
class Enrol(MethodView):
    @blueprint.arguments(EnrolRequest)
    @blueprint.response(200, EnrolAnswer)
    @blueprint.doc(security=[])
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The token is told here and never again; 404 a wrong code, 409 a used one, 410 an expired one."""
        enrolled = service().accounts.redeem(asked["code"], asked["label"])
        account = enrolled.account
        return {
            "token": enrolled.token,
            "device": enrolled.device.device,
            "account": account.account,
            "person": {"id": account.person, "name": account.name},
            "unit": account.unit,
            "roles": list(account.roles),
            "locale": account.locale,
            "server": service().config.server,
        }
