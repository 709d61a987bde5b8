"""What a face needs of a folder of databases to create, delete and list them by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class DatabaseFolder(Protocol):
    """Databases by name. A face that has none neither creates, deletes nor lists."""

    def create(self, name: str) -> Any:
        """Create the database. Raises FileExists, IllegalDatabaseName."""

    def delete(self, name: str) -> None:
        """Delete it with everything in it. Raises NotFound."""

    def names(self) -> Sequence[str]:
        """All of them, in order."""
