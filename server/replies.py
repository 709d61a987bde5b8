"""The inspected unit's answer to a deduction or a return, written on the page of the number it concerns.

It enters the group through the unit's database, as one from a phone would. While it is open is said by the record: five
working days after a cross score far from the unit's own arrived, or as long as a return stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from schemas import ids
from schemas.access import ACTORS
from schemas.base import check
from schemas.figures import VIET_NAM, format_date, time_string
from schemas.hashing import nfc, part, part_hash
from server.accounts import Account
from server.acts import SALT_BYTES
from server.approvals import DEVICE
from server.backends import Backend, write_once
from server.board.figures import matters
from server.board.models.said import Said
from server.board.views import Views
from server.problems import Clash, Invalid, Missing, Refused
from server.turns import Turns
from sync.database import Document

REPLY_CHARS_MAX = 4_000
"""Two pages; what is longer is evidence."""


class Replies:
    """For any number of threads."""

    def __init__(
        self,
        backend: Backend,
        views: Views,
        *,
        follow: Callable[[str], None],
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._backend = backend
        self._views = views
        self._follow = follow
        self._now = now
        self._random_bytes = random_bytes
        # Of two taps on one button the second finds what the first wrote.
        self._turns = Turns()

    def reply(
        self, account: Account, group: str, year: int, unit: str, criterion: str, *, answers: str, text: str
    ) -> Document:
        """The reply as written, once however often it is sent.

        Raises Missing, Refused, Invalid, and Clash once it is no longer open.
        """
        self._views.view(group, year)  # a year there is none of is missing, and needs no lock
        name = ids.group_database(group, year)
        with self._turns.of(name):
            self._backend.look_anew(name)
            return self._reply(account, group, year, unit, criterion, answers=answers, text=text)

    def _reply(
        self, account: Account, group: str, year: int, unit: str, criterion: str, *, answers: str, text: str
    ) -> Document:
        view = self._views.view(group, year)
        if account.unit != unit or ACTORS.isdisjoint(account.roles):
            raise Refused("reply-of-unit", {"unit": unit})
        said = nfc(text.strip())
        if not said or len(said) > REPLY_CHARS_MAX:
            raise Invalid("invalid", fields=(("text", Said("reply-text", {"limit": REPLY_CHARS_MAX})),))
        today = self._now().astimezone(VIET_NAM).date()
        row = view.standings(today).row(unit)
        if row is None or row.card.criterion(criterion) is None:
            raise Missing("no-criterion")
        matter = next((it for it in matters(view, row.card, criterion) if it.answers == answers), None)
        if matter is None:
            raise Clash("nothing-to-reply")
        if not matter.open_on(today):
            raise Clash("reply-closed", {"due": format_date(matter.due or "")})
        for reply in view.record.replies:
            mine = (account.account, unit, criterion, answers)
            if (reply["by"], reply["unit"], reply["criterion"], reply["answers"]) == mine and (
                view.text(reply["text"]) == said
            ):
                return dict(reply)
        moment = self._now()
        ulid = ids.new_ulid(moment, self._random_bytes)
        words = part(said, self._random_bytes(SALT_BYTES).hex())
        document = {
            "_id": ids.reply_id(unit, criterion, ulid),
            "type": "reply",
            "v": 1,
            "group": group,
            "year": year,
            "unit": unit,
            "criterion": criterion,
            "answers": answers,
            "text": part_hash(words),
            "by": account.account,
            "made": {"at": time_string(moment), "offset_s": 0, "device": DEVICE},
        }
        check(document)
        name = ids.unit_database(unit, year)
        write_once(self._backend.open(name), [words, document])
        self._follow(name)
        return document
