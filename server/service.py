"""The service, put together: what pages, API and commands hold.

    config ─ backend ─┬─ registry ─ accounts ─ setup
                      ├─ organisation         units over time
                      ├─ gateway              phones' databases, guarded
                      ├─ approvals            a head's yes to a prepared self-score
                      ├─ acts                 decisions
                      ├─ follower ─ projection
                      ├─ board                what is read
                      └─ results              frozen rankings and their bundles

Opening it touches disks and nothing else; `start` begins to follow. It must never know HTTP.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from schemas import ids
from server.accounts import Accounts
from server.acts import Acts
from server.approvals import Approvals
from server.backends import Backend, StoreBackend
from server.board.board import Board
from server.board.views import Views
from server.config import Config
from server.couch_backend import CouchBackend
from server.facts import FactBook
from server.follower import Follower
from server.gateway import Gateway
from server.organisation import Organisation
from server.projection import Projection, rebuilt
from server.registry import Registry
from server.replies import Replies
from server.results import Results
from server.setup import Setup
from server.sightings import Sightings


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """One installation's parts. Use as a context manager, or close it."""

    config: Config
    now: Callable[[], datetime]
    backend: Backend
    registry: Registry
    accounts: Accounts
    setup: Setup
    organisation: Organisation
    projection: Projection
    acts: Acts
    board: Board
    results: Results
    gateway: Gateway
    approvals: Approvals
    replies: Replies
    follower: Follower
    sightings: Sightings

    @classmethod
    def open(
        cls,
        config: Config,
        *,
        backend: Backend | None = None,
        now: Callable[[], datetime] = utc_now,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        beside: Executor | None = None,
    ) -> Self:
        """Everything at `config.data`; a projection of an older version is filled anew first. `beside`: see Gateway."""
        databases = backend or backend_of(config)
        registry = Registry(databases.create(ids.REGISTRY))
        accounts = Accounts(registry, now=now, random_bytes=random_bytes)

        def follow(projection: Projection, finish: Callable[[str], None] = lambda _name: None) -> Follower:
            return Follower(databases, projection, now=now, sweep_every_s=config.sweep_every_s, finish=finish)

        projection = rebuilt(config.projection, lambda fresh: follow(fresh).sweep())
        setup = Setup(databases, registry)
        views = Views(databases, projection, follow=follow(projection).follow)
        book = FactBook(databases, registry, views)
        acts = Acts(databases, setup, views, now=now, random_bytes=random_bytes)
        board = Board(databases, book, views, projection, acts=acts, now=now)
        gateway = Gateway(
            databases, registry, accounts, book, views, projection=projection, server=config.server, now=now,
            beside=beside,
        )  # fmt: skip
        return cls(
            config=config,
            now=now,
            backend=databases,
            registry=registry,
            accounts=accounts,
            setup=setup,
            organisation=Organisation(registry, setup),
            projection=projection,
            acts=acts,
            board=board,
            results=Results(databases, board, acts, signing_key=config.signing_key),
            gateway=gateway,
            approvals=Approvals(
                databases, views, gateway, follow=follow(projection).follow, now=now, random_bytes=random_bytes
            ),
            replies=Replies(databases, views, follow=follow(projection).follow, now=now, random_bytes=random_bytes),
            follower=follow(projection, acts.finish),
            sightings=Sightings(),
        )

    @property
    def uuid(self) -> str:
        """The server's identity to replicators: the registry's, which lives as long as the installation."""
        return str(self.registry.database.info()["uuid"])

    def start(self) -> None:
        """Begin to follow."""
        self.follower.start()

    def close(self) -> None:
        """Stop following, close all files."""
        self.follower.stop()
        self.gateway.close()
        self.projection.close()
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def backend_of(config: Config) -> Backend:
    if config.couchdb is None:
        return StoreBackend(config.databases)
    return CouchBackend(config.couchdb, prefix=config.couchdb_prefix)
