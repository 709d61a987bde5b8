"""A phone's first request: a code becomes a token, once; the phone that lost the answer on the way may ask again."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas import ids
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
        enrolled = service().accounts.redeem(asked["code"], asked["label"], key=asked["key"])
        account = enrolled.account
        unit = service().registry.find(ids.unit_id(account.unit)) or {}
        return {
            "token": enrolled.token,
            "device": enrolled.device.device,
            "account": account.account,
            "person": {"id": account.person, "name": account.name},
            "unit": account.unit,
            # Before the first exchange, and for ever on a grassroots phone, the app knows its unit by these alone.
            "unit_names": unit.get("names", {}),
            "unit_short_names": unit.get("short_names", {}),
            "roles": list(account.roles),
            "locale": account.locale,
            "server": service().config.server,
        }
