"""One core, no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:  # noqa: ARG001 - the others need it
    """Run one after the other."""

    def run(
        function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
    ) -> list[float]:
        return [function(item, *more) for item in items]

    yield run
