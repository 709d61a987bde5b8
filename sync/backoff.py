"""How long to wait before the next attempt: pure, with randomness handed in.

Doubling keeps a dead server's road free; jitter keeps forty phones that lost the same network from coming back in the
same second; a time the peer named is kept, because the peer knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays from `base_s`, doubling up to `cap_s`; a peer's own wish is honoured up to `retry_after_cap_s`."""

    base_s: float = 2.0
    # Longer, and a person who walked back into the network waits for nothing.
    cap_s: float = 300.0
    # A peer that asks for a day is either down for maintenance or wrong; ask once an hour.
    retry_after_cap_s: float = 3_600.0

    def delay_s(self, attempt: int, *, random: Callable[[], float], retry_after_s: float | None = None) -> float:
        """Seconds before attempt `attempt` + 1, where 0 was the first to fail; `random` gives [0, 1).

        Half of the delay is fixed and half is chance, so that it grows even for the lucky. With `retry_after_s`, never
        sooner than that, and not all at that very moment.
        """
        # Beyond 2**32 the cap has long been reached, and floats would end at 2**1024.
        ceiling_s = min(self.cap_s, self.base_s * float(2 ** min(max(attempt, 0), 32)))
        delay_s = ceiling_s / 2 + random() * ceiling_s / 2
        if retry_after_s is None:
            return delay_s
        return min(max(retry_after_s, 0.0), self.retry_after_cap_s) + random() * self.base_s
