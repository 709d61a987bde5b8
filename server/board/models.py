"""What pages and programs read: frozen answers of the board, figures exact, texts by code.

A page formats and links; it never computes. Points are `Fraction` (format with `schemas.figures.format_points`), names
are `{"vi", "en"}`, sentences are `Said` (say with `server.messages.say`), times are the documents' own UTC strings.
None always means "not known", never zero. These shapes must never know HTML, SQL or a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from schemas.explaining import Line
from schemas.standings import Standings

Names = Mapping[str, str]

PhotoState = Literal["verified", "arriving", "absent", "withheld"]
TaskKind = Literal[
    "overdue_return",
    "open_return",
    "contested",
    "unsigned_pact",
    "waiting",
    "error",
    "undecided",
    "na",
    "difference",
]
YearState = Literal["open", "frozen", "published"]
VisitState = Literal["planned", "under_way", "submitted", "cancelled"]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence by its code: `server.messages.say(said, locale)`."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Who did it. `name` is None once the person's document is erased, or never known here: show the account id."""

    account: str
    name: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class UnitRef:
    unit: str
    names: Names
    short_names: Names


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what should be counted has come: said beside every place. `as_of` is the last change's time (UTC)."""

    visits_done: int
    visits: int
    self_done: int
    units: int
    photos_verified: int
    photos: int
    waiting: int
    as_of: str | None


@dataclass(frozen=True, slots=True)
class GroupHead:
    """What every page of one group year opens with."""

    group: str
    year: int
    kind: str
    names: Names
    theme: Names
    sample: bool
    my_roles: tuple[str, ...]
    """Of leader, deputy, member, council: what the reader is in this group year today."""
    leader: UnitRef | None
    deputy: UnitRef | None
    state: YearState = "open"


@dataclass(frozen=True, slots=True)
class AwardGiven:
    """How many were honoured, at one level. `form` is None where the source names the level alone."""

    form: str | None
    level: str
    collectives: int
    individuals: int
    number: str | None
    date: str | None
    authority: Names | None
    source: str
    """decided: by the decision named; published: a figure made public, beside which scores may be a sample."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something in the course of a year, with its day or days. Of a merger `units` are the old and, last, the new."""

    kind: str
    date: str
    until: str | None = None
    place: str | None = None
    units: tuple[UnitRef, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupCard:
    head: GroupHead
    units: int
    coverage: Coverage
    tasks: int


@dataclass(frozen=True, slots=True)
class SectionFigure:
    """`points` is None when the section is no number; `state` then says which: undecided, error or missing."""

    section: str
    names: Names
    max: Fraction
    points: Fraction | None
    state: str


@dataclass(frozen=True, slots=True)
class AwardFigure:
    """`votes` of those `present` honoured the unit; None while the meeting was not asked. `proposed` is who is both."""

    award: str
    names: Names
    eligible: bool
    failed: tuple[Said, ...]
    proposed: bool = False
    votes: int | None = None
    present: int | None = None
    departs: bool = False
    """Put forward ahead of a unit with a better place."""


@dataclass(frozen=True, slots=True)
class StandingRow:
    place: int | None
    unit: UnitRef
    ranked: bool
    sections: tuple[SectionFigure, ...]
    base: Fraction | None
    bonus: Fraction
    penalty: Fraction
    total: Fraction | None
    awards: tuple[AwardFigure, ...]
    reasons: tuple[Said, ...]
    """Why there is no place, or why it is provisional."""
    answered: int
    applicable: int
    visits_done: int
    visits: int
    contested: tuple[str, ...] = ()
    """The stage of each of its checklists that has submissions side by side: none of them counts."""

    @property
    def held(self) -> Said | None:
        """The open flag that holds its awards, where there is one."""
        return next((it for award in self.awards for it in award.failed if it.code == "open-flag"), None)


@dataclass(frozen=True, slots=True)
class StandingsPage:
    """`document` is exactly what `thidua standings GROUP YEAR --json` prints; `rows` say the same for a page."""

    head: GroupHead
    coverage: Coverage
    provisional: bool
    rows: tuple[StandingRow, ...]
    sections: tuple[SectionFigure, ...]
    """The scheme's sections in order (points None): the table's columns."""
    total_max: Fraction
    contested: tuple[Said, ...]
    decision_heads: tuple[str, ...]
    document: Mapping[str, Any]
    milestones: tuple[Milestone, ...] = ()
    awards_given: tuple[AwardGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """How one figure came about. Say a line with `ranking.sentence(line.reason, locale)`."""

    head: GroupHead
    unit: UnitRef
    criterion: str | None
    ranking: Standings
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ValueCell:
    """One stage's merged value for a criterion: what was answered, and the points it comes to, if it does."""

    points: Fraction | None
    raw: str | None
    """The answer as written where it is not points: "12", "3", "true", "na"."""
    submissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrossCell:
    visit: str
    submission: str
    points: Fraction | None
    raw: str | None
    discrepant: bool


@dataclass(frozen=True, slots=True)
class CriterionRow:
    criterion: str
    names: Names
    max: Fraction
    kind: str
    self: ValueCell | None
    cross: tuple[CrossCell, ...]
    cross_merged: ValueCell | None
    cluster: ValueCell | None
    value: Fraction | None
    """The verified points that count, None while missing, undecided, excluded or N/A."""
    stage: str | None
    """Which stage `value` comes from: self, cross or cluster."""
    state: str
    """counted, missing, na, excluded, returned, contested, error …, as `schemas.scoring` names it."""
    evidence: int
    notes: int
    carried: bool = False
    """Something of a merged unit is part of `value`, by decision."""


@dataclass(frozen=True, slots=True)
class SheetSection:
    figure: SectionFigure
    criteria: tuple[CriterionRow, ...]


@dataclass(frozen=True, slots=True)
class UnitSheet:
    head: GroupHead
    unit: UnitRef
    standing: StandingRow
    sections: tuple[SheetSection, ...]
    coverage: Coverage
    is_own_unit: bool
    prepared: tuple[Prepared, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A self-score that waits for its unit's head to approve it: who prepared it, when."""

    submission: str
    by: PersonRef
    at: str


@dataclass(frozen=True, slots=True)
class Use:
    """Where else a photo is cited: for which unit, criterion (or claim) and year. `group` may be another than ours."""

    group: str
    year: int
    unit: UnitRef
    target: str
    cited: str


@dataclass(frozen=True, slots=True)
class Photo:
    """`photo` is its SHA-256; pages show `/<group>/<year>/thumbs/<photo>` and `…/photos/<photo>` once verified."""

    photo: str
    state: PhotoState
    width: int | None
    height: int | None
    taken: str | None
    also: tuple[Use, ...] = ()
    """Other units, criteria and years it was submitted for, by the photo index."""


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    cited: str
    evidence: str
    unit: UnitRef
    title: str | None
    """None once withheld; so are note and place."""
    note: str | None
    place: Mapping[str, str | None] | None
    movement: Names | None
    criteria: tuple[str, ...]
    """Criteria whose counted answers cite it."""
    units: tuple[str, ...]
    """Units scored by the answers citing it."""
    photos: tuple[Photo, ...]
    children: bool
    consent: bool | None
    by: PersonRef
    made_at: str
    offset_s: int | None
    private: tuple[tuple[str, str], ...] = ()
    """Its private parts that are still here: which, and the hash that withholding names."""


@dataclass(frozen=True, slots=True)
class PaperTrace:
    """The paper an answer was typed in from: who scored it (None once withheld), on which day."""

    scored_by: str | None
    on: str


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """One answer in one submission, with all that made it."""

    submission: str
    sha256: str
    """The submission's body hash, as a decision's inputs name it."""
    stage: str
    visit: str | None
    state: str
    """counted, superseded, contested, set_aside (late after revocation, cancelled visit) …"""
    raw_kind: str
    """points, actual, count, passed or na."""
    raw: str
    points: Fraction | None
    note: str | None
    evidence: tuple[EvidenceCard, ...]
    by: PersonRef
    submitted_by: PersonRef
    approved_by: PersonRef | None
    answered_at: str
    arrived_at: str | None
    flags: tuple[str, ...]
    discrepant: bool
    paper: PaperTrace | None = None


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    decision: str
    n: int
    act: str
    subject: str
    value: Mapping[str, Any]
    reason: str | None
    by: PersonRef
    authority_unit: UnitRef | None
    authority_as: str
    at: str
    inputs: tuple[str, ...]
    previous: tuple[str, ...]
    settles: tuple[str, ...]
    contested: bool
    stands: bool
    """False once a later decision on the same subject has replaced it."""


@dataclass(frozen=True, slots=True)
class UnitVote:
    """What a ballot said of one unit: `chosen` by more than half of those present, and whether that is proposed."""

    unit: UnitRef
    place: int | None
    votes: int
    present: int
    chosen: bool
    proposed: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """`units` are put forward although `over` have better places; `reason` is the decision that says why, or None."""

    units: tuple[UnitRef, ...]
    over: tuple[UnitRef, ...]
    reason: DecisionEntry | None


@dataclass(frozen=True, slots=True)
class AwardVotes:
    """Whom the meeting honoured with an award. `candidates` are eligible and not honoured, `ballots` hold minutes."""

    award: str
    names: Names
    votes: tuple[UnitVote, ...]
    candidates: tuple[UnitRef, ...]
    ballots: tuple[DecisionEntry, ...]
    passed: Passed | None


@dataclass(frozen=True, slots=True)
class OfficeVotes:
    """Who was elected leader, or deputy, of the next year; `candidates` while nobody is."""

    role: str
    vote: UnitVote | None
    candidates: tuple[UnitRef, ...]
    ballots: tuple[DecisionEntry, ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    awards: tuple[AwardVotes, ...]
    offices: tuple[OfficeVotes, ...]

    @property
    def voted(self) -> bool:
        """Is there anything to tell?"""
        return any(it.votes for it in self.awards) or any(it.vote is not None for it in self.offices)


@dataclass(frozen=True, slots=True)
class ReplyEntry:
    reply: str
    answers: str
    text: str | None
    by: PersonRef
    at: str


@dataclass(frozen=True, slots=True)
class ActOffer:
    """An act on a criterion's page: allowed, or the sentence that says which rule forbids it and who could."""

    act: str
    allowed: bool
    refusal: Said | None


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """What a unit may reply to: `answers` is the return, or the cross submission that deducts; `due` its last day.

    A return stays open until it is answered or decided, also after its deadline.
    """

    answers: str
    kind: Literal["return", "difference"]
    due: str | None

    def open_on(self, day: date) -> bool:
        return self.kind == "return" or self.due is None or day.isoformat() <= self.due


@dataclass(frozen=True, slots=True)
class CriterionTrace:
    head: GroupHead
    unit: UnitRef
    section: SectionFigure
    row: CriterionRow
    answers: tuple[AnswerTrace, ...]
    decisions: tuple[DecisionEntry, ...]
    replies: tuple[ReplyEntry, ...]
    offers: tuple[ActOffer, ...]
    matters: tuple[OpenMatter, ...] = ()
    minuted: frozenset[str] = frozenset()
    """The visits of which there are minutes."""


@dataclass(frozen=True, slots=True)
class TeamMember:
    person: PersonRef
    unit: UnitRef | None


@dataclass(frozen=True, slots=True)
class VisitCard:
    visit: str
    inspected: UnitRef
    team: tuple[TeamMember, ...]
    from_date: str
    to_date: str
    place: str | None
    state: VisitState
    answered: int
    applicable: int
    submissions: tuple[str, ...]
    last_seen: str | None
    """When the team's draft or submission last reached the server (UTC)."""
    minutes: bool = False
    """Its minutes are here."""


@dataclass(frozen=True, slots=True)
class MinutesLine:
    """One criterion in the result of a visit: what the unit gave itself, what the team gave."""

    criterion: str
    names: Names
    max: Fraction
    kind: str
    own: ValueCell | None
    cross: ValueCell | None
    note: str | None
    discrepant: bool


@dataclass(frozen=True, slots=True)
class MinutesSection:
    """`own` and `cross` add up the lines that are points, before any scaling; None where none is."""

    section: str
    names: Names
    max: Fraction
    lines: tuple[MinutesLine, ...]
    own: Fraction | None
    cross: Fraction | None


@dataclass(frozen=True, slots=True)
class AgreedName:
    """Somebody of the team or of the unit who agreed to the minutes, and when (UTC). None: withheld."""

    side: str
    name: str | None
    at: str


@dataclass(frozen=True, slots=True)
class MinutesSheet:
    """Minutes as they were sent. A text is None where none was written, or (then in `withheld`) it was erased."""

    minutes: str
    sha256: str
    on: str
    began: str
    ended: str | None
    place: str | None
    team: str | None
    unit: str | None
    differences: str | None
    recommendations: str | None
    withheld: frozenset[str]
    agreed: tuple[AgreedName, ...]
    by: PersonRef
    made_at: str
    submission: str
    here: bool
    """The submission they name is here."""
    later: bool
    """The team has submitted again since."""
    replaces: int
    sections: tuple[MinutesSection, ...]


@dataclass(frozen=True, slots=True)
class MinutesPage:
    """`minutes` that stand: one, or several side by side, or none yet."""

    head: GroupHead
    visit: VisitCard
    minutes: tuple[MinutesSheet, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person must do today, most urgent first."""

    kind: TaskKind
    unit: UnitRef | None
    criterion: str | None
    subject: str
    said: Said
    due: str | None


@dataclass(frozen=True, slots=True)
class VisitsPage:
    head: GroupHead
    visits: tuple[VisitCard, ...]
    units: tuple[UnitRef, ...]
    """Members that may be inspected today."""
    people: tuple[TeamMember, ...]
    """Accounts of the group with the inspector's role: who may be on a team."""
    may_plan: bool
    helpers: tuple[TeamMember, ...] = ()
    """Accounts of the group that may join a team: whoever scores for a unit, inspector or not."""


@dataclass(frozen=True, slots=True)
class ProposedVisit:
    round: int
    inspecting: UnitRef
    inspected: UnitRef


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """A fair plan of the visits still lacking; nothing is decided by it. `reasons` say how it was made."""

    head: GroupHead
    teams_per_unit: int
    teams_most: int
    visits: tuple[ProposedVisit, ...]
    reasons: tuple[Said, ...]
    problems: tuple[Said, ...] = ()
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class TeamFigure:
    """How far above (+) or below (−) the other teams a team scored at the same units, as a share of the maxima."""

    units: tuple[UnitRef, ...]
    visits: int
    compared: int
    share: Fraction | None
    apart: bool


@dataclass(frozen=True, slots=True)
class AgreementFigure:
    criterion: str
    names: Names
    pairs: int
    agreeing: int
    apart: Fraction


@dataclass(frozen=True, slots=True)
class Comparison:
    """Teams that scored the same, side by side. `reasons` caution, or say that there is too little to compare."""

    head: GroupHead
    visits: int
    teams: tuple[TeamFigure, ...]
    agreement: tuple[AgreementFigure, ...]
    reasons: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class EvidencePage:
    head: GroupHead
    cards: tuple[EvidenceCard, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    head: GroupHead
    decisions: tuple[DecisionEntry, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of the reader's, for `/devices`."""

    device: str
    label: str
    enrolled_at: str
    state: str
