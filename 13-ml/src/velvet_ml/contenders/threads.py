"""Threads of one process: no start-up, nothing is copied; helps where the work leaves the lock."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:
    """Run in a pool of threads."""
    with _one_false_alarm_less(), ThreadPoolExecutor(workers) as pool:

        def run(
            function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
        ) -> list[float]:
            return list(pool.map(partial(_swapped, function, more), items))

        yield run


def _swapped(function: Callable[..., float], more: tuple[Any, ...], item: Any) -> float:
    return function(item, *more)


@contextmanager
def _one_false_alarm_less() -> Iterator[None]:
    """Hide the warning that forests give now and then when they are fitted in two threads.

    Each tree empties the list of warning filters, which belongs to the process, for a moment; a
    forest in another thread that reads it then takes its configuration for lost, which it is not
    (scikit-learn issue 32631).
    """
    shown = warnings.showwarning

    def show(message: Warning | str, *rest: Any) -> None:
        if "sklearn.utils.parallel.delayed" not in str(message):
            shown(message, *rest)

    warnings.showwarning = show  # type: ignore[assignment]
    try:
        yield
    finally:
        warnings.showwarning = shown
