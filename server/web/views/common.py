"""What every page is given: the reader's groups for the menu at the top, and small helpers of drawing.

It must never load what one page alone needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from flask import Flask, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from markupsafe import Markup, escape

from schemas import ids
from schemas.asking import asked
from schemas.explaining import rule_sentence
from schemas.figures import VIET_NAM
from server.board.models.head import GroupHead, MenuEntry
from server.board.models.said import Said
from server.board.view import GroupView
from server.web.language import day, locale, named, said
from server.web.reader import account, service
from server.web.words import office, word

SATURDAY: Final = 5
"""As `date.weekday` counts."""

LINK_OPENS: Final = "\ue000"
LINK_CLOSES: Final = "\ue001"
"""Of the private use area, which no name holds: where a sentence will have a link."""

HEAT_STEPS: Final = (
    (Fraction(95, 100), "h5"),
    (Fraction(9, 10), "h4"),
    (Fraction(8, 10), "h3"),
    (Fraction(7, 10), "h2"),
)
"""From orange to blue by the part of the maximum earned. 70 %, 80 % and 90 % are the thresholds of awards (rule 5.7),
and real scores crowd above them, so the scale is finest there."""


def heat(points: Fraction | None, most: Fraction) -> str:
    """The class of a heat map's cell: "h1" (little) to "h5" (nearly all); none for what is no number."""
    if points is None or most == 0:
        return ""
    return next((step for floor, step in HEAT_STEPS if points / most >= floor), "h1")


def my_groups() -> tuple[MenuEntry, ...]:
    """The group years of the signed-in reader, for the menu; nothing for a stranger."""
    return tuple(service().board.menu(account())) if current_user.is_authenticated else ()


def here() -> str:
    """The path being shown, for coming back after a choice of language or look."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def local_path(target: str | None) -> str | None:
    """`target` if it is a path of this site, so that a crafted link cannot lead a reader elsewhere."""
    if target and re.fullmatch(r"/(?![/\\])[^\\\x00-\x1f]*", target):
        return target
    return None


def short_hash(decision: str) -> str:
    """The eight digits people compare: `decision:7:3fa1…` → `3fa1c2d4`."""
    return decision.rsplit(":", 1)[-1][:8]


def bare(document: str) -> str:
    """What stands after the last colon of an id: `cited:3fa1…` → `3fa1…`."""
    return document.rsplit(":", 1)[-1]


def told(sentence: Said, head: GroupHead) -> str:
    """A sentence of the catalogue with its units by name, as people know them, not by id."""

    def shown(value: object) -> object:
        if isinstance(value, list | tuple):
            return [shown(each) for each in value]  # each is a word of its own
        return (
            (unit_name(value, head) if value in _view(head).member_units else value)
            if isinstance(value, str)
            else value
        )

    return said(Said(sentence.code, {name: shown(value) for name, value in sentence.params.items()}))


def told_linked(sentence: Said, head: GroupHead) -> Markup:
    """As `told`, each unit it names a link to its scoresheet: what stands in the way is mended there."""
    found: list[str] = []

    def marked(value: object) -> object:
        if isinstance(value, list | tuple):
            return [marked(each) for each in value]
        if not isinstance(value, str) or value not in _view(head).member_units:
            return value
        found.append(value)
        return f"{LINK_OPENS}{len(found) - 1}{LINK_CLOSES}"

    text = escape(said(Said(sentence.code, {name: marked(value) for name, value in sentence.params.items()})))
    for nth, unit in enumerate(found):
        url = url_for("web.sheet", group=head.group, year=head.year, unit=unit)
        link = Markup('<a href="{}">{}</a>').format(url, unit_name(unit, head))
        text = text.replace(f"{LINK_OPENS}{nth}{LINK_CLOSES}", link)
    return text


def nth(decision: str) -> str:
    """The number of a decision's id."""
    return decision.split(":")[1] if decision.count(":") >= 2 else decision


def today() -> date:
    """This day in Viet Nam, by the service's clock."""
    return service().now().astimezone(VIET_NAM).date()


def working_days_on(start: date, days: int) -> date:
    """The day `days` working days after `start`; a week has five (holidays are the leader's to weigh)."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day


def derivation(group: str, year: int, unit: str, criterion: str | None = None) -> list[dict[str, object]]:
    """How a figure came about, for `derivation.html`: level, sentence, rule; in the reader's language."""
    explained = service().board.explain(account(), group, year, unit, criterion)
    return [
        {
            "level": line.level,
            "sentence": explained.ranking.sentence(line.reason, locale()),
            "rule": None if line.rule is None else rule_sentence(line.rule, locale()),
        }
        for line in explained.lines
    ]


def _view(head: GroupHead) -> GroupView:
    """The group year behind a page, taken once a request: names are asked for in every row."""
    known: dict[tuple[str, int], GroupView] = g.setdefault("views", {})
    if (head.group, head.year) not in known:
        known[head.group, head.year] = service().board.view(account(), head.group, head.year)
    return known[head.group, head.year]


def unit_name(unit: str, head: GroupHead) -> str:
    """The short name of a unit; the id of one the group year does not know."""
    return named(_view(head).unit(unit).short_names) or unit


def criteria_of(view: GroupView) -> frozenset[str]:
    """The ids of the scheme's criteria: what else evidence is cited for is a claim."""
    return frozenset(each["id"] for section in view.scheme["sections"] for each in section["criteria"])


def item_name(item: str, head: GroupHead) -> str:
    """The name of a bonus or penalty item, or of a criterion, of the year's scheme; else the id."""
    scheme = _view(head).scheme
    criteria = [criterion for section in scheme["sections"] for criterion in section["criteria"]]
    items = [*scheme["bonus"]["items"], *scheme["penalty"]["items"], *criteria]
    return next((named(each["names"]) for each in items if each["id"] == item), item)


def scheme_name(scheme: str, head: GroupHead) -> str:
    """A scheme by its name and version; the id of one that is not here."""
    document = _view(head).documents.get(scheme)
    if document is None:
        return scheme
    told: str = _("%(name)s, phiên bản %(version)s", name=named(document["names"]), version=document["version"])
    return told


def checklist_name(submission: str, head: GroupHead) -> str:
    """Whose and which checklist a submission is: `Hà Nam · Tự chấm`."""
    parsed = ids.parse(submission)
    return f"{unit_name(parsed['unit'], head)} · {word('stage', parsed['stage']).text} · {submission[-6:]}"


def stage_of(submission: str) -> str:
    """`self` or `cross`, of a submission's id."""
    return ids.parse(submission)["stage"]


def visit_name(visit: str, head: GroupHead) -> str:
    """A visit by the unit it inspects and its first day; the id of one that nobody planned."""
    planned = _view(head).visits.get(visit)
    return visit if planned is None else f"{unit_name(planned.inspected, head)}, {day(planned.starts)}"


def ballot_name(value: Mapping[str, Any], head: GroupHead) -> str:
    """What was voted on and the votes, the most first: `Cờ thi đua: Hà Nam 4 phiếu, Hà Nội 1 phiếu`."""
    votes = sorted(value["votes"].items(), key=lambda it: (-it[1], it[0]))
    told = ", ".join(
        ngettext("%(unit)s %(num)s phiếu", "%(unit)s %(num)s phiếu", given, unit=unit_name(unit, head))
        for unit, given in votes
    )
    if "award" in value:
        return f"{award_name(value['award'], head)}: {told}"
    if "role" in value:
        role = word("role", office(value["role"], head.kind)).text
        elected: str = _("%(role)s năm sau: %(told)s", role=role, told=told)
        return elected
    return told


def weights_of(head: GroupHead) -> dict[str, Fraction]:
    """Each stage's per cent of a criterion where the scheme weighs all three; empty where the latest counts alone."""
    scheme = _view(head).scheme
    return {stage: Fraction(share) * 100 for stage, share in (scheme["weights"] or {}).items()} if scheme else {}


def neighbours(criterion: str, head: GroupHead) -> tuple[str | None, str | None]:
    """The criteria before and after it in the scheme."""
    order = [each["id"] for section in _view(head).scheme["sections"] for each in section["criteria"]]
    if criterion not in order:
        return None, None
    at = order.index(criterion)
    return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None


def stages_named(stages: Sequence[str]) -> str:
    """Stages as a sentence lists them: `kiểm tra chéo, thẩm định`."""
    return ", ".join(f"{name[:1].lower()}{name[1:]}" for name in (str(word("stage", it).text) for it in stages))


def asked_of(unit: str, criterion: str, head: GroupHead) -> list[str]:
    """What a criterion asks of a unit and what a figure will earn, in the words of the phone."""
    record = _view(head).record
    found = None if record.scheme is None else record.scheme.criterion(criterion)
    if found is None:
        return []
    own = record.target(unit, criterion)
    return [it.sentence(locale()) for it in asked(found, own=None if own is None else Fraction(own))]


def award_name(award: str, head: GroupHead) -> str:
    """The name of an award of the year's scheme; else its id."""
    return next((named(it["names"]) for it in _view(head).scheme["awards"] if it["id"] == award), award)


def departure_name(value: Mapping[str, Any], head: GroupHead) -> str:
    """`Cờ thi đua: Hà Nam trước Hà Nội`."""
    units, over = (", ".join(unit_name(unit, head) for unit in value[name]) for name in ("units", "over"))
    told: str = _("%(award)s: %(units)s trước %(over)s", award=award_name(value["award"], head), units=units, over=over)
    return told


def person_name(account_id: str, head: GroupHead) -> str:
    """The name of who acts in the group; the beginning of the account's id where it was erased."""
    return _view(head).person(account_id).name or f"{account_id[:10]}…"


def matter_name(subject: str, head: GroupHead) -> str:
    """What a ballot, an election or a departure is about: `Bỏ phiếu suy tôn Cờ thi đua`."""
    return named(_view(head).standings(today()).matter(subject))


def init_app(app: Flask) -> None:
    """Templates call `my_groups()`, `here()`, `heat(…)`; filters `short_hash`, `nth`, `stage_of`."""
    app.jinja_env.globals.update(
        my_groups=my_groups,
        here=here,
        heat=heat,
        unit_name=unit_name,
        item_name=item_name,
        scheme_name=scheme_name,
        checklist_name=checklist_name,
        visit_name=visit_name,
        ballot_name=ballot_name,
        departure_name=departure_name,
        matter_name=matter_name,
        person_name=person_name,
        weights_of=weights_of,
        asked_of=asked_of,
        stages_named=stages_named,
        neighbours=neighbours,
        told=told,
        told_linked=told_linked,
        today=today,
    )
    app.jinja_env.filters.update(bare=bare, short_hash=short_hash, nth=nth, stage_of=stage_of)
