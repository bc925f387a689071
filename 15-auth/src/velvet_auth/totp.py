"""One-time codes and recovery codes that work once.

pyotp computes codes (RFC 6238); what a service has to remember is ours: the last accepted time step,
so that a code seen over a shoulder is no second login (RFC 6238 section 5.2), and how often it was
wrong, since six digits fall to a million guesses.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

import pyotp

from velvet_auth.database import Database
from velvet_auth.errors import FactorError

STEP_S = 30
WINDOW = 1
MAX_FAILURES = 5
SECRET_CHARACTERS = 32  # base32 of 20 bytes, RFC 4226 section 4 R6
RECOVERY_CODES = 10
SCHEMA = """
CREATE TABLE IF NOT EXISTS totp (
    user TEXT PRIMARY KEY, secret TEXT NOT NULL, last_step INTEGER NOT NULL DEFAULT -1,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS recovery (user TEXT NOT NULL, digest TEXT PRIMARY KEY);
"""


class Totp:
    """Second factors in SQLite; each acceptance is one UPDATE whose row count decides."""

    def __init__(
        self, database: Database, issuer: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._db, self._issuer, self._clock = database, issuer, clock
        database.define(SCHEMA)

    def enrol(self, user: str) -> str:
        """Return the otpauth URI for the user's authenticator; it holds the secret."""
        secret = pyotp.random_base32(SECRET_CHARACTERS)
        self._db.change("INSERT OR REPLACE INTO totp (user, secret) VALUES (?, ?)", (user, secret))
        return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=self._issuer)

    def check(self, user: str, code: str) -> None:
        """Accept a code of this step or a neighbour, once.

        Raises:
            FactorError: `attempts` after five that failed, `replay` for a step that was used, `code`.
        """
        found = self._db.row("SELECT secret FROM totp WHERE user = ?", (user,))
        if found is None:
            raise FactorError("code", "no second factor is enrolled")
        self.check_attempts(user)
        step = self._step(found[0], code, int(self._clock()) // STEP_S)
        if step is None:
            raise FactorError("code", "not the code of this time")
        self.accept(user, step)

    def check_attempts(self, user: str) -> None:
        """Count an attempt before it is judged, so that requests sent at once share five guesses."""
        count = "UPDATE totp SET failures = failures + 1 WHERE user = ? AND failures < ?"
        if not self._db.change(count, (user, MAX_FAILURES)):
            raise FactorError("attempts", f"{MAX_FAILURES} wrong codes; use a recovery code")

    def accept(self, user: str, step: int) -> None:
        """Store the step, or raise `replay` when it or a later one was accepted before."""
        taken = self._db.change(
            "UPDATE totp SET last_step = ?, failures = 0 WHERE user = ? AND last_step < ?",
            (step, user, step),
        )
        if not taken:
            raise FactorError("replay", "this code was used")

    def _step(self, secret: str, code: str, now: int) -> int | None:
        if len(code) != 6 or not code.isascii() or not code.isdigit():
            return None
        made = pyotp.TOTP(secret)
        for step in range(now - WINDOW, now + WINDOW + 1):
            if secrets.compare_digest(made.at(step * STEP_S), code):
                return step
        return None

    def recovery_codes(self, user: str) -> list[str]:
        """Return ten fresh codes, shown this once; older ones are void."""
        made = [f"{secrets.token_hex(5)}-{secrets.token_hex(5)}" for _ in range(RECOVERY_CODES)]
        with self._db.transaction():
            self._db.change("DELETE FROM recovery WHERE user = ?", (user,))
            for code in made:
                row = (user, _recovery_digest(user, code))
                self._db.change("INSERT INTO recovery VALUES (?, ?)", row)
        return made

    def recover(self, user: str, code: str) -> None:
        """Accept a recovery code once, and reset the count of failures.

        Raises:
            FactorError: `code`, when it is unknown or was used.
        """
        row = (user, _recovery_digest(user, code))
        if not self._db.change("DELETE FROM recovery WHERE user = ? AND digest = ?", row):
            raise FactorError("code", "not one of the unused recovery codes")
        self._db.change("UPDATE totp SET failures = 0 WHERE user = ?", (user,))


def _recovery_digest(user: str, code: str) -> str:
    # Eighty random bits: a fast hash is enough, since no list of words holds them.
    return hashlib.sha256(f"{user}:{code}".encode("utf-8", "replace")).hexdigest()
