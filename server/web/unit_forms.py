"""What the leader may decide about a whole unit, and what was typed for it → an act's value. Pure.

`Matters` says what waits for such a decision: a section the rules leave to the group, a claim nobody has decided, two
submissions of one checklist side by side. Like `forms`, this module must never write, and never know a request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flask_babel import lazy_gettext as _

from schemas import figures
from schemas.claims import same_number
from schemas.merging import ADDITIVE
from schemas.scoring import CriterionResult
from schemas.standings import Standings
from server.acts import live_entries
from server.board.models.decisions import DecisionEntry
from server.board.models.refs import Names, UnitRef
from server.board.models.sheet import CriterionRow
from server.board.models.standings import SectionFigure
from server.board.models.tasks import Task
from server.board.view import GroupView
from server.web.forms import REASON_CHARS_MAX, Filled, Wrong

KEY_CHARS: Final = 16
OCCURRENCES_MAX: Final = 99


@dataclass(frozen=True, slots=True)
class PendingClaim:
    """A claim of a submission that no decision speaks of yet.

    `key` is the beginning of its subject's hash, the same for one subject claimed under several items; `name` tells the
    claim from all others of the unit. `evidence` are the cited copies it names.
    """

    name: str
    key: str
    item: str
    subject: str | None
    number: str | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimItem:
    item: str
    names: Names
    points: Fraction
    bonus: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What a unit that was merged into this one scored on a criterion, where carrying it over would count.

    `adds` to what the successor has itself, or else stands where it has nothing. `given` is the old unit's value as an
    answer says it; None where it is no decimal (a mean of thirds), and somebody must say what it comes to.
    """

    key: str
    event: str
    old: UnitRef
    criterion: str
    names: Names
    kind: str
    value: Fraction
    given: dict[str, Any] | None
    adds: bool
    carried: str | None


@dataclass(frozen=True, slots=True)
class Matters:
    """What of one unit is for the group to decide."""

    sections: tuple[SectionFigure, ...]
    claims: tuple[PendingClaim, ...]
    items: tuple[ClaimItem, ...]
    standing: tuple[DecisionEntry, ...]
    contested: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    acceptances: tuple[CriterionRow, ...] = ()
    """Criteria that a cross-inspection scored and nobody has appraised: they can be accepted together."""

    @property
    def seen(self) -> str:
        """The cross submissions behind them: what is accepted is what was shown."""
        return " ".join(sorted({cell.submission for row in self.acceptances for cell in row.cross}))


def acceptances(rows: Iterable[CriterionRow]) -> tuple[CriterionRow, ...]:
    """The criteria whose cross-inspection may be accepted as it stands."""
    return tuple(
        row
        for row in rows
        if row.cluster is None
        and row.state in ("counted", "missing")
        and row.cross_merged is not None
        and row.cross_merged.raw != "na"
        and (row.cross_merged.points, row.cross_merged.raw) != (None, None)
    )


def read_accepted(chosen: Collection[str], seen: str, found: Matters) -> tuple[str, ...] | Wrong:
    """The criteria to accept, in the scheme's order."""
    if seen != found.seen:
        return Wrong({"act": _("Vừa có phiếu mới về cho đơn vị này. Mời xem lại các điểm dưới đây rồi chấp nhận.")})
    accepted = tuple(row.criterion for row in found.acceptances if row.criterion in chosen)
    return accepted or Wrong({"accepted": _("Mời chọn ít nhất một tiêu chí.")})


def entries(view: GroupView, unit: str, ranking: Standings) -> tuple[Entry, ...]:
    """Live entries of the units that were merged into this one, by unit and in the scheme's order."""
    found: list[Entry] = []
    row = ranking.row(unit)
    for event in view.all("unitevent"):
        for old in event["from"] if event["kind"] == "merge" and event["to"] == unit else ():
            before = ranking.row(old)
            if row is not None and before is not None:
                found += [
                    _entry(view, event, old, theirs)
                    for section in before.card.sections
                    for theirs in section.criteria
                    if (mine := row.card.criterion(theirs.criterion.id)) is not None
                    and _would_count(mine, theirs)
                    and live_entries(view, old, theirs.criterion.id)
                ]
    return tuple(found)


def _would_count(mine: CriterionResult, theirs: CriterionResult) -> bool:
    if theirs.value is None or mine.state == "excluded":
        return False
    return theirs.criterion.kind in ADDITIVE or mine.value is None or mine.stage == "carried"


def _entry(view: GroupView, event: Mapping[str, Any], old: str, theirs: CriterionResult) -> Entry:
    criterion, value = theirs.criterion, theirs.value
    assert value is not None
    standing = view.folded.on(f"carry:{event['to']}:{criterion.id}:{old}", "carry-over")
    return Entry(
        key=f"{old}|{criterion.id}",
        event=event["_id"],
        old=view.unit(old),
        criterion=criterion.id,
        names=criterion.names,
        kind=criterion.kind,
        value=value,
        given=_as_answer(criterion.kind, value),
        adds=criterion.kind in ADDITIVE,
        carried=None if standing is None else standing["_id"],
    )


def _as_answer(kind: str, value: Fraction) -> dict[str, Any] | None:
    if kind == "pass_fail":
        return {"passed": value == 1} if value in (0, 1) else None
    text = figures.decimal_string(value)
    return {_MEMBER.get(kind, "actual"): text} if Fraction(text) == value else None


_MEMBER: Final = {"judged": "points", "per_occurrence": "count"}


def matters(
    view: GroupView,
    unit: str,
    *,
    figures_: Iterable[SectionFigure],
    tasks: Iterable[Task],
    claims: Collection[DecisionEntry],
    heads: Iterable[str],
    pending: Iterable[PendingClaim],
    carried: Iterable[Entry] = (),
    rows: Iterable[CriterionRow] = (),
) -> Matters:
    """Gathered from what the unit's page has read anyway. `heads` are the submissions of contested checklists."""
    undecided = {task.subject for task in tasks if task.kind == "undecided"}
    items = [
        ClaimItem(each["id"], each["names"], Fraction(each["points"]), side == "bonus")
        for side in ("bonus", "penalty")
        for each in view.scheme[side]["items"]
    ]
    return Matters(
        sections=tuple(each for each in figures_ if f"section:{unit}:{each.section}" in undecided),
        claims=tuple(pending),
        items=tuple(items),
        standing=tuple(entry for entry in claims if entry.stands and entry.act == "count-claim"),
        contested=tuple(heads),
        entries=tuple(carried),
        acceptances=acceptances(rows),
    )


def pending_claims(
    view: GroupView, counted: Iterable[str], decided: Iterable[DecisionEntry]
) -> tuple[PendingClaim, ...]:
    """What the submissions that count claim for one unit, and no decision speaks of yet: one that was replaced, or that
    nobody approved, claims nothing.
    """
    decided = list(decided)
    pending: dict[str, PendingClaim] = {}
    keys: dict[str, str] = {}
    subjects: set[str] = set()
    for claim in (each for name in counted for each in view.documents[name]["claims"]):
        text = view.text(claim["subject"])
        subjects.add(claim["subject"][:KEY_CHARS])
        # Parts are salted: one subject written under two items has two hashes, and is one achievement all the same.
        key = keys.setdefault(" ".join((text or claim["subject"]).split()).casefold(), claim["subject"][:KEY_CHARS])
        name = name_of({"item": claim["item"], "key": key, "number": claim["number"]})
        cited = (*(pending[name].evidence if name in pending else ()), *claim["evidence"])
        number = claim["number"]
        pending[name] = PendingClaim(name, key, claim["item"], text, number, tuple(dict.fromkeys(cited)))
    # A decision under the hash of a subject that, its text withheld, no longer joins the claims it stood for.
    own = {(claim.item, claim.key) for claim in pending.values()}
    astray = {entry.decision for entry in decided if entry.value["key"] in subjects and _claimed(entry) not in own}
    return tuple(claim for _name, claim in sorted(pending.items()) if not _decided(claim, decided, astray))


def _claimed(entry: DecisionEntry) -> tuple[str, str]:
    return entry.value["item"], entry.value["key"]


def _decided(claim: PendingClaim, decided: Iterable[DecisionEntry], astray: Collection[str]) -> bool:
    """Does a decision speak of it? One may have added the number that the unit left out.

    Where a text is withheld that told one subject under two hashes, the item and the number tell it.
    """
    return any(
        _claimed(entry) == (claim.item, claim.key)
        and (claim.number is None or same_number(claim.number, entry.value["number"]))
        for entry in decided
        if not entry.contested
    ) or any(
        entry.value["item"] == claim.item
        and same_number(claim.number, entry.value["number"])
        and (claim.subject is None or entry.decision in astray)
        for entry in decided
        if not entry.contested
    )


def name_of(claim: Mapping[str, Any]) -> str:
    """What tells a claim from all others of its unit, as a form can send it."""
    told = "\n".join([claim["item"], claim["key"], claim["number"] or ""])
    return hashlib.sha256(told.encode()).hexdigest()[:KEY_CHARS]


def read_unit_act(form: Mapping[str, str], unit: str, found: Matters, *, locale: str) -> Filled | Wrong:
    """One of the acts on a unit's page."""
    act = form.get("act", "")
    reason = form.get("reason", "").strip()
    wrong: dict[str, Any] = {}
    if not reason:
        wrong["reason"] = _("Cần nêu lý do: mọi đơn vị thành viên sẽ đọc lý do này.")
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
    elif act == "carry-over":
        wrong.update(_carried_over(form, found, value, locale))
    else:
        wrong["act"] = _("Không có việc này trên trang.")
    return Wrong(wrong) if wrong else Filled(act, value, reason)


def _carried_over(form: Mapping[str, str], found: Matters, value: dict[str, Any], locale: str) -> dict[str, Any]:
    entry = next((each for each in found.entries if each.key == form.get("entry")), None)
    if entry is None:
        return {"entry": _("Mời chọn kết quả cần chuyển.")}
    typed = form.get("carried", "").strip()
    answer = entry.given
    if typed and entry.kind == "pass_fail":
        return {"carried": _("Tiêu chí đạt hay không đạt được chuyển nguyên như đơn vị cũ: mời để trống ô này.")}
    if typed:
        try:
            answer = {_MEMBER.get(entry.kind, "actual"): figures.parse_points(typed, locale)}
        except ValueError:
            answer = None
    if answer is None:
        return {"carried": _("Mời nhập một số, ví dụ %(example)s.", example=figures.format_points("7.5", locale))}
    value.update({"from": entry.old.unit, "criterion": entry.criterion, "event": entry.event, "answer": answer})
    return {}


def _section(form: Mapping[str, str], found: Matters, value: dict[str, Any], locale: str) -> dict[str, Any]:
    section = next((each for each in found.sections if each.section == form.get("section")), None)
    if section is None:
        return {"act": _("Nội dung này không chờ quyết định.")}
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
    name = form.get("claim", "")
    standing = next((entry for entry in found.standing if name_of(entry.value) == name), None)
    if standing is not None:
        value.update({member: standing.value[member] for member in ("item", "key", "occurrences", "number")})
        return {}
    pending = next((claim for claim in found.claims if claim.name == name), None)
    item = pending.item if pending else form.get("item", "")
    if item not in {each.item for each in found.items}:
        return {"item": _("Mời chọn mục thưởng hoặc trừ.")}
    same = next((entry.value for entry in found.standing if name_of(entry.value) == form.get("same")), None)
    number = (pending.number if pending else same["number"] if same else None) or form.get("number", "").strip() or None
    bonus = next(each for each in found.items if each.item == item).bonus
    if number is None and bonus and form.get("act") == "count-claim":
        return {"number": _("Điểm thưởng cần số quyết định công nhận; không có số thì không được tính.")}
    try:
        occurrences = figures.parse_points(form.get("occurrences") or "1", locale)
    except ValueError:
        occurrences = "0"
    if Fraction(occurrences).denominator != 1 or not 1 <= Fraction(occurrences) <= OCCURRENCES_MAX:
        return {"occurrences": _("Số lần là số nguyên từ 1 đến %(most)s.", most=OCCURRENCES_MAX)}
    if bonus and occurrences != "1":
        return {"occurrences": _("Mỗi thành tích chỉ tính một lần; mời ghi từng thành tích thành một quyết định.")}
    # What is entered by hand is named by what it says, so that sending a form twice decides one thing twice, not two.
    told = hashlib.sha256(f"{number}\n{reason}".encode()).hexdigest()[:KEY_CHARS]
    key = pending.key if pending else same["key"] if same else told
    value.update(item=item, key=key, occurrences=occurrences, number=number)
    return {}
