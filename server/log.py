"""How the service writes its log: one JSON object a line, on standard error, without secrets.

A secret is never given to the log in the first place; what is named like one is masked all the same, because the
next line of code may be wrong.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

SECRET_WORDS: Final = ("password", "token", "authorization", "cookie", "secret", "code_typed")

MASK: Final = "…"


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values whose names speak of secrets are not written."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = MASK
    return event


def configure(*, level: int = logging.INFO) -> None:
    """Once, at the start of a process. (structlog's own default prints local variables with a trace: never use it.)"""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
