"""A checklist filled in elsewhere enters the draft: typed from paper on a form, or read from a workbook."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from schemas import figures
from schemas.problem import InvalidDocument
from schemas.scheme import Criterion, Scheme
from server import typed_in
from server.board.models.said import Said
from server.board.view import GroupView, raw_of
from server.checklist_book import COLUMNS, answer_of, read, write
from server.messages import say
from server.problems import Invalid, Missing, Problem, Refused
from server.web.blueprint import web
from server.web.forms import REQUIRED
from server.web.language import locale, said, sentences
from server.web.reader import account, service
from server.workbooks import BadCell, Row, read_xlsx

NAME_CHARS_MAX = 200
"""Of who scored on paper: a name and a position."""

FIELD_OF = {"E": "value", "F": "na", "G": "note"}
"""A column of the workbook → the form's field of the same answer."""


@web.get("/<group>/<int:year>/units/<unit>/entry")
def entry(group: str, year: int, unit: str) -> Any:
    return _page(group, year, unit, _visit())


@web.get("/<group>/<int:year>/units/<unit>/entry.xlsx")
def entry_book(group: str, year: int, unit: str) -> Any:
    view = _view(group, year, unit, _visit())
    scheme, functions = typed_in.scheme_of(view), typed_in.functions_of(view, unit)
    kind = _("Phiếu tự chấm điểm") if _visit() is None else _("Phiếu kiểm tra chéo")
    _name, draft = typed_in.draft_of(view, unit, _visit())
    book = write(scheme, functions, title=f"{kind} – {view.unit(unit).names['vi']} – {year}", subject=draft["_id"])
    return send_file(BytesIO(book), as_attachment=True, download_name=f"{unit}-{year}.xlsx")


@web.post("/<group>/<int:year>/units/<unit>/entry")
def entry_sent(group: str, year: int, unit: str) -> Any:
    view = _view(group, year, unit, _visit())
    scheme, functions = typed_in.scheme_of(view), typed_in.functions_of(view, unit)
    wrong: dict[str, Any] = {}
    answers: Mapping[str, Mapping[str, Any]] = {}
    bad: tuple[BadCell, ...] = ()
    if "book" in request.files:
        try:
            _name, draft = typed_in.draft_of(view, unit, _visit())
            answers, bad = read(read_xlsx(request.files["book"].read()), scheme, functions, subject=draft["_id"])
        except Invalid as invalid:
            wrong["book"] = said(invalid.said)
        paper = None
    else:
        answers = _typed(scheme, functions, wrong)
        paper = _paper(wrong)
    if wrong or bad:
        return _page(group, year, unit, _visit(), wrong=wrong, bad=bad), 422
    try:
        typed_in.type_in(
            service().backend, view, account(), answers,
            unit=unit, visit=_visit(), paper=paper, now=service().now, random_bytes=secrets.token_bytes,
        )  # fmt: skip
    except InvalidDocument as invalid:
        return _page(group, year, unit, _visit(), wrong={"act": sentences(invalid)}), 422
    except Problem as problem:
        return _page(group, year, unit, _visit(), wrong={"act": said(problem.said)}), problem.status
    flash(
        ngettext(
            "Đã nhập %(num)s tiêu chí vào phiếu nháp. Điện thoại nhận ở lần đồng bộ tới; xem lại rồi nộp ở đó.",
            "Đã nhập %(num)s tiêu chí vào phiếu nháp. Điện thoại nhận ở lần đồng bộ tới; xem lại rồi nộp ở đó.",
            len(answers),
        ),
        "good",
    )
    return redirect(url_for("web.sheet", group=group, year=year, unit=unit), 303)


def _visit() -> str | None:
    return request.values.get("visit") or None


def _view(group: str, year: int, unit: str, visit: str | None) -> GroupView:
    """Raises Refused for whoever could not write there: the page would promise what is refused at its end."""
    view = service().board.view(account(), group, year)
    typed_in.draft_of(view, unit, visit)
    typed_in.require_scorer(view, account(), unit, visit)
    return view


def _asked(scheme: Scheme, functions: Any) -> list[Criterion]:
    return [it for it in scheme.criteria if it.function is None or it.function in functions]


def _typed(scheme: Scheme, functions: Any, wrong: dict[str, Any]) -> dict[str, dict[str, Any]]:
    form = request.form
    found: dict[str, dict[str, Any]] = {}
    for criterion in _asked(scheme, functions):
        value, note = (form.get(f"{name}-{criterion.id}", "").strip() for name in ("value", "note"))
        na = "x" if form.get(f"na-{criterion.id}") else ""
        if not (value or na or note):
            continue
        given, faults = answer_of(scheme, criterion, Row(0, (criterion.id, "", "", "", value, na, note)))
        for column, code, params in faults:
            wrong[f"{FIELD_OF[column]}-{criterion.id}"] = said(Said(code, params))
        found[criterion.id] = given
    if not found:
        wrong["act"] = say("nothing-filled", locale())
    return found


def _paper(wrong: dict[str, Any]) -> tuple[str, str]:
    day, name = request.form.get("on", "").strip(), request.form.get("scored_by", "").strip()
    try:
        if date.fromisoformat(day) > service().now().astimezone(figures.VIET_NAM).date():
            wrong["on"] = _("Ngày chấm không thể sau hôm nay.")
    except ValueError:
        wrong["on"] = REQUIRED
    if not name or len(name) > NAME_CHARS_MAX:
        wrong["scored_by"] = REQUIRED
    return day, name


def _page(
    group: str,
    year: int,
    unit: str,
    visit: str | None,
    *,
    wrong: Mapping[str, Any] | None = None,
    bad: tuple[BadCell, ...] = (),
) -> str:
    view = _view(group, year, unit, visit)
    scheme, functions = typed_in.scheme_of(view), typed_in.functions_of(view, unit)
    return render_template(
        "entry.html",
        head=service().board.head(account(), view),
        unit=view.unit(unit),
        visit=None if visit is None else view.visits[visit],
        sections=[
            (section, [it for it in section.criteria if it in _asked(scheme, functions)]) for section in scheme.sections
        ],
        standing={
            criterion: raw_of(given)
            for criterion, given in typed_in.standing(service().backend, view, unit, visit).items()
        },
        columns=dict(zip("ABCDEFG", COLUMNS, strict=True)),
        bad=[(it, said(it.said)) for it in bad],
        wrong=wrong or {},
        typed=request.form,
        tab="standings",
    )


def may_type_in(view: GroupView, unit: str, visit: str | None = None) -> bool:
    """Does the reader score this unit, or belong to the team of this visit?"""
    try:
        typed_in.draft_of(view, unit, visit)
        typed_in.require_scorer(view, account(), unit, visit)
    except (Missing, Refused):
        return False
    return True
