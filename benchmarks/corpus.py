"""The documents every contender of `benchmarks.replication` carries: the same bytes in every run, 1 KB each.

An answer as an inspector gives it: points, a note in Vietnamese, who and when. Half of it is text, so that compression
earns on it what it earns on real ones. It must never know who carries them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCUMENT_BYTES = 1_024

_WORDS = """
nhà văn hóa xã tổ chức liên hoan tuyên truyền lưu động hồ sơ minh chứng đầy đủ biên bản có chữ ký của lãnh đạo đơn vị
sân bóng đá thư viện huyện phục vụ bạn đọc thiếu nhi dịp hè phong trào toàn dân đoàn kết xây dựng đời sống kiểm tra
chéo đạt điểm chuẩn còn chậm báo cáo quý du lịch cộng đồng bảo tồn di tích gia đình tiêu biểu
""".split()  # noqa: SIM905 - a text is read more easily than a list


def documents(count: int, *, first: int = 0) -> Iterator[dict[str, Any]]:
    """Documents number `first` and on, without revisions, each of DOCUMENT_BYTES as UTF-8 JSON without spaces."""
    for number in range(first, first + count):
        chance = random.Random(number)
        document: dict[str, Any] = {
            "_id": f"answer:{number // 100:04}:{number:07}",
            "type": "answer",
            "criterion": f"i-{number % 60}",
            "points": f"{chance.randrange(100)}.{chance.randrange(10)}",
            "by": f"inspector-{chance.randrange(40)}",
            "at": {
                "at": "2024-10-08T02:14:05Z",
                "offset_s": chance.randrange(-90, 90),
                "device": "01jb3k9vq2m7x0c5t8w1d4f6gh",
            },
            "evidence": [f"cited:{chance.getrandbits(256):064x}" for _ in range(2)],
            "counts": [chance.randrange(1000) for _ in range(8)],
            "open": chance.random() < 0.5,
        }
        note: list[str] = []
        left = DOCUMENT_BYTES - size_bytes({**document, "note": ""})
        while left > 0:
            word = chance.choice(_WORDS) + " "
            note.append(word)
            left -= len(word.encode())
        text = "".join(note).encode()[: len("".join(note).encode()) + left].decode(errors="ignore")
        document["note"] = text
        # Cutting inside a letter of two or three bytes leaves a gap.
        document["note"] += "." * (DOCUMENT_BYTES - size_bytes(document))
        yield document


def size_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def write_lines(path: Path, count: int) -> None:
    """One document a line, with the revision its content has, as `_bulk_docs` takes it with new_edits=false."""
    from sync import jsonwire  # noqa: PLC0415 - the reading side goes without
    from sync.documents import with_revision  # noqa: PLC0415

    with path.open("wb") as file:
        file.writelines(jsonwire.dumps(with_revision(document)) + b"\n" for document in documents(count))


if __name__ == "__main__":
    import sys

    write_lines(Path(sys.argv[1]), int(sys.argv[2]))
