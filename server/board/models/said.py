"""A sentence by its code: said in a language with `server.messages.say`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence by its code: `server.messages.say(said, locale)`."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
