"""Evidence as screens show it: from documents, parts and what is known of its way.

It must never write anything but small pictures that can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mobile import capture
from mobile.book import Library, said, unit_name
from mobile.cards import EvidenceCard, PhotoView, Place
from mobile.ledger import Ledger
from mobile.local import bare, found, listed
from mobile.tools import Tools
from schemas import evidence, ids
from sync.database import Document


@dataclass(frozen=True, slots=True)
class Shelf:
    """Makes cards, in one language, with one reading of the ledger."""

    tools: Tools
    library: Library
    ledger: Ledger
    locale: str

    def cards(self, databases: Iterable[str]) -> list[EvidenceCard]:
        """All evidence of these databases, newest first."""
        found_here = [
            self.card(database, document)
            for database in databases
            if database in self.tools.local.stores
            for document in listed(self.tools.local.stores.open(database), "evidence:")
        ]
        return sorted(found_here, key=lambda card: (card.at, card.id), reverse=True)

    def one(self, database: str, evidence_id: str) -> EvidenceCard | None:
        """The card of one piece of evidence; None where it is not here (yet)."""
        if database not in self.tools.local.stores:
            return None
        document = found(self.tools.local.stores.open(database), evidence_id)
        return None if document is None else self.card(database, document)

    def card(self, database: str, document: Document) -> EvidenceCard:
        group, year = document["group"], document["year"]
        book = self.library.book(group, year)
        media = ids.media_database(group, year)
        homes = (database, ids.group_database(group, year))
        account = self.tools.account.account
        mine = document["by"] == account
        shots = evidence.photos_of(document)
        here = any(self._captured_here(media, shot) for shot in shots)
        standing = self.ledger.evidence(
            database,
            media,
            [document["_id"], *(ids.part_id(part) for part in evidence.parts_named(document))],
            shots,
            here=here,
            ours=self.ledger.made_here(document),
        )
        place = self.library.part(document["place"], *homes)
        movement = document["movement"]
        return EvidenceCard(
            id=document["_id"],
            title=self.library.text(document["title"], *homes),
            note=self.library.text(document["note"], *homes),
            unit=document["unit"],
            unit_name=unit_name(book, self.tools.account, document["unit"], self.locale),
            place=Place(**{name: place.get(name) for name in ("name", "lat", "lon", "accuracy_m")})
            if isinstance(place, dict)
            else None,
            people=self.library.text(document["people"], *homes),
            movement=movement,
            movement_name=""
            if movement is None or book is None
            else next(
                (said(each["names"], self.locale) for each in book.movements if each["movement"] == movement), ""
            ),
            criterion=document["criterion"],
            at=document["photos"][0]["taken"] or document["made"]["at"]
            if document["photos"]
            else document["made"]["at"],
            photos=tuple(self._photo(media, shot) for shot in bare(document)["photos"]),
            children=document["children"],
            consent=document["consent"],
            by=document["by"],
            by_name=self.tools.account.person_name
            if mine
            else document["by"]
            if book is None
            else book.person_name(document["by"]),
            mine=mine,
            state=standing.state,
            percent=standing.percent,
            reason=standing.reason,
        )

    def _photo(self, media: str, shot: Document) -> PhotoView:
        sha256 = shot["photo"]
        file = self.tools.local.photo_file(sha256)
        return PhotoView(
            sha256=sha256,
            width=shot["width"],
            height=shot["height"],
            taken=shot["taken"],
            file=file if file.exists() else None,
            thumbnail=capture.thumbnail(self.tools, media, sha256),
            safe=self.ledger.way(media, sha256).safe,
        )

    def _captured_here(self, media: str, sha256: str) -> bool:
        if media not in self.tools.local.stores:
            return False
        return found(self.tools.local.stores.open(media), f"photo:{sha256}") is not None
