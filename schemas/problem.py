"""What is wrong with a document, said so that a person can act on it.

A problem is data – a path, a code and figures – and `schemas.messages` makes the sentence in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from schemas.messages import say


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `path` is dotted from the document's root (`answers.i-1.points`), empty for all of it."""

    path: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, locale: str) -> str:
        """What to do about it, without the path."""
        return say(self.code, locale, **self.params)

    @property
    def criterion(self) -> str | None:
        """The criterion concerned, where there is one."""
        named = self.params.get("criterion")
        if named is not None:
            return str(named)
        steps = self.path.split(".")
        return steps[1] if len(steps) > 1 and steps[0] == "answers" else None

    @property
    def where(self) -> str:
        """The path, and before it the criterion as people number it: `I.3 (answers.i-3.points)`."""
        if self.path.startswith("answers.") and self.criterion is not None:
            return f"{self.criterion.upper().replace('-', '.')} ({self.path})"
        return self.path


class InvalidDocument(ValueError):
    """The document was refused; nothing of it was kept. `problems` says all that is wrong, in the document's order."""

    def __init__(self, problems: Iterable[Problem], *, locale: str = "vi") -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.sentences(locale)))

    def sentences(self, locale: str) -> list[str]:
        """One line a problem: where it is first, then what to do."""
        return [f"{it.where}: {it.sentence(locale)}" if it.where else it.sentence(locale) for it in self.problems]


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule says no. `code` names the rule; the sentence says it, and who could do it instead."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, locale: str) -> str:
        return say(self.code, locale, **self.params)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a figure is what it is, or is none."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, locale: str) -> str:
        return say(self.code, locale, **self.params)

    def to_json(self) -> dict[str, Any]:
        """Code and figures, for programs."""
        return {"code": self.code, "params": {name: _plain(value) for name, value in self.params.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return [str(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value
