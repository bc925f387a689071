"""Login limits that slow a guesser down and lock no user out.

A lock after five wrong passwords lets five requests of a stranger lock any account. Here each
(account, address) pair waits a delay that doubles with each failure, each address has a budget over
all accounts, and an account under attack from many addresses is slowed, never closed
(NIST SP 800-63B-4 section 3.2.2, OWASP ASVS 5, 6.3.1). Nothing depends on whether the account
exists.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from velvet_auth.errors import Throttled

FREE_FAILURES = 3
MAX_DELAY_S, MAX_ACCOUNT_DELAY_S = 900.0, 60.0
PER_ADDRESS = 50
ADDRESS_FACTOR = 10  # an account is slowed as a whole after this many times the free failures
FORGET_S = 3600.0
MAX_ENTRIES = 100_000


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0


class LoginThrottle:
    """Failures by pair, by address and by account, each forgotten after an hour; thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def _keys(self, account: str, address: str) -> list[tuple[tuple[str, str], int]]:
        return [
            ((account, address), FREE_FAILURES),
            (("", address), PER_ADDRESS),
            ((account, ""), FREE_FAILURES * ADDRESS_FACTOR),
        ]

    def before(self, account: str, address: str) -> None:
        """Pass an attempt whose delay is over.

        Raises:
            Throttled: its `retry_after` is the seconds that remain.
        """
        now = self._clock()
        with self._lock:
            wait = max(self._wait(key, free, now) for key, free in self._keys(account, address))
        if wait > 0:
            raise Throttled("attempts", "too many failures; try again later", retry_after=wait)

    def _wait(self, key: tuple[str, str], free: int, now: float) -> float:
        failures = self._seen.get(key)
        if failures is None or failures.count < free or now - failures.last > FORGET_S:
            return 0.0
        # The account as a whole waits at most a minute, so that its owner still gets in.
        cap = MAX_ACCOUNT_DELAY_S if key[1] == "" else MAX_DELAY_S
        delay = min(cap, 2.0 ** min(failures.count - free, 20))
        return failures.last + delay - now

    def failed(self, account: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        with self._lock:
            for key, _ in self._keys(account, address):
                failures = self._seen.pop(key, None) or _Failures()
                if now - failures.last > FORGET_S:
                    failures = _Failures()
                self._seen[key] = _Failures(failures.count + 1, now)
            while len(self._seen) > MAX_ENTRIES:
                self._seen.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of a pair; those of the address and the account stay."""
        with self._lock:
            self._seen.pop((account, address), None)
