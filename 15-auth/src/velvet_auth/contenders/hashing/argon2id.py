"""argon2id by argon2-cffi: memory-hard, the first choice of OWASP and RFC 9106."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CHEAP = {"m_kib": 64, "t": 1, "p": 1}
STRONG = {"m_kib": 19_456, "t": 2, "p": 1}


@dataclass(frozen=True)
class Hasher:
    """argon2id with memory in KiB, passes and lanes; the defaults are OWASP's minimum."""

    m_kib: int = 19_456
    t: int = 2
    p: int = 1
    id: str = "argon2id"

    @property
    def memory_mib(self) -> float:
        """What one hash holds while it runs."""
        return self.m_kib / 1024

    def _library(self) -> PasswordHasher:
        return PasswordHasher(self.t, self.m_kib, self.p)

    def hash(self, password: str) -> str:
        """Return the PHC string of a password under a fresh salt."""
        return self._library().hash(password)

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is of this scheme (argon2i of older rows, too)."""
        return encoded.startswith(("$argon2id$", "$argon2i$"))

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs to the stored string."""
        try:
            return self._library().verify(encoded, password)
        except (VerificationError, InvalidHashError, UnicodeError):  # another, or a damaged row
            return False

    def needs_rehash(self, encoded: str) -> bool:
        """Whether the stored string was made with other parameters."""
        return self._library().check_needs_rehash(encoded)
