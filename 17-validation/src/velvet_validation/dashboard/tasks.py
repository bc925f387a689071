"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from velvet_validation.comparisons.building import IMPORTS
from velvet_validation.contender import MODES
from velvet_validation.contenders import NAMES, contender, installed
from velvet_validation.samples import cases

ROUNDS = 15


def microseconds(call: Callable[[], Any]) -> float:
    """Return the least time of one call over a few rounds of about a millisecond."""
    begun = time.perf_counter()
    call()
    loops = max(1, int(0.001 / max(time.perf_counter() - begun, 1e-7)))
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(loops):
            call()
        best = min(best, (time.perf_counter() - begun) / loops)
    return best * 1e6


def catch() -> Iterator[dict[str, Any]]:
    """Run every fault through every library in both modes, and time one valid order."""
    from velvet_validation.errors import score

    yield {"type": "plan", "total": len(NAMES) * len(MODES)}
    order = cases.valid("order")
    for name, library in installed().items():
        for mode in MODES:
            made = score(library, mode)
            load = library.build("order", mode).load
            yield {
                "type": "score",
                "name": name,
                "mode": mode,
                "us": microseconds(lambda load=load: load(order)),  # type: ignore[misc]
                "outcomes": {id: one.outcome.value for id, one in made.verdicts.items()},
            }


IMPORT_ROUNDS = 3


def speeds(orders: int = 10) -> Iterator[dict[str, Any]]:
    """Time a feed of orders through every library, then what each costs to import."""
    if not 1 <= orders <= 1000:
        raise ValueError(f"Orders is {orders}: choose 1 to 1000")
    names = [name for name in installed() if name != "nothing"]
    yield {"type": "plan", "total": len(names) + len(IMPORTS)}
    payload = cases.valid("feed", orders)
    for name in sorted(names, key=lambda name: name != "handwritten"):
        load = contender(name).build("feed").load
        yield {
            "type": "check",
            "name": name,
            "us": microseconds(lambda load=load: load(payload)),  # type: ignore[misc]
        }
    for name, (program, _) in IMPORTS.items():
        spent = []
        for _ in range(IMPORT_ROUNDS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=False)
            spent.append(time.perf_counter() - begun)
        yield {"type": "import", "name": name, "ms": min(spent) * 1000}
