"""A small year, frozen and published, and the tools of somebody who would bend its bundle."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from schemas import ids
from schemas.base import body_sha256
from schemas.evidence import cite
from schemas.freezing import digest, ranking_inputs
from schemas.hashing import canonical_bytes, part, part_hash
from server.bundle import contents
from server.bundle.archive import Writer, take_apart
from server.bundle.writing import signature_of, write
from tests.schemas.support import AS_OF, GROUP, LEADER, STAMP, YEAR, Cluster, criterion, scheme_document, section

SECRET, OTHER = b"\x01" * 32, b"\x02" * 32
SHEET = scheme_document(
    section("i", "100", *(criterion(f"i-{number}", "20") for number in range(1, 6))),
    section("ii", "50", *(criterion(f"ii-{number}", "10") for number in range(1, 6))),
)
DEPUTY = {"unit": "hung-yen", "as": "deputy"}
COUNCIL = {"unit": "bo", "as": "council"}
PHOTO = b"a photo" * 50
PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()


def text(words: str) -> dict[str, Any]:
    return part(words, hashlib.sha256(words.encode()).hexdigest()[:32])


class Year(Cluster):
    """Three units, evidence with a title and a photo, visits, an adjustment; frozen, published, one part withheld."""

    def __init__(self) -> None:
        super().__init__("ha-noi", "hai-duong", "hung-yen", scheme_document=SHEET)
        self.groupyear["leaders"].append({"unit": "hung-yen", "role": "deputy", "from": "2024-01-01", "to": None})
        self.more: list[dict[str, Any]] = []

    def documents(self) -> list[dict[str, Any]]:
        return [*super().documents(), *self.more]

    def say(self, words: str) -> str:
        said = text(words)
        self.more.append(said)
        return part_hash(said)

    def cite(self, unit: str) -> str:
        evidence = {
            "_id": ids.evidence_id(unit, self.ulid()), "type": "evidence", "v": 1, "group": GROUP, "year": YEAR,
            "unit": unit, "title": self.say(f"Đêm chèo ở {unit}"), "note": None, "place": None, "people": None,
            "movement": None, "criterion": "i-1", "children": False, "consent": None, "by": "lan", "made": STAMP,
            "photos": [{"photo": PHOTO_NAME, "taken": None, "width": 40, "height": 30}],
        }  # fmt: skip
        self.more.append(cite(evidence))
        return str(self.more[-1]["_id"])


def people() -> list[dict[str, Any]]:
    return [
        made
        for account in ("lan", "binh")
        for made in (
            {"_id": f"member:{account}", "type": "member", "v": 1, "account": account, "person": f"p-{account}",
             "unit": "hai-duong", "roles": ["specialist"]},
            {"_id": f"person:p-{account}", "type": "person", "v": 1, "person": f"p-{account}", "name": account.title()},
        )
    ]  # fmt: skip


@cache
def year() -> tuple[tuple[dict[str, Any], ...], dict[str, Any], str]:
    """The documents, the freezing decision, and the hash of the part that was withheld."""
    cluster = Year()
    cluster.more += people()
    cluster.decide("lock-scheme", {"scheme": cluster.scheme["_id"]}, reason=None)
    for number, unit in enumerate(("ha-noi", "hai-duong", "hung-yen")):
        # Nobody judges itself: the leader's visit is the deputy's to plan.
        cluster.plan(f"v-{number}", unit, reason=None, authority=DEPUTY if unit == LEADER["unit"] else LEADER)
        answers: dict[str, Any] = {it: str(9 - number) for it in cluster.full()}
        answers["i-1"] = {"points": "18", "evidence": [cluster.cite(unit)], "note": cluster.say(f"ghi chú {unit}")}
        cluster.submit(unit, answers)
        cluster.submit(unit, {it: str(9 - number) for it in cluster.full()}, visit=f"v-{number}")
    cluster.adjust("hung-yen", "i-2", {"points": "5"}, reason=cluster.say("Thiếu minh chứng"))
    room = {"units": ["ha-noi"], "held": "2024-12-10", "voters": 3, "present": 3, "invalid": 0, "votes": {"ha-noi": 2}}
    cluster.decide("elect", {"role": "leader", **room}, reason=cluster.say("Biên bản bầu"))
    cluster.decide("award-ballot", {"award": "merit", **room}, reason=cluster.say("Biên bản suy tôn"))
    cluster.decide("lock-scores", {"locked": True}, reason=None)
    value = {"as_of": AS_OF.isoformat(), "sha256": digest(cluster.standings())}
    cluster.decide("freeze", value, inputs=ranking_inputs(cluster.documents()), reason=None)
    freeze = cluster.decisions[-1]
    named = [(freeze["_id"], body_sha256(freeze))]
    cluster.decide("publish", {"frozen": freeze["_id"]}, inputs=named, reason=None, authority=COUNCIL)
    gone = part_hash(text("ghi chú ha-noi"))
    why = cluster.say("Gia đình đề nghị")
    cluster.decide("withhold", {"kind": "part", "sha256": gone}, reason=why)
    return tuple(cluster.documents()), freeze, gone


@cache
def bundle(*, public: bool = False, photos: bool = False) -> bytes:
    documents, freeze, _ = year()
    out = io.BytesIO()
    chosen = contents.choose(documents, freeze, public=public)
    pictures = {PHOTO_NAME: lambda: PHOTO} if photos else None
    write(out, chosen, freeze, secret=SECRET, public=public, photos=pictures)
    return out.getvalue()


def files_of(data: bytes) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in take_apart(memoryview(data)).items()}


def packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    writer = Writer(out)
    for name in sorted(files):
        writer.add(name, files[name])
    writer.finish()
    return out.getvalue()


def signed_again(files: Mapping[str, bytes], secret: bytes = OTHER, **changes: Any) -> bytes:
    """The files under a manifest and a signature made anew, as somebody with a key of their own would."""
    from server.bundle import signing

    manifest = json.loads(files[contents.MANIFEST])
    kept = {name: data for name, data in files.items() if name not in (contents.MANIFEST, contents.SIGNATURE)}
    manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in kept.items()}
    manifest |= {"key": signing.fingerprint(signing.public_key(secret)), **changes}
    raw = canonical_bytes(manifest)
    signature = canonical_bytes(signature_of(secret, raw))
    return packed({**kept, contents.MANIFEST: raw, contents.SIGNATURE: signature})
