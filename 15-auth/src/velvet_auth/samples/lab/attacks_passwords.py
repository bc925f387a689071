"""Six attacks on logins: what leaks by time, by a stolen table, by a cut, and by a flood.

The stopwatch is the scene's: it counts hashes and turns of loops instead of nanoseconds, so that a
busy machine changes no verdict. Real times are measured by the comparisons `user_enumeration` and
`constant_time`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from velvet_auth.contenders.hashing import argon2id
from velvet_auth.errors import AuthError, TooBusy
from velvet_auth.passwords import PasswordService
from velvet_auth.samples.lab import Failed, Scene, Send, attack
from velvet_auth.samples.words import WORDS

FLOOD = 48
MAX_MIB = 200.0
HEX = "0123456789abcdef"
POLICY = "every passphrase of this company begins with this sentence, in full, ok! "
LOGINS = {"alice": "Dragon2024", "mallory": "Xk7-horse-battery"}
PATIENCE_S = 60.0


class Metered:
    """A cheap argon2id that counts its work, and reports the memory of a real setting."""

    id = "argon2id"
    memory_mib = 19_456 / 1024

    def __init__(self, scene: TopicScene) -> None:
        self._scene = scene
        self._inner = argon2id.Hasher(m_kib=64, t=1)
        self.recognises = self._inner.recognises
        self.needs_rehash = self._inner.needs_rehash

    def hash(self, password: str) -> str:
        """Count one hash, and make it."""
        self._scene.work += 1
        return self._inner.hash(password)

    def verify(self, encoded: str, password: str) -> bool:
        """Count one hash, hold its memory while the gate is shut, and compare."""
        self._scene.work += 1
        with self._scene.memory.hold(self.memory_mib):
            return self._inner.verify(encoded, password)


class Memory:
    """What all hashes hold at once; while the gate is shut, none of them ends."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.holders, self.peak_mib = 0, 0.0
        self._lock = threading.Lock()

    def hold(self, mib: float) -> Memory:
        """Enter with an amount."""
        with self._lock:
            self.holders += 1
            self.peak_mib = max(self.peak_mib, self.holders * mib)
        return self

    def __enter__(self) -> None:
        self.gate.wait(PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.holders -= 1


@dataclass
class Mailbox:
    """The victim's mail, which the attacker does not read."""

    last: str = ""


class TopicScene(Scene):
    """A service with two users; the attacker has a stopwatch, a word list and the stolen table."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        self.hasher = Metered(self)
        self.mailbox = Mailbox()
        self.admitted: Callable[[], int] = lambda: self.memory.holders
        self.rows: dict[str, str] = {}
        self.api_token = secrets.token_hex(6)
        known = self.known
        known.stopwatch = lambda: self.work
        known.users = ["zoe", "alice", "quentin"]
        known.own = ("mallory", LOGINS["mallory"])
        known.stolen = lambda: dict(self.rows)
        known.policy = POLICY
        known.date_header = lambda: int(self.clock())
        known.flood = self.flood
        known.honest_token = self.api_token
        known.mail = lambda: self.mailbox.last

    def service(self, **options: Any) -> PasswordService:
        """Return the library's service with rows for the users."""
        made = PasswordService(self.hasher, **options)
        self.closing.append(made.close)
        self.rows = {name: made.hash(password) for name, password in LOGINS.items()}
        return made

    def flood(self, send: Send, attempts: int) -> float:
        """Send that many logins at once; return the MiB that were held before any of them ended."""
        refused = []
        self.memory.gate.clear()

        def login() -> None:
            try:
                send("alice", "wrong password")
            except TooBusy:
                refused.append(1)
            except AuthError:
                return

        threads = [threading.Thread(target=login) for _ in range(attempts)]
        for thread in threads:
            thread.start()
        ends = time.monotonic() + PATIENCE_S
        while self.admitted() + len(refused) < attempts and time.monotonic() < ends:
            time.sleep(0.002)
        peak = self.memory.peak_mib
        self.memory.gate.set()
        for thread in threads:
            thread.join()
        return peak


def honest(known: SimpleNamespace, send: Send) -> bool:
    """Mallory logs in with mallory's password."""
    return "mallory" in send(*known.own)


def _spent(known: SimpleNamespace, send: Send, *words: str) -> int:
    begun: int = known.stopwatch()
    with suppress(AuthError):
        send(*words)
    return int(known.stopwatch() - begun)


@attack(
    "password-enumeration",
    "Unknown users answer sooner",
    "CWE-208",
    "ASVS 5 6.3.8",
    blocked="goal",
    control=honest,
)
def password_enumeration(known: SimpleNamespace, send: Send) -> Any:
    spent = {name: _spent(known, send, name, "no password") for name in known.users}
    if len(set(spent.values())) == 1:
        raise Failed("all names take the same work")
    return max(spent, key=lambda name: spent[name])


@attack(
    "password-fast-hash",
    "One table cracks every row",
    "CWE-916",
    "SP 800-63B-4 3.1.1",
    blocked="goal",
    control=honest,
)
def password_fast_hash(known: SimpleNamespace, send: Send) -> Any:
    table = {hashlib.sha256(word.encode()).hexdigest(): word for word in WORDS}
    word = table.get(known.stolen()["alice"])
    if word is None:
        raise Failed("the stolen rows are in no table")
    return send("alice", word)


@attack(
    "password-72-bytes",
    "bcrypt ends after 72 bytes",
    "CWE-521",
    "ASVS 5 6.2.9",
    blocked="credentials",
    control=honest,
)
def password_72_bytes(known: SimpleNamespace, send: Send) -> Any:
    return send("alice", known.policy[:72] + "whatever follows")


def _token_is_honoured(known: SimpleNamespace, send: Send) -> bool:
    return "canary" in send(known.honest_token)


@attack(
    "password-compare-loop",
    "A comparison that ends early",
    "CWE-208",
    "ASVS 5 11.2.4",
    blocked="goal",
    control=_token_is_honoured,
)
def password_compare_loop(known: SimpleNamespace, send: Send) -> Any:
    length, found = 12, ""
    while len(found) < length - 1:
        padding = "x" * (length - len(found) - 1)
        spent = {letter: _spent(known, send, found + letter + padding) for letter in HEX}
        if len(set(spent.values())) == 1:
            raise Failed("all guesses take the same work")
        found += max(spent, key=lambda letter: spent[letter])
    for letter in HEX:
        with suppress(AuthError):
            return send(found + letter)
    raise Failed("no last letter fits")


def _reset_works(known: SimpleNamespace, send: Send) -> bool:
    send("forgot", "alice")
    return "canary" in send("reset", "alice", known.mail())


@attack(
    "password-reset-token",
    "Reset token made of the time",
    "CWE-340",
    "ASVS 5 11.5.1",
    blocked="goal",
    control=_reset_works,
)
def password_reset_token(known: SimpleNamespace, send: Send) -> Any:
    send("forgot", "alice")
    for second in range(known.date_header() - 2, known.date_header() + 3):
        guess = hashlib.sha256(f"alice{second}".encode()).hexdigest()[:32]
        with suppress(AuthError):
            return send("reset", "alice", guess)
    raise Failed("the time is not in the token")


@attack(
    "password-memory-flood",
    "Parallel logins fill the memory",
    "CWE-770",
    "RFC 9106 4",
    blocked="goal",
    control=honest,
)
def password_memory_flood(known: SimpleNamespace, send: Send) -> Any:
    return known.flood(send, FLOOD)
