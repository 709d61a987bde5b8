"""How states of records and of single answers look: an icon and a colour role each; the word stands beside. Pure."""

from __future__ import annotations

from typing import Final

from mobile.cards import CriterionState, State

STATE_LOOK: Final[dict[State, tuple[str, str]]] = {
    "draft": ("pencil-outline", "soft"),
    "incomplete": ("circle-half-full", "soft"),
    "ready": ("check", "primary"),
    "sending": ("cloud-upload-outline", "primary"),
    "sent": ("send-check-outline", "primary"),
    "verified": ("check-decagram", "good"),
    "returned": ("undo-variant", "attention"),
    "disputed": ("call-split", "attention"),
    "refused": ("close-circle-outline", "problem"),
}

CRITERION_LOOK: Final[dict[CriterionState, tuple[str, str]]] = {
    "missing": ("circle-outline", "soft"),
    "answered": ("check-circle", "good"),
    "na": ("minus-circle-outline", "soft"),
    "excluded": ("cancel", "soft"),
    "disputed": ("call-split", "attention"),
    "returned": ("undo-variant", "attention"),
}
