"""What screens are given to show: frozen values in the person's language, without a document or a database in them.

A card never asks, never changes and never knows where it came from. Points and sums are decimal strings
(`"132.5"`): `schemas.figures.format_points` writes them as the language does. Times are UTC strings as documents have
them; dates are `"2024-10-08"`. `key` names a checklist and is opaque: hand it back to `Phone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

State = Literal["draft", "incomplete", "ready", "sending", "sent", "verified", "returned", "disputed", "refused"]
"""The states of a record, in the words of the whole product: `mobile.i18n.state_word` names them."""

Awaiting = Literal["", "mine", "head"]
"""Whose approval a submitted self-score still needs: nobody's, this phone's person's, the head's of the unit."""

CriterionState = Literal["missing", "answered", "na", "excluded", "disputed", "returned"]
Kind = Literal["judged", "quantitative", "pass_fail", "per_occurrence", "bands"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who this phone belongs to. `locale` is the account's; the phone's setting may differ."""

    account: str
    person: str
    person_name: str
    unit: str
    roles: tuple[str, ...]
    device: str
    server_url: str
    locale: str
    token: str = field(repr=False)
    unit_names: Mapping[str, str] = field(default_factory=dict)
    """What the unit is called, by language; empty where the server did not say."""
    unit_short_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stops Submit. `criterion` is None where it concerns the whole checklist."""

    criterion: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was. Decimal strings, as GPS gave them; any may be None."""

    name: str | None = None
    lat: str | None = None
    lon: str | None = None
    accuracy_m: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoView:
    """One photo. `file` is the full picture and `thumbnail` a small one; None where this phone does not hold it."""

    sha256: str
    width: int
    height: int
    taken: str | None
    file: Path | None
    thumbnail: Path | None
    safe: bool
    """The server has confirmed that it holds the whole."""


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    """One piece of evidence. `percent` is how much of its photos the server holds, while sending."""

    id: str
    title: str
    note: str
    unit: str
    unit_name: str
    place: Place | None
    people: str
    movement: str | None
    movement_name: str
    criterion: str | None
    at: str
    photos: tuple[PhotoView, ...]
    children: bool
    consent: bool | None
    by: str
    by_name: str
    mine: bool
    state: State
    percent: int | None
    reason: str
    """Why the server refused it, in its words; empty otherwise."""

    @property
    def thumbnail(self) -> Path | None:
        """The small picture of the first photo."""
        return self.photos[0].thumbnail if self.photos else None


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What somebody answered: one of points, actual, count, passed or na is set."""

    points: str | None
    actual: str | None
    count: str | None
    passed: bool | None
    na: bool
    note: str
    by: str
    by_name: str
    at: str
    evidence: tuple[str, ...]
    paper: str | None = None
    """The day it was scored on paper, where it was typed in from there."""


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A decision that sends one criterion back: why, until when, and which decision says so."""

    decision: str
    reason: str
    deadline: str


@dataclass(frozen=True, slots=True)
class BandView:
    """Up to and including `to` (None: whatever is above) earns `points`."""

    to: str | None
    points: str


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One line of a checklist. `worth` is what the answer earns so far; None where that is no number (yet)."""

    id: str
    label: str
    """As people number it: `I.3`."""
    name: str
    section: str
    kind: Kind
    max: str
    step: str | None
    target: str | None
    points_each: str | None
    bands: tuple[BandView, ...]
    asked: tuple[str, ...]
    """What to write and what it will earn, as sentences; nothing of judged points, whose control says it."""
    evidence_required: bool
    excluded: bool
    """The unit lacks the function this criterion is about: it is not asked."""
    state: CriterionState
    answer: AnswerView | None
    worth: str | None
    note: str
    evidence: tuple[EvidenceCard, ...]
    self_answer: AnswerView | None
    self_worth: str | None
    discrepant: bool
    """More than the scheme's share of max lies between this and the self score: a note is asked for."""
    note_asked: bool
    """A note is asked for and not there yet."""
    choices: tuple[AnswerView, ...]
    """Disputed: what each side answered; `Phone.choose` takes the index."""
    returned: ReturnView | None
    problem: str
    """What stops Submit here, as a sentence; empty when nothing does."""
    photo_asked: bool = False
    """What `problem` asks for is a piece of evidence."""


@dataclass(frozen=True, slots=True)
class ReplyView:
    """A reply that was sent from here or elsewhere; `reason` says why the server refused it."""

    text: str
    by_name: str
    at: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class OpenReply:
    """What the own unit may answer: a return (`why` is its reason) or a deduction (`why` is the team's comment).

    `answers` names it to `Phone.reply`; `due` is the last day; `draft` is what was begun here and not sent. `stage` is
    that of the checklist returned or compared: the unit corrects its own self-score, the team its cross checklist.
    """

    key: str
    criterion: str
    label: str
    name: str
    kind: Literal["return", "difference"]
    stage: Literal["self", "cross"]
    answers: str
    due: str | None
    why: str
    own: str | None
    cross: str | None
    draft: str
    replies: tuple[ReplyView, ...]


@dataclass(frozen=True, slots=True)
class AgreedView:
    """Somebody of the team or of the unit who agreed to the minutes, and when."""

    side: Literal["team", "unit"]
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class MinutesView:
    """The minutes of a visit as they stand on this phone: being written, or as they were sent last.

    `on` is a date, `began` and `ended` are `"08:30"` or empty. `state` is that of what was sent, None before.
    """

    key: str
    unit_name: str
    on: str
    began: str
    ended: str
    place: str
    team: str
    unit: str
    differences: str
    recommendations: str
    agreed: tuple[AgreedView, ...]
    written: bool
    """Something was written here that was not sent."""
    sent_at: str | None
    sent: int
    """How many stand side by side; more than one asks for one in their place."""
    state: State | None
    percent: int | None
    reason: str
    editable: bool
    submitted: bool
    """The checklist was submitted: only then has the visit a result to write minutes of."""


@dataclass(frozen=True, slots=True)
class SectionView:
    """One part of a checklist. `subtotal` adds what is answered so far, scaled over N/A; provisional until all is."""

    id: str
    label: str
    name: str
    max: str
    subtotal: str | None
    provisional: bool
    done: int
    applicable: int
    criteria: tuple[CriterionView, ...]


@dataclass(frozen=True, slots=True)
class ClaimItem:
    """A bonus or penalty item of the scheme that may be claimed."""

    id: str
    name: str
    points: str
    bonus: bool


@dataclass(frozen=True, slots=True)
class ClaimView:
    """An achievement claimed in a checklist: it counts only by decision."""

    item: str
    item_name: str
    subject: str
    number: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChecklistView:
    """A checklist as its screen shows it. `version` changes when anything in it does."""

    key: str
    version: str
    stage: Literal["self", "cross"]
    group: str
    group_name: str
    year: int
    unit: str
    unit_name: str
    visit: str | None
    visit_place: str
    visit_from: str | None
    visit_to: str | None
    sample: bool
    """Its scores are invented, and the screen says so."""
    editable: bool
    state: State
    total: str | None
    total_max: str
    provisional: bool
    done: int
    applicable: int
    sections: tuple[SectionView, ...]
    missing: tuple[str, ...]
    disputed: tuple[str, ...]
    returned: tuple[str, ...]
    problems: tuple[Problem, ...]
    claims: tuple[ClaimView, ...]
    claim_items: tuple[ClaimItem, ...]
    submitted: str | None
    """The last submission made from this checklist that this phone knows."""
    submitted_at: str | None
    changed: bool
    """Answers differ from what was last submitted."""
    awaiting: Awaiting = ""
    published: bool = False
    """Its year's result is published: what is submitted from here on is kept and changes nothing."""

    def criterion(self, criterion: str) -> CriterionView:
        """The line of `criterion`. Raises KeyError."""
        for section in self.sections:
            for view in section.criteria:
                if view.id == criterion:
                    return view
        raise KeyError(criterion)


@dataclass(frozen=True, slots=True)
class ChecklistCard:
    """A checklist in a list."""

    key: str
    stage: Literal["self", "cross"]
    group: str
    group_name: str
    year: int
    unit: str
    unit_name: str
    state: State
    done: int
    applicable: int
    total: str | None
    total_max: str
    due: str | None


@dataclass(frozen=True, slots=True)
class VisitCard:
    """A visit this person inspects on. `ready` is False until its database has reached this phone."""

    visit: str
    key: str
    group: str
    group_name: str
    year: int
    unit: str
    unit_name: str
    date_from: str
    date_to: str
    place: str
    team: tuple[str, ...]
    cancelled: bool
    ready: bool
    state: State
    done: int
    applicable: int
    total: str | None
    total_max: str

    @property
    def over(self) -> bool:
        """Is there nothing left to do about it: submitted, or called off?"""
        return self.cancelled or self.state in ("sending", "sent", "verified")


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group year this phone holds. `unreachable`: decisions held here that the server's log no longer leads to."""

    group: str
    year: int
    name: str
    theme: str
    sample: bool
    unreachable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MovementView:
    """A movement evidence can be filed under."""

    movement: str
    name: str


@dataclass(frozen=True, slots=True)
class Home:
    """The first screen: who, where, what to do next."""

    person_name: str
    unit_name: str
    visits: tuple[VisitCard, ...]
    self_checklists: tuple[ChecklistCard, ...]
    evidence: tuple[EvidenceCard, ...]
    """The latest, newest first."""
    groups: tuple[GroupCard, ...]
    sent_count: int
    unsent: int
    can_capture: bool
    contributes: bool
    """A grassroots contributor: photographs activities, and answers no checklist."""
    replies: tuple[OpenReply, ...] = ()
    """What the own unit may answer: sent back, or scored far from its own."""


@dataclass(frozen=True, slots=True)
class SentItem:
    """One line of the outbox. `key` opens its checklist; `percent` is set while sending; `reason` says why refused or
    returned."""

    id: str
    what: Literal["checklist", "evidence", "minutes", "reply", "other"]
    key: str | None
    title: str
    detail: str
    at: str
    state: State
    percent: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Storage:
    """What photos take on this phone, what of it may be freed (safe on the server), and what the phone has left."""

    photos_bytes: int
    freeable_bytes: int
    free_bytes: int
