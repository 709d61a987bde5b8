"""Administrators' work: units, groups, schemes, a group's year and the databases it needs.

Every call may be repeated: what stands already is left, what a crash left half done is finished. Who may call is
decided by whoever calls; it must never know a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas import ids
from schemas.ballots import elected
from schemas.base import check, problems_of
from schemas.catalogue import FORMS
from schemas.fields import flatten
from schemas.handover import Seat, filled, seats
from schemas.hashing import body_of, nfc
from schemas.organisation import in_circle
from schemas.problem import InvalidDocument, Problem
from schemas.record import Record
from schemas.succession import applied, concerns, eve, in_order, unit_at
from server.accounts import Account
from server.backends import Backend
from server.board.models.said import Said
from server.problems import Clash, Invalid, Missing
from server.registry import Registry
from sync.database import Database, Document
from sync.errors import Conflict, NotFound

Names = Mapping[str, str]


class Setup:
    """Writes the registry and what groups copy from it."""

    def __init__(self, backend: Backend, registry: Registry) -> None:
        self._backend = backend
        self._registry = registry

    def unit(
        self,
        unit: str,
        *,
        names: Names,
        short_names: Names,
        kind: str,
        functions: Sequence[str],
        parent: str | None = None,
        valid_from: str,
        valid_to: str | None = None,
    ) -> Document:
        """Write a unit, or over what is known of it. Raises Invalid where it would stand below itself."""
        parents = {it["unit"]: it["parent"] for it in self._registry.all("unit")}
        if parent != unit and in_circle(unit, {**parents, unit: parent}):
            raise Invalid("unit-circle", {"unit": unit, "parent": parent})
        return self._registry.put(
            {
                "_id": ids.unit_id(unit),
                "type": "unit",
                "v": 1,
                "unit": unit,
                "names": dict(names),
                "short_names": dict(short_names),
                "kind": kind,
                "parent": parent,
                "functions": list(functions),
                "valid_from": valid_from,
                "valid_to": valid_to,
            }
        )

    def group(self, group: str, *, names: Names, kind: str, parent: str | None = None) -> Document:
        """Write a group, or over what is known of it. Raises InvalidDocument, Missing, Invalid as `require_nested`."""
        with self._registry.writing():
            self.require_nested(group, parent)
            return self._registry.put(
                {
                    "_id": ids.group_id(group),
                    "type": "group",
                    "v": 1,
                    "group": group,
                    "names": dict(names),
                    "kind": kind,
                    "parent": parent,
                }
            )

    def parent_of(self, group: str) -> str | None:
        """The group a group stands within, as far as it is known."""
        known = self._registry.find(f"group:{group}")
        return None if known is None else known["parent"]

    def require_nested(self, group: str, parent: str | None) -> None:
        """Groups stand within groups, never within themselves. Raises Missing, Invalid."""
        if parent is None or parent == group:
            return  # its own form says what is wrong with the latter
        if self._registry.find(f"group:{parent}") is None:
            raise Missing("group-unknown", {"group": parent})
        parents = {it["group"]: it["parent"] for it in self._registry.all("group")}
        if in_circle(group, {**parents, group: parent}):
            raise Invalid("group-circle", {"group": group, "parent": parent})

    def scheme(self, document: Mapping[str, Any]) -> Document:
        """Put a scheme into the library. Raises InvalidDocument with everything wrong in it.

        Clash where it is another than the one a group year has locked under this id: that needs a version of its own.
        """
        _require_sound("scheme", document, "scheme", "version")
        named = {**body_of(document), "_id": ids.scheme_id(document["scheme"], document["version"])}
        standing = self._registry.find(named["_id"])
        if standing is not None and body_of(standing) != body_of(named):
            for group, year in self._group_years():
                if named["_id"] in _locked(self._backend.open(ids.group_database(group, year))):
                    raise Clash("scheme-locked-in", {"scheme": named["_id"], "group": group, "year": year})
        return self._registry.put(named)

    def open_year(
        self,
        groupyear: Mapping[str, Any],
        *,
        parent: str | None = None,
        movements: Any = (),
        awards: Any = (),
        pact: Any = None,
    ) -> tuple[Seat, ...]:
        """A group's year with all that a file tells of it: whole, or nothing is written. Answers the offices for which
        the year before held an election: who was elected takes one that the file leaves open.

        Raises InvalidDocument with everything wrong in what stands beside the group year, then as `group_year` does.
        """
        _require_sound("groupyear", groupyear, "group", "year")  # what stands beside it is named after it
        group, year = groupyear["group"], groupyear["year"]
        told: list[tuple[str, str, Any]] = [] if pact is None else [("pact", "pact", pact)]
        for kind, given in (("movement", movements), ("award", awards)):
            if not isinstance(given, list | tuple):
                raise InvalidDocument([Problem(f"{kind}s", "not-list")])
            told += [(f"{kind}s.{index}", kind, each) for index, each in enumerate(given)]
        documents: list[dict[str, Any]] = []
        wrong: list[Problem] = []
        for path, kind, given in told:
            if not isinstance(given, dict):
                wrong.append(Problem(path, "not-object"))
                continue
            place = {} if kind == "movement" else {"group": group, "year": year}
            name = f"{group}:{year}" if kind == "pact" else given.get(kind, "")
            document = {"type": kind, "v": 1, **given, **place, "_id": f"{kind}:{name}"}
            wrong += [replace(it, path=f"{path}.{it.path}") for it in problems_of(document)]
            documents.append(document)
        wrong = wrong or self._strangers(groupyear, pact)
        if wrong:
            raise InvalidDocument(wrong)
        self.require_nested(group, parent)
        elected_ = self._elected(group, year)
        groupyear = self._led(groupyear, elected_)
        self.group_year(groupyear)
        self.group(group, names=groupyear["names"], kind=groupyear["kind"], parent=parent)
        for document in documents:
            self._into_group(group, year, document)
        return seats(elected_, groupyear, list(self._registry.all("unitevent")))

    def _elected(self, group: str, year: int) -> dict[str, str]:
        """Role → unit, as the year before elected; nothing where that is not here."""
        database = self._database(group, year - 1)
        if database is None:
            return {}
        ranges = (("decision:", "decision;"), ("groupyear:", "groupyear;"))
        rows = [
            row["doc"]
            for first, last in ranges
            for row in database.all_docs(start_key=first, end_key=last, include_docs=True)["rows"]
        ]
        return {it.role: it.vote.unit for it in elected(Record.from_documents(rows))}

    def _led(self, groupyear: Mapping[str, Any], elected_: Mapping[str, str]) -> Mapping[str, Any]:
        """The group year with its leaders: those the file names; where it names none at all, those that stand; and who
        was elected where nobody is named."""
        group, year = groupyear["group"], groupyear["year"]
        terms = groupyear.get("leaders")
        if terms is None:
            database = self._database(group, year)
            terms = [] if database is None else database.get(ids.groupyear_id(group, year))["leaders"]
        led = {**groupyear, "leaders": terms}
        if problems_of({"type": "groupyear", "v": 1, **body_of(led), "_id": f"groupyear:{group}:{year}"}):
            return groupyear  # what is wrong with it is said where it is written
        led = filled(elected_, led, list(self._registry.all("unitevent")))
        return led if led["leaders"] else groupyear

    def _database(self, group: str, year: int) -> Database | None:
        """The group's database of a year that was opened."""
        try:
            name = ids.group_database(group, year)
        except ids.NotAnId:
            return None
        if not self._backend.exists(name):
            return None
        database = self._backend.open(name)
        return database if database.all_docs(keys=[ids.groupyear_id(group, year)])["rows"][0].get("value") else None

    def _strangers(self, groupyear: Mapping[str, Any], pact: Mapping[str, Any] | None) -> list[Problem]:
        """Units and criteria of a pact that the group year does not know: mistyped, they would count for nobody."""
        named = {"type": "groupyear", "v": 1, **body_of(groupyear)}
        named["_id"] = f"groupyear:{groupyear['group']}:{groupyear['year']}"
        scheme = self._registry.find(str(groupyear["scheme"]))
        if pact is None or scheme is None or problems_of(named):
            return []  # what is wrong with the group year itself is said first
        members = {it["unit"] for it in applied(named, self._registry.all("unitevent"))["members"]}
        criteria = {it["id"] for section in scheme["sections"] for it in section["criteria"]}
        found = [
            Problem(f"pact.{member}.{index}.unit", "pact-stranger", {"unit": each["unit"]})
            for member in ("signatures", "targets")
            for index, each in enumerate(pact[member])
            if each["unit"] not in members
        ]
        for index, each in enumerate(pact["targets"]):
            if each["criterion"] not in criteria:
                told = {"criterion": each["criterion"], "scheme": groupyear["scheme"]}
                found.append(Problem(f"pact.targets.{index}.criterion", "criterion-unknown", told))
        return found

    def group_year(self, document: Mapping[str, Any]) -> None:
        """Open a group's year: its document, the copies it needs, and its `g-`, `m-` and `u-` databases.

        Repeated with another content (a member that joined, a flag) it writes over the group year. Raises
        InvalidDocument, Missing (a unit or the scheme is not in the registry).
        """
        _require_sound("groupyear", document, "group", "year")
        group, year = document["group"], document["year"]
        named = {**body_of(document), "_id": ids.groupyear_id(group, year)}
        check(named)
        # A file of before a merger must not bring back what the merger ended.
        wanted = applied(named, self._registry.all("unitevent"))
        check(wanted)
        scheme = self._registry.find(wanted["scheme"])
        if scheme is None:
            raise Missing("scheme-unknown", {"scheme": wanted["scheme"]})
        units = sorted({member["unit"] for member in wanted["members"]})
        copies = [scheme, *(self._unit_in(year, unit) for unit in units)]
        self._require_alive(named)
        # Copies first: who reads the group year finds what it names.
        database = self._backend.create(ids.group_database(group, year))
        locked = _locked(database)
        for each in (*copies, *self._events_of(wanted)):
            if each["_id"] not in locked:  # what was locked stays, whatever the library holds now
                put_body(database, each)
        put_body(database, wanted)
        self.finish(group, year)
        for account in self.accounts_of(units):
            self.member(group, year, account)

    def unit_event(
        self,
        kind: str,
        units: Iterable[str],
        *,
        date: str,
        number: str,
        to: str | None = None,
        named: Mapping[str, Names] | None = None,
    ) -> tuple[Document, list[tuple[str, int]]]:
        """Write down a merger, a rename or a dissolution; answers it and the group years it changed.

        The old unit ends on the eve, group years of that time follow, those frozen stay as they are. Raises
        InvalidDocument, Missing, and Clash where a unit had ended before or the day tells of it already.
        """
        said = nfc({"units": sorted(set(units)), "date": date, "number": number, "to": to, "named": named})
        with self._registry.writing():
            return self._tell(kind, **said)

    def _tell(
        self,
        kind: str,
        *,
        units: Sequence[str],
        date: str,
        number: str,
        to: str | None,
        named: Mapping[str, Names] | None,
    ) -> tuple[Document, list[tuple[str, int]]]:
        old = list(units)
        for each in (*old, *([to] if to is not None else ())):
            self._known_unit(each)
        event: dict[str, Any] = {
            "_id": f"unitevent:{date}:{to or next(iter(old), '')}",
            "type": "unitevent",
            "v": 1,
            "kind": kind,
            "date": date,
            "from": old,
            "to": to,
            "number": number,
            "named": None if named is None else dict(named),
            "was": None,
        }
        before = self._registry.find(event["_id"])
        if kind == "rename" and len(old) == 1:
            known = before if before is not None and before["kind"] == "rename" else None
            unit = self._known_unit(old[0])
            event["was"] = known["was"] if known else {name: unit[name] for name in ("names", "short_names")}
        check(event)
        for each in old:
            self._require_alive_on(each, date, ends=kind != "rename")
        if to is not None:
            self._require_alive_on(to, date, founded=True)
        if before is not None and body_of(before) != body_of(event):
            raise Clash("event-stands", {"event": event["_id"]})
        if kind == "rename":
            self._require_last_rename(old[0], date)
        # The event first: what a crash leaves out here, the sweep and a repeated command finish.
        try:
            written = before or self._registry.write(event)
        except Conflict:
            raise Clash("event-stands", {"event": event["_id"]}) from None  # another server was first
        for each in old:
            unit = self._known_unit(each)
            changed = dict(named) if kind == "rename" and named is not None else {"valid_to": eve(date)}
            self._registry.put({**body_of(unit), "_id": unit["_id"], **changed})
        return written, [it for it in self._group_years() if self._follow_events(*it)]

    def _require_alive_on(self, unit: str, day: str, *, ends: bool = False, founded: bool = False) -> None:
        """Raises Clash. What ends on a day existed on its eve; a successor may be founded on the day itself."""
        known = self._known_unit(unit)
        since, until = known["valid_from"], known["valid_to"]
        last = eve(day) if ends else day
        if (day if founded else eve(day)) < since or (until is not None and last > until):
            raise Clash("unit-not-alive", {"unit": unit, "from": since, "to": until or "…"})

    def _require_last_rename(self, unit: str, day: str) -> None:
        """Raises Clash: names are told in their order, or what is told last would become the name of today."""
        later = [it for it in self._registry.all("unitevent") if it["kind"] == "rename" and it["from"] == [unit]]
        if later and max(it["date"] for it in later) > day:
            raise Clash("renamed-later", {"unit": unit, "day": max(it["date"] for it in later)})

    def _follow_events(self, group: str, year: int) -> bool:
        """Bring a group year up to the registry's events; False where nothing was to be done, or it is frozen."""
        database = self._backend.open(ids.group_database(group, year))
        document = database.get(ids.groupyear_id(group, year))
        events = self._events_of(document)
        if not events:
            return False
        wanted = applied(document, events)
        units = sorted({member["unit"] for member in wanted["members"]})
        copies: list[Mapping[str, Any]] = [*events, *(self._unit_in(year, unit) for unit in units), wanted]
        news: list[Mapping[str, Any]] = [each for each in copies if not _stands(database, each)]
        if not news or _frozen(database):
            return False
        for each in news:
            put_body(database, each)
        for account in self.accounts_of(units):
            self.member(group, year, account)
        return True

    def _group_years(self) -> list[tuple[str, int]]:
        """Those that were opened: of one that is being opened only the database may stand."""
        named = [ids.parse_database(name) for name in self._backend.names() if name.startswith("g-")]
        found = [(str(it.group), int(it.year or 0)) for it in named]
        return [it for it in found if self._database(*it) is not None]

    def _events_of(self, groupyear: Mapping[str, Any]) -> list[Document]:
        """What happened to its members up to the year's end, and to their successors."""
        return [event for event in in_order(self._registry.all("unitevent")) if concerns(groupyear, event)]

    def _unit_in(self, year: int, unit: str) -> dict[str, Any]:
        """A unit as it was called at the year's end: an old year keeps the old name."""
        return unit_at(self._known_unit(unit), self._registry.all("unitevent"), f"{year}-12-31")

    def _require_alive(self, groupyear: Mapping[str, Any]) -> None:
        """Nobody is a member before it is founded or after it ended. Raises Invalid with every such member."""
        wrong = []
        for index, member in enumerate(groupyear["members"]):
            unit = self._known_unit(member["unit"])
            ended = unit["valid_to"] is not None and member["from"] > unit["valid_to"]
            if ended or (member["to"] or member["from"]) < unit["valid_from"]:
                alive = {"unit": member["unit"], "from": unit["valid_from"], "to": unit["valid_to"] or "…"}
                wrong.append((f"members.{index}", Said("unit-not-alive", alive)))
        if wrong:
            raise Invalid("invalid", fields=tuple(wrong))

    def finish(self, group: str, year: int) -> None:
        """Create what the group year needs and a crash may have left out: its photos' and its units' databases."""
        database = self._backend.open(ids.group_database(group, year))
        self._follow_events(group, year)
        document = database.get(ids.groupyear_id(group, year))
        self._backend.create(ids.media_database(group, year))
        for member in document["members"]:
            self._backend.create(ids.unit_database(member["unit"], year))

    def member(self, group: str, year: int, account: Mapping[str, Any]) -> None:
        """Let a group know who acts there: the account's member, person and unit, without login and secret."""
        database = self._backend.open(ids.group_database(group, year))
        person = self._registry.find(ids.person_id(account["person"]))
        documents: list[Mapping[str, Any]] = [
            self._unit_in(year, account["unit"]),
            {
                "_id": ids.member_id(account["account"]),
                "type": "member",
                "v": 1,
                "account": account["account"],
                "person": account["person"],
                "unit": account["unit"],
                "roles": list(account["roles"]),
            },
        ]
        if person is not None:
            documents.insert(0, person)
        for each in documents:
            put_body(database, each)

    def introduce(self, group: str, year: int, account: str) -> None:
        """As `member`, of whoever decides there though no unit of theirs is a member: the council."""
        known = self._registry.find(ids.account_id(account))
        if known is not None:
            self.member(group, year, known)

    def joined(self, account: Account) -> None:
        """A new account enters every group year its unit, or its unit's parent, is a member of."""
        document = self._registry.find(ids.account_id(account.account))
        assert document is not None
        unit = self._known_unit(account.unit)
        for group, year in self._group_years():
            opened = self._backend.open(ids.group_database(group, year)).get(ids.groupyear_id(group, year))
            if {unit["unit"], unit["parent"]} & {member["unit"] for member in opened["members"]}:
                self.member(group, year, document)

    def movement(self, group: str, year: int, document: Mapping[str, Any]) -> None:
        self._into_group(group, year, {**body_of(document), "_id": ids.movement_id(document["movement"])})

    def award(self, group: str, year: int, document: Mapping[str, Any]) -> None:
        """Figures of an award, as decided or as published. Written again with another count, the later stands."""
        named = {**body_of(document), "group": group, "year": year}
        self._into_group(group, year, {**named, "_id": ids.award_id(document["award"])})

    def pact(self, group: str, year: int, document: Mapping[str, Any]) -> None:
        self._into_group(group, year, {**body_of(document), "_id": ids.pact_id(group, year)})

    def accounts_of(self, units: Iterable[str]) -> list[Document]:
        """Accounts of these units and of the grassroots units below them."""
        above = set(units)
        below = {each["unit"] for each in self._registry.all("unit") if each["parent"] in above}
        return [each for each in self._registry.all("account") if each["unit"] in above | below]

    def _into_group(self, group: str, year: int, document: Mapping[str, Any]) -> None:
        check(document)
        put_body(self._backend.open(ids.group_database(group, year)), document)

    def _known_unit(self, unit: str) -> Document:
        found = self._registry.find(ids.unit_id(unit)) if ids.is_word(unit) else None
        if found is None:
            raise Missing("unit-unknown", {"unit": unit})
        return found


def _require_sound(kind: str, document: Mapping[str, Any], *members: str) -> None:
    """Raises InvalidDocument with what is wrong in these members, which make the document's id."""
    wrong = [it for it in flatten(FORMS[kind].validate(dict(document))) if it.path in members]
    if wrong:
        raise InvalidDocument(wrong)


def _stands(database: Database, document: Mapping[str, Any]) -> bool:
    try:
        return body_of(database.get(document["_id"])) == body_of(document)
    except NotFound:
        return False


def _frozen(database: Database) -> bool:
    """Has its ranking been frozen? What that was computed from is never touched again."""
    return any(decision["act"] == "freeze" for decision in _decisions(database))


def _locked(database: Database) -> frozenset[str]:
    """The scheme that a decision locked for this group year. Its copy there never changes again."""
    return frozenset(it["value"]["scheme"] for it in _decisions(database) if it["act"] == "lock-scheme")


def _decisions(database: Database) -> list[Document]:
    rows = database.all_docs(start_key="decision:", end_key="decision;", include_docs=True)["rows"]
    return [row["doc"] for row in rows]


def put_body(database: Database, document: Mapping[str, Any]) -> None:
    """Write the document over what stands under its id; writing what stands there already changes nothing."""
    body = {"_id": document["_id"], **body_of(document)}
    while True:
        try:
            standing = database.get(body["_id"])
        except NotFound:
            standing = None
        if standing is not None and body_of(standing) == body_of(body):
            return
        try:
            database.put(body if standing is None else {**body, "_rev": standing["_rev"]})
        except Conflict:
            continue  # another writer was first: look again
        return
