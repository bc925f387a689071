"""Threads of one process: no start-up, nothing is copied; helps where the work leaves the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:
    """Run in a pool of threads."""
    with ThreadPoolExecutor(workers) as pool:

        def run(
            function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
        ) -> list[float]:
            return list(pool.map(partial(_swapped, function, more), items))

        yield run


def _swapped(function: Callable[..., float], more: tuple[Any, ...], item: Any) -> float:
    return function(item, *more)
