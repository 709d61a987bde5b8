"""How much of a photo goes into one request: what a broken line costs stays small against what it carries.

A request that is cut is lost whole. Over a line cut every m bytes on average, requests of s bytes are sent again for
about s/2m of what arrives; so they are kept below a tenth of m, as far as it is known. A line that holds decides by
time alone. Pure; it must never know what is sent.
"""

from __future__ import annotations

from sync.media import CHUNK_BYTES, SLICE_BYTES

SLICES_A_CHUNK = CHUNK_BYTES // SLICE_BYTES

CHUNKS_AT_ONCE_MAX = 8
"""Half a megabyte a request: more gains nothing on a fast link and holds a slow phone's memory."""

REQUEST_S = 4.0
"""A request that took longer is halved next time, down to one chunk: a checklist that is saved waits for no more."""

CUT_SHARE = 10
"""A request is at most this part of what passes between two cuts: one byte in twenty is sent again."""

FORGET_BYTES = 2 * 2**20
"""After as much, what was seen before counts half: a phone that walked into Wi-Fi is believed soon."""

CUTS_FORGOTTEN = 0.2
"""A share of a cut this small is the memory of one long ago."""


class Bites:
    """What one line has shown. Kept for as long as the process lives."""

    def __init__(self) -> None:
        self._by_time = SLICES_A_CHUNK
        self._passed_bytes = 0.0
        self._cuts = 0.0

    @property
    def slices(self) -> int:
        """For the next request: 1, 2 or 4 of a chunk, else whole chunks, 8 of them at most."""
        allowed = self._by_time
        if self._cuts:
            between_cuts = self._passed_bytes / self._cuts
            while allowed > 1 and allowed * SLICE_BYTES * CUT_SHARE > between_cuts:
                allowed //= 2
        return allowed

    @property
    def chunks(self) -> int:
        """Whole chunks for the next request; 0 where the line does not hold for one."""
        return self.slices // SLICES_A_CHUNK

    def passed(self, slices: int, *, took_s: float) -> None:
        """A request of so many slices was answered."""
        self._passed_bytes += slices * SLICE_BYTES
        if self._passed_bytes > FORGET_BYTES:
            self._passed_bytes /= 2
            self._cuts = self._cuts / 2 if self._cuts > CUTS_FORGOTTEN else 0.0
        if took_s >= REQUEST_S:
            self._by_time = max(SLICES_A_CHUNK, self._by_time // 2)
        elif slices >= self._by_time:
            self._by_time = min(self._by_time * 2, CHUNKS_AT_ONCE_MAX * SLICES_A_CHUNK)

    def cut(self) -> None:
        """The line broke under a request."""
        self._cuts += 1
        self._by_time = SLICES_A_CHUNK
