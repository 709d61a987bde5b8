"""What is replicated with every peer: one of each thing that replicators are known to lose."""

from __future__ import annotations

import base64
import os
from typing import Any

from tests.support.histories import revision

PHOTO = os.urandom(200_000)


def bytes_of(data: bytes, content_type: str = "image/jpeg") -> dict[str, str]:
    return {"content_type": content_type, "data": base64.b64encode(data).decode()}


def sample() -> list[dict[str, Any]]:
    """Plain, nested, Unicode and awkward ids; conflicts of two roots; a deleted leaf; a tombstone; attachments."""
    return [
        revision("plain", "1-aa", n=1),
        revision("đơn vị/Nghệ An:2024?#%2F", "2-ab", "1-aa", ten="Ủy ban nhân dân", list=[1, {"x": None}, True]),
        revision("_design/views", "1-dd", language="javascript"),
        revision("conflict", "3-c3", "2-b3", "1-a3", from_="one"),
        revision("conflict", "3-d3", "2-e3", "1-a3", from_="two"),
        revision("conflict", "1-ffff", from_="another root"),
        revision("half-deleted", "2-b4", "1-a4", kept=True),
        revision("half-deleted", "3-c4", "2-d4", "1-a4", deleted=True),
        revision("gone", "2-b5", "1-a5", deleted=True, why="told in the tombstone"),
        revision("photo", "1-a6", _attachments={"ảnh/1 %.jpg": bytes_of(PHOTO), "empty": bytes_of(b"")}),
        revision("photos", "2-b7", "1-a7", n="left", _attachments={"a": bytes_of(b"left"), "same": bytes_of(PHOTO)}),
        revision("photos", "2-c7", "1-a7", n="right", _attachments={"a": bytes_of(b"right")}),
        *(revision(f"many-{n:04}", f"1-{n:04x}", n=n, text="x" * 200) for n in range(250)),
    ]
