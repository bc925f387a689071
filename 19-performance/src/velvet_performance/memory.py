"""What objects weigh: nine layouts of the same records, all that an object holds, interning.

`sys.getsizeof` answers for the outermost object only, and RSS for the allocator's arenas.
`bytes_per_object` asks tracemalloc what making many of them allocates; `deep_size` walks.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from velvet_performance.samples.layouts import LAYOUTS

ROWS = 100_000


def bytes_per_object(factory: Callable[[], Any], n: int = ROWS) -> float:
    """Return how many bytes one object takes, with what it allocates, over n of them.

    Args:
        factory: makes one object; the list that holds them is not counted.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}: it must be at least 1")
    _allocated(lambda: _fill([None], factory))  # a line's first run fills tables, of a tracer too
    kept: list[Any] = [None] * n
    return max(0.0, _allocated(lambda: _fill(kept, factory)) / n)


def _fill(kept: list[Any], factory: Callable[[], Any]) -> None:
    for place in range(len(kept)):
        kept[place] = factory()


def _allocated(work: Callable[[], Any]) -> int:
    """Return the bytes that are alive after some work and were not before; its result is kept."""
    was_on = tracemalloc.is_tracing()
    gc.collect()
    if not was_on:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = work()
        after = tracemalloc.get_traced_memory()[0]
        del result
    finally:
        if not was_on:
            tracemalloc.stop()
    return after - before


def deep_size(thing: Any) -> int:
    """Return the bytes of an object and of everything it refers to, each counted once.

    Follows dicts, sequences, sets, `__dict__` and slots; knows cycles. Classes, modules and
    functions belong to the program and are not counted. O(number of objects).
    """
    seen: set[int] = set()
    total, rest = 0, [thing]
    while rest:
        one = rest.pop()
        if id(one) in seen or isinstance(one, type | ModuleType) or callable(one):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, str | bytes | bytearray | int | float | complex):
            continue
        if isinstance(one, Mapping):
            rest += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            rest += one
        if hasattr(one, "__dict__"):
            rest.append(vars(one))
        for kind in type(one).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(one, name) and name not in ("__dict__", "__weakref__"):
                    rest.append(getattr(one, name))
    return total


def bytes_per_row(name: str, n: int = ROWS) -> float:
    """Return the bytes of one record of three integers in a layout, the integers shared.

    Raises:
        ValueError: no layout is called so.
    """
    if name not in LAYOUTS:
        raise ValueError(f"unknown layout {name!r}: choose one of {', '.join(LAYOUTS)}")
    if n < 1:
        raise ValueError(f"n is {n}: it must be at least 1")
    values = list(range(1_000, 1_000 + n))
    LAYOUTS[name].build(values[:2])  # imports and first-time tables are no rows
    held = _allocated(lambda: LAYOUTS[name].build(values))
    outer = 0 if name in ("array", "numpy_rows", "numpy_columns") else sys.getsizeof([None] * n)
    return (held - outer) / n


def intern_table(strings: Iterable[str]) -> list[str]:
    """Return the same strings with equal ones shared.

    Unlike `sys.intern` the table goes when the list goes.
    """
    table: dict[str, str] = {}
    return [table.setdefault(one, one) for one in strings]


class Growth(NamedTuple):
    """A line of code and how many bytes more it holds per call."""

    where: str
    bytes_per_call: float


def find_growth(call: Callable[[], Any], calls: int = 1_000, top: int = 5) -> list[Growth]:
    """Return the lines that hold more memory after many calls, the greediest first.

    Two snapshots with as many calls between them as before the first, so that caches that fill
    once do not look like leaks.

    Raises:
        ValueError: calls is below 1.
    """
    if calls < 1:
        raise ValueError(f"calls is {calls}: it must be at least 1")
    own = (tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__))
    tracemalloc.start()
    try:
        for _ in range(calls):
            call()
        gc.collect()
        first = tracemalloc.take_snapshot().filter_traces(own)
        for _ in range(calls):
            call()
        gc.collect()
        second = tracemalloc.take_snapshot().filter_traces(own)
    finally:
        tracemalloc.stop()
    grown = [one for one in second.compare_to(first, "lineno") if one.size_diff > 0]
    return [
        Growth(f"{one.traceback[0].filename}:{one.traceback[0].lineno}", one.size_diff / calls)
        for one in sorted(grown, key=lambda one: one.size_diff, reverse=True)[:top]
    ]
