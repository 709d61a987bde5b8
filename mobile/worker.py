"""The one thread that speaks to the server: rounds, waiting between them, and a status anybody may show.

It has its own connection and never touches a screen: `on_status` is called on this thread, with a frozen value.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import requests

from mobile import going, photos, refusals
from mobile.bites import Bites
from mobile.local import each_database
from mobile.messages import say
from mobile.rounds import Outcome, Round
from sync.backoff import Backoff
from sync.errors import StoreCorrupt, StoreFull
from sync.pace import Line
from sync.transport import one_connection

if TYPE_CHECKING:
    from mobile.phone import Phone

EVERY_S = 60.0
"""Between rounds when nothing happened: one request of a few hundred bytes."""

SOON_S = 5.0
"""After a change, or while a receipt is awaited: answers typed in a row go out together."""

THOROUGH_EVERY = 30
"""Rounds after which every database is asked whatever the list says."""

STATUS_EVERY_S = 0.25
"""Progress is told at most four times a second: screens redraw for each."""

STOP_WAIT_S = 5.0

log = logging.getLogger(__name__)

StatusState = Literal["offline", "syncing", "idle", "trouble", "signed_out"]


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where synchronisation stands. `pending` counts what a person would name: checklists, evidence, photos."""

    state: StatusState = "idle"
    message: str = "starting"
    params: Mapping[str, str] = field(default_factory=dict)
    pending: int = 0
    percent: int | None = None
    last_sync: str | None = None
    refused: int = 0
    first: bool = False
    # While it goes on: photos still to send, and how long all of it may take.
    photos: int = 0
    remaining_s: float | None = None

    def sentence(self) -> str:
        """The message in the language of now."""
        return say(self.message, **self.params)

    def going(self) -> str:
        """What is on its way and how long it may take, in the language of now; empty where that says nothing."""
        if self.state != "syncing" or self.first:
            return ""
        return going.sentence(items=self.pending, photos=self.photos, remaining_s=self.remaining_s)


class SyncWorker(threading.Thread):
    """Synchronises `phone` until stopped. `photos_allowed` says whether photos may go now (Wi-Fi, a person's wish)."""

    def __init__(
        self,
        phone: Phone,
        *,
        on_status: Callable[[SyncStatus], None] = lambda _: None,
        session_factory: Callable[[], requests.Session] = one_connection,
        every_s: float = EVERY_S,
        photos_allowed: Callable[[], bool] = lambda: True,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """`clock` and `pause` are the line's time, for a link that is simulated faster than it is."""
        super().__init__(name="sync", daemon=True)
        self._phone, self._on_status, self._every_s = phone, on_status, every_s
        self._session_factory, self._photos_allowed = session_factory, photos_allowed
        self._backoff = backoff or Backoff()
        self._session: requests.Session | None = None
        self._running = threading.Lock()
        self._bites = Bites()
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._line = Line()
        self._clock, self._pause = clock, pause or self._stopping.wait
        self._rounds = self._failures = 0
        self._due: float | None = None
        self._told_at = self._began_at = 0.0
        self.status = SyncStatus(message="starting" if phone.account else "not-enrolled")

    # What others call

    def wake(self) -> None:
        """Try now."""
        self._due = 0.0
        self._failures = 0
        self._woken.set()

    def nudge(self) -> None:
        """Something was saved: try soon, together with what else is typed meanwhile."""
        due = time.monotonic() + SOON_S
        if self._due is None or due < self._due:
            self._due = due
            self._woken.set()

    def stop(self, wait_s: float = STOP_WAIT_S) -> None:
        """End after the request under way, waiting at most `wait_s`. What it was doing is repeated next time."""
        self._stopping.set()
        self._woken.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join(wait_s)

    def sync_once(self) -> SyncStatus:
        """One round, on the thread of the caller; answers the status after it."""
        with self._running:
            account = self._phone.account
            if account is None:
                return self._tell(SyncStatus("signed_out", "not-enrolled"))
            self._began_at = time.monotonic()
            self._tell(self._now("syncing", "first-fill" if self._first else "syncing", percent=0))
            if self._session is None:
                self._session = self._session_factory()
            outcome = Round(
                self._phone.tools,
                account,
                self._session,
                locale=self._phone.locale,
                thorough=self._rounds % THOROUGH_EVERY == 0,
                photos_now=self._photos_allowed(),
                on_progress=self._progress,
                cancelled=self._stopping.is_set,
                line=self._line,
                bites=self._bites,
                clock=self._clock,
                pause=self._pause,
            ).run()
            return self._tell(self._after(outcome))

    # The thread

    def run(self) -> None:
        stop_listening = self._phone.on_saved(self.nudge)
        try:
            while not self._stopping.is_set():
                self._due = None
                self._woken.clear()
                delay_s = self._round()
                self._wait(delay_s)
        finally:
            stop_listening()
            if self._session is not None:
                self._session.close()

    def _round(self) -> float:
        """One round; answers how long to wait after it."""
        try:
            self.sync_once()
        except StoreFull:
            self._failures += 1
            self._tell(self._now("trouble", "phone-full"))
        except StoreCorrupt:
            self._failures += 1
            log.exception("A store is damaged.")
            self._tell(self._now("trouble", "store-damaged"))
        except Exception:
            # The border of the thread: a bug of ours must not end synchronisation for the day, and must be seen.
            self._failures += 1
            log.exception("A round of synchronisation failed.")
            self._tell(self._now("trouble", "some-waiting"))
        return self._delay_s

    def _wait(self, delay_s: float) -> None:
        until = time.monotonic() + delay_s
        while not self._stopping.is_set():
            due = until if self._due is None else min(until, self._due)
            left = due - time.monotonic()
            if left <= 0:
                return
            self._woken.wait(left)
            self._woken.clear()

    _retry_after_s: float | None = None
    _receipts_awaited = 0

    @property
    def _delay_s(self) -> float:
        if self._failures:
            return self._backoff.delay_s(
                self._failures - 1,
                random=random.random,
                retry_after_s=self._retry_after_s,
            )
        return min(SOON_S, self._every_s) if self._receipts_awaited else self._every_s

    # Statuses

    def _after(self, outcome: Outcome) -> SyncStatus:
        failed = outcome.offline or outcome.trouble or outcome.signed_out
        self._failures = self._failures + 1 if failed else 0
        self._retry_after_s = outcome.retry_after_s
        self._receipts_awaited = outcome.receipts_awaited
        if outcome.signed_out:
            return self._now("signed_out", outcome.code)
        if outcome.offline:
            return self._now("offline", outcome.code)
        if outcome.trouble:
            return self._now("trouble", outcome.code, params=outcome.params)
        if not self._stopping.is_set():
            self._rounds += 1
            self._phone.synchronised()
        status = self._now("idle", outcome.code)
        if status.refused:
            return self._now("idle", "some-refused")
        if outcome.photos_held_back:
            return self._now("idle", "waiting-wifi")
        # Saved while the round was under way: "everything is there" would deny what the count beside it says.
        return self._now("idle", "rest-follows") if status.pending and outcome.code == "all-sent" else status

    def _now(
        self, state: StatusState, message: str, *, params: Mapping[str, str] | None = None, percent: int | None = None
    ) -> SyncStatus:
        return SyncStatus(
            state=state,
            message=message,
            params=params or {},
            pending=self._phone.unsent(),
            percent=percent,
            last_sync=self._phone.last_sync(),
            refused=len(refusals.known(self._phone.tools.local)),
            first=self._first,
        )

    @property
    def _first(self) -> bool:
        return self._phone.last_sync() is None

    def _progress(self, done: int, total: int) -> None:
        if time.monotonic() - self._told_at < STATUS_EVERY_S:
            return
        percent = min(99, done * 100 // total) if total else 0
        before, elapsed_s = self.status, time.monotonic() - self._began_at
        self._tell(
            SyncStatus(
                state="syncing",
                message=before.message,
                pending=before.pending,
                # A database that turns out to hold more must not send the bar backwards.
                percent=max(percent, before.percent or 0),
                last_sync=before.last_sync,
                refused=before.refused,
                first=before.first,
                photos=self._photos_left(),
                remaining_s=going.remaining_s(done=done, total=total, elapsed_s=elapsed_s),
            )
        )

    def _photos_left(self) -> int:
        local = self._phone.tools.local
        return sum(photos.backlog(local, local.stores.open(name)).photos for name in each_database(local, "m"))

    def _tell(self, status: SyncStatus) -> SyncStatus:
        self._told_at = time.monotonic()
        if status != self.status:
            self.status = status
            self._on_status(status)
        return status
