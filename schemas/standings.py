"""The ranking: a pure function of a group year's record, and the same to the last digit wherever it runs.

`as_of` dates memberships, signatures, flags and deadlines; it never filters submissions or decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from schemas.ballots import Beside, Elected, Vote, beside, by_votes, elected, honours, tie_ballot
from schemas.figures import decimal_string, fixed_string, format_date
from schemas.messages import LOCALES, say
from schemas.problem import Reason
from schemas.proposals import Candidate, Departure, departure
from schemas.record import Member, Record
from schemas.scheme import Award, Scheme
from schemas.scoring import Scorecard, Tally, tally
from schemas.succession import ended_by

__all__ = ["Eligibility", "Record", "Row", "Standings", "standings"]

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """May the unit be proposed for an award? `failed` names every condition that stands against it.

    `vote` is what the meeting said of it, None while it was not asked; `proposed` is who is both.
    """

    award: Award
    failed: tuple[Reason, ...]
    vote: Vote | None = None

    @property
    def eligible(self) -> bool:
        return not self.failed

    @property
    def proposed(self) -> bool:
        return self.eligible and self.vote is not None and self.vote.chosen


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's line. `place` is None for the unranked and for those without a number; `reasons` say why.

    `ballot` is the decision that broke its tie, `shared` tells of a place held together.
    """

    unit: str
    names: Names
    short_names: Names
    place: int | None
    shared: bool
    ranked: bool
    card: Scorecard
    awards: tuple[Eligibility, ...]
    reasons: tuple[Reason, ...]
    ballot: str | None = None

    @property
    def total(self) -> Fraction | None:
        return self.card.total


@dataclass(frozen=True, slots=True)
class Standings:
    """The ranking in order of listing. Places are provisional while `reasons` is not empty.

    `departures` are the awards for which the group puts forward others than score order has it; `elected` leads next
    year. Neither moves a place. `beside` are records of the meeting that count for nothing, having been written side by
    side.
    """

    group: str | None
    year: int | None
    kind: str | None
    as_of: date
    scheme: Scheme | None
    rows: tuple[Row, ...]
    reasons: tuple[Reason, ...]
    decision_heads: tuple[str, ...]
    sample: bool
    departures: tuple[Departure, ...] = ()
    elected: tuple[Elected, ...] = ()
    beside: tuple[Beside, ...] = ()

    @property
    def provisional(self) -> bool:
        return bool(self.reasons)

    def row(self, unit: str) -> Row | None:
        return next((row for row in self.rows if row.unit == unit), None)

    def sentence(self, reason: Reason, locale: str) -> str:
        """A reason as people read it: units by their short names, sections and criteria by number, items by name."""
        names = {row.unit: row.short_names.get(locale) or row.short_names["vi"] for row in self.rows}
        numbers = {} if self.scheme is None else {section.id: section.id.upper() for section in self.scheme.sections}
        if self.scheme is not None:
            numbers |= {it.id: it.id.upper().replace("-", ".") for it in self.scheme.criteria}
            items = (*self.scheme.bonus.items, *self.scheme.penalty.items)
            numbers |= {it.id: it.names.get(locale) or it.names["vi"] for it in items}
        known = numbers | names

        def shown(value: Any) -> Any:
            if isinstance(value, list | tuple | set | frozenset):
                return [known.get(item, item) for item in value]
            return known.get(value, value) if isinstance(value, str) else value

        return Reason(reason.code, {name: shown(value) for name, value in reason.params.items()}).sentence(locale)

    def office(self, role: str) -> str:
        """What the leader or the deputy of a group of this kind is called, as a word of `schemas.messages`."""
        return f"{self.kind or 'cluster'}-{role}"

    def matter(self, subject: str) -> Names:
        """What a ballot, an election or a departure is about, as people say it, in both languages."""
        kind, _, on = subject.partition(":")
        awards = () if self.scheme is None else self.scheme.awards
        units = [{locale: self._short(unit, locale) for locale in LOCALES} for unit in on.split(":")]
        params = {
            "item": next((dict(it.names) for it in awards if it.id == on), on),
            "office": self.office(on),
            "next": (self.year or 0) + 1,
            "units": units,
        }
        return {locale: say(f"matter-{kind}", locale, **params) for locale in LOCALES}

    def _short(self, unit: str, locale: str) -> str:
        row = self.row(unit)
        return unit if row is None else row.short_names.get(locale) or row.short_names["vi"]

    def to_json(self) -> dict[str, Any]:
        """What `thidua standings --json` prints: points are strings with two decimals, or null."""
        return {
            "group": self.group,
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "scheme": None if self.scheme is None else self.scheme.id,
            "total_max": None if self.scheme is None else decimal_string(self.scheme.total),
            "sample": self.sample,
            "provisional": self.provisional,
            "reasons": [reason.to_json() for reason in self.reasons],
            "decision_heads": list(self.decision_heads),
            "units": [_row_json(row) for row in self.rows],
            # Said only where there is something to say: a ranking frozen before ballots were written prints as it did.
            **({"departures": [_departure_json(it) for it in self.departures]} if self.departures else {}),
            **({"elected": [{"role": it.role, **_vote_json(it.vote)} for it in self.elected]} if self.elected else {}),
            **({"beside": [_beside_json(it) for it in self.beside]} if self.beside else {}),
        }


def tied(ranking: Standings) -> tuple[tuple[str, ...], ...]:
    """The units that share a place, sorted, by place: among exactly these a ballot may be held (rule 5.9)."""
    shared = (row for row in ranking.rows if row.shared)
    return tuple(tuple(sorted(row.unit for row in rows)) for _, rows in groupby(shared, key=lambda row: row.place))


def standings(record: Record, as_of: date, *, counted: Tally | None = None) -> Standings:
    """Rank the group. With no group year or scheme in the record there are no rows, and a reason says so.

    `counted` is this record's tally on this day, where it is known already.
    """
    scheme = record.scheme
    rows: list[Row] = []
    if scheme is not None:
        cards = (counted or tally(record, as_of)).cards
        rows = [_row(record, member, cards[member.unit], as_of) for member in record.listed(as_of)]
        rows = _in_order(record, rows)
        votes = {award.id: honours(record, award.id) for award in scheme.awards}
        rows = [replace(row, awards=_awards(record, scheme, row, as_of, votes)) for row in rows]
    year = record.groupyear
    return Standings(
        group=None if year is None else year["group"],
        year=None if year is None else year["year"],
        kind=None if year is None else year["kind"],
        as_of=as_of,
        scheme=scheme,
        rows=tuple(rows),
        reasons=_provisional(record, scheme, rows),
        decision_heads=record.folded.heads,
        sample=bool(year and year["sample"]),
        departures=() if scheme is None else _departures(record, scheme, rows),
        elected=elected(record),
        beside=beside(record),
    )


def _row(record: Record, member: Member, card: Scorecard, as_of: date) -> Row:
    unit = record.units.get(member.unit)
    plain = {"vi": member.unit, "en": member.unit}
    decision = record.folded.on(f"rank:{member.unit}", "rank-unit")
    reasons = []
    if not record.signed(member.unit, as_of):
        reasons.append(Reason("pact-unsigned"))
    if not member.active and not (decision is not None and decision["value"]["ranked"]):
        reasons.append(Reason("membership-ended", {"to": format_date(member.ended) if member.ended else ""}))
        reasons += _succeeded(record, member.unit)
    if decision is not None and not decision["value"]["ranked"]:
        reasons.append(Reason("left-out"))
    barred = bool(reasons)
    if card.total is None:
        reasons.append(Reason("no-number"))
        reasons.extend(reason for section in card.sections if section.points is None for reason in section.reasons)
    return Row(
        unit=member.unit,
        names=plain if unit is None else unit["names"],
        short_names=plain if unit is None else unit["short_names"],
        place=None,
        shared=False,
        ranked=not barred and card.total is not None,
        card=card,
        awards=(),
        reasons=tuple(reasons),
    )


def _succeeded(record: Record, unit: str) -> list[Reason]:
    """What ended it, where that is known."""
    event = ended_by(record.events, unit)
    if event is None:
        return []
    told = {"date": format_date(event["date"]), "number": event["number"]}
    if event["to"] is None:
        return [Reason("unit-dissolved", told)]
    return [Reason("unit-merged", {"unit": event["to"], **told})]


def _in_order(record: Record, rows: list[Row]) -> list[Row]:
    """Places first, then totals without a place, then no number; equals by id."""
    ranked = sorted((row for row in rows if row.ranked), key=_worth)
    placed: list[Row] = []
    for _, tied in groupby(ranked, key=_worth):
        for ballot, together in _untie(record, list(tied)):
            place = len(placed) + 1
            placed.extend(replace(row, place=place, shared=len(together) > 1, ballot=ballot) for row in together)
    rest = sorted(
        (row for row in rows if not row.ranked),
        key=lambda row: (row.total is None, -(row.total or 0), row.unit),
    )
    return placed + rest


def _worth(row: Row) -> tuple[Fraction, ...]:
    """Smaller is better: total, each section in the scheme's order, penalty. All are rounded figures (rule 5.9)."""
    sections = (-(section.points or 0) for section in row.card.sections)
    return (-(row.total or Fraction(0)), *map(Fraction, sections), row.card.penalty.points)


def _untie(record: Record, tied: list[Row]) -> Iterable[tuple[str | None, list[Row]]]:
    by_unit = {row.unit: row for row in sorted(tied, key=lambda row: row.unit)}
    ballot = tie_ballot(record, list(by_unit)) if len(tied) > 1 else None
    if ballot is None:
        yield None, list(by_unit.values())
        return
    for together in by_votes(ballot):
        yield ballot["_id"], [by_unit[unit] for unit in together]


def _departures(record: Record, scheme: Scheme, rows: Iterable[Row]) -> tuple[Departure, ...]:
    """By award; awards stand in the scheme from the highest down."""
    found, higher = [], set[str]()
    standing = list(rows)
    for index, award in enumerate(scheme.awards):
        candidates = [
            Candidate(row.unit, row.place, it.eligible, it.proposed)
            for row in standing
            for it in row.awards[index : index + 1]
        ]
        departs = departure(record, award.id, candidates, higher=higher)
        found += [] if departs is None else [departs]
        higher |= {it.unit for it in candidates if it.proposed}
    return tuple(found)


def _awards(
    record: Record, scheme: Scheme, row: Row, as_of: date, votes: Mapping[str, Mapping[str, Vote]]
) -> tuple[Eligibility, ...]:
    flags = record.open_flags(row.unit, as_of)
    base = row.card.base
    found = []
    for award in scheme.awards:
        failed = []
        if not row.ranked:
            failed.append(Reason("not-ranked"))
        # What is no number fails as "not ranked" only.
        if base is not None and base * 100 < award.base_percent * scheme.total:
            params = {"base": fixed_string(base), "percent": decimal_string(award.base_percent)}
            failed.append(Reason("base-below", {**params, "total": decimal_string(scheme.total)}))
        failed.extend(
            Reason(
                "section-below",
                {
                    "section": section.section.id,
                    "points": fixed_string(section.points),
                    "percent": decimal_string(award.section_percent),
                    "max": decimal_string(section.section.max),
                },
            )
            for section in row.card.sections
            if award.section_percent is not None
            and section.points is not None
            and section.points * 100 < award.section_percent * section.section.max
        )
        if flags:
            failed.append(Reason("open-flag", {"kinds": flags}))
        found.append(Eligibility(award, tuple(failed), votes[award.id].get(row.unit)))
    return tuple(found)


def _provisional(record: Record, scheme: Scheme | None, rows: list[Row]) -> tuple[Reason, ...]:
    if scheme is None:
        return (Reason("record-incomplete"),)
    reasons = []
    # Whatever else keeps it from a place, only the decision that leaves it out says that nobody waits for its number.
    left_out = {row.unit for row in rows if any(reason.code == "left-out" for reason in row.reasons)}
    numberless = [row.unit for row in rows if row.total is None and row.unit not in left_out]
    if numberless:
        reasons.append(Reason("units-without-number", {"units": numberless}))
    folded = record.folded
    undecided = [subject for subject in folded.contested if bears_on_figures(subject)]
    if undecided:
        reasons.append(Reason("contested-open", {"count": len(undecided)}))
    contested = sum(checklist.contested for row in rows for checklist in row.card.checklists)
    if contested:
        reasons.append(Reason("checklists-contested", {"count": contested}))
    if any(criterion.kind == "quantitative" for criterion in scheme.criteria) and record.score_lock is None:
        reasons.append(Reason("scores-not-locked"))
    if folded.absent:
        reasons.append(Reason("log-incomplete", {"count": len(folded.absent)}))
    if folded.broken:
        reasons.append(Reason("log-broken", {"count": len(folded.broken)}))
    return tuple(reasons)


def bears_on_figures(subject: str) -> bool:
    """Could a decision on this subject change a ranking? Freezing, publishing and withholding do not."""
    return subject not in ("ranking", "published") and not subject.startswith("withheld:")


def _vote_json(vote: Vote) -> dict[str, Any]:
    told = {"decision": vote.decision, "unit": vote.unit, "votes": vote.votes, "present": vote.present}
    return {**told, "chosen": vote.chosen}


def _departure_json(found: Departure) -> dict[str, Any]:
    told = {"award": found.award, "units": list(found.units), "over": list(found.over)}
    return {**told, "decision": found.decision}


def _beside_json(found: Beside) -> dict[str, Any]:
    return {"subject": found.subject, "units": list(found.units), "struck": found.struck}


def _figure(value: Fraction | None) -> str | None:
    return None if value is None else fixed_string(value)


def _row_json(row: Row) -> dict[str, Any]:
    card = row.card
    return {
        "unit": row.unit,
        "names": dict(row.names),
        "short_names": dict(row.short_names),
        "place": row.place,
        "shared": row.shared,
        "ranked": row.ranked,
        "sections": [
            {
                "section": it.section.id,
                "max": decimal_string(it.section.max),
                "points": _figure(it.points),
                "state": it.state,
                "decision": it.decision,
                "reasons": [reason.to_json() for reason in it.reasons],
            }
            for it in card.sections
        ],
        "base": _figure(card.base),
        "bonus": _figure(card.bonus.points),
        "penalty": _figure(card.penalty.points),
        "total": _figure(card.total),
        "awards": [
            {
                "award": it.award.id,
                "eligible": it.eligible,
                "failed": [reason.to_json() for reason in it.failed],
                **({} if it.vote is None else {"ballot": _vote_json(it.vote), "proposed": it.proposed}),
            }
            for it in row.awards
        ],
        "coverage": {
            "visits_done": card.coverage.visits_done,
            "visits_planned": card.coverage.visits_planned,
            "answered": card.coverage.answered,
            "applicable": card.coverage.applicable,
            "self_done": card.coverage.self_done,
            "photos": len(card.coverage.photos),
        },
        "ballot": row.ballot,
        "reasons": [reason.to_json() for reason in row.reasons],
    }
