"""The minutes of a visit on this phone: written in the checklist, kept at every change, sent once and never changed.

What is being written is this phone's own until it is sent; then it lies in the visit's database for the whole team, and
a correction is a new one in place of all that are known here. It must never know the network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from mobile.book import Book, heads_of
from mobile.cards import AgreedView, ChecklistView, CriterionView, MinutesView
from mobile.checklists import Checklists
from mobile.drafts import Key
from mobile.i18n import _
from mobile.ledger import Ledger
from mobile.local import listed
from mobile.problems import PhoneError
from schemas import base, ids
from schemas.base import nfc
from schemas.evidence import parts_named
from schemas.fields import NAME_CHARS_MAX, NOTE_CHARS_MAX
from schemas.figures import format_points, local_day
from schemas.minutes import AGREED_MAX, SIDES, is_clock, standing
from sync.database import Document

TEXTS: Final = ("place", "team", "unit", "differences", "recommendations")
MEMBERS: Final = {"team": "team_present", "unit": "unit_present"}
"""What the document calls them; the others bear the same name."""

CLOCK = re.compile(r"\s*(\d{1,2})\s*(?:[:.hg]|giờ)?\s*(\d{2})?\s*", re.IGNORECASE)
FIRST: Final = "08:00"


@dataclass(frozen=True, slots=True)
class MinutesBook:
    """The minutes of all visits here, in one language."""

    checklists: Checklists

    def view(self, key: Key) -> MinutesView:
        """Raises UnknownChecklist."""
        book, sheet = self.checklists.book_of(key), self.checklists.view(key)
        draft = self._draft(key)
        sent = self._standing(key, book)
        said = self._said(key, book, sheet) if draft is None else draft
        state, percent, reason = (None, None, "") if not sent else self._state(key, book, sent[-1])
        return MinutesView(
            key=str(key),
            unit_name=sheet.unit_name,
            on=said["on"],
            began=said["began"],
            ended=said["ended"],
            place=said["place"],
            team=said["team"],
            unit=said["unit"],
            differences=said["differences"],
            recommendations=said["recommendations"],
            agreed=tuple(AgreedView(it["side"], it["name"], it["at"]) for it in said["agreed"]),
            written=draft is not None,
            sent_at=sent[-1]["made"]["at"] if sent else None,
            sent=len(sent),
            state=state,
            percent=percent,
            reason=reason,
            editable=sheet.editable,
            submitted=self._submission(key, book) is not None,
        )

    def keep(self, key: Key, **said: str) -> None:
        """Keep what was written of these fields. Raises PhoneError with nothing kept."""
        for name, text in said.items():
            if len(nfc(text)) > NOTE_CHARS_MAX:
                raise PhoneError("text-too-long", max=str(NOTE_CHARS_MAX))
            if name in ("began", "ended"):
                said[name] = clock(text)
            elif name == "on":
                date.fromisoformat(text)
            else:
                said[name] = nfc(text)
        self._edit(key, lambda draft: {**draft, **said})

    def agree(self, key: Key, side: str, name: str) -> None:
        """Somebody of one side agreed, now."""
        name = nfc(name.strip())
        if not name or side not in SIDES:
            raise PhoneError("minutes-name")
        if len(name) > NAME_CHARS_MAX:
            raise PhoneError("text-too-long", max=str(NAME_CHARS_MAX))
        one = {"side": side, "name": name, "at": self.checklists.tools.time()}
        self._edit(key, lambda draft: {**draft, "agreed": [*draft["agreed"], one][:AGREED_MAX]})

    def disagree(self, key: Key, index: int) -> None:
        """Take a name off again. Raises IndexError."""
        self._edit(key, lambda draft: {**draft, "agreed": _without(draft["agreed"], index)})

    def send(self, key: Key) -> str:
        """Answers the minutes' id once they and their texts are on the disk. Raises PhoneError, nothing written."""
        book = self.checklists.book_of(key)
        if not self.checklists.view(key).editable:
            raise PhoneError("not-editable")
        said = self._draft(key) or self._said(key, book, self.checklists.view(key))
        submission = self._submission(key, book)
        if submission is None:
            raise PhoneError("minutes-need-checklist")
        if not is_clock(said["began"]) or (said["ended"] and said["ended"] < said["began"]):
            raise PhoneError("minutes-time")
        if not said["place"].strip():
            raise PhoneError("minutes-place")
        if not (said["team"].strip() and said["unit"].strip()):
            raise PhoneError("minutes-present")
        tools = self.checklists.tools
        parts: list[Document] = []

        def told(text: str) -> str:
            parts.append(tools.part(text))
            return base.part_hash(parts[-1])

        minutes = {
            "_id": ids.minutes_id(key.unit, str(key.visit), tools.ulid()),
            "type": "minutes",
            "v": 1,
            "group": book.group,
            "year": book.year,
            "unit": key.unit,
            "visit": key.visit,
            "submission": submission,
            "on": said["on"],
            "began": said["began"],
            "ended": said["ended"] or None,
            **{MEMBERS.get(name, name): told(said[name].strip()) if said[name].strip() else None for name in TEXTS},
            "agreed": [{**it, "name": told(it["name"])} for it in said["agreed"]],
            "supersedes": sorted(str(it["_id"]) for it in self._standing(key, book)),
            "by": tools.account.account,
            "made": tools.stamp(),
        }
        for each in (*parts, minutes):
            base.check(each)
        tools.local.stores.ensure(key.database).put_all([*parts, minutes])
        # The draft goes last: a crash between the two offers it again, and a second sending supersedes the first.
        tools.local.edit(_draft_id(key), lambda _before: None)
        return str(minutes["_id"])

    # Inside

    def _edit(self, key: Key, change: Any) -> None:
        book, sheet = self.checklists.book_of(key), self.checklists.view(key)
        if not sheet.editable:
            raise PhoneError("not-editable")
        first = self._said(key, book, sheet)
        self.checklists.tools.local.edit(_draft_id(key), lambda before: change(before or first))

    def _draft(self, key: Key) -> Mapping[str, Any] | None:
        return self.checklists.tools.local.read(_draft_id(key))

    def _said(self, key: Key, book: Book, sheet: ChecklistView) -> dict[str, Any]:
        """What stands in the minutes sent last; before any, what this phone can propose."""
        sent = self._standing(key, book)
        if sent:
            last = sent[-1]
            group = ids.group_database(book.group, book.year)

            def text(part: str | None) -> str:
                return self.checklists.library.text(part, key.database, group)

            return {
                "on": last["on"],
                "began": last["began"],
                "ended": last["ended"] or "",
                **{name: text(last[MEMBERS.get(name, name)]) for name in TEXTS},
                "agreed": [{"side": it["side"], "name": text(it["name"]), "at": it["at"]} for it in last["agreed"]],
            }
        visit = book.visits[str(key.visit)]
        today = local_day(self.checklists.tools.time()).isoformat()
        names = (
            f"{book.person_name(account)} – {book.unit_name(unit, self.checklists.locale)}"
            for account, unit in visit.team
        )
        return {
            "on": min(max(today, visit.starts), visit.ends),
            "began": FIRST,
            "ended": "",
            "place": visit.place,
            "team": "\n".join(names),
            "unit": "",
            "differences": differences(sheet, self.checklists.locale),
            "recommendations": "",
            "agreed": [],
        }

    def _standing(self, key: Key, book: Book) -> list[Mapping[str, Any]]:
        local = self.checklists.tools.local
        known = {name: it for name, it in book.minutes.items() if it["visit"] == key.visit}
        if key.database in local.stores:
            known |= {it["_id"]: it for it in listed(local.stores.open(key.database), "minutes:")}
        return standing(known.values())

    def _submission(self, key: Key, book: Book) -> str | None:
        heads = heads_of(self.checklists.submissions(key, book))
        return str(heads[-1]["_id"]) if heads else None

    def _state(self, key: Key, book: Book, minutes: Mapping[str, Any]) -> tuple[Any, int | None, str]:
        if minutes["_id"] in book.minutes:
            return "verified", None, ""
        ledger = Ledger(self.checklists.tools.local)
        named = [minutes["_id"], *sorted(map(ids.part_id, parts_named(minutes)))]
        found = ledger.documents(key.database, named, ours=ledger.made_here(minutes))
        return found.state, found.percent, found.reason


def differences(sheet: ChecklistView, locale: str) -> str:
    """The criteria on which team and unit lie far apart, a line each, as a beginning."""
    return "\n".join(_line(each, locale) for section in sheet.sections for each in section.criteria if each.discrepant)


def clock(text: str) -> str:
    """`8h30`, `8:30`, `8 giờ 30` and `0830` as `08:30`; nothing for nothing. Raises PhoneError."""
    if not text.strip():
        return ""
    found = CLOCK.fullmatch(text)
    told = f"{int(found[1]):02d}:{found[2] or '00'}" if found else ""
    if not is_clock(told):
        raise PhoneError("minutes-time")
    return told


def writing(local: Any) -> int:
    """How many minutes were begun on this phone and not sent."""
    return len(local.list("minutes:"))


def _line(view: CriterionView, locale: str) -> str:
    def told(value: str | None) -> str:
        return "–" if value is None else format_points(value, locale)

    line = _("{label} {name}: self-score {own}, team {cross}.").format(
        label=view.label, name=view.name, own=told(view.self_worth), cross=told(view.worth)
    )
    return f"{line} {view.note}".strip()


def _without(names: list[Any], index: int) -> list[Any]:
    left = list(names)
    del left[index]
    return left


def _draft_id(key: Key) -> str:
    return f"minutes:{key}"
