"""The installation's signature: an Ed25519 key, the fingerprint people compare, signing and checking.

The key's 32 secret bytes are the caller's to keep (`server.config`). It must never know what is signed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE: Final = b"thidua-bundle-1\n"
"""Stands before what is signed, so that a signature given for something else never fits."""


def public_key(secret: bytes) -> bytes:
    """The 32 bytes that anybody may know."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def sign(secret: bytes, message: bytes) -> bytes:
    """64 bytes; the same for the same message, always."""
    return Ed25519PrivateKey.from_private_bytes(secret).sign(PURPOSE + message)


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, PURPOSE + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """The SHA-256 of the public key, 64 hex digits."""
    return hashlib.sha256(public).hexdigest()


def grouped(digits: str) -> str:
    """Hex digits in fours, as a person reads them aloud from paper."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def typed(text: str) -> str:
    """Hex digits as somebody typed them off paper: spaces, colons and capitals do not matter."""
    return re.sub(r"[\s:]", "", text).lower()
