"""`sha256$salt$hex`, as many applications began; here for their migration and as a baseline."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

CHEAP: dict[str, int] = {}
STRONG: dict[str, int] = {}


@dataclass(frozen=True)
class Hasher:
    """One SHA-256 over salt and password: a general-purpose hash, fast for the thief as well."""

    id: str = "salted_sha256"
    memory_mib: float = 0.0

    def hash(self, password: str) -> str:
        """Return a stored string, for tests of the migration and for the benchmark."""
        salt = secrets.token_hex(8)
        return f"sha256${salt}${hashlib.sha256((salt + password).encode('utf-8')).hexdigest()}"

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is of this scheme."""
        return encoded.startswith("sha256$")

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs to the stored string."""
        salt, _, wanted = encoded.removeprefix("sha256$").partition("$")
        made = hashlib.sha256((salt + password).encode("utf-8", "replace")).hexdigest()
        return hmac.compare_digest(made.encode("ascii"), wanted.encode("utf-8", "replace"))

    def needs_rehash(self, _encoded: str) -> bool:
        """Return True: such a row is replaced at the next login."""
        return True
