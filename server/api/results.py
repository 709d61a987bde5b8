"""The frozen ranking of a group year, and its bundle. Freezing and publishing are decisions: `POST …/decisions`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import flask
from flask.views import MethodView
from flask_smorest import Blueprint

from server.api.asking import asking, service
from server.api.forms import BundleChoice

blueprint = Blueprint("results", __name__, description="Frozen rankings and their bundles")


@blueprint.route("/groups/<group>/<int:year>/result")
class Result(MethodView):
    @blueprint.response(200)
    def get(self, group: str, year: int) -> flask.Response:
        """The ranking as it was frozen, every input by id and SHA-256, and what came later; 409 when none is frozen."""
        return flask.jsonify(service().results.result(asking().account, group, year).to_json())


@blueprint.route("/groups/<group>/<int:year>/bundle")
class BundleFile(MethodView):
    @blueprint.arguments(BundleChoice, location="query")
    @blueprint.response(200, content_type="application/zip")
    def get(self, asked: dict[str, Any], group: str, year: int) -> flask.Response:
        """The file `thidua verify` checks; 409 when nothing is frozen."""
        return bundle_answer(asking().account, group, year, photos=asked["photos"], public=asked["public"])


def bundle_answer(account: Any, group: str, year: int, *, photos: bool, public: bool) -> flask.Response:
    """The bundle as a download; pages answer the same. Raises Clash, Missing, Refused."""
    name = f"{group}-{year}{'-public' if public else ''}.zip"
    with tempfile.TemporaryDirectory(dir=service().config.data) as folder:
        made = service().results.bundle(account, group, year, Path(folder) / name, photos=photos, public=public)
        file = made.path.open("rb")  # still readable once the folder is gone
    answer = flask.send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Thidua-Hash"] = made.hash
    answer.headers["X-Thidua-Key"] = made.key
    return answer
