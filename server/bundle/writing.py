"""From contents to the bytes of a bundle: the same documents, key and choices give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from schemas.freezing import frozen_hash, recomputed
from schemas.hashing import canonical_bytes
from server.bundle import contents, signing
from server.bundle.archive import Writer

FORMAT: Final = "thidua-bundle"
VERSION: Final = 1


def write(
    out: BinaryIO,
    chosen: contents.Contents,
    freeze: Mapping[str, Any],
    *,
    secret: bytes,
    public: bool,
    photos: Mapping[str, Callable[[], bytes]] | None,
) -> None:
    """Write a bundle. `photos` gives the bytes of those that are here; None: without photos."""
    ranking = canonical_bytes(recomputed(chosen.documents.values(), freeze).to_json())
    files: dict[str, Callable[[], bytes]] = {
        contents.file_of(name): lambda body=body: canonical_bytes(body)  # type: ignore[misc]
        for name, body in chosen.documents.items()
    }
    files[contents.RANKING] = lambda: ranking
    digests = {name: hashlib.sha256(read()).hexdigest() for name, read in files.items()}
    absent: list[str] | None = None
    if photos is not None:
        gone = {sha256 for kind, sha256 in chosen.erased if kind == "photo"}
        here = [photo for photo in chosen.photos if photo in photos and photo not in gone]
        files |= {contents.photo_file(photo): photos[photo] for photo in here}
        digests |= {contents.photo_file(photo): photo for photo in here}
        absent = sorted(set(chosen.photos) - set(here) - gone)
    manifest = canonical_bytes(
        manifest_of(freeze, public=public, absent=absent, files=digests, key=signing.public_key(secret))
    )
    files[contents.MANIFEST] = lambda: manifest
    files[contents.SIGNATURE] = lambda: canonical_bytes(signature_of(secret, manifest))
    writer = Writer(out)
    for name in sorted(files):
        writer.add(name, files[name]())
    writer.finish()


def manifest_of(
    freeze: Mapping[str, Any], *, public: bool, absent: list[str] | None, files: Mapping[str, str], key: bytes
) -> dict[str, Any]:
    """What is signed: which ranking this is, how much is with it, and the SHA-256 of every other file."""
    return {
        "format": FORMAT,
        "v": VERSION,
        "group": freeze["group"],
        "year": freeze["year"],
        "frozen": freeze["_id"],
        "hash": frozen_hash(freeze),
        "key": signing.fingerprint(key),
        "public": public,
        "photos": absent is not None,
        "photos_not_arrived": absent or [],
        "files": dict(files),
    }


def signature_of(secret: bytes, manifest: bytes) -> dict[str, str]:
    return {
        "algorithm": "ed25519",
        "public_key": signing.public_key(secret).hex(),
        "signature": signing.sign(secret, manifest).hex(),
    }
