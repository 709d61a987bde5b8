"""Official acts as a hash-chained log: building one, finding its heads, and what the whole of it says today.

    1 ── 2 ── 3a ── 4          3a and 3b had not met: on one subject they are contested, and stay so although 4
           └─ 3b ─┘            names both in `previous`, until a decision on that subject lists both in `settles`.

Ids carry the hash of their body and a body names its predecessors, so nothing can be changed or taken out unseen.
Who may act, and what an act means for a score, is not known here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice, takewhile
from typing import Any, Final

from schemas import ids
from schemas.acts import ACTS, ActMember, AnyValue, check_value, subject_of, units_of
from schemas.document import Document
from schemas.fields import Fault, Form, Hash, Inner, ListOf, OneOf, Ref, Text, Time, Whole, Word, Year
from schemas.hashing import body_sha256
from schemas.problem import InvalidDocument, Problem

__all__ = [
    "ACTS",
    "Contested",
    "Folded",
    "build",
    "check_value",
    "fold",
    "heads",
    "is_whole",
    "reaches",
    "subject_of",
    "units_of",
    "unreachable",
    "withheld",
]

INPUTS_MAX: Final = 20_000
"""Documents one act binds: a frozen ranking names every one it was computed from, a year of the largest group."""

HEADS_MAX: Final = 100
"""Branches one act joins: more servers than a ministry runs."""

_NUMBERED = re.compile(r"decision:([1-9][0-9]{0,8}):[^:]*")


class InputForm(Form):
    id = Text(chars_max=400)
    sha256 = Hash()


class Authority(Form):
    unit = Word()

    class Meta(Form.Meta):
        include = {"as": OneOf("leader", "deputy", "council")}  # noqa: RUF012


class DecisionForm(Document):
    type_name = "decision"

    group = Word()
    year = Year()
    n = Whole(1, 999_999_999)
    previous = ListOf(Ref("decision"), most=HEADS_MAX, sorted_unique=True)
    settles = ListOf(Ref("decision"), most=HEADS_MAX, sorted_unique=True)
    act = ActMember()
    subject = Text(chars_max=3_500)
    value = AnyValue()
    reason = Hash(nullable=True)
    inputs = ListOf(Inner(InputForm), most=INPUTS_MAX)
    by = Word()
    authority = Inner(Authority)
    at = Time()

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        wrong = check_value(body["act"], body["value"])
        yield from ((problem.path, Fault(problem.code, problem.params)) for problem in wrong)
        if wrong:
            return
        act = ACTS[body["act"]]
        if body["subject"] != subject_of(body["act"], body["value"]):
            yield "subject", Fault("subject-differs", {"expected": subject_of(body["act"], body["value"])})
        if act.reason_required and body["reason"] is None:
            yield "reason", Fault("reason-required", {"act": body["act"]})
        if len(body["inputs"]) < act.inputs_least:
            yield "inputs", Fault("inputs-required", {"act": body["act"]})
        named = [given["id"] for given in body["inputs"]]
        if named != sorted(set(named)):
            yield "inputs", Fault("list-not-sorted")
        if body["n"] != 1 + max((_n(previous) for previous in body["previous"]), default=0):
            yield "n", Fault("decision-n")
        if body["_id"] != ids.decision_id(body["n"], body_sha256(body)):
            yield "_id", Fault("hash-differs")


@dataclass(frozen=True, slots=True)
class Contested:
    """Acts on one subject in branches that had not met. `sides` are those a settling decision lists, sorted by id."""

    subject: str
    sides: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Folded:
    """What a log of decisions says. Subjects are in `standing` or in `contested`, never in both.

    `history` holds every act on a subject, earliest first. `absent` are decisions named as previous that are not here:
    the log is incomplete. `broken` are documents whose id is not the hash of what they say, or whose number does not
    follow from what they name: they count for nothing, and someone must look.
    """

    standing: Mapping[str, Mapping[str, Any]]
    contested: Mapping[str, Contested]
    history: Mapping[str, tuple[Mapping[str, Any], ...]]
    by_id: Mapping[str, Mapping[str, Any]]
    heads: tuple[str, ...]
    absent: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    _ancestors: Mapping[str, int] = field(default_factory=dict, repr=False)
    _bit: Mapping[str, int] = field(default_factory=dict, repr=False)

    def on(self, subject: str, *acts: str) -> Mapping[str, Any] | None:
        """The decision that stands on a subject, if it is one of `acts` (or any, when none are named)."""
        found = self.standing.get(subject)
        return found if found is not None and (not acts or found["act"] in acts) else None

    def precedes(self, earlier: str, later: str) -> bool:
        """Had the writer of `later` seen `earlier`, directly or through what it saw?"""
        bit = self._bit.get(earlier)
        return bit is not None and bool(self._ancestors.get(later, 0) >> bit & 1)

    def subjects(self, prefix: str) -> list[str]:
        """Every subject that begins so, sorted, whether it stands or is contested."""
        begin = bisect_left(self._in_order, prefix)
        return list(takewhile(lambda it: it.startswith(prefix), islice(self._in_order, begin, None)))

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self.history)


def build(
    existing: Iterable[Mapping[str, Any]],
    act: str,
    value: Mapping[str, Any],
    *,
    group: str,
    year: int,
    by: str,
    authority: Mapping[str, str],
    at: str,
    reason: str | None = None,
    inputs: Iterable[tuple[str, str]] = (),
    settles: Iterable[str] = (),
) -> dict[str, Any]:
    """A decision that follows all of `existing` (the whole log, or its heads).

    `reason` is a part's hash, `inputs` are pairs of id and body hash, `authority` is `{"unit", "as"}`. Raises
    InvalidDocument with what is wrong.
    """
    wrong = check_value(act, value)
    if wrong:
        raise InvalidDocument(wrong)
    previous = heads(existing)
    body: dict[str, Any] = {
        "type": "decision",
        "v": 1,
        "group": group,
        "year": year,
        "n": 1 + max((_n(head) for head in previous), default=0),
        "previous": previous,
        "settles": sorted(set(settles)),
        "act": act,
        "subject": subject_of(act, value),
        "value": dict(value),
        "reason": reason,
        "inputs": [{"id": name, "sha256": sha256} for name, sha256 in sorted(set(inputs))],
        "by": by,
        "authority": dict(authority),
        "at": at,
    }
    if ACTS[act].reason_required and reason is None:
        raise InvalidDocument([Problem("reason", "reason-required", {"act": act})])
    if len(body["inputs"]) < ACTS[act].inputs_least:
        raise InvalidDocument([Problem("inputs", "inputs-required", {"act": act})])
    return {"_id": ids.decision_id(body["n"], body_sha256(body)), **body}


def heads(decisions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the decisions no other names as previous, sorted."""
    documents = list(decisions)
    named = {previous for document in documents for previous in document["previous"]}
    return sorted({document["_id"] for document in documents} - named)


def fold(decisions: Iterable[Mapping[str, Any]]) -> Folded:
    """What a log says, whatever order it comes in and however often a decision is in it."""
    held = {document["_id"]: document for document in decisions}
    by_id = {name: held[name] for name in sorted(held, key=lambda name: (_n(name), name)) if is_whole(held[name])}
    bit: dict[str, int] = {}
    ancestors: dict[str, int] = {}
    history: dict[str, list[Mapping[str, Any]]] = {}
    # A child's number is greater than its parents', so this order meets parents first.
    for position, (name, document) in enumerate(by_id.items()):
        bit[name] = position
        ancestors[name] = 0
        for previous in document["previous"]:
            if previous in bit:
                ancestors[name] |= ancestors[previous] | 1 << bit[previous]
        history.setdefault(document["subject"], []).append(document)
    folded = Folded(
        standing={},
        contested={},
        history={subject: tuple(acts) for subject, acts in history.items()},
        by_id=by_id,
        heads=tuple(heads(by_id.values())),
        absent=tuple(sorted({p for document in by_id.values() for p in document["previous"] if p not in held})),
        broken=tuple(sorted(set(held) - set(by_id))),
        _ancestors=ancestors,
        _bit=bit,
    )
    standing: dict[str, Mapping[str, Any]] = {}
    contested: dict[str, Contested] = {}
    for subject, acts in folded.history.items():
        sides = _unsettled(folded, acts)
        if sides:
            contested[subject] = Contested(subject, sides)
        else:
            standing[subject] = acts[-1]
    return Folded(
        standing, contested, folded.history, by_id, folded.heads, folded.absent, folded.broken, ancestors, bit
    )


def reaches(folded: Folded, named_heads: Iterable[str], decision: str) -> bool:
    """Is `decision` one of these heads, or among what they follow?"""
    return any(decision == head or folded.precedes(decision, head) for head in named_heads)


def unreachable(decisions: Iterable[Mapping[str, Any]], named_heads: Sequence[str]) -> list[str] | None:
    """The decisions held here that a server's heads do not follow: it lost or hides them.

    None when that cannot be told yet, because something between is not here.
    """
    folded = fold(decisions)
    if folded.absent or any(head not in folded.by_id for head in named_heads):
        return None
    return [name for name in folded.by_id if not reaches(folded, named_heads, name)]


def withheld(folded: Folded) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Kind and hash of everything erased, each with the first decision that did so: an erasure cannot be taken back."""
    return {
        (acts[0]["value"]["kind"], acts[0]["value"]["sha256"]): acts[0]
        for subject, acts in sorted(folded.history.items())
        if subject.startswith("withheld:")
    }


def _unsettled(folded: Folded, acts: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The acts of unsettled pairs that had not met, without those replaced in their own line; empty when none."""
    names = [document["_id"] for document in acts]
    lines = {
        name: [name, *(later for later in names if folded.precedes(name, later))] for name in names
    }  # Each act and what replaced it later in its line.

    def apart(one: str, other: str) -> bool:
        return not folded.precedes(one, other) and not folded.precedes(other, one)

    def settled(one: str, other: str) -> bool:
        return any(
            first in settler["settles"]
            and second in settler["settles"]
            and folded.precedes(first, settler["_id"])
            and folded.precedes(second, settler["_id"])
            for first in lines[one]
            for second in lines[other]
            if first != second and apart(first, second)
            for settler in acts
        )

    open_sides: set[str] = set()
    for one, other in combinations(names, 2):
        if apart(one, other) and not settled(one, other):
            open_sides.update((one, other))
    # Of a line only its latest act stands against the other branch.
    latest = {name for name in open_sides if not any(later in open_sides for later in lines[name][1:])}
    return tuple(document for document in acts if document["_id"] in latest)


def is_whole(document: Mapping[str, Any]) -> bool:
    """Is its id the hash of what it says, and does its number follow from what it names?"""
    try:
        n_follows = document["n"] == 1 + max((_n(previous) for previous in document["previous"]), default=0)
        return bool(n_follows and document["_id"] == ids.decision_id(document["n"], body_sha256(document)))
    except (KeyError, TypeError, ids.NotAnId):
        return False


def _n(decision: str) -> int:
    """Of an id that has none: 0. Asked of every decision at every fold, so the id is not taken apart in full."""
    numbered = _NUMBERED.fullmatch(decision)
    return 0 if numbered is None else int(numbered[1])
