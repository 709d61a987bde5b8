"""Who reads what: opens a view for a reader or refuses, and answers what needs no figures.

The command line reads as nobody (`account` None): whoever holds the data folder holds everything. It must never write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from schemas import ids
from schemas.access import SCORERS, Access, access_to
from schemas.figures import VIET_NAM
from schemas.scheme import Scheme
from server.accounts import Account
from server.acts import Acts
from server.backends import Backend
from server.board.models.decisions import DecisionEntry, DecisionsPage
from server.board.models.evidence import EvidenceCard, EvidencePage, Use
from server.board.models.head import GroupHead
from server.board.models.visits import TeamMember, VisitCard, VisitsPage, VisitState
from server.board.view import GroupView
from server.board.views import Views
from server.board.year_told import state_of
from server.facts import FactBook, group_facts, identity_of
from server.problems import Missing, Refused
from server.projection import Projection
from sync import media
from sync.database import Attachment, Document
from sync.errors import NotFound


class Reading:
    """The part of the board that needs no figures."""

    def __init__(
        self,
        backend: Backend,
        book: FactBook,
        views: Views,
        projection: Projection,
        *,
        acts: Acts,
        now: Callable[[], datetime],
    ) -> None:
        self._backend = backend
        self._book = book
        self._views = views
        self._projection = projection
        self._acts = acts
        self._now = now

    # Opening

    def today(self) -> date:
        """This day in Viet Nam."""
        return self._now().astimezone(VIET_NAM).date()

    def view(self, account: Account | None, group: str, year: int) -> GroupView:
        """The group year, for somebody who may read it. Raises Missing, Refused."""
        view = self._views.view(group, year)
        if account is not None:
            access = access_to(identity_of(account), ids.group_database(group, year), self._book.facts())
            if not isinstance(access, Access):
                raise Refused(access.code, access.params)
        return view

    def head(self, account: Account | None, view: GroupView) -> GroupHead:
        """What every page of the group year opens with."""
        year = view.group_year
        leads = group_facts(year, self.today())
        roles = []
        if account is not None:
            places = {"leader": leads.leader, "deputy": leads.deputy}
            roles = [role for role, unit in places.items() if unit == account.unit]
            roles += ["member"] if account.unit in view.member_units else []
            roles += ["council"] if "council" in account.roles else []
        return GroupHead(
            group=view.group,
            year=view.year,
            kind=year["kind"],
            names=year["names"],
            theme=year["theme"],
            sample=year["sample"],
            my_roles=tuple(roles),
            leader=None if leads.leader is None else view.unit(leads.leader),
            deputy=None if leads.deputy is None else view.unit(leads.deputy),
            state=state_of(view),
        )

    def photo_states(self, view: GroupView) -> dict[str, str]:
        return self._projection.photos(ids.media_database(view.group, view.year))

    # Visits

    def visits(self, account: Account | None, group: str, year: int) -> VisitsPage:
        view = self.view(account, group, year)
        today = min(self.today(), date(year, 12, 31))
        units = tuple(view.unit(unit) for unit in view.members_on(today))
        # Nobody goes on a visit for a unit that is a member no more.
        present = {unit.unit for unit in units}
        scorers = [it for it in view.all("member") if SCORERS & set(it["roles"]) and it["unit"] in present]
        people = [(it, TeamMember(view.person(it["account"]), view.unit(it["unit"]))) for it in scorers]
        plannable = frozenset(
            unit.unit
            for unit in units
            for offer in (
                () if account is None else self._acts.offers(account, view, ["plan-visit"], {"inspected": unit.unit})
            )
            if offer.allowed
        )
        return VisitsPage(
            head=self.head(account, view),
            visits=self.visit_cards(view),
            units=units,
            people=tuple(person for it, person in people if "inspector" in it["roles"]),
            may_plan=bool(plannable),
            plannable=plannable,
            helpers=tuple(person for _, person in people),
        )

    def visit_cards(self, view: GroupView) -> tuple[VisitCard, ...]:
        """Every visit by its first day, with how far its team is."""
        scheme = Scheme.from_document(view.scheme)
        minuted = {it["visit"] for it in view.all("minutes")}
        cards = []
        for visit in view.visits.values():
            functions = set(view.documents.get(f"unit:{visit.inspected}", {}).get("functions", ()))
            applicable = sum(it.function is None or it.function in functions for it in scheme.criteria)
            submissions = [it for it in view.all("submission") if it["visit"] == visit.visit]
            drafts = self._projection.drafts(ids.visit_database(visit.visit)).values()
            answered = max([len(it["answers"]) for it in submissions] or [it.answered for it in drafts], default=0)
            seen = [view.arrivals[it["_id"]]["at"] for it in submissions if it["_id"] in view.arrivals]
            seen += [it.touched for it in drafts if it.touched is not None]
            state: VisitState = "planned"
            contested = view.folded.contested.get(f"visit:{visit.visit}")
            if contested is not None:
                state = "contested"
            elif visit.state == "cancelled":
                state = "cancelled"
            elif submissions:
                state = "submitted"
            elif answered:
                state = "under_way"
            cards.append(
                VisitCard(
                    visit=visit.visit,
                    inspected=view.unit(visit.inspected),
                    team=tuple(TeamMember(view.person(account), view.unit(unit)) for account, unit in visit.team),
                    from_date=visit.starts,
                    to_date=visit.ends,
                    place=visit.place,
                    state=state,
                    answered=min(answered, applicable),
                    applicable=applicable,
                    submissions=tuple(sorted(it["_id"] for it in submissions)),
                    last_seen=max(seen, default=None),
                    minutes=visit.visit in minuted,
                    sides=() if contested is None else tuple(decision_entry(view, it) for it in contested.sides),
                )
            )
        return tuple(sorted(cards, key=lambda it: (it.from_date, it.inspected.unit, it.visit)))

    # Evidence

    def evidence(
        self,
        account: Account | None,
        group: str,
        year: int,
        *,
        unit: str | None = None,
        criterion: str | None = None,
        skip: int = 0,
        limit: int = 60,
    ) -> EvidencePage:
        """Cited evidence, the newest first; of one scored unit or one criterion where named."""
        view = self.view(account, group, year)
        states = self.photo_states(view)
        found = [
            cited
            for cited in view.all("cited")
            if any(
                unit in (None, submission["unit"]) and criterion in (None, at)
                for submission, at in view.citations.get(cited["_id"], ())
            )
        ]
        found.sort(key=lambda it: (it["made"]["at"], it["_id"]), reverse=True)
        cards = tuple(view.evidence(it, states) for it in found[skip : skip + limit])
        return EvidencePage(head=self.head(account, view), cards=cards, total=len(found))

    def evidence_card(self, account: Account | None, group: str, year: int, cited: str) -> EvidenceCard:
        """One piece. `cited` is its id, with or without `cited:`. Raises Missing."""
        view = self.view(account, group, year)
        document = view.documents.get(f"cited:{cited.removeprefix('cited:')}")
        if document is None:
            raise Missing("no-evidence")
        card = view.evidence(document, self.photo_states(view))
        own = {(group, year, unit, target) for unit, target in cites_of(view, card.cited)}
        return self.with_uses(card, own)

    def with_uses(self, card: EvidenceCard, own: Collection[tuple[str, int, str, str]]) -> EvidenceCard:
        """The card with every other use of its photos; `own` are those of where it is shown."""
        photos = tuple(
            replace(photo, also=tuple(use for use in self._uses(photo.photo) if _key(use) not in own))
            for photo in card.photos
        )
        return replace(card, photos=photos)

    def _uses(self, photo: str) -> list[Use]:
        """All that cites the photo, in whichever group and year: the same bytes have the same name everywhere."""
        found: dict[tuple[str, int, str, str], Use] = {}
        for database, doc_id in self._projection.naming(photo):
            parsed = ids.parse_database(database)
            if parsed.kind != "group" or ids.type_of(doc_id) != "cited":
                continue
            try:
                view = self._views.view(str(parsed.group), int(parsed.year or 0))
            except Missing:
                continue
            for unit, target in cites_of(view, doc_id):
                use = Use(view.group, view.year, view.unit(unit), target, doc_id)
                found.setdefault(_key(use), use)
        return [found[key] for key in sorted(found)]

    def photo(self, account: Account | None, group: str, year: int, photo: str, *, thumb: bool) -> Attachment:
        """A verified photo, or its thumbnail, that evidence of the group names. Raises Missing."""
        view = self.view(account, group, year)
        if photo not in view.photos:
            raise Missing("no-photo")
        database = self._backend.open(ids.media_database(group, year))
        try:
            if thumb:
                return database.attachment(media.thumb_id(photo), "thumb.jpg")
            return database.attachment(media.receipt_id(photo), "photo")
        except NotFound as error:
            raise Missing("no-photo") from error

    # Decisions

    def decisions(self, account: Account | None, group: str, year: int) -> DecisionsPage:
        """The log, the newest first."""
        view = self.view(account, group, year)
        entries = [decision_entry(view, it) for it in view.folded.by_id.values()]
        return DecisionsPage(self.head(account, view), tuple(reversed(entries)), view.folded.heads)

    def decision_documents(self, account: Account | None, group: str, year: int) -> list[Document]:
        """The log as stored, the oldest first, without the database's own members but `_id`."""
        view = self.view(account, group, year)
        return [
            {name: value for name, value in it.items() if not name.startswith("_") or name == "_id"}
            for it in sorted(view.all("decision"), key=lambda it: (it["n"], it["_id"]))
        ]


def cites_of(view: GroupView, cited: str) -> set[tuple[str, str]]:
    """The units and the criteria or claims for which somebody submitted this evidence."""
    return {(submission["unit"], target) for submission, target in view.citations.get(cited, ())}


def _key(use: Use) -> tuple[str, int, str, str]:
    return use.group, use.year, use.unit.unit, use.target


def decision_entry(view: GroupView, decision: Mapping[str, Any]) -> DecisionEntry:
    """One decision, with names and its reason."""
    subject = decision["subject"]
    contested = view.folded.contested.get(subject)
    sides = () if contested is None else tuple(it["_id"] for it in contested.sides)
    standing = view.folded.standing.get(subject)
    authority = decision["authority"]
    return DecisionEntry(
        decision=decision["_id"],
        n=decision["n"],
        act=decision["act"],
        subject=subject,
        value=decision["value"],
        reason=view.text(decision["reason"]),
        by=view.person(decision["by"]),
        authority_unit=view.unit(authority["unit"]),
        authority_as=authority["as"],
        at=decision["at"],
        inputs=tuple(it["id"] for it in decision["inputs"]),
        previous=tuple(decision["previous"]),
        settles=tuple(decision["settles"]),
        contested=decision["_id"] in sides,
        stands=decision["_id"] in sides or (standing is not None and standing["_id"] == decision["_id"]),
    )
