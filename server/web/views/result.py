"""The official result: locking scores, freezing, publishing; the frozen ranking with what proves its bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from schemas.acts import subject_of
from schemas.ballots import contested_ties
from schemas.problem import InvalidDocument
from schemas.problem import Problem as FieldProblem
from schemas.standings import Standings, tied
from server.api.results import bundle_answer
from server.board.figures import said as told_reason
from server.board.meeting import meeting_of
from server.board.models.decisions import DecisionEntry
from server.board.models.head import GroupHead
from server.board.models.meeting import Meeting
from server.board.models.refs import Names, UnitRef
from server.board.models.said import Said
from server.board.models.trace import ActOffer
from server.board.reading import decision_entry
from server.board.view import GroupView
from server.bundle.signing import grouped
from server.problems import Missing, Problem, Refused
from server.web.blueprint import web
from server.web.language import said
from server.web.reader import account, service
from server.web.views.common import told

DONE: Final = {
    "lock-scheme": lazy_gettext("Đã khóa bảng điểm cho năm này."),
    "lock-scores": lazy_gettext("Đã ghi quyết định về khóa điểm."),
    "freeze": lazy_gettext("Đã chốt xếp hạng. Bảng dưới đây không đổi nữa, dù còn phiếu về sau."),
    "publish": lazy_gettext("Đã công bố kết quả."),
    "tie-ballot": lazy_gettext("Đã ghi kết quả bỏ phiếu. Bảng điểm đã được tính lại."),
    "award-ballot": lazy_gettext("Đã ghi kết quả bỏ phiếu suy tôn."),
    "depart-order": lazy_gettext("Đã ghi lý do khác thứ tự điểm."),
    "elect": lazy_gettext("Đã ghi kết quả bầu."),
    "strike": lazy_gettext("Đã hủy các bản ghi song song: không bản nào có hiệu lực."),
}

COUNT_CHARS_MAX: Final = 6
"""More people than any meeting has; Python makes no number of more than some thousand digits."""

SUBJECTS: Final = {"lock-scheme": "scheme", "lock-scores": "scores", "freeze": "ranking", "publish": "published"}
"""What each step decides on; two decisions on one that had not met are settled by one that names both."""


FIELDS: Final = {
    "held": lazy_gettext("Ngày bỏ phiếu"),
    "present": lazy_gettext("Số đơn vị có mặt"),
    "invalid": lazy_gettext("Số phiếu không hợp lệ"),
    "votes": lazy_gettext("Số phiếu"),
}
"""What a field is called, where the rule's sentence alone would not say which is meant."""


@dataclass(frozen=True, slots=True)
class Strikable:
    """Records that stand side by side, of which none may be right."""

    subject: str
    matter: Names
    sides: list[DecisionEntry]
    offer: ActOffer


@web.get("/<group>/<int:year>/result")
def result(group: str, year: int) -> Any:
    return _page(group, year)


@web.post("/<group>/<int:year>/result")
def result_sent(group: str, year: int) -> Any:
    act, form = request.form.get("act", ""), request.form
    value: dict[str, Any] = {}
    if act == "lock-scheme":
        value = {"scheme": form.get("scheme", "")}
    elif act == "lock-scores":
        value = {"locked": form.get("locked") == "true"}
    elif act == "freeze":
        value = {"as_of": form.get("as_of", ""), "sha256": form.get("seen", "")}
    elif act == "tie-ballot":
        value = _ballot(form)
    elif act in ("award-ballot", "elect"):
        value = _room(form, "award" if act == "award-ballot" else "role")
    elif act == "depart-order":
        value = {"award": form.get("award", "")}
        value |= {name: sorted(form.get(name, "").split()) for name in ("units", "over")}
    elif act == "strike":
        value = {"subject": form.get("subject", "")}
    elif act != "publish":
        return _page(group, year, wrong={"act": _("Không có việc này trên trang.")}), 422
    try:
        service().acts.act(
            account(), group, year, act, value, reason=form.get("reason"), settles=form.getlist("settles")
        )
    except InvalidDocument as invalid:
        head = service().board.head(account(), service().board.view(account(), group, year))
        sentences = " ".join(_told(problem, head) for problem in invalid.problems)
        return _page(group, year, wrong={_form(act, form): sentences}, typed=form), 422
    except Problem as problem:
        sentences = " ".join([said(problem.said), *(said(it) for _path, it in problem.fields)])
        return _page(group, year, wrong={_form(act, form): sentences}, typed=form), problem.status
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


def _room(form: Mapping[str, str], what: str) -> dict[str, Any]:
    """A ballot of the meeting: the units beside which votes were typed are those voted on."""
    given = {name.removeprefix("votes-"): _whole(text) for name, text in form.items() if name.startswith("votes-")}
    votes = {unit: number for unit, number in given.items() if form.get(f"votes-{unit}", "").strip()}
    counts = {name: _whole(form.get(name)) for name in ("voters", "present")}
    held = {
        "units": sorted(votes),
        "held": form.get("held", ""),
        **counts,
        "invalid": _whole(form.get("invalid") or "0"),
    }
    return {what: form.get(what, ""), **held, "votes": votes}


def _form(act: str, form: Mapping[str, str]) -> str:
    """What tells the forms of one act apart: that of an award, of an office, of a tie, of what is struck."""
    tie = form.get("units") if act == "tie-ballot" else None
    struck = form.get("subject") if act == "strike" else None
    return ":".join(it for it in (act, form.get("award"), form.get("role"), tie, struck) if it)


def _told(problem: FieldProblem, head: GroupHead) -> str:
    """The sentence, with the field it is about where the sentence alone would not say."""
    field = FIELDS.get(problem.path.split(".")[1] if "." in problem.path else "")
    said_ = told(Said(problem.code, problem.params), head)
    return f"{field}: {said_}" if field is not None else said_


def _room_subjects(room: Meeting) -> dict[str, str]:
    """As SUBJECTS, by the form."""
    honours = {f"award-ballot:{it.award}": f"honour:{it.award}" for it in room.awards}
    departures = {f"depart-order:{it.award}": f"departure:{it.award}" for it in room.awards}
    return honours | departures | {f"elect:{it.role}": f"elected:{it.role}" for it in room.offices}


def _may(act: str, view: GroupView, units: Iterable[UnitRef], **more: str) -> ActOffer:
    """May the reader write such a ballot down – on all these units, or at least on those not the reader's own?"""
    named = [it.unit for it in units]
    offers = [
        service().acts.offers(account(), view, [act], {"units": each, **more})[0]
        for each in (named, [it for it in named if it != account().unit])
    ]
    return next((it for it in offers if it.allowed), offers[0])


def _sides(view: GroupView, subject: str) -> list[DecisionEntry]:
    """The decisions on one subject that stand side by side: another server wrote at the same moment."""
    contested = view.folded.contested.get(subject)
    return [] if contested is None else [decision_entry(view, it) for it in contested.sides]


def _strikable(view: GroupView, ranking: Standings) -> list[Strikable]:
    """What of the meeting two servers recorded side by side, and whether the reader may strike it."""
    return [
        Strikable(
            subject=it.subject,
            matter=ranking.matter(it.subject),
            sides=_sides(view, it.subject),
            offer=service().acts.offers(account(), view, ["strike"], {"subject": it.subject, "units": it.units})[0],
        )
        for it in ranking.beside
        if it.struck is None
    ]


def _whole(text: str | None) -> int | None:
    """None for what is no count of people; the rules say so beside the field."""
    typed = (text or "").strip()
    return int(typed) if typed.isdecimal() and len(typed) <= COUNT_CHARS_MAX else None


def _page(
    group: str, year: int, *, wrong: Mapping[str, Any] | None = None, typed: Mapping[str, str] | None = None
) -> str:
    results, board = service().results, service().board
    view = board.view(account(), group, year)
    progress = results.progress(account(), group, year)
    ranking = view.standings(board.today())
    # What two servers wrote side by side is to be settled even where later scores have broken the tie.
    ties = (*tied(ranking), *(it for it in contested_ties(view.record) if it not in tied(ranking)))
    tie_sides = {units: _sides(view, subject_of("tie-ballot", {"units": units})) for units in ties}
    ballots = {it: service().acts.offers(account(), view, ["tie-ballot"], {"units": it})[0] for it in ties}
    try:
        following = board.view(account(), group, year + 1)
    except (Missing, Refused):
        following = None
    result, room = results.find(account(), group, year), meeting_of(view, ranking, following)
    return render_template(
        "result.html",
        head=board.head(account(), view),
        page=board.standings(account(), group, year),
        result=result,
        room=room,
        # Proposals are told as they were frozen; who leads next year, and what may still be done, as it stands today.
        meeting=room if result is None else Meeting(meeting_of(view, result.frozen.standings).awards, room.offices),
        honour_offers={it.award: _may("award-ballot", view, it.candidates, award=it.award) for it in room.awards},
        depart_offers={
            it.award: service().acts.offers(
                account(),
                view,
                ["depart-order"],
                {"award": it.award, "units": [each.unit for each in (*it.passed.units, *it.passed.over)], "over": []},
            )[0]
            for it in room.awards
            if it.passed is not None
        },
        elect_offers={it.role: _may("elect", view, it.candidates, role=it.role) for it in room.offices},
        progress=progress,
        hindrances=[told_reason(it) for it in progress.hindrances],
        scheme=view.group_year["scheme"],
        scheme_locked=view.folded.on("scheme", "lock-scheme") is not None,
        sides={act: _sides(view, subject) for act, subject in (SUBJECTS | _room_subjects(room)).items()},
        forked=len(view.folded.heads) > 1,
        exceptions=lambda frozen: [told_reason(it) for it in frozen.exceptions],
        ties=ties,
        ballots=ballots,
        tie_sides=tie_sides,
        strikable=_strikable(view, ranking),
        voters=sum(member.active for member in view.record.listed(board.today())),
        key=results.key,
        grouped=grouped,
        wrong=wrong or {},
        typed=typed or {},
        tab="result",
    )
