"""The official acts: what each says, on which subject, and whether it must give a reason.

Who may do them is `schemas.access`'s, what follows from them `schemas.decision`'s and the scoring's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from marshmallow import ValidationError

from schemas import ids
from schemas.answer import ValueForm, check_answer
from schemas.fields import (
    Bool,
    Day,
    Decimal,
    Exact,
    Fault,
    Form,
    Hash,
    Inner,
    ListOf,
    MapOf,
    Member,
    OneOf,
    Ref,
    Text,
    Whole,
    Word,
    flatten,
)
from schemas.figures import decimal_string
from schemas.problem import Problem
from schemas.scheme import Scheme

TEAM_MAX: Final = 60
"""A visit's team: one bus."""


BEST_MAX: Final = 1_000
"""Quantitative criteria of one scheme: more than any has criteria."""


class SchemeLock(Form):
    scheme = Ref("scheme")


class TeamMember(Form):
    account = Word()
    unit = Word()


class VisitPlan(Form):
    visit = Word()
    inspected = Word()
    team = ListOf(Inner(TeamMember), most=TEAM_MAX, least=1)
    place = Text()

    class Meta(Form.Meta):
        include = {"from": Day(), "to": Day()}  # noqa: RUF012

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if body["to"] < body["from"]:
            yield "to", Fault("ends-before-start")
        for index, person in enumerate(body["team"]):
            if person["unit"] == body["inspected"]:
                yield f"team.{index}.unit", Fault("team-inspects-itself", {"unit": body["inspected"]})
        accounts = [person["account"] for person in body["team"]]
        if len(set(accounts)) < len(accounts):
            yield "team", Fault("list-repeats")


class VisitCancelled(Form):
    visit = Word()


class OnCriterion(Form):
    unit = Word()
    criterion = Word()


class Return(OnCriterion):
    submission = Ref("submission")
    deadline = Day()


class Adjustment(OnCriterion):
    answer = Inner(ValueForm)


class CarryOver(OnCriterion):
    """A live entry of a unit that was merged, taken over by its successor: what it comes to is said here."""

    event = Ref("unitevent")
    answer = Inner(ValueForm)

    class Meta(Form.Meta):
        include = {"from": Word()}  # noqa: RUF012


class Claim(Form):
    unit = Word()
    item = Word()
    key = Word()
    occurrences = Decimal(whole=True, positive=True)
    number = Text(nullable=True)


class SectionPoints(Form):
    unit = Word()
    section = Word()
    points = Decimal()


class RankUnit(Form):
    unit = Word()
    ranked = Bool()


class CountSubmission(Form):
    submission = Ref("submission")
    counts = Bool()


class TieBallot(Form):
    """Held in the room: counts are recorded, never who voted for whom."""

    units = ListOf(Word(), most=50, least=2, sorted_unique=True)
    held = Day()
    voters = Whole(1, 1_000)
    present = Whole(0, 1_000)
    votes = MapOf(Whole(0, 1_000), most=50)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if sorted(body["votes"]) != body["units"]:
            yield "votes", Fault("ballot-other-units")
        if body["present"] > body["voters"] or sum(body["votes"].values()) > body["present"]:
            yield "present", Fault("ballot-counts")


class RoomBallot(Form):
    """Any other ballot of the meeting: who gets more than half of those present is chosen. `invalid` papers count for
    nobody and their writers were present all the same."""

    units = ListOf(Word(), most=200, least=1, sorted_unique=True)
    held = Day()
    voters = Whole(1, 1_000)
    present = Whole(1, 1_000)
    invalid = Whole(0, 1_000)
    votes = MapOf(Whole(0, 1_000), most=200)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if sorted(body["votes"]) != body["units"]:
            yield "votes", Fault("ballot-other-units")
        elif body["present"] > body["voters"] or self.given(body) + body["invalid"] > body["present"]:
            yield "present", Fault("ballot-counts")

    def given(self, body: dict[str, Any]) -> int:
        """Papers that named somebody, at the least."""
        return int(max(body["votes"].values()))


class AwardBallot(RoomBallot):
    """Whom the meeting honours with an award (suy tôn): a paper may name several, or none."""

    award = Word()


class Election(RoomBallot):
    """The leader, or the deputy, of the next year: a paper names one unit."""

    role = OneOf("leader", "deputy")

    def given(self, body: dict[str, Any]) -> int:
        return int(sum(body["votes"].values()))


class Departure(Form):
    """Why `units` are put forward for an award although `over`, eligible and better placed, are not."""

    award = Word()
    units = ListOf(Word(), most=200, least=1, sorted_unique=True)
    over = ListOf(Word(), most=200, least=1, sorted_unique=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if set(body["units"]) & set(body["over"]):
            yield "over", Fault("departure-over-itself")


STRUCK: Final = ("ballot:", "honour:", "elected:", "departure:")
"""Subjects that tell of what a meeting did: which of two records is right, or that neither is, only people know."""


class Strike(Form):
    """None of the contested records on `subject` counts; `units` are all that those records name."""

    subject = Text(chars_max=3_500)
    units = ListOf(Word(), most=400, least=1, sorted_unique=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if not body["subject"].startswith(STRUCK):
            yield "subject", Fault("strike-other-matter")


class ScoreLock(Form):
    """`best` fixes the group's best actual (L) of each quantitative criterion; what comes later no longer moves it."""

    locked = Bool()
    # Locks written before it was kept have none, and fix nothing.
    best = MapOf(Exact(), most=BEST_MAX, optional=True)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        if "best" in body and not body["locked"]:
            yield "best", Fault("unlock-fixes-nothing")


class Freeze(Form):
    """`sha256` is that of the ranking as printed on `as_of`; the inputs are all it was computed from."""

    as_of = Day()
    sha256 = Hash()


class Publish(Form):
    frozen = Ref("decision")


class Withhold(Form):
    """Erases a part or a photo everywhere; its hash stays, so that everything still verifies."""

    kind = OneOf("part", "photo")
    sha256 = Hash()


LEADER: Final = ("leader",)
"""The leading unit; on itself its deputy, else the council (rule 5.10)."""

COUNCIL: Final = ("council",)
"""It compares groups, so what leaves the group passes through it."""

EITHER: Final = ("leader", "council")
"""Who hears first of a privacy that was hurt erases it: nobody should have to wait for the other."""

UNIT_EVENTS_WHO: Final = frozenset({"admin"})
"""Roles that write down what became of units: it is no group's act, and rests on a decision made above all groups."""

ANY_TIME: Final = ()
UNPUBLISHED: Final = ("unpublished",)
"""What is published is final."""

OPEN: Final = ("unpublished", "scores-open")
"""What bears on a score waits until locked scores are opened again, by a decision that everybody sees."""


@dataclass(frozen=True, slots=True)
class Act:
    """What one act says and needs. This table is the one place that tells who may do what, and when.

    `subject` is a template over the value's members; `who` are the offices of `schemas.access`, `when` the conditions
    of `schemas.timing`.
    """

    form: type[Form]
    subject: str
    reason_required: bool = True
    inputs_least: int = 0
    who: tuple[str, ...] = LEADER
    when: tuple[str, ...] = OPEN


ACTS: Final[Mapping[str, Act]] = {
    "lock-scheme": Act(SchemeLock, "scheme", reason_required=False, when=("scheme-open",)),
    "plan-visit": Act(VisitPlan, "visit:{visit}", reason_required=False, when=UNPUBLISHED),
    "cancel-visit": Act(VisitCancelled, "visit:{visit}", when=UNPUBLISHED),
    "accept": Act(OnCriterion, "criterion:{unit}:{criterion}", reason_required=False, inputs_least=1),
    "return": Act(Return, "criterion:{unit}:{criterion}"),
    "adjust": Act(Adjustment, "criterion:{unit}:{criterion}"),
    "approve-na": Act(OnCriterion, "na:{unit}:{criterion}"),
    "refuse-na": Act(OnCriterion, "na:{unit}:{criterion}"),
    "carry-over": Act(CarryOver, "carry:{unit}:{criterion}:{from}", inputs_least=1),
    "count-claim": Act(Claim, "claim"),
    "refuse-claim": Act(Claim, "claim"),
    "decide-section": Act(SectionPoints, "section:{unit}:{section}"),
    "rank-unit": Act(RankUnit, "rank:{unit}", when=UNPUBLISHED),
    "count-submission": Act(CountSubmission, "checklist"),
    "tie-ballot": Act(TieBallot, "ballot", when=UNPUBLISHED),
    "award-ballot": Act(AwardBallot, "honour:{award}", when=UNPUBLISHED),
    "depart-order": Act(Departure, "departure:{award}", when=UNPUBLISHED),
    # Of the next year: it bears on nothing in this one, and often the room is asked after the result is out.
    "elect": Act(Election, "elected:{role}", when=ANY_TIME),
    # Only what is contested is struck, and settling that is always in time (`schemas.timing`).
    "strike": Act(Strike, "{subject}", when=ANY_TIME),
    "lock-scores": Act(ScoreLock, "scores", reason_required=False, when=UNPUBLISHED),
    "freeze": Act(Freeze, "ranking", reason_required=False, inputs_least=1, when=("unpublished", "nothing-hinders")),
    "publish": Act(Publish, "published", reason_required=False, who=COUNCIL, when=("frozen", "unpublished")),
    "withhold": Act(Withhold, "withheld:{kind}:{sha256}", who=EITHER, when=ANY_TIME),
}


def subject_of(act: str, value: Mapping[str, Any]) -> str:
    """What an act decides on. `value` has passed `check_value`."""
    if act == "count-submission":
        return ids.checklist_of(value["submission"])
    if act == "tie-ballot":
        return "ballot:" + ":".join(value["units"])
    if act in ("count-claim", "refuse-claim"):
        # Another decision number is another achievement (rule 5.6): neither takes the other's place.
        named = [value["unit"], value["item"], value["key"], value["number"]]
        return ":".join(["claim", *(each for each in named if each is not None)])
    return ACTS[act].subject.format_map(value)


def misfits(scheme: Scheme, act: str, value: Mapping[str, Any]) -> list[Problem]:
    """What keeps a well-formed act from ever counting under this scheme: points out of range or step, a wrong kind.

    Scoring leaves such a decision without effect; who decides must hear it before it stands in the log.
    """
    if act in ("adjust", "carry-over"):
        found = check_answer(scheme, value["criterion"], value["answer"])
        return [Problem("value.answer", problem.code, problem.params) for problem in found]
    if act == "count-claim" and not (scheme.bonus_item(value["item"]) or scheme.penalty_item(value["item"])):
        return [Problem("value.item", "claim-item-unknown", {"item": value["item"]})]
    if act == "count-claim" and value["occurrences"] != "1" and scheme.bonus_item(value["item"]) is not None:
        return [Problem("value.occurrences", "claim-counts-once")]
    if act in ("award-ballot", "depart-order") and all(it.id != value["award"] for it in scheme.awards):
        return [Problem("value.award", "award-unknown", {"given": value["award"]})]
    section = scheme.section(value["section"]) if act == "decide-section" else None
    if section is not None and not 0 <= Fraction(value["points"]) <= section.max:
        most = decimal_string(section.max)
        return [Problem("value.points", "points-out-of-range", {"max": most, "given": value["points"]})]
    return []


def units_of(act: str, value: Mapping[str, Any]) -> tuple[str, ...]:
    """The units an act decides about: those that must not do it themselves."""
    if act == "count-submission":
        return (ids.parse(value["submission"])["unit"],)
    if act in ("tie-ballot", "award-ballot", "elect", "depart-order", "strike"):
        return (*value["units"], *value.get("over", ()))
    if act == "carry-over":
        return (value["unit"], value["from"])
    named = value.get("unit", value.get("inspected"))
    return () if named is None else (named,)


def check_value(act: str, value: Any, *, path: str = "value") -> list[Problem]:
    """Everything wrong with what an act says, before it is built. Empty when right."""
    known = ACTS.get(act)
    if known is None:
        return [Problem("act", "act-unknown", {"act": act})]
    try:
        Inner(known.form).judge(value)
    except ValidationError as error:
        return list(flatten(error.messages, path))
    found = []
    if act == "return" and _foreign(value):
        found.append(Problem(f"{path}.submission", "return-other-unit", {"unit": value["unit"]}))
    if act == "decide-section" and Fraction(value["points"]).denominator > 100:
        found.append(Problem(f"{path}.points", "points-two-decimals"))
    return found


def _foreign(value: Mapping[str, Any]) -> bool:
    return ids.parse(value["submission"])["unit"] != str(value["unit"])


class ActMember(Member):
    """One of the acts above."""

    def judge(self, value: Any) -> None:
        if not isinstance(value, str) or value not in ACTS:
            raise ValidationError([Fault("act-unknown", {"act": str(value)[:40]})])


class AnyValue(Member):
    """Judged against its act, once that is known."""

    def judge(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValidationError([Fault("not-object")])
