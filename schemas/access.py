"""Who may open, read, write and act, as pure functions of who asks and what was decided.

The caller brings the facts (parents, memberships, visits); a refusal names its rule and who could do it instead.
Tokens, sessions and passwords are not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, Final

from schemas import ids
from schemas.acts import ACTS, LEADER, UNIT_EVENTS_WHO, units_of
from schemas.decision import Folded
from schemas.evidence import cite
from schemas.figures import local_day
from schemas.problem import Refused
from schemas.visit import Visit, visits

__all__ = [
    "Access",
    "Authority",
    "Facts",
    "GroupFacts",
    "Identity",
    "Refused",
    "access_to",
    "authority_for",
    "databases",
    "may_cite",
    "may_list",
    "may_open",
    "may_read",
    "may_tell_of_units",
    "may_write",
    "own_range",
    "unauthorised",
    "writing",
]

UNIT_TYPES: Final = ("draft", "submission", "evidence", "cited", "part", "reply")
VISIT_TYPES: Final = ("draft", "submission", "evidence", "cited", "part", "minutes")
MEDIA_TYPES: Final = ("photo", "thumb", "chunk", "slice")
SCORERS: Final = frozenset({"specialist", "head", "inspector"})
ACTORS: Final = frozenset({"specialist", "head"})
"""Who acts for a unit: decides in its name, scores it, replies for it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the account of a session or of a device's token."""

    account: str
    unit: str
    roles: frozenset[str] = frozenset()
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know: units above units, members by group and year, visits by id, and people by unit.

    `people` are a unit's accounts, closed ones too: what they did stays theirs. `withheld` are kind and hash of what
    decisions erased.
    """

    parents: Mapping[str, str | None] = field(default_factory=dict)
    members: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    visits: Mapping[str, Visit] = field(default_factory=dict)
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    withheld: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What a database is to somebody. `ranges` are the only pairs of first and last id that may be listed, if any."""

    name: str
    kind: str
    changes: bool
    push: bool
    ranges: tuple[tuple[str, str], ...] = ()

    @property
    def pull(self) -> bool:
        """May it be replicated from?"""
        return self.changes


@dataclass(frozen=True, slots=True)
class Authority:
    """In whose name an act is done; `as_` is leader, deputy or council."""

    unit: str
    as_: str

    def document(self) -> dict[str, str]:
        """As a decision's `authority` holds it."""
        return {"unit": self.unit, "as": self.as_}


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """Who leads a group on one day."""

    leader: str | None
    deputy: str | None

    @classmethod
    def from_document(cls, groupyear: Mapping[str, Any], on: date) -> GroupFacts:
        """Read a `groupyear` document; of several with one role on a day, the one who took it last."""
        found: dict[str, tuple[str, str]] = {}
        for held in groupyear["leaders"]:
            started, ended = held["from"], held["to"]
            if started <= on.isoformat() and (ended is None or on.isoformat() <= ended):
                found[held["role"]] = max(found.get(held["role"], ("", "")), (started, held["unit"]))
        return cls(found.get("leader", ("", None))[1], found.get("deputy", ("", None))[1])


def own_range(unit: str) -> tuple[str, str]:
    """First and last id of the evidence a unit made."""
    return f"evidence:{unit}:", f"evidence:{unit}:\ufff0"


def databases(identity: Identity, facts: Facts) -> list[Access]:
    """Every database somebody may open: their units' years, their groups, their visits; sorted by name."""
    names: set[str] = set()
    for (group, year), members in facts.members.items():
        if identity.unit in members:
            names |= {ids.group_database(group, year), ids.media_database(group, year)}
            names.add(ids.unit_database(identity.unit, year))
        parent = facts.parents.get(identity.unit)
        if parent in members:
            names |= {ids.unit_database(parent, year), ids.media_database(group, year)}
    names |= {ids.visit_database(visit.visit) for visit in facts.visits.values() if identity.account in visit.accounts}
    found = (access_to(identity, name, facts) for name in sorted(names))
    return [access for access in found if isinstance(access, Access)]


def may_open(identity: Identity, name: str, facts: Facts) -> Refused | None:
    """None, or the rule against opening a database at all."""
    found = access_to(identity, name, facts)
    return found if isinstance(found, Refused) else None


def access_to(identity: Identity, name: str, facts: Facts) -> Access | Refused:
    """What a database is to somebody, or why it is closed to them."""
    try:
        database = ids.parse_database(name)
    except ids.NotAnId:
        return Refused("database-unknown", {"name": name[:80]})
    if database.kind == "registry":
        return Refused("registry-server-only")
    if database.kind == "visit":
        return _visit_access(identity, name, facts.visits.get(str(database.visit)))
    year = database.year or 0
    if database.kind == "unit":
        return _unit_access(identity, name, str(database.unit), facts)
    members = facts.members.get((str(database.group), year), frozenset())
    if database.kind == "group":
        if identity.unit in members or "council" in identity.roles:
            return Access(name, "group", changes=True, push=False)
        return Refused("not-member", {"year": year})
    if identity.unit in members or facts.parents.get(identity.unit) in members:
        return Access(name, "media", changes=False, push=True)
    if any(
        identity.account in visit.accounts and (visit.group, visit.year) == (database.group, year)
        for visit in facts.visits.values()
    ):
        return Access(name, "media", changes=False, push=True)
    return Refused("not-member", {"year": year})


def may_list(identity: Identity, name: str, start: str | None, end: str | None, facts: Facts) -> Refused | None:
    """May ids from `start` to `end` be listed (`_all_docs`)?"""
    access = access_to(identity, name, facts)
    if isinstance(access, Refused):
        return access
    if access.changes:
        return None
    if access.kind == "media":
        return Refused("not-listed")
    if start is not None and end is not None and any(first <= start <= end <= last for first, last in access.ranges):
        return None
    return Refused("outside-range")


def may_read(identity: Identity, name: str, document_id: str, facts: Facts) -> Refused | None:
    """May one document be read by its id? In `m-` the caller also asks whether a readable document names the photo."""
    access = access_to(identity, name, facts)
    if isinstance(access, Refused):
        return access
    if access.changes or access.kind == "media":
        return None
    if any(first <= document_id <= last for first, last in access.ranges):
        return None
    # What it pushed itself it may ask after: a part has no unit in its id, and only its writer knows its hash.
    return None if ids.type_of(document_id) == "part" else Refused("outside-range")


def may_write(identity: Identity, name: str, document: Mapping[str, Any], facts: Facts) -> Refused | None:
    """May this well-formed document be pushed there by them? Shape is `schemas.base.check`'s to judge, before."""
    return writing(identity, name, facts)(document)


def writing(identity: Identity, name: str, facts: Facts) -> Callable[[Mapping[str, Any]], Refused | None]:
    """`may_write` of any number of documents: what is the same for all of them is asked once."""
    access = access_to(identity, name, facts)
    if isinstance(access, Refused):
        refused = access
        return lambda _: refused
    if not access.push:
        return lambda _: Refused("server-writes-only")
    database = ids.parse_database(name)
    if database.kind == "media":
        return lambda document: _may_write_media(document, facts)
    types = UNIT_TYPES if database.kind == "unit" else VISIT_TYPES
    if database.kind == "unit":
        own = facts.people.get(str(database.unit), frozenset())
        placed = partial(_in_unit, identity, database)
    else:
        visit = facts.visits[str(database.visit)]
        own = visit.accounts | visit.former
        placed = partial(_in_visit, identity, visit)

    def judge(document: Mapping[str, Any]) -> Refused | None:
        kind = ids.type_of(str(document["_id"]))
        if kind not in types:
            return Refused("type-not-here", {"type": kind})
        if document.get("_deleted"):
            # Before anything else: a part has no writer, and erasing one is the server's, by a `withhold` decision.
            if kind != "draft":
                return Refused("immutable", {"type": kind})
            # A merged draft leaves its losing branches behind as deletions; they say only what their id says.
            parsed = ids.parse(str(document["_id"]))
            named = {
                "unit": parsed["unit"],
                "stage": parsed["stage"],
                "group": parsed["group"],
                "visit": parsed.get("visit"),
            }
            document = {**named, "year": database.year, "_id": document["_id"]}
        if kind == "part":
            # A phone that was away still holds it: what a decision erased does not come back.
            return Refused("withheld") if ("part", _hash_in(document)) in facts.withheld else None
        return (
            placed(kind, document)
            or _writer(identity, kind, document)
            or _answerers(kind, document, own)
            or _role_for(identity, kind)
        )

    return judge


def _may_write_media(document: Mapping[str, Any], facts: Facts) -> Refused | None:
    kind = ids.type_of(str(document["_id"]))
    if kind not in MEDIA_TYPES:
        return Refused("type-not-here", {"type": kind})
    if document.get("_deleted"):
        return Refused("immutable", {"type": kind})
    return Refused("withheld") if ("photo", _hash_in(document)) in facts.withheld else None


def may_cite(
    identity: Identity, cited: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]], *, whole: bool
) -> Refused | None:
    """May this copy of evidence be pushed by them? `revisions` of that evidence stand here, newest first.

    One's own may be cited before it arrives, and as it stood between two sendings. Another's was pulled from here, so
    some revision of it says the same, now or earlier; not `whole` means that some are no longer kept to compare with.
    """
    author = (cited["by"], cited["unit"])
    if not revisions:
        own = author == (identity.account, identity.unit)
        return None if own else Refused("cited-not-here", {"evidence": cited["of"]})
    if author != (revisions[0]["by"], revisions[0]["unit"]):
        return Refused("cited-by-other", {"evidence": cited["of"], "by": revisions[0]["by"]})
    if cited["by"] == identity.account or not whole:
        return None
    same = any(cite(each)["_id"] == cited["_id"] for each in revisions)
    return None if same else Refused("cited-differs", {"evidence": cited["of"]})


def may_tell_of_units(identity: Identity) -> Refused | None:
    """May they write down that units were merged, renamed or dissolved (rule 6)?"""
    return None if identity.roles & UNIT_EVENTS_WHO else Refused("units-of-admin")


def authority_for(
    identity: Identity,
    act: str,
    value: Mapping[str, Any],
    group: GroupFacts,
    *,
    visits: Mapping[str, Visit] | None = None,
) -> Authority | Refused:
    """In whose name somebody may do an act, or the rule against it and who could (rule 5.10).

    Whose an act is stands in `schemas.acts.ACTS`. Where it is the leader's: on the leader's own unit the deputy acts;
    else, and on both at once, the council. Nobody judges itself. `visits` tells whom a visit inspects when the act
    itself does not say.
    """
    about = units_of(act, value)
    who = ACTS[act].who if act in ACTS else LEADER
    if "council" in who and "council" in identity.roles and identity.unit not in about:
        return Authority(identity.unit, "council")
    if "leader" not in who:
        return Refused("act-of-council-alone")
    if act == "cancel-visit" and visits and value["visit"] in visits:
        about = (visits[value["visit"]].inspected,)
    # A visit's plan concerns its inspected unit alone: the leader's people may inspect others.
    if group.leader is not None and group.leader not in about:
        wanted, as_, rule = group.leader, "leader", "act-of-leader"
    elif group.leader is not None and group.deputy is not None and group.deputy not in about:
        wanted, as_, rule = group.deputy, "deputy", "act-of-deputy"
    else:
        if "council" in identity.roles:
            itself = identity.unit in about
            return (
                Refused("act-on-own-unit", {"unit": identity.unit}) if itself else Authority(identity.unit, "council")
            )
        return Refused("no-leader" if group.leader is None else "act-of-council")
    if identity.unit != wanted:
        return Refused(rule, {as_: wanted})
    if not identity.roles & ACTORS:
        return Refused("act-needs-head-or-specialist")
    return Authority(wanted, as_)


def unauthorised(folded: Folded, groupyear: Mapping[str, Any], named: Iterable[str]) -> list[str]:
    """Of these decisions, in the log's order, those in whose name nobody could act on their day (rule 5.10).

    By the same rule that let them be written. Whose account it was, and in which office, is not proved by the log.
    """
    wanted = set(named)
    found = []
    for name, decision in folded.by_id.items():
        if name not in wanted:
            continue
        claimed = Authority(decision["authority"]["unit"], decision["authority"]["as"])
        roles = frozenset({"council"} if claimed.as_ == "council" else {"head"})
        could = authority_for(
            Identity(decision["by"], claimed.unit, roles),
            decision["act"],
            _concerned(folded, decision),
            GroupFacts.from_document(groupyear, local_day(decision["at"])),
            visits=_visits_then(folded, decision),
        )
        if could != claimed:
            found.append(name)
    return found


def _concerned(folded: Folded, decision: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a decision says; of one that strikes others, with the units that those name, whatever it says itself."""
    value: Mapping[str, Any] = decision["value"]
    if decision["act"] != "strike":
        return value
    sides = (folded.by_id[name] for name in decision["settles"] if name in folded.by_id)
    return {**value, "units": sorted({unit for it in sides for unit in units_of(it["act"], it["value"])})}


def _visits_then(folded: Folded, decision: Mapping[str, Any]) -> dict[str, Visit]:
    """The visit a cancellation speaks of, as it was planned when its writer acted."""
    if decision["act"] != "cancel-visit":
        return {}
    subject, visit = decision["subject"], decision["value"]["visit"]
    plans = [
        it["value"]
        for it in folded.history[subject]
        if it["act"] == "plan-visit" and folded.precedes(it["_id"], decision["_id"])
    ]
    known = visits(folded).get(visit)
    return {visit: replace(known, inspected=plans[-1]["inspected"])} if known is not None and plans else {}


def _hash_in(document: Mapping[str, Any]) -> str:
    return str(document["_id"]).split(":")[1]


def _unit_access(identity: Identity, name: str, unit: str, facts: Facts) -> Access | Refused:
    if identity.unit == unit:
        return Access(name, "unit", changes=True, push=True)
    if facts.parents.get(identity.unit) == unit:
        # It pushes its own evidence and reads that back, and learns nothing of what others do here.
        return Access(name, "unit", changes=False, push=True, ranges=(own_range(identity.unit),))
    return Refused("not-own-unit", {"unit": unit})


def _visit_access(identity: Identity, name: str, visit: Visit | None) -> Access | Refused:
    if visit is None:
        return Refused("visit-unknown")
    if identity.unit == visit.inspected:
        return Refused("visit-own-unit")
    if identity.account not in visit.accounts:
        return Refused("not-in-team")
    # A cancelled visit stays open: what was noted there arrives, and counts only by decision.
    return Access(name, "visit", changes=True, push=True)


def _writer(identity: Identity, kind: str, document: Mapping[str, Any]) -> Refused | None:
    # A draft is a team's; a cited copy keeps the author of the evidence, and its hash vouches for it.
    if kind in ("draft", "cited"):
        return None
    by = document.get("by")
    if by != identity.account:
        return Refused("writer-differs", {"by": by, "account": identity.account})
    # An approval in somebody's name is theirs to send; a specialist's own submission leaves it open.
    approved_by = document.get("approved_by")
    if approved_by is not None and (approved_by != identity.account or "head" not in identity.roles):
        return Refused("approval-of-head")
    return None


def _answerers(kind: str, document: Mapping[str, Any], own: frozenset[str]) -> Refused | None:
    """Whoever sends it, each answer is somebody's of that unit or team: a page shows it as theirs."""
    if kind != "submission":
        return None
    others = sorted({answer["by"] for answer in document["answers"].values()} - own)
    return Refused("answer-of-outsider", {"by": others[0]}) if others else None


def _in_unit(identity: Identity, database: ids.DatabaseName, kind: str, document: Mapping[str, Any]) -> Refused | None:
    if document.get("year") != database.year:
        return Refused("other-year", {"year": database.year})
    if identity.unit != database.unit:
        if kind != "evidence" or document.get("unit") != identity.unit:
            return Refused("grassroots-evidence-only", {"unit": identity.unit})
        return None
    if kind in ("draft", "submission") and document.get("stage") != "self":
        return Refused("cross-in-unit")
    # A unit may cite what its grassroots units sent, so a cited copy keeps the unit it came from.
    if kind != "cited" and document.get("unit") != database.unit:
        return Refused("other-unit", {"unit": document.get("unit")})
    return None


def _in_visit(identity: Identity, visit: Visit, kind: str, document: Mapping[str, Any]) -> Refused | None:
    if document.get("group") != visit.group or document.get("year", visit.year) not in (visit.year, None):
        return Refused("other-group", {"group": visit.group})
    if kind == "evidence" and document.get("unit") != identity.unit:
        return Refused("other-unit", {"unit": document.get("unit")})
    if kind in ("draft", "submission") and document.get("stage") != "cross":
        return Refused("self-in-visit")
    if kind in ("draft", "submission", "minutes"):
        if document.get("visit") != visit.visit:
            return Refused("other-visit")
        if document.get("unit") != visit.inspected:
            return Refused("other-unit", {"unit": document.get("unit")})
    return None


def _role_for(identity: Identity, kind: str) -> Refused | None:
    if kind in ("draft", "submission", "reply", "minutes") and not identity.roles & SCORERS:
        return Refused("role-missing", {"roles": sorted(SCORERS)})
    return None
