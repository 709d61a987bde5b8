"""A checklist's life on paper: a draft that several devices fill in, and the submission made from it.

Pure: ids, times and devices are given. Merging is `schemas.merge`, single answers `schemas.answer`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from schemas import ids
from schemas.answer import (
    VALUES,
    AnswerForm,
    DraftAnswerForm,
    answer,
    check_answer,
    has_value,
    value_of,
)
from schemas.document import Document
from schemas.fields import Fault, Form, Hash, Inner, ListOf, MapOf, OneOf, Ref, Stamp, Text, Whole, Word, Year
from schemas.kinds import points_for
from schemas.merge import join, merge_drafts
from schemas.problem import InvalidDocument, Problem
from schemas.scheme import Criterion, Scheme

__all__ = [
    "VALUES",
    "answer",
    "answer_of",
    "check_answer",
    "choose",
    "device_of",
    "disputed",
    "entries_of",
    "has_value",
    "merge_drafts",
    "missing",
    "new_draft",
    "problems",
    "set_answer",
    "submission_from",
]

CRITERIA_MAX: Final = 500
"""In one checklist; the longest scheme we know has 120."""

ENTRIES_MAX: Final = 20
"""Concurrent answers to one criterion: more devices than a team has people."""

WRITERS_MAX: Final = 2_000
"""In one vector. Each opening of the app in which somebody changed this very answer adds one for ever."""

CLAIMS_MAX: Final = 100
SUPERSEDES_MAX: Final = 50


class Entry(Form):
    vector = MapOf(Whole(1, 1_000_000_000), most=WRITERS_MAX, least=1)
    answer = Inner(DraftAnswerForm)


class DraftForm(Document):
    type_name = "draft"

    group = Word()
    year = Year()
    unit = Word()
    stage = OneOf(*ids.STAGES)
    visit = Word(nullable=True)
    scheme = Ref("scheme")
    answers = MapOf(ListOf(Inner(Entry), most=ENTRIES_MAX, least=1), most=CRITERIA_MAX)


class Claim(Form):
    item = Word()
    subject = Hash()
    number = Text(nullable=True)
    evidence = ListOf(Ref("cited"), most=50, unique=True)


class SubmissionForm(Document):
    type_name = "submission"

    group = Word()
    year = Year()
    unit = Word()
    stage = OneOf(*ids.STAGES)
    visit = Word(nullable=True)
    scheme = Ref("scheme")
    answers = MapOf(Inner(AnswerForm), most=CRITERIA_MAX)
    claims = ListOf(Inner(Claim), most=CLAIMS_MAX)
    supersedes = ListOf(Ref("submission"), most=SUPERSEDES_MAX, sorted_unique=True)
    self_version = Ref("submission", nullable=True)
    by = Word()
    approved_by = Word(nullable=True)
    made = Inner(Stamp)
    note = Hash(nullable=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        for index, superseded in enumerate(body["supersedes"]):
            if ids.checklist_of(superseded) != ids.checklist_of(body["_id"]) or superseded == body["_id"]:
                yield f"supersedes.{index}", Fault("supersedes-other-checklist")
        if body["self_version"] is not None:
            compared = ids.parse(body["self_version"])
            if body["stage"] != "cross":
                yield "self_version", Fault("self-version-of-self")
            elif (compared["group"], compared["unit"], compared["stage"]) != (body["group"], body["unit"], "self"):
                yield "self_version", Fault("self-version-of-other")


def new_draft(*, group: str, year: int, unit: str, stage: str, scheme: str, visit: str | None = None) -> dict[str, Any]:
    """An empty draft; `scheme` is the id of the scheme's document."""
    return {
        "_id": ids.draft_id(group, unit, stage, visit),
        "type": "draft",
        "v": 1,
        "group": group,
        "year": year,
        "unit": unit,
        "stage": stage,
        "visit": visit,
        "scheme": scheme,
        "answers": {},
    }


def set_answer(draft: Mapping[str, Any], criterion: str, given: Mapping[str, Any], writer: str) -> dict[str, Any]:
    """The draft with one answer replaced (`{}` clears it), knowing all that stood there: a dispute is settled by it.

    No two lines of answers may count under one `writer`: `<device>-<opening>`, of one opening of one phone's folder.
    """
    known = join(entry["vector"] for entry in entries_of(draft, criterion))
    entry = {"vector": {**known, writer: known.get(writer, 0) + 1}, "answer": dict(given)}
    return {**draft, "answers": {**draft["answers"], criterion: [entry]}}


def choose(draft: Mapping[str, Any], criterion: str, index: int, writer: str) -> dict[str, Any]:
    """The draft with a dispute settled in favour of its entry `index`."""
    return set_answer(draft, criterion, entries_of(draft, criterion)[index]["answer"], writer)


def device_of(writer: str) -> str:
    """The device of a vector's member. (Earlier apps wrote the device alone.)"""
    return writer.partition("-")[0]


def entries_of(draft: Mapping[str, Any], criterion: str) -> list[Mapping[str, Any]]:
    """All entries that stand for one criterion: none, the settled one, or the disputed ones."""
    return list(draft["answers"].get(criterion, ()))


def answer_of(draft: Mapping[str, Any], criterion: str) -> dict[str, Any] | None:
    """The settled answer, or None where there is none, it was cleared, or it is disputed."""
    entries = entries_of(draft, criterion)
    return dict(entries[0]["answer"]) or None if len(entries) == 1 else None


def disputed(draft: Mapping[str, Any]) -> list[str]:
    """The criteria of which a person must choose an answer, sorted."""
    return sorted(criterion for criterion, entries in draft["answers"].items() if len(entries) > 1)


def missing(draft: Mapping[str, Any], scheme: Scheme, functions: Collection[str]) -> list[str]:
    """The criteria that concern a unit with these functions and have no answer yet, in the scheme's order."""
    return [it.id for it in scheme.criteria if _concerns(it, functions) and not has_value(answer_of(draft, it.id))]


def problems(
    draft: Mapping[str, Any],
    scheme: Scheme,
    *,
    functions: Collection[str],
    evidence: Collection[str] | None = None,
    self_answers: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Problem]:
    """What stops Submit, in the scheme's order. A missing answer does not: it will show as missing.

    `evidence` are the ids of evidence at hand (None: not known, not judged); `self_answers` those of the self version
    a cross checklist is compared with.
    """
    found: list[Problem] = []
    disputes = set(disputed(draft))
    for criterion in scheme.criteria:
        path = f"answers.{criterion.id}"
        params: dict[str, Any] = {"criterion": criterion.id}
        if criterion.id in disputes:
            found.append(Problem(path, "answer-disputed", params))
            continue
        given = answer_of(draft, criterion.id)
        if given is None or not has_value(given) or not _concerns(criterion, functions):
            continue
        found.extend(check_answer(scheme, criterion.id, given))
        if given.get("na"):
            if not given.get("note"):
                found.append(Problem(f"{path}.note", "na-needs-note", params))
            continue
        # A unit proves what it claims; an inspector looks at that proof, and photographs where it helps.
        if draft["stage"] == "self" and criterion.evidence_required and not given.get("evidence"):
            found.append(Problem(f"{path}.evidence", "evidence-missing", params))
        if evidence is not None:
            found.extend(
                Problem(f"{path}.evidence", "evidence-unknown", {**params, "evidence": cited})
                for cited in given.get("evidence") or []
                if cited not in evidence
            )
        if not given.get("note") and differs(scheme, criterion, given, (self_answers or {}).get(criterion.id)):
            limit = scheme.discrepancy_percent
            found.append(Problem(f"{path}.note", "difference-needs-note", {**params, "percent": str(limit)}))
    found.extend(
        Problem(f"answers.{name}", "criterion-unknown", {"criterion": name, "scheme": scheme.scheme})
        for name in sorted(draft["answers"])
        if scheme.criterion(name) is None and (name in disputes or has_value(answer_of(draft, name)))
    )
    if not found and not any(has_value(answer_of(draft, criterion.id)) for criterion in scheme.criteria):
        found.append(Problem("answers", "nothing-answered"))
    return found


def differs(
    scheme: Scheme, criterion: Criterion, cross: Mapping[str, Any], self_answer: Mapping[str, Any] | None
) -> bool:
    """Do two answers differ by more than the scheme's share of the maximum (rule 5.3)?

    Quantitative criteria need the group's best actual and are compared only where standings are computed.
    """
    if criterion.kind == "quantitative":
        return False
    ours, theirs = value_of(criterion, cross), value_of(criterion, self_answer)
    if ours is None or theirs is None:
        return False
    one, other = points_for(criterion, ours), points_for(criterion, theirs)
    if one is None or other is None:
        return False
    return abs(one - other) * 100 > criterion.max * scheme.discrepancy_percent


def submission_from(
    draft: Mapping[str, Any],
    scheme: Scheme,
    *,
    ulid: str,
    by: str,
    made: Mapping[str, Any],
    cited: Mapping[str, str],
    functions: Collection[str],
    approved_by: str | None = None,
    supersedes: Sequence[str] = (),
    self_version: str | None = None,
    self_answers: Mapping[str, Mapping[str, Any]] | None = None,
    claims: Sequence[Mapping[str, Any]] = (),
    note: str | None = None,
) -> dict[str, Any]:
    """The immutable submission a draft says now. `cited` maps each evidence id to the id of its cited copy.

    Answers without a value stay in the draft. Raises InvalidDocument with all that stops it.
    """
    found = problems(draft, scheme, functions=functions, evidence=cited.keys(), self_answers=self_answers)
    if found:
        raise InvalidDocument(found)
    answers = {}
    for criterion in sorted(draft["answers"]):
        given = answer_of(draft, criterion)
        if given is not None and has_value(given):
            if given.get("evidence"):
                # Two pieces of evidence with one content have one copy.
                given["evidence"] = list(dict.fromkeys(cited[evidence] for evidence in given["evidence"]))
            answers[criterion] = given
    return {
        "_id": ids.submission_id(draft["group"], draft["unit"], draft["stage"], draft["visit"], ulid),
        "type": "submission",
        "v": 1,
        "group": draft["group"],
        "year": draft["year"],
        "unit": draft["unit"],
        "stage": draft["stage"],
        "visit": draft["visit"],
        "scheme": draft["scheme"],
        "answers": answers,
        "claims": [dict(claim) for claim in claims],
        "supersedes": sorted(set(supersedes)),
        "self_version": self_version,
        "by": by,
        "approved_by": approved_by,
        "made": dict(made),
        "note": note,
    }


def _concerns(criterion: Criterion, functions: Collection[str]) -> bool:
    return criterion.function is None or criterion.function in functions
