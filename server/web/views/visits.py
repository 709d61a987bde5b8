"""Visits: who inspects whom, when and where, how far they are; planning one; the minutes of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from schemas.problem import InvalidDocument
from server.board.models.visits import VisitCard, VisitPlan, VisitsPage
from server.problems import Problem
from server.web import forms
from server.web.blueprint import web
from server.web.language import said, sentences
from server.web.reader import account, service

TEAMS_MOST: Final = 5
"""Offered on the page; the command line takes any number."""


@web.get("/<group>/<int:year>/visits")
def visits(group: str, year: int) -> Any:
    page = service().board.visits(account(), group, year)
    # A line of the proposal that was chosen fills the form: whom to visit, and who may come from the team's unit.
    inspecting = request.args.get("inspecting")
    chosen = [it.person.account for it in page.people if it.unit is not None and it.unit.unit == inspecting]
    return _page(page, typed={"inspected": request.args.get("inspected", "")}, team=chosen)


@web.post("/<group>/<int:year>/visits")
def visits_sent(group: str, year: int) -> Any:
    page = service().board.visits(account(), group, year)
    team = request.form.getlist("team")
    cancels, joins, settles = (request.form.get("act") == act for act in ("cancel-visit", "join", "settle"))
    if settles:
        filled = forms.read_settled(request.form, request.form.getlist("settles"), page)
    elif cancels:
        filled = forms.read_cancelled(request.form, page)
    elif joins:
        filled = forms.read_joined(request.form, page, page.helpers)
    else:
        filled = forms.read_visit(request.form, team, page)
    if isinstance(filled, forms.Wrong):
        return _page(page, wrong=filled.fields, typed=request.form, team=team), 422
    try:
        service().acts.act(
            account(), group, year, filled.act, filled.value, reason=filled.reason, settles=filled.settles
        )
    except InvalidDocument as invalid:
        return _page(page, wrong={"act": sentences(invalid)}, typed=request.form, team=team), 422
    except Problem as problem:
        return _page(page, wrong={"act": said(problem.said)}, typed=request.form, team=team), problem.status
    if settles:
        flash(_("Đã ghi bản có hiệu lực của cuộc kiểm tra; các bản song song không còn treo."), "good")
    elif cancels:
        flash(_("Đã hủy cuộc kiểm tra. Phiếu của đoàn, nếu có về sau, chỉ được tính khi có quyết định."), "good")
    elif joins:
        flash(
            _("Đã ghi thêm vào đoàn. Người này nhập được phiếu của cuộc kiểm tra, trên trang hoặc trên điện thoại."),
            "good",
        )
    else:
        flash(_("Đã lên lịch. Máy của các thành viên đoàn sẽ nhận cuộc kiểm tra ở lần đồng bộ tới."), "good")
    return redirect(url_for("web.visits", group=group, year=year), 303)


@web.get("/<group>/<int:year>/visits/<visit>")
def minutes(group: str, year: int, visit: str) -> Any:
    page = service().board.minutes(account(), group, year, visit)
    return render_template("minutes.html", page=page, head=page.head, visit=page.visit, tab="visits")


def _team(visit: VisitCard) -> set[str]:
    return {member.person.account for member in visit.team}


def _proposal(page: VisitsPage) -> VisitPlan:
    asked = request.args.get("teams", "")
    teams = int(asked) if asked in map(str, range(1, TEAMS_MOST + 1)) else 1
    return service().board.visit_plan(account(), page.head.group, page.head.year, teams_per_unit=teams)


def _page(
    page: VisitsPage,
    *,
    wrong: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    team: list[str] | None = None,
) -> str:
    return render_template(
        "visits.html",
        page=page,
        head=page.head,
        cancellable=forms.cancellable(page),
        contested=forms.contested(page),
        mine={
            it.visit
            for it in page.visits
            if page.head.state != "published" and it.state != "cancelled" and account().account in _team(it)
        },
        wrong=wrong or {},
        typed=typed or {},
        team=team or [],
        comparison=service().board.comparison(account(), page.head.group, page.head.year),
        proposal=_proposal(page) if page.may_plan else None,
        tab="visits",
    )
