"""Administrators' work: units, groups, schemes, a group's year and the databases it needs.

Every call may be repeated: what stands already is left, what a crash left half done is finished. Who may call is
decided by whoever calls; it must never know a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas import ids
from schemas.base import check
from schemas.hashing import body_of
from server.accounts import Account
from server.backends import Backend
from server.problems import Missing
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
        """Write a unit, or over what is known of it."""
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

    def scheme(self, document: Mapping[str, Any]) -> Document:
        """Put a scheme into the library. Raises InvalidDocument with everything wrong in it."""
        return self._registry.put({**body_of(document), "_id": ids.scheme_id(document["scheme"], document["version"])})

    def group_year(self, document: Mapping[str, Any]) -> None:
        """Open a group's year: its document, the copies it needs, and its `g-`, `m-` and `u-` databases.

        Repeated with another content (a member that joined, a flag) it writes over the group year. Raises
        InvalidDocument, Missing (a unit or the scheme is not in the registry).
        """
        group, year = document["group"], document["year"]
        wanted = {**body_of(document), "_id": ids.groupyear_id(group, year)}
        check(wanted)
        scheme = self._registry.find(wanted["scheme"])
        if scheme is None:
            raise Missing("scheme-unknown", {"scheme": wanted["scheme"]})
        units = sorted({member["unit"] for member in wanted["members"]})
        copies = [scheme, *(self._known_unit(unit) for unit in units)]
        # Copies first: who reads the group year finds what it names.
        database = self._backend.create(ids.group_database(group, year))
        for each in copies:
            put_body(database, each)
        put_body(database, wanted)
        self.finish(group, year)
        for account in self.accounts_of(units):
            self.member(group, year, account)

    def finish(self, group: str, year: int) -> None:
        """Create what the group year needs and a crash may have left out: its photos' and its units' databases."""
        database = self._backend.open(ids.group_database(group, year))
        document = database.get(ids.groupyear_id(group, year))
        self._backend.create(ids.media_database(group, year))
        for member in document["members"]:
            self._backend.create(ids.unit_database(member["unit"], year))

    def member(self, group: str, year: int, account: Mapping[str, Any]) -> None:
        """Let a group know who acts there: the account's member, person and unit, without login and secret."""
        database = self._backend.open(ids.group_database(group, year))
        person = self._registry.find(ids.person_id(account["person"]))
        documents: list[Mapping[str, Any]] = [
            self._known_unit(account["unit"]),
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

    def joined(self, account: Account) -> None:
        """A new account enters every group year its unit, or its unit's parent, is a member of."""
        document = self._registry.find(ids.account_id(account.account))
        assert document is not None
        unit = self._known_unit(account.unit)
        for name in self._backend.names():
            if name.startswith("g-"):
                parsed = ids.parse_database(name)
                assert parsed.group is not None
                assert parsed.year is not None
                year = self._backend.open(name).get(ids.groupyear_id(parsed.group, parsed.year))
                if {unit["unit"], unit["parent"]} & {member["unit"] for member in year["members"]}:
                    self.member(parsed.group, parsed.year, document)

    def movement(self, group: str, year: int, document: Mapping[str, Any]) -> None:
        self._into_group(group, year, {**body_of(document), "_id": ids.movement_id(document["movement"])})

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
        found = self._registry.find(ids.unit_id(unit))
        if found is None:
            raise Missing("unit-unknown", {"unit": unit})
        return found


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
