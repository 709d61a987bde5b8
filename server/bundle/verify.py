"""From a file to what holds, or the first thing that does not.

    bytes      spelled again, they are the same: nothing hides before, between or behind the files
    signature  the manifest is signed, and lists every file by its SHA-256
    documents  each is well formed and stands under its own id
    chain      every decision is its hash, and follows decisions that are here
    inputs     all that the frozen ranking names is here as it was
    authority  every decision was that of the leader, the deputy or the council who could take it on its day, as far as
               the group year that was frozen can tell
    ranking    computed again, it is the one that was frozen
    nothing    missing without a decision that says so, nothing beside

It needs the file alone: no server, no configuration, no network. It must never know Flask or a database.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from schemas import ids
from schemas.access import unauthorised
from schemas.acts import ACTS
from schemas.base import problems_of
from schemas.decision import Folded, fold
from schemas.freezing import AFTERWARDS, Frozen, frozen_hash, recomputed
from schemas.hashing import canonical_bytes
from schemas.problem import Reason
from schemas.standings import Standings
from server.bundle import contents, signing
from server.bundle.archive import ArchiveFault, take_apart
from server.bundle.contents import Contents
from server.bundle.writing import FORMAT, VERSION

JSON_BYTES_MAX: Final = 32_000_000
"""One document. A freezing decision of 20,000 inputs has 5 MB; parsing takes several times that in memory."""

STEPS: Final = ("bytes", "signature", "documents", "chain", "inputs", "authority", "ranking", "complete", "origin")


class Fault(Exception):
    """The first thing that does not hold."""

    def __init__(self, step: str, code: str, **params: Any) -> None:
        super().__init__(code)
        self.step = step
        self.reason = Reason(code, params)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What was erased, by which decision; `reason` is its text where the bundle has it."""

    kind: str
    sha256: str
    decision: str
    n: int
    at: str
    reason: str | None


@dataclass(frozen=True)
class Report:
    """What was found. `fault` is None when everything holds; `origin` is then proved, or unproved."""

    fault: Reason | None = None
    step: str | None = None
    origin: str = "unproved"
    hash: str | None = None
    key: str | None = None
    file_sha256: str = ""
    group: str | None = None
    year: int | None = None
    published: str | None = None
    frozen: Frozen | None = None
    public: bool = False
    withheld: tuple[Withheld, ...] = ()
    notes: tuple[Reason, ...] = ()
    documents: int = 0
    photos: int = 0
    by_type: Mapping[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.fault is None

    @property
    def ranking(self) -> Standings | None:
        return None if self.frozen is None else self.frozen.standings

    @property
    def verdict(self) -> Reason:
        """The one sentence."""
        if self.fault is not None:
            return self.fault
        return Reason("bundle-proved" if self.origin == "proved" else "bundle-unproved")

    def to_json(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "origin": self.origin,
            "step": self.step,
            "verdict": {**self.verdict.to_json(), **{each: self.verdict.sentence(each) for each in ("vi", "en")}},
            "hash": self.hash,
            "key": self.key,
            "file_sha256": self.file_sha256,
            "group": self.group,
            "year": self.year,
            "published": self.published,
            "public": self.public,
            "documents": self.documents,
            "photos": self.photos,
            "by_type": dict(self.by_type),
            "withheld": [
                {"kind": it.kind, "sha256": it.sha256, "decision": it.decision, "at": it.at, "reason": it.reason}
                for it in self.withheld
            ],
            "notes": [it.to_json() for it in self.notes],
            "ranking": None if self.ranking is None else self.ranking.to_json(),
            "exceptions": [] if self.frozen is None else [it.to_json() for it in self.frozen.exceptions],
        }


def verify_file(path: Path, *, expect: str | None = None, key: str | None = None) -> Report:
    """Raises OSError when the file cannot be read."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return verify(b"", expect=expect, key=key)
        # Closed with its last view: a bundle with photos is larger than what should be held in memory.
        return verify(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), expect=expect, key=key)


def verify(data: bytes | memoryview, *, expect: str | None = None, key: str | None = None) -> Report:
    """Check a bundle. Whatever the bytes are, the answer is a report; `expect` and `key` as they stand on paper."""
    whole = memoryview(data)
    found: dict[str, Any] = {"file_sha256": hashlib.sha256(whole).hexdigest()}
    try:
        _check(whole, found, expect=expect and signing.typed(expect), key=key and signing.typed(key))
    except ArchiveFault as fault:
        return Report(**found, fault=Reason(fault.code, fault.params), step="bytes")
    except Fault as fault:
        return Report(**found, fault=fault.reason, step=fault.step)
    proved = expect is not None and key is not None
    return Report(**found, origin="proved" if proved else "unproved")


def _check(whole: memoryview, found: dict[str, Any], *, expect: str | None, key: str | None) -> None:
    files = take_apart(whole)
    manifest = _manifest(files)
    _signature(files, manifest)
    found.update(group=manifest["group"], year=manifest["year"], hash=manifest["hash"], key=manifest["key"])
    if key is not None and key != manifest["key"]:
        raise Fault("origin", "bundle-other-key", key=signing.grouped(manifest["key"]))
    _listed(files, manifest)
    documents = _documents(files)
    kinds: dict[str, int] = {}
    for name in documents:
        kinds[ids.type_of(name)] = kinds.get(ids.type_of(name), 0) + 1
    pictures = sum(name.startswith(f"{contents.PHOTO_FOLDER}/") for name in manifest["files"])
    found.update(public=manifest["public"], documents=len(documents), photos=pictures, by_type=kinds)
    folded = _chain(documents, manifest)
    freeze = folded.by_id[manifest["frozen"]]
    if expect is not None and expect != manifest["hash"]:
        raise Fault("origin", "bundle-other-ranking", hash=signing.grouped(manifest["hash"]))
    # Copies that the service keeps have no place in a bundle: what is named is here itself.
    frozen = recomputed([it for name, it in documents.items() if ids.type_of(name) != "kept"], freeze)
    absent = [it for it in frozen.faults if it.code != "ranking-differs"]
    untold = () if absent else _authority(folded, documents, freeze)
    if frozen.faults:
        first = frozen.faults[0]
        raise Fault("ranking" if first.code == "ranking-differs" else "inputs", first.code, **first.params)
    if manifest["files"][contents.RANKING] != hashlib.sha256(canonical_bytes(frozen.to_json())).hexdigest():
        raise Fault("ranking", "bundle-ranking-file")
    # They are as named, or `recomputed` would have said so.
    inputs = [documents[it["id"]] for it in freeze["inputs"]]
    chosen = contents.choose(documents.values(), freeze, public=manifest["public"], inputs=inputs)
    _complete(documents, chosen, manifest)
    published = [it["_id"] for it in documents.values() if it.get("act") == "publish"]
    found.update(
        frozen=frozen,
        published=min(published, default=None),
        withheld=_withheld(documents, chosen),
        notes=(*_notes(folded, chosen, freeze, manifest), *untold),
    )


def _manifest(files: Mapping[str, memoryview]) -> dict[str, Any]:
    for name in (contents.MANIFEST, contents.RANKING, contents.SIGNATURE):
        if name not in files:
            raise Fault("bytes", "bundle-file-absent", name=name)
    manifest = _json(contents.MANIFEST, files[contents.MANIFEST], step="signature")
    if manifest.get("format") != FORMAT or manifest.get("v") != VERSION:
        raise Fault("signature", "bundle-other-format", given=str(manifest.get("v"))[:20])
    shape: dict[str, Callable[[Any], bool]] = {
        "format": bool,
        "v": bool,
        "group": lambda it: isinstance(it, str) and ids.is_word(it),
        "year": lambda it: isinstance(it, int),
        "frozen": lambda it: isinstance(it, str),
        "hash": lambda it: isinstance(it, str) and ids.is_hash(it),
        "key": lambda it: isinstance(it, str) and ids.is_hash(it),
        "public": lambda it: isinstance(it, bool),
        "photos": lambda it: isinstance(it, bool),
        "photos_not_arrived": lambda it: isinstance(it, list) and all(isinstance(each, str) for each in it),
        "files": lambda it: isinstance(it, dict),
    }
    if set(manifest) != set(shape) or not all(fits(manifest[name]) for name, fits in shape.items()):
        raise Fault("signature", "bundle-ill-formed", name=contents.MANIFEST)
    return manifest


def _signature(files: Mapping[str, memoryview], manifest: Mapping[str, Any]) -> None:
    signature = _json(contents.SIGNATURE, files[contents.SIGNATURE], step="signature")
    try:
        if set(signature) != {"algorithm", "public_key", "signature"} or signature["algorithm"] != "ed25519":
            raise Fault("signature", "bundle-ill-formed", name=contents.SIGNATURE)
        public, signed = bytes.fromhex(signature["public_key"]), bytes.fromhex(signature["signature"])
    except (TypeError, ValueError) as error:
        raise Fault("signature", "bundle-ill-formed", name=contents.SIGNATURE) from error
    # One spelling of the hex too.
    if [public.hex(), signed.hex()] != [signature["public_key"], signature["signature"]]:
        raise Fault("signature", "bundle-ill-formed", name=contents.SIGNATURE)
    fits = signing.fingerprint(public) == manifest["key"]
    if not fits or not signing.is_signed(public, signed, bytes(files[contents.MANIFEST])):
        raise Fault("signature", "bundle-signature")


def _listed(files: Mapping[str, memoryview], manifest: Mapping[str, Any]) -> None:
    here = set(files) - {contents.MANIFEST, contents.SIGNATURE}
    for name in sorted(set(manifest["files"]) ^ here):
        raise Fault("signature", "bundle-file-extra" if name in here else "bundle-file-absent", name=name)
    for name in sorted(here):
        if hashlib.sha256(files[name]).hexdigest() != manifest["files"][name]:
            raise Fault("signature", "bundle-file-differs", name=name)
        photo = name.startswith(f"{contents.PHOTO_FOLDER}/")
        if photo and name != contents.photo_file(manifest["files"][name]):
            raise Fault("signature", "bundle-file-differs", name=name)


def _documents(files: Mapping[str, memoryview]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, data in files.items():
        if name in (contents.MANIFEST, contents.RANKING, contents.SIGNATURE) or name.startswith(
            f"{contents.PHOTO_FOLDER}/"
        ):
            continue
        document = _json(name, data, step="documents")
        if document.get("_id") != contents.id_of(name):
            raise Fault("documents", "bundle-other-name", name=name)
        wrong = problems_of(document)
        if wrong or any(each.startswith("_") and each != "_id" for each in document):
            raise Fault("documents", "bundle-document", name=name, rule=wrong[0].code if wrong else "field-unknown")
        found[document["_id"]] = document
    return found


def _chain(documents: Mapping[str, Mapping[str, Any]], manifest: Mapping[str, Any]) -> Folded:
    decisions = [it for name, it in documents.items() if ids.type_of(name) == "decision"]
    folded = fold(decisions)
    for name in folded.broken:
        raise Fault("chain", "bundle-decision-broken", decision=name)
    for name in folded.absent:
        raise Fault("chain", "bundle-decision-absent", decision=name)
    for decision in decisions:
        if (decision["group"], decision["year"]) != (manifest["group"], manifest["year"]):
            raise Fault("chain", "bundle-other-year", decision=decision["_id"])
    freeze = folded.by_id.get(manifest["frozen"])
    if freeze is None or freeze["act"] != "freeze":
        raise Fault("chain", "bundle-no-freezing", decision=manifest["frozen"])
    if frozen_hash(freeze) != manifest["hash"]:
        raise Fault("chain", "bundle-ill-formed", name=contents.MANIFEST)
    return folded


def _authority(
    folded: Folded, documents: Mapping[str, Mapping[str, Any]], freeze: Mapping[str, Any]
) -> tuple[Reason, ...]:
    """Of every decision. The group year that the freezing names tells who led when, up to it.

    What came later in the council's name needs no such list, and what is the council's alone cannot be another's. A
    leader or deputy may have followed since: where the list as frozen does not have them, a note says so.
    """
    named = [it["id"] for it in freeze["inputs"]]
    year = next((documents[name] for name in named if ids.type_of(name) == "groupyear"), None)
    if year is None:
        raise Fault("inputs", "record-incomplete")
    bound = {*named, freeze["_id"]}
    found = unauthorised(folded, year, folded.by_id)
    unlisted = [it for it in found if it not in bound and "leader" in ACTS[folded.by_id[it]["act"]].who]
    for name in (it for it in found if it not in unlisted):
        claimed = folded.by_id[name]["authority"]
        unit = documents.get(ids.unit_id(claimed["unit"]))
        shown = claimed["unit"] if unit is None else unit["short_names"]
        raise Fault("authority", "bundle-authority", decision=name, unit=shown, roles=[claimed["as"]])
    return tuple(Reason("bundle-authority-untold", {"decision": name}) for name in unlisted)


def _complete(documents: Mapping[str, Any], chosen: Contents, manifest: Mapping[str, Any]) -> None:
    for kind, sha256 in sorted(chosen.erased):
        file = contents.photo_file(sha256) if kind == "photo" else contents.file_of(ids.part_id(sha256))
        if file in manifest["files"]:
            raise Fault("complete", "bundle-not-erased", name=file)
    for name in sorted(set(documents) - set(chosen.documents)):
        raise Fault("complete", "bundle-file-extra", name=contents.file_of(name))
    if not manifest["public"]:
        for sha256 in sorted(chosen.parts):
            if ids.part_id(sha256) not in documents and ("part", sha256) not in chosen.erased:
                raise Fault("complete", "bundle-part-absent", sha256=sha256)
    here = {name for name in manifest["files"] if name.startswith(f"{contents.PHOTO_FOLDER}/")}
    gone = {sha256 for kind, sha256 in chosen.erased if kind == "photo"}
    wanted = set(chosen.photos) - gone if manifest["photos"] else set()
    unarrived = set(manifest["photos_not_arrived"])
    for name in sorted(here - {contents.photo_file(photo) for photo in wanted}):
        raise Fault("complete", "bundle-file-extra", name=name)
    if unarrived - wanted:
        raise Fault("complete", "bundle-ill-formed", name=contents.MANIFEST)
    for photo in sorted(wanted):
        if (contents.photo_file(photo) in here) == (photo in unarrived):
            raise Fault("complete", "bundle-photo-absent", sha256=photo)


def _withheld(documents: Mapping[str, Any], chosen: Contents) -> tuple[Withheld, ...]:
    found = []
    for (kind, sha256), decision in sorted(chosen.erased.items()):
        said = documents.get(ids.part_id(decision["reason"] or ""))
        text = None if said is None else said["value"]
        found.append(Withheld(kind, sha256, decision["_id"], decision["n"], decision["at"], text))
    return tuple(found)


def _notes(
    folded: Folded,
    chosen: Contents,
    freeze: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> list[Reason]:
    """What a reader should know although everything holds."""
    notes = []
    if folded.on("published", "publish") is None:
        notes.append(Reason("bundle-unpublished"))
    if len(folded.heads) > 1:
        notes.append(Reason("bundle-branches", {"count": len(folded.heads)}))
    seen = {freeze["_id"], *(it["id"] for it in freeze["inputs"])}
    after = [name for name, it in folded.by_id.items() if name not in seen and it["act"] not in AFTERWARDS]
    if after:
        notes.append(Reason("bundle-later", {"count": len(after)}))
    if manifest["public"]:
        notes.append(Reason("bundle-is-public"))
    elif not manifest["photos"] and chosen.photos:
        notes.append(Reason("bundle-without-photos", {"count": len(chosen.photos)}))
    if manifest["photos_not_arrived"]:
        notes.append(Reason("bundle-photos-not-arrived", {"count": len(manifest["photos_not_arrived"])}))
    return notes


def _json(name: str, data: memoryview, *, step: str) -> dict[str, Any]:
    """A file's one object, spelled as we spell it: no second member of one name, no space, no float."""
    if len(data) > JSON_BYTES_MAX:
        raise Fault(step, "bundle-ill-formed", name=name)
    raw = bytes(data)
    try:
        value = json.loads(raw)
        same = isinstance(value, dict) and canonical_bytes(value) == raw
    except (ValueError, TypeError, RecursionError) as error:
        raise Fault(step, "bundle-ill-formed", name=name) from error
    if not same:
        raise Fault(step, "bundle-ill-formed", name=name)
    result: dict[str, Any] = value
    return result
