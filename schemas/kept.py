"""A document of the group year as a frozen ranking read it, kept where the document itself may be written over.

Unit, group year, pact and scheme live on after a year is frozen (a unit is renamed, a flag is closed); what was frozen
must compute again all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.acts import AnyValue
from schemas.document import Document
from schemas.fields import Fault, Text
from schemas.hashing import body_of, body_sha256

KEPT_TYPES: Final = frozenset({"groupyear", "pact", "scheme", "unit", "unitevent"})
"""The inputs of a ranking that somebody may write over. All others never change."""


class KeptForm(Document):
    type_name = "kept"

    of = Text(chars_max=400)
    document = AnyValue()

    def agree(self, body: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
        yield from super().agree(body)
        if body["_id"] != f"kept:{body_sha256(body['document'])}":
            yield "_id", Fault("hash-differs")


def keep(document: Mapping[str, Any]) -> dict[str, Any]:
    """The copy of a document as it stands, named by its hash: keeping the same twice gives the same copy."""
    body = {"type": "kept", "v": 1, "of": document["_id"], "document": body_of(document)}
    return {"_id": f"kept:{body_sha256(body['document'])}", **body}
