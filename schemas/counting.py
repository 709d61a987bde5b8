"""Which submissions count: superseding, contested heads, late ones, and those that count only by decision.

Truth never depends on the order in which phones came back: everything here is a function of the set of documents.
What a submission is worth is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas import ids
from schemas.figures import format_date, local_day
from schemas.problem import Reason
from schemas.record import Body, Record


@dataclass(frozen=True, slots=True)
class Checklist:
    """The submissions of one checklist.

    `counted` is the one that counts. `heads` are the unsuperseded among those in force: two or more are contested and
    none counts. `later` came after what a decision named, and waits for the next. `aside` tells of each submission not
    in force why. `late` are the counted or contested ones that came after the deadline.
    """

    subject: str
    unit: str
    stage: str
    visit: str | None
    counted: str | None
    heads: tuple[str, ...]
    contested: bool
    later: tuple[str, ...]
    aside: Mapping[str, Reason]
    late: Mapping[str, Reason]
    decision: str | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What a page says beside it."""
        found = [Reason("contested-checklist", {"checklist": self.subject})] if self.contested else []
        found += [Reason("later")] if self.later else []
        return (*found, *self.late.values(), *self.aside.values())


def checklists(record: Record, submissions: Iterable[Body] | None = None) -> dict[str, Checklist]:
    """Every checklist of which one of these submissions (or any) is here, by its subject."""
    by_subject: dict[str, dict[str, Body]] = {}
    for submission in record.submissions.values() if submissions is None else submissions:
        by_subject.setdefault(ids.checklist_of(submission["_id"]), {})[submission["_id"]] = submission
    return {subject: _checklist(record, subject, held) for subject, held in sorted(by_subject.items())}


def superseders(held: Mapping[str, Body], submission: str, *, among: Collection[str]) -> set[str]:
    """All of `among` that supersede a submission, directly or through each other."""
    found: set[str] = set()
    edge = {submission}
    while edge:
        edge = {name for name in among if name not in found and edge & set(held[name]["supersedes"])} - {submission}
        found |= edge
    return found


def _checklist(record: Record, subject: str, held: Mapping[str, Body]) -> Checklist:
    any_id = ids.parse(next(iter(held)))
    decision = record.folded.on(subject, "count-submission")
    undecided = subject in record.folded.contested
    aside = {name: reason for name, body in held.items() if (reason := _set_aside(record, body)) is not None}
    active = set(held) - set(aside)
    later: set[str] = set()
    counted: str | None = None
    if decision is not None:
        named, counts = decision["value"]["submission"], decision["value"]["counts"]
        # A decision binds what it names; what supersedes that is shown as later until decided.
        later = superseders(held, named, among=set(held) - {named})
        active -= later
        if counts:
            counted = named if named in held else None
            aside.pop(named, None)
        else:
            active.discard(named)
            if named in held:
                aside[named] = Reason("set-aside-decided")
    replaced = {name for body in (held[name] for name in active) for name in body["supersedes"]}
    # What the head approved stands in the head's own version: the prepared one waits for nobody any more.
    aside = {name: why for name, why in aside.items() if why.code != "waiting-head" or name not in replaced}
    heads = _heads(held, active, replaced)
    if decision is not None and decision["value"]["counts"]:
        heads = (counted,) if counted else ()
    elif not undecided and len(heads) == 1:
        counted = heads[0]
    return Checklist(
        subject=subject,
        unit=any_id["unit"],
        stage=any_id["stage"],
        visit=any_id.get("visit"),
        counted=counted,
        heads=heads,
        contested=undecided or len(heads) > 1,
        later=tuple(sorted(later)),
        aside=aside,
        late={name: reason for name in heads if (reason := _late(record, held[name])) is not None},
        decision=None if decision is None else decision["_id"],
    )


def _heads(held: Mapping[str, Body], active: set[str], replaced: set[str]) -> tuple[str, ...]:
    """The unsuperseded. Submissions that supersede each other in a ring nothing else replaces are each one."""
    heads = active - replaced
    reached, edge = set(heads), set(heads)
    while edge:
        edge = {named for name in edge for named in held[name]["supersedes"]} & active - reached
        reached |= edge
    rest = active - reached
    above = {name: superseders(held, name, among=rest) for name in rest}
    heads |= {name for name in rest if all(name in above[other] for other in above[name])}
    return tuple(sorted(heads))


def _set_aside(record: Record, submission: Body) -> Reason | None:
    if submission["scheme"] != record.scheme_id:
        return Reason("set-aside-scheme")
    if submission["stage"] == "self" and submission["approved_by"] is None:
        return Reason("waiting-head")
    if submission["stage"] == "cross":
        visit = record.visits.get(submission["visit"])
        if visit is None or visit.inspected != submission["unit"] or visit.state == "contested":
            return Reason("waiting-visit", {"visit": submission["visit"]})
        if visit.state == "cancelled":
            return Reason("set-aside-cancelled")
        if (submission["by"], submission["unit"]) in visit.team:
            return Reason("set-aside-own-unit")
    arrival = record.arrivals.get(submission["_id"])
    if arrival is not None and {"revoked", "lost"} & set(arrival["flags"]):
        return Reason("set-aside-revoked")
    return None


def _late(record: Record, submission: Body) -> Reason | None:
    arrival = record.arrivals.get(submission["_id"])
    if arrival is None or record.groupyear is None:
        return None
    deadline = record.groupyear["deadlines"][submission["stage"]]
    if deadline is not None and local_day(arrival["at"]).isoformat() > deadline:
        return Reason("late", {"deadline": format_date(deadline)})
    return None
