"""How one run is made; recorded in its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from velvet.bench.model import Tier

Event = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How one run is made; recorded in its results."""

    tier: Tier = "default"
    filter: str = ""
    contenders: tuple[str, ...] = ()
    processes: int | None = None
    rounds: int | None = None
    seed: int = 20260101
    hashseed: int | None = None
    affinity: tuple[int, ...] = ()
    only_claims: bool = False
    second_look: bool = True

    def __post_init__(self) -> None:
        for name in ("processes", "rounds"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
