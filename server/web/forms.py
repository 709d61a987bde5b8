"""What a person typed → an act's value, or what is wrong with which field. Pure.

Forms check what the person can see on the page; the rules of the acts themselves are the service's (`server.acts`),
which says no in its own words. This module must never write, and never know a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

from flask_babel import lazy_gettext as _

from schemas import figures
from schemas.acts import subject_of
from schemas.problem import InvalidDocument
from server.board.models.answer import AnswerTrace
from server.board.models.said import Said
from server.board.models.trace import CriterionTrace
from server.board.models.visits import TeamMember, VisitCard, VisitsPage

REASON_CHARS_MAX: Final = 2000
"""A page of text; a longer argument belongs in the minutes, which the reason can name."""

PLACE_CHARS_MAX: Final = 200

WITH_REASON: Final = ("return", "adjust", "approve-na", "refuse-na")
ON_CRITERION: Final = ("accept", *WITH_REASON)

REQUIRED: Final = _("Mục này cần được điền.")


@dataclass(frozen=True, slots=True)
class Filled:
    """An act, ready to be asked of the service."""

    act: str
    value: dict[str, Any]
    reason: str | None = None
    inputs: tuple[dict[str, str], ...] = ()
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What stops it: field → sentence."""

    fields: Mapping[str, Any] = field(default_factory=dict)


def bound(answers: Sequence[AnswerTrace]) -> list[AnswerTrace]:
    """The cross answers an acceptance binds itself to: those that count now."""
    return [answer for answer in answers if answer.stage == "cross" and answer.state in ("counted", "later")]


def acceptable(answers: Sequence[AnswerTrace]) -> bool:
    """Do they say a value? "Not applicable" alone is no score to accept: that has a decision of its own."""
    return any(answer.raw_kind != "na" for answer in bound(answers))


def returnable(answers: Sequence[AnswerTrace]) -> list[AnswerTrace]:
    """The submissions that can be returned: those that count, each once, the newest first."""
    seen: dict[str, AnswerTrace] = {}
    for answer in answers:
        if answer.state in ("counted", "later", "contested"):
            seen.setdefault(answer.submission, answer)
    return sorted(seen.values(), key=lambda answer: (answer.arrived_at or "", answer.submission), reverse=True)


def read_act(form: Mapping[str, str], trace: CriterionTrace, *, locale: str, today: date) -> Filled | Wrong:
    """One of the acts on a criterion's page."""
    act = form.get("act", "")
    if act not in ON_CRITERION:
        return Wrong({"act": _("Không có việc này trên trang.")})
    wrong: dict[str, Any] = {}
    value: dict[str, Any] = {"unit": trace.unit.unit, "criterion": trace.row.criterion}
    inputs: list[dict[str, str]] = []
    reason = form.get("reason", "").strip()
    if act in WITH_REASON:
        if not reason:
            wrong["reason"] = _("Cần nêu lý do: đơn vị và đoàn kiểm tra sẽ đọc lý do này.")
        elif len(reason) > REASON_CHARS_MAX:
            wrong["reason"] = _("Lý do dài quá %(most)s ký tự; mời rút gọn.", most=REASON_CHARS_MAX)
    if act == "accept":
        accepted = bound(trace.answers)
        seen = form.get("seen", "").split()
        if not acceptable(trace.answers):
            wrong["act"] = _("Chưa có điểm kiểm tra chéo để chấp nhận.")
        elif seen != [answer.sha256 for answer in accepted]:
            wrong["act"] = _("Vừa có phiếu mới về cho tiêu chí này. Mời xem lại các điểm dưới đây rồi chấp nhận.")
        inputs = [{"id": answer.submission, "sha256": answer.sha256} for answer in accepted]
    elif act == "return":
        wrong.update(_read_return(form, trace, value, inputs, today))
    elif act == "adjust":
        wrong.update(_read_adjusted(form, trace, value, locale))
    if wrong:
        return Wrong(wrong)
    subject = subject_of(act, value)
    settles = tuple(sorted(it.decision for it in trace.decisions if it.contested and it.subject == subject))
    return Filled(act, value, reason or None, tuple(inputs), settles)


def beside_fields(invalid: InvalidDocument, say: Callable[[Said], str]) -> dict[str, str]:
    """What the service found wrong, each beside the field it was typed into; the rest beside the act."""
    said: dict[str, list[str]] = {}
    for problem in invalid.problems:
        fitted = problem.path == "value.answer"
        said.setdefault("value" if fitted else "act", []).append(say(Said(problem.code, problem.params)))
    return {name: " ".join(sentences) for name, sentences in said.items()}


def _read_return(
    form: Mapping[str, str],
    trace: CriterionTrace,
    value: dict[str, Any],
    inputs: list[dict[str, str]],
    today: date,
) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    chosen = {answer.submission: answer for answer in returnable(trace.answers)}.get(form.get("submission", ""))
    if chosen is None:
        wrong["submission"] = _("Mời chọn phiếu cần trả lại.")
    else:
        value["submission"] = chosen.submission
        inputs.append({"id": chosen.submission, "sha256": chosen.sha256})
    try:
        deadline = date.fromisoformat(form.get("deadline", ""))
    except ValueError:
        wrong["deadline"] = _("Mời chọn hạn nộp lại.")
    else:
        if deadline < today:
            wrong["deadline"] = _("Hạn nộp lại không thể ở trong quá khứ.")
        value["deadline"] = deadline.isoformat()
    return wrong


def _read_adjusted(
    form: Mapping[str, str], trace: CriterionTrace, value: dict[str, Any], locale: str
) -> dict[str, Any]:
    kind, typed = trace.row.kind, form.get("value", "").strip()
    if kind == "pass_fail":
        if typed not in ("true", "false"):
            return {"value": _("Mời chọn đạt hoặc không đạt.")}
        value["answer"] = {"passed": typed == "true"}
        return {}
    try:
        number = figures.parse_points(typed, locale)
    except ValueError:
        return {"value": _("Mời nhập một số, ví dụ %(example)s.", example=figures.format_points("7.5", locale))}
    if Fraction(number) < 0:
        return {"value": _("Giá trị không thể nhỏ hơn 0.")}
    if kind == "judged":
        value["answer"] = {"points": number}
    else:
        value["answer"] = {"count" if kind == "per_occurrence" else "actual": number}
    return {}


def read_cancelled(form: Mapping[str, str], page: VisitsPage) -> Filled | Wrong:
    """A visit to be called off: one that has not submitted, with a reason its team will read."""
    reason = form.get("reason", "").strip()
    wrong: dict[str, Any] = {}
    if form.get("visit") not in {visit.visit for visit in cancellable(page)}:
        wrong["visit"] = _("Mời chọn cuộc kiểm tra cần hủy.")
    if not reason:
        wrong["reason"] = _("Cần nêu lý do: đoàn và đơn vị sẽ đọc lý do này.")
    elif len(reason) > REASON_CHARS_MAX:
        wrong["reason"] = _("Lý do dài quá %(most)s ký tự; mời rút gọn.", most=REASON_CHARS_MAX)
    return Wrong(wrong) if wrong else Filled("cancel-visit", {"visit": form["visit"]}, reason)


def read_joined(form: Mapping[str, str], page: VisitsPage, helpers: Sequence[TeamMember]) -> Filled | Wrong:
    """Somebody joins the team of a visit: the same plan once more, with one person more."""
    wrong: dict[str, Any] = {}
    visit = next((it for it in cancellable(page) if it.visit == form.get("visit")), None)
    joining = next((it for it in helpers if it.person.account == form.get("account")), None)
    if visit is None:
        wrong["joined"] = _("Mời chọn cuộc kiểm tra.")
    if joining is None or joining.unit is None:
        wrong["account"] = _("Mời chọn người vào đoàn.")
    elif visit is not None and joining.unit.unit == visit.inspected.unit:
        wrong["account"] = _("Không đơn vị nào tự kiểm tra mình: mời chọn người của đơn vị khác.")
    elif visit is not None and joining.person.account in {it.person.account for it in visit.team}:
        wrong["account"] = _("Người này đã ở trong đoàn.")
    reason = form.get("reason", "").strip()
    if len(reason) > REASON_CHARS_MAX:
        wrong["reason"] = _("Lý do dài quá %(most)s ký tự; mời rút gọn.", most=REASON_CHARS_MAX)
    if wrong or visit is None or joining is None or joining.unit is None:
        return Wrong(wrong)
    team = [
        *({"account": it.person.account, "unit": it.unit.unit} for it in visit.team if it.unit is not None),
        {"account": joining.person.account, "unit": joining.unit.unit},
    ]
    days = {"from": visit.from_date, "to": visit.to_date}
    value = {"visit": visit.visit, "inspected": visit.inspected.unit, "team": team, **days, "place": visit.place}
    return Filled("plan-visit", value, reason or None)


CANCEL: Final = "cancel"
"""Chosen instead of one of the plans that stand side by side."""


def contested(page: VisitsPage) -> list[VisitCard]:
    """Visits that two servers planned or cancelled at once."""
    return [visit for visit in page.visits if visit.sides]


def read_settled(form: Mapping[str, str], settles: Sequence[str], page: VisitsPage) -> Filled | Wrong:
    """Which of the decisions on a visit that stand side by side holds, or that it is cancelled.

    `settles` are those the reader saw: one that came since is not settled unseen.
    """
    wrong: dict[str, Any] = {}
    reason = form.get("reason", "").strip()
    if not reason:
        wrong["reason"] = _("Cần nêu lý do: đoàn và đơn vị sẽ đọc lý do này.")
    elif len(reason) > REASON_CHARS_MAX:
        wrong["reason"] = _("Lý do dài quá %(most)s ký tự; mời rút gọn.", most=REASON_CHARS_MAX)
    visit = next((it for it in contested(page) if it.visit == form.get("visit")), None)
    side = next((it for it in visit.sides if it.decision == form.get("side")), None) if visit else None
    if visit is None or (side is None and form.get("side") != CANCEL):
        wrong["side"] = _("Mời chọn bản có hiệu lực.")
    if wrong or visit is None:
        return Wrong(wrong)
    if side is None:
        return Filled("cancel-visit", {"visit": visit.visit}, reason, settles=tuple(settles))
    return Filled(side.act, dict(side.value), reason, settles=tuple(settles))


def cancellable(page: VisitsPage) -> list[VisitCard]:
    """Visits without a submission yet: what was submitted is dealt with by deciding which submission counts."""
    return [visit for visit in page.visits if visit.state in ("planned", "under_way")]


def read_visit(form: Mapping[str, str], team: Sequence[str], page: VisitsPage) -> Filled | Wrong:
    """A visit to be planned; its id is given by the service."""
    wrong: dict[str, Any] = {}
    inspected = form.get("inspected", "")
    if inspected not in {unit.unit for unit in page.units}:
        wrong["inspected"] = _("Mời chọn đơn vị được kiểm tra.")
    known = {member.person.account: member for member in page.people}
    chosen = [known[account] for account in dict.fromkeys(team) if account in known]
    if not chosen:
        wrong["team"] = _("Mời chọn ít nhất một thành viên đoàn.")
    elif any(member.unit is not None and member.unit.unit == inspected for member in chosen):
        wrong["team"] = _("Không đơn vị nào tự kiểm tra mình: mời bỏ người của đơn vị được kiểm tra khỏi đoàn.")
    days: dict[str, str] = {}
    for name in ("from", "to"):
        try:
            days[name] = date.fromisoformat(form.get(name, "")).isoformat()
        except ValueError:
            wrong[name] = _("Mời chọn ngày.")
    if len(days) == 2 and days["to"] < days["from"]:
        wrong["to"] = _("Ngày kết thúc phải từ ngày bắt đầu trở đi.")
    place = form.get("place", "").strip()
    if not place:
        wrong["place"] = _("Mời ghi nơi làm việc, để đoàn và đơn vị cùng biết.")
    elif len(place) > PLACE_CHARS_MAX:
        wrong["place"] = _("Nơi làm việc dài quá %(most)s ký tự; mời rút gọn.", most=PLACE_CHARS_MAX)
    if wrong:
        return Wrong(wrong)
    members = [
        {"account": member.person.account, "unit": member.unit.unit if member.unit else member.person.unit}
        for member in chosen
    ]
    return Filled("plan-visit", {"inspected": inspected, "team": members, **days, "place": place})
