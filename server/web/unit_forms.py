"""What the leader may decide about a whole unit, and what was typed for it → an act's value. Pure.

`Matters` says what waits for such a decision: a section the rules leave to the group, a claim nobody has decided, two
submissions of one checklist side by side. Like `forms`, this module must never write, and never know a request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flask_babel import lazy_gettext as _

from schemas import figures
from server.board.models import DecisionEntry, Names, SectionFigure, Task
from server.board.view import GroupView
from server.web.forms import REASON_CHARS_MAX, Filled, Wrong

ON_UNIT: Final = ("decide-section", "count-claim", "refuse-claim", "rank-unit", "count-submission")
KEY_CHARS: Final = 16
OCCURRENCES_MAX: Final = 99


@dataclass(frozen=True, slots=True)
class PendingClaim:
    """A claim of a submission that no decision speaks of yet; `key` is the beginning of its subject's hash."""

    key: str
    item: str
    subject: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class ClaimItem:
    item: str
    names: Names
    points: Fraction
    bonus: bool


@dataclass(frozen=True, slots=True)
class Matters:
    """What of one unit is for the group to decide."""

    sections: tuple[SectionFigure, ...]
    claims: tuple[PendingClaim, ...]
    items: tuple[ClaimItem, ...]
    standing: tuple[DecisionEntry, ...]
    contested: tuple[str, ...]


def matters(
    view: GroupView,
    unit: str,
    *,
    figures_: Iterable[SectionFigure],
    tasks: Iterable[Task],
    claims: Iterable[DecisionEntry],
    heads: Iterable[str],
) -> Matters:
    """Gathered from what the unit's page has read anyway. `heads` are the submissions of contested checklists."""
    undecided = {task.subject for task in tasks if task.kind == "undecided"}
    decided = list(claims)
    keys = {entry.value["key"] for entry in decided}
    pending = {
        claim["subject"][:KEY_CHARS]: PendingClaim(
            claim["subject"][:KEY_CHARS], claim["item"], view.text(claim["subject"]), claim["number"]
        )
        for submission in view.all("submission")
        if submission["unit"] == unit
        for claim in submission["claims"]
    }
    items = [
        ClaimItem(each["id"], each["names"], Fraction(each["points"]), side == "bonus")
        for side in ("bonus", "penalty")
        for each in view.scheme[side]["items"]
    ]
    return Matters(
        sections=tuple(each for each in figures_ if f"section:{unit}:{each.section}" in undecided),
        claims=tuple(claim for key, claim in sorted(pending.items()) if key not in keys),
        items=tuple(items),
        standing=tuple(entry for entry in decided if entry.stands and entry.act == "count-claim"),
        contested=tuple(heads),
    )


def read_unit_act(form: Mapping[str, str], unit: str, found: Matters, *, locale: str) -> Filled | Wrong:
    """One of the acts on a unit's page."""
    act = form.get("act", "")
    reason = form.get("reason", "").strip()
    wrong: dict[str, Any] = {}
    if not reason:
        wrong["reason"] = _("Cần nêu lý do: đơn vị và cả cụm sẽ đọc lý do này.")
    elif len(reason) > REASON_CHARS_MAX:
        wrong["reason"] = _("Lý do dài quá %(most)s ký tự; mời rút gọn.", most=REASON_CHARS_MAX)
    value: dict[str, Any] = {"unit": unit}
    if act == "decide-section":
        wrong.update(_section(form, found, value, locale))
    elif act in ("count-claim", "refuse-claim"):
        wrong.update(_claim(form, found, value, reason, locale))
    elif act == "rank-unit":
        value["ranked"] = form.get("ranked") == "true"
        if form.get("ranked") not in ("true", "false"):
            wrong["ranked"] = _("Mời chọn xếp hạng hay không xếp hạng.")
    elif act == "count-submission" and form.get("submission") in found.contested:
        value = {"submission": form["submission"], "counts": True}
    else:
        wrong["act"] = _("Không có việc này trên trang.")
    return Wrong(wrong) if wrong else Filled(act, value, reason)


def _section(form: Mapping[str, str], found: Matters, value: dict[str, Any], locale: str) -> dict[str, Any]:
    section = next((each for each in found.sections if each.section == form.get("section")), None)
    if section is None:
        return {"act": _("Nội dung này không chờ cụm quyết định.")}
    most = figures.format_points(section.max, locale)
    try:
        points = figures.parse_points(form.get("points", ""), locale)
    except ValueError:
        points = "-1"
    if not 0 <= Fraction(points) <= section.max:
        return {"points": _("Mời nhập một số từ 0 đến %(most)s.", most=most)}
    value.update(section=section.section, points=points)
    return {}


def _claim(form: Mapping[str, str], found: Matters, value: dict[str, Any], reason: str, locale: str) -> dict[str, Any]:
    key = form.get("key", "")
    standing = next((entry for entry in found.standing if entry.value["key"] == key), None)
    if standing is not None:
        value.update({name: standing.value[name] for name in ("item", "key", "occurrences", "number")})
        return {}
    pending = next((claim for claim in found.claims if claim.key == key), None)
    item = pending.item if pending else form.get("item", "")
    if item not in {each.item for each in found.items}:
        return {"item": _("Mời chọn mục thưởng hoặc trừ.")}
    number = (pending.number if pending else None) or form.get("number", "").strip() or None
    if number is None and next(each for each in found.items if each.item == item).bonus:
        return {"number": _("Điểm thưởng cần số quyết định công nhận; không có số thì không được tính.")}
    try:
        occurrences = figures.parse_points(form.get("occurrences") or "1", locale)
    except ValueError:
        occurrences = "0"
    if Fraction(occurrences).denominator != 1 or not 1 <= Fraction(occurrences) <= OCCURRENCES_MAX:
        return {"occurrences": _("Số lần là số nguyên từ 1 đến %(most)s.", most=OCCURRENCES_MAX)}
    # What is entered by hand is named by what it says, so that sending a form twice decides one thing twice, not two.
    told = hashlib.sha256(f"{item}\n{number}\n{reason}".encode()).hexdigest()[:KEY_CHARS]
    value.update(item=item, key=pending.key if pending else told, occurrences=occurrences, number=number)
    return {}
