"""How one number came about, and where the leader accepts, returns, adjusts or approves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from schemas.access import ACTORS
from schemas.problem import InvalidDocument
from server.board.models.trace import CriterionTrace
from server.problems import Invalid, Problem
from server.web import forms
from server.web.blueprint import web
from server.web.language import locale, said
from server.web.reader import account, service
from server.web.views.common import derivation, today, working_days_on
from server.web.views.typed_in import may_type_in

RETURN_WORKING_DAYS: Final = 5
"""Offered as a return's deadline: the working days a reply has (rule 5.3); the leader may choose another."""


@web.get("/<group>/<int:year>/units/<unit>/<criterion>")
def criterion(group: str, year: int, unit: str, criterion: str) -> Any:
    return _page(service().board.trace(account(), group, year, unit, criterion))


@web.post("/<group>/<int:year>/units/<unit>/<criterion>")
def criterion_sent(group: str, year: int, unit: str, criterion: str) -> Any:
    trace = service().board.trace(account(), group, year, unit, criterion)
    filled = forms.read_act(request.form, trace, locale=locale(), today=today())
    if isinstance(filled, forms.Wrong):
        return _page(trace, wrong=filled.fields, typed=request.form), 422
    try:
        service().acts.act(
            account(),
            group,
            year,
            filled.act,
            filled.value,
            reason=filled.reason,
            inputs=filled.inputs,
            settles=filled.settles,
        )
    except InvalidDocument as invalid:
        return _page(trace, wrong=forms.beside_fields(invalid, said), typed=request.form), 422
    except Problem as problem:
        return _page(trace, wrong={"act": said(problem.said)}, typed=request.form), problem.status
    flash(_("Đã ghi quyết định. Bảng điểm đã được tính lại."), "good")
    return redirect(url_for("web.criterion", group=group, year=year, unit=unit, criterion=criterion), 303)


@web.post("/<group>/<int:year>/units/<unit>/<criterion>/replies")
def reply_sent(group: str, year: int, unit: str, criterion: str) -> Any:
    given = {name: request.form.get(name, "") for name in ("answers", "text")}
    try:
        service().replies.reply(account(), group, year, unit, criterion, **given)
    except Problem as problem:
        trace = service().board.trace(account(), group, year, unit, criterion)
        told = problem.fields[0][1] if isinstance(problem, Invalid) and problem.fields else problem.said
        return _page(trace, wrong={"text": said(told)}, typed=request.form), problem.status
    flash(_("Đã gửi giải trình. Cụm trưởng (khối trưởng) và đoàn kiểm tra đọc được ngay."), "good")
    return redirect(url_for("web.criterion", group=group, year=year, unit=unit, criterion=criterion), 303)


def _page(
    trace: CriterionTrace, *, wrong: Mapping[str, Any] | None = None, typed: Mapping[str, str] | None = None
) -> str:
    view = service().board.view(account(), trace.head.group, trace.head.year)
    return render_template(
        "criterion.html",
        trace=trace,
        head=trace.head,
        may_reply=account().unit == trace.unit.unit and not ACTORS.isdisjoint(account().roles),
        # What was sent back is to be submitted anew: a reply alone does not close it.
        may_type_in=trace.head.state != "published" and may_type_in(view, trace.unit.unit),
        lines=derivation(trace.head.group, trace.head.year, trace.unit.unit, trace.row.criterion),
        offers={offer.act: offer for offer in trace.offers},
        minuted=trace.minuted,
        bound=forms.bound(trace.answers),
        acceptable=forms.acceptable(trace.answers),
        returnable=forms.returnable(trace.answers),
        proposed_deadline=working_days_on(today(), RETURN_WORKING_DAYS).isoformat(),
        wrong=wrong or {},
        typed=typed or {},
        tab="standings",
    )
