"""scrypt by hashlib: memory-hard (RFC 7914), and in the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

CHEAP = {"n": 2**4}
STRONG = {"n": 2**17}
SLACK = 2**20  # OpenSSL asks for a little more than 128 * n * r


@dataclass(frozen=True)
class Hasher:
    """scrypt with cost n (a power of two), block size r and lanes p."""

    n: int = 2**17
    r: int = 8
    p: int = 1
    id: str = "scrypt"

    @property
    def memory_mib(self) -> float:
        """What one hash holds while it runs: 128 * n * r bytes."""
        return 128 * self.n * self.r / 2**20

    def _derive(self, password: str, salt: bytes) -> bytes:
        room = 128 * self.n * self.r * self.p + SLACK
        return hashlib.scrypt(
            password.encode("utf-8"), salt=salt, n=self.n, r=self.r, p=self.p, maxmem=room, dklen=32
        )

    def hash(self, password: str) -> str:
        """Return a PHC-like string of a password under a fresh salt."""
        salt = secrets.token_bytes(16)
        told = f"$scrypt$n={self.n},r={self.r},p={self.p}$"
        return told + "$".join(
            base64.b64encode(part).decode("ascii") for part in (salt, self._derive(password, salt))
        )

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is of this scheme."""
        return encoded.startswith("$scrypt$")

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs to the stored string, under the parameters in it."""
        try:
            _, _, told, salt, wanted = encoded.split("$")
            numbers = {
                key: int(value) for key, value in (one.split("=") for one in told.split(","))
            }
            made = Hasher(numbers["n"], numbers["r"], numbers["p"])._derive(
                password, base64.b64decode(salt)
            )
            return hmac.compare_digest(made, base64.b64decode(wanted))
        except (ValueError, KeyError, OverflowError, TypeError):  # a damaged row
            return False

    def needs_rehash(self, encoded: str) -> bool:
        """Whether the stored string was made with other parameters."""
        return not encoded.startswith(f"$scrypt$n={self.n},r={self.r},p={self.p}$")
