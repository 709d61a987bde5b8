"""A unit's head approves a self-score that a specialist prepared by submitting the same answers in their own name.

A submission never changes, so an approval is one more that supersedes what was prepared and says who approved it – on a
phone by Submit, here by one button. It arrives through the unit's database as if a phone had sent it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from schemas import ids
from schemas.base import check
from schemas.counting import checklists
from schemas.figures import time_string
from schemas.hashing import body_of
from server.accounts import Account
from server.backends import Backend, write_once
from server.board.figures import waiting_for_head
from server.board.views import Views
from server.facts import identity_of
from server.gateway import Gateway
from server.problems import Clash, Missing, Refused
from server.turns import Turns
from sync.database import Document

DEVICE = "trang-web"
"""What stands for a device where something was made on a page."""


class Approvals:
    """For any number of threads."""

    def __init__(
        self,
        backend: Backend,
        views: Views,
        gateway: Gateway,
        *,
        follow: Callable[[str], None],
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._backend = backend
        self._views = views
        self._gateway = gateway
        self._follow = follow
        self._now = now
        self._random_bytes = random_bytes
        # Of two taps on one button the second sees what the first wrote: else both would stand, side by side.
        self._turns = Turns()

    def approve(self, account: Account, group: str, year: int, submission: str) -> Document:
        """The head's submission as written.

        Raises Missing, Refused (who could), Clash where it no longer waits or the result is published: it would be
        received and change nothing.
        """
        self._views.view(group, year)  # a year there is none of is missing, and needs no lock
        name = ids.group_database(group, year)
        with self._turns.of(name):
            self._backend.look_anew(name)
            return self._approve(account, group, year, submission)

    def _approve(self, account: Account, group: str, year: int, submission: str) -> Document:
        view = self._views.view(group, year)
        prepared = view.documents.get(submission)
        if prepared is None or prepared["type"] != "submission":
            raise Missing("no-submission", {"submission": submission})
        if account.unit != prepared["unit"] or "head" not in account.roles:
            raise Refused("approval-of-units-head", {"unit": prepared["unit"]})
        published = view.folded.on("published", "publish")
        if published is not None:
            raise Clash("published-final", {"n": published["n"]})
        checklist = checklists(view.record)[ids.checklist_of(submission)]
        if submission not in waiting_for_head(view, checklist):
            raise Clash("nothing-to-approve")
        moment = self._now()
        ulid = ids.new_ulid(moment, self._random_bytes)
        approved = {
            **body_of(prepared),
            "_id": ids.submission_id(group, prepared["unit"], "self", None, ulid),
            # What counts until now, too: it may stand behind several that nobody approved.
            "supersedes": sorted({submission, *prepared["supersedes"], *checklist.heads}),
            "by": account.account,
            "approved_by": account.account,
            "made": {"at": time_string(moment), "offset_s": 0, "device": DEVICE},
        }
        check(approved)
        name = ids.unit_database(account.unit, year)
        self._gateway.note_arrivals([approved], identity_of(account), [])
        write_once(self._backend.open(name), [approved])
        self._follow(name)
        return approved
