"""Units over time: who there was on a day, and what became of them."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.hashing import body_of
from server.api.asking import asking, service
from server.api.forms import AsOf, UnitEventAnswer, UnitEventRequest, UnitsAnswer
from server.board.models.refs import UnitRef

blueprint = Blueprint("units", __name__, description="Units, and their mergers, renames and ends")


@blueprint.route("/units")
class Units(MethodView):
    @blueprint.arguments(AsOf, location="query")
    @blueprint.response(200, UnitsAnswer)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Units founded by the day (today when none is named), as they were called then; every event known."""
        day = asked["as_of"] or service().board.today()
        page = service().organisation.page(asking().account, day.isoformat())
        return {
            "as_of": page.as_of,
            "units": [
                {
                    **_named(it.unit), "unit": it.unit.unit, "kind": it.kind, "parent": _id(it.parent),
                    "functions": it.functions, "valid_from": it.valid_from, "valid_to": it.valid_to,
                    "alive": it.alive, "became": _id(it.became),
                }
                for it in page.units
            ],
            "events": [
                {
                    "event": it.event, "kind": it.kind, "date": it.date, "from": [unit.unit for unit in it.units],
                    "to": _id(it.to), "named": None if it.named is None else _named(it.named), "number": it.number,
                }
                for it in page.events
            ],
            "groups": page.groups,
        }  # fmt: skip


@blueprint.route("/units/events")
class UnitEvents(MethodView):
    @blueprint.arguments(UnitEventRequest)
    @blueprint.response(201, UnitEventAnswer)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Written down, with the group years that follow it; repeating it changes nothing. 403 names who could."""
        written, changed = service().organisation.tell(
            asking().account,
            asked["kind"],
            asked["from"],
            date=asked["date"].isoformat(),
            number=asked["number"],
            to=asked["to"],
            named=asked["named"],
        )
        return {
            "event": {"_id": written["_id"], **body_of(written)},
            "changed": [{"group": group, "year": year} for group, year in changed],
        }


def _id(unit: UnitRef | None) -> str | None:
    return None if unit is None else unit.unit


def _named(unit: UnitRef) -> dict[str, Any]:
    return {"names": unit.names, "short_names": unit.short_names}
