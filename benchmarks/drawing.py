"""Photos to measure with: what a camera might write, of a size asked for, and the same at each run."""

from __future__ import annotations

import functools
import io
import random

from PIL import Image

from mobile import imaging

SIZE = (1_600, 1_200)


def drawn(chance: random.Random, grain: int) -> bytes:
    """A grey picture with so much grain: like a photo, it is hard to make smaller and its thumbnail is not."""
    out = io.BytesIO()
    speckled = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1]))
    speckled.point([max(0, 128 - grain // 2) + value * grain // 256 for value in range(256)]).convert("RGB").save(
        out, "JPEG", quality=90
    )
    return out.getvalue()


@functools.cache
def grain_for(bytes_: int) -> int:
    """The grain that makes a prepared photo of about so many bytes."""
    low, high = 1, 256
    while high - low > 1:
        middle = (low + high) // 2
        too_much = len(imaging.prepare(drawn(random.Random(1), middle)).jpeg) > bytes_
        low, high = (low, middle) if too_much else (middle, high)
    return low


def of_size(photo_bytes: int, number: int) -> bytes:
    """The camera's file number so and so; prepared, it has about so many bytes."""
    return drawn(random.Random(number), grain_for(photo_bytes))
