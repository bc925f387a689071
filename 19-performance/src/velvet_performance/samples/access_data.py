"""A synthetic access log: sixty networks, many addresses, seeded; addresses are made, not stored."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

COUNT = 60
MONTH = "Nov/2026"


class Answer(NamedTuple):
    """What the log says: requests and bytes by network and hour, and distinct addresses."""

    requests: dict[str, int]
    volume: dict[str, int]
    addresses: int


@lru_cache(maxsize=1)
def networks() -> Sequence[tuple[str, str]]:
    """Return sixty networks as name and block; none of them overlaps another."""
    return tuple((f"n{number}", f"{10 + number}.{number * 3}.0.0/16") for number in range(COUNT))


def log_lines(size: int, seed: int) -> list[str]:
    """Return that many lines of a log; three of four addresses come once or twice."""
    draw = random.Random(seed)
    lines = []
    for number in range(size):
        network = draw.randrange(COUNT)
        low = draw.randrange(40) if draw.random() < 0.25 else draw.randrange(65_536)
        ip = f"{10 + network}.{network * 3}.{low >> 8}.{low & 255}"
        day, hour = 1 + number * 28 // size, draw.randrange(24)
        when = f"{day:02d}/{MONTH}:{hour:02d}:{draw.randrange(60):02d}:{number % 60:02d} +0000"
        path = f"/item/{draw.randrange(5_000)}?page={draw.randrange(9)}"
        status = draw.choice((200, 200, 200, 304, 404))
        lines.append(f'{ip} - - [{when}] "GET {path} HTTP/1.1" {status} {draw.randrange(90_000)}')
    return lines
