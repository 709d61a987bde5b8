"""The form every document shares: id, type, version, and that what stands inside agrees with the id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from schemas import ids
from schemas.fields import AnyText, Fault, Form, Whole
from schemas.hashing import body_sha256


class Document(Form):
    """A form of one type. Subclasses name it in `type_name`."""

    type_name: ClassVar[str]
    version: ClassVar[int] = 1

    _id = AnyText()
    type = AnyText()
    v = Whole(1, 1)

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        try:
            parsed = ids.parse(body["_id"])
        except ids.NotAnId:
            yield "_id", Fault("not-id")
            return
        for name, value in parsed.fields.items():
            if name in body and str(body[name]) != value:
                yield name, Fault("disagrees-with-id", {"expected": value})
        if "stage" in parsed.fields and parsed.get("visit") is None and body.get("visit") is not None:
            yield "visit", Fault("visit-not-in-id")


class Hashed(Document):
    """A document whose id is the hash of its body."""

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        if body["_id"] != f"{self.type_name}:{body_sha256(body)}":
            yield "_id", Fault("hash-differs")
