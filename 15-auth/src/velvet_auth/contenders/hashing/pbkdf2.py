"""PBKDF2-HMAC-SHA256 by hashlib, in Django's format: needs time and no memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

CHEAP = {"iterations": 10}
STRONG = {"iterations": 600_000}


@dataclass(frozen=True)
class Hasher:
    """PBKDF2 with a number of iterations; the default is OWASP's."""

    iterations: int = 600_000
    id: str = "pbkdf2"
    memory_mib: float = 0.001

    def hash(self, password: str) -> str:
        """Return `pbkdf2_sha256$iterations$salt$digest`."""
        salt = secrets.token_urlsafe(16)
        return f"pbkdf2_sha256${self.iterations}${salt}${_derive(password, salt, self.iterations)}"

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is of this scheme."""
        return encoded.startswith("pbkdf2_sha256$")

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs to the stored string."""
        try:
            _, iterations, salt, wanted = encoded.split("$")
            made = _derive(password, salt, int(iterations))
        except (ValueError, OverflowError):  # a damaged row
            return False
        return hmac.compare_digest(made.encode("ascii"), wanted.encode("utf-8", "replace"))

    def needs_rehash(self, encoded: str) -> bool:
        """Whether the stored string was made with another number of iterations."""
        return not encoded.startswith(f"pbkdf2_sha256${self.iterations}$")


def _derive(password: str, salt: str, iterations: int) -> str:
    made = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt.encode("ascii"), iterations)
    return base64.b64encode(made).decode("ascii")
