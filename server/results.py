"""A group year's result: what hinders freezing it, the frozen ranking as it will always be, its bundle.

Reading only; deciding is `server.acts`. It must never know a page or a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.freezing import Frozen, digest, frozen_hash, later, obstacles, recomputed
from schemas.problem import Reason
from server.accounts import Account
from server.acts import Acts
from server.backends import Backend
from server.board.board import Board
from server.board.figures import standing_row
from server.board.models.decisions import DecisionEntry
from server.board.models.head import GroupHead
from server.board.models.standings import StandingRow
from server.board.models.trace import ActOffer
from server.board.reading import decision_entry
from server.board.view import GroupView
from server.bundle.export import Bundle, export, frozen_ranking
from server.bundle.signing import fingerprint, public_key
from server.problems import Clash

ACTS = ("lock-scheme", "lock-scores", "freeze", "publish")
"""What the page of the result offers, in their order."""


@dataclass(frozen=True)
class Result:
    """A frozen ranking. `hash` and `key` are printed on it: with them anybody knows its bundle for the real one.

    `faults` is empty unless an input was lost or changed in the database itself: then nothing of it is to be trusted.
    `later` counts what came, or was decided, since: it changes nothing here.
    """

    head: GroupHead
    frozen: Frozen
    rows: tuple[StandingRow, ...]
    freeze: DecisionEntry
    publish: DecisionEntry | None
    inputs: tuple[Mapping[str, str], ...]
    hash: str
    key: str
    later: Mapping[str, int]
    withheld: tuple[DecisionEntry, ...]

    @property
    def published(self) -> bool:
        return self.publish is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "published": self.published,
            "hash": self.hash,
            "key": self.key,
            "frozen": self.freeze.decision,
            "inputs": [dict(it) for it in self.inputs],
            "faults": [it.to_json() for it in self.frozen.faults],
            "later": dict(self.later),
            "withheld": [{"decision": it.decision, **it.value} for it in self.withheld],
            **self.frozen.to_json(),
        }


@dataclass(frozen=True)
class Progress:
    """How far a year is: what hinders freezing today, what may be done by the reader, and whether scores are locked."""

    hindrances: tuple[Reason, ...]
    offers: Mapping[str, ActOffer]
    locked: bool
    digest: str
    as_of: str


class Results:
    """For any number of threads."""

    def __init__(self, backend: Backend, board: Board, acts: Acts, *, signing_key: bytes) -> None:
        self._backend = backend
        self._board = board
        self._acts = acts
        self._signing_key = signing_key
        self._computed: dict[tuple[str, Any], tuple[Frozen, dict[str, int]]] = {}

    @property
    def key(self) -> str:
        """The fingerprint of the installation's key."""
        return fingerprint(public_key(self._signing_key))

    def result(self, account: Account | None, group: str, year: int) -> Result:
        """The published ranking, else the last frozen one. Raises Clash when there is none; Missing, Refused."""
        view = self._board.view(account, group, year)
        freeze = frozen_ranking(view)
        frozen, after = self._recomputed(view, freeze)
        published = view.folded.on("published", "publish")
        return Result(
            head=self._board.head(account, view),
            frozen=frozen,
            rows=tuple(standing_row(view, row, frozen.standings.departures) for row in frozen.standings.rows),
            freeze=decision_entry(view, freeze),
            publish=None if published is None else decision_entry(view, published),
            inputs=tuple(freeze["inputs"]),
            hash=frozen_hash(freeze),
            key=self.key,
            later=after,
            withheld=tuple(
                decision_entry(view, acts[0])
                for subject, acts in sorted(view.folded.history.items())
                if subject.startswith("withheld:")
            ),
        )

    def find(self, account: Account | None, group: str, year: int) -> Result | None:
        """The same, or None where nothing is frozen yet. Raises Missing, Refused."""
        try:
            return self.result(account, group, year)
        except Clash:
            return None

    def progress(self, account: Account | None, group: str, year: int) -> Progress:
        """What stands between today's ranking and a frozen one. Raises Missing, Refused."""
        view = self._board.view(account, group, year)
        today = self._board.today()
        ranking = view.standings(today)
        offers = () if account is None else self._acts.offers(account, view, ACTS, {})
        lock = view.folded.on("scores", "lock-scores")
        return Progress(
            hindrances=obstacles(view.record, ranking),
            offers={offer.act: offer for offer in offers},
            locked=lock is not None and bool(lock["value"]["locked"]),
            digest=digest(ranking),
            as_of=today.isoformat(),
        )

    def bundle(
        self, account: Account | None, group: str, year: int, path: Path, *, photos: bool, public: bool
    ) -> Bundle:
        """Write the bundle. Raises Clash (nothing frozen, or it would not verify), Missing, Refused."""
        view = self._board.view(account, group, year)
        return export(view, self._backend, self._signing_key, path, photos=photos, public=public)

    def _recomputed(self, view: GroupView, freeze: Mapping[str, Any]) -> tuple[Frozen, dict[str, int]]:
        """Computed once for a sequence: a page of a published year is read often, and never changes."""
        key = (freeze["_id"], view.seq)
        if key not in self._computed:
            documents = view.documents.values()
            after: dict[str, int] = {}
            for name in later(documents, freeze):
                kind = name.partition(":")[0]
                after[kind] = after.get(kind, 0) + 1
            # One year's at a time: what is asked for is nearly always the same.
            self._computed = {key: (recomputed(documents, freeze), after)}
        return self._computed[key]
