"""An HTTP client that tries again.

`send(method, url, headers)` answers with an object that has `status`, `headers`, `close()`, or
raises TimeoutError. Statuses 429, 502, 503 and time-outs are tried again, `attempts` times in all;
a POST only with an idempotency key, the same one each time. It waits `Retry-After` seconds, else
0.1 s doubled each time, never above `longest`. Every answer that is not returned is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RETRIED = frozenset({429, 502, 503})


class Client:
    """Send requests, and wait between attempts by the injected `sleep`."""

    def __init__(
        self,
        send: Callable[[str, str, dict[str, str]], Any],
        sleep: Callable[[float], None],
        attempts: int = 3,
        longest: float = 2.0,
    ) -> None:
        self._send, self._sleep = send, sleep
        self._attempts, self._longest = attempts, longest

    def _pause(self, answer: Any, attempt: int) -> float:
        asked = answer.headers.get("Retry-After", "") if answer is not None else ""
        pause = float(asked) if asked.isdecimal() else 0.1 * 2**attempt
        return min(pause, self._longest)

    def request(self, method: str, url: str, key: str | None = None) -> Any:
        """Return the first answer that is not retried, or the last one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        repeatable = method != "POST" or key is not None
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1 or not repeatable
            answer = None
            try:
                answer = self._send(method, url, dict(headers))
            except TimeoutError:
                if last:
                    raise
            if answer is not None:
                if last or answer.status not in RETRIED:
                    return answer
                answer.close()
            self._sleep(self._pause(answer, attempt))
        raise AssertionError("attempts is at least 1")
