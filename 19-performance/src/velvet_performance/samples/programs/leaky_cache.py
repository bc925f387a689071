"""Memory: answers are kept for ever under keys that never come again."""

from __future__ import annotations

from typing import Any

HOT = "remember"
WHERE = "alloc"
MEASURE = "bytes"
SIZE = 60_000
STUBS = {"remember": lambda _key: "", "scratch": lambda _number: 0, "settings": lambda _size: None}

_answers: dict[str, str] = {}
_settings: list[bytes] = []


def build(size: int, seed: int) -> int:
    """Return the number of requests, and forget what an earlier run kept."""
    _answers.clear()
    _settings.clear()
    return size + seed % 2


def remember(key: str) -> str:
    """Return the answer for a key, and keep it for the next time, which never comes."""
    if key not in _answers:
        _answers[key] = f"answer to {key}, " * 4
    return _answers[key]


def scratch(number: int) -> int:
    """Allocate and free: much traffic, nothing kept."""
    return sum(len(str(value)) for value in [number * factor for factor in range(12)])


def settings(size: int) -> None:
    """Keep a fixed amount: large, and no leak."""
    _settings.append(bytes(size * 60))


def run(requests: int) -> int:
    """Return the length of all answers."""
    settings(requests)
    total = 0
    for number in range(requests):
        total += len(remember(f"request-{number}")) + scratch(number)
    return total


def retained() -> dict[str, Any]:
    """Return what each part has kept, for an exact count of the bytes."""
    return {"remember": _answers, "settings": _settings}
