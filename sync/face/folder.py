"""What a face needs of a folder of databases: to create, delete and list them, and what only their keeper may do.

A face that is given none serves databases as `open_database` opens them and nothing that concerns them as a whole:
where callers have different rights, none of these may pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from sync.errors import NotImplementedHere


class Kept(Protocol):
    """A database as its keeper has it."""

    def compact(self) -> int:
        """Give unused space back."""

    def revs_limit(self) -> int:
        """How many revisions below each leaf are kept."""

    def set_revs_limit(self, limit: int) -> None:
        """Keep that many from now on."""

    def security(self) -> dict[str, Any]:
        """What was set last, else an empty object."""

    def set_security(self, members: Mapping[str, Any]) -> None:
        """Keep CouchDB's `_security` object."""


class DatabaseFolder(Protocol):
    """Databases by name."""

    def create(self, name: str) -> Any:
        """Create the database. Raises FileExists, IllegalDatabaseName."""

    def delete(self, name: str) -> None:
        """Delete it with everything in it. Raises NotFound."""

    def names(self) -> Sequence[str]:
        """All of them, in order."""

    def __contains__(self, name: str) -> bool:
        """Whether there is one of this name."""

    def open(self, name: str) -> Any:
        """The database itself, `Kept` where this process keeps it. Raises NotFound."""

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener(name)` when a database changed, came or went; answers how to stop that."""


def kept(folder: DatabaseFolder | None, name: str) -> Kept | None:
    """The database for its keeper; None where another server keeps it. Raises NotFound."""
    database = None if folder is None else folder.open(name)
    return cast("Kept", database) if hasattr(database, "set_revs_limit") else None


def keeper(folder: DatabaseFolder, name: str) -> Kept:
    """As `kept`. Raises NotImplementedHere where another server keeps it."""
    database = kept(folder, name)
    if database is None:
        raise NotImplementedHere("This database is kept by another server; ask there.")
    return database
