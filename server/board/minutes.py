"""The minutes of a visit as a page shows them: what the team wrote, beside the result of the submission it names. Pure.

The result is computed from that submission and the self version it is compared with; nobody types it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from schemas.answer import value_of
from schemas.discrepancy import self_version
from schemas.figures import corrected
from schemas.hashing import body_sha256
from schemas.kinds import points_for
from schemas.minutes import standing
from schemas.scheme import Criterion, Scheme
from schemas.scoring import Scorecard
from server.board.models.minutes import AgreedName, MinutesLine, MinutesSection, MinutesSheet
from server.board.models.sheet import ValueCell
from server.board.view import GroupView, raw_of

Body = Mapping[str, Any]


def minutes_of(view: GroupView, visit: str, card: Scorecard | None) -> tuple[MinutesSheet, ...]:
    """The minutes that stand, the latest last: usually one. `card` gives targets and the group's best."""
    found = standing(it for it in view.all("minutes") if it["visit"] == visit)
    return tuple(_sheet(view, it, card) for it in found)


def _sheet(view: GroupView, minutes: Body, card: Scorecard | None) -> MinutesSheet:
    cross = view.documents.get(minutes["submission"])
    own = None if cross is None else self_version(view.record, minutes["unit"], cross)
    later = any(minutes["submission"] in it["supersedes"] for it in view.all("submission"))
    return MinutesSheet(
        minutes=minutes["_id"],
        sha256=body_sha256(minutes),
        on=minutes["on"],
        began=minutes["began"],
        ended=minutes["ended"],
        place=view.text(minutes["place"]),
        team=view.text(minutes["team_present"]),
        unit=view.text(minutes["unit_present"]),
        differences=view.text(minutes["differences"]),
        recommendations=view.text(minutes["recommendations"]),
        withheld=frozenset(
            name
            for name in ("place", "team_present", "unit_present", "differences", "recommendations")
            if minutes[name] is not None and ("part", minutes[name]) in view.withheld
        ),
        agreed=tuple(AgreedName(it["side"], view.text(it["name"]), it["at"]) for it in minutes["agreed"]),
        by=view.person(minutes["by"]),
        made_at=corrected(minutes["made"]),
        submission=minutes["submission"],
        here=cross is not None,
        later=later,
        replaces=len(minutes["supersedes"]),
        sections=() if cross is None else _sections(view, minutes["unit"], cross, own, card),
    )


def _sections(
    view: GroupView, unit: str, cross: Body, own: Body | None, card: Scorecard | None
) -> tuple[MinutesSection, ...]:
    functions = view.record.functions(unit)
    # As it was scored: the scheme that the submission names.
    scheme = Scheme.from_document(view.documents.get(cross["scheme"], view.scheme))
    apart = () if card is None else card.discrepancies
    discrepant = {it.criterion for it in apart if it.submission == cross["_id"]}
    found = []
    for section in scheme.sections:
        lines = tuple(
            MinutesLine(
                criterion=criterion.id,
                names=criterion.names,
                max=criterion.max,
                kind=criterion.kind,
                own=None if own is None else _cell(criterion, own, card),
                cross=_cell(criterion, cross, card),
                note=view.text(cross["answers"].get(criterion.id, {}).get("note")),
                discrepant=criterion.id in discrepant,
            )
            for criterion in section.criteria
            if criterion.function is None or functions is None or criterion.function in functions
        )
        found.append(
            MinutesSection(
                section=section.id,
                names=section.names,
                max=section.max,
                lines=lines,
                own=_sum(line.own for line in lines),
                cross=_sum(line.cross for line in lines),
            )
        )
    return tuple(found)


def _cell(criterion: Criterion, submission: Body, card: Scorecard | None) -> ValueCell | None:
    answer = submission["answers"].get(criterion.id)
    if answer is None:
        return None
    if answer.get("na"):
        return ValueCell(None, "na", (submission["_id"],))
    value = value_of(criterion, answer)
    result = None if card is None else card.criterion(criterion.id)
    target, best = (None, None) if result is None else (result.target, result.best)
    points = None if value is None else points_for(criterion, value, target=target, best=best)
    raw = None if criterion.kind == "judged" else raw_of(answer)[1]
    return ValueCell(points, raw, (submission["_id"],))


def _sum(cells: Any) -> Fraction | None:
    points = [cell.points for cell in cells if cell is not None and cell.points is not None]
    return sum(points, Fraction(0)) if points else None
