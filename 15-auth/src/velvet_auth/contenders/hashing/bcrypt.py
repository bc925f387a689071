"""bcrypt by the package of that name, behind a pre-hash.

bcrypt reads 72 bytes and ends at a NUL. Version 5 raises on longer passwords and proposes to cut
them; the cut is a hole (attack `password-72-bytes`). Instead, base64(HMAC-SHA-384(password)) has 64
bytes and no NUL, whatever the password is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

import bcrypt

CHEAP = {"cost": 4}
STRONG = {"cost": 12}
PREFIX = "$bcrypt-sha384"
DOMAIN = b"velvet-auth bcrypt pre-hash"  # so that a leaked SHA-384 elsewhere is no password here
MAX_BYTES = 72


def prehash(password: str) -> bytes:
    """Return 64 printable bytes that depend on every byte of a password."""
    digest = hmac.new(DOMAIN, password.encode("utf-8"), hashlib.sha384).digest()
    return base64.b64encode(digest)


@dataclass(frozen=True)
class Hasher:
    """bcrypt at a cost: each step doubles the time, none adds memory."""

    cost: int = 12
    id: str = "bcrypt"
    memory_mib: float = 0.004

    def hash(self, password: str) -> str:
        """Return the stored string, marked as pre-hashed."""
        return PREFIX + bcrypt.hashpw(prehash(password), bcrypt.gensalt(self.cost)).decode("ascii")

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is ours or one of the plain forms 2a, 2b, 2y."""
        return encoded.startswith((PREFIX, "$2a$", "$2b$", "$2y$"))

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs; plain legacy rows are compared as they were made."""
        ours = encoded.startswith(PREFIX)
        candidate = prehash(password) if ours else password.encode("utf-8")[:MAX_BYTES]
        try:
            return bcrypt.checkpw(candidate, encoded.removeprefix(PREFIX).encode("ascii"))
        except ValueError:  # a damaged row
            return False

    def needs_rehash(self, encoded: str) -> bool:
        """Whether it is a plain row, or one of another cost."""
        return not encoded.startswith(f"{PREFIX}$2b${self.cost:02d}$")
