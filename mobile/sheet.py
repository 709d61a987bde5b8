"""A checklist as its screen shows it: draft, scheme and decisions in, `ChecklistView` out. Pure.

Points are exact inside; a subtotal is rounded once, as a section is (rule 5.5). What it adds up is what is answered
so far: provisional until everything that applies is, and never the official figure, which only standings give.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from mobile.book import Book, in_force, said
from mobile.cards import (
    AnswerView,
    Awaiting,
    BandView,
    ChecklistView,
    ClaimItem,
    ClaimView,
    CriterionState,
    CriterionView,
    EvidenceCard,
    Problem,
    ReturnView,
    SectionView,
    State,
)
from schemas import checklist
from schemas.answer import value_of
from schemas.asking import asked
from schemas.figures import decimal_string, round_half_up
from schemas.kinds import points_for
from schemas.problem import Problem as Misfit
from schemas.scheme import Criterion, Scheme, Section

ROMAN = (("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1))


@dataclass(frozen=True)
class Sheet:
    """All that one checklist's view is made of. `text` reads a part, `card` finds evidence; both answer for what is
    not here.
    """

    key: str
    draft: Mapping[str, Any]
    scheme: Scheme
    book: Book
    locale: str
    text: Callable[[str | None], str]
    card: Callable[[str], EvidenceCard | None]
    evidence: frozenset[str]
    """Ids of the evidence at hand."""
    copy_of: Callable[[str], Mapping[str, Any] | None]
    """A cited copy, where it is here."""
    self_version: Mapping[str, Any] | None
    returns: Mapping[str, Mapping[str, Any]]
    """Criterion → the return decision that stands against what was last submitted."""
    claims: Sequence[Mapping[str, Any]]
    submitted: Mapping[str, Any] | None
    changed: bool
    sent_state: tuple[State, int | None] | None
    """Where the last submission stands; None where nothing was submitted."""
    editable: bool
    best: Mapping[str, Fraction]
    """Criterion → the group's best actual, as far as this phone knows."""

    approves: bool = False
    """Is this phone's person the unit's head?"""

    @property
    def functions(self) -> frozenset[str]:
        return self.book.functions(str(self.draft["unit"]))

    @property
    def self_answers(self) -> Mapping[str, Mapping[str, Any]] | None:
        return None if self.self_version is None else self.self_version["answers"]


def problems(sheet: Sheet) -> list[Problem]:
    """What stops Submit, in the scheme's order, said in the sheet's language."""
    return [_said(problem, sheet.locale) for problem in _misfits(sheet)]


def line(sheet: Sheet, criterion: str) -> CriterionView:
    """One criterion alone: what an answer's own line shows. Raises KeyError."""
    for nth, section in enumerate(sheet.scheme.sections, 1):
        for position, each in enumerate(section.criteria, 1):
            if each.id == criterion:
                problem = next((it for it in problems(sheet) if it.criterion == criterion), None)
                return _criterion(sheet, each, f"{_roman(nth)}.{position}", problem)
    raise KeyError(criterion)


def view(sheet: Sheet) -> ChecklistView:
    """The whole screen's worth."""
    draft, book, scheme = sheet.draft, sheet.book, sheet.scheme
    visit = book.visits.get(draft["visit"]) if draft["visit"] is not None else None
    found = problems(sheet)
    by_criterion = {problem.criterion: problem for problem in reversed(found)}
    sections = tuple(_section(sheet, section, nth, by_criterion) for nth, section in enumerate(scheme.sections, 1))
    criteria = [criterion for section in sections for criterion in section.criteria]
    missing = tuple(each.id for each in criteria if each.state == "missing")
    subtotals = [Fraction(section.subtotal) for section in sections if section.subtotal is not None]
    disputed = tuple(each.id for each in criteria if each.state == "disputed")
    submitted = sheet.submitted
    shown = ChecklistView(
        key=sheet.key,
        version="",
        stage=draft["stage"],
        group=book.group,
        group_name=book.name(sheet.locale),
        year=book.year,
        unit=draft["unit"],
        unit_name=book.unit_name(draft["unit"], sheet.locale),
        visit=draft["visit"],
        visit_place="" if visit is None else visit.place,
        visit_from=None if visit is None else visit.starts,
        visit_to=None if visit is None else visit.ends,
        sample=bool(book.group_year["sample"]),
        editable=sheet.editable,
        state=_state(sheet, found, missing, disputed),
        total=decimal_string(sum(subtotals, Fraction(0))) if subtotals else None,
        total_max=decimal_string(scheme.total),
        provisional=any(section.provisional for section in sections),
        done=sum(section.done for section in sections),
        applicable=sum(section.applicable for section in sections),
        sections=sections,
        missing=missing,
        disputed=disputed,
        returned=tuple(each.id for each in criteria if each.returned is not None),
        problems=tuple(found),
        claims=tuple(_claim(sheet, claim) for claim in sheet.claims),
        claim_items=_claim_items(scheme, sheet.locale),
        submitted=None if submitted is None else submitted["_id"],
        submitted_at=None if submitted is None else submitted["made"]["at"],
        changed=sheet.changed,
        awaiting=_awaiting(sheet),
        published=_published(sheet),
    )
    return replace(shown, version=hashlib.sha256(repr(shown).encode()).hexdigest()[:16])


def _published(sheet: Sheet) -> bool:
    return sheet.book.folded.on("published", "publish") is not None


def _awaiting(sheet: Sheet) -> Awaiting:
    """Whose approval the last self-score waits for, seen from this phone."""
    submitted = sheet.submitted
    if submitted is None or in_force(submitted) or _published(sheet):
        return ""
    return "mine" if sheet.approves and sheet.editable else "head"


def _state(sheet: Sheet, found: Sequence[Problem], missing: Sequence[str], disputed: Sequence[str]) -> State:
    if disputed:
        return "disputed"
    if sheet.sent_state is not None and not sheet.changed:
        return "returned" if sheet.returns else sheet.sent_state[0]
    if not any(checklist.has_value(checklist.answer_of(sheet.draft, each)) for each in sheet.draft["answers"]):
        return "draft"
    return "incomplete" if found or missing else "ready"


def _section(sheet: Sheet, section: Section, nth: int, by_criterion: Mapping[str | None, Problem]) -> SectionView:
    label = _roman(nth)
    views = tuple(
        _criterion(sheet, criterion, f"{label}.{position}", by_criterion.get(criterion.id))
        for position, criterion in enumerate(section.criteria, 1)
    )
    asked = [each for each in views if not each.excluded]
    done = sum(each.state not in ("missing", "disputed") for each in asked)
    subtotal, whole = _subtotal(sheet, section, views)
    return SectionView(
        id=section.id,
        label=label,
        name=said(section.names, sheet.locale),
        max=decimal_string(section.max),
        subtotal=None if subtotal is None else decimal_string(subtotal),
        provisional=not whole,
        done=done,
        applicable=len(asked),
        criteria=views,
    )


def _subtotal(sheet: Sheet, section: Section, views: Sequence[CriterionView]) -> tuple[Fraction | None, bool]:
    """Σ points × section max / Σ applicable max (rule 5.4), and whether nothing in it is open."""
    points = applicable = Fraction(0)
    answered, whole = False, True
    for criterion, each in zip(section.criteria, views, strict=True):
        if each.excluded or sheet.book.na_approved(sheet.draft["unit"], criterion.id):
            continue
        applicable += criterion.max
        worth = _worth(sheet, criterion, checklist.answer_of(sheet.draft, criterion.id))
        if worth is None:
            whole = False
        else:
            points, answered = points + worth, True
    if not answered or applicable == 0:
        return None, False
    return round_half_up(points * section.max / applicable), whole


def _criterion(sheet: Sheet, criterion: Criterion, label: str, problem: Problem | None) -> CriterionView:
    draft, locale = sheet.draft, sheet.locale
    entries = checklist.entries_of(draft, criterion.id)
    answer = checklist.answer_of(draft, criterion.id)
    theirs = (sheet.self_answers or {}).get(criterion.id)
    excluded = criterion.function is not None and criterion.function not in sheet.functions
    discrepant = answer is not None and checklist.differs(sheet.scheme, criterion, answer, theirs)
    note = sheet.text(answer.get("note")) if answer else ""
    named = (answer or {}).get("evidence") or ()
    worth, self_worth = _worth(sheet, criterion, answer), _worth(sheet, criterion, theirs)
    returned = sheet.returns.get(criterion.id)
    return CriterionView(
        id=criterion.id,
        label=label,
        name=said(criterion.names, locale),
        section=criterion.section,
        kind=criterion.kind,  # type: ignore[arg-type]  # one of the scheme's five
        max=decimal_string(criterion.max),
        step=decimal_string(criterion.step) if criterion.kind == "judged" else None,
        target=_decimal(_target(sheet, criterion)) if criterion.kind == "quantitative" else None,
        points_each=_decimal(criterion.points_each),
        bands=tuple(BandView(_decimal(band.to), decimal_string(band.points)) for band in criterion.bands),
        asked=_asked(sheet, criterion),
        # Of a unit that scores itself; inspectors look at what the unit shows.
        evidence_required=criterion.evidence_required and draft["stage"] == "self",
        excluded=excluded,
        state=_criterion_state(entries, answer, excluded=excluded, returned=returned is not None),
        answer=_answer(sheet, answer) if checklist.has_value(answer) else None,
        worth=_decimal(worth),
        note=note,
        evidence=tuple(card for card in map(sheet.card, named) if card is not None),
        self_answer=_answer(sheet, theirs) if checklist.has_value(theirs) else None,
        self_worth=_decimal(self_worth),
        discrepant=discrepant,
        note_asked=not note and (discrepant or bool(answer and answer.get("na"))),
        choices=tuple(_answer(sheet, entry["answer"]) for entry in entries) if len(entries) > 1 else (),
        returned=None
        if returned is None
        else ReturnView(returned["_id"], sheet.text(returned["reason"]), returned["value"]["deadline"]),
        problem="" if problem is None else problem.message,
        photo_asked=problem is not None and problem.code == "evidence-missing",
    )


def _asked(sheet: Sheet, criterion: Criterion) -> tuple[str, ...]:
    if criterion.kind == "judged":
        return ()
    own = sheet.book.target(sheet.draft["unit"], criterion.id)
    return tuple(reason.sentence(sheet.locale) for reason in asked(criterion, own=own))


def _criterion_state(
    entries: Sequence[Any], answer: Mapping[str, Any] | None, *, excluded: bool, returned: bool
) -> CriterionState:
    if excluded:
        return "excluded"
    if len(entries) > 1:
        return "disputed"
    if returned:
        return "returned"
    if not checklist.has_value(answer):
        return "missing"
    return "na" if answer is not None and answer.get("na") else "answered"


def _worth(sheet: Sheet, criterion: Criterion, answer: Mapping[str, Any] | None) -> Fraction | None:
    value = value_of(criterion, answer)
    if value is None:
        return None
    return points_for(criterion, value, target=_target(sheet, criterion), best=sheet.best.get(criterion.id))


def _target(sheet: Sheet, criterion: Criterion) -> Fraction | None:
    pledged = sheet.book.target(sheet.draft["unit"], criterion.id)
    return criterion.target if pledged is None else pledged


def _answer(sheet: Sheet, answer: Mapping[str, Any] | None) -> AnswerView:
    given = answer or {}
    by = given.get("by", "")
    return AnswerView(
        points=given.get("points"),
        actual=given.get("actual"),
        count=given.get("count"),
        passed=given.get("passed"),
        na=bool(given.get("na")),
        note=sheet.text(given.get("note")),
        by=by,
        by_name=sheet.book.person_name(by) if by else "",
        at=(given.get("at") or {}).get("at", ""),
        evidence=tuple(given.get("evidence") or ()),
        paper=(given.get("paper") or {}).get("on"),
    )


def _claim(sheet: Sheet, claim: Mapping[str, Any]) -> ClaimView:
    item = sheet.scheme.bonus_item(claim["item"]) or sheet.scheme.penalty_item(claim["item"])
    return ClaimView(
        item=claim["item"],
        item_name=claim["item"] if item is None else said(item.names, sheet.locale),
        subject=claim["subject"].get("value", ""),
        number=claim["number"],
        evidence=tuple(dict.fromkeys(_at_hand(sheet, name) for name in claim["evidence"])),
    )


def _at_hand(sheet: Sheet, name: str) -> str:
    """What a submission claimed cites copies: of such a one, the evidence it was made of, if that is here."""
    copy = None if name in sheet.evidence else sheet.copy_of(name)
    return str(copy["of"]) if copy is not None and copy["of"] in sheet.evidence else name


def _claim_items(scheme: Scheme, locale: str) -> tuple[ClaimItem, ...]:
    return tuple(
        ClaimItem(item.id, said(item.names, locale), decimal_string(item.points), bonus)
        for bonus, items in ((True, scheme.bonus.items), (False, scheme.penalty.items))
        for item in items
    )


def _misfits(sheet: Sheet) -> list[Misfit]:
    return checklist.problems(
        sheet.draft,
        sheet.scheme,
        functions=sheet.functions,
        evidence=sheet.evidence,
        self_answers=sheet.self_answers,
    )


def _said(problem: Misfit, locale: str) -> Problem:
    return Problem(problem.criterion, problem.code, problem.sentence(locale))


def _decimal(value: Fraction | None) -> str | None:
    return None if value is None else decimal_string(value)


def _roman(number: int) -> str:
    """As papers number their sections: I, II, III, IV …"""
    letters = ""
    for letter, value in ROMAN:
        while number >= value:
            letters, number = letters + letter, number - value
    return letters.upper()
