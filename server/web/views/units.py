"""Units over time: who there was on a day, who became whom; where an administrator writes down what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from schemas.problem import InvalidDocument
from server.problems import Problem
from server.web import event_forms, forms
from server.web.blueprint import web
from server.web.language import locale, said, sentences
from server.web.reader import account, service
from server.web.views.common import today


@web.get("/units")
def units() -> Any:
    return _page()


@web.post("/units")
def units_sent() -> Any:
    organisation = service().organisation
    read = event_forms.read_event(request.form, request.form.getlist("from"))
    if isinstance(read, forms.Wrong):
        return _page(wrong=read.fields), 422
    try:
        _written, changed = organisation.tell(
            account(), read.kind, read.units, date=read.date, number=read.number, to=read.to, named=read.named
        )
    except InvalidDocument as invalid:
        return _page(wrong={"act": sentences(invalid)}), 422
    except Problem as problem:
        return _page(wrong={"act": _sentence(problem)}), problem.status
    flash(
        _("Đã ghi.")
        + " "
        + (
            ngettext("%(num)s năm thi đua đã theo đó.", "%(num)s năm thi đua đã theo đó.", len(changed))
            if changed
            else _("Không năm thi đua nào thay đổi.")
        ),
        "good",
    )
    return redirect(url_for("web.units", as_of=read.date) + "#events", 303)


def _sentence(problem: Problem) -> str:
    """With days as people write them."""
    return said(type(problem.said)(problem.said.code, event_forms.days_told(problem.said.params, locale())))


def _page(*, wrong: Mapping[str, Any] | None = None) -> str:
    asked = request.args.get("as_of", "")
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = today()
    page = service().organisation.page(account(), day.isoformat())
    now = page if day == today() else service().organisation.page(account(), today().isoformat())
    return render_template(
        "units.html",
        page=page,
        # Who may still be merged, renamed or dissolved is a matter of today, whatever day is looked at.
        alive=[line for line in now.units if line.alive],
        today_=today().isoformat(),
        wrong=wrong or {},
        typed=request.form,
        ticked=request.form.getlist("from"),
        tab="units",
    )
