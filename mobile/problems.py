"""What can go wrong where a person can act: each error carries a code, and says its sentence in the language of now."""

from __future__ import annotations

from collections.abc import Sequence

from mobile.cards import Problem
from mobile.i18n import language
from mobile.messages import say
from schemas.problem import Problem as Misfit


class PhoneError(Exception):
    """The root. `message` is for the person holding the phone."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    @property
    def message(self) -> str:
        return say(self.code, **self.params)

    def __str__(self) -> str:
        return self.message


class NotEnrolled(PhoneError):
    """Nothing can be read or written before somebody owns the phone."""

    def __init__(self) -> None:
        super().__init__("not-enrolled")


class UnknownChecklist(PhoneError):
    """The key names no checklist this phone holds."""


class InvalidAnswer(PhoneError):
    """The answer is not one its criterion takes; nothing was written. `problems` are those of `schemas`."""

    def __init__(self, problems: Sequence[Misfit]) -> None:
        super().__init__(problems[0].code)
        self.problems = tuple(problems)

    @property
    def message(self) -> str:
        return " ".join(dict.fromkeys(problem.sentence(language()) for problem in self.problems))


class UnreadablePhoto(PhoneError):
    """The bytes are no photo; nothing was written."""


class InvalidEvidence(PhoneError):
    """Something is missing that evidence cannot be without; nothing was written."""


class CannotSubmit(PhoneError):
    """`problems` stop Submit, in the order of the checklist; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("cannot-submit")
        self.problems = tuple(problems)

    @property
    def message(self) -> str:
        return " ".join(dict.fromkeys(problem.message for problem in self.problems))
