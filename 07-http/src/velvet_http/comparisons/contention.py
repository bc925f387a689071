"""The published model of contention: many clients update one record at once, in virtual time."""

from __future__ import annotations

import heapq
import random

from velvet_http.policy import Backoff


def simulate_contention(
    clients: int, backoff: Backoff | None, *, seed: int = 1
) -> tuple[int, float]:
    """Let `clients` update one record at once with optimistic locking.

    The model of aws-samples/aws-arch-backoff-simulator: a message takes 10 ms on average, each
    client reads a version and writes if it is still current, else backs off and begins anew.
    Returns the writes that were attempted and the seconds until each client had succeeded.
    """
    rng = random.Random(seed)
    version = calls = 0
    now = 0.0
    waiting: list[tuple[float, int, int, str, int]] = []
    pauses: dict[int, float] = {}  # each client's last, for decorrelated jitter

    def send(client: int, step: str, seen: int, attempt: int, pause: float = 0.0) -> None:
        at = now + abs(rng.normalvariate(0.010, 0.002)) + pause
        heapq.heappush(waiting, (at, client, attempt, step, seen))

    for client in range(clients):
        send(client, "read", 0, 0)
    while waiting:
        now, client, attempt, step, seen = heapq.heappop(waiting)
        if step == "read":  # the server answers with its version
            send(client, "answer", version, attempt)
        elif step == "answer":
            send(client, "write", seen, attempt)
        elif step == "write":
            calls += 1
            current = seen == version
            version += current
            send(client, "done" if current else "refused", seen, attempt)
        elif step == "refused":
            if backoff is not None:
                pauses[client] = backoff.delay(attempt + 1, rng, pauses.get(client))
            send(client, "read", seen, attempt + 1, pauses.get(client, 0.0))
    return calls, now
