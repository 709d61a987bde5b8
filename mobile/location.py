"""Where the phone is: a port with a side for the desk (unknown, or as given) and one for Android (GPS).

A fix comes when it comes and never blocks saving; without permission, or indoors, none comes and nothing is asked
twice. It must never know evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mobile.machine import on_interface_thread

LEAST_INTERVAL_MS: Final = 2000
LEAST_DISTANCE_M: Final = 0

DEGREE_PLACES: Final = 6
"""A ten-millionth of a degree is a centimetre; six places is what documents hold and more than GPS knows."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A position as decimal strings."""

    lat: str
    lon: str
    accuracy_m: str | None


Found = Callable[[Fix], None]


class Location(Protocol):
    """`start` returns at once and reports each better fix on the interface thread until `stop`."""

    def start(self, found: Found) -> None:
        """Begin to look."""

    def stop(self) -> None:
        """Look no longer."""


class Unknown:
    """The desk's side: nobody knows."""

    def start(self, found: Found) -> None:
        """Nothing will be found."""

    def stop(self) -> None:
        """Nothing was begun."""


class GivenPlace:
    """Always the same place: for demonstrations and tests."""

    def __init__(self, fix: Fix) -> None:
        self._fix = fix

    def start(self, found: Found) -> None:
        found(self._fix)

    def stop(self) -> None:
        """Nothing was begun."""


class AndroidLocation:
    """GPS through plyer, after asking for permission. A refusal is an answer: the place stays unknown."""

    def __init__(self) -> None:
        self._found: Found | None = None
        self._running = False

    def start(self, found: Found) -> None:
        from android.permissions import Permission, request_permissions

        self._found = found
        request_permissions([Permission.ACCESS_FINE_LOCATION, Permission.ACCESS_COARSE_LOCATION], self._permitted)

    def _permitted(self, _permissions: Any, granted: list[bool]) -> None:
        from plyer import gps

        if self._found is None or not any(granted):
            return
        gps.configure(on_location=self._located, on_status=lambda *_: None)
        gps.start(minTime=LEAST_INTERVAL_MS, minDistance=LEAST_DISTANCE_M)
        self._running = True

    def _located(self, **values: Any) -> None:
        found = self._found
        if found is not None:
            on_interface_thread(lambda: found(fix_from(values)))

    def stop(self) -> None:
        from plyer import gps

        self._found = None
        if self._running:
            self._running = False
            gps.stop()


def fix_from(values: dict[str, Any]) -> Fix:
    """Plyer's floats as the decimal strings documents hold."""
    accuracy = values.get("accuracy")
    return Fix(
        lat=decimal(float(values["lat"]), DEGREE_PLACES),
        lon=decimal(float(values["lon"]), DEGREE_PLACES),
        accuracy_m=None if accuracy is None else decimal(float(accuracy), 0),
    )


def decimal(value: float, places: int) -> str:
    """A float in the one spelling documents take."""
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
