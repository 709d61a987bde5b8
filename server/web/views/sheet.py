"""The scoresheet of one unit: every criterion with each stage beside the other, claims, decisions about the unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from schemas.acts import subject_of
from schemas.figures import corrected
from schemas.hashing import body_sha256
from schemas.problem import InvalidDocument
from server.acts import standing_cross
from server.board.models.decisions import DecisionEntry
from server.board.models.refs import PersonRef
from server.board.models.sheet import UnitSheet
from server.board.reading import decision_entry
from server.board.view import GroupView
from server.problems import Problem
from server.web import forms, unit_forms
from server.web.blueprint import web
from server.web.language import locale, said, sentences
from server.web.reader import account, service
from server.web.views.common import derivation
from server.web.views.typed_in import may_type_in

CLAIM_ACTS: Final = ("count-claim", "refuse-claim")


@web.get("/<group>/<int:year>/units/<unit>")
def sheet(group: str, year: int, unit: str) -> Any:
    return _page(service().board.sheet(account(), group, year, unit))


@web.post("/<group>/<int:year>/units/<unit>")
def sheet_sent(group: str, year: int, unit: str) -> Any:
    page = service().board.sheet(account(), group, year, unit)
    filled = unit_forms.read_unit_act(request.form, unit, _matters(page), locale=locale())
    if isinstance(filled, forms.Wrong):
        return _page(page, wrong=filled.fields, typed=request.form), 422
    # Only what the reader was shown side by side is settled.
    seen, subject = request.form.getlist("seen"), subject_of(filled.act, filled.value)
    settles = [it.decision for it in _side_by_side(page) if it.subject == subject and it.decision in seen]
    try:
        service().acts.act(account(), group, year, filled.act, filled.value, reason=filled.reason, settles=settles)
    except InvalidDocument as invalid:
        return _page(page, wrong={"act": sentences(invalid)}, typed=request.form), 422
    except Problem as problem:
        return _page(page, wrong={"act": said(problem.said)}, typed=request.form), problem.status
    flash(_("Đã ghi quyết định. Bảng điểm đã được tính lại."), "good")
    return redirect(url_for("web.sheet", group=group, year=year, unit=unit), 303)


@web.post("/<group>/<int:year>/units/<unit>/acceptances")
def sheet_acceptances(group: str, year: int, unit: str) -> Any:
    """Several criteria at once, each by a decision of its own: of a unit few of sixty are in dispute."""
    shown = service().board.view(account(), group, year)  # before what is compared with it: nothing newer is accepted
    page = service().board.sheet(account(), group, year, unit)
    found = _matters(page)
    accepted = unit_forms.read_accepted(request.form.getlist("criterion"), request.form.get("seen", ""), found)
    if isinstance(accepted, forms.Wrong):
        return _page(page, wrong=accepted.fields, typed=request.form), 422
    for criterion in accepted:
        cross = standing_cross(shown, unit, criterion)
        inputs = [{"id": it["_id"], "sha256": body_sha256(it)} for it in cross]
        try:
            service().acts.act(account(), group, year, "accept", {"unit": unit, "criterion": criterion}, inputs=inputs)
        except Problem as problem:
            # What was written before stands: each is an act of its own, and the page shows which are left.
            page = service().board.sheet(account(), group, year, unit)
            return _page(page, wrong={"act": said(problem.said)}, typed=request.form), problem.status
    flash(
        ngettext(
            "Đã chấp nhận %(num)s tiêu chí, mỗi tiêu chí một quyết định. Bảng điểm đã được tính lại.",
            "Đã chấp nhận %(num)s tiêu chí, mỗi tiêu chí một quyết định. Bảng điểm đã được tính lại.",
            len(accepted),
        ),
        "good",
    )
    return redirect(url_for("web.sheet", group=group, year=year, unit=unit), 303)


@web.post("/<group>/<int:year>/units/<unit>/approval")
def sheet_approved(group: str, year: int, unit: str) -> Any:
    service().approvals.approve(account(), group, year, request.form.get("submission", ""))
    flash(_("Đã duyệt. Phiếu tự chấm của đơn vị được tính từ bây giờ."), "good")
    return redirect(url_for("web.sheet", group=group, year=year, unit=unit), 303)


def _claims(page: UnitSheet) -> list[DecisionEntry]:
    entries = service().board.decisions(account(), page.head.group, page.head.year).decisions
    return [entry for entry in entries if entry.act in CLAIM_ACTS and entry.value.get("unit") == page.unit.unit]


def _pending(page: UnitSheet, decided: list[DecisionEntry]) -> tuple[unit_forms.PendingClaim, ...]:
    view = service().board.view(account(), page.head.group, page.head.year)
    row = view.standings(service().board.today()).row(page.unit.unit)
    counted = [] if row is None else [it.counted for it in row.card.checklists if it.counted is not None]
    return unit_forms.pending_claims(view, counted, decided)


def _side_by_side(page: UnitSheet) -> list[DecisionEntry]:
    """What two servers wrote at once about the unit as a whole, and nobody has settled yet."""
    view = service().board.view(account(), page.head.group, page.head.year)
    return [
        decision_entry(view, side)
        for subject, contested in sorted(view.folded.contested.items())
        if page.unit.unit in (words := subject.split(":"))
        and words[0] in ("section", "claim", "rank", "carry", "checklist")
        for side in contested.sides
    ]


def _matters(page: UnitSheet) -> unit_forms.Matters:
    board, group, year, unit = service().board, page.head.group, page.head.year, page.unit.unit
    view = board.view(account(), group, year)
    ranking = view.standings(board.today())
    heads = [
        head
        for row in ranking.rows
        if row.unit == unit
        for checklist in row.card.checklists
        if checklist.contested
        for head in checklist.heads
    ]
    claims = _claims(page)
    return unit_forms.matters(
        view,
        unit,
        figures_=[section.figure for section in page.sections],
        tasks=board.tasks(account(), group, year),
        claims=claims,
        heads=heads,
        pending=_pending(page, claims),
        carried=unit_forms.entries(view, unit, ranking),
        rows=[row for section in page.sections for row in section.criteria],
    )


def _sent(view: GroupView, submission: str) -> tuple[PersonRef, str]:
    """Who sent it, and when it arrived, else when it was made: what tells two submissions apart."""
    document = view.documents[submission]
    arrival = view.arrivals.get(submission)
    return view.person(document["by"]), corrected(document["made"]) if arrival is None else arrival["at"]


def _page(page: UnitSheet, *, wrong: Mapping[str, Any] | None = None, typed: Mapping[str, str] | None = None) -> str:
    # One column a visit that answered, in the order of the visits' ids: their order of planning.
    visits = sorted({cell.visit for section in page.sections for row in section.criteria for cell in row.cross})
    view = service().board.view(account(), page.head.group, page.head.year)
    offer = service().acts.offers(account(), view, ("rank-unit",), {"unit": page.unit.unit})[0]
    claims = _claims(page)
    return render_template(
        "sheet.html",
        page=page,
        head=page.head,
        visits=visits,
        claims=claims,
        pending=_pending(page, claims),
        lines=derivation(page.head.group, page.head.year, page.unit.unit),
        # Every act about a unit is its leader's, or for the leader's own the deputy's: one answer serves all.
        matters=_matters(page) if offer.allowed else None,
        side_by_side=_side_by_side(page) if offer.allowed else (),
        claim_name=unit_forms.name_of,
        sent=lambda name: _sent(view, name),
        wrong=wrong or {},
        typed=typed or {},
        # What is published is final.
        may_type_in=page.head.state != "published" and may_type_in(view, page.unit.unit),
        may_approve=page.head.state != "published" and account().unit == page.unit.unit and "head" in account().roles,
        tab="standings",
    )
