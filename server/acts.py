"""Official acts: authorised, checked against the group as it stands, written as one decision of the chain.

Reason and decision are one transaction under the group's lock, so that of two people at two desks the second sees the
first. (Another server may still write beside us: then the chain forks, and says so.) It must never know a form or a
request, nor what an act means for a score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import structlog

from schemas import ids
from schemas.access import Authority, authority_for
from schemas.acts import STRUCK, misfits, units_of
from schemas.answer import has_value
from schemas.ballots import award_problems, ballot_problems, election_problems, named_beside, strike_problems
from schemas.counting import checklists
from schemas.decision import build, check_value, subject_of
from schemas.figures import VIET_NAM, time_string
from schemas.freezing import digest, obstacles, ranking_inputs, to_keep
from schemas.hashing import body_sha256, nfc, part, part_hash
from schemas.problem import InvalidDocument, Problem
from schemas.problem import Refused as RuleRefused
from schemas.proposals import departure_problems
from schemas.scheme import Scheme
from schemas.scoring import best_text
from schemas.standings import tied
from schemas.succession import succeeds
from schemas.timing import untimely
from server.accounts import Account
from server.backends import Backend, write_once
from server.board.models.said import Said
from server.board.models.trace import ActOffer
from server.board.view import GroupView
from server.board.views import Views
from server.erasure import Erasure
from server.facts import group_facts, identity_of
from server.problems import Clash, Invalid, Missing, Refused
from server.setup import Setup
from server.turns import Turns
from sync.database import Document

SALT_BYTES: Final = 16
"""A reason may be short and easily guessed: its hash must not give it away once it is withheld."""

ROOM: Final = ("tie-ballot", "award-ballot", "elect", "depart-order", "strike")
"""Acts that write down what a meeting did: what could never count is refused at once."""

_log = structlog.get_logger(__name__)


class Acts:
    """Writes decisions. For any number of threads."""

    def __init__(
        self,
        backend: Backend,
        setup: Setup,
        views: Views,
        *,
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._backend = backend
        self._erasure = Erasure(backend, views)
        self._setup = setup
        self._views = views
        self._now = now
        self._random_bytes = random_bytes
        self._turns = Turns()

    def act(
        self,
        account: Account,
        group: str,
        year: int,
        act: str,
        value: Mapping[str, Any],
        *,
        reason: str | None = None,
        inputs: Iterable[Mapping[str, str]] = (),
        settles: Sequence[str] = (),
    ) -> Document:
        """Do it: the decision as written. A visit is given its id here when its plan has none.

        Raises Refused (the rule, and who could), Missing, Invalid, Clash, InvalidDocument; then nothing was written.
        """
        self._views.view(group, year)  # a year there is none of is missing, and needs no lock
        name = ids.group_database(group, year)
        with self._turns.of(name):
            # An act stands on the newest heads there are: another server may have written a moment ago.
            self._backend.look_anew(name)
            view = self._views.view(group, year)
            meant = self._completed(view, act, nfc(dict(value)))
            wrong = check_value(act, meant)
            if wrong:
                raise InvalidDocument(wrong)
            authority = self.authority(account, view, act, meant)
            if isinstance(authority, RuleRefused):
                raise Refused(authority.code, authority.params)
            _require_on_subject(view, subject_of(act, meant), settles)
            too_soon = untimely(view.record, act, meant, settles=settles)
            if too_soon is not None:
                raise Clash(too_soon.code, too_soon.params)
            _require_known(view, act, meant)
            wrong = misfits(Scheme.from_document(view.scheme), act, meant)
            if wrong:
                raise InvalidDocument(wrong)
            documents: list[Document] = []
            if act == "freeze":
                _require_unhindered(view, meant)
                documents += to_keep(view.documents.values())
            elif act == "lock-scores" and meant["locked"] and meant["best"] != self._best(view):
                raise Clash("lock-other-best")
            elif act in ROOM:
                _require_in_room(view, act, meant, self._now().astimezone(VIET_NAM).date(), settles)
            elif act == "withhold":
                self._erasure.require_held(view, meant["kind"], meant["sha256"])
            bound = _bound(view, act, meant, list(inputs))
            said: Document | None = None
            if reason is not None and reason.strip():
                said = part(reason.strip(), self._random_bytes(SALT_BYTES).hex())
                documents.append(said)
            if ids.member_id(account.account) not in view.documents:
                self._setup.introduce(group, year, account.account)
            decision = build(
                view.all("decision"),
                act,
                meant,
                group=group,
                year=year,
                by=account.account,
                authority=authority.document(),
                at=time_string(self._now()),
                reason=None if said is None else part_hash(said),
                inputs=bound,
                settles=settles,
            )
            write_once(self._backend.open(name), [*documents, decision])
        _log.info("act", act=act, group=group, year=year, decision=decision["_id"], by=account.account)
        self._backend.look_anew(name)
        heads = self._views.view(group, year).folded.heads
        if len(heads) > 1:
            # Another server wrote beside us. Both acts are kept; the next joins them, a person settles what clashes.
            _log.warning("act.forked", decision=decision["_id"], heads=heads)
        if len(decision["previous"]) > 1:
            _log.warning("act.joins_branches", decision=decision["_id"], previous=decision["previous"])
        # After the decision, which alone makes the visit: a crash between is finished by the sweep.
        if act == "plan-visit":
            self._backend.create(ids.visit_database(meant["visit"]))
        if act == "withhold":
            self._erasure.erase(group, year, meant["kind"], meant["sha256"])
            self._views.forget(group, year)
        return decision

    def _completed(self, view: GroupView, act: str, meant: dict[str, Any]) -> dict[str, Any]:
        """What an act says, with what only the service knows: a new visit's id, the ranking of that day."""
        if act == "plan-visit":
            meant.setdefault("visit", self.new_visit())
        elif act == "freeze":
            meant.setdefault("as_of", self._now().astimezone(VIET_NAM).date().isoformat())
            day = _day(meant["as_of"])
            if day is not None and "sha256" not in meant:
                meant["sha256"] = digest(view.standings(day))
        elif act == "lock-scores" and meant.get("locked") is True:
            meant.setdefault("best", self._best(view))
        elif act == "strike" and str(meant.get("subject")).startswith(STRUCK):
            meant["units"] = meant.get("units") or list(named_beside(view.record, meant["subject"]))
            if not meant["units"]:
                raise InvalidDocument(strike_problems(view.record, meant, ()))
        elif act == "publish" and "frozen" not in meant:
            freeze = view.folded.on("ranking", "freeze")
            if freeze is None:
                raise Clash("not-frozen")
            meant["frozen"] = freeze["_id"]
        return meant

    def _best(self, view: GroupView) -> dict[str, str]:
        """Each quantitative criterion's L today, as a score lock fixes it."""
        return best_text(view.tally(self._now().astimezone(VIET_NAM).date()).best)

    def authority(
        self, account: Account, view: GroupView, act: str, value: Mapping[str, Any]
    ) -> Authority | RuleRefused:
        """In whose name the account may do it, or the rule against it."""
        today = self._now().astimezone(VIET_NAM).date()
        facts = group_facts(view.group_year, today)
        return authority_for(identity_of(account), act, value, facts, visits=view.visits)

    def offers(
        self, account: Account, view: GroupView, acts: Iterable[str], value: Mapping[str, Any]
    ) -> tuple[ActOffer, ...]:
        """Which of these acts the account may do on this subject; for the others, the rule and who could."""
        found = []
        for act in acts:
            authority = self.authority(account, view, act, value)
            refused = authority if isinstance(authority, RuleRefused) else untimely(view.record, act, value)
            refusal = None if refused is None else Said(refused.code, refused.params)
            found.append(ActOffer(act, refusal is None, refusal))
        return tuple(found)

    def new_visit(self) -> str:
        """A fresh visit's id."""
        return ids.new_ulid(self._now(), self._random_bytes)

    def finish(self, name: str) -> None:
        """Complete what a crash left after a group year or a visit's plan: the databases they need."""
        parsed = ids.parse_database(name)
        assert parsed.group is not None
        assert parsed.year is not None
        try:
            view = self._views.view(parsed.group, parsed.year)
        except Missing:
            return  # its group year was not written: whoever opens it anew finishes it
        self._setup.finish(parsed.group, parsed.year)
        for account in sorted({it["by"] for it in view.all("decision")}):
            if ids.member_id(account) not in view.documents:
                self._setup.introduce(parsed.group, parsed.year, account)
        for visit in view.visits:
            self._backend.create(ids.visit_database(visit))
        self._erasure.finish(view)


def _require_known(view: GroupView, act: str, value: Mapping[str, Any]) -> None:
    """What the act names must be of this group. Raises Missing, Invalid."""
    for unit in (*units_of(act, value), *value.get("units", ())):
        if unit not in view.member_units:
            raise Missing("no-unit")
    scheme = view.scheme
    if "criterion" in value and value["criterion"] not in {
        criterion["id"] for section in scheme["sections"] for criterion in section["criteria"]
    }:
        raise Missing("no-criterion")
    if "section" in value and value["section"] not in {section["id"] for section in scheme["sections"]}:
        raise Missing("no-criterion")
    if "submission" in value and value["submission"] not in view.documents:
        raise Missing("no-submission", {"submission": value["submission"]})
    if act == "carry-over":
        event = view.documents.get(value["event"])
        if event is None or not succeeds(event, value["from"], value["unit"]):
            raise Clash("carry-other-event", {"event": value["event"]})
    if act == "lock-scheme" and value["scheme"] != view.group_year["scheme"]:
        raise Invalid("other-scheme", {"scheme": view.group_year["scheme"]})
    if act == "cancel-visit" and value["visit"] not in view.visits:
        raise Missing("no-visit")
    for person in value.get("team", ()):
        if view.person(person["account"]).unit != person["unit"]:
            raise Invalid("team-unknown", person)


def _require_on_subject(view: GroupView, subject: str, settles: Sequence[str]) -> None:
    for decision in settles:
        known = view.documents.get(decision)
        if known is None or known.get("subject") != subject:
            raise Invalid("settles-other", {"decision": decision})


def _require_unhindered(view: GroupView, value: Mapping[str, Any]) -> None:
    """Raises Clash with everything that stands against freezing, or when the ranking moved since it was looked at."""
    ranking = view.standings(date.fromisoformat(value["as_of"]))
    found = obstacles(view.record, ranking)
    if found:
        raise Clash("freeze-hindered", fields=tuple(("value", Said(it.code, it.params)) for it in found))
    if digest(ranking) != value["sha256"]:
        raise Clash("ranking-moved")


def _require_in_room(view: GroupView, act: str, value: Mapping[str, Any], today: date, settles: Sequence[str]) -> None:
    """A ballot, or a reason for a departure, that could never count is refused while the room can still be asked.

    Raises InvalidDocument with everything wrong.
    """
    ranking = view.standings(today)
    if act == "tie-ballot":
        wrong = ballot_problems(view.record, value, tied=tied(ranking))
    elif act == "award-ballot":
        rows = ((row.unit, it) for row in ranking.rows for it in row.awards if it.award.id == value["award"])
        wrong = award_problems(view.record, value, eligible={unit for unit, it in rows if it.eligible})
    elif act == "elect":
        wrong = election_problems(view.record, value)
    elif act == "strike":
        wrong = strike_problems(view.record, value, settles)
    else:
        wrong = departure_problems(value, found=ranking.departures)
    if value.get("held", "") > today.isoformat():
        wrong.append(Problem("value.held", "ballot-ahead"))
    if wrong:
        raise InvalidDocument(wrong)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _bound(
    view: GroupView, act: str, value: Mapping[str, Any], given: Sequence[Mapping[str, str]]
) -> list[tuple[str, str]]:
    """The exact inputs: those named, each as it stands here; else what the act evidently rests on."""
    if act == "accept":
        answers = [it["answers"][value["criterion"]] for it in standing_cross(view, value["unit"], value["criterion"])]
        if not any(has_value(it) and not it.get("na") for it in answers):
            raise Missing("nothing-to-accept")
    if given and act != "freeze":
        counting = None
        if act == "accept":
            counting = {it["_id"] for it in standing_cross(view, value["unit"], value["criterion"])}
        for each in given:
            if counting is not None and each["id"] not in counting:
                raise Clash("input-not-counted", {"input": each["id"]})
            document = view.documents.get(each["id"])
            if document is None or body_sha256(document) != each["sha256"]:
                raise Clash("input-changed", {"input": each["id"]})
        return [(each["id"], each["sha256"]) for each in given]
    if act == "freeze":
        return ranking_inputs(view.documents.values())
    if act == "publish":
        return [(value["frozen"], body_sha256(view.documents[value["frozen"]]))]
    if act == "return":
        return [(value["submission"], body_sha256(view.documents[value["submission"]]))]
    if act == "accept":
        return [(each["_id"], body_sha256(each)) for each in standing_cross(view, value["unit"], value["criterion"])]
    if act == "carry-over":
        entries = live_entries(view, value["from"], value["criterion"])
        if not entries:
            raise Missing("nothing-to-carry")
        named = [*entries, view.documents[value["event"]]]
        return sorted((each["_id"], body_sha256(each)) for each in named)
    return []


def live_entries(view: GroupView, unit: str, criterion: str) -> list[Document]:
    """A unit's submissions that count and answer the criterion."""
    counted = [it.counted for it in checklists(view.record).values() if it.unit == unit and it.counted is not None]
    return [view.documents[name] for name in sorted(counted) if criterion in view.documents[name]["answers"]]


def standing_cross(view: GroupView, unit: str, criterion: str) -> list[Document]:
    """The unit's cross submissions that count and answer the criterion, and later ones that wait for the next decision.

    What counts is `schemas.counting`'s alone to say: an acceptance must not rest on what scoring leaves out (a
    contested checklist, another scheme, a visit nobody planned, what a decision set aside). The page offers the same.
    """
    found = []
    for checklist in checklists(view.record).values():
        if (checklist.unit, checklist.stage) == (unit, "cross"):
            found += [*([] if checklist.counted is None else [checklist.counted]), *checklist.later]
    return [view.documents[name] for name in sorted(found) if criterion in view.documents[name]["answers"]]
