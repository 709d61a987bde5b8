"""Evidence: the gallery of a group year, one piece of evidence, and its photos."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from schemas.problem import InvalidDocument
from server.problems import Problem
from server.web.blueprint import web
from server.web.language import said, sentences
from server.web.reader import account, service
from server.web.views.common import criteria_of

PAGE_CARDS: Final = 48
"""A gallery page of thumbnails stays under a megabyte at about 20 kB each."""

PHOTO_MAX_AGE_S: Final = 24 * 3600
"""A photo never changes under its hash, but it may be withheld: a day at most in the reader's own browser."""


@web.get("/<group>/<int:year>/evidence")
def evidence(group: str, year: int) -> Any:
    unit = request.args.get("unit") or None
    number = max(request.args.get("page", 1, type=int), 1)
    board = service().board
    page = board.evidence(account(), group, year, unit=unit, skip=(number - 1) * PAGE_CARDS, limit=PAGE_CARDS)
    ranking = board.standings(account(), group, year)
    return render_template(
        "evidence.html",
        page=page,
        head=page.head,
        units=[row.unit for row in ranking.rows],
        coverage=ranking.coverage,
        unit=unit,
        number=number,
        criteria=criteria_of(board.view(account(), group, year)),
        pages=max(-(-page.total // PAGE_CARDS), 1),
        tab="evidence",
    )


@web.get("/<group>/<int:year>/evidence/<cited>")
def evidence_card(group: str, year: int, cited: str) -> Any:
    return _card(group, year, cited)


@web.post("/<group>/<int:year>/evidence/<cited>")
def evidence_sent(group: str, year: int, cited: str) -> Any:
    kind, _colon, sha256 = request.form.get("what", "").partition(":")
    value = {"kind": kind, "sha256": sha256}
    try:
        service().acts.act(account(), group, year, "withhold", value, reason=request.form.get("reason"))
    except InvalidDocument as invalid:
        return _card(group, year, cited, wrong=sentences(invalid)), 422
    except Problem as problem:
        return _card(group, year, cited, wrong=said(problem.said)), problem.status
    flash(_("Đã thu hồi. Điện thoại xóa bản của mình ở lần đồng bộ tới."), "good")
    return redirect(url_for("web.evidence_card", group=group, year=year, cited=cited), 303)


def _card(group: str, year: int, cited: str, *, wrong: str | None = None) -> str:
    board = service().board
    card = board.evidence_card(account(), group, year, cited)
    view = board.view(account(), group, year)
    # What cites it, each once: a criterion of a scoresheet, or a claim of bonus or penalty.
    cites = sorted({(submission["unit"], target) for submission, target in view.citations.get(card.cited, ())})
    pictures = [each.photo for each in card.photos if each.state != "withheld"]
    # Nothing is withheld twice; what the reader may not do is not offered.
    offer = service().acts.offers(account(), view, ["withhold"], {})[0] if card.private or pictures else None
    return render_template(
        "evidence_card.html",
        card=card,
        withholdable=(card.private, pictures) if offer is not None and offer.allowed else None,
        wrong=wrong,
        cites=cites,
        criteria=criteria_of(view),
        head=board.head(account(), view),
        tab="evidence",
    )


@web.get("/<group>/<int:year>/photos/<photo>")
def photo(group: str, year: int, photo: str) -> Response:
    return _image(group, year, photo, thumb=False)


@web.get("/<group>/<int:year>/thumbs/<photo>")
def thumb(group: str, year: int, photo: str) -> Response:
    return _image(group, year, photo, thumb=True)


def _image(group: str, year: int, photo: str, *, thumb: bool) -> Response:
    attachment = service().board.photo(account(), group, year, photo, thumb=thumb)
    # Piece by piece: forty readers of a gallery must not hold forty photos in memory.
    answer = Response(attachment.chunks, mimetype="image/jpeg")
    answer.content_length = attachment.length
    # Whatever bytes a phone called a photo, a browser shall see nothing but a picture in them.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = f"private, max-age={PHOTO_MAX_AGE_S}"
    answer.set_etag(f"{photo}-{'thumb' if thumb else 'photo'}")
    answer.make_conditional(request, accept_ranges=True, complete_length=attachment.length)
    return answer
