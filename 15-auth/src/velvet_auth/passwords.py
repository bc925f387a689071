"""Passwords: one hash of work for every attempt, bounded memory, upgrades at login.

A login page leaks in three ways that its tests do not see. An unknown user answers faster than a
known one; sixty-four parallel logins hold sixty-four times the memory of one; and rows written by
an old scheme stay as weak as they were. `PasswordService` closes the three: a dummy hash stands in
for the unknown user, slots bound how many hash at once, and a successful login returns the new row.
Rules for passwords follow NIST SP 800-63B-4 section 3.1.1; parameters follow OWASP.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from velvet_auth.contenders.hashing import argon2id
from velvet_auth.errors import PasswordError, TooBusy

# NIST's minimum beside a second factor; for a password alone it is 15 (SP 800-63B-4, section 3.1.1).
MIN_LENGTH, MAX_LENGTH = 8, 256
PEPPERED = "hmac:"
MIN_MIB = 7  # below this OWASP lists no setting of argon2id
MAX_PASSES = 10


class Hasher(Protocol):
    """What every file of `contenders/hashing` offers."""

    @property
    def id(self) -> str:
        """The scheme's name."""

    @property
    def memory_mib(self) -> float:
        """What one hash holds while it runs."""

    def hash(self, password: str) -> str:
        """Return the stored string of a password under a fresh salt."""

    def recognises(self, encoded: str) -> bool:
        """Whether a stored string is of this scheme."""

    def verify(self, encoded: str, password: str) -> bool:
        """Whether the password belongs to the stored string; False for a damaged one."""

    def needs_rehash(self, encoded: str) -> bool:
        """Whether the stored string was made with other parameters."""


@dataclass(frozen=True)
class Check:
    """The answer to a login attempt; `new_hash` replaces the stored row where it is not None."""

    ok: bool
    new_hash: str | None = field(default=None, repr=False)


def normalised(password: str) -> str:
    """Return a password in NFKC, so that two keyboards give one password.

    Raises:
        PasswordError: longer than 256 code points, with a control character or a lone surrogate.
    """
    if len(password) > MAX_LENGTH:
        raise PasswordError("long", f"more than {MAX_LENGTH} code points")
    composed = unicodedata.normalize("NFKC", password)
    if any(unicodedata.category(letter) == "Cs" for letter in composed):
        raise PasswordError("encoding", "a lone surrogate has no UTF-8 form")
    if any(unicodedata.category(letter) == "Cc" for letter in composed):
        raise PasswordError("control", "control characters cannot be typed again everywhere")
    return composed


class PasswordService:
    """Hash and check passwords with a primary scheme and those that older rows have.

    Args:
        primary: the scheme of new rows.
        legacy: schemes that may still be verified; their rows are replaced at login.
        pepper: a key kept outside of the database; a stolen table alone cannot be guessed against.
        max_workers: hashes at once, so memory is at most this many times one hash.
        max_waiting: attempts that may wait for a worker; more are refused with `TooBusy`.
        blocklist: passwords that are refused when set (breached and obvious ones).

    Thread-safe. The workers are threads of their own (argon2, bcrypt and hashlib release the GIL):
    if the calling threads hashed in turn, the allocator would keep one hash's memory for each.
    `close` ends them.
    """

    def __init__(
        self,
        primary: Hasher,
        legacy: Sequence[Hasher] = (),
        *,
        pepper: bytes | None = None,
        max_workers: int = 2,
        max_waiting: int = 64,
        blocklist: Iterable[str] = (),
    ) -> None:
        if not (max_workers >= 1 and max_waiting >= 0):
            raise ValueError("max_workers must be at least 1 and max_waiting at least 0")
        self.primary = primary
        self.legacy = tuple(legacy)
        self._pepper = pepper
        self._blocked = frozenset(normalised(word).casefold() for word in blocklist)
        self._workers = ThreadPoolExecutor(max_workers, thread_name_prefix="hash")
        self._capacity = max_workers + max_waiting
        self._admitted = 0
        self._lock = threading.Lock()
        self._dummy = self._encode(secrets.token_urlsafe(16))

    @property
    def admitted(self) -> int:
        """Attempts that hash or wait now."""
        return self._admitted

    def hash(self, password: str) -> str:
        """Return the stored string of a new password.

        Raises:
            PasswordError: under 8 code points, or refused by `normalised` or the blocklist.
            TooBusy: too many attempts wait already.
        """
        composed = normalised(password)
        if len(composed) < MIN_LENGTH:
            raise PasswordError("short", f"fewer than {MIN_LENGTH} code points")
        if composed.casefold() in self._blocked:
            raise PasswordError("blocked", "on the list of known passwords")
        with self._slot():
            return self._workers.submit(self._encode, composed).result()

    def check(self, encoded: str | None, password: str) -> Check:
        """Compare a password with a stored string, or with the dummy for an unknown user.

        The primary scheme's work is done once in each case: for an unknown user against the dummy,
        after a legacy row either as the upgrade or against the dummy.

        Raises:
            PasswordError: `normalised` refuses it, before any work; `scheme` or `pepper` when the
                row needs one that is not configured.
            TooBusy: too many attempts wait already.
        """
        composed = normalised(password)
        with self._slot():
            return self._workers.submit(self._checked, encoded, composed).result()

    def close(self) -> None:
        """End the workers."""
        self._workers.shutdown()

    def _checked(self, encoded: str | None, composed: str) -> Check:
        if encoded is None:
            self._matches(self.primary, self._dummy, composed)
            return Check(ok=False)
        scheme = self._scheme(encoded)
        ok = self._matches(scheme, encoded, composed)
        if scheme is self.primary:
            current = encoded.startswith(PEPPERED) == (self._pepper is not None)
            # A damaged row matches nothing, and is not asked for its parameters.
            stale = ok and (not current or scheme.needs_rehash(encoded.removeprefix(PEPPERED)))
            return Check(ok, self._encode(composed) if stale else None)
        if ok:
            return Check(ok, self._encode(composed))
        self._matches(self.primary, self._dummy, composed)
        return Check(ok=False)

    def _scheme(self, encoded: str) -> Hasher:
        bare = encoded.removeprefix(PEPPERED)
        for hasher in (self.primary, *self.legacy):
            if hasher.recognises(bare):
                return hasher
        raise PasswordError("scheme", "no configured scheme recognises the stored string")

    def _peppered(self, password: str) -> str:
        assert self._pepper is not None
        return hmac.new(self._pepper, password.encode("utf-8"), hashlib.sha256).hexdigest()

    def _encode(self, password: str) -> str:
        if self._pepper is None:
            return self.primary.hash(password)
        return PEPPERED + self.primary.hash(self._peppered(password))

    def _matches(self, hasher: Hasher, encoded: str, password: str) -> bool:
        if not encoded.startswith(PEPPERED):
            return hasher.verify(encoded, password)
        if self._pepper is None:
            raise PasswordError("pepper", "the row was made with a pepper that is not configured")
        return hasher.verify(encoded.removeprefix(PEPPERED), self._peppered(password))

    @contextmanager
    def _slot(self) -> Iterator[None]:
        admitted = False
        try:  # before it is counted: Ctrl-C may come when the lock is given back
            with self._lock:
                if self._admitted >= self._capacity:
                    raise TooBusy("busy", f"{self._capacity} attempts are under way")
                self._admitted += 1
                admitted = True
            yield
        finally:
            with self._lock:
                self._admitted -= admitted


def calibrate(
    target_ms: float, max_mib: int = 64, *, clock: Callable[[], float] = time.perf_counter
) -> argon2id.Hasher:
    """Return the argon2id setting with the most memory, then passes, within a time on this machine.

    Memory comes first since it is what a thief's parallel hardware lacks (RFC 9106 section 4).

    Args:
        target_ms: milliseconds that one hash may take; `max_mib` limits its memory in MiB.

    Raises:
        ValueError: even 7 MiB in one pass takes longer, or `max_mib` is below 7.
    """
    if max_mib < MIN_MIB:
        raise ValueError(f"max_mib is {max_mib}: argon2id wants at least {MIN_MIB}")
    mib = max_mib
    while True:
        chosen = argon2id.Hasher(mib * 1024, 1, 1)
        spent = _milliseconds(chosen, clock)
        if spent <= target_ms:
            break
        if mib == MIN_MIB:
            raise ValueError(f"argon2id at {MIN_MIB} MiB takes longer than {target_ms:g} ms here")
        mib = max(MIN_MIB, mib // 2)
    passes = max(1, min(MAX_PASSES, int(target_ms / spent)))
    return argon2id.Hasher(mib * 1024, passes, 1)


def _milliseconds(hasher: argon2id.Hasher, clock: Callable[[], float]) -> float:
    begun = clock()
    hasher.hash("a password of calibration")
    return max((clock() - begun) * 1000, 1e-3)
