"""The catalogue of what can go wrong for a person: each problem's status, code and sentence.

Raised by accounts, acts and the board; turned into a page, JSON or CouchDB's words at the border (`server.app`). It
must never know which of the three asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from server.board.models.said import Said


class Problem(Exception):
    """What stops a request, said by code: `server.messages.say(problem.said, locale)`."""

    status = 400

    def __init__(
        self, code: str, params: Mapping[str, Any] | None = None, *, fields: tuple[tuple[str, Said], ...] = ()
    ) -> None:
        """`fields` are the several things wrong, each by its path."""
        super().__init__(code)
        self.said = Said(code, dict(params or {}))
        self.fields = fields


class NotSignedIn(Problem):
    """Nobody known asks."""

    status = 401


class Refused(Problem):
    """Who asks is known and may not; the sentence names the rule and who could."""

    status = 403


class Missing(Problem):
    """No such group year, unit, criterion, visit, evidence or photo – or none that this reader may see."""

    status = 404


class Clash(Problem):
    """What is asked for no longer fits what stands (a code used twice, a login taken, a visit that exists)."""

    status = 409


class Gone(Problem):
    """It was valid once (an expired code)."""

    status = 410


class Invalid(Problem):
    """The request is ill-formed; `fields` says where, each with its sentence's code."""

    status = 422

    @classmethod
    def of(cls, problems: Sequence[tuple[str, str]], **params: Any) -> Self:
        """From (path, code) pairs that share their parameters."""
        return cls("invalid", fields=tuple((path, Said(code, params)) for path, code in problems))
