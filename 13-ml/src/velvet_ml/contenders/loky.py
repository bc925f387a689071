"""Processes of joblib's own pool: each imports scikit-learn once, and data are copied to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from joblib.externals.loky import get_reusable_executor
from sklearn.utils.parallel import Parallel, delayed

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:
    """Run in processes; they are kept between runs and ended with the block."""

    def run(
        function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
    ) -> list[float]:
        found = Parallel(n_jobs=workers, backend="loky")(
            delayed(function)(item, *more) for item in items
        )
        return list(found)

    try:
        yield run
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
