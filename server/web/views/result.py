"""The official result: locking scores, freezing, publishing; the frozen ranking with what proves its bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from schemas.problem import InvalidDocument
from schemas.standings import tied
from server.api.results import bundle_answer
from server.board.figures import said as told_reason
from server.board.models import DecisionEntry
from server.board.reading import decision_entry
from server.board.view import GroupView
from server.bundle.signing import grouped
from server.problems import Problem
from server.web.blueprint import web
from server.web.language import locale, said
from server.web.reader import account, service

DONE: Final = {
    "lock-scores": lazy_gettext("Đã ghi quyết định về khóa điểm."),
    "freeze": lazy_gettext("Đã chốt xếp hạng. Bảng dưới đây không đổi nữa, dù còn phiếu về sau."),
    "publish": lazy_gettext("Đã công bố kết quả."),
    "tie-ballot": lazy_gettext("Đã ghi kết quả bỏ phiếu. Bảng điểm đã được tính lại."),
}


SUBJECTS: Final = {"lock-scores": "scores", "freeze": "ranking", "publish": "published"}
"""What each step decides on; two decisions on one that had not met are settled by one that names both."""


@web.get("/<group>/<int:year>/result")
def result(group: str, year: int) -> Any:
    return _page(group, year)


@web.post("/<group>/<int:year>/result")
def result_sent(group: str, year: int) -> Any:
    act, form = request.form.get("act", ""), request.form
    value: dict[str, Any] = {}
    if act == "lock-scores":
        value = {"locked": form.get("locked") == "true"}
    elif act == "freeze":
        value = {"as_of": form.get("as_of", ""), "sha256": form.get("seen", "")}
    elif act == "tie-ballot":
        value = _ballot(form)
    elif act != "publish":
        return _page(group, year, wrong={"act": _("Không có việc này trên trang.")}), 422
    try:
        service().acts.act(
            account(), group, year, act, value, reason=form.get("reason"), settles=form.getlist("settles")
        )
    except InvalidDocument as invalid:
        sentences = " ".join(problem.sentence(locale()) for problem in invalid.problems)
        return _page(group, year, wrong={act: sentences}, typed=form), 422
    except Problem as problem:
        sentences = " ".join([said(problem.said), *(said(it) for _path, it in problem.fields)])
        return _page(group, year, wrong={act: sentences}, typed=form), problem.status
    flash(str(DONE[act]), "good")
    return redirect(url_for("web.result", group=group, year=year), 303)


@web.get("/<group>/<int:year>/bundle")
def bundle(group: str, year: int) -> Any:
    return bundle_answer(account(), group, year, photos=False, public="public" in request.args)


def _ballot(form: Mapping[str, str]) -> dict[str, Any]:
    units = sorted(form.get("units", "").split())
    return {
        "units": units,
        "held": form.get("held", ""),
        "voters": _whole(form.get("voters")),
        "present": _whole(form.get("present")),
        "votes": {unit: _whole(form.get(f"votes-{unit}")) for unit in units},
    }


def _sides(view: GroupView, subject: str) -> list[DecisionEntry]:
    """The decisions on one subject that stand side by side: another server wrote at the same moment."""
    contested = view.folded.contested.get(subject)
    return [] if contested is None else [decision_entry(view, it) for it in contested.sides]


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _page(
    group: str, year: int, *, wrong: Mapping[str, Any] | None = None, typed: Mapping[str, str] | None = None
) -> str:
    results, board = service().results, service().board
    view = board.view(account(), group, year)
    progress = results.progress(account(), group, year)
    ranking = view.standings(board.today())
    ties = tied(ranking)
    ballot = service().acts.offers(account(), view, ["tie-ballot"], {"units": ties[0]})[0] if ties else None
    return render_template(
        "result.html",
        head=board.head(account(), view),
        page=board.standings(account(), group, year),
        result=results.find(account(), group, year),
        progress=progress,
        hindrances=[told_reason(it) for it in progress.hindrances],
        sides={act: _sides(view, subject) for act, subject in SUBJECTS.items()},
        forked=len(view.folded.heads) > 1,
        exceptions=lambda frozen: [told_reason(it) for it in frozen.exceptions],
        ties=ties,
        ballot=ballot,
        voters=sum(member.active for member in view.record.listed(board.today())),
        key=results.key,
        grouped=grouped,
        wrong=wrong or {},
        typed=typed or {},
        tab="result",
    )
