"""One 64-bit hash for everything that is saved, merged or sharded: BLAKE2b, keyed by a salt.

Python's own `hash()` differs from process to process for text, and is the identity for small integers,
so nothing that leaves the process may be built on it. BLAKE2b (RFC 7693) is in the standard library,
is the same everywhere, and takes a key: with a secret salt no outsider can choose keys that
collide. Filters and sketches built with it are still statistics, not cryptography.
"""

from __future__ import annotations

import operator
from hashlib import blake2b

MASK64 = (1 << 64) - 1
MAX_SALT = 64
"""Bytes that BLAKE2b accepts as a key."""


def checked_salt(salt: bytes) -> bytes:
    """Return `salt`; raises ValueError unless it is at most 64 bytes, which can key the hash."""
    if not isinstance(salt, bytes) or len(salt) > MAX_SALT:
        raise ValueError(f"salt must be at most {MAX_SALT} bytes, got {type(salt).__name__}")
    return salt


def as_bytes(key: bytes | str) -> bytes:
    """Return a key as bytes; text as UTF-8, so ``"a"`` and ``b"a"`` are one key.

    Raises TypeError when it is neither bytes nor str, and so do the hashes below.
    """
    if isinstance(key, bytes):
        return key
    if isinstance(key, str):
        return key.encode("utf-8", "surrogatepass")
    raise TypeError(f"a key must be bytes or str, got {type(key).__name__}; encode it first")


def hash64(key: bytes | str, salt: bytes = b"") -> int:
    """Return 64 bits of hash as an unsigned integer, the same in every process."""
    data = key if type(key) is bytes else as_bytes(key)
    return int.from_bytes(blake2b(data, digest_size=8, key=salt).digest(), "little")


def hash_pair(key: bytes | str, salt: bytes = b"") -> tuple[int, int]:
    """Return two independent 64-bit hashes; the second is odd, so its multiples do not stand still."""
    data = key if type(key) is bytes else as_bytes(key)
    both = int.from_bytes(blake2b(data, digest_size=16, key=salt).digest(), "little")
    return both & MASK64, both >> 64 | 1


def fingerprint(salt: bytes) -> str:
    """Return 16 hexadecimal digits that tell salts apart without telling what they are.

    It is saved beside a filter, so that opening it with another salt is refused. A salt that can be
    guessed can be confirmed by it: make salts with `secrets.token_bytes(16)`.
    """
    return blake2b(salt, digest_size=8, person=b"salt").hexdigest()


def checked_share(name: str, value: float) -> float:
    """Return `value`; raises ValueError unless it lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must be between 0 and 1, both excluded, got {value!r}")
    return float(value)


def checked_whole(name: str, value: int, least: int = 1, most: int | None = None) -> int:
    """Return `value`; raises ValueError outside its range, TypeError where it is not whole."""
    number = operator.index(value)
    if number < least or (most is not None and number > most):
        rule = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name} must be {rule}, got {number}")
    return number
